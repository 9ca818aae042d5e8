//! Checks of chapter 4. They look at the store's files, at what tar, gzip and
//! sha256sum make of them, and at mounts; never only at what the program says.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a check that cannot go on ends here")]

mod archive;
mod given;
mod step1;
mod step2;
mod step3;
mod step4;
mod step5;
mod step6;
mod step7;
mod step8;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

checks::last_check!();

/// The chapter's program, in the form that std's Command takes.
fn images() -> Command {
    Command::new(checks::program_path(env!("CARGO_BIN_EXE_images")))
}

/// Runs the program; shows what it wrote to standard error if it failed.
fn run(arguments: &[&str], input: &[u8]) -> Output {
    finish(images().args(arguments), input)
}

/// Runs the program and returns what it printed; fails the check if it fails.
fn succeed(arguments: &[&str], input: &[u8]) -> String {
    let output = run(arguments, input);
    assert!(output.status.success(), "`images {}` failed:\n{}", arguments.join(" "), errors(&output));
    text(&output)
}

fn finish(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that does not read its input, or stops early, is judged by its answer.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a tool of the system says; the check stops if the tool is missing.
fn tool(name: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new(name);
    command.args(arguments).env("LC_ALL", "C").env("TZ", "UTC");
    let output = finish(&mut command, input);
    assert!(output.status.success(), "{name} {}: {}", arguments.join(" "), errors(&output));
    output.stdout
}

/// The digest as sha256sum computes it.
fn sha256sum(bytes: &[u8]) -> String {
    let said = String::from_utf8(tool("sha256sum", &[], bytes)).unwrap();
    format!("sha256:{}", said.split(' ').next().unwrap())
}

fn str(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn blob_path(store: &Path, digest: &str) -> PathBuf {
    store.join("blobs/sha256").join(digest.strip_prefix("sha256:").unwrap_or(digest))
}

/// The value of a line `key value` that the program printed.
fn field<'a>(printed: &'a str, key: &str) -> &'a str {
    let line = printed.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("the program printed no '{key}': {printed}"))
}

/// The names below a directory, sorted, one on a line.
fn names(directory: &Path) -> String {
    tree(directory, |path, name| format!("{name}{}", if path.is_dir() { "/" } else { "" }))
}

/// A line for everything below a directory, sorted by name.
fn tree(directory: &Path, describe: impl Fn(&Path, &str) -> String) -> String {
    let mut lines = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(next) = waiting.pop() {
        for item in fs::read_dir(&next).unwrap() {
            let path = item.unwrap().path();
            let name = path.strip_prefix(directory).unwrap().to_str().unwrap().to_owned();
            lines.push((name.clone(), describe(&path, &name)));
            if fs::symlink_metadata(&path).unwrap().is_dir() {
                waiting.push(path);
            }
        }
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line + "\n").collect()
}

/// `mode kind` of a file and where it links to: `4755 file`, `777 link -> env`.
fn kind(path: &Path) -> String {
    let metadata = fs::symlink_metadata(path).unwrap();
    let kind = metadata.file_type();
    let mode = metadata.mode() & 0o7777;
    if kind.is_symlink() {
        return format!("link -> {}", fs::read_link(path).unwrap().display());
    }
    let device = (nix::sys::stat::major(metadata.rdev()), nix::sys::stat::minor(metadata.rdev()));
    if kind.is_char_device() && device == (0, 0) {
        return "whiteout".into();
    }
    let name = match () {
        () if kind.is_dir() => "directory".into(),
        () if kind.is_fifo() => "fifo".into(),
        () if kind.is_char_device() => format!("character device {} {}", device.0, device.1),
        () if metadata.nlink() > 1 => format!("file with {} names", metadata.nlink()),
        () => "file".into(),
    };
    format!("{mode:o} {name}")
}

/// Whether this process is root of the machine, and not of a user namespace.
fn is_real_root() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap();
    nix::unistd::geteuid().is_root() && map.split_whitespace().collect::<Vec<_>>() == ["0", "0", "4294967295"]
}

/// Whether the program can be tried with user attributes here: tmpfs has them
/// since Linux 6.6.
fn has_user_xattrs(directory: &Path) -> bool {
    xattr::set(directory, "user.check", b"1").is_ok()
}

/// Makes the modes of new files those of the snapshots, whatever the user's umask is.
fn usual_umask() {
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
}

/// Runs the program with at most `kibibytes` of address space.
fn run_small(kibibytes: u64, arguments: &[&str], input: Stdio) -> Output {
    let program = checks::program_path(env!("CARGO_BIN_EXE_images"));
    let script = format!("ulimit -v {kibibytes}; exec \"$@\"");
    Command::new("sh").args(["-c", &script, "sh"]).arg(program).args(arguments).stdin(input).output().unwrap()
}
