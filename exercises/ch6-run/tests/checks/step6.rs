//! Who holds the lock is alive, whatever the record says.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use checks::{View, scratch};
use nix::fcntl::{Flock, FlockArg};
use run::{Container, LOCK, Status, status};

pub fn ended(exit_code: Option<u8>) -> Container {
    // A number that lives for sure, whoever held it once: the check's own.
    let pid = Some(std::process::id().cast_signed());
    Container { name: "kitchen".to_owned(), pid, exit_code, ..Container::default() }
}

/// Holds the lock as a monitor does.
pub fn hold(directory: &Path, how: FlockArg) -> Flock<File> {
    Flock::lock(File::create(directory.join(LOCK)).unwrap(), how).unwrap()
}

/// A process that has nothing but the lock. The lock is not the process's but the open
/// file's, and that is handed over as standard input.
fn monitor(directory: &Path) -> Child {
    let file = File::create(directory.join(LOCK)).unwrap();
    // SAFETY: the descriptor is open. Not `Flock`, which would unlock it for the child too.
    assert_eq!(unsafe { nix::libc::flock(file.as_raw_fd(), nix::libc::LOCK_EX) }, 0);
    Command::new(checks::probe()).arg("pause:60").stdin(Stdio::from(file)).stdout(Stdio::null()).spawn().unwrap()
}

fn shown(directory: &Path, container: &Container) -> String {
    // One that waits for the lock would wait for ever.
    let (answer, answers) = mpsc::channel();
    let (directory, container) = (directory.to_owned(), container.clone());
    std::thread::spawn(move || answer.send(format!("{:?}", status(&directory, &container))));
    answers.recv_timeout(Duration::from_secs(5)).unwrap_or_else(|_| "no answer in 5 s".to_owned())
}

#[test]
fn the_lock_says_who_is_alive() {
    let [running, exited, dead, without, restarted] = [(); 5].map(|()| scratch());
    let _locks = [&running, &restarted].map(|directory| hold(directory.path(), FlockArg::LockExclusive));
    for directory in [&exited, &dead] {
        File::create(directory.path().join(LOCK)).unwrap();
    }
    let mut view = View::default();
    view.add("running", shown(running.path(), &ended(None)));
    view.add("exited", shown(exited.path(), &ended(Some(7))));
    view.add("dead", shown(dead.path(), &ended(None)));
    view.add("no-lock-file", shown(without.path(), &ended(Some(3))));
    view.add("an-older-exit-code", shown(restarted.path(), &ended(Some(7))));
    checks::view!("status", view, {
        "running" => "the lock is held, so the monitor is alive; ask without waiting, and EWOULDBLOCK is the answer",
        "exited" => "the lock is free and the record has an exit code",
        "dead" => "the lock is free and nobody has recorded an exit code: the monitor was killed. That the number in the record lives says nothing: it may be another process's by now",
        "no-lock-file" => "a directory without the lock file is half made or half removed: nothing runs in it, and that is not an error",
        "an-older-exit-code" => "the lock counts more than the record",
    });
    assert!(!without.path().join(LOCK).exists(), "to ask has made a lock file");
}

#[test]
fn a_killed_monitor_is_dead_though_its_number_lives() {
    let directory = scratch();
    let mut monitor = monitor(directory.path());
    let mut container = ended(None);
    container.pid = Some(monitor.id().cast_signed());
    assert_eq!(status(directory.path(), &container).unwrap(), Status::Running, "a process holds the lock");
    monitor.kill().and_then(|()| monitor.wait()).unwrap();
    // A number that is somebody's for sure: the check's own.
    container.pid = Some(std::process::id().cast_signed());
    assert_eq!(
        status(directory.path(), &container).unwrap(),
        Status::Dead,
        "the monitor was killed with kill -9, and the number in the record is now another process's"
    );
}

#[test]
fn to_ask_disturbs_nobody() {
    let directory = scratch();
    let other = hold(directory.path(), FlockArg::LockShared);
    assert_eq!(
        status(directory.path(), &ended(Some(0))).unwrap(),
        Status::Exited(0),
        "somebody else asks at the same time, with a shared lock, and was taken for the monitor: ask with a shared one too"
    );
    drop(other);
    let file = File::create(directory.path().join(LOCK)).unwrap();
    let free = Flock::lock(file, FlockArg::LockExclusiveNonblock).is_ok();
    assert!(free, "status still holds the lock after its answer: drop it");
}
