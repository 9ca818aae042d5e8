//! Credential helpers: programs that keep logins in the system's key ring, for
//! Docker, podman and us (docker/docker-credential-helpers, "Development").

use std::io::{self, Read as _, Write as _};
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use crate::{Error, Login, Result};

/// The most of a helper's answer that is read, in bytes.
const MAX_ANSWER: u64 = 64 * 1024;

/// The program that keeps the login for one registry.
pub struct CredentialHelper {
    program: String,
    /// What the registry is called there.
    key: String,
}

impl CredentialHelper {
    /// The helper that the configuration names: in `credHelpers` for this
    /// registry, or in `credsStore` for all.
    pub fn named(config: &Map<String, Value>, registry: &str, key: &str) -> Option<Self> {
        let one = config.get("credHelpers").and_then(|helpers| helpers.get(registry).or_else(|| helpers.get(key)));
        let name = one.or_else(|| config.get("credsStore"))?.as_str().filter(|name| !name.is_empty())?;
        Some(Self { program: format!("docker-credential-{name}"), key: key.to_owned() })
    }

    /// The name of the helper's program, for messages.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// What the helper has, if anything. A program that is not there has nothing;
    /// `login` would tell.
    ///
    /// # Errors
    /// [`crate::Error::CredentialHelper`] with what the helper printed.
    pub fn get(&self) -> Result<Option<Login>> {
        let text = match self.run("get", &self.key) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => match other.map_err(|error| self.failed(&error.to_string()))? {
                (true, text) => text,
                (false, text) if text.contains("credentials not found") => return Ok(None),
                (false, text) => return Err(self.failed(&text)),
            },
        };
        // The answer is not shown, for it holds the secret.
        let answer: Value = serde_json::from_str(&text).map_err(|_| self.failed("its answer is not JSON"))?;
        match (answer["Username"].as_str(), answer["Secret"].as_str()) {
            (Some(user), Some(secret)) => Ok(Some(Login::new(user, secret))),
            _ => Err(self.failed("its answer has no Username and Secret")),
        }
    }

    /// Gives the helper a login to keep.
    ///
    /// # Errors
    /// [`crate::Error::CredentialHelper`] with what the helper printed.
    pub fn store(&self, login: &Login) -> Result<()> {
        let (user, secret) = (&login.user, login.password());
        let text = json!({ "ServerURL": self.key, "Username": user, "Secret": secret }).to_string();
        self.check(self.run("store", &text))
    }

    /// Makes the helper forget the login.
    ///
    /// # Errors
    /// [`crate::Error::CredentialHelper`] with what the helper printed.
    pub fn erase(&self) -> Result<()> {
        self.check(self.run("erase", &self.key))
    }

    fn check(&self, ended: io::Result<(bool, String)>) -> Result<()> {
        match ended {
            Ok((true, _)) => Ok(()),
            Ok((false, text)) => Err(self.failed(&text)),
            Err(error) => Err(self.failed(&error.to_string())),
        }
    }

    /// Whether it succeeded, and what it printed. Secrets go through pipes only, because
    /// `ps` shows arguments to every user.
    fn run(&self, verb: &str, input: &str) -> io::Result<(bool, String)> {
        // A name with a slash would be a path.
        if self.program.contains('/') {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a helper's name has no '/'"));
        }
        let mut command = Command::new(&self.program);
        let mut child = command.arg(verb).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        // A helper that reads nothing ends by itself and says why.
        let _ = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input.as_bytes()));
        let mut text = String::new();
        let read = child.stdout.take().map_or(Ok(0), |stdout| stdout.take(MAX_ANSWER).read_to_string(&mut text));
        let success = child.wait()?.success();
        read.map(|_| (success, text))
    }

    fn failed(&self, why: &str) -> Error {
        let why = why.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Error::CredentialHelper { program: self.program.clone(), why }
    }
}
