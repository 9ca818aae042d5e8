//! Given: which files a program needs, and where a path really leads.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;

use crate::{Error, Result};

/// The shared libraries that `program` needs, the loader itself included, by
/// the paths at which it looks for them. None for a static program.
///
/// The kernel reads the name of the loader from the program's ELF header and
/// starts that; the loader finds the rest. So we ask the loader: `--list` makes
/// it report and stop. That is also what ldd(1) does. Do not ask it about a
/// program that you would not run: the program names the loader.
///
/// See elf(5), ld.so(8).
pub fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let Some(loader) = interpreter(program)? else { return Ok(Vec::new()) };
    let output = Command::new(&loader)
        .arg("--list")
        .arg(program)
        // These would lead to files that the new root looks for elsewhere.
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("LD_PRELOAD")
        .output()
        .map_err(|error| Error::io("execve", &loader, &error))?;
    let mut found = vec![loader];
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (name, rest) = line.split_once(" => ").unwrap_or(("", line));
        if rest.trim() == "not found" {
            return Err(Error::at("find library", name.trim(), Errno::ENOENT));
        }
        // `libc.so.6 => /lib/…/libc.so.6 (0x7f…)`; a line without a slash is
        // the vDSO, which the kernel maps and no file holds.
        let path = PathBuf::from(rest.trim().split(" (").next().unwrap_or_default());
        if path.is_absolute() && !found.contains(&path) {
            found.push(path);
        }
    }
    if !output.status.success() {
        return Err(Error::at("find library", program, Errno::ENOEXEC));
    }
    Ok(found)
}

/// The loader that a program names in its PT_INTERP entry; none if it is static.
fn interpreter(program: &Path) -> Result<Option<PathBuf>> {
    let not_elf = || Error::at("read ELF header", program, Errno::ENOEXEC);
    let failed = |error: io::Error| Error::io("read", program, &error);
    let mut file = File::open(program).map_err(|error| Error::io("open", program, &error))?;

    // The offsets are those of Elf64_Ehdr and Elf64_Phdr in elf(5).
    let mut header = [0_u8; 64];
    file.read_exact(&mut header).map_err(|_| not_elf())?;
    if &header[..4] != b"\x7fELF" || header[4] != 2 {
        return Err(not_elf());
    }
    let (table, size, count) = (number(&header[32..40]), number(&header[54..56]), number(&header[56..58]));
    for index in 0..count {
        let mut entry = [0_u8; 56];
        file.read_exact_at(&mut entry, table + index * size).map_err(failed)?;
        const PT_INTERP: u64 = 3;
        if number(&entry[0..4]) == PT_INTERP {
            let mut name = vec![0_u8; number(&entry[32..40]).min(4096) as usize];
            file.read_exact_at(&mut name, number(&entry[8..16])).map_err(failed)?;
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            return Ok(Some(PathBuf::from(OsStr::from_bytes(name))));
        }
    }
    Ok(None)
}

/// A number in the byte order of this machine, which is that of its programs.
fn number(bytes: &[u8]) -> u64 {
    let digit = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    if cfg!(target_endian = "little") { bytes.iter().rev().fold(0, digit) } else { bytes.iter().fold(0, digit) }
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The path without a symbolic link or `..` in it, absolute as seen in the root.
    pub path: PathBuf,
    /// The symbolic links met on the way, in order: where each is, and its text.
    pub links: Vec<(PathBuf, PathBuf)>,
}

/// Follows `path` as a process would whose root is `root`: an absolute link
/// starts again at `root`, and `..` never leads above it.
///
/// What does not exist is taken as it is written, so the answer may be a path
/// yet to be made. The links are read one by one; nobody may change them
/// meanwhile. See path_resolution(7).
pub fn resolve(root: &Path, path: &Path) -> Result<Resolved> {
    let mut resolved = Resolved { path: PathBuf::from("/"), links: Vec::new() };
    let mut pending = parts(path);
    while let Some(part) = pending.pop() {
        if part == ".." {
            resolved.path.pop();
            continue;
        }
        let here = resolved.path.join(&part);
        let Ok(text) = fs::read_link(beneath(root, &here)) else {
            resolved.path = here;
            continue;
        };
        // The kernel's own limit, against links that lead to themselves.
        if resolved.links.len() == 40 {
            return Err(Error::at("resolve", path, Errno::ELOOP));
        }
        if text.is_absolute() {
            resolved.path = PathBuf::from("/");
        }
        pending.extend(parts(&text));
        resolved.links.push((here, text));
    }
    Ok(resolved)
}

/// The names and `..`s of a path, the first one last.
fn parts(path: &Path) -> Vec<OsString> {
    let wanted = |part: &Component| matches!(part, Component::Normal(_) | Component::ParentDir);
    path.components().rev().filter(wanted).map(|part| part.as_os_str().to_owned()).collect()
}

/// The host's path for an absolute path inside `root`.
pub(crate) fn beneath(root: &Path, inside: &Path) -> PathBuf {
    root.join(inside.strip_prefix("/").unwrap_or(inside))
}
