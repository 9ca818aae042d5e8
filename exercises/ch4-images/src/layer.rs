//! A layer: files as a compressed archive, known by two digests.

use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::entry::Entry;
use crate::error::At;
use crate::zstd::Zstd;
use crate::{Digest, Error, Result, Store, spec, tree};

/// A layer in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Digest, size and media type of the *compressed* bytes: what a registry
    /// stores and a manifest lists.
    pub descriptor: spec::Descriptor,
    /// Digest of the *uncompressed* archive: what an image's configuration
    /// lists. It stays the same when the layer is compressed in another way
    /// (image-spec, config.md, "Layer DiffID").
    pub diff_id: Digest,
}

impl Store {
    /// Makes a layer of everything below `directory`.
    pub fn pack(&self, directory: &Path) -> Result<Layer> {
        self.write_layer(tree::files(directory)?)
    }

    /// Makes a layer of what a container changed: the upper directory of its
    /// overlay, with whiteouts for what it removed.
    pub fn pack_changes(&self, upper: &Path) -> Result<Layer> {
        self.write_layer(tree::changes(upper)?)
    }

    /// Makes a layer: a tar archive of the entries, sorted by name, in gzip.
    ///
    /// The same entries give the same two digests, on every machine and at any
    /// time. The archive goes through a hash for the diffID, then through gzip
    /// into a temporary file, which becomes a blob with the media type
    /// `ImageLayerGzip`.
    pub fn write_layer(&self, entries: Vec<Entry>) -> Result<Layer> {
        // ANCHOR: write_layer
        let _ = &entries; // what you have to work with
        todo!("ch4 step 3: make a layer, with its two digests")
        // ANCHOR_END: write_layer
    }
}

/// The archive inside a layer's bytes, told by how they begin: gzip (RFC 1952,
/// possibly in several members), zstd or plain tar.
pub fn decompress<'a>(bytes: impl Read + 'a) -> Result<Box<dyn Read + 'a>> {
    use io::BufRead;
    let mut bytes = BufReader::with_capacity(64 << 10, bytes);
    match bytes.fill_buf().at("read", Path::new("a layer"))? {
        [0x1f, 0x8b, ..] => Ok(Box::new(MultiGzDecoder::new(bytes))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Ok(Box::new(Zstd::new(bytes))),
        [b'B', b'Z', b'h', ..] => Err(Error::Unsupported("an archive compressed with bzip2".into())),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Err(Error::Unsupported("an archive compressed with xz".into())),
        _ => Ok(Box::new(bytes)),
    }
}
