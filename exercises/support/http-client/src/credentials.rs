//! Where Docker and podman store names and passwords.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde_json::{Map, Value, json};

use sys::Context;

use crate::credential_helper::CredentialHelper;
use crate::{Error, Login, Result};

/// Docker's own key for `docker.io`, older than the name.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// The file that holds the logins: `$REGISTRY_AUTH_FILE` as for podman, else
/// `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`.
pub fn path() -> PathBuf {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(file) = set("REGISTRY_AUTH_FILE") {
        return file;
    }
    let home = || set("HOME").unwrap_or_else(|| PathBuf::from("/")).join(".docker");
    set("DOCKER_CONFIG").unwrap_or_else(home).join("config.json")
}

/// What is stored for a registry, if anything is.
pub fn stored(registry: &str) -> Result<Option<Login>> {
    let path = path();
    let config = read(&path)?;
    if let Some(helper) = CredentialHelper::named(&config, registry, key_of(registry))
        && let Some(login) = helper.get()?
    {
        return Ok(Some(login));
    }
    let auths = config.get("auths").and_then(Value::as_object);
    let found = auths.and_then(|auths| auths.iter().find(|(key, _)| registry_of(key) == Some(registry)));
    let text = |name| found.and_then(|(_, entry)| entry.get(name)).and_then(Value::as_str);
    if let Some(token) = text("identitytoken").filter(|token| !token.is_empty()) {
        return Ok(Some(Login::with_identity_token(token)));
    }
    let Some(text) = text("auth").filter(|text| !text.is_empty()) else { return Ok(None) };
    match Login::decode(text) {
        Some(login) => Ok(Some(login)),
        None => Err(damaged(&path, format!("the entry for {registry} is not base64 of user:password"))),
    }
}

/// Stores a login that the registry has accepted: with the credential helper if there is
/// one, else in the file. Returns the helper's name or the file's path.
///
/// # Errors
/// What the helper says, or open(2), fsync(2) and rename(2) of the file.
pub fn store(registry: &str, login: &Login) -> Result<PathBuf> {
    let path = path();
    let helper = CredentialHelper::named(&read(&path)?, registry, key_of(registry));
    helper.as_ref().map_or(Ok(()), |helper| helper.store(login))?;
    // With a helper, the entry says only that there is a login, as Docker's does.
    let entry = if helper.is_some() { json!({}) } else { json!({ "auth": login.encoded() }) };
    change(&path, |auths| {
        auths.retain(|key, _| registry_of(key) != Some(registry));
        auths.insert(key_of(registry).to_owned(), entry);
    })?;
    Ok(helper.map_or(path, |helper| helper.program().into()))
}

/// What a registry is called where logins are kept.
fn key_of(registry: &str) -> &str {
    if registry == "docker.io" { DOCKER_HUB_KEY } else { registry }
}

/// Removes what is stored for a registry; false if nothing was.
///
/// # Errors
/// As [`store`].
pub fn erase(registry: &str) -> Result<bool> {
    let known = stored(registry).map_or(true, |login| login.is_some());
    if known {
        if let Some(helper) = CredentialHelper::named(&read(&path())?, registry, key_of(registry)) {
            helper.erase()?;
        }
        change(&path(), |auths| auths.retain(|key, _| registry_of(key) != Some(registry)))?;
    }
    Ok(known)
}

/// A registry may be given as an address, such as Docker Hub's old one,
/// `https://index.docker.io/v1/`.
pub fn registry_name(text: &str) -> &str {
    registry_of(text).unwrap_or(text)
}

/// The registry that a key of `auths` means: older files have whole addresses.
/// A key for a part of a registry, such as `quay.io/team`, is not for the whole of it.
fn registry_of(key: &str) -> Option<&str> {
    let address = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"));
    let host = match address {
        Some(rest) => rest.split('/').next()?,
        None if key.contains('/') => return None,
        None => key,
    };
    Some(if host == "index.docker.io" { "docker.io" } else { host })
}

fn read(path: &Path) -> Result<Map<String, Value>> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
        other => other.context("read", path)?,
    };
    // An error of the parser names line and column, never the text.
    let why = |error: serde_json::Error| damaged(path, error.to_string());
    serde_json::from_slice(&bytes).map_err(why)
}

/// Rewrites the file; all else in it, such as proxies, stays.
fn change(path: &Path, edit: impl FnOnce(&mut Map<String, Value>)) -> Result<()> {
    // A link, as in a repository of dot-files, stays one.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut config = read(path)?;
    let auths = config.entry("auths").or_insert_with(|| json!({}));
    let auths = auths.as_object_mut().ok_or_else(|| damaged(path, "its \"auths\" is not an object".to_owned()))?;
    edit(auths);
    let text = format!("{:#}\n", Value::Object(config));
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).context("create", directory)?;
    }
    // Only the owner may read it, from its first byte on.
    Ok(sys::replace_file(path, 0o600, text.as_bytes())?)
}

fn damaged(path: &Path, why: String) -> Error {
    Error::Credentials { path: path.display().to_string(), why }
}
