//! Logging in and out.

use std::path::PathBuf;

use crate::{Authorize, Client, Login, Result, credentials};

/// Asks the registry whether it accepts the name and the password, and stores them if it
/// does. Returns where: the credential helper's name or the file's path.
///
/// A registry may be given as an address, such as Docker Hub's old one,
/// `https://index.docker.io/v1/`.
///
/// # Errors
/// [`crate::Error::LoginRefused`], and those of the connection and of the file.
pub fn login(registry: &str, user: &str, password: &str, authorize: &'static dyn Authorize) -> Result<PathBuf> {
    let registry = credentials::registry_name(registry);
    let login = Login::new(user, password);
    Client::new(registry, Some(login.clone()), authorize).ping()?;
    credentials::store(registry, &login)
}

/// Removes what is stored for a registry; false if nothing was.
///
/// # Errors
/// What the credential helper says, or the file's open(2) and rename(2).
pub fn logout(registry: &str) -> Result<bool> {
    credentials::erase(credentials::registry_name(registry))
}
