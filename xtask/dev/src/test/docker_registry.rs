//! The workshop's image in a registry that others wrote: Debian's docker-registry.

use std::process::Command;
use std::time::Duration;

use xtask::error::{Error, Result};
use xtask::repo::Repo;
use xtask::{files, packages};

use super::demo::open;
use super::tmux::Size;
use crate::registry::DockerRegistry;
use crate::stage::{Stage, quiet};

const USER: &str = "ada";
const PASSWORD: &str = "geheim:7";
/// bcrypt of [`PASSWORD`], the only kind that docker-registry takes.
const HTPASSWD: &str = "ada:$2b$04$THh72S35y3DBwv5ei.ia3.q9EATfqniB.UbONotZli4EVyz59fBUW\n";

/// How long a part of the demo may take.
const TIMEOUT: Duration = Duration::from_secs(120);

/// `demo --to`, with the name and the password typed when galley asks for them.
pub fn pushed(repo: &Repo) -> Result<Stage> {
    for program in ["tmux", "docker-registry", "curl"] {
        if packages::find(program).is_none() {
            return Ok(Stage::Skipped(format!("{program} is not installed; `cargo xtask setup` installs it")));
        }
    }
    let directory = repo.target().join("tmp/docker-registry");
    files::create_dir(&directory)?;
    let registry = DockerRegistry::start(&directory, Some(HTPASSWD))?;
    let result = play(repo, &registry.address);
    drop(registry);
    files::remove(&directory)?;
    result.map(|digest| Stage::Passed(format!("docker-registry has {digest}")))
}

fn play(repo: &Repo, address: &str) -> Result<String> {
    let to = format!("{address}/{USER}");
    let terminal = open(repo, "registry", Size(80, 24), &["--auto", "--to", &to])?;
    terminal.wait("question for the name", TIMEOUT, |view| view.last() == "Username:")?;
    terminal.press(&[USER, "Enter"])?;
    terminal.wait("question for the password", TIMEOUT, |view| view.last() == "Password:")?;
    terminal.press(&[PASSWORD, "Enter"])?;
    let view = terminal.wait("end", TIMEOUT, |view| view.ended.is_some())?;
    let lines = terminal.everything()?;
    let digest = lines.iter().find_map(|line| line.strip_prefix("Digest: ")).unwrap_or_default();
    let held = stored_digest(address)?;
    if view.ended != Some(0) || held != digest || lines.iter().any(|line| line.contains(PASSWORD)) {
        let words = lines.join("\n");
        return Err(Error::Failed(format!("it ended with {:?}; the registry has '{held}':\n{words}", view.ended)));
    }
    Ok(digest.to_owned())
}

/// The digest of the image, as the registry gives it.
fn stored_digest(address: &str) -> Result<String> {
    let url = format!("http://{address}/v2/{USER}/quotes/manifests/1");
    let mut command = Command::new("curl");
    command.args(["--silent", "--fail", "--head", "--user", &format!("{USER}:{PASSWORD}")]);
    let output = quiet(command.args(["--header", "Accept: application/vnd.oci.image.manifest.v1+json", &url]))?;
    let headers = String::from_utf8_lossy(&output.stdout).to_lowercase();
    let digest = headers.lines().find_map(|line| line.strip_prefix("docker-content-digest:"));
    Ok(digest.unwrap_or_default().trim().to_owned())
}
