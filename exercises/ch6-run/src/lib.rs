//! Chapter 6: an image becomes a process.
//!
//! | step | function | the question it answers |
//! | --- | --- | --- |
//! | 1 | [`command`] | which program runs, when image and user both have a say |
//! | 2 | [`user`] | who runs it, by the image's own `/etc/passwd` |
//! | 3 | [`parse_port`] | where it can be reached: what `-p 127.0.0.1:4567:80` means |
//! | 4 | [`publish`] | how a connection gets into another network namespace |
//! | 5 | [`save`] | who remembers: a record that survives a power cut |
//! | 6 | [`status`] | who is alive: a lock that the kernel drops |
//! | 7 | [`process`] | which process that is, when numbers are used again |
//! | 8 | [`stop`] | how to end it politely, and then surely |
//!
//! The crate `monitor` puts these steps together with those of the earlier chapters.

mod command;
mod container;
mod error;
mod port;
mod process;
mod publish;
mod save;
mod status;
mod stop;
mod user;

pub use command::command;
pub use container::{Container, LOCK, load};
pub use error::{Error, PortError, Result};
pub use port::{Port, parse_port};
pub use process::process;
pub use publish::{MAX_CONNECTIONS, RETRY_DELAY, listen, publish, relay};
pub use save::save;
pub use status::{Status, status};
pub use stop::stop;
pub use user::{User, user};
