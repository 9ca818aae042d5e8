//! Chapter 7: names, login, push and pull.
//!
//! A registry is a server that stores blobs and manifests, and gives manifests names. Its
//! API is the OCI distribution specification: a dozen requests over HTTP. In the order of
//! the chapter:
//!
//! 1. [`parse_reference`] reads an image's name as Docker does;
//! 2. [`parse_challenge`] understands the registry's 401;
//! 3. [`authorize`] answers it, with a password or a token;
//! 4. [`push_blob`] uploads a blob that is not there yet;
//! 5. [`push()`] pushes an image, its manifest last;
//! 6. [`fetch_manifest`] downloads a manifest, and refuses one that is not what was asked for;
//! 7. [`pull_blob`] downloads a blob, and verifies it;
//! 8. [`pull()`] pulls an image, its manifest first.
//!
//! The crate `http-client` sends the requests, and calls steps 2 and 3 for a 401;
//! `distribution` knows names, platforms and what the store has.

mod authorize;
mod blobs;
mod challenge;
mod error;
mod manifest;
mod pull;
mod push;
mod reference;

use http_client::{Authorize, Challenge, Client, credentials};

pub use authorize::authorize;
pub use blobs::{pull_blob, push_blob};
pub use challenge::parse_challenge;
pub use error::{Error, Result};
pub use manifest::fetch_manifest;
pub use pull::pull;
pub use push::push;
pub use reference::parse_reference;

/// Answers challenges by steps 2 and 3.
pub struct Steps;

/// What [`http_client::Client::new`] takes to answer challenges.
pub const AUTHORIZE: Steps = Steps;

impl Authorize for Steps {
    fn parse(&self, header: &str) -> http_client::Result<Challenge> {
        parse_challenge(header)
    }

    fn authorize(&self, client: &Client, challenge: &Challenge) -> http_client::Result<String> {
        authorize(client, challenge)
    }
}

/// A client with the login that is stored for the registry, if one is.
///
/// # Errors
/// A file of logins that cannot be read.
pub fn client(registry: &str) -> Result<Client> {
    Ok(Client::new(registry, credentials::stored(registry)?, &AUTHORIZE))
}
