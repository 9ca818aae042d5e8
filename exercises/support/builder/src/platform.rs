//! The one platform that galley builds for, which is its own.

use dockerfile::Diagnostic;
use images::spec::{Arch, Os};

/// The arguments that every build has, as the Dockerfile reference lists them under
/// "Automatic platform ARGs in the global scope". A stage sees those that an ARG of its own
/// names.
pub fn platform_args() -> [(String, String); 6] {
    let (os, arch) = (Os::Linux.to_string(), Arch::default().to_string());
    let platform = format!("{os}/{arch}");
    [
        ("TARGETPLATFORM", &platform),
        ("TARGETOS", &os),
        ("TARGETARCH", &arch),
        ("BUILDPLATFORM", &platform),
        ("BUILDOS", &os),
        ("BUILDARCH", &arch),
    ]
    .map(|(name, value)| (name.to_owned(), value.clone()))
}

/// Refuses an image for another machine: nothing of it could be run here.
pub fn check_platform(wanted: &str) -> Result<(), Diagnostic> {
    let (os, arch) = (Os::Linux.to_string(), Arch::default().to_string());
    let mut parts = wanted.split('/');
    if parts.next() == Some(&os) && parts.next() == Some(&arch) {
        return Ok(());
    }
    Err(Diagnostic::new(wanted, format!("galley builds for {os}/{arch}, not for {wanted}"))
        .suggest("leave --platform out, or build on such a machine"))
}
