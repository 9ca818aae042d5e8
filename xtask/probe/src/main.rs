//! The probe: a program that a check places inside a container, and that
//! reports what it sees there, one `key value` line for each key asked for.
//!
//! It is linked statically, so that it needs nothing from the root it runs in,
//! and it asks the kernel itself: no program of the container is involved.
fn main() {}
