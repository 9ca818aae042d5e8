//! Connections into a network namespace of which the host sees nothing.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, setrlimit};
use run::MAX_CONNECTIONS;

/// Long enough for a slow machine, and short of the check's own limit.
const PATIENCE: Duration = Duration::from_secs(5);

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

    fn directory(&self) -> PathBuf {
        Path::new("/proc").join(self.0.id().to_string())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server on 127.0.0.1:80 in a network namespace of its own, which answers each
/// line, and a publisher of several of its ports.
struct Kitchen {
    nonce: String,
    server: Guarded,
    publisher: Guarded,
    /// The host's ports, in the order in which they were asked for.
    ports: Vec<u16>,
}

impl Kitchen {
    /// Publishes these ports of the container, each at a free port of the host.
    fn publish(inside: &[u16]) -> Self {
        Self::publish_limited(inside, 1024)
    }

    /// The same by a publisher that may have so many descriptors.
    fn publish_limited(inside: &[u16], descriptors: u64) -> Self {
        let nonce = checks::nonce();
        let server = server(&nonce);
        let ports = free_ports(inside.len());
        let mut command = Command::new(checks::program_path(env!("CARGO_BIN_EXE_run")));
        command.args(["publish", &server.0.id().to_string()]);
        for (host, container) in ports.iter().zip(inside) {
            assert!(TcpStream::connect(("127.0.0.1", *host)).is_err(), "the port answers before it is published");
            command.args([host.to_string(), container.to_string()]);
        }
        let limit = move || Ok(setrlimit(Resource::RLIMIT_NOFILE, descriptors, descriptors)?);
        // SAFETY: one system call, which allocates nothing.
        unsafe { command.pre_exec(limit) };
        let mut publisher = Guarded::start(&mut command);
        assert_eq!(publisher.first_line(), "listening", "the host's port could not be bound");
        Self { nonce, server, publisher, ports }
    }

    /// Why nothing came back, as far as the kernel shows it.
    fn cause(&self) -> &'static str {
        let namespace = |directory: PathBuf| fs::read_link(directory.join("ns/net")).ok();
        let containers = namespace(self.server.directory());
        let threads = fs::read_dir(self.publisher.directory().join("task")).into_iter().flatten();
        let inside = threads.flatten().filter(|thread| namespace(thread.path()) == containers).count();
        match inside {
            0 => {
                "no thread of the publisher is in the container's network: setns(CLONE_NEWNET) moves the thread that calls it, and those that it makes later"
            }
            _ => {
                "a thread of the publisher is in the container's network: does it connect to the container's own port? setns moves the thread that calls it, and those that it makes later"
            }
        }
    }

    /// The processor time that the publisher has used, in milliseconds.
    fn processor_time(&self) -> u64 {
        let stat = fs::read_to_string(self.publisher.directory().join("stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        // proc_pid_stat(5): utime and stime, in ticks of 10 ms.
        10 * (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap())
    }

    /// The publisher's sockets, once their number no longer grows.
    fn sockets(&self) -> usize {
        let count = || {
            let links = fs::read_dir(self.publisher.directory().join("fd")).unwrap().flatten();
            links
                .filter(|link| fs::read_link(link.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket:")))
                .count()
        };
        let (mut before, mut now) = (0, count());
        while now != before {
            std::thread::sleep(Duration::from_millis(200));
            (before, now) = (now, count());
        }
        now
    }

    fn client(&self, port: usize) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.ports[port]));
        let stream =
            stream.expect("nothing listens on the port, which is served until the publisher is ended from outside");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a request, says that there is no more, and reads the answer.
    fn ask(&self, port: usize, request: &str) -> String {
        let mut stream = self.client(port);
        stream.write_all(request.as_bytes()).unwrap();
        // A publisher that has closed the connection has no use for its end.
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = String::new();
        match stream.read_to_string(&mut answer) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                answer.push_str("(then nothing for 5 s)");
            }
            // A reset connection counts as no answer.
            _ => {}
        }
        answer
    }
}

fn server(nonce: &str) -> Guarded {
    let mut command = Command::new(checks::probe());
    command.arg(format!("serve:80={nonce}"));
    // SAFETY: unshare is one system call; nothing is allocated between fork and exec.
    unsafe { command.pre_exec(|| Ok(unshare(CloneFlags::CLONE_NEWNET)?)) };
    let mut server = Guarded::start(&mut command);
    assert_eq!(server.first_line(), "serve listening", "the check's own server did not start");
    server
}

/// Ports of the host that nobody uses. All are held before any is let go, so
/// that they differ.
fn free_ports(count: usize) -> Vec<u16> {
    let held: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    held.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

#[test]
fn a_connection_reaches_the_server_inside_and_the_answer_comes_back() {
    let kitchen = Kitchen::publish(&[80]);
    let answer = kitchen.ask(0, "a plate, please");
    assert!(!answer.is_empty(), "nothing came back through the published port: {}", kitchen.cause());
    assert_eq!(
        answer,
        format!("{} a plate, please", kitchen.nonce),
        "the answer did not arrive whole: pass the end of the request on, and close when both sides are done"
    );
}

#[test]
fn an_answer_does_not_wait_for_the_end_of_the_request() {
    let kitchen = Kitchen::publish(&[80]);
    // As a browser does, which keeps the connection for the next request.
    let mut stream = kitchen.client(0);
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    for course in ["soup", "fish"] {
        // A closed connection is found when reading.
        let _ = writeln!(stream, "{course}");
        let mut answer = String::new();
        let read = answers.read_line(&mut answer).map_err(|error| error.kind());
        assert!(
            read.is_ok(),
            "no answer in 5 s while the client keeps the connection open: both directions must be copied at once"
        );
        assert!(!answer.is_empty(), "the connection was closed before the answer: {}", kitchen.cause());
        assert_eq!(answer, format!("{} {course}\n", kitchen.nonce));
    }
}

#[test]
fn a_silent_client_keeps_nobody_waiting() {
    let kitchen = Kitchen::publish(&[80]);
    // Open until the end of the check.
    let _idle = [kitchen.client(0), kitchen.client(0)];
    for number in 0..20 {
        assert_eq!(
            kitchen.ask(0, &number.to_string()),
            format!("{} {number}", kitchen.nonce),
            "two clients are connected and silent, and the next one is not served: each connection needs its own thread"
        );
    }
}

#[test]
fn every_published_port_is_served() {
    let kitchen = Kitchen::publish(&[80, 80, 80]);
    // The last one first: a loop that never leaves the first listener shows here.
    for port in [2, 1, 0] {
        assert_eq!(
            kitchen.ask(port, "a plate"),
            format!("{} a plate", kitchen.nonce),
            "published port {} of 3 does not answer: a loop over one listener never comes to the next",
            port + 1
        );
    }
}

#[test]
fn a_port_where_nobody_listens_inside_closes_and_disturbs_nothing() {
    let kitchen = Kitchen::publish(&[81, 80]);
    for _ in 0..3 {
        assert_eq!(kitchen.ask(0, "a plate"), "", "nobody listens on port 81 inside, so the connection must be closed");
    }
    assert_eq!(
        kitchen.ask(1, "a plate"),
        format!("{} a plate", kitchen.nonce),
        "after a connection that nobody took inside, others are no longer served"
    );
}

#[test]
fn too_few_descriptors_are_waited_for_and_not_spun_on() {
    let kitchen = Kitchen::publish_limited(&[80], 24);
    let connect = || {
        let gone = "nothing listens any more when descriptors have run out: a failed accept is not the end";
        TcpStream::connect(("127.0.0.1", kitchen.ports[0])).expect(gone)
    };
    let clients: Vec<TcpStream> = (0..30).map(|_| connect()).collect();
    std::thread::sleep(Duration::from_millis(300));
    let before = kitchen.processor_time();
    std::thread::sleep(Duration::from_millis(1000));
    let used = kitchen.processor_time() - before;
    assert!(
        used < 200,
        "accept fails while descriptors have run out (EMFILE), and the loop tries again without a pause: {used} ms of processor time in 1 s"
    );
    drop((clients, connect()));
    // The first ones may still find too few: a connection takes two descriptors.
    let mut answers = (0..50).map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        kitchen.ask(0, "a plate")
    });
    let answer = answers.find(|answer| !answer.is_empty()).unwrap_or_default();
    assert_eq!(
        answer,
        format!("{} a plate", kitchen.nonce),
        "after descriptors had run out for a while, nobody is served any more: a failed accept is not the end"
    );
}

#[test]
fn so_many_connections_are_carried_and_no_more() {
    let kitchen = Kitchen::publish(&[80]);
    let clients: Vec<TcpStream> = (0..MAX_CONNECTIONS + 40).map(|_| kitchen.client(0)).collect();
    // Each has a socket outside and one inside; one more may have been accepted and wait.
    let carried = kitchen.sockets() / 2;
    assert!(
        carried <= MAX_CONNECTIONS + 1,
        "{} clients are connected, and {carried} connections are carried at once: more than MAX_CONNECTIONS",
        clients.len()
    );
    assert!(carried >= MAX_CONNECTIONS - 1, "only {carried} connections are carried at once: MAX_CONNECTIONS may be");
    drop(clients);
    assert_eq!(
        kitchen.ask(0, "a plate"),
        format!("{} a plate", kitchen.nonce),
        "when connections have ended, others must take their turn"
    );
}
