//! The checks of chapter 6. Steps 1 to 3 decide things and are called directly; the
//! others act on files, locks and processes, and are judged by what the kernel shows.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a check that cannot go on ends here")]

mod step1;
mod step2;
mod step3;
mod step4;
mod step5;
mod step6;
mod step7;
mod step8;
mod trace;

checks::last_check!();
