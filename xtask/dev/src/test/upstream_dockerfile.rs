//! The original workshop's own Dockerfile, as an ordinary user.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, thread};

use nix::unistd::geteuid;

use super::chapters::NOBODY;
use crate::base_images;
use crate::stage::Stage;
use crate::stage::quiet;
use xtask::error::{Error, Result};
use xtask::files;
use xtask::galley::{Choice, Galley};
use xtask::repo::{Repo, Tree};

/// Copied word for word. Its base image is no longer supported, so an image from the pantry
/// gets that name. `--trusted-host` is useless here and must not disturb.
const DOCKERFILE: &str = "FROM python:alpine3.7
WORKDIR /app
COPY requirements.txt /app
RUN pip install --trusted-host pypi.python.org -r requirements.txt
COPY . /app
EXPOSE 80
ENTRYPOINT [\"python\"]
CMD [\"hello.py\"]
";

const BASE: &str = "python:3-slim";

/// How long to wait for the page.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Builds the application with it, runs it in the background, and asks for the page.
pub fn dockerfile(repo: &Repo) -> Result<Stage> {
    let galley = Galley::build(repo, Choice::Reference, false)?.program;
    base_images::fill(repo, &galley)?;
    let table = Table::lay(repo, &galley)?;
    let result = table.play();
    files::remove(&table.directory)?;
    result.map(|()| Stage::Passed("built, run and asked as an ordinary user".to_owned()))
}

/// A directory where an ordinary user has galley, a home and the application.
struct Table {
    directory: PathBuf,
}

impl Table {
    fn lay(repo: &Repo, galley: &Path) -> Result<Self> {
        let table = Self { directory: std::env::temp_dir().join(format!("galley-original-{}", std::process::id())) };
        let [home, archive, context, program] = ["home", "base.tar", "context", "galley"].map(|name| table.at(name));
        files::create_dir(&home)?;
        quiet(Command::new("cp").arg("--recursive").arg(repo.tree(Tree::Solutions).join("quotes")).arg(&context))?;
        fs::copy(galley, &program).map_err(Error::file("copy", galley))?;
        let path = context.join("Dockerfile");
        files::write(&path, DOCKERFILE)?;
        let pantry = repo.target().join("pantry/home");
        quiet(Command::new(galley).env("GALLEY_HOME", pantry).args(["save", "--output"]).arg(archive).arg(BASE))?;
        if geteuid().is_root() {
            quiet(Command::new("chown").args(["--recursive", &NOBODY.to_string()]).arg(&table.directory))?;
        }
        Ok(table)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn galley(&self, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new(self.at("galley"));
        command.env("GALLEY_HOME", self.at("home")).current_dir(self.at("context")).args(arguments);
        if geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        quiet(&mut command).map(drop)
    }

    fn play(&self) -> Result<()> {
        self.galley(&["load", "--input", "../base.tar"])?;
        self.galley(&["tag", BASE, "python:alpine3.7"])?;
        self.galley(&["build", "--tag", "ada/original:1", "."])?;
        // A loopback address of our own: port 4567 of the usual one may be in use.
        let address = SocketAddr::from(([127, 45, 67, 80], 4567));
        self.galley(&["run", "-d", "--name", "original", "-p", &format!("{address}:80"), "ada/original:1"])?;
        let asked = greeted(address);
        self.galley(&["rm", "-f", "original"])?;
        asked
    }
}

/// Asks until the application listens.
fn greeted(address: SocketAddr) -> Result<()> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let mut page = String::new();
        let asked = TcpStream::connect(address).and_then(|mut stream| {
            stream.write_all(b"GET /hello/Ada HTTP/1.0\r\n\r\n")?;
            stream.read_to_string(&mut page)
        });
        match asked {
            Ok(_) if page.contains("Hello, Ada!") && page.contains("<blockquote>") => return Ok(()),
            _ if Instant::now() > deadline => {
                return Err(Error::Failed(format!("the page did not come within {TIMEOUT:?}: {asked:?} {page}")));
            }
            // Nothing signals that a server has begun to listen, so poll.
            _ => thread::sleep(Duration::from_millis(50)),
        }
    }
}
