//! The harness as its user meets it: verdicts, exit codes, JSON, `reset` and `undo`,
//! `clean` and `check --watch`, each on a copy of the repository.

// Lets clippy see that helper functions belong to tests, where a panic is a verdict.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde_json::Value;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ is in the repository")
}

/// A copy of the repository, removed when dropped.
struct Copy {
    directory: tempfile::TempDir,
}

impl Copy {
    /// With a `target/` of its own, and nothing compiled in it.
    fn new() -> Self {
        let target = repository().join("target/tmp");
        fs::create_dir_all(&target).expect("a target directory");
        let directory = tempfile::Builder::new().prefix("harness-test-").tempdir_in(target).expect("a directory");
        let names = ["Cargo.toml", "Cargo.lock", "book.toml", "exercises", "solutions", "xtask", "book"];
        let files = names.map(|name| repository().join(name));
        let copied =
            Command::new("cp").args(["--archive", "--reflink=auto"]).args(files).arg(directory.path()).status();
        assert!(copied.is_ok_and(|status| status.success()), "the repository can be copied");
        let copy = Self { directory };
        fs::create_dir(copy.path("target")).expect("a directory");
        // The harness kills what runs from target/, so it runs from there itself.
        checks::install(Path::new(env!("CARGO_BIN_EXE_xtask")), &copy.harness());
        copy
    }

    /// With what is compiled already, under a version by which cargo tells it apart.
    fn compiled() -> Self {
        let copy = Self::new();
        let manifest = copy.read("Cargo.toml");
        copy.write("Cargo.toml", &manifest.replace("version = \"0.1.0\"", "version = \"0.1.2\""));
        for name in ["debug", "probe"] {
            symlink(repository().join("target").join(name), copy.path("target").join(name)).expect("a link");
        }
        copy
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn harness(&self) -> PathBuf {
        self.path("target/harness")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the file can be read")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the file can be written");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.harness());
        // cargo has told this test where it runs, and the harness would believe it.
        command.args(arguments).env_remove("CARGO_MANIFEST_DIR").current_dir(self.directory.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the harness can be started")
    }

    /// Runs it, and asserts the exit code; returns standard output.
    fn expect(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}:\n{out}\n{err}");
        out
    }

    fn json(&self, code: i32, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.expect(code, arguments)).expect("one JSON object and nothing else")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const SOURCE: &str = "exercises/ch1-chroot/src/process.rs";

/// The learner's chapter 1, with one function's `todo!` replaced.
fn answer(copy: &Copy, starter: &str, todo: &str, body: &str) {
    let line = starter.lines().find(|line| line.contains(todo)).expect("the step is in the starter");
    copy.write(SOURCE, &starter.replace(line, body));
}

/// One copy for all of these, because compiling is what takes long.
#[test]
fn verdicts() {
    let copy = Copy::compiled();
    let starter = copy.read(SOURCE);
    let check = ["check", "ch1", "--step", "1", "--time", "2"];
    let check_json = ["check", "ch1", "--step", "1", "--time", "2", "--json"];

    // Not written is not wrong; the shape of the object is the documented one.
    let seen = copy.json(1, &check_json);
    assert_eq!(seen["chapters"][0]["steps"][0]["status"], "to do");
    assert_documented(&seen, &copy.read("book/how-this-workbook-works.md"));

    // Every word that the harness might look for, in the check's own process and
    // from a child of it, and an exit that says success.
    answer(&copy, &starter, "ch1 step 1:", FORGER);
    let seen = copy.json(1, &check_json);
    assert_eq!(seen["chapters"][0]["steps"][0]["status"], "wrong", "{seen:#}");
    assert_eq!(seen["chapters"][0]["steps"][0]["checks"][0]["limit"], Value::Null);

    // What was printed is shown, and cannot do anything to the terminal.
    let shown = copy.expect(1, &check);
    assert!(shown.lines().count() <= 25, "{shown}");
    assert!(!shown.contains('\x1b'), "{shown}");
    assert!(shown.contains("your code ended the check itself with exit code 0"), "{shown}");

    answer(&copy, &starter, "ch1 step 1:", "    loop {}");
    let start = Instant::now();
    let shown = copy.expect(1, &check);
    assert!(shown.contains("limit on time: it ran longer than 2 s"), "{shown}");
    assert!(shown.lines().count() <= 25, "{shown}");
    // Three checks on at least one processor, and the compiler.
    assert!(start.elapsed() < Duration::from_secs(60));

    answer(&copy, &starter, "ch1 step 1:", "    loop { println!(\"{}\", \"galley\".repeat(1000)); }");
    let seen = copy.json(1, &check_json);
    assert_eq!(seen["chapters"][0]["steps"][0]["checks"][0]["limit"], "output", "{seen:#}");

    // rustc's own words.
    answer(&copy, &starter, "ch1 step 1:", "    \"a word\"");
    let shown = copy.expect(1, &check);
    assert!(shown.contains("error[E0308]: mismatched types"), "{shown}");
    let seen = copy.json(1, &check_json);
    assert!(seen["chapters"][0]["compile_error"].as_str().is_some_and(|words| words.contains("E0308")), "{seen:#}");

    handed_over(&copy, &starter);

    // Edited checks are named.
    copy.write(SOURCE, &starter);
    let main = copy.read("exercises/ch1-chroot/tests/checks/main.rs");
    copy.write("exercises/ch1-chroot/tests/checks/main.rs", &format!("{main}\n// edited\n"));
    let seen = copy.json(1, &check_json);
    assert_eq!(seen["chapters"][0]["edited_checks"][0], "exercises/ch1-chroot/tests/checks/main.rs");
    assert!(copy.expect(1, &check).contains("exercises/ch1-chroot/tests/checks/main.rs"));

    watching(&copy, &starter);
}

/// A step that passes is told to the book's pages, once; a starter takes it back.
fn handed_over(copy: &Copy, starter: &str) {
    let check = |arguments: &[&str]| {
        let output = copy.command(arguments).env("GALLEY_BOOK", "https://book.example/").output();
        text(&output.expect("the harness can be started").stdout)
    };
    let right = "    match status {
        WaitStatus::Exited(_, code) => code as u8,
        WaitStatus::Signaled(_, signal, _) => 128 + signal as u8,
        _ => 125,
    }";
    answer(copy, starter, "ch1 step 1:", right);
    let link = "https://book.example/#progress=ch1:100000\n";
    let (first, second) = (check(&["check", "ch1"]), check(&["check", "ch1"]));
    assert!(first.ends_with(&format!("book:  {link}")), "{first}");
    assert!(!second.contains("book:  "), "{second}");
    assert!(check(&["list"]).ends_with(link));
    copy.write(SOURCE, starter);
    assert!(check(&["list"]).ends_with("#progress=ch1:000000\n"));
}

/// Says everything that a verdict was ever read from, and ends well.
const FORGER: &str = r#"
    println!("test step1::x ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
    println!("check-unable: this machine is too small\ncheck-unable  no\ncheck-limit time\ncheck-end \ncode 0");
    eprintln!("\u{1b}[2Jcheck-limit memory");
    let _ = std::process::Command::new("/bin/sh").args(["-c", "
        printf '\\377\\376 check-unable: no\\n'; echo 'test result: ok. 1 passed'
        exec >&-; echo 'check-limit time' >&2; setsid sleep 1000 &"]).status();
    std::process::exit(0)"#;

/// An endless loop does not keep `--watch` from grading what is saved next.
fn watching(copy: &Copy, starter: &str) {
    answer(copy, starter, "ch1 step 1:", "    loop {}");
    let mut watch = Watch::start(copy);
    watch.wait_for("limit on time");
    watch.wait_for("waiting for you to save");
    copy.write(SOURCE, starter);
    watch.wait_for("to do");
    watch.wait_for("waiting for you to save");
    // A reset, too, is a save, and the watch outlives it.
    answer(copy, starter, "ch1 step 1:", "    loop {");
    watch.wait_for("it does not compile");
    watch.wait_for("waiting for you to save");
    copy.expect(0, &["reset", "ch1"]);
    watch.wait_for("to do");
}

/// The program was compiled in the original, and a copy of it runs in the copy.
#[test]
fn a_copied_checkout_is_all_that_its_commands_touch() {
    let copy = Copy::compiled();
    let (starter, before) = (copy.read(SOURCE), original());
    assert!(copy.expect(0, &["list"]).contains("ch1  A process with its own root"));
    answer(&copy, &starter, "ch1 step 1:", "    status.id_of_the_copy()");
    assert!(copy.expect(1, &["check", "ch1"]).contains("id_of_the_copy"));
    assert!(copy.path(".galley/progress").is_file());
    assert!(copy.expect(0, &["reset", "ch1"]).contains(".galley/backup/ch1/1"));
    assert_eq!(copy.read(SOURCE), starter);
    copy.expect(0, &["start", "ch5"]);
    copy.run(&["doctor"]);
    assert!(copy.path("target/check/doctor").is_dir());
    let whose = text(&copy.run(&["galley", "--", "--version"]).stderr);
    assert!(whose.contains("galley, yours: none; the reference: ch1"), "{whose}");
    copy.expect(0, &["book", "build"]);
    assert!(copy.path("target/book/index.html").is_file());
    // What a learner wrote is not lost where the starters are written anew.
    copy.write(SOURCE, "// mine\n");
    copy.expect(0, &["sync"]);
    assert_eq!((copy.read(SOURCE), copy.read(".galley/backup/ch1/2/process.rs")), (starter, "// mine\n".to_owned()));
    assert!(before == original(), "the original was changed");

    // Neither is certainly meant, so nothing is done.
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output =
        command.args(["reset", "ch1"]).env_remove("CARGO_MANIFEST_DIR").current_dir(copy.directory.path()).output();
    let output = output.expect("the harness can be started");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("the program and the directory disagree"), "{}", text(&output.stderr));
}

/// Every file of the repository's exercises and of `.galley`, with its time.
fn original() -> BTreeSet<(PathBuf, Option<SystemTime>)> {
    let mut found = BTreeSet::new();
    let mut open = ["exercises", ".galley", "target/book"].map(|name| repository().join(name)).to_vec();
    while let Some(path) = open.pop() {
        open.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        let changed = path.symlink_metadata().and_then(|data| data.modified()).ok();
        found.insert((path, changed));
    }
    found
}

/// Where cargo puts things, and for which target it compiles, is not assumed.
#[test]
fn cargo_may_be_told_to_build_elsewhere() {
    let copy = Copy::compiled();
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc can be started");
    let host = text(&rustc.stdout).lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned));
    let mut command = copy.command(&["check", "ch1", "--step", "1"]);
    let elsewhere = copy.path("elsewhere");
    command.env("CARGO_TARGET_DIR", &elsewhere).env("CARGO_BUILD_TARGET", host.expect("rustc names its host"));
    let output = command.output().expect("the harness can be started");
    let shown = text(&output.stdout);
    assert!(shown.contains("to do"), "{shown}{}", text(&output.stderr));
    assert!(elsewhere.join("check/exercises/chroot").is_file());
}

struct Watch {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Watch {
    fn start(copy: &Copy) -> Self {
        let mut command = copy.command(&["check", "ch1", "--step", "1", "--time", "1", "--watch"]);
        let mut child = command.stdout(Stdio::piped()).process_group(0).spawn().expect("the harness can be started");
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, lines }
    }

    /// Blocks until it is printed; a watch that hangs is ended by the clock of CI.
    fn wait_for(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            let read = self.lines.read_line(&mut line).expect("the output can be read");
            assert!(read > 0, "the watch ended without '{words}'");
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = killpg(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// Each key of the object stands in the page's example and none is missing there.
fn assert_documented(object: &Value, page: &str) {
    let example = page.split_once("```json\n").and_then(|(_, rest)| rest.split_once("```")).expect("an example").0;
    let example: Value = serde_json::from_str(example).expect("the example is JSON");
    assert_eq!(keys(object), keys(&example), "the page and the harness differ");
}

fn keys(value: &Value) -> BTreeSet<&str> {
    match value {
        Value::Object(fields) => {
            fields.iter().flat_map(|(key, value)| [keys(value), BTreeSet::from([key.as_str()])]).flatten().collect()
        }
        Value::Array(values) => values.iter().flat_map(keys).collect(),
        _ => BTreeSet::new(),
    }
}

#[test]
fn faults_have_codes_of_their_own() {
    let copy = Copy::new();
    for wrong in [&["check", "ch99"][..], &["check", "ch3..ch2"], &["reset", "nothing"], &["frobnicate"]] {
        assert_eq!(copy.expect(2, wrong), "", "{wrong:?}");
    }
    // The page has each code.
    let page = copy.read("book/how-this-workbook-works.md");
    for code in 0..=4 {
        assert!(page.contains(&format!("\n| {code} | ")), "exit code {code} is not documented");
    }
    // A harness that cannot read its own tree says so, as JSON too.
    fs::remove_file(copy.path("xtask/course/checks.txt")).expect("the list is there");
    fs::remove_file(copy.path("Cargo.lock")).expect("the lock file is there");
    fs::remove_dir_all(copy.path("exercises/ch1-chroot/src")).expect("the source is there");
    let seen = copy.json(4, &["check", "ch1", "--json"]);
    assert!(seen["error"].as_str().is_some_and(|error| error.contains("ch1-chroot/src")), "{seen:#}");
    assert_eq!(seen["passed"], false);
}

#[test]
fn nothing_written_is_lost_by_reset_and_undo() {
    let copy = Copy::new();
    let (starter, module) = (copy.read(SOURCE), "exercises/ch1-chroot/src/mine.rs");
    let nothing = copy.run(&["undo", "ch1"]);
    assert_eq!(nothing.status.code(), Some(2), "undo without a reset");
    assert!(text(&nothing.stderr).contains("nothing to undo"), "{}", text(&nothing.stderr));

    copy.expect(0, &["reset", "ch1"]);
    assert!(!copy.path(".galley/backup/ch1").exists(), "the starter needs no backup");

    copy.write(SOURCE, "// first\n");
    copy.write(module, "// a file of my own\n");
    copy.expect(0, &["reset", "ch1"]);
    assert_eq!(copy.read(SOURCE), starter);
    assert!(!copy.path(module).exists(), "reset leaves a file that the starter has not");
    // Twice: the second changes nothing, so one undo is enough.
    copy.expect(0, &["reset", "ch1"]);

    copy.write(SOURCE, "// second\n");
    copy.expect(0, &["reset", "ch1"]);
    copy.write(SOURCE, "// third\n");

    copy.expect(0, &["undo", "ch1"]);
    assert_eq!(copy.read(SOURCE), "// second\n");
    copy.expect(0, &["undo", "ch1"]);
    assert_eq!((copy.read(SOURCE), copy.read(module)), ("// first\n".to_owned(), "// a file of my own\n".to_owned()));
    copy.expect(2, &["undo", "ch1"]);
    assert_eq!(copy.read(SOURCE), "// first\n");

    // What stood there when it was undone is still to be had.
    let kept: BTreeSet<String> = ["undone-1", "undone-2"]
        .iter()
        .map(|name| copy.read(&format!(".galley/backup/ch1/{name}/process.rs")))
        .collect();
    assert_eq!(kept, BTreeSet::from(["// second\n".to_owned(), "// third\n".to_owned()]));
}

#[test]
fn clean_after_kill_leaves_this_machine_as_it_was() {
    let copy = Copy::new();
    // Others' leftovers first, so that what is removed below is this test's.
    copy.expect(0, &["clean"]);
    let scratch = copy.path("target/scratch");
    fs::create_dir(&scratch).expect("a directory");
    let (report, report_end) = std::io::pipe().expect("a pipe");
    let script = ["--", "/bin/sh", "-c", "echo up; while :; do :; done"];
    let mut command = copy.command(&["sandbox", "--time", "60000", "--scratch"]);
    command.arg(&scratch).args(script).stdin(report_end).stdout(Stdio::piped());
    let mut supervisor = command.spawn().expect("the harness can be started");
    drop(command);
    let mut output = supervisor.stdout.take().expect("a pipe");
    let mut up = [0; 3];
    output.read_exact(&mut up).expect("the check is running");

    kill(Pid::from_raw(supervisor.id().cast_signed()), Signal::SIGKILL).expect("the supervisor can be killed");
    supervisor.wait().expect("it ends");
    fs::create_dir_all(copy.path("target/tmp/left")).expect("a directory");
    let said = copy.expect(0, &["clean"]);
    assert!(said.contains("target/tmp/left"), "{said}");
    let group = format!("galley-check-{}", supervisor.id());
    assert_eq!(said.contains(&group), nix::unistd::geteuid().is_root(), "{said}");
    assert!(!copy.path("target/tmp/left").exists());
    // Every process of the sandbox had this pipe open; so its end is theirs.
    assert_eq!(output.read(&mut up).expect("the pipe can be read"), 0);
    drop(report);
    assert!(!copy.expect(0, &["clean"]).contains(&group));
}

#[test]
fn clean_ends_only_what_runs_from_this_repository() {
    let copy = Copy::new();
    let mut stranger = Command::new("/bin/sleep").arg("1000").spawn().expect("sleep can be started");
    checks::install(Path::new("/bin/sleep"), &copy.path("target/sleep"));
    let mut own = Command::new(copy.path("target/sleep")).arg("1000").spawn().expect("the copy can be started");
    let said = copy.expect(0, &["clean"]);
    assert!(said.contains(&format!("process {} (sleep)", own.id())), "{said}");
    assert!(!said.contains(&format!("process {} ", stranger.id())), "{said}");
    let ended = own.wait().expect("it has ended");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(9));
    assert!(stranger.try_wait().expect("it can be asked").is_none(), "a stranger was killed");
    stranger.kill().expect("it can be ended");
    stranger.wait().expect("it ends");
}

#[test]
fn clean_by_an_ordinary_user_goes_on_at_what_is_roots() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let copy = Copy::new();
    fs::create_dir_all(copy.path("target/tmp/roots/inner")).expect("a directory");
    let mut command = copy.command(&["clean"]);
    let output = match command.uid(65534).gid(65534).output() {
        Ok(output) => output,
        // The repository is in root's home.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return,
        Err(error) => panic!("{error}"),
    };
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert!(said.contains("not removed: target/tmp/roots"), "{said}");
}
