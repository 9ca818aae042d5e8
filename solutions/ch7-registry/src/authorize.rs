//! Step 3: a password or a token.

use http_client::{Challenge, Client, Result};

/// Answers a challenge with the value of an `Authorization` header.
///
/// `Basic` is answered with the login itself. `Bearer` is answered with a token, which the
/// service at `realm` issues for the wanted `service` and `scope` (the distribution
/// project's token specification). How to ask depends on the login:
///
/// - with a name and a password, by a GET whose query has `service` and each scope, and
///   whose own `Authorization` is `Basic`;
/// - without a login, by the same GET without `Authorization`: many registries give
///   anybody a token to read what is public;
/// - with an identity token ([`http_client::Login::identity_token`]), by a POST of a form
///   with `grant_type=refresh_token`, `client_id` and `refresh_token`, because addresses
///   are logged and bodies are not ("Docker Registry v2 authentication using OAuth2"). It
///   never goes into a `Basic` header.
///
/// The answer is JSON. The token is called `token`, or, by OAuth 2.0, `access_token`.
///
/// # Errors
/// [`http_client::Error::LoginNeeded`] for `Basic` without a password. Of the token
/// service, 401 and 403, and 400 to a POST, mean that the login is refused
/// ([`Client::forbidden_error`]); any other status is a `status_error`, and an answer
/// without a token a `protocol_error`.
pub fn authorize(client: &Client, challenge: &Challenge) -> Result<String> {
    // ANCHOR: authorize
    use http_client::{Content, Error, Login, Request, encode_form, json_start, protocol_error, status_error};

    let identity = client.login().and_then(Login::identity_token);
    let password = client.login().filter(|_| identity.is_none());
    let basic = password.map(|login| format!("Basic {}", login.encoded()));
    let Challenge::Bearer { realm, service, scope } = challenge else {
        return basic.ok_or_else(|| Error::LoginNeeded(client.registry().to_owned()));
    };

    let mut pairs: Vec<(&str, &str)> = service.iter().map(|service| ("service", service.as_str())).collect();
    let form;
    let request = if let Some(token) = identity {
        pairs.extend(scope.iter().map(|scope| ("scope", scope.as_str())));
        pairs.extend([("grant_type", "refresh_token"), ("client_id", "galley"), ("refresh_token", token)]);
        form = encode_form(&pairs);
        let media_type = "application/x-www-form-urlencoded";
        Request::new("POST", realm.clone()).content(Content::Bytes { bytes: form.as_bytes(), media_type })
    } else {
        pairs.extend(scope.iter().flat_map(|scope| scope.split(' ')).map(|scope| ("scope", scope)));
        let separator = if realm.contains('?') { '&' } else { '?' };
        Request::new("GET", format!("{realm}{separator}{}", encode_form(&pairs)))
    };

    let mut response = client.exchange(&request, basic.as_deref())?;
    match response.status().as_u16() {
        200 => {}
        401 | 403 => return Err(client.forbidden_error(&mut response)),
        400 if identity.is_some() => return Err(client.forbidden_error(&mut response)),
        _ => return Err(status_error(&request, &mut response)),
    }
    let answer = json_start(&mut response);
    let token = answer["token"].as_str().or(answer["access_token"].as_str());
    token.map(|token| format!("Bearer {token}")).ok_or_else(|| protocol_error(&request, "holds no token"))
    // ANCHOR_END: authorize
}
