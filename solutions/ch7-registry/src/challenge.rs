//! Step 2: the registry's 401 says how it wants to be answered.

use http_client::{Challenge, Result};

/// Reads a `WWW-Authenticate` header (RFC 9110, section 11.6.1).
///
/// The names of schemes and parameters are case-insensitive. A value is a word or a quoted
/// string, in which commas mean nothing. One header may hold several challenges; then a
/// token is preferred to the password itself.
///
/// # Errors
/// [`http_client::Error::Challenge`] if nothing in it can be answered.
pub fn parse_challenge(header: &str) -> Result<Challenge> {
    // ANCHOR: parse_challenge
    use std::collections::HashMap;

    use http_client::{Error, unquote};

    let refuse = |why| Error::Challenge { header: header.to_owned(), why };
    let (mut quoted, mut escaped) = (false, false);
    let pieces = header.split(|c: char| {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ => return c == ',' && !quoted,
        }
        false
    });
    let mut challenges: Vec<(String, HashMap<String, String>)> = Vec::new();
    for piece in pieces.map(str::trim).filter(|piece| !piece.is_empty()) {
        let (head, value) = piece.split_once('=').unwrap_or((piece, ""));
        // "Bearer realm" begins a challenge; "service" belongs to the last one.
        let (scheme, name) = match head.trim_end().split_once(' ') {
            Some((scheme, name)) => (Some(scheme), name),
            None if value.is_empty() => (Some(head), ""),
            None => (None, head),
        };
        if let Some(scheme) = scheme {
            challenges.push((scheme.to_ascii_lowercase(), HashMap::new()));
        }
        let (_, parameters) = challenges.last_mut().ok_or_else(|| refuse("no scheme stands before the first '='"))?;
        parameters.insert(name.trim().to_ascii_lowercase(), unquote(value.trim()));
    }
    let find = |wanted: &str| challenges.iter().position(|(scheme, _)| scheme == wanted);
    if let Some(index) = find("bearer") {
        let (_, mut parameters) = challenges.swap_remove(index);
        let realm = parameters.remove("realm").ok_or_else(|| refuse("Bearer names no realm to get a token from"))?;
        return Ok(Challenge::Bearer {
            realm,
            service: parameters.remove("service"),
            scope: parameters.remove("scope"),
        });
    }
    find("basic").map(|_| Challenge::Basic).ok_or_else(|| refuse("it is neither Basic nor Bearer"))
    // ANCHOR_END: parse_challenge
}
