//! A `GALLEY_HOME` and a root file system for one user, and what must be true of
//! them in the end.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use checks::{Rootfs, View, kernel};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};

/// An ordinary user. Not 65534, which stands for every id that has no name.
pub const USER: u32 = 4711;

/// What a command did.
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Done {
    pub fn view(&self) -> View {
        View::parse(&self.out)
    }
}

/// A GALLEY_HOME and a root file system, used by one user, until dropped.
pub struct TestEnv {
    pub home: tempfile::TempDir,
    pub root: Rootfs,
    /// Holds galley: another user may not reach the one that cargo built.
    program: tempfile::TempDir,
    pub user: Option<u32>,
}

impl TestEnv {
    pub fn new(user: Option<u32>) -> Self {
        let test = Self { home: checks::scratch(), root: Rootfs::new(), program: checks::scratch(), user };
        checks::install(Path::new(env!("CARGO_BIN_EXE_galley")), &test.program.path().join("galley"));
        if let Some(id) = user {
            let id = id.to_string();
            let paths = [test.home.path(), test.root.path(), test.program.path()];
            let status = Command::new("chown").args(["-R", &format!("{id}:{id}")]).args(paths).status();
            assert!(status.unwrap().success());
        }
        test
    }

    /// Root's test, if the test is root's, and an ordinary user's.
    pub fn each() -> Vec<Self> {
        if !geteuid().is_root() {
            return vec![Self::new(None)];
        }
        vec![Self::new(None), Self::new(Some(USER))]
    }

    /// Root's alone: an ordinary user has no control group, and only one id.
    pub fn of_root() -> Option<Self> {
        if geteuid().is_root() {
            return Some(Self::new(None));
        }
        eprintln!("skipped: this needs root");
        None
    }

    pub fn is_root(&self) -> bool {
        geteuid().is_root() && self.user.is_none()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program.path().join("galley"));
        command.env("GALLEY_HOME", self.home.path()).env_remove("GALLEY_PANTRY").args(arguments);
        if let Some(id) = self.user {
            command.uid(id).gid(id);
        }
        command
    }

    pub fn galley(&self, arguments: &[&str]) -> Done {
        let mut command = assert_cmd::Command::from_std(self.command(arguments));
        let output = command.timeout(Duration::from_secs(30)).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().unwrap_or_else(|| panic!("galley {arguments:?} was ended: {}", output.status));
        Done { code, out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// `galley run` of the probe. Its processes carry the test's name in their
    /// environment, so that none can hide.
    pub fn run(&self, flags: &[&str], requests: &[&str]) -> Done {
        let name = format!("WORLD={}", self.home.path().display());
        let rootfs = self.root.path().display().to_string();
        let start = ["run", "-e", &name, "--rootfs", &rootfs];
        self.galley(&[&start, flags, &["/bin/probe"], requests].concat())
    }

    /// The same in the background; gives its id.
    pub fn start(&self, flags: &[&str], requests: &[&str]) -> String {
        let done = self.run(&[&["-d"], flags].concat(), requests);
        assert_eq!(done.code, 0, "{}", done.err);
        let id = done.out.trim().to_owned();
        assert!(id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "no id: '{id}'");
        id
    }

    /// The same with a port of the container at a free port of the host. A port
    /// that was free a moment ago may be another test's by now: then the next one.
    pub fn start_published(&self, inside: u16, requests: &[&str]) -> (String, u16) {
        let (done, port) = self.run_published(&["-d"], inside, requests);
        assert_eq!(done.code, 0, "{}", done.err);
        (done.out.trim().to_owned(), port)
    }

    /// Runs with a port published that was free just now, and once more if it is not.
    pub fn run_published(&self, flags: &[&str], inside: u16, requests: &[&str]) -> (Done, u16) {
        for _ in 0..20 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let done = self.run(&[flags, &["-p", &format!("127.0.0.1:{port}:{inside}")]].concat(), requests);
            if !done.err.contains("Address already in use") {
                return (done, port);
            }
        }
        panic!("20 ports were taken");
    }

    /// The container's process 1, as the host numbers it.
    pub fn pid(&self, id: &str) -> u32 {
        let record = fs::read_to_string(self.home.path().join("containers").join(id).join("state.json")).unwrap();
        let number = record.split_once("\"pid\": ").unwrap().1.split([',', '\n']).next().unwrap();
        number.parse().unwrap()
    }

    /// The row of `ps -a` for a container.
    pub fn row(&self, id: &str) -> String {
        let all = self.galley(&["ps", "-a"]).out;
        all.lines().find(|line| line.starts_with(&id[..12])).unwrap_or_default().to_owned()
    }

    /// Waits for words in a container's log.
    pub fn await_log(&self, id: &str, words: &str) {
        until(&format!("'{words}' in the log"), || self.galley(&["logs", id]).out.contains(words));
    }

    /// Processes that know this test: monitors, publishers, containers.
    pub fn processes(&self) -> Vec<u32> {
        let name = self.home.path().display().to_string();
        let numbers =
            fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.filter(|pid| kernel::file(*pid, "environ").contains(&name)).collect()
    }

    /// The control groups of these containers.
    pub fn groups(ids: &[String]) -> Vec<PathBuf> {
        let mut open = vec![PathBuf::from("/sys/fs/cgroup")];
        let mut found = Vec::new();
        while let Some(directory) = open.pop() {
            for path in fs::read_dir(&directory).into_iter().flatten().flatten().map(|entry| entry.path()) {
                if path.is_dir() && !path.is_symlink() {
                    found.extend(ids.iter().any(|id| path.ends_with(&id[..12])).then(|| path.clone()));
                    open.push(path);
                }
            }
        }
        found
    }

    /// Nothing may be left of these containers, nor of any other in this test.
    pub fn assert_clean(&self, ids: &[String]) {
        let name = self.home.path().display().to_string();
        until("the end of every process", || self.processes().is_empty());
        assert_eq!(Self::groups(ids), Vec::<PathBuf>::new(), "control groups were left");
        assert!(!kernel::file(std::process::id(), "mountinfo").contains(&name), "a mount was left");
        let directory = self.home.path().join("containers");
        let left: Vec<_> =
            fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
        assert!(left.iter().all(|name| name == ".lock"), "files were left: {left:?}");
    }
}

impl Drop for TestEnv {
    /// A test that fails half-way must not leave a container behind.
    fn drop(&mut self) {
        for pid in self.processes() {
            let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL);
        }
        // Their control groups are outside of the directory that goes now.
        let ids = self.galley(&["ps", "-aq"]).out;
        let removed = self.galley(&[&["rm", "-f"][..], &ids.split_whitespace().collect::<Vec<_>>()].concat());
        if !ids.is_empty() && removed.code != 0 {
            eprintln!("a container was left: {}", removed.err);
        }
    }
}

/// Asks until it is so. Nobody tells of these events, so there is only asking.
pub fn until(what: &str, so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !so() {
        assert!(Instant::now() < deadline, "waited 10 s for {what}");
        std::thread::yield_now();
    }
}
