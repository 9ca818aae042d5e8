//! What the user wants, beside the image.

use std::path::PathBuf;

use mounts::{Mount, MountSource};
use oci_spec::image::Config;
use run::Port;

use crate::security::Security;
use crate::tmpfs::Tmpfs;
use crate::volume::Volume;

/// The network that the container sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// A network namespace of its own: `lo`, the published ports, and outbound
    /// connections if the machine has a program that carries them.
    #[default]
    Private,
    /// The same without outbound connections.
    None,
    /// The host's.
    Host,
}

/// Where the container's files come from.
#[derive(Clone, Debug)]
pub enum Root {
    /// An image: its unpacked layers, lowest first, and its config.
    Image { layers: Vec<PathBuf>, config: Box<Config> },
    /// A directory, used as it is.
    Directory(PathBuf),
}

impl Root {
    pub(crate) fn config(&self) -> Config {
        match self {
            Self::Image { config, .. } => config.as_ref().clone(),
            Self::Directory(_) => Config::default(),
        }
    }
}

/// What a container is to be.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What to show as the image's name, or the directory that is used instead.
    pub image: String,
    /// The digest of the image's manifest; none for a directory.
    pub image_digest: Option<String>,
    /// The arguments after the image's name.
    pub arguments: Vec<String>,
    pub entrypoint: Option<String>,
    /// `NAME=value`; a bare `NAME` takes the value from our own environment.
    pub env: Vec<String>,
    pub workdir: Option<PathBuf>,
    pub user: Option<String>,
    pub name: Option<String>,
    pub hostname: Option<String>,
    pub ports: Vec<Port>,
    pub volumes: Vec<Volume>,
    pub tmpfs: Vec<Tmpfs>,
    pub network: Network,
    pub limits: cgroups::Limits,
    pub read_only: bool,
    pub security: Security,
    /// Put a process 1 before the program that reaps and forwards signals.
    pub init: bool,
    /// Remove the container when it has ended.
    pub remove: bool,
    /// Let the program read our own standard input.
    pub interactive: bool,
    /// Give the program a terminal.
    pub terminal: bool,
}

impl Settings {
    /// The volumes and file systems in memory. Those nearer to the root come first,
    /// or they would cover the others.
    pub(crate) fn mounts(&self) -> Vec<Mount> {
        let volumes = self.volumes.iter().map(|volume| Mount {
            source: MountSource::Host(volume.source.clone()),
            target: volume.target.clone(),
            read_only: volume.read_only,
        });
        let memory = self.tmpfs.iter().map(|tmpfs| Mount {
            source: MountSource::Tmpfs { flags: tmpfs.flags, options: tmpfs.options.clone() },
            target: tmpfs.target.clone(),
            read_only: false,
        });
        let mut mounts: Vec<Mount> = volumes.chain(memory).collect();
        mounts.sort_by_key(|mount| mount.target.components().count());
        mounts
    }
}
