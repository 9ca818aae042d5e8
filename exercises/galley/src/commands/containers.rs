//! `galley ps`, `stop`, `kill` and `rm`.

use std::time::Duration;

use monitor::{Containers, Listing, short};
use nix::sys::signal::Signal;
use run::{Container, Status};

use super::table;
use crate::cli::{Kill, Ps, Remove, Stop};
use crate::error::{Error, Result, hint_of_container};
use crate::home::Home;

/// Lists containers, the newest first.
pub fn list(arguments: &Ps) -> Result<()> {
    let listing = Home::find()?.containers()?.list()?;
    warn_of_damage(&listing);
    let mut all = listing.containers;
    all.retain(|(_, status)| arguments.all || *status == Status::Running);
    if arguments.quiet {
        all.iter().for_each(|(container, _)| println!("{}", short(&container.id)));
        return Ok(());
    }
    let rows: Vec<[String; 7]> = all.iter().map(|(container, status)| row(container, *status)).collect();
    table::print(["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"], &rows);
    Ok(())
}

fn row(container: &Container, status: Status) -> [String; 7] {
    let status = match status {
        Status::Running => "Up".to_owned(),
        Status::Exited(code) if container.oom_killed => format!("Exited ({code}), out of memory"),
        Status::Exited(code) => format!("Exited ({code})"),
        Status::Dead => "Dead".to_owned(),
    };
    let ports: Vec<String> = container.ports.iter().map(ToString::to_string).collect();
    [
        short(&container.id).to_owned(),
        container.image.clone(),
        format!("\"{}\"", shortened(&container.command.join(" "))),
        table::age(container.created),
        status,
        ports.join(", "),
        container.name.clone(),
    ]
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 20 { text.to_owned() } else { text.chars().take(19).chain(['…']).collect() }
}

/// Stops each container and prints the name it was called by.
pub fn stop(arguments: &Stop) -> Result<()> {
    let containers = Home::find()?.containers()?;
    for name in &arguments.containers {
        let (container, _) = containers.find(name)?;
        containers.stop(&container, signal_of(&container), Duration::from_secs(arguments.time))?;
        println!("{name}");
    }
    Ok(())
}

/// STOPSIGNAL of the image; else SIGTERM.
fn signal_of(container: &Container) -> Signal {
    container.stop_signal.as_deref().and_then(parse_signal).unwrap_or(Signal::SIGTERM)
}

/// A signal by name (`SIGINT`, `INT`) or number.
fn parse_signal(text: &str) -> Option<Signal> {
    let by_number = text.parse::<i32>().ok().and_then(|number| Signal::try_from(number).ok());
    let name = text.to_ascii_uppercase();
    by_number.or_else(|| name.parse().ok()).or_else(|| format!("SIG{name}").parse().ok())
}

/// Sends each container's first process a signal, and does not wait.
pub fn kill(arguments: &Kill) -> Result<()> {
    let no_signal = || Error::Usage(format!("'{}' is no signal; `kill -l` lists them", arguments.signal));
    let signal = parse_signal(&arguments.signal).ok_or_else(no_signal)?;
    let containers = Home::find()?.containers()?;
    for name in &arguments.containers {
        let (container, _) = containers.find(name)?;
        containers.process(&container)?.send_signal(signal).map_err(monitor::Error::from)?;
        println!("{name}");
    }
    Ok(())
}

/// Removes containers that have ended; with `-f`, kills them first, and removes those
/// whose record is damaged.
pub fn remove(arguments: &Remove) -> Result<()> {
    // What a container wrote may belong to users that exist only in its namespace.
    namespaces::unshare_mounts()?;
    let containers = Home::find()?.containers()?;
    for name in &arguments.containers {
        containers.remove(&id_to_remove(&containers, name, arguments.force)?)?;
        println!("{name}");
    }
    Ok(())
}

/// The id of a container that has ended, by force if there is need.
fn id_to_remove(containers: &Containers, name: &str, force: bool) -> Result<String> {
    let (container, status) = match containers.find(name) {
        Err(monitor::Error::Damaged { id, .. }) if force => return Ok(id),
        found => found?,
    };
    if status == Status::Running {
        if !force {
            return Err(monitor::Error::Running(name.to_owned()).into());
        }
        containers.stop(&container, Signal::SIGKILL, Duration::ZERO)?;
    }
    Ok(container.id)
}

/// Names the containers whose record cannot be read. The others are as good as ever.
pub fn warn_of_damage(listing: &Listing) {
    for error in &listing.damaged {
        eprintln!("galley: {error}{}", hint_of_container(error));
    }
}
