//! The checks of chapter 7. Each runs the chapter's program against a registry
//! in this process, and looks at that registry's log and at the files of both
//! sides; what the program prints counts only where text is what was asked for.

#![allow(clippy::unwrap_used, reason = "a check that cannot be prepared must fail, and says where")]

mod common;
mod step1;
mod step2;
mod step3;
mod step4;
mod step5;
mod step6;
mod step7;
mod step8;

checks::last_check!();
