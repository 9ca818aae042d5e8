//! Step 1: which program runs.

use oci_spec::image::Config;

use crate::Result;

/// Combines the image's ENTRYPOINT and CMD with what the user wrote.
///
/// - The arguments after the image's name replace CMD.
/// - `--entrypoint` replaces ENTRYPOINT, and CMD no longer counts: it was written for
///   another program. An empty one removes ENTRYPOINT.
/// - What runs is ENTRYPOINT followed by CMD.
///
/// The shell form is in the config as `["/bin/sh", "-c", "echo hi"]`: image-spec,
/// config.md, `Entrypoint` and `Cmd`.
///
/// # Errors
/// [`crate::Error::NoCommand`] if nothing is left to run.
pub fn command(config: &Config, entrypoint: Option<&str>, arguments: &[String]) -> Result<Vec<String>> {
    // ANCHOR: command
    let _ = (&config, &entrypoint, &arguments); // what you have to work with
    todo!("ch6 step 1: combine ENTRYPOINT and CMD")
    // ANCHOR_END: command
}
