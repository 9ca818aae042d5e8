//! Addresses: their parts, and where plain HTTP may go.

use std::env;
use std::net::IpAddr;

/// `host:port` of registries that are spoken to without encryption, separated by
/// commas: for a registry in one's own network.
const INSECURE: &str = "GALLEY_INSECURE_REGISTRIES";

/// `scheme://host:port` of an address.
pub fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |at| host + at);
    &url[..end]
}

/// An address as it may be shown: its query may hold a secret.
pub fn without_query(url: &str) -> String {
    url.split('?').next().unwrap_or_default().to_owned()
}

/// The host of `host:port`.
pub fn host(registry: &str) -> &str {
    registry.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map_or(registry, |(host, _)| host)
}

/// Whether a name means this machine, whatever a name server says.
pub fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Whether `host:port` is spoken to over plain HTTP.
pub fn may_be_plain(registry: &str) -> bool {
    is_local(host(registry)) || env::var(INSECURE).is_ok_and(|list| names(&list, registry))
}

fn names(list: &str, registry: &str) -> bool {
    list.split(',').any(|entry| entry.trim() == registry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others() {
        for registry in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.8.0.1", "[::1]:5000", "[::1]"] {
            assert!(is_local(host(registry)), "{registry} is this machine");
        }
        for registry in ["localhost.example:5000", "10.0.0.1:5000", "[2001:db8::1]:5000", "127.0.0.1.example"] {
            assert!(!is_local(host(registry)), "{registry} is another machine");
        }
    }

    #[test]
    fn insecure_registries_are_named_with_their_port() {
        let list = "10.0.0.1:5000, shelf.example:80";
        assert!(names(list, "10.0.0.1:5000") && names(list, "shelf.example:80"));
        assert!(!names(list, "10.0.0.1:5001") && !names(list, "shelf.example") && !names("", "shelf.example"));
    }
}
