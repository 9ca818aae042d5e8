//! Chapter 5: a Dockerfile becomes an image.
//!
//! The steps, in the order a reader meets them:
//!
//! 1. [`parse`]: read a Dockerfile, and say where it is wrong.
//! 2. [`expand`]: fill in `$NAME` and `${NAME:-default}`.
//! 3. [`select`]: choose the files a COPY means, never outside the context.
//! 4. [`cache_key`]: know when nothing has changed.
//! 5. [`configure()`]: carry out what only describes the image.
//! 6. [`copy()`]: carry out a COPY: a layer out of files.
//! 7. [`run()`]: carry out a RUN: a layer out of what a command changed.
//!
//! [`build()`] is given: it takes the instructions one by one, asks the cache,
//! and calls steps 5 to 7 for what the cache does not know.

pub mod build;
pub mod cache;
pub mod configure;
pub mod context;
pub mod copy;
pub mod dockerfile;
pub mod documents;
pub mod error;
pub mod files;
pub mod flags;
pub mod platform;
pub mod rootfs;
pub mod run;
pub mod stage;
pub mod stages;
pub mod syntax;
pub mod time;
pub mod variables;

pub use build::{Options, build};
pub use cache::cache_key;
pub use configure::configure;
pub use context::select;
pub use copy::copy;
pub use dockerfile::parse;
pub use error::{Error, Problem, Result};
pub use run::run;
pub use variables::expand;
