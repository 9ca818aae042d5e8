//! What a check tells the harness beside passing and failing.
//!
//! Each run has a token of its own, and the harness believes only lines with it:
//! the learner's program may print any words it likes to the same output.

use std::env;

/// The harness's token for this run; none under plain `cargo test`.
fn token() -> String {
    env::var("GALLEY_CHECK_TOKEN").unwrap_or_default()
}

/// Says that this machine cannot show what the check asks for, and why. The check
/// must then return: if it fails after all, that counts.
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
