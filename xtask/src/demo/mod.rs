//! `cargo xtask demo`: the workshop from build to pull, played live.
//!
//! [`script`] says what is typed and why; [`stage`] is the world it runs in: a
//! home for images of its own, a registry on localhost, and nothing left after.

mod script;
mod stage;

use std::io::{IsTerminal, Write, stdin, stdout};
use std::time::Instant;

use crate::assemble::{Mix, assemble, fill_pantry};
use crate::error::{Error, Result};
use crate::setup;
use crate::tree::Tree;

use script::{Check, Line};
use stage::Stage;

/// Plays it all; with `auto`, or where nobody could press it, without waiting for
/// Enter.
pub fn run(tree: &Tree, mix: Mix, auto: bool, yes: bool) -> Result<u8> {
    let start = Instant::now();
    let auto = auto || !stdin().is_terminal();
    setup::run(setup::DEMO, yes)?;
    println!("Building galley, and a base image if there is none yet. This takes a minute the first time.");
    let galley = assemble(tree, mix, false)?;
    fill_pantry(tree, &galley.program)?;
    println!("galley, {}", galley.whose());
    let stage = Stage::set(tree, &galley.program)?;
    let mut seen = Seen::default();
    for line in script::lines(&stage) {
        play(&stage, &line, auto, &mut seen)?;
    }
    seen.verify()?;
    drop(stage);
    println!("\nEverything is removed again. That took {} s.", start.elapsed().as_secs());
    Ok(0)
}

/// What the outputs said that must agree in the end.
#[derive(Default)]
struct Seen {
    pushed: Option<String>,
    pulled: Option<String>,
    pages: usize,
}

impl Seen {
    fn take(&mut self, check: Check, command: &str, output: &str) -> Result<()> {
        match check {
            Check::None => {}
            Check::Pushed => self.pushed = digest(output),
            Check::Pulled => self.pulled = digest(output),
            Check::Page => {
                if !output.contains("Ada") {
                    return Err(Error::Failed(format!("`{command}` brought a page that does not greet Ada")));
                }
                self.pages += 1;
            }
            Check::Cached => {
                if !output.contains("CACHED") {
                    return Err(Error::Failed(format!("`{command}` reused nothing from the build before")));
                }
            }
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

fn play(stage: &Stage, line: &Line, auto: bool, seen: &mut Seen) -> Result<()> {
    if let Some(heading) = line.heading {
        println!("\n{heading}\n{}", "=".repeat(heading.chars().count()));
    }
    println!("\n# {}", line.says);
    println!("$ {}", line.command);
    if !auto {
        wait_for_enter()?;
    }
    let (success, output) = stage.perform(&line.command)?;
    if !success {
        return Err(Error::Failed(format!("`{}` failed; its words are above", line.command)));
    }
    seen.take(line.check, &line.command, &output)
}

fn wait_for_enter() -> Result<()> {
    let mut line = String::new();
    let read = stdout().flush().and_then(|()| stdin().read_line(&mut line));
    match read {
        Ok(0) => Err(Error::Usage("nobody to press Enter; use --auto".to_owned())),
        Ok(_) => Ok(()),
        Err(error) => Err(Error::file("read", "standard input".as_ref())(error)),
    }
}
