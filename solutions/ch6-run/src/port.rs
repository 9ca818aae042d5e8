//! Step 3: what `-p` means.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::Result;

/// One published port: connections to `host` are carried to port `container`
/// inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// The address and port on the host. `0.0.0.0`, the default, is every
    /// address the host has: the whole network can connect.
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
/// # Errors
/// [`crate::Error::Port`] with the reason. These are the words that the checks know:
///
/// - `the host's port is missing`, where there is no colon at all;
/// - `the address is not one`;
/// - `a port is a number from 1 to 65535`, also for one that is empty or too large;
/// - `port 0 does not exist`;
/// - `only TCP can be published, not UDP`;
/// - `the protocol must be tcp`, for what else stands behind a slash.
pub fn parse_port(text: &str) -> Result<Port> {
    // ANCHOR: parse_port
    use std::net::{IpAddr, Ipv4Addr};

    use crate::Error;

    let fault = |reason| Error::Port { text: text.to_owned(), reason };
    let number = |text: &str| match text.parse::<u16>() {
        Ok(0) => Err(fault("port 0 does not exist")),
        Ok(number) => Ok(number),
        Err(_) => Err(fault("a port is a number from 1 to 65535")),
    };

    let ports = match text.rsplit_once('/') {
        None => text,
        Some((ports, "tcp")) => ports,
        Some((_, "udp")) => return Err(fault("only TCP can be published, not UDP")),
        Some(_) => return Err(fault("the protocol must be tcp")),
    };
    // From the right, because an IPv6 address has colons of its own.
    let (rest, container) = ports.rsplit_once(':').ok_or_else(|| fault("the host's port is missing"))?;
    let (address, host) = match rest.rsplit_once(':') {
        None => (IpAddr::V4(Ipv4Addr::UNSPECIFIED), rest),
        Some((address, host)) => {
            let address = address.trim_start_matches('[').trim_end_matches(']');
            (address.parse().map_err(|_| fault("the address is not one"))?, host)
        }
    };
    Ok(Port { host: SocketAddr::new(address, number(host)?), container: number(container)? })
    // ANCHOR_END: parse_port
}
