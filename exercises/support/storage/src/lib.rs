//! What a local image storage needs beside the blobs of [`images::Store`].
//!
//! [`Image`] is an image that was read. [`tags`] gives images names, [`layer_cache`] unpacks each layer once, [`save`] and
//! [`load`] carry images as one file, [`import`] takes them from another store, and
//! [`prune`] removes what no image needs.

mod error;
mod expected;
mod image;
mod import;
mod index;
mod json;
pub mod layer_cache;
mod load;
mod prune;
mod save;
pub mod tags;

pub use error::{Error, Result};
pub use expected::write_expected;
pub use image::Image;
pub use import::import;
pub use load::{Loaded, load};
pub use prune::{PruneReport, prune};
pub use save::{Format, save};
