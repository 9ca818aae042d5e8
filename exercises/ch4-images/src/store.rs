//! The store: an OCI image layout whose blobs are named by what they hold.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write as _};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use crate::error::At;
use crate::temporary::Temporary;
use crate::{Blob, Digest, Error, Result, digest::Verified};

/// Bytes from the network are written in pieces of this many.
const PIECE: usize = 128 << 10;

/// A directory in the form of an OCI image layout (image-spec,
/// image-layout.md): `oci-layout`, `index.json`, `blobs/sha256/`.
///
/// Beside them stand `unpacked/`, one directory for each layer's diffID, `tmp/`
/// for what is not finished, and two lock files.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    /// Shared while the store is open: what is not yet named must not be pruned.
    in_use: Flock<File>,
}

impl Store {
    /// Opens the store at `root`, and makes what is missing of it.
    ///
    /// A new root is readable by its owner only, since unpacked layers hold
    /// set-uid programs of unknown origin.
    pub fn open(root: &Path) -> Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(root).at("create", root)?;
        let root = root.canonicalize().at("find", root)?;
        for name in ["blobs/sha256", "unpacked", "tmp"] {
            let directory = root.join(name);
            fs::create_dir_all(&directory).at("create", &directory)?;
        }
        let in_use = lock(&root.join("in-use.lock"), FlockArg::LockShared)?;
        let store = Self { root, in_use };
        store.write_missing("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        store.write_missing("index.json", br#"{"manifests":[],"schemaVersion":2}"#)?;
        Ok(store)
    }

    /// The store's directory, with no symbolic link in its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a blob is, or would be.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs/sha256").join(digest.hex())
    }

    /// Whether the blob is there. Its bytes are checked when they are read.
    pub fn has(&self, digest: &Digest) -> bool {
        self.blob_path(digest).is_file()
    }

    /// Stores what `reader` yields under its digest.
    ///
    /// The bytes go to a temporary file while they are hashed; then the file is
    /// synced (fsync(2)) and renamed into place (rename(2)). So a blob under its
    /// name is always whole, whenever the process is killed, and memory does not
    /// grow with the blob.
    pub fn write_blob(&self, reader: &mut dyn Read) -> Result<Blob> {
        // ANCHOR: write_blob
        let _ = &reader; // what you have to work with
        todo!("ch4 step 1: store bytes under their digest")
        // ANCHOR_END: write_blob
    }

    /// Stores bytes that somebody else has described. Other bytes, or more or
    /// fewer of them, are refused, and nothing is kept.
    ///
    /// They are hashed once, by what verifies them: [`Store::write_blob`] would hash
    /// them again to find a name that is known.
    pub fn write_expected(&self, reader: &mut dyn Read, expected: &Digest, size: u64) -> Result<Blob> {
        let expected = Blob { digest: expected.clone(), size };
        let (temporary, file) = self.temporary_file()?;
        let mut file = BufWriter::with_capacity(PIECE, file);
        io::copy(&mut Verified::new(reader, expected.clone()), &mut file).at("write", temporary.path())?;
        file.flush().and_then(|()| file.get_ref().sync_all()).at("sync", temporary.path())?;
        temporary.keep(&self.blob_path(&expected.digest))?;
        Ok(expected)
    }

    /// The bytes of a blob, checked against its digest.
    ///
    /// # Errors
    /// `Missing` if there is none, `TooLarge` if it has more than `limit` bytes
    /// (it is not read into memory then), `Mismatch` if its bytes have changed.
    pub fn read_blob(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>> {
        // ANCHOR: read_blob
        let _ = (&digest, &limit); // what you have to work with
        todo!("ch4 step 2: read them back, and refuse what does not match")
        // ANCHOR_END: read_blob
    }

    /// Opens a blob to stream it; [`Store::verified`] also checks it.
    pub fn open_blob(&self, digest: &Digest) -> Result<File> {
        let path = self.blob_path(digest);
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::Missing(digest.clone())),
            other => other.at("open", &path),
        }
    }

    /// A stream of a blob that ends in an error if the blob is not as described.
    pub fn verified(&self, blob: Blob) -> Result<Verified<File>> {
        Ok(Verified::new(self.open_blob(&blob.digest)?, blob))
    }

    /// A file in `tmp/`, on the same file system as the blobs, that is removed
    /// unless it is kept.
    pub fn temporary_file(&self) -> Result<(Temporary, File)> {
        Temporary::file(&self.root.join("tmp"))
    }

    /// A directory in `tmp/`, removed with all it holds unless it is kept.
    pub fn temporary_directory(&self) -> Result<Temporary> {
        Temporary::directory(&self.root.join("tmp"))
    }

    /// Writes a file of the store anew: temporary file, fsync, rename.
    pub(crate) fn replace(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let (temporary, mut file) = self.temporary_file()?;
        file.write_all(bytes).and_then(|()| file.sync_all()).at("write", temporary.path())?;
        temporary.keep(&self.root.join(name))
    }

    /// The lock that says whether others have the store open.
    pub(crate) fn in_use(&self) -> &Flock<File> {
        &self.in_use
    }

    fn write_missing(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let is_there = || self.root.join(name).exists();
        if is_there() {
            return Ok(());
        }
        let _lock = lock(&self.root.join("index.lock"), FlockArg::LockExclusive)?;
        // Another process may have written it while this one waited.
        if is_there() { Ok(()) } else { self.replace(name, bytes) }
    }
}

/// Locks a file, made if it is missing, until the result is dropped: flock(2).
pub(crate) fn lock(path: &Path, how: FlockArg) -> Result<Flock<File>> {
    // To lock is no change: a store that may only be read can be locked too.
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            File::options().read(true).write(true).create(true).truncate(false).open(path)
        }
        opened => opened,
    };
    let file = file.at("open", path)?;
    Flock::lock(file, how).map_err(|(_, errno)| errno).at("lock", path)
}
