//! Connections into a network namespace of which the host sees nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sched::{CloneFlags, unshare};

/// A process that is killed when the check ends, however it ends.
struct Guarded(Child);

impl Guarded {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// Blocks until the process says that it is ready.
    fn first_line(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server on 127.0.0.1:80 in a network namespace of its own, and a port of the
/// host that is free.
fn server(nonce: &str) -> (Guarded, u16) {
    let mut command = Command::new(checks::probe());
    command.arg(format!("serve:80={nonce}"));
    // SAFETY: unshare is one system call; nothing is allocated between fork and exec.
    unsafe { command.pre_exec(|| Ok(unshare(CloneFlags::CLONE_NEWNET)?)) };
    let mut server = Guarded::start(&mut command);
    assert_eq!(server.first_line(), "serve listening", "the check's own server did not start");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    (server, free)
}

fn publisher(server: &Guarded, port: u16) -> Guarded {
    let program = checks::program_path(env!("CARGO_BIN_EXE_run"));
    let mut publisher =
        Guarded::start(Command::new(program).args(["publish", &server.0.id().to_string(), &port.to_string(), "80"]));
    assert_eq!(publisher.first_line(), "listening", "the host's port could not be bound");
    publisher
}

fn ask(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("nothing listens on the published port");
    stream.write_all(request.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    // A reset connection counts as no answer.
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn a_connection_reaches_the_server_inside_and_the_answer_comes_back() {
    let nonce = checks::nonce();
    let (server, port) = server(&nonce);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the port answers before it is published");
    let _publisher = publisher(&server, port);
    assert_eq!(
        ask(port, "a plate, please"),
        format!("{nonce} a plate, please"),
        "the answer from inside did not arrive whole: the request's end must be passed on, and both directions copied"
    );
}

#[test]
fn many_connections_are_served_at_once() {
    let nonce = checks::nonce();
    let (server, port) = server(&nonce);
    let _publisher = publisher(&server, port);
    // The first client connects and says nothing; it must not keep others waiting.
    let idle = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let idle_too = TcpStream::connect(("127.0.0.1", port)).unwrap();
    drop(idle_too);
    drop(idle);
    for number in 0..20 {
        assert_eq!(
            ask(port, &number.to_string()),
            format!("{nonce} {number}"),
            "connection {number} got another answer"
        );
    }
}

#[test]
fn the_publisher_is_in_the_containers_network_and_the_listener_is_not() {
    let (server, port) = server(&checks::nonce());
    let publisher = publisher(&server, port);
    // One answered connection: only then has it certainly entered.
    ask(port, "");
    let namespace = |pid: u32| std::fs::read_link(Path::new("/proc").join(pid.to_string()).join("ns/net")).unwrap();
    assert_eq!(
        namespace(publisher.0.id()),
        namespace(server.0.id()),
        "setns(CLONE_NEWNET) was not called in the publisher"
    );
    assert_ne!(
        namespace(publisher.0.id()),
        namespace(std::process::id()),
        "the check itself is in the container's network"
    );
}
