//! The engine of a build: it takes the instructions one after the other, and calls the
//! steps of chapter 5 for what they decide.
//!
//! It lies below the chapter and never calls it by name: [`build`] is handed the chapter's
//! functions as [`Steps`]. [`steps`] has the types that go in and out of them. The other
//! public functions are what the steps are made of:
//!
//! | for | |
//! | --- | --- |
//! | paths | [`resolve_beneath`], [`resolve_parent`], [`expand_pattern`], [`walk`], [`join`] |
//! | the config | [`set_env`], [`union`], [`absolute`], [`parse_port`], [`parse_signal`] |
//! | layers | [`LayerEntries`], [`Overlay`], [`file_digest`] |
//! | RUN | [`make_mount_points`], [`host_files`], [`Program`] |

mod cache;
mod config;
mod context;
mod engine;
mod entries;
mod error;
mod execution;
mod files;
mod host;
mod options;
mod overlay;
mod owner;
mod platform;
mod program;
mod stage;
pub mod steps;

pub use cache::{CacheRecords, Record, file_digest, now};
pub use config::{absolute, parse_port, parse_signal, set_env, union};
pub use context::{expand_pattern, join, missing_source, outside_context, resolve_beneath, resolve_parent, walk};
pub use engine::build;
pub use entries::LayerEntries;
pub use error::{Error, Result};
pub use host::{host_files, make_mount_points};
pub use options::Options;
pub use overlay::Overlay;
pub use program::{Program, become_user};
pub use steps::{BecomeUser, ConfigDraft, Process, Selected, StageCache, Steps, Target, Work};
