//! Blobs that somebody else has described.

use std::io::{self, BufWriter, Read, Write as _};

use archive::Hashing;
use images::{Blob, Store};
use sys::Context;

use crate::{Error, Result};

/// Bytes from the network are written in chunks of this many.
const CHUNK_SIZE: usize = 128 << 10;

/// Stores bytes that are `expected`. Others, or more or fewer of them, are refused, and
/// nothing is kept.
///
/// # Errors
/// [`Error::Size`] or [`images::Error::Mismatch`], and what the reader fails with.
pub fn write_expected(store: &Store, reader: &mut dyn Read, expected: &Blob) -> Result<()> {
    let (temporary, file) = store.layout.temporary_file()?;
    let mut writer = Hashing::new(BufWriter::with_capacity(CHUNK_SIZE, file));
    // One byte more than expected tells that there are more; nobody reads the rest.
    io::copy(&mut reader.take(expected.size.saturating_add(1)), &mut writer).context("write", temporary.path())?;
    let (mut file, found) = writer.finish();
    verify(expected, &found, "a blob")?;
    file.flush().and_then(|()| file.get_ref().sync_all()).context("fsync", temporary.path())?;
    Ok(temporary.persist(&store.blob_path(&expected.digest))?)
}

/// Compares what was described with what was found; `what` names it in the error.
pub fn verify(expected: &Blob, found: &Blob, what: &str) -> Result<()> {
    let what = what.to_owned();
    if found.size != expected.size {
        return Err(Error::Size { what, expected: expected.size, found: found.size });
    }
    if found.digest != expected.digest {
        let (expected, found) = (expected.digest.clone(), found.digest.clone());
        return Err(images::Error::Mismatch { what, expected, found }.into());
    }
    Ok(())
}
