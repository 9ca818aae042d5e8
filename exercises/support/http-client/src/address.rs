//! Addresses: where they lead, and where plain HTTP may go.

use std::env;
use std::net::IpAddr;

use url::{ParseError, Url};

/// `host:port` of registries that are spoken to without encryption, separated by commas:
/// for a registry in one's own network.
const INSECURE: &str = "GALLEY_INSECURE_REGISTRIES";

/// Whether both addresses have the same scheme, host and port (RFC 6454). An address that
/// cannot be read has no origin, and so never the same one.
pub fn same_origin(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => one.origin().is_tuple() && one.origin() == other.origin(),
        _ => false,
    }
}

/// Reads a `Location` or a `Link` that was found at `base`: it may be a whole address, or
/// the path alone (RFC 3986, section 5).
///
/// # Errors
/// The reason why the text is not an address.
pub fn resolve(base: &str, reference: &str) -> Result<String, ParseError> {
    Url::parse(base)?.join(reference).map(String::from)
}

/// The address as it may be shown: its query may hold a secret.
pub fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
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
    is_local(host(registry)) || env::var(INSECURE).is_ok_and(|list| lists(&list, registry))
}

/// `http://host:port`, as one of Docker's `registry-mirrors`. Naming it with `http` is
/// asking for plain HTTP.
pub const MIRROR: &str = "GALLEY_MIRROR";

/// Whether the mirror was named under this `host:port` with plain HTTP.
pub fn is_plain_mirror(authority: &str) -> bool {
    env::var(MIRROR).is_ok_and(|base| base.trim_end_matches('/').strip_prefix("http://") == Some(authority))
}

fn lists(list: &str, registry: &str) -> bool {
    list.split(',').any(|entry| entry.trim() == registry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_told_from_other_hosts() {
        for registry in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.8.0.1", "[::1]:5000", "[::1]"] {
            assert!(is_local(host(registry)), "{registry} is this machine");
        }
        for registry in ["localhost.example:5000", "10.0.0.1:5000", "[2001:db8::1]:5000", "127.0.0.1.example"] {
            assert!(!is_local(host(registry)), "{registry} is another machine");
        }
    }

    #[test]
    fn insecure_registries_are_listed_with_their_port() {
        let list = "10.0.0.1:5000, registry.example:80";
        assert!(lists(list, "10.0.0.1:5000") && lists(list, "registry.example:80"));
        assert!(!lists(list, "10.0.0.1:5001") && !lists(list, "registry.example") && !lists("", "registry.example"));
    }

    #[test]
    fn an_origin_is_more_than_a_prefix() {
        assert!(same_origin("https://registry.example/v2/", "https://registry.example:443/token"));
        for other in [
            "http://registry.example/",
            "https://registry.example.evil/",
            "https://registry.example@evil/",
            "https://registry.example:8443/",
            "file:///v2/",
            "",
        ] {
            assert!(!same_origin("https://registry.example/v2/", other), "{other}");
        }
    }

    #[test]
    fn a_location_may_be_a_path_or_a_whole_address() {
        let base = "http://127.0.0.1:5000/v2/ada/quotes/blobs/uploads/";
        for (location, whole) in [
            (
                "/v2/ada/quotes/blobs/uploads/1?state=a%3D",
                "http://127.0.0.1:5000/v2/ada/quotes/blobs/uploads/1?state=a%3D",
            ),
            ("1", "http://127.0.0.1:5000/v2/ada/quotes/blobs/uploads/1"),
            ("https://storage.example/x?to=http://y", "https://storage.example/x?to=http://y"),
            ("/x?to=http://y", "http://127.0.0.1:5000/x?to=http://y"),
        ] {
            assert_eq!(resolve(base, location).as_deref(), Ok(whole));
        }
    }
}
