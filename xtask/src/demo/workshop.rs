//! The workshop from build to pull, played on this machine: a container runs on its
//! kernel and network, with a home for images, a registry and credentials of its own.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use pages::Shown;

use super::cue::Cue;
use super::player::{Ending, World};
use super::screen::Look;
use super::script::{self, Check, Line};
use crate::assemble::{Mix, assemble, fill_pantry, pantry_store};
use crate::error::{Error, Result};
use crate::terminal::Session;
use crate::tool;
use crate::tree::{Side, Tree};

pub fn run(tree: &Tree, mix: Mix, look: Look) -> Result<u8> {
    println!("Building galley, and a base image if there is none yet. This takes a minute the first time.");
    let galley = assemble(tree, mix, false)?;
    fill_pantry(tree, &galley.program)?;
    println!("galley, {}", galley.whose());
    let stage = Stage::set(tree, &galley.program)?;
    let (cues, checks) = cues(script::lines(nix::unistd::geteuid().is_root(), &stage.registry));
    let workshop = Workshop { stage, checks, seen: Seen::default() };
    match super::play(look, &cues, workshop)? {
        Ending::Played | Ending::Left => Ok(0),
    }
}

/// The script as cues, and what to look for at each of them.
fn cues(lines: Vec<Line>) -> (Vec<Cue>, Vec<Check>) {
    let (mut cues, mut checks) = (Vec::new(), Vec::new());
    for line in lines {
        let heading = line.heading.map(|title| Cue::Heading { title: title.to_owned(), step: None });
        let note = Cue::Note { text: line.says.to_owned(), minutes: 0 };
        let before = heading.into_iter().chain([note]);
        for cue in before {
            cues.push(cue);
            checks.push(Check::None);
        }
        cues.push(Cue::Command(line.command));
        checks.push(line.check);
    }
    (cues, checks)
}

struct Workshop {
    stage: Stage,
    checks: Vec<Check>,
    seen: Seen,
}

impl World for Workshop {
    fn start(&mut self) -> Result<Session> {
        self.stage.empty()?;
        self.seen = Seen::default();
        Session::outside(self.stage.command("sh"))
    }

    fn judge(&mut self, cue: usize, code: u8, output: &str) -> Result<()> {
        if code != 0 {
            return Err(Error::Failed("the command above failed; its words are there, too".to_owned()));
        }
        self.seen.take(self.checks.get(cue).copied().unwrap_or(Check::None), output)
    }

    /// The script shows none.
    fn report(&self, _shown: &Shown) -> Vec<String> {
        Vec::new()
    }

    fn finish(&mut self) -> Result<()> {
        self.seen.verify()
    }
}

/// What the outputs said that must agree in the end.
#[derive(Default)]
struct Seen {
    pushed: Option<String>,
    pulled: Option<String>,
    pages: usize,
}

impl Seen {
    fn take(&mut self, check: Check, output: &str) -> Result<()> {
        match check {
            Check::None => {}
            Check::Pushed => self.pushed = digest(output),
            Check::Pulled => self.pulled = digest(output),
            Check::Page if output.contains("Ada") => self.pages += 1,
            Check::Page => return Err(Error::Failed("the page that came does not greet Ada".to_owned())),
            Check::Cached if output.contains("CACHED") => {}
            Check::Cached => return Err(Error::Failed("nothing was reused from the build before".to_owned())),
        }
        Ok(())
    }

    fn verify(&self) -> Result<()> {
        match (&self.pushed, &self.pulled) {
            (Some(pushed), Some(pulled)) if pushed == pulled && self.pages == 2 => {
                println!(
                    "\nThe digest pulled is the digest pushed, and the page was served before and after:\n  {pulled}"
                );
                Ok(())
            }
            (pushed, pulled) => {
                Err(Error::Failed(format!("pushed {pushed:?}, pulled {pulled:?}, {} pages", self.pages)))
            }
        }
    }
}

fn digest(output: &str) -> Option<String> {
    let start = output.find("sha256:")?;
    Some(output[start..].split_whitespace().next()?.to_owned())
}

/// A home for images, a registry and a working directory; all of it goes when
/// this is dropped.
struct Stage {
    /// The registry's address, `localhost:5000` if that port is free.
    registry: String,
    galley: PathBuf,
    home: PathBuf,
    pantry: PathBuf,
    directory: PathBuf,
    server: Child,
}

impl Stage {
    /// Builds the registry, starts it, and makes the directories.
    fn set(tree: &Tree, galley: &Path) -> Result<Self> {
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
            registry,
            galley: galley.to_owned(),
            pantry: pantry_store(tree),
            directory: tree.side(Side::Reference).join("quotes"),
            home,
            server,
        })
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

    /// Removes every container and image.
    fn empty(&self) -> Result<()> {
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
