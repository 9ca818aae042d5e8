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
    let _ = &header; // what you have to work with
    todo!("ch7 step 2: understand the registry's 401")
    // ANCHOR_END: parse_challenge
}
