//! Chapter 7: names, login, push and pull.
//!
//! A registry is a server that keeps blobs and manifests and gives manifests
//! names. Its API is the OCI distribution specification: a dozen requests over
//! HTTP. The steps, in reading order:
//!
//! 1. [`parse_reference`]: read an image's name as Docker does
//! 2. [`parse_challenge`]: understand the registry's 401
//! 3. [`Client::authorize`]: answer it, with a password or with a token
//! 4. [`Client::push_blob`]: upload a blob that is not there yet
//! 5. [`push()`]: push an image
//! 6. [`Client::pull_blob`]: download a blob and verify it
//! 7. [`pull()`]: pull an image
//!
//! Given: [`grammar`], what a name may be made of; [`client`], requests and
//! redirects; [`transport`], connections; [`granted`] and [`oauth`], tokens;
//! [`several`] and [`meter`], transfers at the same time; [`contents`] and
//! [`platform`], what belongs to an image; [`lines`], what is told of it;
//! [`retry`] and [`resume`], what is done when requests fail; [`tags`], lists of names;
//! [`roots`], whose certificates are trusted; [`address`]; [`credentials`] and [`helpers`], where
//! logins are stored; [`mirror`]; [`error`].

pub mod address;
pub mod blobs;
pub mod challenge;
pub mod client;
pub mod contents;
pub mod credentials;
pub mod error;
pub mod grammar;
pub mod granted;
pub mod helpers;
pub mod lines;
pub mod meter;
pub mod mirror;
pub mod oauth;
pub mod platform;
pub mod pull;
pub mod push;
pub mod reference;
pub mod resume;
pub mod retry;
pub mod roots;
pub mod several;
pub mod tags;
pub mod transport;

pub use blobs::Transfer;
pub use challenge::{Challenge, parse_challenge};
pub use client::Client;
pub use credentials::{Login, login, logout};
pub use error::{Error, Result};
pub use lines::Direction;
pub use platform::Platform;
pub use pull::{pull, pull_all};
pub use push::{push, push_all};
pub use reference::{Reference, parse_reference};
pub use several::{Event, Report};
