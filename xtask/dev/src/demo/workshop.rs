//! The workshop from build to pull, played on this machine: a container runs on its
//! kernel and network, with a home for images, a registry and credentials of its own.

use pages::Shown;

use super::environment::{self, Environment};
use super::event::Event;
use super::player::{Backend, play};
use super::screen::{Look, Screen};
use super::script::{self, Check, Line};
use crate::base_images;
use crate::terminal::Session;
use xtask::error::{Error, Result};
use xtask::galley::{Choice, Galley};
use xtask::repo::Repo;

/// Plays it. With `to`, as `REGISTRY/USER`, the image goes to a real registry.
pub fn run(repo: &Repo, choice: Choice, look: Look, to: Option<&str>) -> Result<u8> {
    let real = to.map(environment::real).transpose()?;
    environment::free_port()?;
    println!("Building galley, and a base image if there is none yet. This takes a minute the first time.");
    let galley = Galley::build(repo, choice, false)?;
    base_images::fill(repo, &galley.program)?;
    println!("galley, {}", galley.whose());
    let registry = environment::registry_program(repo)?;
    // From here on a signal ends it in order.
    let screen = Screen::open(look)?;
    let environment = Environment::set(repo, &galley.program, registry, real)?;
    let (events, checks) = events(script::lines(nix::unistd::geteuid().is_root(), &environment.destination));
    play(&screen, &events, Workshop { environment, checks, seen: Seen::default(), galley, choice })?;
    Ok(0)
}

/// The script as events, and what to look for at each of them.
fn events(lines: Vec<Line>) -> (Vec<Event>, Vec<Check>) {
    let (mut events, mut checks, mut part) = (Vec::new(), Vec::new(), 0);
    for line in lines {
        let heading = line.heading.map(|title| {
            part += 1;
            Event::Heading { title: title.to_owned(), step: Some(part) }
        });
        let note = Event::Note { text: line.says.to_owned(), minutes: 0 };
        let before = heading.into_iter().chain([note]);
        for event in before {
            events.push(event);
            checks.push(Check::None);
        }
        events.push(if line.asks { Event::Asking(line.command) } else { Event::Command(line.command) });
        checks.push(line.check);
    }
    (events, checks)
}

struct Workshop {
    environment: Environment,
    checks: Vec<Check>,
    seen: Seen,
    galley: Galley,
    choice: Choice,
}

impl Backend for Workshop {
    fn start(&mut self) -> Result<Session> {
        self.environment.empty()?;
        self.seen = Seen::default();
        Session::outside(self.environment.command("sh"))
    }

    fn judge(&mut self, event: usize, code: u8, output: &str) -> Result<()> {
        if code != 0 {
            return Err(Error::Failed("the command above failed; its words are there, too".to_owned()));
        }
        self.seen.take(self.checks.get(event).copied().unwrap_or(Check::None), output)
    }

    /// The script shows none.
    fn report(&self, _shown: &Shown) -> Vec<String> {
        Vec::new()
    }

    fn finish(&mut self) -> Result<String> {
        let digest = self.seen.verify()?;
        let mut said = format!(
            "\nThe digest pulled is the digest pushed, and the page was served before and after:\n  {digest}\n"
        );
        if self.choice != Choice::Reference {
            said.push_str(&self.galley.parts());
        }
        Ok(said)
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

    /// The digest, if it is the same both times, and the page came both times.
    fn verify(&self) -> Result<&str> {
        match (&self.pushed, &self.pulled) {
            (Some(pushed), Some(pulled)) if pushed == pulled && self.pages == 2 => Ok(pulled),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_digest_or_a_missing_page_is_a_failure() {
        let mut seen = Seen::default();
        seen.take(Check::Pushed, "1: digest: sha256:aa size: 7\n").expect("a digest");
        seen.take(Check::Page, "Hello, Ada!").expect("a page");
        seen.take(Check::Pulled, "Digest: sha256:aa\n").expect("a digest");
        assert!(seen.verify().is_err(), "one page only");
        seen.take(Check::Page, "Hello, Ada!").expect("a page");
        assert_eq!(seen.verify().expect("all of it"), "sha256:aa");
        seen.take(Check::Pulled, "Digest: sha256:ab\n").expect("a digest");
        assert!(seen.verify().is_err(), "another digest");
        assert!(seen.take(Check::Page, "Not Found").is_err());
        assert!(seen.take(Check::Cached, "[1/8] FROM").is_err());
    }
}
