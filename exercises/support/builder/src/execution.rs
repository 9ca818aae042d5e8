//! One instruction, executed on the stage so far.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::time::Instant;

use archive::{Entry, EntryKind};
use dockerfile::{Action, Command, Copy, Run};
use images::{Digest, Layer, Store};
use namespaces::Network;
use nix::sys::memfd::{MFdFlags, memfd_create};
use storage::layer_cache;
use sys::{Context, format_size};

use crate::config::absolute;
use crate::context::resolve_beneath;
use crate::entries::LayerEntries;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::options::Options;
use crate::overlay::Overlay;
use crate::owner::{Owner, parse_mode};
use crate::stage::Stage;
use crate::steps::{Process, Steps, Target, Work};

/// An instruction with everything it is executed with.
pub struct Execution<'a> {
    pub store: &'a Store,
    pub options: &'a Options<'a>,
    pub steps: &'a Steps,
    /// `None` for an ARG before the first FROM.
    pub stage: Option<&'a Stage>,
    pub action: &'a Action,
    pub files: Files,
    /// Its position and its text, such as `[2/8] COPY . .`.
    pub line: String,
    pub out: &'a mut dyn Write,
}

impl Work for Execution<'_> {
    fn announce(&mut self, cached: bool) -> Result<()> {
        let cached = if cached { "CACHED " } else { "" };
        print(self.out, &format!("{cached}{}", self.line))
    }

    fn execute(&mut self) -> Result<Option<Layer>> {
        let begin = Instant::now();
        let Some(stage) = self.stage else { return Ok(None) };
        let layer = match self.action {
            Action::Copy(copy) => Some(self.copy(stage, copy)?),
            Action::Run(run) => Some(self.run(stage, run)?),
            Action::Workdir(path) => self.make_directory(stage, path)?,
            _ => None,
        };
        if let Some(layer) = &layer {
            let (seconds, size) = (begin.elapsed().as_secs_f64(), format_size(layer.descriptor.size()));
            let digest = Digest::try_from(layer.descriptor.digest())?;
            print(self.out, &format!("      {seconds:.1}s, layer {}, {size}", &digest.hex()[..12]))?;
        }
        Ok(layer)
    }
}

impl Execution<'_> {
    fn copy(&self, stage: &Stage, copy: &Copy) -> Result<Layer> {
        unpack(self.store, &stage.layers, self.options)?;
        let overlay = Overlay::of_layers(self.store, &stage.layers)?;
        let unpacked = self.files.unpack(self.store, copy)?;
        let root = overlay.root();
        let owner = copy.chown.as_deref().map(|text| Owner::find(&root, text)).transpose()?;
        let target = Target {
            path: absolute(stage.draft.config.working_dir().as_deref(), &copy.target),
            is_directory: copy.target.ends_with('/') || copy.target.ends_with("/.") || copy.target == ".",
            owner: owner.map(|owner| (owner.uid, owner.group.unwrap_or(owner.uid))),
            mode: copy.chmod.as_deref().map(parse_mode).transpose()?,
            keep_owner: copy.from.is_some() || unpacked.is_some(),
        };
        let selected = unpacked.as_ref().map_or(&self.files.selected, |unpacked| &unpacked.selected);
        let entries = (self.steps.copy)(&root, selected, &target)?;
        let mut progress = (self.options.progress)("copying", entries.iter().map(size).sum());
        Ok(self.store.write_layer(entries, &mut progress)?)
    }

    fn run(&mut self, stage: &Stage, run: &Run) -> Result<Layer> {
        // The command writes to the same terminal.
        self.out.flush().call("write to the terminal")?;
        let config = &stage.draft.config;
        let script = if run.is_program { Some(script_file(&run.command)?) } else { None };
        // How much the command changes is not known before it has ended.
        let mut progress = (self.options.progress)("packing", 0);
        let process = Process {
            argv: match &script {
                // By its descriptor, so that nothing of it is in the image.
                Some(file) => vec![format!("/proc/self/fd/{}", file.as_raw_fd())],
                None => run.command.argv(&stage.draft.shell),
            },
            script,
            env: stage.environment(self.options.build_args),
            directory: absolute(config.working_dir().as_deref(), ""),
            user: config.user().clone().filter(|user| !user.is_empty()).unwrap_or_else(|| "0".into()),
            network: if run.offline { Network::Private } else { self.options.network },
            on_create: self.options.on_create,
            become_user: self.options.become_user,
            progress: &mut progress,
        };
        unpack(self.store, &stage.layers, self.options)?;
        match ((self.steps.run)(self.store, &stage.layers, process), &run.command) {
            (Err(Error::Run { code, .. }), Command::Shell(text)) if run.is_program => {
                Err(Error::Run { command: text.clone(), code })
            }
            (result, _) => result,
        }
    }

    /// WORKDIR makes its directory if the image does not have it.
    fn make_directory(&self, stage: &Stage, path: &str) -> Result<Option<Layer>> {
        unpack(self.store, &stage.layers, self.options)?;
        let overlay = Overlay::of_layers(self.store, &stage.layers)?;
        let root = overlay.root();
        let path = resolve_beneath(&root, &absolute(stage.draft.config.working_dir().as_deref(), path))?;
        if path.is_dir() {
            return Ok(None);
        }
        let mut entries = LayerEntries::new(&root);
        entries.add_directory(&path)?;
        Ok(Some(self.store.write_layer(entries.into_vec(), &mut |_| {})?))
    }
}

/// Unpacks the layers that are not unpacked yet. Mounting them would do it too, but
/// without showing progress.
pub fn unpack(store: &Store, layers: &[Layer], options: &Options<'_>) -> Result<()> {
    let missing = layer_cache::missing(store, layers);
    let mut progress = (options.progress)("unpacking", missing.iter().map(|layer| layer.descriptor.size()).sum());
    for layer in missing {
        layer_cache::unpack_layer(store, layer, &mut progress)?;
    }
    Ok(())
}

/// Prints a line of the build.
pub fn print(out: &mut dyn Write, line: &str) -> Result<()> {
    Ok(writeln!(out, "{line}").call("write to the terminal")?)
}

/// A here-document as a file without a name: memfd_create(2).
fn script_file(command: &Command) -> Result<File> {
    let file = memfd_create("script", MFdFlags::empty()).map_err(io::Error::from).map(File::from);
    let text = command.argv(&[]).concat();
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()).map(|()| file));
    Ok(written.call("write the here-document")?)
}

/// The bytes of a file that is to be packed.
fn size(entry: &Entry) -> u64 {
    match entry.kind {
        EntryKind::File(size) => size,
        _ => 0,
    }
}
