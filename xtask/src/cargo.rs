//! Calls cargo, and finds what it built by its own messages.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use nix::fcntl::{Flock, FlockArg};

use crate::error::{Error, Result};
use crate::files;

/// The cargo that runs this harness, so that no other toolchain comes into play.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The harness runs under cargo itself; what cargo told it is not meant for a child.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    command
}

/// Where cargo puts what it builds: `CARGO_TARGET_DIR` and `build.target-dir` decide.
pub fn target_directory(root: &Path) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(root.join("Cargo.toml"));
    // A user without cargo, who may still want to clean up, has not configured it either.
    let Ok(output) = command.current_dir(root).output() else { return Ok(root.join("target")) };
    let metadata = jzon::parse(&String::from_utf8_lossy(&output.stdout)).ok();
    let directory = metadata.as_ref().and_then(|metadata| metadata["target_directory"].as_str());
    directory.map(PathBuf::from).ok_or_else(|| Error::Program {
        program: "cargo metadata".into(),
        fault: format!("failed: {}", String::from_utf8_lossy(&output.stderr).trim()),
    })
}

/// A program that cargo built.
pub struct Artifact {
    /// The directory of its package.
    pub package: PathBuf,
    /// `bin`, `test` and so on.
    pub kind: String,
    pub name: String,
    pub path: PathBuf,
}

/// Runs a cargo command that builds, such as `build` or `test --no-run`, in the
/// workspace of `manifest`, with `target` as its target directory. The inner error holds the
/// compiler's messages if they are `captured`; otherwise they go to standard error.
pub fn build(
    target: &Path,
    manifest: &Path,
    arguments: &[&str],
    captured: bool,
) -> Result<std::result::Result<Vec<Artifact>, String>> {
    let mut command = cargo();
    let (own, rustc) = arguments.split_at(arguments.iter().position(|word| *word == "--").unwrap_or(arguments.len()));
    command.args(own).args(["--quiet", "--message-format=json-render-diagnostics", "--manifest-path"]).arg(manifest);
    command.arg("--target-dir").arg(target);
    if captured {
        command.args(["--color", if crate::color::enabled() { "always" } else { "never" }]);
    } else {
        command.stderr(Stdio::inherit());
    }
    command.args(rustc);
    let output = run(&mut command)?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(artifact).collect()))
}

fn run(command: &mut Command) -> Result<Output> {
    command
        .output()
        .map_err(|error| Error::Program { program: "cargo".into(), fault: format!("could not be started: {error}") })
}

/// Reads one of cargo's messages; `None` unless it names a program.
fn artifact(line: &str) -> Option<Artifact> {
    let message = jzon::parse(line).ok()?;
    let target = &message["target"];
    let (kind, is_test) = (target["kind"][0].as_str()?, message["profile"]["test"] == true);
    // `--bins` also builds each program as a test of itself, which is not the program.
    let wanted = is_test == (kind == "test");
    let path = message["executable"].as_str().filter(|_| wanted)?;
    Some(Artifact {
        package: Path::new(message["manifest_path"].as_str()?).parent()?.to_owned(),
        kind: kind.to_owned(),
        name: target["name"].as_str()?.to_owned(),
        path: PathBuf::from(path),
    })
}

/// The program of that name among what was built.
///
/// # Errors
/// [`Error::Program`] if cargo built no such program.
pub fn program(built: &[Artifact], name: &str) -> Result<PathBuf> {
    let found = built.iter().find(|artifact| artifact.kind == "bin" && artifact.name == name);
    found.map(|artifact| artifact.path.clone()).ok_or_else(|| missing(name))
}

pub fn missing(name: &str) -> Error {
    Error::Program { program: "cargo".into(), fault: format!("built no {name}") }
}

/// Waits until no other build is between making a program and [`keep`]ing it, and blocks
/// other builds until the result is dropped: the programs of both trees, of every
/// assembly and of stored solutions come out in the same place. This also holds between
/// processes, and for copies of the repository that share the place.
pub fn lock_artifacts(target: &Path) -> Result<Flock<File>> {
    lock(&target.join("debug/.artifacts-lock"))
}

/// Waits until nobody else has this file locked; it is locked until the result is dropped.
pub fn lock(path: &Path) -> Result<Flock<File>> {
    path.parent().map_or(Ok(()), files::create_dir)?;
    let file = File::create(path).map_err(Error::file("create", path))?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| Error::Call { call: "flock", errno })
}

/// Keeps a program in a directory where no other build overwrites it.
///
/// A hard link is enough, because linkers write a new file instead of changing the old
/// one. It saves each check the copying of 40 MB.
pub fn keep(file: &Path, directory: &Path) -> Result<PathBuf> {
    files::create_dir(directory)?;
    let destination = directory.join(file.file_name().unwrap_or_default());
    // Renamed into place: a check that runs now keeps the program that it has open.
    let temporary = directory.join(format!(".{}", std::process::id()));
    if fs::hard_link(file, &temporary).is_err() {
        // On another file system, for example.
        fs::copy(file, &temporary).map_err(Error::file("copy", file))?;
    }
    fs::rename(&temporary, &destination).map_err(Error::file("write", &destination))?;
    // rename(2) does nothing if both are names of one file.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file("remove", &temporary)(error)),
        _ => Ok(destination),
    }
}
