//! What can be done to a container that runs: `exec`, `kill`, `logs -f`, and
//! connections to its ports.

use std::io::{BufRead, BufReader, Read, Write, stdin};
use std::net::{Shutdown, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use nix::fcntl::{FcntlArg, fcntl};

use crate::screen::Screen;
use crate::test_env::{TestEnv, own_address};

const NAMESPACES: &str = "ns:cgroup ns:ipc ns:mnt ns:net ns:pid ns:user ns:uts hostname cgroup";

#[test]
fn a_second_program_is_where_the_first_one_is() {
    TestEnv::each(|test| {
        test.serve("--hostname pantry", "soup");
        let pid: u32 = test.galley("inspect --format {{.State.Pid}} soup").trim().parse().unwrap();
        let inside = test.galley(&format!("exec soup /bin/probe {NAMESPACES} read:/proc/1/cgroup"));
        for name in ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"] {
            let outside = checks::kernel::namespace(pid, name);
            assert!(inside.contains(&format!("ns:{name} {outside}\n")), "{name} is not {outside}:\n{inside}");
        }
        assert!(inside.contains("hostname pantry\n"), "{inside}");
        let groups = |key: &str| -> Vec<&str> { inside.lines().filter_map(|line| line.strip_prefix(key)).collect() };
        assert_eq!(groups("cgroup "), groups("read:/proc/1/cgroup "));
    });
}

#[test]
fn a_limit_counts_the_second_program_too() {
    let test = TestEnv::new(None);
    if !test.is_root() {
        return eprintln!("skipped: an ordinary user has no control group to give");
    }
    test.serve("--pids-limit 6", "soup");
    let text = test.galley("exec soup /bin/probe forks:20");
    assert!(text.contains("refused: "), "{text}");
}

#[test]
fn exit_codes_are_dockers() {
    TestEnv::each(|test| {
        test.serve("", "soup");
        for (command, expected) in [
            ("exec soup /bin/probe exit:7", 7),
            ("exec soup /bin/probe signal:SIGTERM", 143),
            ("exec soup /bin/none", 127),
            ("exec soup /nonce", 126),
            ("exec -u nobody-knows soup /bin/probe", 126),
            ("exec -w /no/such soup /bin/probe", 127),
            ("exec -w /nonce soup /bin/probe", 126),
            ("exec -w relative soup /bin/probe", 1),
            ("exec stew /bin/probe", 1),
            ("kill stew", 1),
        ] {
            let (code, output, words) = test.ends(command);
            assert_eq!(code, expected, "galley {command}\n{output}{words}");
            assert_eq!(words.is_empty(), matches!(expected, 7 | 143), "galley {command}: {words}");
        }
        test.galley("stop -t 0 soup");
        let (code, _, words) = test.ends("exec soup /bin/probe");
        assert_eq!(code, 1, "{words}");
        assert!(words.contains("not running"), "{words}");
    });
}

#[test]
fn the_second_program_has_the_settings_of_the_first_or_its_own() {
    TestEnv::each(|test| {
        test.serve("-e DISH=soup -w /tmp", "soup");
        let text = test.galley("exec soup /bin/probe env:DISH cwd");
        assert_eq!(text, "env:DISH soup\ncwd /tmp\n");
        let text = test.galley("exec -e DISH=stew -w /bin soup /bin/probe env:DISH cwd");
        assert_eq!(text, "env:DISH stew\ncwd /bin\n");
        if test.is_root() {
            assert_eq!(test.galley("exec -u 7:8 soup /bin/probe uid gid"), "uid 7\ngid 8\n");
        }
    });
}

#[test]
fn a_directory_to_start_in_must_be_there() {
    TestEnv::each(|test| {
        test.serve("", "soup");
        let (code, _, words) = test.ends("exec -w /no/such soup /bin/probe cwd");
        assert_eq!((code, words.lines().count()), (127, 1), "{words}");
        assert!(words.contains("/no/such: No such file or directory"), "{words}");
        assert_eq!(test.galley("exec soup /bin/probe exists:/no"), "exists:/no false\n");
    });
}

#[test]
fn inspect_picks_what_a_template_names() {
    TestEnv::each(|test| {
        test.serve("-w /tmp", "soup");
        let state = "{{.State.Status}}_{{.State.Running}}_{{.Config.WorkingDir}}_{{.Name}}";
        assert_eq!(test.galley(&format!("inspect -f {state} soup")), "running_true_/tmp_soup\n");
        let pid: u32 = test.galley("inspect -f {{.State.Pid}} soup").trim().parse().unwrap();
        assert!(checks::kernel::status(pid, "NSpid").ends_with(" 1"), "process {pid} is not the container's first");
        test.galley("stop -t 0 soup");
        assert_eq!(
            test.galley("inspect -f {{.State.Status}}_{{.State.Pid}}_{{.State.ExitCode}} soup"),
            "exited_0_137\n"
        );
        let (code, _, words) = test.ends("inspect -f {{.State.Pit}} soup");
        assert_eq!((code, words.lines().count()), (1, 1), "{words}");
        assert!(words.contains("no 'Pit'") && words.contains("Pid"), "{words}");
    });
}

#[test]
fn what_galley_was_started_with_stays_outside() {
    TestEnv::each(|test| {
        test.serve("", "soup");
        for command in ["exec soup /bin/probe open", "run --rm ROOTFS /bin/probe open"] {
            let mut command = test.command(command);
            // SAFETY: one system call; nothing is allocated between fork and exec.
            unsafe { command.pre_exec(|| Ok(fcntl(stdin(), FcntlArg::F_DUPFD(9)).map(drop)?)) };
            assert_eq!(String::from_utf8_lossy(&command.output().unwrap().stdout), "open -\n");
        }
    });
}

#[test]
fn standard_input_is_read_only_when_asked_for() {
    TestEnv::each(|test| {
        test.serve("", "soup");
        for (flag, expected) in [("-i", "line a plate\n"), ("", "line -\n")] {
            let mut command = test.command(&format!("exec {flag} soup /bin/probe line"));
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            // Without -i nobody reads it, and the pipe may be closed already.
            let _ = child.stdin.take().unwrap().write_all(b"a plate\n");
            let output = child.wait_with_output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
        }
    });
}

#[test]
fn the_second_program_can_have_a_terminal() {
    TestEnv::each(|test| {
        test.serve("", "soup");
        let mut screen = Screen::start(test.command("exec -it soup /bin/probe tty size exit:5"), 33, 101);
        let text = screen.rest();
        assert!(text.contains("tty /dev/pts/0 controlling"), "{text}");
        assert!(text.contains("size 33x101"), "{text}");
        assert_eq!(screen.code(), Some(5));
        assert!(!screen.is_raw(), "the terminal was not restored");

        let mut screen = Screen::start(test.command("exec -it soup /bin/none"), 33, 101);
        let text = screen.rest();
        assert!(text.contains("/bin/none"), "{text}");
        assert_eq!(screen.code(), Some(127));
        // One that fails before it has its terminal.
        let mut screen = Screen::start(test.command("exec -it -u nobody-knows soup /bin/probe"), 33, 101);
        let text = screen.rest();
        assert!(text.contains("nobody-knows"), "{text}");
        assert_eq!(screen.code(), Some(126));
    });
}

#[test]
fn the_second_program_ends_with_the_container_and_the_log_with_it() {
    TestEnv::each(|test| {
        test.serve("", "soup");
        let mut second = test.command("exec soup /bin/probe serve:81=stew").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(second.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "serve listening");
        let logs = test.command("logs -f soup").stdout(Stdio::piped()).spawn().unwrap();

        assert_eq!(test.galley("kill soup"), "soup\n");
        assert_eq!(second.wait().unwrap().code(), Some(137));
        let logs = logs.wait_with_output().unwrap();
        assert!(logs.status.success());
        assert_eq!(String::from_utf8_lossy(&logs.stdout), "serve listening\n");
        assert!(test.galley("ps -a").contains("Exited (137)"));
    });
}

#[test]
fn a_followed_log_shows_lines_as_they_are_written() {
    TestEnv::each(|test| {
        test.galley("run -d --name soup ROOTFS /bin/probe await:SIGUSR1 exit:4");
        let mut logs = test.command("logs -f soup").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(logs.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert_eq!(lines.next().as_deref(), Some("ready SIGUSR1"));
        test.galley("kill -s USR1 soup");
        assert_eq!(lines.next().as_deref(), Some("await:SIGUSR1 received SIGUSR1"));
        assert_eq!(lines.next(), None);
        assert!(logs.wait().unwrap().success());
    });
}

#[test]
fn what_a_terminal_in_the_background_shows_is_in_the_log() {
    TestEnv::each(|test| {
        test.galley("run -d -t --name soup ROOTFS /bin/probe tty exit:4");
        assert_eq!(test.galley("logs -f soup"), "tty /dev/pts/0 controlling\r\n");
        assert!(test.galley("ps -a").contains("Exited (4)"));
    });
}

#[test]
fn ranges_of_ports_are_published_pair_by_pair() {
    TestEnv::each(|test| {
        let address = own_address();
        test.serve(&format!("-p {address}:8000-8002:80-82 -p {address}:9000:80/tcp"), "soup");
        let second = test.command("exec soup /bin/probe serve:82=stew").stdout(Stdio::piped()).spawn();
        let mut second = second.unwrap();
        let mut line = String::new();
        BufReader::new(second.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "serve listening");

        let ask = |port: u16| {
            let mut stream = TcpStream::connect((address.as_str(), port)).unwrap();
            // Where nobody listens inside, the connection may be closed at any moment.
            let _ = stream.write_all(b"please").and_then(|()| stream.shutdown(Shutdown::Write));
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer);
            answer
        };
        assert_eq!([8000, 8001, 8002, 9000].map(ask), ["soup please", "", "stew please", "soup please"]);
        test.galley("kill soup");
        second.wait().unwrap();
    });
}

#[test]
fn ports_that_cannot_be_published_are_refused_by_name() {
    let test = TestEnv::new(None);
    for (ports, word) in [
        ("8000:80/udp", "UDP"),
        ("8000-8001:80-81/udp", "UDP"),
        ("8000-8002:80-81", "as many"),
        ("8000-8002:80", "as many"),
        ("8002-8000:80-82", "smaller one first"),
        ("8000-:80-81", "range"),
    ] {
        let (code, _, words) = test.ends(&format!("run --rm -p {ports} ROOTFS /bin/probe"));
        assert_eq!(code, 125, "{ports}: {words}");
        assert!(words.contains(word), "{ports}: {words}");
    }
}
