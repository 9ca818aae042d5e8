//! Who may do what, and the 401 that says how to ask (RFC 9110 §11.6, RFC 6750,
//! and the token specification of the distribution project).

use std::collections::HashMap;
use std::io::{self, Read as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::http::{Request, Response};
use crate::lock::Lock;
use crate::random::random;

/// The most bytes of a form that are read.
const MAX_FORM: u64 = 1 << 16;

pub struct Access {
    user: Option<(String, String)>,
    tokens: bool,
    /// The scopes granted with each token, such as `repository:a/b:pull`.
    granted: Lock<HashMap<String, Vec<String>>>,
}

impl Access {
    pub fn new(user: Option<(String, String)>, tokens: bool) -> Self {
        Self { user, tokens, granted: Lock::default() }
    }

    /// `None` if the request may go on, else the 401 for it.
    pub fn refuse(&self, request: &Request<'_>, repository: Option<&str>) -> Option<Response> {
        let scope = repository.map(|name| {
            let reading = matches!(request.method.as_str(), "GET" | "HEAD");
            format!("repository:{name}:{}", if reading { "pull" } else { "pull,push" })
        });
        if !self.tokens {
            let allowed = self.user.is_none() || self.knows(request);
            return (!allowed).then(|| denied("Basic realm=\"registry-server\""));
        }
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let granted = token.and_then(|token| self.granted.lock().get(token).cloned());
        if granted
            .is_some_and(|granted| scope.as_ref().is_none_or(|scope| granted.iter().any(|one| covers(one, scope))))
        {
            return None;
        }
        let host = request.header("host").unwrap_or("127.0.0.1");
        let mut challenge = format!("Bearer realm=\"http://{host}/token\",service=\"registry-server\"");
        if let Some(scope) = scope {
            challenge.push_str(&format!(",scope=\"{scope}\""));
        }
        Some(denied(&challenge))
    }

    /// Answers `GET /token?service=…&scope=…`, and a POST of a form with an identity token,
    /// which is the user's password here.
    pub fn token(&self, request: &mut Request<'_>) -> io::Result<Response> {
        let (knows, scopes) = if request.method == "POST" {
            let mut form = Vec::new();
            request.body().take(MAX_FORM).read_to_end(&mut form)?;
            let form: HashMap<String, String> = form_urlencoded::parse(&form).into_owned().collect();
            let value = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
            let identity = self.user.as_ref().is_some_and(|(_, password)| value("refresh_token") == password);
            (identity && value("grant_type") == "refresh_token", vec![value("scope").to_owned()])
        } else {
            (self.user.is_none() || self.knows(request), request.parameters("scope").collect())
        };
        if !knows {
            return Ok(denied("Basic realm=\"registry-server\""));
        }
        let token = random()?;
        let scopes = scopes.iter().flat_map(|scope| scope.split(' ').map(str::to_owned).collect::<Vec<_>>());
        self.granted.lock().insert(token.clone(), scopes.collect());
        Ok(Response::new(200).json(&json!({ "token": token, "expires_in": 300 })))
    }

    fn knows(&self, request: &Request<'_>) -> bool {
        let sent = request.header("authorization").and_then(|value| value.strip_prefix("Basic "));
        let expected = self.user.as_ref().map(|(user, password)| BASE64_STANDARD.encode(format!("{user}:{password}")));
        sent == expected.as_deref()
    }
}

/// Whether a granted scope such as `repository:a:pull,push` covers the needed one.
fn covers(granted: &str, needed: &str) -> bool {
    let (Some((object, granted)), Some((wanted, needed))) = (granted.rsplit_once(':'), needed.rsplit_once(':')) else {
        return false;
    };
    object == wanted && needed.split(',').all(|action| granted.split(',').any(|one| one == action))
}

fn denied(challenge: &str) -> Response {
    Response::error(401, "UNAUTHORIZED", "authentication required").with("WWW-Authenticate", challenge)
}
