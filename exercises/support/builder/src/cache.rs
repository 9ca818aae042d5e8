//! The records of the build cache: one small JSON file for each key.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use archive::Hashing;
use images::{Digest, Layer, Store, spec};
use serde::{Deserialize, Serialize};
use sys::Context;

use crate::error::Result;

/// What is kept under a key: when the instruction was executed, and the layer it made, if
/// it changed files at all.
#[derive(Clone, Debug)]
pub struct Record {
    /// RFC 3339, as the image specification asks.
    pub created: String,
    pub layer: Option<Layer>,
}

/// A record as it is on the disk; a layer is its descriptor and its diffID.
#[derive(Serialize, Deserialize)]
struct Document {
    created: String,
    layer: Option<(spec::Descriptor, String)>,
}

/// All records of a store.
#[derive(Clone, Copy)]
pub struct CacheRecords<'a>(pub &'a Store);

impl CacheRecords<'_> {
    /// Reads the record of `key`, whether or not the store still has its layer. One that
    /// cannot be understood is as good as none.
    ///
    /// # Errors
    /// Those of read(2).
    pub fn find(&self, key: &str) -> Result<Option<Record>> {
        let path = self.path(key);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.context("read", &path)?,
        };
        let Ok(Document { created, layer }) = serde_json::from_slice(&text) else { return Ok(None) };
        let layer = layer.map(|(descriptor, diff_id)| diff_id.parse().map(|diff_id| Layer { descriptor, diff_id }));
        Ok(layer.transpose().ok().map(|layer| Record { created, layer }))
    }

    /// Whether the store has the layer's blob, which `prune` may have removed.
    pub fn has_layer(&self, layer: &Layer) -> bool {
        Digest::try_from(layer.descriptor.digest()).is_ok_and(|digest| self.0.has(&digest))
    }

    /// Writes the record of `key`. Its file appears whole or not at all.
    ///
    /// # Errors
    /// Those of mkdir(2), write(2) and rename(2).
    pub fn keep(&self, key: &str, record: &Record) -> Result<()> {
        let layer = record.layer.clone().map(|layer| (layer.descriptor, layer.diff_id.to_string()));
        let document = Document { created: record.created.clone(), layer };
        let bytes =
            serde_json::to_vec(&document).map_err(io::Error::other).call("write a record of the build cache")?;
        let directory = self.0.root().join("cache");
        fs::create_dir_all(&directory).context("mkdir", &directory)?;
        Ok(sys::replace_file_from(&self.0.root().join("tmp"), &self.path(key), 0o644, &bytes)?)
    }

    /// Removes the records that are worth nothing, because their layer is no longer there.
    ///
    /// # Errors
    /// Those of readdir(3) and unlink(2).
    pub fn prune(&self) -> Result<()> {
        let directory = self.0.root().join("cache");
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.context("readdir", &directory)?,
        };
        for entry in entries {
            let path = entry.context("readdir", &directory)?.path();
            let record = self.find(&path.file_stem().unwrap_or_default().to_string_lossy())?;
            let usable = record.is_some_and(|record| record.layer.is_none_or(|layer| self.has_layer(&layer)));
            if !usable {
                fs::remove_file(&path).context("unlink", &path)?;
            }
        }
        Ok(())
    }

    fn path(&self, key: &str) -> PathBuf {
        self.0.root().join("cache").join(format!("{key}.json"))
    }
}

/// The time as images record it, in RFC 3339: now, or what `SOURCE_DATE_EPOCH` says.
/// Whoever sets that gets the same image twice.
/// See <https://reproducible-builds.org/specs/source-date-epoch/>.
pub fn now() -> String {
    /// The last second of the year 9999: RFC 3339 has four digits for a year.
    const MAX_SECONDS: u64 = 253_402_300_799;
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let time = match epoch {
        Some(seconds) => SystemTime::UNIX_EPOCH + Duration::from_secs(MAX_SECONDS.min(seconds)),
        None => SystemTime::now(),
    };
    humantime::format_rfc3339_seconds(time).to_string()
}

/// The SHA-256 of a file's bytes in hexadecimal, without holding them in memory.
///
/// # Errors
/// Those of open(2) and read(2).
pub fn file_digest(path: &Path) -> Result<String> {
    let mut file = Hashing::new(File::open(path).context("open", path)?);
    io::copy(&mut file, &mut io::sink()).context("read", path)?;
    Ok(file.finish().1.digest.hex().to_owned())
}
