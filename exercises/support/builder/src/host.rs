//! What a RUN sees of the host.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use mounts::{Mount, MountSource};
use sys::{Context, join_root};

use crate::error::Result;

/// Where a RUN finds the host's certificates.
const CERTIFICATES: &str = "/run/galley/ca-certificates.crt";

/// Makes the mount points that a container needs, and those of [`host_files`].
///
/// # Errors
/// Those of mkdir(2) and open(2).
pub fn make_mount_points(directory: &Path) -> Result<()> {
    for name in ["dev", "etc/ssl/certs", "proc", "run/galley", "sys"] {
        let path = directory.join(name);
        fs::create_dir_all(&path).context("mkdir", &path)?;
    }
    for name in ["/etc/hosts", "/etc/resolv.conf", CERTIFICATES] {
        let path = join_root(directory, Path::new(name));
        fs::write(&path, "").context("create", &path)?;
    }
    // For programs that look nowhere else. An image's own bundle hides it, and installing
    // one replaces it, which would not work with a mount.
    let link = directory.join("etc/ssl/certs/ca-certificates.crt");
    Ok(symlink(CERTIFICATES, &link).context("symlink", &link)?)
}

/// The host's name service and certificates, read-only, as far as the host has them.
pub fn host_files() -> Vec<Mount> {
    let mount = |source: &Path, target: &str| {
        // A link would be resolved in the wrong root later on.
        let source = source.canonicalize().ok()?;
        Some(Mount { source: MountSource::Host(source), target: target.into(), read_only: true })
    };
    let names = ["/etc/hosts", "/etc/resolv.conf"].into_iter().filter_map(|name| mount(Path::new(name), name));
    names.chain(bundle().and_then(|bundle| mount(&bundle, CERTIFICATES))).collect()
}

/// The host's certificates: where its administrator or its distribution keeps them.
fn bundle() -> Option<PathBuf> {
    let usual = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
    let named = env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    named.into_iter().chain(usual.map(PathBuf::from)).find(|path| path.is_file())
}

const PROXIES: [&str; 5] = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

/// Whether a build argument reaches every RUN without an ARG, and is recorded nowhere
/// (Dockerfile reference, "Predefined ARGs").
pub fn is_predefined(name: &str) -> bool {
    PROXIES.contains(&name.to_uppercase().as_str())
}

/// The host's proxies, and the variables in which programs look for certificates.
pub fn host_environment() -> Vec<(String, String)> {
    let spellings = PROXIES.iter().flat_map(|name| [(*name).to_owned(), name.to_lowercase()]);
    let proxies = spellings.filter_map(|name| env::var(&name).ok().map(|value| (name, value)));
    let programs =
        ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS"];
    let has_bundle = bundle().is_some();
    let certificates = programs.into_iter().filter(|_| has_bundle);
    proxies.chain(certificates.map(|name| (name.to_owned(), CERTIFICATES.to_owned()))).collect()
}
