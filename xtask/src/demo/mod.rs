//! `cargo xtask demo`: the workshop from build to pull, or a chapter, played live.
//!
//! Both are lists of cues ([`cue`]) that a player ([`player`]) brings to the screen
//! ([`screen`]). A chapter's cues are its page, played in a sandbox ([`chapter`]);
//! the workshop's are written down in [`script`], and played on this machine with a
//! home for images of its own and a registry ([`workshop`]).

mod chapter;
mod code;
mod cue;
mod keys;
mod player;
mod screen;
mod script;
mod stage;
mod text;
mod verdict;
mod workshop;

use std::time::Instant;

use course::Chapter;

use crate::assemble::Mix;
use crate::error::{Error, Result};
use crate::setup;
use crate::tree::Tree;

use player::{Ending, Player, World};
use screen::{Look, Screen};

pub use chapter::cues;
pub use cue::Cue;

/// What to play, and how.
#[derive(Default)]
pub struct Request {
    /// Without one, the workshop.
    pub chapter: Option<&'static Chapter>,
    pub mix: Mix,
    pub auto: bool,
    pub big: bool,
    /// Show commands at once, not letter by letter.
    pub quick: bool,
    /// Show each step's code.
    pub code: bool,
    /// Where the workshop's image goes, as `REGISTRY/USER`, if to a real registry.
    pub to: Option<String>,
    /// Install what is missing without asking.
    pub yes: bool,
}

/// Plays it; without waiting for a key with `auto`, or where nobody could press one.
pub fn run(tree: &Tree, request: &Request) -> Result<u8> {
    let look = Look { big: request.big, auto: request.auto || !screen::has_keys(), quick: request.quick };
    if let (Some(_), Some(chapter)) = (&request.to, request.chapter) {
        return Err(Error::Usage(format!("--to is for the workshop, and {} is a chapter", chapter.id())));
    }
    setup::run(setup::DEMO, request.yes)?;
    match request.chapter {
        Some(which) => chapter::run(tree, which, look, request.code),
        None => workshop::run(tree, request.mix, look, request.to.as_deref()),
    }
}

/// Plays the cues in a world, which is gone afterwards, and says how long it took.
fn play<W: World>(screen: &Screen, cues: &[Cue], world: W) -> Result<Ending> {
    let start = Instant::now();
    let ending = Player::new(screen, cues, world)?.play()?;
    let minutes: u32 = cues.iter().map(|cue| if let Cue::Note { minutes, .. } = cue { *minutes } else { 0 }).sum();
    let said = if minutes > 0 { format!(" The notes take {minutes} minutes to say.") } else { String::new() };
    let total = start.elapsed().as_secs_f32();
    screen.last_words(&format!("\nEverything is removed again. That took {total:.1} s.{said}\n"))?;
    Ok(ending)
}

fn plural(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}
