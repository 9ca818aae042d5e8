//! `galley inspect`: what is known of a container or an image, as JSON.

use run::{Container, Status};
use serde_json::{Value, json};

use super::template;
use crate::error::Result;
use crate::home::{Home, local};

/// Prints all of it, or what a template picks.
pub fn inspect(name: &str, format: Option<&str>) -> Result<()> {
    let home = Home::find()?;
    let value = match home.containers()?.find(name) {
        Ok((container, status)) => of_container(&container, status),
        Err(monitor::Error::NoContainer(_)) => {
            let image = local(&home.store()?, name)?;
            json!({
                "Id": image.id()?.to_string(),
                "descriptor": image.descriptor,
                "manifest": image.manifest,
                "config": image.config,
            })
        }
        Err(error) => return Err(error.into()),
    };
    match format {
        Some(format) => println!("{}", template::fill(format, &value)?),
        None => println!("{value:#}"),
    }
    Ok(())
}

/// The names that Docker gives to the same things.
fn of_container(container: &Container, status: Status) -> Value {
    let running = status == Status::Running;
    let word = match status {
        Status::Running => "running",
        Status::Exited(_) => "exited",
        Status::Dead => "dead",
    };
    let ports: Vec<String> = container.ports.iter().map(ToString::to_string).collect();
    json!({
        "Id": container.id,
        "Name": container.name,
        "Created": container.created,
        "Image": container.image_digest,
        "State": {
            "Status": word,
            "Running": running,
            "Pid": container.pid.filter(|_| running).unwrap_or(0),
            "ExitCode": container.exit_code,
            "OOMKilled": container.oom_killed,
        },
        "Config": {
            "Image": container.image,
            "Cmd": container.command,
            "Env": container.env,
            "WorkingDir": container.workdir,
            "User": container.user,
            "StopSignal": container.stop_signal,
        },
        "NetworkSettings": { "Ports": ports },
    })
}
