//! `galley save` and `load`: images as one file.

use std::fs::{self, File};
use std::io::{BufWriter, IsTerminal, Read, Write, stdin, stdout};
use std::path::{Path, PathBuf};

use storage::{Image, tags};

use sys::Context;

use crate::cli::{Format, Save};
use crate::error::{Error, Result};
use crate::home::{Home, local};
use crate::progress::MeteredStream;

/// Writes images into one archive.
pub fn save(arguments: &Save) -> Result<()> {
    let store = Home::find()?.store()?;
    let named = |text: &String| -> Result<(Option<String>, Image)> {
        let image = local(&store, text)?;
        let name = registry::parse_reference(text).map(|reference| reference.to_string()).ok();
        // Who asks by id gets an image without a name.
        let is_name =
            |name: &String| tags::list(&store).is_ok_and(|names| names.iter().any(|(other, _)| other == name));
        Ok((name.filter(is_name), image))
    };
    let images = arguments.images.iter().map(named).collect::<Result<Vec<_>>>()?;
    let format = match arguments.format {
        Format::Docker => storage::Format::Docker,
        Format::Oci => storage::Format::Oci,
    };
    let Some(path) = &arguments.output else {
        if stdout().is_terminal() {
            return Err(Error::Usage("an archive is nothing for a terminal; use -o FILE, or redirect".to_owned()));
        }
        return Ok(storage::save(&store, &images, format, &mut stdout().lock())?);
    };
    // A device or pipe is written to; a file is whole once it has its name.
    let special = path.metadata().is_ok_and(|metadata| !metadata.is_file());
    let unfinished = if special { path.clone() } else { with_suffix(path, ".unfinished") };
    let layers = images.iter().flat_map(|(_, image)| image.manifest.layers());
    let size = layers.map(|layer| layer.size()).sum();
    let written = write(&unfinished, size, |file| Ok(storage::save(&store, &images, format, file)?));
    if special {
        return written;
    }
    let written = written.and_then(|()| Ok(fs::rename(&unfinished, path).context("rename", path)?));
    if written.is_err() {
        // The first fault is the one to report.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// Writes a file of about `size` bytes.
fn write(path: &Path, size: u64, content: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let file = File::create(path).context("create", path)?;
    let mut file = BufWriter::new(MeteredStream::new(file, "writing", size));
    content(&mut file)?;
    Ok(file.flush().context("write", path)?)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Reads images from an archive, and gives them the names that stand in it.
pub fn load(input: Option<&Path>) -> Result<()> {
    let store = Home::find()?.store()?;
    let mut archive: Box<dyn Read> = match input {
        Some(path) => {
            let file = File::open(path).context("open", path)?;
            let size = file.metadata().context("read", path)?.len();
            Box::new(MeteredStream::new(file, "reading", size))
        }
        None if stdin().is_terminal() => {
            return Err(Error::Usage("which file? write -i FILE, or redirect standard input".to_owned()));
        }
        None => Box::new(stdin().lock()),
    };
    for loaded in storage::load(&store, &mut archive)? {
        // A tag alone, as OCI archives may have it, is no image's name.
        let full = loaded.names.iter().filter(|name| name.contains([':', '/']));
        let names: Vec<_> = full.filter_map(|name| registry::parse_reference(name).ok()).collect();
        for name in &names {
            tags::set(&store, &name.to_string(), &loaded.image.descriptor)?;
            println!("Loaded image: {}", name.familiar());
        }
        if names.is_empty() {
            tags::add_unnamed(&store, &loaded.image.descriptor)?;
            println!("Loaded image ID: {}", loaded.image.id()?);
        }
    }
    Ok(())
}
