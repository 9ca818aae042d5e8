//! What a 401 asks for.

/// What a `WWW-Authenticate` header asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// The name and the password with each request (RFC 7617).
    Basic,
    /// A token from the service at `realm` (RFC 6750; the distribution project's token
    /// specification).
    Bearer {
        /// The address of the token service.
        realm: String,
        /// Which registry the token is for.
        service: Option<String>,
        /// What the token must allow: `repository:ada/quotes:pull,push`.
        scope: Option<String>,
    },
}

/// Gives the text of a quoted string (RFC 9110, section 5.6.4), or a word as it is.
pub fn unquote(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut escaped = false;
    let keep = |c: &char| {
        escaped = *c == '\\' && !escaped;
        !escaped
    };
    inner.chars().filter(keep).collect()
}
