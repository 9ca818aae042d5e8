//! HTTP as a registry client needs it: connections, retries, resumed transfers, stored
//! logins.
//!
//! [`Client`] sends a [`Request`] and returns the response. Below it, from the wire up:
//! [`transport`](Transport) makes connections that are trusted, tries again what may
//! succeed later, and resumes a transfer that broke; [`credentials`] finds the login;
//! [`TokenCache`] keeps the answer to a challenge. What answers a challenge is not here:
//! the client is given something that can ([`Authorize`]). [`for_each`] moves several
//! blobs at the same time.

mod address;
mod answer;
mod challenge;
mod client;
mod credential_helper;
pub mod credentials;
mod download;
mod error;
mod login;
mod mirror;
mod parallel;
mod plain_progress;
mod progress;
mod request;
mod retry;
mod session;
mod tags;
mod tls_roots;
mod token_cache;
mod tracked_body;
mod transport;
mod upload;

pub use address::resolve;
pub use answer::{encode_form, json_start, location, protocol_error, status_error};
pub use challenge::{Challenge, unquote};
pub use client::{Authorize, Client};
pub use error::{Error, Result};
pub use login::Login;
pub use parallel::{Event, Report, Transfer, for_each};
pub use plain_progress::{Direction, format_amount, line, to_lines};
pub use request::{Content, Request};
pub use session::{login, logout};
pub use tags::tags;
pub(crate) use token_cache::TokenCache;
pub use tracked_body::TrackedBody;
pub(crate) use transport::Transport;
pub use ureq::Body;
pub use ureq::http::Response;
