//! `galley login`, `logout`, `push` and `pull`.

use std::io::{stdin, stdout};

use crate::cli::Login;
use crate::error::{Error, Result};
use crate::home::{Home, from_pantry, local};

/// Where Docker logs in when no registry is named.
const DOCKER_HUB: &str = "docker.io";

pub fn login(arguments: &Login) -> Result<()> {
    if !arguments.password_stdin {
        return Err(Error::Usage("give the password on standard input, with --password-stdin".to_owned()));
    }
    let mut password = String::new();
    stdin().read_line(&mut password).map_err(Error::file("read", "standard input".as_ref()))?;
    let registry = arguments.registry.as_deref().unwrap_or(DOCKER_HUB);
    let path = registry::login(registry, &arguments.username, password.trim_end_matches(['\r', '\n']))?;
    println!("Login succeeded; kept in {}", path.display());
    Ok(())
}

pub fn logout(registry: Option<&str>) -> Result<()> {
    let registry = registry.unwrap_or(DOCKER_HUB);
    registry::logout(registry)?;
    println!("Removed the credentials for {registry}");
    Ok(())
}

pub fn push(name: &str) -> Result<()> {
    let store = Home::find()?.store()?;
    let reference = registry::parse_reference(name)?;
    // A clear error for a name that is not here, before any connection is made.
    local(&store, name)?;
    registry::push(&store, &reference, &mut stdout())?;
    Ok(())
}

pub fn pull(name: &str) -> Result<()> {
    let store = Home::find()?.store()?;
    let reference = registry::parse_reference(name)?;
    match from_pantry(&store, &reference)? {
        Some(image) => println!("Digest: {}\nStatus: Taken from the pantry", image.descriptor.digest()),
        None => {
            registry::pull(&store, &reference, &mut stdout())?;
        }
    }
    Ok(())
}
