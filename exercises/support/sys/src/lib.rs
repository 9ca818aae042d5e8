//! The kernel's interfaces that every chapter uses and none teaches.
//!
//! [`Error`] keeps what a failed call was, on which file, and the kernel's answer;
//! [`Context`] adds the first two to a bare errno.

mod error;
mod hint;

pub use error::{Context, Error, Result};
