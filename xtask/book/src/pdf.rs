//! The whole book as a PDF for readers of paper, and of screen readers: Chromium
//! prints the print page, with tags for every heading and list, and an outline.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::failure::{Failure, Result};

/// What a PDF with a structure and an outline has in its catalog (ISO 32000-1,
/// 7.7.2): the mark that it is tagged, the tags, and the outline.
const PARTS: &[(&str, &str)] =
    &[("/MarkInfo", "no mark that it is tagged"), ("/StructTreeRoot", "no tags"), ("/Outlines", "no outline")];

/// A PDF being printed.
pub struct Printing {
    chromium: Child,
    /// What it is called with, to be called again.
    command: Command,
    profile: PathBuf,
    file: PathBuf,
}

/// Begins to print the built `pages` into `target/galley.pdf`.
pub fn begin(root: &Path, pages: &Path, chromium: &Path) -> Result<Printing> {
    let file = root.join("target/galley.pdf");
    let profile = root.join("target/browser-profile");
    match fs::remove_file(&file) {
        // The one of an earlier book must not be taken for this one's.
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Failure::io("remove", &file)(error)),
        _ => {}
    }
    let mut command = Command::new(chromium);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"])
        .args(["--export-tagged-pdf", "--generate-pdf-document-outline"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--print-to-pdf={}", file.display()))
        .arg(format!("file://{}", pages.join("print.html").display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let child = command.spawn().map_err(Failure::io("run", chromium))?;
    Ok(Printing { chromium: child, command, profile, file })
}

impl Printing {
    /// Waits for it, and looks whether it has its tags and its outline.
    pub fn end(mut self) -> Result<PathBuf> {
        let waiting = Failure::io("wait for Chromium, which writes", &self.file);
        let mut output = self.chromium.wait_with_output().map_err(waiting)?;
        // While both processors are busy it may end well, and have printed nothing.
        if output.status.success() && !self.file.exists() {
            output = self.command.output().map_err(Failure::io("run Chromium again, for", &self.file))?;
        }
        fs::remove_dir_all(&self.profile).map_err(Failure::io("remove", &self.profile))?;
        if !output.status.success() || !self.file.exists() {
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            let (file, status) = (self.file.display(), output.status);
            return Err(Failure::new(format!("Chromium did not print {file}: {status}\n{words}")));
        }
        let bytes = fs::read(&self.file).map_err(Failure::io("read", &self.file))?;
        match lacks(&bytes).as_slice() {
            [] => Ok(self.file),
            lacks => Err(Failure::new(format!("{} has {}", self.file.display(), lacks.join(", ")))),
        }
    }
}

fn lacks(pdf: &[u8]) -> Vec<&'static str> {
    let has = |name: &str| pdf.windows(name.len()).any(|window| window == name.as_bytes());
    PARTS.iter().filter(|(name, _)| !has(name)).map(|(_, lack)| *lack).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pdf_lacks_is_named() {
        let whole = b"<</Type /Catalog /MarkInfo <</Marked true>> /StructTreeRoot 3 0 R /Outlines 4 0 R>>";
        assert!(lacks(whole).is_empty());
        assert_eq!(lacks(b"<</Type /Catalog /Outlines 4 0 R>>"), ["no mark that it is tagged", "no tags"]);
    }
}
