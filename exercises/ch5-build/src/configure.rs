//! Step 5: describe the image.

use builder::ConfigDraft;
use dockerfile::{Action, Diagnostic};

/// Writes into the config what an instruction says about the image.
///
/// None of these instructions makes a layer: they change a few lines of JSON.
///
/// - A later ENV or LABEL of the same name replaces the earlier one, and USER, STOPSIGNAL,
///   CMD and ENTRYPOINT replace what was there.
/// - EXPOSE and VOLUME add up. 80 means `80/tcp`.
/// - A relative WORKDIR begins in the one before.
/// - ENTRYPOINT clears a CMD that the base image brought, because it was meant for another
///   program. It keeps a CMD of the same stage, wherever that stands.
/// - The shell form of CMD and ENTRYPOINT becomes the last argument of `shell`, which SHELL
///   sets for the lines below it.
///
/// All other instructions say nothing about the image. See the Dockerfile reference, and
/// image-spec, config.md.
///
/// # Errors
/// A port or a signal that cannot be one.
pub fn configure(draft: &mut ConfigDraft, action: &Action) -> Result<(), Diagnostic> {
    // ANCHOR: configure
    let _ = (&draft, &action); // what you have to work with
    todo!("ch5 step 5: describe the image in its config")
    // ANCHOR_END: configure
}
