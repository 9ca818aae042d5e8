//! The registry's 401 says how it wants to be answered.

use crate::Result;

/// What a `WWW-Authenticate` header asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// The name and the password with each request (RFC 7617).
    Basic,
    /// A token from the service at `realm` (RFC 6750; the distribution project's
    /// token specification).
    Bearer {
        /// The address that hands out tokens.
        realm: String,
        /// Who the token is for.
        service: Option<String>,
        /// What the token must allow: `repository:ada/quotes:pull,push`.
        scope: Option<String>,
    },
}

/// Reads a `WWW-Authenticate` header (RFC 9110, section 11.6.1).
///
/// Schemes and parameters' names are case-insensitive; a value is a word or a
/// quoted string, in which commas mean nothing; one header may hold several
/// challenges. Of several, a token is preferred to the password itself.
///
/// # Errors
/// [`Error::Challenge`] if there is nothing in it that we can answer.
pub fn parse_challenge(header: &str) -> Result<Challenge> {
    // ANCHOR: parse_challenge
    let _ = &header; // what you have to work with
    todo!("ch7 step 2: understand the registry's 401")
    // ANCHOR_END: parse_challenge
}

/// The text of a quoted string, or a word as it is.
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
