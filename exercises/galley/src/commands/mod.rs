//! One file for each group of commands.

mod archives;
mod build;
mod containers;
mod history;
mod images;
mod registries;
mod run;
mod table;

use crate::cli::Command;
use crate::error::Result;

/// Carries out a command; returns the exit code.
pub fn run(command: &Command) -> Result<u8> {
    match command {
        Command::Build(arguments) => build::build(arguments)?,
        Command::Run(arguments) => return run::run(arguments),
        Command::Images(arguments) => images::list(arguments)?,
        Command::Tag { image, name } => images::tag(image, name)?,
        Command::Rmi(arguments) => images::remove(arguments)?,
        Command::History(arguments) => history::show(arguments)?,
        Command::Save(arguments) => archives::save(arguments)?,
        Command::Load { input } => archives::load(input.as_deref())?,
        Command::Inspect { name } => images::inspect(name)?,
        Command::Ps(arguments) => containers::list(arguments)?,
        Command::Logs { container } => containers::logs(container)?,
        Command::Stop(arguments) => containers::stop(arguments)?,
        Command::Rm(arguments) => containers::remove(arguments)?,
        Command::Login(arguments) => registries::login(arguments)?,
        Command::Logout { registry } => registries::logout(registry.as_deref())?,
        Command::Push { image } => registries::push(image)?,
        Command::Pull { image } => registries::pull(image)?,
        Command::Prune { all, force } => images::prune(*all, *force)?,
    }
    Ok(0)
}
