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
    let _ = (&client, &challenge); // what you have to work with
    todo!("ch7 step 3: answer it with a password or a token")
    // ANCHOR_END: authorize
}
