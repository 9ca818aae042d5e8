//! `cargo xtask setup`: the Debian packages that demos and tests use.

use std::env;
use std::io::{IsTerminal, Write, stdin, stdout};
use std::path::PathBuf;
use std::process::Command;

use crate::error::{Error, Result};

/// A package, how to tell that it is there, and who misses it if not.
pub struct Package {
    pub name: &'static str,
    /// A program in PATH, or an absolute path, that the package brings.
    pub brings: &'static str,
    pub used_for: &'static str,
}

const fn package(name: &'static str, brings: &'static str, used_for: &'static str) -> Package {
    Package { name, brings, used_for }
}

/// What the demo uses.
pub const DEMO: &[Package] = &[
    package("busybox-static", "busybox", "the small base image"),
    package("curl", "curl", "fetching the application's page"),
];

/// What the tests use beside that.
pub const TEST: &[Package] = &[
    package("busybox-static", "busybox", "the small base image"),
    package("curl", "curl", "fetching the application's page"),
    package("skopeo", "skopeo", "reading what galley pushed with another tool"),
    package("podman", "podman", "running what galley saved, and galley what podman saved"),
    package("buildah", "buildah", "building an image with another tool, for galley to run"),
    package("slirp4netns", "slirp4netns", "connections out of a container"),
    package("passt", "pasta", "the same by another helper"),
    package("uidmap", "newuidmap", "running those tools as an ordinary user"),
    package("docker-registry", "docker-registry", "pushing to a registry that others wrote"),
    package("openssl", "openssl", "certificates for registries that want TLS"),
    package("tmux", "tmux", "playing the demo in a real terminal"),
    package("patch", "patch", "trying stored wrong solutions on the checks"),
    package("chromium", "chromium", "reading every page of the book in a browser"),
    package("nodejs", "node", "driving that browser"),
    package("npm", "npm", "fetching what drives it"),
    package("qemu-system-x86", "qemu-system-x86_64", "a virtual machine with unified cgroups"),
];

/// Where a program is, if it is anywhere in PATH or where root's programs are.
pub fn find(program: &str) -> Option<PathBuf> {
    if program.starts_with('/') {
        return Some(PathBuf::from(program)).filter(|path| path.exists());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    directories.map(|directory| directory.join(program)).find(|file| file.is_file())
}

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
