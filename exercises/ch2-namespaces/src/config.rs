//! What a container is to be.

use std::path::PathBuf;

use mounts::Mount;

/// Which network a container is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// That of the host.
    Host,
    /// A new one, with nothing but `lo`.
    Private,
}

/// What a container is to be.
#[derive(Clone, Debug)]
pub struct Container {
    /// The directory that becomes `/`.
    pub rootfs: PathBuf,
    pub hostname: String,
    pub network: Network,
    /// What is mounted over the root, in this order.
    pub mounts: Vec<Mount>,
    /// Whether `/` itself is read-only.
    pub read_only: bool,
    /// Whether process 1 is ours and the program is its child.
    pub init: bool,
}
