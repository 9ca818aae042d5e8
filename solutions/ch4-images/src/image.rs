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
        use crate::Error;
        use crate::spec::{History, MediaType, RootFs};
        use serde_json::json;

        let mut config = config.clone();
        let mut rootfs = RootFs::default();
        rootfs.set_diff_ids(layers.iter().map(|layer| layer.diff_id.to_string()).collect());
        config.set_rootfs(rootfs);
        if let Some(history) = config.history_mut() {
            let with_layer = history.iter().filter(|entry| entry.empty_layer() != Some(true)).count();
            let Some(missing) = layers.len().checked_sub(with_layer) else {
                let why = format!("it tells of {with_layer} layers, and there are {}", layers.len());
                return Err(Error::Malformed { what: "the history".into(), why });
            };
            history.splice(..0, vec![History::default(); missing]);
        }
        let config = self.write_document(&config)?.descriptor(MediaType::ImageConfig);
        let layers: Vec<_> = layers.iter().map(|layer| &layer.descriptor).collect();
        let manifest =
            json!({"schemaVersion": 2, "mediaType": MediaType::ImageManifest, "config": config, "layers": layers});
        Ok(self.write_document(&manifest)?.descriptor(MediaType::ImageManifest))
        // ANCHOR_END: add_image
    }
}
