//! Chapter 6: an image becomes a process.
//!
//! The chapters before this one made all the parts: a root of its own, a view of
//! its own, a share of its own, and the layers to fill the root with. This one
//! puts them together into what a user of Docker calls *a container*.
//!
//! | step | function | it answers |
//! | --- | --- | --- |
//! | 1 | [`command`] | which program runs, when image and user both have a say |
//! | 2 | [`user`] | who runs it, by the image's own `/etc/passwd` |
//! | 3 | [`parse_port`] | what `-p 127.0.0.1:4567:80` means |
//! | 4 | [`publish`] | how a connection gets into a network namespace |
//! | 5 | [`stop`] | how to end a process politely, and then surely |
//!
//! The rest is given: [`Settings`] is what the user asked for, [`Container`] is
//! one container's record on disk, and [`foreground`] the conversation that the
//! whole workbook was about.

mod card;
mod command;
mod container;
mod error;
mod exec;
mod outbound;
pub mod pidfd;
mod port;
mod process;
mod publish;
mod range;
mod settings;
mod start;
mod stop;
mod terminal;
mod tmpfs;
mod user;

pub use command::command;
pub use container::{Container, Containers, Status};
pub use error::{Error, Result};
pub use exec::{Exec, exec};
pub use outbound::Helper;
pub use port::{Port, parse_port};
pub use process::Process;
pub use publish::{join, listen, publish};
pub use range::parse_ports;
pub use settings::{Network, Settings, Volume};
pub use start::{Root, detach, foreground};
pub use stop::{stop, stop_container};
pub use terminal::{Carrier, Terminal};
pub use tmpfs::Tmpfs;
pub use user::{User, lines, user};
