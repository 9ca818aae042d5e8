//! One stage of a build: an image in the making.

use std::collections::BTreeMap;

use images::{Layer, spec};

use crate::cache::Record;
use crate::config::set_env;
use crate::host::{host_environment, is_predefined};
use crate::steps::ConfigDraft;

/// One stage: an image in the making.
#[derive(Clone)]
pub struct Stage {
    /// Its number among all stages of the file.
    pub number: usize,
    pub name: Option<String>,
    /// The cache key of its last instruction.
    pub key: String,
    /// Whether an instruction was executed, and not found in the cache.
    pub missed: bool,
    pub image: spec::ImageConfiguration,
    pub draft: ConfigDraft,
    pub layers: Vec<Layer>,
    /// The values of its ARGs.
    pub args: BTreeMap<String, String>,
}

impl Stage {
    /// Begins with an image; `key` stands for it in cache keys.
    pub fn new(key: String, image: spec::ImageConfiguration, layers: Vec<Layer>) -> Self {
        let draft = ConfigDraft::new(image.config().clone().unwrap_or_default());
        Self { number: 0, name: None, key, missed: false, image, draft, layers, args: BTreeMap::new() }
    }

    /// The image of this stage, to begin another one with.
    pub fn base(&self) -> Self {
        Self { missed: self.missed, ..Self::new(self.key.clone(), self.image(), self.layers.clone()) }
    }

    /// The image's document as it is by now.
    pub fn image(&self) -> spec::ImageConfiguration {
        let mut image = self.image.clone();
        image.set_config(Some(self.draft.config.clone()));
        image
    }

    /// Adds an instruction to the history (image-spec, config.md): one entry each, marked
    /// as empty where there is no layer.
    pub fn record(&mut self, record: Record, text: &str) {
        let mut history = spec::History::default();
        history.set_created(Some(record.created.clone()));
        history.set_created_by(Some(text.to_owned()));
        history.set_empty_layer(record.layer.is_none().then_some(true));
        self.layers.extend(record.layer);
        self.image.history_mut().get_or_insert_default().push(history);
        self.image.set_created(Some(record.created));
    }

    /// The environment of a RUN. The later one counts: the host's proxies, those of the
    /// command line, the ARGs, and last what the image says.
    pub fn environment(&self, build_args: &[(String, String)]) -> Vec<String> {
        let mut env = vec![format!("PATH={}", sys::DEFAULT_PATH), "HOME=/root".to_owned()];
        let predefined = build_args.iter().filter(|(name, _)| is_predefined(name)).cloned();
        let args = self.args.iter().map(|(name, value)| (name.clone(), value.clone()));
        let image = self.draft.config.env().iter().flatten().filter_map(|entry| entry.split_once('='));
        let image = image.map(|(name, value)| (name.to_owned(), value.to_owned()));
        for (name, value) in host_environment().into_iter().chain(predefined).chain(args).chain(image) {
            set_env(&mut env, &name, &value);
        }
        env
    }
}
