//! The whole book as a PDF for readers of paper, and of screen readers: Chromium
//! prints the print page, with tags for every heading and list, and an outline.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

/// What a PDF with a structure and an outline has in its catalog (ISO 32000-1,
/// 7.7.2): the mark that it is tagged, the tags, and the outline.
const PARTS: &[(&str, &str)] =
    &[("/MarkInfo", "no mark that it is tagged"), ("/StructTreeRoot", "no tags"), ("/Outlines", "no outline")];

/// A PDF being printed.
pub struct Printing {
    chromium: Child,
    /// The command, to be run again.
    command: Command,
    profile: PathBuf,
    file: PathBuf,
}

/// Starts to print the built `pages` into `target/galley.pdf`.
pub fn start(root: &Path, pages: &Path, chromium: &Path) -> Result<Printing> {
    let file = root.join("target/galley.pdf");
    let profile = root.join("target/browser-profile");
    // One that was printed before must not be taken for this one.
    if file.exists() {
        fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
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
    let child = command.spawn().with_context(|| format!("cannot run {}", chromium.display()))?;
    Ok(Printing { chromium: child, command, profile, file })
}

impl Printing {
    /// Waits for it, and checks that it has its tags and its outline.
    pub fn finish(mut self) -> Result<PathBuf> {
        let file = self.file.display();
        let mut output = self.chromium.wait_with_output().context("cannot wait for Chromium")?;
        // On a busy machine it may succeed and still have printed nothing.
        if output.status.success() && !self.file.exists() {
            output = self.command.output().context("cannot run Chromium again")?;
        }
        fs::remove_dir_all(&self.profile).with_context(|| format!("cannot remove {}", self.profile.display()))?;
        let printed = output.status.success() && self.file.exists();
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(printed, "Chromium did not print {file}: {}\n{words}", output.status);
        let bytes = fs::read(&self.file).with_context(|| format!("cannot read {file}"))?;
        let missing = missing_parts(&bytes).join(", ");
        ensure!(missing.is_empty(), "{file} has {missing}");
        Ok(self.file)
    }
}

fn missing_parts(pdf: &[u8]) -> Vec<&'static str> {
    let has = |name: &str| pdf.windows(name.len()).any(|window| window == name.as_bytes());
    PARTS.iter().filter(|(name, _)| !has(name)).map(|(_, missing)| *missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pdf_lacks_is_named() {
        let whole = b"<</Type /Catalog /MarkInfo <</Marked true>> /StructTreeRoot 3 0 R /Outlines 4 0 R>>";
        assert!(missing_parts(whole).is_empty());
        assert_eq!(missing_parts(b"<</Type /Catalog /Outlines 4 0 R>>"), ["no mark that it is tagged", "no tags"]);
    }
}
