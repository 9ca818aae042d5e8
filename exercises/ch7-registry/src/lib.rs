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
//! redirects; [`transport`], connections;
//! [`retry`] and [`resume`], what is done when they fail; [`roots`], whose certificates are
//! trusted; [`address`]; [`credentials`] and [`helpers`], where
//! logins are stored; [`mirror`]; [`error`].

pub mod address;
pub mod blobs;
pub mod challenge;
pub mod client;
pub mod credentials;
pub mod error;
pub mod grammar;
pub mod helpers;
pub mod mirror;
pub mod pull;
pub mod push;
pub mod reference;
pub mod resume;
pub mod retry;
pub mod roots;
pub mod transport;

pub use blobs::Transfer;
pub use challenge::{Challenge, parse_challenge};
pub use client::Client;
pub use credentials::{Login, login, logout};
pub use error::{Error, Result};
pub use pull::pull;
pub use push::push;
pub use reference::{Reference, parse_reference};
