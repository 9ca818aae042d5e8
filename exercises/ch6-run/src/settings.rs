//! What the user asked for, beside the image.

use std::path::{Path, PathBuf};

use namespaces::{Mount, Source};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::port::Port;
use crate::tmpfs::Tmpfs;

/// The network that the container sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// A network namespace of its own: `lo`, the published ports, and a way out if
    /// the machine has a helper for that.
    #[default]
    Private,
    /// The same without a way out.
    None,
    /// The host's.
    Host,
}

/// `-v HOST:CONTAINER[:ro]`: a directory or file of the host, seen inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    pub source: PathBuf,
    pub target: PathBuf,
    pub read_only: bool,
}

impl Volume {
    /// Reads `-v`'s value.
    ///
    /// # Errors
    /// [`Error::Volume`]: a part is missing, a path inside is not absolute, or the
    /// source does not exist. Docker makes a missing source as an empty directory;
    /// a typing error is then found much later.
    pub fn parse(text: &str) -> Result<Self> {
        let fault = |reason| Error::Volume { text: text.to_owned(), reason };
        let mut parts = text.split(':');
        let (Some(source), Some(target)) = (parts.next(), parts.next()) else {
            return Err(fault("the path in the container is missing"));
        };
        let read_only = match (parts.next(), parts.next()) {
            (None, _) | (Some("rw"), None) => false,
            (Some("ro"), None) => true,
            _ => return Err(fault("the option must be ro or rw")),
        };
        if !Path::new(target).is_absolute() {
            return Err(fault("the path in the container must begin with /"));
        }
        let source = Path::new(source).canonicalize().map_err(|_| fault("the path on the host does not exist"))?;
        Ok(Self { source, target: target.into(), read_only })
    }
}

/// The flags of `galley run`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What to show as the image's name, or the directory given with `--rootfs`.
    pub image: String,
    /// The digest of the image's manifest; none with `--rootfs`.
    pub image_digest: Option<String>,
    /// The arguments after the image's name.
    pub arguments: Vec<String>,
    pub entrypoint: Option<String>,
    /// `NAME=value`; a bare `NAME` takes the value from galley's own environment.
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
    /// Put a process 1 before the program that reaps and forwards signals.
    pub init: bool,
    /// Remove the container when it has ended.
    pub remove: bool,
    /// Let the program read galley's own standard input.
    pub interactive: bool,
    /// Give the program a terminal.
    pub terminal: bool,
}

impl Settings {
    /// The volumes and file systems in memory. Those nearer to the root come first,
    /// or they would cover the others.
    pub fn mounts(&self) -> Vec<Mount> {
        let volumes = self.volumes.iter().map(|volume| Mount {
            source: Source::Host(volume.source.clone()),
            target: volume.target.clone(),
            read_only: volume.read_only,
        });
        let memory = self.tmpfs.iter().map(|tmpfs| Mount {
            source: Source::Memory { flags: tmpfs.flags, options: tmpfs.options.clone() },
            target: tmpfs.target.clone(),
            read_only: false,
        });
        let mut mounts: Vec<Mount> = volumes.chain(memory).collect();
        mounts.sort_by_key(|mount| mount.target.components().count());
        mounts
    }
}
