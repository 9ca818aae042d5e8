//! Step 3: what `-p` means.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::Result;

/// One published port: connections to `host` are carried to port `container` inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// The address and port on the host. `0.0.0.0`, the default, is every address that
    /// the host has: the whole network can connect.
    pub host: SocketAddr,
    /// The TCP port in the container.
    pub container: u16,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}->{}/tcp", self.host, self.container)
    }
}

/// Reads `4567:80`, `127.0.0.1:4567:80`, `[::1]:4567:80`, with or without `/tcp`.
///
/// A port is decimal digits alone, from 1 to 65535. Port 0 would ask the kernel for any
/// free port, and nobody would know which.
///
/// # Errors
/// [`crate::Error::Port`] with the text and its [`PortError`](crate::PortError).
pub fn parse_port(text: &str) -> Result<Port> {
    // ANCHOR: parse_port
    let _ = &text; // what you have to work with
    todo!("ch6 step 3: read a published port")
    // ANCHOR_END: parse_port
}
