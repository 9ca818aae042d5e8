//! Names and passwords, where Docker and podman keep them.

use std::path::{Path, PathBuf};
use std::{env, fmt, fs, io};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use crate::helpers::Helper;
use crate::{Client, Error, Result};

/// Docker's own key for `docker.io`, older than the name.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// The name that stands beside an identity token, as credential helpers have it.
const IDENTITY: &str = "<token>";

/// A name and a password for one registry.
#[derive(Clone)]
pub struct Login {
    pub user: String,
    password: String,
}

impl fmt::Debug for Login {
    /// A secret that can be printed will be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login {{ user: {:?}, password: *** }}", self.user)
    }
}

impl Login {
    pub fn new(user: &str, password: &str) -> Self {
        Self { user: user.to_owned(), password: password.to_owned() }
    }

    /// `user:password` in base64: what `Basic` sends, and what is stored. It is
    /// no encryption, hence the file's mode.
    pub fn encoded(&self) -> String {
        BASE64.encode(format!("{}:{}", self.user, self.password))
    }

    /// The identity token, if there is one in the password's place.
    pub(crate) fn identity(&self) -> Option<&str> {
        (self.user == IDENTITY).then_some(&self.password)
    }

    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    fn decode(text: &str) -> Option<Self> {
        let plain = String::from_utf8(BASE64.decode(text).ok()?).ok()?;
        plain.split_once(':').map(|(user, password)| Self::new(user, password))
    }
}

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
    if let Some(helper) = Helper::named(&config, registry, key_of(registry))
        && let Some(login) = helper.get()?
    {
        return Ok(Some(login));
    }
    let auths = config.get("auths").and_then(Value::as_object);
    let found = auths.and_then(|auths| auths.iter().find(|(key, _)| registry_of(key) == Some(registry)));
    let text = |name| found.and_then(|(_, entry)| entry.get(name)).and_then(Value::as_str);
    if let Some(token) = text("identitytoken").filter(|token| !token.is_empty()) {
        return Ok(Some(Login::new(IDENTITY, token)));
    }
    let Some(text) = text("auth").filter(|text| !text.is_empty()) else { return Ok(None) };
    match Login::decode(text) {
        Some(login) => Ok(Some(login)),
        None => {
            Err(Error::Credentials { path, why: format!("the entry for {registry} is not base64 of user:password") })
        }
    }
}

/// Asks the registry whether it takes the name and the password, and stores
/// them if it does: with the credential helper if there is one, else in the file.
/// Returns the helper's name or the file's. A registry may be given as an address,
/// such as Docker Hub's old one, `https://index.docker.io/v1/`.
pub fn login(registry: &str, user: &str, password: &str) -> Result<PathBuf> {
    let registry = registry_of(registry).unwrap_or(registry);
    let login = Login::new(user, password);
    Client::with_login(registry, Some(login.clone())).ping()?;
    let path = path();
    let helper = Helper::named(&read(&path)?, registry, key_of(registry));
    helper.as_ref().map_or(Ok(()), |helper| helper.store(&login))?;
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

/// Forgets what is stored for a registry; false if nothing was.
pub fn logout(registry: &str) -> Result<bool> {
    let registry = registry_of(registry).unwrap_or(registry);
    let known = stored(registry).map_or(true, |login| login.is_some());
    if known {
        if let Some(helper) = Helper::named(&read(&path())?, registry, key_of(registry)) {
            helper.erase()?;
        }
        change(&path(), |auths| auths.retain(|key, _| registry_of(key) != Some(registry)))?;
    }
    Ok(known)
}

/// The registry that a key of `auths` means: older files have whole addresses.
/// A key for a part of a registry, such as `quay.io/team`, is none of ours.
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
        other => other.map_err(|source| Error::Io { action: "read", path: path.to_owned(), source })?,
    };
    // An error of the parser names line and column, never the text.
    let why = |error: serde_json::Error| Error::Credentials { path: path.to_owned(), why: error.to_string() };
    serde_json::from_slice(&bytes).map_err(why)
}

/// Rewrites the file; all else in it, such as proxies, stays.
fn change(path: &Path, edit: impl FnOnce(&mut Map<String, Value>)) -> Result<()> {
    // A link, as in a repository of dot-files, stays one.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut config = read(path)?;
    let auths = config.entry("auths").or_insert_with(|| json!({}));
    let auths = auths
        .as_object_mut()
        .ok_or_else(|| Error::Credentials { path: path.to_owned(), why: "its \"auths\" is no object".to_owned() })?;
    edit(auths);
    let text = format!("{:#}\n", Value::Object(config));
    write_private(path, text.as_bytes()).map_err(|source| Error::Io { action: "write", path: path.to_owned(), source })
}

/// Replaces a file at once, readable by its owner only from its first byte on.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let temporary = PathBuf::from(name);
    // A process with our id may have been killed right here.
    let _ = fs::remove_file(&temporary);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to tell; the file may be gone already.
        let _ = fs::remove_file(&temporary);
    }
    written
}
