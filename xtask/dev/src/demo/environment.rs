//! Where the workshop is played: this machine, with a home for images, a registry and
//! credentials of the demo's own.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, thread};

use super::script::Destination;
use super::window::has_keys;
use xtask::error::{Error, Result};
use xtask::repo::{Repo, Tree};
use xtask::{files, galley, tools};

/// A home for images, a registry and a working directory; all of it goes when
/// this is dropped.
pub struct Environment {
    pub destination: Destination,
    galley: PathBuf,
    home: PathBuf,
    pantry: PathBuf,
    directory: PathBuf,
    /// Whether what the user has stored lets us in, so that nothing is asked.
    known: bool,
    server: Option<Child>,
}

impl Environment {
    /// Makes the directories, and starts the registry if no real one is named.
    pub fn set(repo: &Repo, galley: &Path, registry: Command, real: Option<Destination>) -> Result<Self> {
        let home = repo.target().join("tmp").join(format!("demo-{}", std::process::id()));
        files::create_dir(&home)?;
        let (server, destination) = match real {
            Some(real) => (None, real),
            None => {
                let (server, address) = start_registry(registry, &home)?;
                (Some(server), Destination::Embedded(address))
            }
        };
        let mut environment = Self {
            destination,
            galley: galley.to_owned(),
            pantry: galley::pantry(repo),
            directory: repo.tree(Tree::Solutions).join("quotes"),
            home,
            known: false,
            server,
        };
        environment.look_for_login()?;
        Ok(environment)
    }

    /// Tries what the user has stored for a real registry. If that does not do,
    /// somebody must be there to be asked.
    fn look_for_login(&mut self) -> Result<()> {
        let Destination::Real { registry, path } = &self.destination else { return Ok(()) };
        self.known = true;
        let tried = self.command(&self.galley).args(["login", registry]).output();
        let tried = tried.map_err(Error::file("run", &self.galley))?;
        self.known = tried.status.success();
        if self.known || has_keys() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&tried.stderr).trim().to_owned();
        Err(Error::Failed(format!(
            "no login is stored that lets {path} in at {registry}, and nobody can be asked here; \
             `cargo xtask galley -- login -u {path} {registry}` stores one\n{words}"
        )))
    }

    /// A program that finds galley, its home and the pantry; the user's own images
    /// are out of reach, and so are the credentials, unless they are needed.
    pub fn command(&self, program: impl Into<OsString>) -> Command {
        let mut path = OsString::from(self.galley.parent().unwrap_or(&self.galley));
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new(program.into());
        command
            .current_dir(&self.directory)
            .env("PATH", path)
            .env("GALLEY_HOME", &self.home)
            .env("GALLEY_PANTRY", &self.pantry)
            .stdin(Stdio::null());
        if !self.known {
            // What is typed in the demo is forgotten with it.
            command.env("DOCKER_CONFIG", self.home.join("docker")).env_remove("REGISTRY_AUTH_FILE");
        }
        command
    }

    /// Removes every container and image.
    pub fn empty(&self) -> Result<()> {
        let quietly = |arguments: &[&str]| {
            self.command(&self.galley).args(arguments).output().map_err(Error::file("run", &self.galley))
        };
        let running = quietly(&["ps", "--all", "--quiet"])?;
        for id in String::from_utf8_lossy(&running.stdout).lines() {
            quietly(&["rm", "--force", id])?;
        }
        // galley itself, because in a container without root some files can only be
        // removed from inside the user namespace that made them.
        quietly(&["prune", "--all", "--force"])?;
        Ok(())
    }

    fn clear(&mut self) -> Result<()> {
        self.empty()?;
        if let Some(server) = &mut self.server {
            server.kill().and_then(|()| server.wait()).map_err(Error::file("end", Path::new("the registry")))?;
        }
        files::remove(&self.home)
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        if let Err(error) = self.clear() {
            eprintln!("xtask: {error}; `cargo xtask clean` removes what is left");
        }
    }
}

/// `REGISTRY/USER`, where the path may have several parts.
pub fn real(text: &str) -> Result<Destination> {
    let wrong = || {
        let examples = "docker.io/ada, ghcr.io/ada or localhost:5000/ada";
        Error::Usage(format!("'{text}' is no REGISTRY/USER; write it as in {examples}"))
    };
    let (registry, path) = text.split_once('/').ok_or_else(wrong)?;
    // Names without a dot or a port are users of Docker Hub, as in an image's name.
    let is_host = registry.contains(['.', ':']) || registry == "localhost";
    let sound = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._:/".contains(c));
    if !is_host || !sound(registry) || !sound(path) || path.starts_with('/') || path.ends_with('/') {
        return Err(wrong());
    }
    Ok(Destination::Real { registry: registry.to_owned(), path: path.to_owned() })
}

/// The application's port; better said before anything is built.
pub fn free_port() -> Result<()> {
    match TcpListener::bind(("0.0.0.0", 4567)) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::Machine {
            lack: "has something else listening on port 4567".to_owned(),
            remedy: "stop it and try again; `ss -ltnp 'sport = :4567'` shows what it is".to_owned(),
        }),
    }
}

/// Starts the embedded registry and waits for its first line, which says where it
/// listens.
fn start_registry(mut program: Command, home: &Path) -> Result<(Child, String)> {
    let port = if TcpListener::bind(("127.0.0.1", 5000)).is_ok() { 5000 } else { 0 };
    let mut child = program
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
pub fn registry_program(repo: &Repo) -> Result<Command> {
    tools::tool(repo, "registry-server").map(Command::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_registry_is_named_with_a_user() {
        for text in ["docker.io/ada", "localhost:5000/ada", "localhost/ada", "ghcr.io/ada/workshop"] {
            assert!(real(text).is_ok(), "{text}");
        }
        for text in
            ["", "ada", "docker.io", "docker.io/", "/ada", "ada/quotes", "ghcr.io/a b", "ghcr.io/$(id)", "x.y//z"]
        {
            assert_eq!(real(text).map(drop).map_err(|error| error.code()), Err(2), "{text}");
        }
    }
}
