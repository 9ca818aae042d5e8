//! Given: the chapter's steps on the command line.

use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use namespaces::{Container, Network, spawn, wait};
use nix::sched::CloneFlags;
use nix::unistd::{ForkResult, fork};
use sys::{Error, Result};

const USAGE: &str = "\
usage: namespaces own-hostname NAME PROGRAM [ARGUMENT…]
       namespaces spawn NAMESPACE[,NAMESPACE…] PROGRAM [ARGUMENT…]
       namespaces private-mounts DIRECTORY PROGRAM [ARGUMENT…]
       namespaces pivot DIRECTORY PROGRAM [ARGUMENT…]
       namespaces loopback-up PROGRAM [ARGUMENT…]
       namespaces become-root PROGRAM [ARGUMENT…]
       namespaces init PROGRAM [ARGUMENT…]
       namespaces contain DIRECTORY PROGRAM [ARGUMENT…]
A NAMESPACE is one of cgroup, ipc, mnt, net, pid, user, uts.";

fn main() -> ExitCode {
    // An argument of a program cannot hold a zero byte, so none is lost here.
    let arguments: Vec<CString> =
        std::env::args_os().skip(1).filter_map(|text| CString::new(text.into_vec()).ok()).collect();
    match perform(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("namespaces: {error}");
            ExitCode::from(125)
        }
    }
}

fn perform(arguments: &[CString]) -> Result<u8> {
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str().ok()).collect();
    let (one, two) = (arguments.get(1..).unwrap_or_default(), arguments.get(2..).unwrap_or_default());
    match words.as_slice() {
        ["own-hostname", name, _, ..] => namespaces::own_hostname(name).map(|()| become_program(two)),
        ["spawn", names, _, ..] => match names.split(',').map(flag).collect::<Option<CloneFlags>>() {
            Some(flags) => in_child(flags, two, || Ok(())),
            None => Ok(usage()),
        },
        ["private-mounts", directory, _, ..] => in_child(CloneFlags::CLONE_NEWNS, two, || {
            namespaces::private_mounts()?;
            mount_tmpfs(Path::new(directory))
        }),
        ["pivot", rootfs, _, ..] => in_child(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID, two, || {
            namespaces::private_mounts()?;
            namespaces::pivot(Path::new(rootfs))
        }),
        ["loopback-up", _, ..] => in_child(CloneFlags::CLONE_NEWNET, one, namespaces::loopback_up),
        ["become-root", _, ..] => namespaces::become_root().map(|()| become_program(one)),
        ["init", _, ..] => wait(spawn(CloneFlags::CLONE_NEWPID, || code_of(as_first(one)))?),
        ["contain", rootfs, _, ..] => contain(rootfs.into(), two),
        _ => Ok(usage()),
    }
}

fn usage() -> u8 {
    eprintln!("{USAGE}");
    2
}

fn flag(name: &str) -> Option<CloneFlags> {
    Some(match name {
        "cgroup" => CloneFlags::CLONE_NEWCGROUP,
        "ipc" => CloneFlags::CLONE_NEWIPC,
        "mnt" => CloneFlags::CLONE_NEWNS,
        "net" => CloneFlags::CLONE_NEWNET,
        "pid" => CloneFlags::CLONE_NEWPID,
        "user" => CloneFlags::CLONE_NEWUSER,
        "uts" => CloneFlags::CLONE_NEWUTS,
        _ => return None,
    })
}

/// Runs the program in a child in new namespaces, after `prepare` in the child.
fn in_child(namespaces: CloneFlags, argv: &[CString], prepare: impl Fn() -> Result<()>) -> Result<u8> {
    wait(spawn(namespaces, || code_of(prepare().map(|()| become_program(argv))))?)
}

/// The code to end with; an error is told first.
fn code_of(result: Result<u8>) -> u8 {
    result.unwrap_or_else(|error| {
        eprintln!("namespaces: {error}");
        125
    })
}

/// Returns only if the program cannot be started.
fn become_program(argv: &[CString]) -> u8 {
    let error = sys::exec(argv, None);
    eprintln!("namespaces: {error}");
    error.exit_code()
}

fn mount_tmpfs(directory: &Path) -> Result<()> {
    nix::mount::mount(Some("tmpfs"), directory, Some("tmpfs"), nix::mount::MsFlags::empty(), None::<&str>)
        .map_err(|errno| Error::at("mount", directory, errno))
}

/// Process 1 of the new pid namespace: starts the program, then does its duties.
fn as_first(argv: &[CString]) -> Result<u8> {
    namespaces::forwarded_signals().thread_block().map_err(|errno| Error::new("sigprocmask", errno))?;
    // SAFETY: this process has one thread.
    match unsafe { fork() }.map_err(|errno| Error::new("fork", errno))? {
        ForkResult::Child => sys::exit_now(become_program(argv)),
        ForkResult::Parent { child } => namespaces::init(child),
    }
}

/// Everything at once, and for any user.
fn contain(rootfs: PathBuf, argv: &[CString]) -> Result<u8> {
    namespaces::own_mounts()?;
    let container = Container {
        rootfs,
        hostname: "galley".into(),
        network: Network::Private,
        mounts: Vec::new(),
        read_only: false,
        init: true,
    };
    match namespaces::start(&container, || sys::exec(argv, None))?.release() {
        Ok(running) => running.wait(),
        Err(error) => {
            eprintln!("namespaces: {error}");
            Ok(error.code)
        }
    }
}
