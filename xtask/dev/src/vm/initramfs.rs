//! The first file system: busybox, the modules, and two scripts.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::error::{Error, Result};
use xtask::files;

use super::kernel::Kernel;
use crate::stage::quiet;

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

/// Writes the whole image as `initramfs` into `directory`. The kernel unpacks
/// a cpio archive of the "newc" kind, which busybox(1) makes.
pub fn build(directory: &Path, busybox: &Path, kernel: &Kernel, workspace: &Path, command: &[OsString]) -> Result<()> {
    let root = directory.join("root");
    for name in ["bin", "dev", "proc", "sys", "host", "upper", "kept", "root", "modules"] {
        files::create_dir(&root.join(name))?;
    }
    let copy = |from: &Path, to: PathBuf| fs::copy(from, to).map_err(Error::file("copy", from)).map(drop);
    copy(busybox, root.join("bin/busybox"))?;
    let mut order = Vec::new();
    for module in &kernel.modules {
        let name = module.file_name().unwrap_or_default();
        copy(module, root.join("modules").join(name))?;
        order.extend_from_slice(name.as_bytes());
        order.push(b'\n');
    }
    files::write(&root.join("modules/order"), &order)?;
    files::write(&root.join("workspace"), workspace.as_os_str().as_bytes())?;
    files::write(&root.join("command"), script(workspace, command)?)?;
    files::write(&root.join("start"), START)?;
    files::write(&root.join("init"), INIT)?;
    let init = root.join("init");
    fs::set_permissions(&init, Permissions::from_mode(0o755)).map_err(Error::file("change", &init))?;
    let pack = "cd root && \"$0\" find . | \"$0\" cpio -o -H newc > ../initramfs";
    quiet(Command::new("sh").args(["-c", pack]).arg(busybox).current_dir(directory)).map(drop)
}

/// The command as a script: its environment, its directory, its words.
fn script(workspace: &Path, command: &[OsString]) -> Result<Vec<u8>> {
    let passed = |name: &str| VARIABLES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let mut script = b"unset B\n".to_vec();
    for (name, value) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(passed)) {
        script.extend([b"export ", name.as_bytes(), b"=", &quoted(&value)?[..], b"\n"].concat());
    }
    script.extend([b"cd ", &quoted(workspace.as_os_str())?[..], b" || exit 125\nexec"].concat());
    for word in command {
        script.extend([b" ", &quoted(word)?[..]].concat());
    }
    script.push(b'\n');
    Ok(script)
}

/// A word that a shell reads back as it was.
fn quoted(word: &OsStr) -> Result<Vec<u8>> {
    let quoted = shlex::bytes::try_quote(word.as_bytes());
    quoted.map(|word| word.into_owned()).map_err(|error| Error::Usage(format!("'{}': {error}", word.display())))
}
