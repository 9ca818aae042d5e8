//! Given: one stage of a build, and what its instructions do to it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::Path;

use archive::{Entry, EntryKind};
use images::{Layer, Store, spec};
use namespaces::Network;
use nix::sys::memfd::{MFdFlags, memfd_create};
use storage::layer_cache;

use crate::build::Options;
use crate::cache::Record;
use crate::configure::{Description, absolute, with};
use crate::copy::{self, Target};
use crate::error::{Error, Result};
use crate::files::Files;
use crate::rootfs::Rootfs;
use crate::run::{self, Process};
use crate::syntax::{Action, Command, Copy, Run};

/// One stage: an image in the making.
pub struct Stage {
    /// Its number among all stages of the file.
    pub number: usize,
    pub name: Option<String>,
    /// The cache key of its last instruction.
    pub key: String,
    /// Whether anything was carried out, and not found in the cache.
    pub changed: bool,
    pub image: spec::ImageConfiguration,
    pub description: Description,
    pub layers: Vec<Layer>,
    pub arguments: BTreeMap<String, String>,
}

impl Stage {
    pub fn of(
        number: usize,
        name: Option<String>,
        key: String,
        image: spec::ImageConfiguration,
        layers: Vec<Layer>,
    ) -> Self {
        let description = Description::of(image.config().clone().unwrap_or_default());
        Self { number, name, key, changed: false, image, description, layers, arguments: BTreeMap::new() }
    }

    pub fn clone_image(&self) -> Self {
        let mut image = self.image.clone();
        image.set_config(Some(self.description.config.clone()));
        Self::of(self.number, None, self.key.clone(), image, self.layers.clone())
    }

    /// Notes an instruction in the history (image-spec, config.md): one entry
    /// each, marked as empty where there is no layer.
    pub fn add(&mut self, record: Record, text: &str) {
        let mut history = spec::History::default();
        history.set_created(Some(record.created.clone()));
        history.set_created_by(Some(text.to_owned()));
        history.set_empty_layer(record.layer.is_none().then_some(true));
        self.layers.extend(record.layer);
        self.image.history_mut().get_or_insert_default().push(history);
        self.image.set_created(Some(record.created));
    }

    pub fn copy(&self, store: &Store, copy: &Copy, files: &Files, options: &Options<'_>) -> Result<Layer> {
        unpack(store, &self.layers, options)?;
        let root = Rootfs::mount(store, &self.layers)?;
        let unpacked = files.unpack(store)?;
        let owner = copy.chown.as_deref().map(|text| copy::owner(root.path(), text)).transpose()?;
        let target = Target {
            path: absolute(self.description.config.working_dir().as_deref(), &copy.target),
            is_directory: copy.target.ends_with('/') || copy.target.ends_with("/.") || copy.target == ".",
            owner: owner.map(|owner| (owner.uid, owner.group.unwrap_or(owner.uid))),
            mode: copy.chmod.as_deref().map(copy::mode).transpose()?,
            keep_owner: copy.from.is_some() || unpacked.is_some(),
        };
        let selected = unpacked.as_ref().map_or(&files.selected, |unpacked| &unpacked.selected);
        let entries = copy::copy(root.path(), selected, &target)?;
        let mut progress = (options.progress)("copying", entries.iter().map(size).sum());
        Ok(store.write_layer(entries, &mut progress)?)
    }

    pub fn run(&self, store: &Store, run: &Run, options: &Options<'_>) -> Result<Layer> {
        let config = &self.description.config;
        let program = if run.is_program { Some(program(&run.command)?) } else { None };
        let process = Process {
            argv: match &program {
                // A descriptor that exec keeps: nothing of it is in the image.
                Some(file) => vec![format!("/proc/self/fd/{}", file.as_raw_fd())],
                None => run.command.argv(&self.description.shell),
            },
            env: self.environment(options),
            directory: absolute(config.working_dir().as_deref(), ""),
            user: config.user().clone().filter(|user| !user.is_empty()).unwrap_or_else(|| "0".into()),
            network: if run.offline { Network::Private } else { options.network },
            started: options.started,
        };
        unpack(store, &self.layers, options)?;
        // How much the command changes, nobody knows before it has ended.
        let mut progress = (options.progress)("packing", 0);
        let done = run::run(store, &self.layers, &process, &mut progress);
        match (done, &run.command) {
            (Err(Error::Run { code, .. }), Command::Shell(text)) if run.is_program => {
                Err(Error::Run { command: text.clone(), code })
            }
            (done, _) => done,
        }
    }

    /// The host's proxies come first, then those of the command line, the ARGs, and
    /// last what the image says: the later one counts.
    fn environment(&self, options: &Options<'_>) -> Vec<String> {
        let pairs = |all: Vec<String>| -> Vec<(String, Option<String>)> {
            all.iter()
                .filter_map(|entry| entry.split_once('='))
                .map(|(n, v)| (n.to_owned(), Some(v.to_owned())))
                .collect()
        };
        let some = |(name, value): (&String, &String)| (name.clone(), Some(value.clone()));
        let predefined = options.build_args.iter().filter(|(name, _)| run::is_predefined(name));
        let predefined: Vec<_> = predefined.map(|(name, value)| some((name, value))).collect();
        let arguments: Vec<_> = self.arguments.iter().map(some).collect();
        let mut env = vec![format!("PATH={DEFAULT_PATH}"), "HOME=/root".to_owned()];
        env = with(env, &pairs(run::host_environment()));
        env = with(env, &predefined);
        env = with(env, &arguments);
        with(env, &pairs(self.description.config.env().clone().unwrap_or_default()))
    }

    /// WORKDIR makes its directory if the image does not have it.
    pub fn make_directory(&self, store: &Store, action: &Action, options: &Options<'_>) -> Result<Option<Layer>> {
        let Action::Workdir(path) = action else { return Ok(None) };
        unpack(store, &self.layers, options)?;
        let root = Rootfs::mount(store, &self.layers)?;
        let path = absolute(self.description.config.working_dir().as_deref(), path);
        let entries = copy::directory(root.path(), &path)?;
        if entries.is_empty() { Ok(None) } else { Ok(Some(store.write_layer(entries, &mut |_| {})?)) }
    }
}

/// Unpacks the layers that a step stands on and that are not there yet. To mount
/// them would do it too, but without a word.
pub fn unpack(store: &Store, layers: &[Layer], options: &Options<'_>) -> Result<()> {
    let missing = layer_cache::missing(store, layers);
    let bytes = missing.iter().map(|layer| layer.descriptor.size()).sum();
    let mut progress = (options.progress)("unpacking", bytes);
    for layer in missing {
        layer_cache::unpack_layer(store, layer, &mut progress)?;
    }
    Ok(())
}

/// A here-document as a file without a name: memfd_create(2).
fn program(command: &Command) -> Result<File> {
    let failed = Error::io("write", Path::new("the here-document"));
    let made = memfd_create("script", MFdFlags::empty()).map_err(io::Error::from).map(File::from);
    let text = command.argv(&[]).concat();
    made.and_then(|mut file| file.write_all(text.as_bytes()).map(|()| file)).map_err(failed)
}

/// The bytes of a file that is to be packed.
fn size(entry: &Entry) -> u64 {
    match entry.kind {
        EntryKind::File(size) => size,
        _ => 0,
    }
}

/// Where programs are looked for if the image does not say.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
