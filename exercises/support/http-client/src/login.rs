//! A name and a password.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The name that stands beside an identity token, as credential helpers have it.
const IDENTITY_USER: &str = "<token>";

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
    /// A login with a name and a password.
    pub fn new(user: &str, password: &str) -> Self {
        Self { user: user.to_owned(), password: password.to_owned() }
    }

    /// A login by identity token, which stands in the password's place.
    pub fn with_identity_token(token: &str) -> Self {
        Self::new(IDENTITY_USER, token)
    }

    /// `user:password` in base64: what `Basic` sends, and what is stored. It is not
    /// encryption, hence the file's mode.
    pub fn encoded(&self) -> String {
        BASE64.encode(format!("{}:{}", self.user, self.password))
    }

    /// The identity token, if there is one in the password's place.
    pub fn identity_token(&self) -> Option<&str> {
        (self.user == IDENTITY_USER).then_some(&self.password)
    }

    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// Reads what [`Login::encoded`] wrote.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let plain = String::from_utf8(BASE64.decode(text).ok()?).ok()?;
        plain.split_once(':').map(|(user, password)| Self::new(user, password))
    }
}
