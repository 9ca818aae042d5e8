//! The world that the demo's commands run in.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, Write, stdout};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::assemble::pantry_store;
use crate::error::{Error, Result};
use crate::tool;
use crate::tree::{Side, Tree};

/// A home for images, a registry and a working directory; all of it goes when
/// this is dropped.
pub struct Stage {
    /// Whether limits can be set: an ordinary user has no control group to give.
    pub limits: bool,
    /// The registry's address, `localhost:5000` if that port is free.
    pub registry: String,
    galley: PathBuf,
    home: PathBuf,
    pantry: PathBuf,
    directory: PathBuf,
    server: Child,
}

impl Stage {
    /// Builds the registry, starts it, and makes the directories.
    pub fn set(tree: &Tree, galley: &Path) -> Result<Self> {
        if TcpListener::bind(("0.0.0.0", 4567)).is_err() {
            return Err(Error::Machine {
                lack: "has something else listening on port 4567".to_owned(),
                remedy: "stop it and try again; `ss -ltnp 'sport = :4567'` shows what it is".to_owned(),
            });
        }
        let home = tree.target().join("tmp").join(format!("demo-{}", std::process::id()));
        fs::create_dir_all(&home).map_err(Error::file("create", &home))?;
        let (server, registry) = start_registry(tree, &home)?;
        Ok(Self {
            limits: nix::unistd::geteuid().is_root(),
            registry,
            galley: galley.to_owned(),
            pantry: pantry_store(tree),
            directory: tree.side(Side::Reference).join("quotes"),
            home,
            server,
        })
    }

    /// Runs a line as the shell does, showing its output while keeping it.
    pub fn perform(&self, line: &str) -> Result<(bool, String)> {
        let mut child = self
            .command("sh")
            .args(["-c", &format!("{{ {line}\n}} 2>&1")])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(Error::file("run", Path::new("sh")))?;
        let mut output = String::new();
        if let Some(pipe) = child.stdout.take() {
            for line in BufReader::new(pipe).lines() {
                let line = line.map_err(Error::file("read the output of", Path::new("sh")))?;
                // A closed terminal is no reason to leave the rest undone.
                let _ = writeln!(stdout(), "{line}");
                output.push_str(&line);
                output.push('\n');
            }
        }
        let status = child.wait().map_err(Error::file("wait for", Path::new("sh")))?;
        Ok((status.success(), output))
    }

    /// A program that finds galley, its home and the pantry; the user's own images
    /// and credentials are out of reach.
    fn command(&self, program: impl Into<OsString>) -> Command {
        let mut path = OsString::from(self.galley.parent().unwrap_or(&self.galley));
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new(program.into());
        command
            .current_dir(&self.directory)
            .env("PATH", path)
            .env("GALLEY_HOME", &self.home)
            .env("GALLEY_PANTRY", &self.pantry)
            .env("DOCKER_CONFIG", self.home.join("docker"))
            .env_remove("REGISTRY_AUTH_FILE")
            .stdin(Stdio::null());
        command
    }

    fn clear(&mut self) -> Result<()> {
        let galley = Path::new("galley");
        let quietly = |arguments: &[&str]| {
            self.command(&self.galley).args(arguments).output().map_err(Error::file("run", galley))
        };
        let running = quietly(&["ps", "--all", "--quiet"])?;
        for id in String::from_utf8_lossy(&running.stdout).lines() {
            quietly(&["rm", "--force", id])?;
        }
        // galley itself, because in a container without root some files can only be
        // removed from inside the user namespace that made them.
        quietly(&["prune", "--all", "--force"])?;
        self.server.kill().and_then(|()| self.server.wait()).map_err(Error::file("end", Path::new("the registry")))?;
        fs::remove_dir_all(&self.home).map_err(Error::file("remove", &self.home))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(error) = self.clear() {
            eprintln!("xtask: {error}; `cargo xtask clean` removes what is left");
        }
    }
}

/// Starts the embedded registry and waits for its first line, which says where it
/// listens.
fn start_registry(tree: &Tree, home: &Path) -> Result<(Child, String)> {
    let port = if TcpListener::bind(("127.0.0.1", 5000)).is_ok() { 5000 } else { 0 };
    let mut child = registry_program(tree)?
        .args(["--listen", &format!("127.0.0.1:{port}"), "--auth", "ada:pantry", "--root"])
        .arg(home.join("registry"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(Error::file("run", Path::new("registry-server")))?;
    let mut line = String::new();
    if let Some(pipe) = child.stdout.take() {
        let mut pipe = BufReader::new(pipe);
        pipe.read_line(&mut line).map_err(Error::file("read the output of", Path::new("registry-server")))?;
        // It goes on printing its requests, and would stop at a full or closed pipe.
        thread::spawn(move || io::copy(&mut pipe, &mut io::sink()));
    }
    match line.trim().rsplit_once(':') {
        Some((_, port)) => Ok((child, format!("localhost:{port}"))),
        None => Err(Error::Program { program: "registry-server".into(), fault: "did not say where it listens".into() }),
    }
}

/// The registry as a command, built if need be.
pub fn registry_program(tree: &Tree) -> Result<Command> {
    tool::build(tree, "registry-server").map(Command::new)
}
