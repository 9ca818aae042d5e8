//! A container's record. There is no daemon to ask, so what is known of a container
//! stands in its directory, written by its *monitor*: the process that waits for it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sys::Context;

use crate::error::{Error, Result};
use crate::port::Port;

// In a container's directory: the record, and the file that the monitor holds a lock on.
pub const STATE: &str = "state.json";
pub const LOCK: &str = "lock";

// ANCHOR: container
/// One container's record.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Container {
    /// 64 hexadecimal digits; the first twelve are shown.
    pub id: String,
    pub name: String,
    pub image: String,
    /// The digest of the image's manifest: what a container needs is not pruned.
    pub image_digest: Option<String>,
    /// What was started, and how: `exec` starts other programs the same way.
    pub command: Vec<String>,
    pub env: Vec<String>,
    pub workdir: PathBuf,
    pub user: String,
    /// Seconds since 1970.
    pub created: u64,
    pub ports: Vec<Port>,
    /// Process 1 of the container, as the host numbers it; `None` before it was started.
    pub pid: Option<i32>,
    /// `None` until the monitor has seen the end.
    pub exit_code: Option<u8>,
    /// The kernel killed a process of it because of its memory limit.
    pub oom_killed: bool,
    /// From STOPSIGNAL; SIGTERM if there is none.
    pub stop_signal: Option<String>,
}
// ANCHOR_END: container

/// Reads the record in a container's directory.
///
/// # Errors
/// [`Error::Damaged`] if it is not a record; those of open(2) and read(2).
pub fn load(directory: &Path) -> Result<Container> {
    let path = directory.join(STATE);
    let text = fs::read(&path).context("open", &path)?;
    serde_json::from_slice(&text).map_err(|source| Error::Damaged { path, source })
}
