//! `cargo xtask demo`: the workshop from build to pull, or a chapter, played live.
//!
//! Both are lists of events ([`event`]) that a player ([`player`]) brings to the screen
//! ([`screen`]). A chapter's events are its page, played in a sandbox ([`chapter`]);
//! the workshop's are written down in [`script`], and played on this machine with its own
//! image store and registry ([`workshop`]).

mod chapter;
mod code;
mod environment;
mod event;
mod keys;
mod player;
mod run;
mod screen;
mod script;
mod text;
mod window;
mod workshop;

pub use chapter::events;
pub use event::Event;
pub use run::{Request, run};
