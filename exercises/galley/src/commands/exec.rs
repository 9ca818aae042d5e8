//! `galley exec`.

use monitor::Exec;

use super::terminal::check_terminal;
use crate::cli;
use crate::error::Result;
use crate::home::Home;

/// Runs a command in a container that runs; the exit code is the command's.
pub fn exec(arguments: &cli::Exec) -> Result<u8> {
    if arguments.interactive && arguments.tty {
        check_terminal()?;
    }
    let containers = Home::find()?.containers()?;
    let (container, _) = containers.find(&arguments.container)?;
    let request = Exec {
        argv: arguments.command.clone(),
        env: arguments.env.clone(),
        workdir: arguments.workdir.clone(),
        user: arguments.user.clone(),
        interactive: arguments.interactive,
        terminal: arguments.tty,
    };
    Ok(monitor::exec(&containers, &container, &request)?)
}
