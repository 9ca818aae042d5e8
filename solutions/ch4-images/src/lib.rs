//! Layers, digests and images: what a container's files are made of.
//!
//! The steps, in reading order:
//!
//! 1. [`Store::write_blob`] stores bytes under their digest.
//! 2. [`Store::read_blob`] reads them back, and refuses what does not match.
//! 3. [`Store::write_layer`] makes a layer out of files, with its two digests.
//! 4. [`root::Root::place`] finds a name's place, and never outside the root.
//! 5. [`unpack()`] unpacks a layer, entry by entry.
//! 6. [`Store::add_image`] describes layers as an image.
//! 7. [`mount`] stacks layers into one root.
//!
//! Given: archives ([`tarball`]), directories as entries ([`entry`], [`tree`]),
//! names, unpacked layers, pruning, stores that share blobs, and images as one file.

mod adopt;
pub mod digest;
pub mod entry;
pub mod error;
mod image;
pub mod json;
pub mod layer;
mod load;
mod names;
mod overlay;
mod prune;
pub mod root;
mod save;
mod store;
pub mod tarball;
pub mod temporary;
pub mod tree;
mod unpack;
mod unpacked;
pub mod watch;
mod zstd;

pub use digest::{Blob, Digest};
pub use error::{Error, Result};
pub use image::{Image, select_platform};
pub use layer::Layer;
pub use load::Loaded;
pub use oci_spec::image as spec;
pub use overlay::mount;
pub use prune::Reclaimed;
pub use save::Format;
pub use store::Store;
pub use unpack::unpack;
pub use unpacked::{LARGEST_LAYER, largest_layer, set_largest_layer};
