//! What to build, and with what.

use std::path::Path;

use namespaces::Network;
use storage::Image;

use crate::steps::{BecomeUser, OnCreate};

/// Finds the image that FROM or `COPY --from` names; its error is a message.
pub type FindImage<'a> = &'a dyn Fn(&str) -> std::result::Result<Image, String>;

/// Called with the number of bytes of each portion that is packed or unpacked.
pub type Progress = Box<dyn FnMut(u64)>;

/// What to build, and with what.
pub struct Options<'a> {
    /// The directory whose files COPY may use.
    pub context: &'a Path,
    pub dockerfile: &'a Path,
    /// Complete names to give the image, such as `docker.io/ada/quotes:1`.
    pub names: &'a [String],
    /// Values for ARG.
    pub build_args: &'a [(String, String)],
    /// Whether every instruction is executed, known or not.
    pub bypass_cache: bool,
    pub find_image: FindImage<'a>,
    pub on_create: OnCreate<'a>,
    /// How the process of a RUN becomes its user.
    pub become_user: BecomeUser,
    /// The stage to build, by name or number; without it the last.
    pub target: Option<&'a str>,
    /// What a RUN can reach: the host's network, or nothing.
    pub network: Network,
    /// Called with a label and a number of bytes before so many are packed or unpacked.
    /// What it returns is called with each portion, and dropped in the end.
    pub progress: &'a dyn Fn(&str, u64) -> Progress,
}
