//! Layers, digests and images: what a container's files are made of.
//!
//! The steps, in reading order:
//!
//! 1. [`Store::write_blob`] stores bytes under their digest.
//! 2. [`Store::read_blob`] reads them back, and refuses what does not match.
//! 3. [`Store::write_layer`] makes a layer out of files, with its two digests.
//! 4. [`resolve_beneath`] finds a name's directory, and never outside the root.
//! 5. [`unpack()`] unpacks a layer, entry by entry.
//! 6. [`Store::add_image`] describes layers as an image.
//! 7. [`mount`] stacks layers into one root.
//! 8. [`changes`] tells what a container changed there, as the entries of a new layer.
//!
//! `archive`, below, knows tar and how to make files; `storage`, above, adds names and prune.

mod error;
mod image;
mod layer;
mod overlay;
mod resolve;
mod store;
mod unpack;

pub use archive::{Blob, Digest};
pub use error::{Error, Result};
pub use layer::Layer;
pub use oci_spec::image as spec;
pub use overlay::{changes, mount};
pub use resolve::resolve_beneath;
pub use store::{MAX_DOCUMENT, Store};
pub use unpack::unpack;
