//! The whole book as a PDF for readers of paper, and of screen readers: Chromium
//! prints the print page, with tags for every heading and list, and an outline.

use std::fs;
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
    profile: PathBuf,
    file: PathBuf,
}

/// Begins to print the built `pages` into `target/galley.pdf`.
pub fn begin(root: &Path, pages: &Path, chromium: &Path) -> Result<Printing> {
    let file = root.join("target/galley.pdf");
    let profile = root.join("target/browser-profile");
    let child = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"])
        .args(["--export-tagged-pdf", "--generate-pdf-document-outline"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--print-to-pdf={}", file.display()))
        .arg(format!("file://{}", pages.join("print.html").display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(Failure::io("run", chromium))?;
    Ok(Printing { chromium: child, profile, file })
}

impl Printing {
    /// Waits for it, and looks whether it has its tags and its outline.
    pub fn end(mut self) -> Result<PathBuf> {
        let status = self.chromium.wait().map_err(Failure::io("wait for Chromium, which writes", &self.file))?;
        fs::remove_dir_all(&self.profile).map_err(Failure::io("remove", &self.profile))?;
        if !status.success() {
            return Err(Failure::new(format!("Chromium could not print {}: {status}", self.file.display())));
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
