//! Layers as tar archives, the files that they describe, and digests of both.
//!
//! [`Entry`] is one file of a layer, however it travels. [`files`] reads entries from a
//! directory, [`TarWriter`] and [`TarReader`] carry them in an archive, [`decompress`]
//! takes the archive out of its compression, and [`PathAt`] makes an entry's file in an
//! open directory.

mod decompress;
mod digest;
mod entry;
mod error;
mod layout;
mod path_at;
mod readers;
mod tar_reader;
mod tar_writer;
mod tree;
mod whiteout;
mod xattrs;
mod zstd;

pub use decompress::decompress;
pub use digest::{Blob, Digest, Hashing};
pub use entry::{Entry, EntryKind};
pub use error::{Error, Result};
pub use layout::{Layout, to_json};
pub use path_at::PathAt;
pub use readers::{LimitedReader, ProgressReader};
pub use tar_reader::TarReader;
pub use tar_writer::TarWriter;
pub use tree::files;
pub use whiteout::{OPAQUE_WHITEOUT, OPAQUE_XATTRS, WHITEOUT_PREFIX, whiteout_target};
pub use xattrs::read_xattr;
