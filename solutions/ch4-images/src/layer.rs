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
        use archive::{Hashing, TarWriter};
        use flate2::{Compression, write::GzEncoder};
        use std::io::Seek;
        use sys::Context;

        let mut entries = entries;
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        let (temporary, file) = self.layout.temporary_file()?;
        let gzip = GzEncoder::new(file, Compression::default());
        let mut tar = TarWriter::new(Hashing::new(gzip));
        for entry in &entries {
            tar.append(entry, progress)?;
        }
        let (gzip, archive) = tar.finish()?.finish();
        let mut file = gzip.finish().context("write", temporary.path())?;
        file.rewind().context("seek", temporary.path())?;
        let blob = self.write_blob(&mut file)?;
        Ok(Layer { descriptor: blob.descriptor(spec::MediaType::ImageLayerGzip), diff_id: archive.digest })
        // ANCHOR_END: write_layer
    }
}
