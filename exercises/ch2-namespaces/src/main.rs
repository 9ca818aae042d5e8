//! The chapter's steps on the command line.

use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::ExitCode;

use namespaces::{Container, Network, spawn, wait};
use nix::mount::{MsFlags, mount};
use nix::sched::CloneFlags;
use sys::{Context, Result};

const USAGE: &str = "\
usage: namespaces unshare-uts NAME PROGRAM [ARGUMENT…]
       namespaces spawn NAMESPACE[,NAMESPACE…] PROGRAM [ARGUMENT…]
       namespaces make-mounts-private DIRECTORY PROGRAM [ARGUMENT…]
       namespaces pivot DIRECTORY PROGRAM [ARGUMENT…]
       namespaces loopback-up PROGRAM [ARGUMENT…]
       namespaces map-root-user PROGRAM [ARGUMENT…]
       namespaces init PROGRAM [ARGUMENT…]
       namespaces contain DIRECTORY PROGRAM [ARGUMENT…]
       namespaces create DIRECTORY PROGRAM [ARGUMENT…]
A NAMESPACE is one of cgroup, ipc, mnt, net, pid, user, uts. `create` prints the process
id of the container, and starts it once there is a line on its standard input.";

fn main() -> ExitCode {
    // An argument of a program cannot hold a zero byte, so none is lost here.
    let arguments: Vec<CString> =
        std::env::args_os().skip(1).filter_map(|text| CString::new(text.into_vec()).ok()).collect();
    ExitCode::from(code_of(execute(&arguments)))
}

/// The exit code; an error is printed first.
fn code_of(result: Result<u8>) -> u8 {
    result.unwrap_or_else(|error| {
        eprintln!("namespaces: {error}");
        125
    })
}

fn execute(arguments: &[CString]) -> Result<u8> {
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str().ok()).collect();
    let (one, two) = (arguments.get(1..).unwrap_or_default(), arguments.get(2..).unwrap_or_default());
    match words.as_slice() {
        ["unshare-uts", name, _, ..] => namespaces::unshare_uts(name).map(|()| become_program(two)),
        ["spawn", names, _, ..] => match names.split(',').map(flag).collect::<Option<CloneFlags>>() {
            Some(flags) => in_child(flags, two, || Ok(())),
            None => Ok(usage()),
        },
        ["make-mounts-private", directory, _, ..] => in_child(CloneFlags::CLONE_NEWNS, two, || {
            namespaces::make_mounts_private()?;
            let (tmpfs, none) = (Some("tmpfs"), None::<&str>);
            mount(tmpfs, *directory, tmpfs, MsFlags::empty(), none).context("mount", directory)
        }),
        ["pivot", rootfs, _, ..] => in_child(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID, two, || {
            namespaces::make_mounts_private()?;
            namespaces::pivot(Path::new(rootfs))
        }),
        ["loopback-up", _, ..] => in_child(CloneFlags::CLONE_NEWNET, one, namespaces::loopback_up),
        ["map-root-user", _, ..] => namespaces::map_root_user().map(|()| become_program(one)),
        ["init", _, ..] => wait(spawn(CloneFlags::CLONE_NEWPID, || code_of(as_process_1(one)))?),
        ["contain", rootfs, _, ..] => contain(rootfs, two, true, |_| Ok(())),
        ["create", rootfs, _, ..] => contain(rootfs, two, false, |pid| {
            println!("{pid}");
            std::io::stdin().read_line(&mut String::new()).map(drop).call("read standard input")
        }),
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

/// Returns only if the program cannot be started.
fn become_program(argv: &[CString]) -> u8 {
    let error = sys::exec(argv, None);
    eprintln!("namespaces: {error}");
    error.exit_code()
}

/// Process 1 of the new pid namespace: starts the program, then does its duties.
fn as_process_1(argv: &[CString]) -> Result<u8> {
    namespaces::forwarded_signals().thread_block().call("sigprocmask")?;
    namespaces::init(sys::fork(|| become_program(argv))?)
}

/// Everything at once, and for any user.
fn contain(
    rootfs: &str,
    argv: &[CString],
    init: bool,
    created: impl FnOnce(nix::unistd::Pid) -> Result<()>,
) -> Result<u8> {
    namespaces::unshare_mounts()?;
    let (hostname, network) = ("galley".to_owned(), Network::Private);
    let container = Container { rootfs: rootfs.into(), hostname, network, mounts: Vec::new(), read_only: false, init };
    let container = namespaces::create(&container, || sys::exec(argv, None))?;
    created(container.pid())?;
    match container.start() {
        Ok(pid) => wait(pid),
        Err(error) => {
            eprintln!("namespaces: {error}");
            Ok(error.code)
        }
    }
}
