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
    use crate::Error;

    let image_entrypoint = config.entrypoint().clone().unwrap_or_default();
    let image_cmd = config.cmd().clone().unwrap_or_default();
    let (mut command, default_arguments) = match entrypoint {
        None => (image_entrypoint, image_cmd),
        Some("") => (Vec::new(), Vec::new()),
        Some(program) => (vec![program.to_owned()], Vec::new()),
    };
    if arguments.is_empty() {
        command.extend(default_arguments);
    } else {
        command.extend_from_slice(arguments);
    }
    if command.is_empty() { Err(Error::NoCommand) } else { Ok(command) }
    // ANCHOR_END: command
}
