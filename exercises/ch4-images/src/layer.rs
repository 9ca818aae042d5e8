//! A layer: files as a compressed archive, known by two digests.

use archive::Entry;

use crate::{Digest, Result, Store, spec};

/// A layer in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Digest, size and media type of the *compressed* bytes: what a registry stores
    /// and a manifest lists.
    pub descriptor: spec::Descriptor,
    /// Digest of the *uncompressed* archive: what an image's configuration lists. It
    /// stays the same when the layer is compressed in another way (image-spec,
    /// config.md, "Layer DiffID").
    pub diff_id: Digest,
}

impl Store {
    /// Makes a layer: a tar archive of the entries, sorted by name, in gzip.
    ///
    /// The same entries give the same two digests, on every machine and at any time.
    /// The archive goes through a hash for the diffID, then through gzip into a
    /// temporary file, which becomes a blob with the media type `ImageLayerGzip`.
    /// [`archive::TarWriter::append`] calls `progress` with each number of bytes packed.
    ///
    /// # Errors
    /// What reading an entry's source says, and writing the blob.
    pub fn write_layer(&self, entries: Vec<Entry>, progress: &mut dyn FnMut(u64)) -> Result<Layer> {
        // ANCHOR: write_layer
        let _ = (&entries, &progress); // what you have to work with
        todo!("ch4 step 3: make a layer, with its two digests")
        // ANCHOR_END: write_layer
    }
}
