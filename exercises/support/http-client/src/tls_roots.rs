//! Which authorities may vouch for a server: the system's certificates.

use std::path::{Path, PathBuf};
use std::{env, fs};

use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

use sys::Context;

use crate::{Error, Result};

/// Where distributions keep one file of all certificates: Debian and Arch,
/// Fedora, openSUSE, Alpine.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
/// Where Docker and podman look for the certificates of one registry:
/// `<here>/localhost:5000/ca.crt`.
const PER_REGISTRY: [&str; 2] = ["/etc/docker/certs.d", "/etc/containers/certs.d"];

/// The authorities that are trusted: those in `$SSL_CERT_FILE` if it is set, as
/// for OpenSSL, else the system's; and those that the administrator gave this
/// registry.
///
/// # Errors
/// A file that is named and cannot be read, or holds no certificate.
pub fn trusted(registry: &str) -> Result<RootCerts> {
    let named = env::var_os("SSL_CERT_FILE").filter(|value| !value.is_empty()).map(PathBuf::from);
    let bundle = || BUNDLES.iter().map(PathBuf::from).find(|path| path.exists());
    let mut found = Vec::new();
    for file in named.or_else(bundle).into_iter().chain(registry_files(registry)) {
        let read = certificates(&fs::read(&file).context("read certificates from", &file)?);
        if read.is_empty() {
            let path = file.display().to_string();
            return Err(Error::Certificate { url: path, why: "the file holds none in PEM form".to_owned() });
        }
        found.extend(read);
    }
    Ok(RootCerts::new_with_certs(&found))
}

fn registry_files(registry: &str) -> Vec<PathBuf> {
    let directories = PER_REGISTRY.iter().map(|base| Path::new(base).join(registry));
    // Most registries have no such directory.
    let entries = directories.filter_map(|directory| fs::read_dir(directory).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "crt")).collect()
}

fn certificates(pem: &[u8]) -> Vec<Certificate<'static>> {
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    parse_pem(pem).filter_map(certificate).collect()
}
