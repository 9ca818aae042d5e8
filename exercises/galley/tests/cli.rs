//! galley from end to end, as a user has it: judged by exit codes and by what the
//! kernel shows, not by galley's words.
//!
//! Each test runs with root's rights and as an ordinary user, where the kernel
//! gives an ordinary user the means. None needs a network: the container's root
//! is a directory with the probe in it.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use checks::{Rootfs, View, kernel};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};

/// An ordinary user. Not 65534, which stands for every id that has no name.
const USER: u32 = 4711;

/// What a command did.
struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Done {
    fn view(&self) -> View {
        View::parse(&self.out)
    }
}

/// A GALLEY_HOME and a root file system, used by one user, until dropped.
struct World {
    home: tempfile::TempDir,
    root: Rootfs,
    /// Holds galley: another user may not reach the one that cargo built.
    program: tempfile::TempDir,
    user: Option<u32>,
}

impl World {
    fn new(user: Option<u32>) -> Self {
        let world = Self { home: checks::scratch(), root: Rootfs::new(), program: checks::scratch(), user };
        checks::install(Path::new(env!("CARGO_BIN_EXE_galley")), &world.program.path().join("galley"));
        if let Some(id) = user {
            let id = id.to_string();
            let paths = [world.home.path(), world.root.path(), world.program.path()];
            let status = Command::new("chown").args(["-R", &format!("{id}:{id}")]).args(paths).status();
            assert!(status.unwrap().success());
        }
        world
    }

    /// Root's world, if the test is root's, and an ordinary user's.
    fn each() -> Vec<Self> {
        if !geteuid().is_root() {
            return vec![Self::new(None)];
        }
        vec![Self::new(None), Self::new(Some(USER))]
    }

    /// Root's alone: an ordinary user has no control group, and only one id.
    fn of_root() -> Option<Self> {
        if geteuid().is_root() {
            return Some(Self::new(None));
        }
        eprintln!("skipped: this needs root");
        None
    }

    fn is_root(&self) -> bool {
        geteuid().is_root() && self.user.is_none()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program.path().join("galley"));
        command.env("GALLEY_HOME", self.home.path()).env_remove("GALLEY_PANTRY").args(arguments);
        if let Some(id) = self.user {
            command.uid(id).gid(id);
        }
        command
    }

    fn galley(&self, arguments: &[&str]) -> Done {
        let mut command = assert_cmd::Command::from_std(self.command(arguments));
        let output = command.timeout(Duration::from_secs(30)).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().unwrap_or_else(|| panic!("galley {arguments:?} was ended: {}", output.status));
        Done { code, out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// `galley run` of the probe. Its processes carry the world's name in their
    /// environment, so that none can hide.
    fn run(&self, flags: &[&str], requests: &[&str]) -> Done {
        let name = format!("WORLD={}", self.home.path().display());
        let rootfs = self.root.path().display().to_string();
        let start = ["run", "-e", &name, "--rootfs", &rootfs];
        self.galley(&[&start, flags, &["/bin/probe"], requests].concat())
    }

    /// The same in the background; gives its id.
    fn start(&self, flags: &[&str], requests: &[&str]) -> String {
        let done = self.run(&[&["-d"], flags].concat(), requests);
        assert_eq!(done.code, 0, "{}", done.err);
        let id = done.out.trim().to_owned();
        assert!(id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "no id: '{id}'");
        id
    }

    /// The same with a port of the container at a free port of the host. A port
    /// that was free a moment ago may be another test's by now: then the next one.
    fn start_published(&self, inside: u16, requests: &[&str]) -> (String, u16) {
        for _ in 0..20 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let done = self.run(&["-d", "-p", &format!("127.0.0.1:{port}:{inside}")], requests);
            if done.code == 0 {
                return (done.out.trim().to_owned(), port);
            }
            assert!(done.err.contains("Address already in use"), "{}", done.err);
        }
        panic!("20 ports were taken");
    }

    /// The container's process 1, as the host numbers it.
    fn pid(&self, id: &str) -> u32 {
        let record = fs::read_to_string(self.home.path().join("containers").join(id).join("state.json")).unwrap();
        let number = record.split_once("\"pid\": ").unwrap().1.split([',', '\n']).next().unwrap();
        number.parse().unwrap()
    }

    /// The row of `ps -a` for a container.
    fn row(&self, id: &str) -> String {
        let all = self.galley(&["ps", "-a"]).out;
        all.lines().find(|line| line.starts_with(&id[..12])).unwrap_or_default().to_owned()
    }

    /// Waits for words in a container's log.
    fn await_log(&self, id: &str, words: &str) {
        until(&format!("'{words}' in the log"), || self.galley(&["logs", id]).out.contains(words));
    }

    /// Processes that know this world: monitors, publishers, containers.
    fn processes(&self) -> Vec<u32> {
        let name = self.home.path().display().to_string();
        let numbers =
            fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.filter(|pid| kernel::file(*pid, "environ").contains(&name)).collect()
    }

    /// The control groups of these containers.
    fn groups(ids: &[String]) -> Vec<PathBuf> {
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

    /// Nothing may be left of these containers, nor of any other in this world.
    fn assert_clean(&self, ids: &[String]) {
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

impl Drop for World {
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
fn until(what: &str, so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !so() {
        assert!(Instant::now() < deadline, "waited 10 s for {what}");
        std::thread::yield_now();
    }
}

#[test]
fn the_exit_code_is_the_programs_or_dockers() {
    for world in World::each() {
        let root = world.root.path().display().to_string();
        let program = |path| world.galley(&["run", "--rm", "--rootfs", &root, path]);
        assert_eq!(world.run(&["--rm"], &["exit:7"]).code, 7, "the program's own code");
        assert_eq!(program("/missing").code, 127, "there is no such program");
        assert_eq!(program("/nonce").code, 126, "the file cannot be executed");
        assert_eq!(world.run(&["--rm", "--init"], &["signal:SIGTERM"]).code, 143, "128 + SIGTERM");
        assert_eq!(world.run(&["--rm", "--init"], &["signal:SIGKILL"]).code, 137, "128 + SIGKILL");
        assert_eq!(world.run(&["--rm", "--nonsense"], &[]).code, 125, "no such flag");
        assert_eq!(world.run(&["--rm", "--memory", "much"], &[]).code, 125, "no such limit");
        assert_eq!(world.galley(&["run", "localhost:1/none"]).code, 125, "no such image");
        assert_eq!(world.galley(&["run"]).code, 125, "nothing to run");
        assert_eq!(world.galley(&["stop", "nobody"]).code, 1, "only run has codes of its own");
        world.assert_clean(&[]);
    }
}

#[test]
fn a_container_has_its_own_view_of_everything() {
    for world in World::each() {
        let id = world.start(&[], &["pause:60"]);
        let user = if world.is_root() { "shared" } else { "new" };
        assert_eq!(
            kernel::compare_namespaces(world.pid(&id)),
            format!("cgroup new, ipc new, mnt new, net new, pid new, user {user}, uts new"),
        );
        assert_eq!(kernel::status(world.pid(&id), "NSpid").split(' ').next_back(), Some("1"), "it is process 1 inside");
        let hosts = world.start(&["--network", "host"], &["pause:60"]);
        assert!(kernel::compare_namespaces(world.pid(&hosts)).contains("net shared"), "--network host");
        assert_eq!(world.galley(&["rm", "-f", &id, &hosts]).code, 0);
        world.assert_clean(&[id, hosts]);
    }
}

#[test]
fn the_program_gets_what_the_flags_say() {
    for world in World::each() {
        let flags = ["--rm", "--hostname", "galley", "-e", "DISH=soup", "-e", "TASTE", "-w", "/new/place"];
        let done =
            world.run(&flags, &["hostname", "env:DISH", "env:TASTE", "env:HOSTNAME", "cwd", "uid", "interfaces"]);
        assert_eq!(done.code, 0, "{}", done.err);
        let view = done.view();
        let seen =
            ["hostname", "env:DISH", "env:TASTE", "env:HOSTNAME", "cwd", "uid", "interfaces"].map(|key| view.get(key));
        assert_eq!(seen, ["galley", "soup", "unset", "galley", "/new/place", "0", "lo up"]);
        let own_name = world.run(&["--rm"], &["hostname"]);
        let id = own_name.view().get("hostname").to_owned();
        assert_eq!(id.len(), 12, "without --hostname it is the short id, not '{id}'");
        world.assert_clean(&[id]);
    }
}

#[test]
fn a_user_is_entered_by_number() {
    let Some(world) = World::of_root() else { return };
    let done = world.run(&["--rm", "-u", "1234:5678"], &["uid", "gid", "status:CapEff", "status:Groups"]);
    let view = done.view();
    let seen = ["uid", "gid", "status:CapEff", "status:Groups"].map(|key| view.get(key));
    assert_eq!(seen, ["1234", "5678", "0000000000000000", "5678"], "{}", done.err);
    world.assert_clean(&[]);
}

#[test]
fn an_unmapped_user_is_refused_in_plain_words() {
    for world in World::each().into_iter().filter(|world| !world.is_root()) {
        let done = world.run(&["--rm", "-u", "1234"], &["uid"]);
        assert_eq!(done.code, 125);
        assert!(done.err.contains("setgid") || done.err.contains("setuid"), "which call failed? {}", done.err);
        world.assert_clean(&[]);
    }
}

#[test]
fn nothing_is_written_where_it_should_not_be() {
    for world in World::each() {
        let shelf = world.root.inside("/tmp");
        let mut command = Command::new("mkdir");
        assert!(command.arg(shelf.join("shelf")).status().unwrap().success());
        let shelf = shelf.join("shelf");
        fs::write(shelf.join("jam"), "plum").unwrap();
        if let Some(id) = world.user {
            std::os::unix::fs::chown(&shelf, Some(id), Some(id)).unwrap();
        }
        let volume = |option: &str| format!("{}:/shelf{option}", shelf.display());

        let done = world.run(&["--rm", "-v", &volume("")], &["read:/shelf/jam", "write:/shelf/new=bread"]);
        assert_eq!(done.view().get("read:/shelf/jam"), "plum", "{}", done.err);
        assert_eq!(fs::read_to_string(shelf.join("new")).unwrap(), "bread", "what was written inside is on the host");

        let done = world.run(&["--rm", "-v", &volume(":ro")], &["read:/shelf/jam", "write:/shelf/more=bread"]);
        assert_eq!(done.view().get("read:/shelf/jam"), "plum", "{}", done.err);
        assert!(done.out.contains("Read-only file system"), ":ro was written to: {}", done.out);
        assert!(!shelf.join("more").exists());

        let done = world.run(&["--rm", "--read-only"], &["read:/nonce", "write:/mark=1", "write:/dev/shm/mark=1"]);
        assert_eq!(done.view().get("read:/nonce"), world.root.nonce(), "{}", done.err);
        assert!(done.view().get("write:/mark=1").contains("Read-only"), "--read-only was written to: {}", done.out);
        assert_eq!(done.view().get("write:/dev/shm/mark=1"), "ok", "memory of its own is still writable");
        assert!(!world.root.inside("/mark").exists());

        assert_eq!(world.run(&["--rm", "-v", "/no/such/place:/shelf"], &[]).code, 125, "a missing source");
        world.assert_clean(&[]);
    }
}

#[test]
fn a_detached_container_is_listed_read_stopped_and_removed() {
    for world in World::each() {
        let id = world.start(&["--name", "kitchen"], &["args", "await:SIGTERM", "exit:3"]);
        assert!(world.row(&id).contains("Up"), "{}", world.row(&id));
        assert_eq!(world.galley(&["ps", "-q"]).out.trim(), &id[..12]);
        world.await_log(&id, "ready SIGTERM");
        assert_eq!(world.galley(&["rm", "kitchen"]).code, 1, "it runs, and -f was not given");
        assert_eq!(world.galley(&["stop", "kitchen"]).out, "kitchen\n");
        assert!(world.galley(&["logs", "kitchen"]).out.contains("received SIGTERM"), "the stop signal arrived first");
        assert!(world.row(&id).contains("Exited (3)"), "its own exit code is kept: {}", world.row(&id));
        assert_eq!(world.galley(&["ps", "-q"]).out, "", "without -a, only those that run");
        assert_eq!(world.galley(&["stop", "kitchen"]).code, 0, "what has ended is stopped");
        assert_eq!(world.galley(&["rm", &id[..6]]).code, 0, "the beginning of the id is enough");
        assert_eq!(world.row(&id), "");
        world.assert_clean(&[id]);
    }
}

#[test]
fn a_deaf_container_is_killed_after_the_grace() {
    for world in World::each() {
        let id = world.start(&[], &["pause:60"]);
        let start = Instant::now();
        assert_eq!(world.galley(&["stop", "-t", "1", &id]).code, 0);
        let took = start.elapsed();
        assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(8), "the grace was 1 s, not {took:?}");
        assert!(world.row(&id).contains("Exited (137)"), "{}", world.row(&id));
        assert_eq!(world.galley(&["rm", &id]).code, 0);
        world.assert_clean(&[id]);
    }
}

#[test]
fn a_published_port_leads_inside() {
    for world in World::each() {
        let (id, port) = world.start_published(80, &["serve:80=soup"]);
        world.await_log(&id, "serve listening");
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(b"please").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "soup please");
        assert!(world.row(&id).contains(&format!("127.0.0.1:{port}->80/tcp")), "{}", world.row(&id));
        assert_eq!(world.galley(&["rm", "-f", &id]).code, 0);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the port is still open");
        world.assert_clean(&[id]);
    }
}

#[test]
fn what_is_taken_is_refused_before_anything_starts() {
    for world in World::each() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let ports = format!("{}:80", held.local_addr().unwrap());
        for mode in [&["-d"][..], &[]] {
            let done = world.run(&[mode, &["-p", &ports]].concat(), &["write:/started=yes"]);
            assert_eq!(done.code, 125);
            assert!(done.err.contains("cannot listen on 127.0.0.1"), "{}", done.err);
        }
        assert!(!world.root.inside("/started").exists(), "the program ran, though its port was taken");
        world.assert_clean(&[]);

        let id = world.start(&["--name", "kitchen"], &["pause:60"]);
        for mode in [&["-d"][..], &[]] {
            let done = world.run(&[mode, &["--name", "kitchen"]].concat(), &["write:/started=yes"]);
            assert_eq!(done.code, 125);
            assert!(done.err.contains("'kitchen' is taken"), "{}", done.err);
        }
        assert!(!world.root.inside("/started").exists(), "the program ran, though its name was taken");
        assert_eq!(world.galley(&["ps", "-aq"]).out.trim(), &id[..12], "only the first is there");
        assert_eq!(world.galley(&["rm", "-f", "kitchen"]).code, 0);
        world.assert_clean(&[id]);
    }
}

#[test]
fn a_killed_monitor_leaves_a_dead_container_and_no_process() {
    for world in World::each() {
        let kinds: [&dyn Fn() -> String; 3] =
            [&|| world.start(&[], &["pause:60"]), &|| world.start(&["--init"], &["pause:60"]), &|| {
                world.start_published(80, &["serve:80=soup"]).0
            }];
        for remove in [&["rm"][..], &["prune", "--force"]] {
            for start in kinds {
                let id = start();
                let monitor: i32 = kernel::status(world.pid(&id), "PPid").parse().unwrap();
                kill(Pid::from_raw(monitor), Signal::SIGKILL).unwrap();
                until("the end of every process", || world.processes().is_empty());
                // The kernel frees a process's memory first and its locks a little later.
                until("ps to find that nobody has seen its end", || world.row(&id).contains("Dead"));
                assert_eq!(world.galley(&["stop", &id]).code, 0, "what is dead is stopped");
                let named: &[&str] = if remove == ["rm"] { &[&id] } else { &[] };
                assert_eq!(world.galley(&[remove, named].concat()).code, 0);
                world.assert_clean(&[id]);
            }
        }
    }
}

#[test]
fn a_container_that_never_ran_leaves_nothing() {
    for world in World::each() {
        let root = world.root.path().display().to_string();
        for mode in [&["run", "-d"][..], &["run"]] {
            let done = world.galley(&[mode, &["--rootfs", &root, "/missing"]].concat());
            assert_eq!(done.code, 127, "{}", done.err);
            assert!(done.err.contains("/missing"), "what is missing? {}", done.err);
        }
        world.assert_clean(&[]);
    }
}

/// A value of a process's control group, by the file's name in version 1 and in 2.
fn limit(pid: u32, controller: &str, v1: &str, v2: &str) -> String {
    let groups = kernel::file(pid, "cgroup");
    let of = |line: &str| {
        let mut fields = line.splitn(3, ':').skip(1);
        Some((fields.next()?.to_owned(), fields.next()?.trim_start_matches('/').to_owned()))
    };
    let found: Vec<(String, String)> = groups.lines().filter_map(of).collect();
    let hierarchy = Path::new("/sys/fs/cgroup");
    let path = match found.iter().find(|(names, _)| names.split(',').any(|name| name == controller)) {
        Some((_, path)) => hierarchy.join(controller).join(path).join(v1),
        None => hierarchy.join(&found.iter().find(|(names, _)| names.is_empty()).unwrap().1).join(v2),
    };
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.trim().to_owned()
}

#[test]
fn limits_are_in_the_kernel() {
    let Some(world) = World::of_root() else { return };
    let id = world.start(&["--memory", "64m", "--pids-limit", "20", "--cpus", "0.5"], &["pause:60"]);
    let pid = world.pid(&id);
    assert_eq!(limit(pid, "memory", "memory.limit_in_bytes", "memory.max"), (64 << 20).to_string());
    assert_eq!(limit(pid, "pids", "pids.max", "pids.max"), "20");
    let cpu = limit(pid, "cpu", "cpu.cfs_quota_us", "cpu.max");
    assert_eq!(cpu.split(' ').next(), Some("50000"), "half of each 100000 µs");
    assert_eq!(world.galley(&["rm", "-f", &id]).code, 0);
    world.assert_clean(&[id]);
}

#[test]
fn limits_bite() {
    let Some(world) = World::of_root() else { return };
    let greedy = world.start(&["--memory", "32m"], &["memory:200"]);
    until("the out-of-memory kill", || world.row(&greedy).contains("Exited"));
    assert!(world.row(&greedy).contains("Exited (137), out of memory"), "{}", world.row(&greedy));
    assert_eq!(world.galley(&["rm", &greedy]).code, 0);

    let forks = world.run(&["--rm", "--pids-limit", "5"], &["forks:20"]);
    assert!(forks.out.starts_with("forks:20 started 4, refused"), "five with the probe itself: {}", forks.out);

    let spin = world.run(&["--rm", "--cpus", "0.2"], &["spin:1000"]);
    let used = spin.view().get("spin:1000").trim_end_matches(" ms").parse::<u64>().unwrap_or(u64::MAX);
    assert!(used <= 400, "a fifth of a processor for 1 s is 200 ms, and a period to spare: {}", spin.out);
    world.assert_clean(&[greedy]);
}

#[test]
fn a_signal_for_galley_reaches_the_program() {
    for world in World::each() {
        let name = format!("WORLD={}", world.home.path().display());
        let root = world.root.path().display().to_string();
        let mut command = world.command(&["run", "--rm", "-e", &name, "--rootfs", &root]);
        command.args(["/bin/probe", "await:SIGINT", "exit:9"]).stdin(std::process::Stdio::null());
        let mut held = checks::Held::spawn(&mut command);
        assert_eq!(held.report(1).get("ready"), "SIGINT");
        kill(Pid::from_raw(held.id().cast_signed()), Signal::SIGINT).unwrap();
        let (status, output) = held.release();
        assert!(output.contains("received SIGINT"), "{output}");
        assert_eq!(status.code(), Some(9));
        world.assert_clean(&[]);
    }
}

#[test]
fn an_interrupt_at_the_terminal_arrives_once() {
    for world in World::each() {
        for flag in [&[][..], &["--init"]] {
            let name = format!("WORLD={}", world.home.path().display());
            let root = world.root.path().display().to_string();
            let mut command = world.command(&[&["run", "--rm", "-e", &name, "--rootfs", &root], flag].concat());
            command.args(["/bin/probe", "await:SIGINT", "await:SIGINT"]);
            // ^C is a signal for the whole foreground group, here one of its own.
            let mut held = checks::Held::spawn(command.process_group(0));
            assert_eq!(held.report(1).get("ready"), "SIGINT");
            kill(Pid::from_raw(-held.id().cast_signed()), Signal::SIGINT).unwrap();
            let (_, output) = held.release();
            assert_eq!(output.matches(" received SIGINT").count(), 1, "with {flag:?}: {output}");
        }
        world.assert_clean(&[]);
    }
}
