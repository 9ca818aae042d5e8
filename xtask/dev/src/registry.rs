//! Debian's docker-registry, for what a registry that others wrote must be seen to do.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use xtask::error::{Error, Result};
use xtask::files;

/// How long it may take to start.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running registry, which ends when this is dropped.
pub struct DockerRegistry {
    child: Child,
    /// Host and port.
    pub address: String,
}

impl DockerRegistry {
    /// Starts one that keeps everything in `data` below `directory`. With `htpasswd`, the lines
    /// of such a file, it wants a password.
    pub fn start(directory: &Path, htpasswd: Option<&str>) -> Result<Self> {
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = free.map_err(Error::file("listen on", Path::new("localhost")))?.port();
        let root = directory.display();
        let mut config = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {root}/data}}}}\nhttp: {{addr: 127.0.0.1:{port}}}\n"
        );
        let write = |name: &str, text: &str| {
            let path = directory.join(name);
            files::write(&path, text)
        };
        if let Some(lines) = htpasswd {
            write("htpasswd", lines)?;
            config += &format!("auth: {{htpasswd: {{realm: test, path: {root}/htpasswd}}}}\n");
        }
        write("config.yml", &config)?;
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(directory.join("config.yml")).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(Error::file("run", Path::new("docker-registry")))?;
        let registry = Self { child, address: format!("localhost:{port}") };
        let deadline = Instant::now() + TIMEOUT;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() >= deadline {
                return Err(Error::Failed("docker-registry does not listen".to_owned()));
            }
            sleep(Duration::from_millis(10));
        }
        Ok(registry)
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}
