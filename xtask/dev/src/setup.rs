//! `cargo xtask setup`: installs the Debian packages that demos and tests use.

use std::env;
use std::io::{IsTerminal, Write, stdin, stdout};
use std::process::Command;

use xtask::error::{Error, Result};
use xtask::packages::{Package, find};

/// Installs what is missing of `wanted`, after showing the list. Where it cannot,
/// it names the command and returns: the caller goes on with what is there.
pub fn run<'a>(wanted: impl IntoIterator<Item = &'a Package>, yes: bool) -> Result<()> {
    let missing: Vec<&Package> = wanted.into_iter().filter(|package| find(package.brings).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("Not installed yet:");
    for package in &missing {
        println!("  {:<18} {}", package.name, package.used_for);
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let by_hand = format!("sudo apt-get update && sudo apt-get install -y --no-install-recommends {}", names.join(" "));
    if find("apt-get").is_none() {
        println!("This is not Debian or Ubuntu; install them with your system's tool. Going on without.");
        return Ok(());
    }
    if !yes && !agreed()? {
        println!("Going on without. To install them yourself:\n  {by_hand}");
        return Ok(());
    }
    if let Err(error) = install(&names) {
        println!("{error}. Going on without. To install them yourself:\n  {by_hand}");
    }
    Ok(())
}

/// All at once; where that fails, one by one: an older release lacks some of them.
fn install(names: &[&str]) -> Result<()> {
    const INSTALL: &[&str] = &["install", "-y", "-q", "--no-install-recommends"];
    apt(&["update", "-q"])?;
    match apt(&[INSTALL, names].concat()) {
        Err(_) if names.len() > 1 => {
            let each: Vec<Result<()>> = names.iter().map(|name| apt(&[INSTALL, &[*name]].concat())).collect();
            each.into_iter().collect()
        }
        result => result,
    }
}

/// Asks on a terminal. Without one, `CI=true` is agreement, and silence is not.
fn agreed() -> Result<bool> {
    if env::var("CI").is_ok_and(|value| value == "true") {
        return Ok(true);
    }
    if !stdin().is_terminal() {
        return Ok(false);
    }
    print!("Install them now? [y/N] ");
    let mut answer = String::new();
    let asked = stdout().flush().and_then(|()| stdin().read_line(&mut answer));
    asked.map_err(Error::file("ask on", "the terminal".as_ref()))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Runs apt-get as root, through sudo where that is needed. Its many words are
/// shown only if it fails.
fn apt(arguments: &[&str]) -> Result<()> {
    let root = nix::unistd::geteuid().is_root();
    let mut command = Command::new(if root { "apt-get" } else { "sudo" });
    if !root {
        command.arg("apt-get");
    }
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    println!("running apt-get {}", arguments.join(" "));
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned();
            Err(Error::Program { program: "apt-get".into(), fault: format!("failed: {words}") })
        }
        Err(error) => {
            Err(Error::Program { program: "apt-get".into(), fault: format!("could not be started: {error}") })
        }
    }
}
