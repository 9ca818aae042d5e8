//! One file of a group: read and written as the kernel wants it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use nix::errno::Errno;
use sys::Context;

use crate::{Error, Result};

pub fn read_file(path: &Path) -> Result<String> {
    fs::read_to_string(path).context("read", path).map_err(|error| explain(path, error))
}

/// Writes in one write(2), because the kernel takes each as a whole value, and without
/// O_CREAT: for a missing file that would answer EACCES.
pub fn write_file(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().write(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.context("write", path).map_err(|error| explain(path, error))
}

fn explain(path: &Path, error: sys::Error) -> Error {
    if error.errno == Errno::ENOENT && path.parent().is_some_and(Path::is_dir) {
        return Error::NoController { file: path.to_owned() };
    }
    error.into()
}
