//! Step 5: who remembers.

use std::path::Path;

use crate::container::Container;
use crate::error::Result;

/// Writes a container's record to `state.json` in its `directory`, whole: a reader at any
/// moment, or after a power cut at any moment, finds the old record or the new one.
///
/// write(2) alone promises neither, but rename(2) replaces a name in one step, and
/// fsync(2) returns when a file is on the disk. The name itself is part of the directory,
/// which is synced by itself. The record as JSON is `serde_json::to_vec_pretty`.
///
/// # Errors
/// Those of open(2), write(2), fsync(2) and rename(2), such as `ENOSPC`; the old record
/// is there then.
pub fn save(directory: &Path, container: &Container) -> Result<()> {
    // ANCHOR: save
    use std::fs::{self, File};
    use std::io::Write;

    use sys::Context;

    use crate::{Error, container::STATE};

    let path = directory.join(STATE);
    let text = serde_json::to_vec_pretty(container);
    let text = text.map_err(|source| Error::Damaged { path: path.clone(), source })?;
    let temporary = directory.join("state.json.new");
    let mut file = File::create(&temporary).context("open", &temporary)?;
    file.write_all(&text).context("write", &temporary)?;
    file.sync_all().context("fsync", &temporary)?;
    fs::rename(&temporary, &path).context("rename", &path)?;
    let parent = File::open(directory).context("open", directory)?;
    Ok(parent.sync_all().context("fsync", directory)?)
    // ANCHOR_END: save
}
