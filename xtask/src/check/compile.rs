//! Builds a chapter's crate, its program, its checks and the probe.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use course::Chapter;
use nix::fcntl::{Flock, FlockArg};

use crate::error::{Error, Result};
use crate::sync::put;
use crate::tree::{Side, Tree, files, fingerprint};

/// The files that grading needs.
pub struct Built {
    /// The chapter's own program, put aside: the other tree's has the same name.
    pub program: PathBuf,
    /// The checks, as one test binary.
    pub checks: PathBuf,
    pub probe: PathBuf,
    /// The crate's directory, in which the checks are run.
    pub directory: PathBuf,
    /// The empty directory that each check gets a file system on.
    pub scratch: PathBuf,
}

/// Compiles one chapter. The inner error holds rustc's own words.
pub fn chapter(tree: &Tree, chapter: &Chapter, side: Side) -> Result<std::result::Result<Built, String>> {
    let _alone = alone(tree)?;
    let directory = tree.chapter(side, chapter);
    let aside = tree.target().join("check").join(if side == Side::Mine { "mine" } else { "reference" });
    refresh(&directory.join("src"), &aside.join(format!("{}.source", chapter.name)))?;
    let messages = match cargo_test(tree, chapter, side)? {
        Ok(messages) => messages,
        Err(words) => return Ok(Err(words)),
    };
    let (mut program, mut checks) = (None, None);
    for message in messages.lines().filter_map(|line| jzon::parse(line).ok()) {
        let target = &message["target"];
        let ours = message["manifest_path"].as_str().is_some_and(|path| Path::new(path).starts_with(&directory));
        let Some(executable) = message["executable"].as_str().filter(|_| ours).map(PathBuf::from) else { continue };
        match (target["kind"][0].as_str(), target["name"].as_str()) {
            // `--bins` also builds each program as a test of itself: not that one.
            (Some("bin"), _) if message["profile"]["test"] == false => program = Some(executable),
            (Some("test"), Some("checks")) => checks = Some(executable),
            _ => {}
        }
    }
    let missing =
        |what| Error::Program { program: "cargo".into(), fault: format!("built no {what} for {}", chapter.id()) };
    Ok(Ok(Built {
        program: put_aside(&program.ok_or_else(|| missing("program"))?, &aside)?,
        checks: put_aside(&checks.ok_or_else(|| missing("checks"))?, &aside)?,
        probe: probe(tree)?,
        scratch: scratch(tree)?,
        directory,
    }))
}

/// Makes cargo notice a change that the files' times do not show: cargo trusts the
/// times, and a file that came back (`cp --archive`, a moved directory) is old.
///
/// `record` holds the fingerprint of what was compiled last.
fn refresh(source: &Path, record: &Path) -> Result<()> {
    let now = fingerprint(source)?;
    // No record: nothing was compiled yet.
    if fs::read_to_string(record).is_ok_and(|last| last != now) {
        for file in files(source)? {
            let path = source.join(file);
            let touch = File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
            touch.map_err(Error::file("touch", &path))?;
        }
    }
    put(record, &now)
}

fn cargo_test(tree: &Tree, chapter: &Chapter, side: Side) -> Result<std::result::Result<String, String>> {
    let mut command = cargo();
    command.args([
        "test",
        "--no-run",
        "--message-format=json-render-diagnostics",
        "--package",
        chapter.name,
        "--test",
        "checks",
    ]);
    command.arg("--manifest-path").arg(tree.manifest(side)).arg("--target-dir").arg(tree.target());
    command.args(["--quiet", "--color", if super::colored() { "always" } else { "never" }]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let output = child.and_then(|child| child.wait_with_output());
    let output = output
        .map_err(|error| Error::Program { program: "cargo".into(), fault: format!("could not be started: {error}") })?;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(if output.status.success() { Ok(String::from_utf8_lossy(&output.stdout).into_owned()) } else { Err(words) })
}

/// The cargo that runs this harness, so that no other toolchain comes into play.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The harness runs under cargo itself: what cargo told it is not for a child.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    command
}

/// Waits until no other build is between making a program and putting it aside, and
/// keeps others from it until the result is dropped: the programs of both trees, of
/// every mix and of stored solutions come out in the same place. This holds between
/// processes, and for copies that share the place.
pub fn alone(tree: &Tree) -> Result<Flock<File>> {
    lock(&tree.target().join("debug/.putting-aside"))
}

/// Waits until nobody else has this file locked; it is locked until that is dropped.
pub fn lock(path: &Path) -> Result<Flock<File>> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(Error::file("create", directory))?;
    }
    let file = File::create(path).map_err(Error::file("create", path))?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| Error::Call { call: "flock", errno })
}

/// Keeps a program in a directory where no other build takes its place.
///
/// A link does: linkers write a new file and leave the old one to whoever has it. It
/// saves a check the copying of 40 MB.
pub fn put_aside(file: &Path, directory: &Path) -> Result<PathBuf> {
    fs::create_dir_all(directory).map_err(Error::file("create", directory))?;
    let destination = directory.join(file.file_name().unwrap_or_default());
    // A name of its own first: a check that runs now keeps the program it has.
    let temporary = directory.join(format!(".{}", std::process::id()));
    if fs::hard_link(file, &temporary).is_err() {
        // On another file system, for one.
        fs::copy(file, &temporary).map_err(Error::file("copy", file))?;
    }
    fs::rename(&temporary, &destination).map_err(Error::file("write", &destination))?;
    // Two names of one file are both kept by rename(2).
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file("remove", &temporary)(error)),
        _ => Ok(destination),
    }
}

/// The statically linked probe; rebuilt only when its sources are newer, because
/// asking cargo costs a tenth of a second in each check.
pub fn probe(tree: &Tree) -> Result<PathBuf> {
    let aside = tree.target().join("check");
    let ready = aside.join("probe");
    let source = tree.root().join("xtask/probe");
    let changed = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let newest = files(&source)?.iter().filter_map(|file| changed(&source.join(file))).max();
    if changed(&ready) > newest {
        return Ok(ready);
    }
    let output = cargo()
        .args(["rustc", "--quiet", "--package", "probe", "--manifest-path"])
        .arg(tree.manifest(Side::Mine))
        .arg("--target-dir")
        .arg(tree.target())
        .args(["--", "-C", "target-feature=+crt-static"])
        .output();
    match output {
        Ok(output) if output.status.success() => put_aside(&tree.target().join("debug/probe"), &aside),
        Ok(output) => {
            Err(Error::Program { program: "cargo".into(), fault: String::from_utf8_lossy(&output.stderr).into_owned() })
        }
        Err(error) => Err(Error::Program { program: "cargo".into(), fault: format!("could not be started: {error}") }),
    }
}

fn scratch(tree: &Tree) -> Result<PathBuf> {
    let directory = tree.target().join(crate::sandbox::SCRATCH);
    fs::create_dir_all(&directory).map_err(Error::file("create", &directory))?;
    Ok(directory)
}
