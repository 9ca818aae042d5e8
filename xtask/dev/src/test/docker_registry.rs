//! The workshop's image in a registry that others wrote: Debian's docker-registry.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::demo::open;
use super::tmux::Size;
use crate::stage::Stage;
use crate::stage::quiet;
use xtask::error::{Error, Result};
use xtask::files;
use xtask::packages;
use xtask::repo::Repo;

const USER: &str = "ada";
const PASSWORD: &str = "geheim:7";
/// bcrypt of [`PASSWORD`], the only kind that docker-registry takes.
const HTPASSWD: &str = "ada:$2b$04$THh72S35y3DBwv5ei.ia3.q9EATfqniB.UbONotZli4EVyz59fBUW\n";

/// How long the registry may take to start, and a part of the demo to be played.
const TIMEOUT: Duration = Duration::from_secs(120);

/// `demo --to`, with the name and the password typed when galley asks for them.
pub fn pushed(repo: &Repo) -> Result<Stage> {
    for program in ["tmux", "docker-registry", "curl"] {
        if packages::find(program).is_none() {
            return Ok(Stage::Skipped(format!("{program} is not installed; `cargo xtask setup` installs it")));
        }
    }
    let shelf = Shelf::start(repo)?;
    let to = format!("{}/{USER}", shelf.address);
    let terminal = open(repo, "shelf", Size(80, 24), &["--auto", "--to", &to])?;
    terminal.wait("question for the name", TIMEOUT, |view| view.last() == "Username:")?;
    terminal.press(&[USER, "Enter"])?;
    terminal.wait("question for the password", TIMEOUT, |view| view.last() == "Password:")?;
    terminal.press(&[PASSWORD, "Enter"])?;
    let view = terminal.wait("end", TIMEOUT, |view| view.ended.is_some())?;
    let lines = terminal.everything()?;
    let digest = lines.iter().find_map(|line| line.strip_prefix("Digest: ")).unwrap_or_default();
    let held = shelf.digest()?;
    if view.ended != Some(0) || held != digest || lines.iter().any(|line| line.contains(PASSWORD)) {
        let words = lines.join("\n");
        return Err(Error::Failed(format!("it ended with {:?}; the registry has '{held}':\n{words}", view.ended)));
    }
    Ok(Stage::Passed(format!("docker-registry has {digest}")))
}

/// The registry, until dropped. It wants a password.
struct Shelf {
    child: Child,
    address: String,
    directory: PathBuf,
}

impl Shelf {
    fn start(repo: &Repo) -> Result<Self> {
        let directory = repo.target().join("tmp/shelf");
        files::create_dir(&directory)?;
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = free.map_err(Error::file("listen on", Path::new("localhost")))?.port();
        let root = directory.display();
        let config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {root}/data}}}}\nhttp: {{addr: 127.0.0.1:{port}}}\n\
             auth: {{htpasswd: {{realm: shelf, path: {root}/htpasswd}}}}\n"
        );
        for (name, text) in [("config.yml", config.as_str()), ("htpasswd", HTPASSWD)] {
            let path = directory.join(name);
            fs::write(&path, text).map_err(Error::file("write", &path))?;
        }
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(directory.join("config.yml")).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(Error::file("run", Path::new("docker-registry")))?;
        let shelf = Self { child, address: format!("localhost:{port}"), directory };
        let deadline = Instant::now() + TIMEOUT;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() >= deadline {
                return Err(Error::Failed("docker-registry does not listen".to_owned()));
            }
            sleep(Duration::from_millis(10));
        }
        Ok(shelf)
    }

    /// The digest of the image, as the registry gives it.
    fn digest(&self) -> Result<String> {
        let url = format!("http://{}/v2/{USER}/quotes/manifests/1", self.address);
        let mut command = Command::new("curl");
        command.args(["--silent", "--fail", "--head", "--user", &format!("{USER}:{PASSWORD}")]);
        let output = quiet(command.args(["--header", "Accept: application/vnd.oci.image.manifest.v1+json", &url]))?;
        let headers = String::from_utf8_lossy(&output.stdout).to_lowercase();
        let digest = headers.lines().find_map(|line| line.strip_prefix("docker-content-digest:"));
        Ok(digest.unwrap_or_default().trim().to_owned())
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended.and_then(|_| fs::remove_dir_all(&self.directory)) {
            eprintln!("xtask: {}: {error}", self.directory.display());
        }
    }
}
