//! Which files a program needs to run: elf(5), ld.so(8).

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;

use crate::{Context, Error, Result};

/// Lists the shared libraries that `program` needs, the loader included, by the paths at
/// which the loader looks for them. A static program needs none.
///
/// The kernel reads the name of the loader from the program's ELF header and starts that;
/// the loader finds the rest. So we ask the loader: `--list` makes it report and stop, as
/// ldd(1) does. Do not ask about a program that you would not run, because the program
/// chooses the loader.
///
/// # Errors
/// `ENOEXEC` if it is not an ELF program of this machine, `ENOENT` for a library that
/// the loader cannot find, and those of open(2).
pub fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let Some(loader) = interpreter(program)? else { return Ok(Vec::new()) };
    let output = Command::new(&loader)
        .arg("--list")
        .arg(program)
        // These would lead to files that the new root looks for elsewhere.
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("LD_PRELOAD")
        .output()
        .context("execve", &loader)?;
    let mut found = vec![loader];
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (name, rest) = line.split_once(" => ").unwrap_or(("", line));
        if rest.trim() == "not found" {
            return Err(Error::at("find library", name.trim(), Errno::ENOENT));
        }
        // `libc.so.6 => /lib/…/libc.so.6 (0x7f…)`; a line without a slash is the vDSO,
        // which the kernel maps and no file holds.
        let path = PathBuf::from(rest.trim().split(" (").next().unwrap_or_default());
        if path.is_absolute() && !found.contains(&path) {
            found.push(path);
        }
    }
    if output.status.success() { Ok(found) } else { Err(Error::at("find library", program, Errno::ENOEXEC)) }
}

/// The loader that a program names in its PT_INTERP entry; none if it is static.
fn interpreter(program: &Path) -> Result<Option<PathBuf>> {
    let not_elf = || Error::at("read ELF header", program, Errno::ENOEXEC);
    let mut file = File::open(program).context("open", program)?;

    // The offsets are those of Elf64_Ehdr and Elf64_Phdr in elf(5).
    let mut header = [0_u8; 64];
    file.read_exact(&mut header).map_err(|_| not_elf())?;
    if &header[..4] != b"\x7fELF" || header[4] != 2 {
        return Err(not_elf());
    }
    let (table, size, count) = (number(&header[32..40]), number(&header[54..56]), number(&header[56..58]));
    for index in 0..count {
        let mut entry = [0_u8; 56];
        file.read_exact_at(&mut entry, table + index * size).context("read", program)?;
        const PT_INTERP: u64 = 3;
        if number(&entry[0..4]) == PT_INTERP {
            let mut name = vec![0_u8; number(&entry[32..40]).min(4096) as usize];
            file.read_exact_at(&mut name, number(&entry[8..16])).context("read", program)?;
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            return Ok(Some(PathBuf::from(OsStr::from_bytes(name))));
        }
    }
    Ok(None)
}

/// Reads a number in the byte order of this machine, which is that of its programs.
fn number(bytes: &[u8]) -> u64 {
    let digit = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    if cfg!(target_endian = "little") { bytes.iter().rev().fold(0, digit) } else { bytes.iter().fold(0, digit) }
}
