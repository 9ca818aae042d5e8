//! The first file system: busybox, the modules, and two scripts.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use super::kernel::Kernel;
use xtask::error::{Error, Result};

/// Runs first, from the initramfs: loads the modules, puts the root together and
/// goes there. Whatever fails ends the machine, and the console's file says why.
const INIT: &str = r#"#!/bin/busybox sh
set -e
trap '/bin/busybox poweroff -f' EXIT
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
for module in $(cat /modules/order); do insmod /modules/$module; done
mount -t virtiofs -o ro host /host
mount -t tmpfs -o size=80% upper /upper
mkdir /upper/changes /upper/work
mount -t overlay -o lowerdir=/host,upperdir=/upper/changes,workdir=/upper/work root /root
mount -t proc proc /root/proc
mount -t sysfs sys /root/sys
mount -t devtmpfs dev /root/dev
mkdir -p /root/dev/pts /root/dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 pts /root/dev/pts
mount -t tmpfs -o mode=1777 shm /root/dev/shm
# The workspace may lie in /tmp, or in /run: it is kept over the new ones.
workspace=$(cat /workspace)
mount --bind "/root$workspace" /kept
mount -t tmpfs -o mode=1777 tmp /root/tmp
mount -t tmpfs -o mode=755 run /root/run
mkdir -p "/root$workspace"
mount --move /kept "/root$workspace"
mount -t cgroup2 -o nsdelegate cgroup2 /root/sys/fs/cgroup
ip link set lo up
hostname vm
cp /bin/busybox /start /command /root/run/
umount /proc /sys
trap - EXIT
exec switch_root /root /run/busybox sh /run/start
"#;

/// Runs second, as process 1 of the root: starts the command and tells its end.
///
/// A port can be opened once only, so the output goes through pipes, which the
/// command's children may open as often as they like.
const START: &str = r#"
B=/run/busybox
trap '$B poweroff -f' EXIT
port() { for p in /dev/vport*p$1; do echo $p; done; }
$B mkfifo /run/out /run/err
$B cat /run/out > $(port 1) &
out=$!
$B cat /run/err > $(port 2) &
err=$!
$B setsid $B sh /run/command < /dev/null > /run/out 2> /run/err
code=$?
# A process that the command left behind may hold the pipes: end them all.
for file in /proc/[0-9]*; do
    pid=${file#/proc/}
    case $pid in 1|$out|$err) ;; *) if $B [ -e $file/exe ]; then $B kill -9 $pid; fi ;; esac
done 2> /dev/null
wait $out $err
echo $code > $(port 3)
"#;

/// Variables that change what a check or cargo does, and reach the command too.
const VARIABLES: &[&str] = &["PATH", "HOME", "USER", "LOGNAME", "LANG", "TERM", "NO_COLOR"];
const PREFIXES: &[&str] = &["CARGO", "GALLEY_", "INSTA_", "RUST"];

/// The whole image.
pub fn build(busybox: &Path, kernel: &Kernel, workspace: &Path, command: &[OsString]) -> Result<Vec<u8>> {
    let mut archive = Archive::default();
    for directory in ["bin", "dev", "proc", "sys", "host", "upper", "kept", "root", "modules"] {
        archive.directory(directory);
    }
    archive.file("bin/busybox", &read(busybox)?);
    archive.file("init", INIT.as_bytes());
    archive.file("start", START.as_bytes());
    archive.file("workspace", workspace.as_os_str().as_bytes());
    archive.file("command", &script(workspace, command));
    let mut order = Vec::new();
    for module in &kernel.modules {
        let name = module.file_name().unwrap_or_default();
        archive.file(&format!("modules/{}", name.to_string_lossy()), &read(module)?);
        order.extend_from_slice(name.as_bytes());
        order.push(b'\n');
    }
    archive.file("modules/order", &order);
    Ok(archive.finish())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(Error::file("read", path))
}

/// The command as a script: its environment, its directory, its words.
fn script(workspace: &Path, command: &[OsString]) -> Vec<u8> {
    let passed = |name: &str| VARIABLES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let mut script = b"unset B\n".to_vec();
    for (name, value) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(passed)) {
        script.extend_from_slice(b"export ");
        script.extend_from_slice(name.as_bytes());
        script.push(b'=');
        script.extend_from_slice(&quoted(&value));
        script.push(b'\n');
    }
    script.extend_from_slice(b"cd ");
    script.extend_from_slice(&quoted(workspace.as_os_str()));
    script.extend_from_slice(b" || exit 125\nexec");
    for word in command {
        script.push(b' ');
        script.extend_from_slice(&quoted(word));
    }
    script.push(b'\n');
    script
}

/// A word that a shell reads back as it was.
fn quoted(word: &OsStr) -> Vec<u8> {
    let mut quoted = b"'".to_vec();
    for byte in word.to_owned().into_vec() {
        match byte {
            b'\'' => quoted.extend_from_slice(br"'\''"),
            other => quoted.push(other),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// A cpio archive of the "newc" kind, the one the kernel unpacks (the kernel's
/// `initramfs-buffer-format` guide): a header of hexadecimal numbers, the name,
/// the bytes, each padded to four.
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

impl Archive {
    fn directory(&mut self, name: &str) {
        self.entry(name, 0o040_755, &[]);
    }

    fn file(&mut self, name: &str, contents: &[u8]) {
        self.entry(name, 0o100_755, contents);
    }

    fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }

    fn entry(&mut self, name: &str, mode: u32, contents: &[u8]) {
        self.entries += 1;
        let (size, name_size) = (contents.len(), name.len() + 1);
        let header = format!(
            "070701{:08x}{mode:08x}{:08x}{:08x}{:08x}{:08x}{size:08x}{:08x}{:08x}{:08x}{:08x}{name_size:08x}{:08x}",
            self.entries, 0, 0, 1, 0, 0, 0, 0, 0, 0
        );
        self.bytes.extend_from_slice(header.as_bytes());
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(contents);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_survives_the_shell() {
        for word in ["plain", "two words", "it's", "$HOME `id` \\ \"", "a\nb", ""] {
            let mut line = b"printf %s ".to_vec();
            line.extend(quoted(OsStr::new(word)));
            let output = std::process::Command::new("sh").arg("-c").arg(OsString::from_vec(line)).output();
            assert_eq!(output.map(|output| output.stdout).ok(), Some(word.as_bytes().to_vec()));
        }
    }

    #[test]
    fn every_part_of_an_archive_begins_at_a_multiple_of_four() {
        let mut archive = Archive::default();
        archive.directory("d");
        archive.file("d/file", b"12345");
        let bytes = archive.finish();
        let headers: Vec<usize> =
            bytes.windows(6).enumerate().filter(|(_, window)| window == b"070701").map(|(at, _)| at).collect();
        assert_eq!(headers.len(), 3, "two entries and the trailer");
        assert!(headers.iter().all(|at| at % 4 == 0), "{headers:?}");
        // 6 + 13 * 8 is the header; the name follows it.
        assert_eq!(&bytes[headers[1] + 110..headers[1] + 117], b"d/file\0");
    }
}
