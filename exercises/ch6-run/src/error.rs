//! What can go wrong between an image and a process.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

pub type Result<T> = std::result::Result<T, Error>;

/// A failure, with what it takes to mend it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no command: the image sets neither ENTRYPOINT nor CMD; name a program after the image")]
    NoCommand,
    #[error("no user '{0}' in the image's /etc/passwd; use a number, or a name that is there")]
    NoUser(String),
    #[error("no group '{0}' in the image's /etc/group; use a number, or a name that is there")]
    NoGroup(String),
    #[error("'{text}' is not a port to publish: {reason}; write [ADDRESS:]HOST:CONTAINER, such as 4567:80")]
    Port { text: String, reason: PortError },
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("container {0} is not running")]
    NotRunning(String),
    #[error("{} is damaged: {source}", path.display())]
    Damaged { path: PathBuf, source: serde_json::Error },
    #[error(transparent)]
    Sys(#[from] sys::Error),
}
// ANCHOR: port_error
/// Why a text is not a port to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    #[error("the host's port is missing")]
    NoHostPort,
    #[error("the address is not an IP address")]
    Address,
    #[error("a port is a number from 1 to 65535")]
    Number,
    #[error("only TCP can be published, neither UDP nor another protocol")]
    Protocol,
}
// ANCHOR_END: port_error
