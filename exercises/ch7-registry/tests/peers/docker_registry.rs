//! Debian's docker-registry, for the tests that meet it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// ada's.
pub const PASSWORD: &str = "geheim:7";
/// bcrypt of [`PASSWORD`], the only kind that docker-registry takes.
const HTPASSWD: &str = "ada:$2b$04$THh72S35y3DBwv5ei.ia3.q9EATfqniB.UbONotZli4EVyz59fBUW\n";

/// Debian's docker-registry on a free port, until dropped.
pub struct DockerRegistry {
    child: Child,
    /// `localhost:PORT`
    pub address: String,
    _directory: TempDir,
}

impl DockerRegistry {
    pub fn start(htpasswd: bool) -> Self {
        let directory = checks::scratch();
        let auth = format!("htpasswd: {{realm: shelf, path: {}/htpasswd}}", directory.path().display());
        fs::write(directory.path().join("htpasswd"), HTPASSWD).unwrap();
        Self::start_with(directory, if htpasswd { &auth } else { "" })
    }

    /// With this line below `auth:`, or without any.
    pub fn start_with(directory: TempDir, auth: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("localhost:{port}");
        let root = directory.path().display();
        let mut config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {root}/data}}}}\nhttp: {{addr: 127.0.0.1:{port}}}\n"
        );
        if !auth.is_empty() {
            config.push_str(&format!("auth: {{{auth}}}\n"));
        }
        let file = directory.path().join("config.yml");
        fs::write(&file, config).unwrap();
        let mut child = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        // It says where it listens when it does; the rest of its log is drained.
        let mut lines = log.lines().map_while(Result::ok);
        let listening = lines.by_ref().any(|line| line.contains("listening on"));
        std::thread::spawn(move || lines.for_each(drop));
        assert!(listening, "docker-registry did not start");
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        Self { child, address, _directory: directory }
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
