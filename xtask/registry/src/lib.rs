//! A small registry on localhost, for class and for the checks of chapter 7.
//!
//! It speaks what clients need of the OCI distribution specification 1.1: blobs
//! (whole, in chunks, mounted), manifests, tags, catalog; Basic and Bearer
//! authentication. It stores everything below one directory and logs every
//! request, so a check compares what a client *did* and not what it printed.
//! Faults can be ordered beforehand: see [`Kind`].
//!
//! - `server`: accepts connections and answers their requests
//! - `http`: one request in, one response out, on a kept-alive connection
//! - `storage`: blobs, manifests and tags on the disk
//! - `auth`: who may do what, and the 401 that says how to ask
//! - `routes`: from method and path to storage
//! - `mirror`: fetches from another registry first
//! - `fault`: what goes wrong on order

mod auth;
mod fault;
mod http;
mod lock;
mod log;
mod mirror;
mod random;
mod routes;
mod server;
mod storage;

pub use fault::{Fault, Kind};
pub use log::Entry;
pub use mirror::DOCKER_HUB;
pub use server::{Options, Server};
