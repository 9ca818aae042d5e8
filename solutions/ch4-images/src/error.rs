//! What can go wrong with an image, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::Digest;

pub type Result<T> = std::result::Result<T, Error>;

/// Every error names what was touched; where a next step is known, it says so.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A system call failed.
    #[error("cannot {action} {}: {}{}", path.display(), cause(source), hint(source))]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// The bytes have another digest than the one they were asked for by.
    #[error("{what} has the digest {found}, not {expected}: it was changed or cut short; remove it and get it again")]
    Mismatch { what: String, expected: Digest, found: Digest },
    /// The bytes are fewer or more than the descriptor says.
    #[error("{what} should be {expected} bytes long, but {found} were read; get it again")]
    Size { what: String, expected: u64, found: u64 },
    /// Something grew beyond what was allowed, as a decompression bomb does.
    #[error("{what} is larger than the limit of {limit} bytes; if you trust it, {}", remedy(what))]
    TooLarge { what: String, limit: u64 },
    /// A layer's entry that would reach outside, or that no tool should make.
    #[error("refused '{name}': {why}; do not trust this layer")]
    Refused { name: String, why: &'static str },
    /// Bytes that are no archive, JSON of another shape, and the like.
    #[error("{what} is malformed: {why}")]
    Malformed { what: String, why: String },
    /// Text that is no `sha256:` digest.
    #[error("'{0}' is no digest: expected sha256: and 64 digits 0-9a-f")]
    NotDigest(String),
    /// A blob that a manifest names but the store does not have.
    #[error("the store has no blob {0}; pull or build the image again")]
    Missing(Digest),
    /// A name that no image has.
    #[error("the store has no image '{0}'; see which there are, or pull it")]
    Unknown(String),
    /// Part of the specification that this store does not speak.
    #[error("{0} is not supported here")]
    Unsupported(String),
    /// A multi-platform image without a manifest for this machine.
    #[error("the image has no manifest for {0}; it was made for other machines")]
    NoPlatform(String),
    /// A prefix that fits more than one image.
    #[error("'{0}' fits more than one image; give more digits")]
    Ambiguous(String),
    /// Pruning while another process may be writing.
    #[error("another command is using the store at {}; try again when it has ended", .0.display())]
    InUse(PathBuf),
    /// An overlay of nothing, or of more than the kernel takes.
    #[error("cannot stack {0} layers: overlay takes 1 to about 200; rebuild the image with fewer")]
    LayerCount(usize),
}

/// A document's limit is fixed; that of archives is not.
fn remedy(what: &str) -> String {
    match what {
        ARCHIVE => format!("allow more with galley's --layer-limit or {}", crate::unpacked::LIMIT_VARIABLE),
        _ => "raise the limit".into(),
    }
}

/// What [`Error::TooLarge`] calls a layer's content.
pub const ARCHIVE: &str = "the archive";

/// The deepest cause says most; the layers around it repeat each other.
fn cause(error: &io::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.get_ref().and_then(|inner| inner.source());
    while let Some(inner) = next {
        text = inner.to_string();
        next = inner.source();
    }
    text
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => "; `galley prune` frees what no image needs",
        io::ErrorKind::PermissionDenied => "; does the store belong to another user?",
        io::ErrorKind::Unsupported => "; this needs Linux 5.6 or later",
        _ => "",
    }
}

/// Says what was being done, and to what, when a call fails.
pub trait At<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T>;
}

impl<T, E: Into<io::Error>> At<T> for std::result::Result<T, E> {
    /// An error of ours that came through a reader is handed on as it was.
    fn at(self, action: &'static str, path: &Path) -> Result<T> {
        self.map_err(|error| match error.into().downcast::<Error>() {
            Ok(ours) => ours,
            Err(source) => Error::Io { action, path: path.to_owned(), source },
        })
    }
}
