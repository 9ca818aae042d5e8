use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use checks::{PausedProgram, Rootfs, kernel};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{text, world};

#[test]
fn together_it_all_works_for_an_ordinary_user() {
    let root = Rootfs::new();
    let (home, secret) = (checks::scratch(), checks::nonce());
    checks::install(&super::program(), &home.path().join("namespaces"));
    std::fs::write(home.path().join("secret"), secret).expect("the check can write");
    // The root must belong to the user, so it is made where the user's /tmp is.
    checks::install(root.path(), &home.path().join("root"));

    let mut command = Command::new("/tmp/namespaces");
    command.args(["contain", "/tmp/root", "/bin/probe", "hostname", "uid", "pid", "processes", "read:/nonce"]);
    command.args(["interfaces", "escape", "exists:/tmp/secret", "hold"]);
    world::as_ordinary_user(&mut command, home.path());
    let mut held = PausedProgram::spawn(&mut command);
    let mut view = held.report_to("exists:/tmp/secret");
    let null = std::path::Path::new("/proc").join(held.probe_id().to_string()).join("root/dev/null");
    view.add("/dev/null", if null.exists() { "there" } else { "missing" });
    view.add("namespaces", kernel::compare_namespaces(held.probe_id()));
    checks::view!("container", view.name(root.nonce(), "<nonce>"), {
        "/dev/null" => "what was mounted below the new root before the pivot is lost: bind it with MS_REC",
        "namespaces" => "the container shares a namespace with the host",
        "exists:/tmp/secret" => "the escape of chapter 1 led to the host",
    });
    held.release();
}

/// `namespaces create`: a container that waits for a line, and its process id.
fn create(root: &Rootfs, requests: &[&str]) -> (PausedProgram, u32) {
    let arguments = ["create", text(root.path()), "/bin/probe"];
    let mut held = PausedProgram::start(&super::program(), &[&arguments, requests].concat());
    let mut line = held.report(1);
    let pids = kernel::children(held.id());
    assert_eq!(pids.len(), 1, "`create` must have one child, the container: {line:?}");
    line.add("pid", pids[0].to_string());
    (held, pids[0])
}

/// Waits until `is_so`, for at most a few seconds.
fn soon(is_so: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !is_so() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Whether a process sleeps, as it does while it waits for its parent.
fn sleeps(pid: u32) -> bool {
    kernel::status(pid, "State").starts_with('S')
}

fn has_ended(pid: u32) -> bool {
    let state = kernel::status(pid, "State");
    state.is_empty() || state.starts_with('Z')
}

#[test]
fn it_waits_until_it_is_started() {
    let root = Rootfs::new();
    let (mut held, pid) = create(&root, &["hostname", "hold"]);
    assert!(soon(|| sleeps(pid)), "the container does not wait for a byte from its parent: {}", status_of(pid));
    assert!(!kernel::is_probe(pid), "the container did not wait for its parent: the program runs already");
    let own = kernel::namespace(std::process::id(), "cgroup");
    assert_eq!(
        kernel::namespace(pid, "cgroup"),
        own,
        "the container did not wait for its parent, which could not yet put it into a cgroup: read the byte first"
    );
    held.send("start");
    let view = held.report(1);
    assert_eq!(view.get("hostname"), "galley", "the program was started, and has not reported its hostname");
    assert_ne!(kernel::namespace(pid, "cgroup"), own, "the container still has the host's cgroup namespace");
    held.release();
}

fn status_of(pid: u32) -> String {
    format!("its state is `{}`, its name `{}`", kernel::status(pid, "State"), kernel::status(pid, "Name"))
}

#[test]
fn nothing_is_started_for_a_parent_that_has_died() {
    let root = Rootfs::new();
    let (held, pid) = create(&root, &["write:/started=yes"]);
    assert!(soon(|| sleeps(pid)), "the container does not wait for a byte from its parent: {}", status_of(pid));
    kill(Pid::from_raw(held.id().cast_signed()), Signal::SIGKILL).expect("`create` is running");
    let ended = soon(|| has_ended(pid));
    assert!(ended, "the parent has died, and the container still waits: {}", status_of(pid));
    assert!(
        !root.inside("/started").exists(),
        "the parent died before it wrote the byte, and the program was started: the end of the pipe is an error"
    );
}

#[test]
fn a_parent_that_dies_takes_the_container_along() {
    let root = Rootfs::new();
    let (mut held, pid) = create(&root, &["hostname", "pause:60"]);
    held.send("start");
    assert_eq!(held.report(1).get("hostname"), "galley", "the container was started");
    kill(Pid::from_raw(held.id().cast_signed()), Signal::SIGKILL).expect("`create` is running");
    assert!(
        soon(|| has_ended(pid)),
        "the parent was killed, and the container lives on: ask for SIGKILL with PR_SET_PDEATHSIG"
    );
}

#[test]
fn what_the_caller_had_does_not_reach_the_program() {
    let root = Rootfs::new();
    let mut command = Command::new(super::program());
    command.args(["create", text(root.path()), "/bin/probe", "status:NSsid", "status:Umask", "hold"]);
    // SAFETY: umask(2) takes a number and cannot fail.
    unsafe {
        command.pre_exec(|| {
            nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
            Ok(())
        })
    };
    let mut held = PausedProgram::spawn(&mut command);
    held.report(1);
    held.send("start");
    checks::view!("session", held.report(2), {
        "status:NSsid" => "the container is in its caller's session: ^C at the terminal would reach it twice. Call setsid",
        "status:Umask" => "the caller's umask decides the modes of files in the container: set it to 022",
    });
    held.release();
}

/// The descriptors of a process beyond the standard streams that lead to `file`.
fn descriptors_of(pid: u32, file: &File) -> Vec<String> {
    let same = |path: &Path| {
        let (one, other) = (fs::metadata(path).ok()?, file.metadata().ok()?);
        Some((one.dev(), one.ino()) == (other.dev(), other.ino()))
    };
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).expect("the process is running").flatten();
    let found = entries.filter(|entry| same(&entry.path()) == Some(true));
    found.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn nothing_inherited_stays_open() {
    let outside = checks::scratch();
    let directory = File::open(outside.path()).expect("the check's own directory");
    for (how, command) in [("as process 1", "create"), ("below our process 1", "contain")] {
        let root = Rootfs::new();
        let mut program = Command::new(super::program());
        program.args([command, text(root.path()), "/bin/probe", "pid", "hold"]);
        let descriptor = directory.as_raw_fd();
        // SAFETY: one system call on a descriptor that the check keeps open.
        unsafe {
            program.pre_exec(move || match nix::libc::dup2(descriptor, 27) {
                27 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            })
        };
        let mut held = PausedProgram::spawn(&mut program);
        if command == "create" {
            held.report(1);
            held.send("start");
        }
        assert_ne!(held.report(1).get("pid"), "", "the program was started {how}");
        assert_eq!(
            descriptors_of(held.probe_id(), &directory),
            [""; 0],
            "a directory of the host is open in the program that was started {how}: set_cloexec_from(3)"
        );
        let process_1 = kernel::children(held.id())[0];
        // Ours closes it after the fork, so it can be a moment behind the program.
        let closed = soon(|| descriptors_of(process_1, &directory).is_empty());
        assert!(closed, "a directory of the host is open in process 1 of the container, {how}");
        held.release();
    }
}
