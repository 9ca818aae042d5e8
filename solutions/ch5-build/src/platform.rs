//! Given: the one platform that galley builds for, which is its own.

use images::spec::{Arch, Os};

use crate::error::Problem;

/// The arguments that every build has, as the Dockerfile reference lists them
/// under "Automatic platform ARGs in the global scope". A stage sees those that
/// an ARG of its own names.
pub fn arguments() -> [(String, String); 6] {
    let (os, architecture) = (Os::Linux.to_string(), Arch::default().to_string());
    let platform = format!("{os}/{architecture}");
    [
        ("TARGETPLATFORM", &platform),
        ("TARGETOS", &os),
        ("TARGETARCH", &architecture),
        ("BUILDPLATFORM", &platform),
        ("BUILDOS", &os),
        ("BUILDARCH", &architecture),
    ]
    .map(|(name, value)| (name.to_owned(), value.clone()))
}

/// Refuses an image for another machine: nothing of it could be run here.
pub fn check(wanted: &str) -> Result<(), Problem> {
    let (os, architecture) = (Os::Linux.to_string(), Arch::default().to_string());
    let mut parts = wanted.split('/');
    if parts.next() == Some(&os) && parts.next() == Some(&architecture) {
        return Ok(());
    }
    let problem = Problem::new(wanted, format!("galley builds for {os}/{architecture}, not for {wanted}"));
    Err(problem.suggest("leave --platform out, or build on such a machine"))
}
