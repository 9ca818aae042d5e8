//! What `-p` accepts, and what it says of the rest.

use checks::View;
use run::parse_port;

#[test]
fn ports_are_read_as_docker_reads_them() {
    let mut view = View::default();
    for (field, text) in [
        ("plain", "4567:80"),
        ("tcp", "4567:80/tcp"),
        ("address", "127.0.0.1:4567:80"),
        ("ipv6", "[::1]:4567:80"),
        ("highest", "65535:65535"),
    ] {
        let port = parse_port(text).map(|port| format!("{} to {}", port.host, port.container));
        view.add(field, port.unwrap_or_else(|error| format!("error: {error}")));
    }
    checks::view!("ports", view, {
        "plain" => "the host's port comes first, the container's last; without an address, every address of the host is meant: 0.0.0.0",
        "tcp" => "/tcp says what is meant anyway",
        "address" => "an address before the host's port limits who can connect",
        "ipv6" => "an IPv6 address has colons of its own: split from the right, and drop the brackets",
        "highest" => "ports go up to 65535",
    });
}

#[test]
fn what_is_not_a_port_is_refused_with_the_reason() {
    let mut view = View::default();
    for text in [
        "80",
        "4567:",
        ":80",
        "0:80",
        "+4567:80",
        "4567:0",
        "65536:80",
        "http:80",
        "4567:80/udp",
        "4567:80/icmp",
        "nowhere:4567:80",
        "",
    ] {
        view.add(
            &format!("'{text}'"),
            match parse_port(text) {
                Ok(port) => format!("accepted as {port}"),
                Err(error) => error.to_string(),
            },
        );
    }
    checks::view!("refused", view, {
        "'80'" => "with one number it is not clear which port of the host is meant",
        "'4567:80/udp'" => "UDP is refused, not taken for TCP",
        "'4567:80/icmp'" => "after a slash, only tcp is good",
        "'65536:80'" => "a port has 16 bits; a larger number must not be cut down to them",
        "'4567:'" => "a missing number is not a number",
        "'nowhere:4567:80'" => "a name is no address: nobody is asked to look it up",
        "'+4567:80'" => "a port is digits alone; `parse` takes a sign too",
        "'0:80'" => "port 0 asks the kernel for any port; nobody would know which",
    });
}
