//! What goes in and out of the steps of chapter 5.

use std::fs::File;
use std::path::{Path, PathBuf};

use archive::Entry;
use dockerfile::{Action, Diagnostic, Expand, IgnoreRule};
use images::spec::Config;
use images::{Layer, Store};
use namespaces::Network;
use nix::unistd::Pid;

use crate::cache::{CacheRecords, Record};
use crate::error::Result;

/// The functions of the chapter, by their names there.
#[derive(Clone, Copy)]
pub struct Steps {
    pub expand: Expand,
    pub select: Select,
    pub cache_key: fn(&str, &str, &[Selected]) -> Result<String>,
    pub configure: fn(&mut ConfigDraft, &Action) -> std::result::Result<(), Diagnostic>,
    pub reuse_or_execute: fn(&mut StageCache<'_>, &str, &mut dyn Work) -> Result<Record>,
    pub copy: fn(&Path, &[Selected], &Target) -> Result<Vec<Entry>>,
    pub run: fn(&Store, &[Layer], Process<'_>) -> Result<Layer>,
}

/// Chooses files: the context, the sources, and the rules of `.dockerignore`.
pub type Select = fn(&Path, &[String], &[IgnoreRule]) -> Result<Vec<Selected>>;

/// One file, directory or symbolic link to copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selected {
    /// Its path below the target. Empty for a directory whose contents are meant.
    pub to: PathBuf,
    /// Its path on the host.
    pub from: PathBuf,
}

/// An image's config while it is being written.
#[derive(Clone, Debug)]
pub struct ConfigDraft {
    /// What the image will carry (image-spec, config.md).
    pub config: Config,
    /// What the shell form of a command is handed to. SHELL changes it; the image does
    /// not record it.
    pub shell: Vec<String>,
    /// Whether CMD was written in this stage, and not inherited.
    pub has_own_cmd: bool,
}

impl ConfigDraft {
    /// Begins with the config of a base image.
    pub fn new(config: Config) -> Self {
        Self { config, shell: vec!["/bin/sh".into(), "-c".into()], has_own_cmd: false }
    }
}

/// The build cache, as the instructions of one stage use it.
pub struct StageCache<'a> {
    /// The records on the disk.
    pub records: CacheRecords<'a>,
    /// `--no-cache`: nothing is looked up.
    pub bypass: bool,
    /// Whether an instruction further up in the stage was not found in the cache.
    pub missed: bool,
}

/// One instruction, about to be executed or not.
pub trait Work {
    /// Prints the instruction's line, with `CACHED` in front if it is.
    ///
    /// # Errors
    /// Those of write(2).
    fn announce(&mut self, cached: bool) -> Result<()>;

    /// Executes the instruction; `None` if it changed no files.
    ///
    /// # Errors
    /// Whatever the instruction fails with.
    fn execute(&mut self) -> Result<Option<Layer>>;
}

/// Where the files of a COPY go, and whose they are.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// The absolute path in the image.
    pub path: PathBuf,
    /// Whether it was written with a slash at its end, which makes it a directory.
    pub is_directory: bool,
    /// `--chown`: user and group.
    pub owner: Option<(u32, u32)>,
    /// `--chmod`
    pub mode: Option<u32>,
    /// Whether files keep their owner and attributes: they come from another stage, or
    /// out of an archive.
    pub keep_owner: bool,
}

/// Called with the created process of a RUN, to put it into a cgroup; what it returns is
/// called when the process has ended.
pub type OnCreate<'a> = &'a dyn Fn(Pid) -> std::result::Result<Box<dyn FnOnce()>, String>;

/// Called inside the container with the user and the group of the command, right before
/// it: takes them, and gives up whatever the command must not have.
pub type BecomeUser = fn(u32, u32) -> sys::Result<()>;

/// The process of a RUN.
pub struct Process<'a> {
    pub argv: Vec<String>,
    /// A file that `argv` names by its descriptor: it stays open when the program starts.
    pub script: Option<File>,
    /// `NAME=value`
    pub env: Vec<String>,
    /// Its working directory.
    pub directory: PathBuf,
    /// A user, and perhaps `:group`, by name in the image or by number.
    pub user: String,
    /// The host's, unless the caller wants a build without network.
    pub network: Network,
    pub on_create: OnCreate<'a>,
    pub become_user: BecomeUser,
    /// Called with each number of bytes that were packed.
    pub progress: &'a mut dyn FnMut(u64),
}
