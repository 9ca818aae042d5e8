//! The way out of a private network, through slirp4netns and pasta.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output};

use checks::kernel;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::test_env::{TestEnv, USER, until};

/// The host's address on another network than loopback, if it has one. No packet
/// is sent to find it.
fn other_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// Where a program is, if it is installed.
fn installed(program: &str) -> Option<PathBuf> {
    let found =
        std::env::split_paths(&std::env::var_os("PATH")?).map(|place| place.join(program)).find(|path| path.is_file());
    if found.is_none() {
        eprintln!("skipped: {program} is not installed; `cargo xtask setup` installs it");
    }
    found
}

/// A directory for PATH with this program alone.
fn path_with(program: &str) -> Option<tempfile::TempDir> {
    let directory = checks::scratch();
    symlink(installed(program)?, directory.path().join(program)).unwrap();
    Some(directory)
}

/// A server on every address of the host, which says a word to who connects.
fn server(word: &'static str) -> u16 {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            stream.write_all(word.as_bytes()).unwrap();
        }
    });
    port
}

/// Runs galley where a /dev/net/tun of this mode is, in a mount namespace of its own:
/// not every machine lets ordinary users open it, and not every one keeps them out.
/// Without root it is the machine's own.
fn with_tun(test: &TestEnv, mode: &str, arguments: &[&str]) -> Output {
    let Some(id) = test.user else { return test.command(arguments).output().unwrap() };
    let node = test.home.path().join("tun");
    let script = r#"{ [ -e "$0" ] || mknod "$0" c 10 200; } && chmod "$1" "$0" && mount --bind "$0" /dev/net/tun &&
        exec setpriv --reuid "$2" --regid "$2" --clear-groups "${@:3}""#;
    let galley = test.command(arguments);
    let mut command = Command::new("unshare");
    command.args(["--mount", "bash", "-c", script]).arg(node).arg(mode).arg(id.to_string());
    command.arg(galley.get_program()).args(arguments).env("GALLEY_HOME", test.home.path());
    command.output().unwrap()
}

/// Whether whoever runs this test may play a network card.
fn may_open_tun() -> bool {
    let tun = fs::OpenOptions::new().read(true).write(true).open("/dev/net/tun").is_ok();
    if !tun {
        eprintln!("skipped: /dev/net/tun is not an ordinary user's to open here");
    }
    tun
}

#[test]
fn a_private_network_leads_out_and_a_network_of_none_does_not() {
    let (true, Some(_), Some(address)) = (may_open_tun(), installed("slirp4netns"), other_address()) else { return };
    let port = server("soup");
    let outside = format!("connect:{address}:{port}");
    for test in TestEnv::each() {
        let rootfs = test.root.path().display().to_string();
        // 10.0.2.2 is the host, and would be its 127.0.0.1.
        let loopback = format!("connect:10.0.2.2:{port}");
        let run = |network| {
            let run = ["run", "--rm", "--network", network, "--rootfs", &rootfs, "/bin/probe"];
            let output = with_tun(&test, "666", &[&run[..], &[&outside, &loopback, "read:/etc/resolv.conf"]].concat());
            (
                checks::View::parse(&String::from_utf8_lossy(&output.stdout)),
                String::from_utf8_lossy(&output.stderr).into_owned(),
            )
        };
        let (seen, words) = run("private");
        assert_eq!((seen.get(&outside), words.as_str()), ("soup", ""), "user {:?}", test.user);
        assert!(seen.get(&loopback).starts_with("error"), "the host's own 127.0.0.1 was reached");
        assert!(seen.get("read:/etc/resolv.conf").starts_with("nameserver 10.0.2.3"), "names are asked for elsewhere");
        let (seen, words) = run("none");
        assert!(seen.get(&outside).contains("Network is unreachable"), "{}", seen.get(&outside));
        assert_eq!(words, "");
        test.assert_clean(&[]);
    }
}

#[test]
fn the_helper_ends_with_its_container_whoever_ends_that() {
    if !may_open_tun() {
        return;
    }
    let test = TestEnv::new(None);
    for program in ["slirp4netns", "pasta"] {
        let Some(path) = path_with(program) else { continue };
        for killed in [false, true] {
            let rootfs = test.root.path().display().to_string();
            let mut command = test.command(&["run", "-d", "--rootfs", &rootfs, "/bin/probe", "interfaces", "pause:60"]);
            let output = command.env("PATH", path.path()).output().unwrap();
            let id = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            test.await_log(&id, "interfaces lo ");
            let helpers = || test.processes().into_iter().filter(|pid| is_helper(*pid)).collect::<Vec<_>>();
            assert_eq!(helpers().len(), 1, "{program} does not run: {}", test.galley(&["logs", &id]).out);
            if killed {
                let monitor: i32 = kernel::status(test.pid(&id), "PPid").parse().unwrap();
                kill(Pid::from_raw(monitor), Signal::SIGKILL).unwrap();
                until("the helper's end", || helpers().is_empty());
                until("ps to find that nobody has seen its end", || test.row(&id).contains("Dead"));
            }
            assert_eq!(test.galley(&["rm", "-f", &id]).code, 0);
            assert_eq!(helpers(), Vec::<u32>::new(), "{program} has outlived its container");
            test.assert_clean(&[id]);
        }
    }
}

/// pasta runs as passt.avx2 where the processor has AVX2.
fn is_helper(pid: u32) -> bool {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    ["slirp4netns", "pasta", "passt"].iter().any(|helper| name.starts_with(helper))
}

#[test]
fn without_a_helper_one_line_says_so_and_the_container_runs() {
    for test in TestEnv::each() {
        let rootfs = test.root.path().display().to_string();
        let run = |flags: &[&str]| {
            let words = [&["run", "--rm"], flags, &["--rootfs", &rootfs, "/bin/probe", "pid"]].concat();
            let output = test.command(&words).env("PATH", "/nowhere").output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), "pid 1\n");
            String::from_utf8_lossy(&output.stderr).into_owned()
        };
        let said = run(&["--network", "private"]);
        assert!(
            said.contains("neither slirp4netns nor pasta is installed") && said.contains("published ports work"),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
        assert_eq!(run(&[]) + &run(&["--network", "none"]), "", "nobody has asked for a way out");
        test.assert_clean(&[]);
    }
}

#[test]
fn a_device_that_an_ordinary_user_may_not_open_is_named() {
    let Some(_) = TestEnv::of_root() else { return };
    let (test, Some(_)) = (TestEnv::new(Some(USER)), installed("slirp4netns")) else { return };
    let rootfs = test.root.path().display().to_string();
    let run = ["run", "--rm", "--network", "private", "--rootfs", &rootfs, "/bin/probe", "pid"];
    let output = with_tun(&test, "600", &run);
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"pid 1\n"[..]), "{words}");
    assert!(words.contains("/dev/net/tun") && words.lines().count() == 1, "{words}");
}
