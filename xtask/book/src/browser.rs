//! Opens every page in headless Chromium: `browser/check.mjs` says what for.
//!
//! Node.js runs it, with two packages that npm installs below `target/`. A
//! machine without Node.js, npm or Chromium cannot check this, and says so with
//! an exit code of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::{files, pdf, render};

/// How the check ended.
pub enum Outcome {
    Passed,
    Failed,
    /// This machine lacks a program: which, and how to get it.
    Unable(String),
}

/// The names that Chromium has on different systems.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const NO_CHROMIUM: &str = "there is no Chromium here; on Debian: apt-get install chromium";

/// Builds the book and opens every page.
pub fn check(root: &Path) -> Result<Outcome> {
    for (program, package) in [("node", "nodejs"), ("npm", "npm")] {
        if find(program).is_none() {
            return Ok(Outcome::Unable(format!("there is no {program} here; on Debian: apt-get install {package}")));
        }
    }
    let Some(browser) = chromium() else { return Ok(Outcome::Unable(NO_CHROMIUM.to_owned())) };
    let pages = render::build(root)?;
    let modules = install(root)?;
    let script = root.join("xtask/book/browser/check.mjs");
    // Meanwhile: it takes a few seconds of the minute that the pages take.
    let printing = pdf::start(root, &pages, &browser)?;
    let status = Command::new("node").arg(&script).args([&pages, &modules, &browser]).status();
    let printed = printing.finish();
    let status = status.with_context(|| format!("cannot run {}", script.display()))?;
    printed?;
    Ok(if status.success() { Outcome::Passed } else { Outcome::Failed })
}

/// Builds the book and prints it into a PDF.
pub fn print(root: &Path) -> Result<Outcome> {
    let Some(browser) = chromium() else { return Ok(Outcome::Unable(NO_CHROMIUM.to_owned())) };
    let pages = render::build(root)?;
    let file = pdf::start(root, &pages, &browser)?.finish()?;
    println!("{}", file.display());
    Ok(Outcome::Passed)
}

fn chromium() -> Option<PathBuf> {
    BROWSERS.iter().find_map(|name| find(name))
}

/// Installs the packages of the lock file, unless they are there already.
fn install(root: &Path) -> Result<PathBuf> {
    let (source, modules) = (root.join("xtask/book/browser"), root.join("target/browser"));
    fs::create_dir_all(&modules).with_context(|| format!("cannot make {}", modules.display()))?;
    let done = modules.join("installed.json");
    let lock = files::read(&source.join("package-lock.json"))?;
    if fs::read_to_string(&done).is_ok_and(|installed| installed == lock) {
        return Ok(modules);
    }
    for name in ["package.json", "package-lock.json"] {
        files::write(&modules.join(name), files::read(&source.join(name))?)?;
    }
    let arguments = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    let status = Command::new("npm").args(arguments).current_dir(&modules).stdout(Stdio::null()).status();
    let installed = status.is_ok_and(|status| status.success());
    ensure!(installed, "npm could not install the packages of xtask/book/browser/package-lock.json");
    // Last, so that an interrupted installation is done again.
    files::write(&done, lock)?;
    Ok(modules)
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|candidate| candidate.is_file())
}
