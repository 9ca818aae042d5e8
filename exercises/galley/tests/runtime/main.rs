//! The whole runtime as a user meets it, as root and as an ordinary user: each
//! test runs galley itself, and looks at what it does from outside and inside.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod exec;
mod login;
mod many;
mod progress;
mod screen;
mod terminal;
mod test_env;
