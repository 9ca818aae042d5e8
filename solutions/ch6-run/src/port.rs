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
    use std::net::{IpAddr, Ipv4Addr};

    use crate::{Error, PortError};

    let refuse = |reason| Error::Port { text: text.to_owned(), reason };
    let port = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|port| digits && *port != 0).ok_or_else(|| refuse(PortError::Number))
    };

    let ports = match text.split_once('/') {
        None => text,
        Some((ports, "tcp")) => ports,
        Some(_) => return Err(refuse(PortError::Protocol)),
    };
    // From the right, because an IPv6 address has colons of its own.
    let (host, container) = ports.rsplit_once(':').ok_or_else(|| refuse(PortError::NoHostPort))?;
    let (address, host) = match host.rsplit_once(':') {
        None => (IpAddr::V4(Ipv4Addr::UNSPECIFIED), host),
        Some((address, host)) => {
            let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
            (bare.unwrap_or(address).parse().map_err(|_| refuse(PortError::Address))?, host)
        }
    };
    Ok(Port { host: SocketAddr::new(address, port(host)?), container: port(container)? })
    // ANCHOR_END: parse_port
}
