//! Chapter 5: a Dockerfile becomes an image.
//!
//! The steps, in the order a reader meets them:
//!
//! 1. [`expand`] fills in `$NAME` and `${NAME:-default}`;
//! 2. [`is_ignored`] decides what `.dockerignore` leaves out;
//! 3. [`select`] chooses the files a COPY means, never outside the context;
//! 4. [`cache_key`] puts everything that an instruction depends on into one key;
//! 5. [`configure()`] describes the image in its config;
//! 6. [`reuse_or_execute`] asks the cache, and executes what it does not know;
//! 7. [`copy()`] makes a layer out of files;
//! 8. [`run()`] makes a layer out of what a command changed.
//!
//! Two crates are given. `dockerfile` has the grammar: it turns text into
//! [`Instruction`](dockerfile::Instruction)s. `builder` has the engine, which takes these
//! one after the other and calls the steps. [`builder::steps`] has the types that go in
//! and out of them.

mod cache;
mod configure;
mod copy;
mod expand;
mod ignore;
mod run;
mod select;

pub use builder::{CacheRecords, Error, Options, Result};
pub use cache::{cache_key, reuse_or_execute};
pub use configure::configure;
pub use copy::copy;
pub use expand::expand;
pub use ignore::is_ignored;
pub use run::run;
pub use select::select;

/// Builds an image: [`builder::build`] with the steps of this chapter.
///
/// # Errors
/// As [`builder::build`].
pub fn build(
    store: &images::Store,
    options: &Options<'_>,
    out: &mut dyn std::io::Write,
) -> Result<images::spec::Descriptor> {
    let steps = builder::Steps { expand, select, cache_key, configure, reuse_or_execute, copy, run };
    builder::build(store, options, &steps, out)
}
