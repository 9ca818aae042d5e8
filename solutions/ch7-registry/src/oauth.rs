//! Identity tokens: what Docker Desktop and single sign-on store in a password's
//! place. They are exchanged for a token with a POST (token specification,
//! "Docker Registry v2 authentication using OAuth2").

use serde_json::Value;

use crate::client::{Content, Request, broken_rule, encode, refused, start};
use crate::{Challenge, Client, Result};

/// Asks the service at the challenge's realm for a token. The identity token goes
/// in the body, since addresses are logged.
///
/// # Errors
/// [`crate::Error::LoginRefused`] if the identity token is no longer good.
pub fn authorize(client: &Client, challenge: &Challenge, identity: &str) -> Result<String> {
    let Challenge::Bearer { realm, service, scope } = challenge else {
        return Err(client.needs_password());
    };
    let mut form = format!("grant_type=refresh_token&client_id=galley&refresh_token={}", encode(identity));
    for (name, value) in [("service", service), ("scope", scope)] {
        if let Some(value) = value {
            form.push_str(&format!("&{name}={}", encode(value)));
        }
    }
    let content = Content::Bytes { bytes: form.as_bytes(), media_type: "application/x-www-form-urlencoded" };
    let request = Request::new("POST", realm.clone()).content(content);
    let mut response = client.exchange(&request, &request.url, None)?;
    match response.status().as_u16() {
        200 => {}
        400 | 401 | 403 => return Err(client.not_let_in(&mut response)),
        _ => return Err(refused(request.method, &request.url, &mut response)),
    }
    let answer: Value = serde_json::from_slice(&start(&mut response)).unwrap_or_default();
    let token = answer["access_token"].as_str();
    token.map(|token| format!("Bearer {token}")).ok_or_else(|| broken_rule(&request, "holds no token"))
}
