//! What the chapter's program is started with, or in.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use confine::{CapSet, CapState, DeviceGroup, prctl};
use nix::libc::{self, PR_SET_SECUREBITS};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

/// The id of an ordinary user.
pub const USER: u32 = 4242;

/// Whether this machine's root may become [`USER`]; if not, says why.
pub fn has_many_ids() -> bool {
    let mapped = sys::is_mapped(USER).expect("/proc is mounted");
    if !mapped {
        checks::unable("an ordinary user has one id only, and cannot switch to another: run this check as root");
    }
    mapped
}

/// A copy of the probe that makes whoever runs it root: the set-user-ID bit.
pub fn set_user_id_probe(directory: &Path) -> PathBuf {
    let path = directory.join("set-user-id-probe");
    checks::install(checks::probe(), &path);
    for (path, mode) in [(directory, 0o755), (&path, 0o4755)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the file is the check's own");
    }
    path
}

/// Starts the command with everything in its inheritable set.
pub fn with_inheritable(command: &mut Command) -> &mut Command {
    before_exec(command, || {
        let state = CapState::read().map_err(|error| error.errno)?;
        CapState { inheritable: state.permitted, ..state }.write().map_err(|error| error.errno)?;
        // CAP_NET_RAW, which is one of those that are kept.
        prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE as u64, 13)?;
        Ok(())
    })
}

/// Starts the command without any capability, though its user is root.
pub fn without_capabilities(command: &mut Command) -> &mut Command {
    // SECBIT_NOROOT: execve(2) gives root nothing.
    before_exec(command, || {
        prctl(PR_SET_SECUREBITS, 1, 0)?;
        let none = CapSet::NONE;
        CapState { effective: none, permitted: none, inheritable: none }.write().map_err(|error| error.errno)?;
        Ok(())
    })
}

/// Starts the command in a mount namespace where `file` is bound on `point`.
pub fn with_bound<'a>(command: &'a mut Command, file: &Path, point: &'static str) -> &'a mut Command {
    let file = file.to_owned();
    before_exec(command, move || {
        let none = None::<&str>;
        unshare(CloneFlags::CLONE_NEWNS)?;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
        mount(Some(&file), point, none, MsFlags::MS_BIND, none)
    })
}

/// Starts the command in a mount namespace with a tmpfs at `point` that has safe flags.
pub fn with_safe_mount<'a>(command: &'a mut Command, point: &Path) -> &'a mut Command {
    let point = point.to_owned();
    before_exec(command, move || {
        let none = None::<&str>;
        unshare(CloneFlags::CLONE_NEWNS)?;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
        let safe = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        mount(Some("tmpfs"), &point, Some("tmpfs"), safe, none)
    })
}

/// Starts the command with `directory` open as descriptor 9.
pub fn with_open<'a>(command: &'a mut Command, directory: &Path) -> &'a mut Command {
    let opened = fs::File::open(directory).expect("the directory is the check's own");
    before_exec(command, move || {
        use std::os::fd::AsRawFd;
        // SAFETY: a copy of an open descriptor, which lives until the child's exec and beyond.
        nix::errno::Errno::result(unsafe { libc::dup2(opened.as_raw_fd(), 9) }).map(drop)
    })
}

/// Starts the command with a session keyring that holds a key with this description.
pub fn with_key<'a>(command: &'a mut Command, description: &str) -> &'a mut Command {
    let description = CString::new(description).expect("a nonce has no zero byte");
    before_exec(command, move || {
        confine::join_session_keyring()?;
        let (secret, session) = (c"secret", libc::KEY_SPEC_SESSION_KEYRING);
        // SAFETY: the strings end with a zero byte, the payload has six bytes, and all
        // outlive the call.
        let key = unsafe {
            libc::syscall(libc::SYS_add_key, c"user".as_ptr(), description.as_ptr(), secret.as_ptr(), 6, session)
        };
        nix::errno::Errno::result(key).map(drop)
    })
}

/// Starts the command with this `oom_score_adj`.
pub fn with_oom_score<'a>(command: &'a mut Command, score: &'static str) -> &'a mut Command {
    // SAFETY: as in `before_exec`.
    unsafe { command.pre_exec(move || fs::write("/proc/self/oom_score_adj", score)) }
}

fn before_exec(command: &mut Command, prepare: impl Fn() -> nix::Result<()> + Send + Sync + 'static) -> &mut Command {
    // SAFETY: system calls only, in the child, which has one thread.
    unsafe { command.pre_exec(move || prepare().map_err(io::Error::from)) }
}

/// The name of a device group for one check, and its end.
pub struct DeviceFixture {
    pub name: String,
}

impl DeviceFixture {
    /// `None`, and the reason for the report, if this machine gives no such groups.
    pub fn new() -> Option<Self> {
        let fixture = Self { name: format!("galley-check-{}", checks::nonce()) };
        match DeviceGroup::create(&fixture.child("try")) {
            Ok(group) if nix::unistd::geteuid().is_root() && !sys::in_user_namespace().unwrap_or(true) => {
                group.delete().expect("an empty group can be removed");
                Some(fixture)
            }
            Ok(_) => {
                checks::unable("only the real root decides on devices; in a user namespace nobody can make a node");
                None
            }
            Err(error) => {
                checks::unable(&format!("no control group for devices can be made here: {error}"));
                None
            }
        }
    }

    pub fn child(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }
}

impl Drop for DeviceFixture {
    fn drop(&mut self) {
        for name in [self.child("try"), self.child("web/inner"), self.child("web"), self.name.clone()] {
            if let Ok(Some(group)) = DeviceGroup::open(&name) {
                // The kernel lets go of an ended process a moment later.
                for _ in 0..200 {
                    if group.clone().delete().is_ok() {
                        break;
                    }
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
            }
        }
    }
}
