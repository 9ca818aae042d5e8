//! An image: a configuration and layers, held together by a manifest.

use crate::{Layer, Result, Store, spec};

impl Store {
    /// Describes layers, lowest first, as an image: writes the configuration and the
    /// manifest, and returns the manifest's descriptor.
    ///
    /// The configuration lists the layers' diffIDs as its `rootfs`, the manifest their
    /// descriptors (image-spec, config.md and manifest.md). The media types of the two
    /// documents are `ImageConfig` and `ImageManifest`.
    ///
    /// A history need not be there. One that is has an entry for each layer, in the same
    /// order, and further ones marked as `empty_layer`. Some tools write none; an image
    /// built on theirs lacks the entries of the lowest layers, and gets empty ones.
    ///
    /// # Errors
    /// `Malformed` if the history has more entries with a layer than there are layers.
    pub fn add_image(&self, config: &spec::ImageConfiguration, layers: &[Layer]) -> Result<spec::Descriptor> {
        // ANCHOR: add_image
        let _ = (&config, &layers); // what you have to work with
        todo!("ch4 step 6: describe layers as an image")
        // ANCHOR_END: add_image
    }
}
