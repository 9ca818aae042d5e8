//! What a check tells the harness beside passing and failing.
//!
//! The learner's program can print anything to the same output, so the harness trusts only
//! lines with a token that is new in each run.

use std::env;

/// The harness's token for this run; none under plain `cargo test`.
fn token() -> String {
    env::var("GALLEY_CHECK_TOKEN").unwrap_or_default()
}

/// Reports that this machine cannot show what the check looks at, and why. The check must
/// then return, because a failure afterwards still counts.
pub fn unable(reason: &str) {
    println!("\ncheck-unable {} {reason}", token());
}

/// Says that the test process has come to its end. Only [`last_check!`] calls this.
pub fn end() {
    println!("\ncheck-end {}", token());
}

/// Ends the checks of a chapter: stands once in their `main.rs`.
///
/// Code under test that calls `exit(0)` ends the check's process before the check
/// has judged it. The harness runs this test after each check, by its name the last,
/// and takes a check for passed only if it was reached.
#[macro_export]
macro_rules! last_check {
    () => {
        #[test]
        fn zzz_the_end() {
            $crate::end();
        }
    };
}
