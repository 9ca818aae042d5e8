//! Attacks on the sandbox: whatever runs in it, this machine is as before, and it
//! ends in time with the limit's name.
//!
//! As root every attack is made twice, as root and as a user with no rights at all.

// Lets clippy see that helper functions belong to tests, where a panic is a verdict.
#![cfg(test)]

use std::fs;
use std::io::{PipeReader, Read, pipe};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};

/// The limit on time in most tests; long enough for a machine that is busy.
const TIME: Duration = Duration::from_secs(3);

/// How much longer the end may take.
const GRACE: Duration = Duration::from_secs(2);

/// The user "nobody" of every distribution.
const NOBODY: u32 = 65534;

/// One sandbox, with a word in its command line that no other process has.
struct Sandbox {
    supervisor: Child,
    report: PipeReader,
    word: String,
    scratch: tempfile::TempDir,
    started: Instant,
}

/// How it ended.
struct End {
    report: String,
    output: String,
    took: Duration,
    supervisor: u32,
    word: String,
}

/// Each user that can be tried here.
fn users() -> Vec<Option<u32>> {
    if geteuid().is_root() { vec![None, Some(NOBODY)] } else { vec![None] }
}

fn harness() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_xtask"))
}

fn start(user: Option<u32>, time: Duration, limits: &[&str], program: &[&str]) -> Sandbox {
    let scratch = tempfile::Builder::new().permissions(permissions(0o755)).tempdir().expect("a temporary directory");
    let (report, report_end) = pipe().expect("a pipe");
    let word = checks::nonce();
    let mut command = Command::new(harness());
    command.arg("sandbox").arg("--scratch").arg(scratch.path()).args(["--time", &time.as_millis().to_string()]);
    if let Some(user) = user {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the repository");
        command.arg("--user").arg(user.to_string()).arg("--repository").arg(repository);
    }
    command.args(limits).arg("--").args(program).env("WORD", &word);
    command.stdin(report_end).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let supervisor = command.spawn().expect("the harness can be started");
    Sandbox { supervisor, report, word, scratch, started: Instant::now() }
}

fn permissions(mode: u32) -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

impl Sandbox {
    fn end(mut self) -> End {
        let supervisor = self.supervisor.id();
        let output = self.supervisor.wait_with_output().expect("the supervisor ends");
        let mut report = String::new();
        self.report.read_to_string(&mut report).expect("the report can be read");
        let output = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        drop(self.scratch);
        End { report, output, took: self.started.elapsed(), supervisor, word: self.word }
    }

    /// Waits until the program inside has printed a line.
    fn line(&mut self) -> String {
        let mut line = String::new();
        let mut byte = [0];
        let output = self.supervisor.stdout.as_mut().expect("a pipe");
        while output.read(&mut byte).is_ok_and(|read| read == 1) && byte != *b"\n" {
            line.push(byte[0].into());
        }
        line
    }
}

/// Runs a script in the shell, to its end.
fn shell(user: Option<u32>, limits: &[&str], script: &str) -> End {
    start(user, TIME, limits, &["/bin/sh", "-c", script]).end()
}

impl End {
    /// Nothing of it is left: no process, no control group.
    fn assert_gone(&self) {
        assert_eq!(processes(&self.word), Vec::<String>::new(), "still running; {}", self.report);
        assert_eq!(groups(self.supervisor), Vec::<PathBuf>::new(), "still there");
    }

    fn assert_limit(&self, limit: &str, user: Option<u32>) {
        let seen = self.report.lines().next().unwrap_or_default();
        assert_eq!(seen, format!("limit {limit}"), "user {user:?}: {} {}", self.report, self.output);
        assert!(self.took < TIME + GRACE, "user {user:?}: it took {:?}", self.took);
        self.assert_gone();
    }
}

/// The processes that have the word in their environment.
fn processes(word: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let has = |path: &Path| {
        fs::read(path.join("environ"))
            .is_ok_and(|text| String::from_utf8_lossy(&text).contains(&format!("WORD={word}")))
    };
    entries
        .filter(|entry| has(&entry.path()))
        .map(|entry| fs::read_to_string(entry.path().join("stat")).unwrap_or_default())
        .collect()
}

/// The control groups of this supervisor's check.
fn groups(supervisor: u32) -> Vec<PathBuf> {
    let name = format!("galley-check-{supervisor}");
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(directory) = open.pop() {
        for path in fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.ends_with(&name) {
                found.push(path);
            } else if path.is_dir() && !path.is_symlink() {
                open.push(path);
            }
        }
    }
    found
}

fn probe() -> &'static str {
    checks::probe().to_str().expect("a plain path")
}

fn host() -> (String, String) {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    (read("/proc/self/mountinfo"), read("/proc/sys/kernel/hostname"))
}

#[test]
fn mistakes_with_mounts_and_names_stay_inside() {
    let before = host();
    for user in users() {
        for (mistake, proof) in [
            // Forgot MS_PRIVATE: the mount would be seen on a host with shared mounts.
            ("mount -t tmpfs none /mnt && grep -c ' /mnt tmpfs' /proc/mounts", "1"),
            ("mount --make-rshared / && mount -t tmpfs none /mnt && echo mounted", "mounted"),
            ("umount -l /proc && echo unmounted", "unmounted"),
            ("umount -l /sys; umount -l /tmp; umount -l / ; echo on", "on"),
            (&format!("{} sethostname:galley-was-here hostname", probe()), "hostname galley-was-here"),
            ("rm -rf --no-preserve-root /etc 2>/dev/null; test -e /etc/passwd && echo there", "there"),
        ] {
            let end = shell(user, &[], mistake);
            assert!(
                end.output.contains(proof),
                "user {user:?}: `{mistake}` did nothing, so nothing is shown: {}",
                end.output
            );
            assert!(end.report.ends_with("code 0\n"), "user {user:?}: {mistake}: {}", end.report);
            end.assert_gone();
        }
    }
    assert!(before == host(), "this machine's mounts or its name have changed");
}

/// On most laptops `/` is mounted shared, on machines for tests often private; where
/// it is private nothing could be seen of a mount that gets out. So it is made shared
/// first, in a mount namespace between this machine and the sandbox.
#[test]
fn mounts_stay_inside_where_the_root_is_shared() {
    let scratch = tempfile::tempdir().expect("a temporary directory");
    let script = "cat /proc/self/mountinfo > \"$1/before\"; mkdir \"$1/scratch\"
        \"$2\" sandbox --scratch \"$1/scratch\" -- /bin/sh -c 'mount -t tmpfs none /mnt && echo mounted'
        cat /proc/self/mountinfo > \"$1/after\"";
    let (_report, report_end) = pipe().expect("a pipe");
    let mut command = Command::new("unshare");
    // Root of a user namespace, where the test is run by an ordinary user.
    command.args(if geteuid().is_root() { &["--mount"][..] } else { &["--mount", "--map-root-user"] });
    command.args(["--propagation", "shared", "/bin/sh", "-c", script, "sh"]).arg(scratch.path()).arg(harness());
    let output = command.stdin(report_end).output().expect("unshare(1) can be started");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "mounted\n", "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| fs::read_to_string(scratch.path().join(name)).expect("the script wrote it");
    assert!(read("before").contains(" shared:"), "nothing is shared, so nothing is shown");
    assert_eq!(read("before"), read("after"), "a mount got out of the sandbox");
}

#[test]
fn an_endless_loop_that_ignores_sigterm_ends_in_time() {
    for user in users() {
        shell(user, &[], "trap '' TERM INT HUP; while :; do :; done").assert_limit("time", user);
    }
}

#[test]
fn a_program_that_waits_for_ever_ends_in_time() {
    for user in users() {
        start(user, TIME, &[], &["/bin/sleep", "1000"]).end().assert_limit("time", user);
    }
}

#[test]
fn a_fork_bomb_meets_the_limit() {
    for user in users() {
        // Each process stays, and starts more whatever the kernel answers.
        let bomb = "bomb() { while :; do bomb & done; }; bomb";
        shell(user, &[], bomb).assert_limit("processes", user);
    }
}

#[test]
fn memory_without_end_meets_the_limit() {
    for user in users() {
        let end = start(user, TIME, &["--memory", "67108864"], &[probe(), "memory:200"]).end();
        // Without a control group it may end before anybody has looked at it.
        end.assert_limit("memory", user);
    }
}

#[test]
fn the_empty_directory_is_no_way_around_the_limit_on_memory() {
    for user in users() {
        let script = "head -c 200m /dev/zero > $TMPDIR/large; wc -c < $TMPDIR/large";
        let end = shell(user, &["--memory", "67108864"], script);
        assert_eq!(end.output.lines().next(), Some("33554432"), "user {user:?}: {}", end.output);
        end.assert_gone();
    }
}

#[test]
fn a_daemon_dies_with_its_check() {
    for user in users() {
        // It leaves the session, ignores signals, and keeps the pipes open.
        let end = shell(user, &[], "setsid sh -c \"trap '' TERM HUP; sleep 1000\" & echo started");
        assert_eq!(end.report, "code 0\n", "user {user:?}");
        assert!(end.took < TIME, "user {user:?}: the daemon held it up for {:?}", end.took);
        end.assert_gone();
    }
}

#[test]
fn a_signal_to_the_whole_group_stays_inside() {
    for user in users() {
        // Process groups reach across pid namespaces: kill(2) with pid 0.
        let end = shell(user, &[], "kill -KILL 0; kill -KILL -1");
        assert!(end.report.ends_with("code 137\n"), "user {user:?}: the supervisor was hit: '{}'", end.report);
        end.assert_gone();
    }
}

#[test]
fn nothing_inside_can_write_to_the_report() {
    for user in users() {
        let forge = "trap '' PIPE; for process in /proc/[0-9]*; do for file in $process/fd/*; do \
                     case $(readlink $file) in pipe:*) echo code 0 > $file;; esac; done; done 2>/dev/null; exit 7";
        let end = shell(user, &[], forge);
        assert_eq!(end.report, "code 7\n", "user {user:?}");
    }
}

#[test]
fn when_the_harness_is_gone_everything_ends() {
    for user in users() {
        let mut sandbox = start(user, Duration::from_secs(60), &[], &["/bin/sh", "-c", "echo up; sleep 1000"]);
        assert_eq!(sandbox.line(), "up");
        let Sandbox { supervisor, report, word, started, .. } = sandbox;
        // As after kill -9 of the harness: the kernel closes its ends of all pipes.
        drop(report);
        let supervisor_id = supervisor.id();
        supervisor.wait_with_output().expect("the supervisor ends");
        assert!(started.elapsed() < Duration::from_secs(30), "user {user:?}: the supervisor went on");
        End { report: String::new(), output: String::new(), took: TIME, supervisor: supervisor_id, word }.assert_gone();
    }
}

#[test]
fn a_killed_keeper_leaves_no_process() {
    for user in users() {
        let mut sandbox = start(user, Duration::from_secs(60), &[], &["/bin/sh", "-c", "echo up; sleep 1000"]);
        assert_eq!(sandbox.line(), "up");
        kill(Pid::from_raw(sandbox.supervisor.id().cast_signed()), Signal::SIGKILL)
            .expect("the supervisor can be killed");
        // The end of the pipe: every process inside had it open.
        let end = sandbox.end();
        assert_eq!(end.report, "", "user {user:?}");
        assert_eq!(processes(&end.word), Vec::<String>::new(), "user {user:?}");
        // Its control group is what `cargo xtask clean` is for.
        for group in groups(end.supervisor) {
            remove(&group);
        }
    }
}

/// Removes an empty group; a killed process may take a moment to be gone.
fn remove(group: &Path) {
    for path in
        fs::read_dir(group).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_dir())
    {
        remove(&path);
    }
    let deadline = Instant::now() + GRACE;
    while let Err(error) = fs::remove_dir(group) {
        assert!(Instant::now() < deadline, "{}: {error}", group.display());
        std::thread::yield_now();
    }
}
