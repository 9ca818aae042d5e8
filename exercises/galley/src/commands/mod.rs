//! One file for each group of commands.

mod archives;
mod build;
mod containers;
mod exec;
mod history;
mod images;
mod inspect;
mod logs;
mod orphans;
mod registries;
mod run;
mod table;
mod template;
mod terminal;

use crate::cli::{Arguments, Command};
use crate::error::{Error, Result};

/// Carries out a command; returns the exit code.
pub fn run(arguments: &Arguments) -> Result<u8> {
    let layer_limit = layer_limit(arguments)?;
    match &arguments.command {
        Command::Build(arguments) => build::build(arguments, layer_limit)?,
        Command::Run(arguments) => return run::run(arguments, layer_limit),
        Command::Images(arguments) => images::list(arguments)?,
        Command::Tag { image, name } => images::tag(image, name)?,
        Command::Rmi(arguments) => images::remove(arguments)?,
        Command::History(arguments) => history::show(arguments)?,
        Command::Save(arguments) => archives::save(arguments)?,
        Command::Load { input } => archives::load(input.as_deref())?,
        Command::Inspect { name, format } => inspect::inspect(name, format.as_deref())?,
        Command::Ps(arguments) => containers::list(arguments)?,
        Command::Exec(arguments) => return exec::exec(arguments),
        Command::Logs(arguments) => logs::logs(arguments)?,
        Command::Kill(arguments) => containers::kill(arguments)?,
        Command::Stop(arguments) => containers::stop(arguments)?,
        Command::Rm(arguments) => containers::remove(arguments)?,
        Command::Login(arguments) => registries::login(arguments)?,
        Command::Logout { registry } => registries::logout(registry.as_deref())?,
        Command::Push { image, platform } => registries::push(image, platform.as_deref())?,
        Command::Pull { image, all_platforms: true, .. } => registries::pull_all(image)?,
        Command::Pull { image, platform, .. } => registries::pull(image, platform.as_deref())?,
        Command::Prune { all, force } => images::prune(*all, *force)?,
    }
    Ok(0)
}

/// How many bytes a layer may unpack to: the flag is nearer than the environment.
fn layer_limit(arguments: &Arguments) -> Result<Option<u64>> {
    if let Some(text) = &arguments.layer_limit {
        return Ok(Some(cgroups::parse_memory(text)?));
    }
    let Some(text) = std::env::var_os("GALLEY_LAYER_LIMIT") else { return Ok(None) };
    let text = text.to_string_lossy();
    let number = text.trim().parse();
    number.map(Some).map_err(|_| Error::Usage(format!("GALLEY_LAYER_LIMIT: '{text}' is not a number of bytes")))
}
