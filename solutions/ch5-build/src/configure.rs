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
    use builder::{absolute, parse_port, parse_signal, set_env, union};

    let ConfigDraft { config, shell, has_own_cmd } = draft;
    match action {
        Action::Workdir(path) => {
            let path = absolute(config.working_dir().as_deref(), path);
            config.set_working_dir(Some(path.display().to_string()));
        }
        Action::Env(pairs) => {
            let mut env = config.env().clone().unwrap_or_default();
            pairs.iter().for_each(|(name, value)| set_env(&mut env, name, value.as_deref().unwrap_or_default()));
            config.set_env(Some(env));
        }
        Action::Label(pairs) => {
            let labels = config.labels_mut().get_or_insert_default();
            labels.extend(pairs.iter().map(|(name, value)| (name.clone(), value.clone().unwrap_or_default())));
        }
        Action::Expose(words) => {
            let ports = words.iter().map(|word| parse_port(word)).collect::<Result<Vec<_>, _>>()?;
            config.set_exposed_ports(Some(union(config.exposed_ports(), ports)));
        }
        Action::Volume(paths) => _ = config.set_volumes(Some(union(config.volumes(), paths.clone()))),
        Action::User(user) => _ = config.set_user(Some(user.clone())),
        Action::StopSignal(text) => _ = config.set_stop_signal(Some(parse_signal(text)?)),
        Action::Cmd(command) => {
            *has_own_cmd = true;
            config.set_cmd(Some(command.argv(shell)));
        }
        Action::Entrypoint(command) => {
            config.set_entrypoint(Some(command.argv(shell)));
            if !*has_own_cmd {
                config.set_cmd(None);
            }
        }
        Action::Shell(words) => shell.clone_from(words),
        _ => {}
    }
    Ok(())
    // ANCHOR_END: configure
}
