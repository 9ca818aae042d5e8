//! The files below `/etc` that are made for each container.

use std::fs;
use std::path::Path;

use mounts::{Mount, MountSource};
use sys::Context;

use crate::userspace_net::NAME_SERVER;

/// Writes `hosts`, `hostname` and `resolv.conf` into the container's directory, to be
/// mounted over the image's.
///
/// # Errors
/// open(2), write(2).
pub(crate) fn write_etc_files(directory: &Path, hostname: &str) -> sys::Result<Vec<Mount>> {
    let hosts = format!("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n127.0.0.1\t{hostname}\n");
    for (name, text) in [("hosts", hosts), ("hostname", format!("{hostname}\n"))] {
        let path = directory.join(name);
        fs::write(&path, text).context("write", &path)?;
    }
    write_resolv_conf(directory, false)?;
    let mount = |name| Mount {
        source: MountSource::Host(directory.join(name)),
        target: Path::new("/etc").join(name),
        read_only: false,
    };
    Ok(["hosts", "hostname", "resolv.conf"].map(mount).into())
}

/// Copies the host's file instead of sharing it: what a program inside writes must not
/// reach the host.
///
/// # Errors
/// open(2), write(2).
pub(crate) fn write_resolv_conf(directory: &Path, outbound: bool) -> sys::Result<()> {
    let host = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let path = directory.join("resolv.conf");
    fs::write(&path, resolv_conf(&host, outbound)).context("write", &path)
}

/// The host's file; with outbound connections, the name server is the one at their other
/// end. The host's may be at 127.0.0.1, which is the container itself inside.
fn resolv_conf(host: &str, outbound: bool) -> String {
    if !outbound {
        return host.to_owned();
    }
    let other = host.lines().filter(|line| !line.trim_start().starts_with("nameserver"));
    other.fold(format!("nameserver {NAME_SERVER}\n"), |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::resolv_conf;

    #[test]
    fn outbound_connections_have_their_own_name_server() {
        let host = "nameserver 127.0.0.53\nnameserver 1.1.1.1\nsearch lan\noptions edns0\n";
        assert_eq!(resolv_conf(host, false), host);
        assert_eq!(resolv_conf(host, true), "nameserver 10.0.2.3\nsearch lan\noptions edns0\n");
        assert_eq!(resolv_conf("", true), "nameserver 10.0.2.3\n");
    }
}
