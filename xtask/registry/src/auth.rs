//! Who may do what, and the 401 that says how to ask (RFC 9110 §11.6, RFC 6750,
//! and the token specification of the distribution project).

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;

use crate::http::{Request, Response, quote};
use crate::{lock, random};

pub struct Access {
    user: Option<(String, String)>,
    tokens: bool,
    /// What each token handed out is good for, such as `repository:a/b:pull`.
    granted: Mutex<HashMap<String, Vec<String>>>,
}

impl Access {
    pub fn new(user: Option<(String, String)>, tokens: bool) -> Self {
        Self { user, tokens, granted: Mutex::default() }
    }

    /// `None` if the request may go on, else the 401 for it.
    pub fn refuse(&self, request: &Request<'_>, repository: Option<&str>) -> Option<Response> {
        let scope = repository.map(|name| {
            let reading = matches!(request.method.as_str(), "GET" | "HEAD");
            format!("repository:{name}:{}", if reading { "pull" } else { "pull,push" })
        });
        if !self.tokens {
            let fine = self.user.is_none() || self.knows(request);
            return (!fine).then(|| denied("Basic realm=\"registry-server\""));
        }
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let granted = token.and_then(|token| lock(&self.granted).get(token).cloned());
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

    /// Answers `GET /token?service=…&scope=…`.
    pub fn token(&self, request: &Request<'_>) -> io::Result<Response> {
        if self.user.is_some() && !self.knows(request) {
            return Ok(denied("Basic realm=\"registry-server\""));
        }
        let token = random()?;
        let scopes =
            request.parameters("scope").flat_map(|scope| scope.split(' ').map(str::to_owned).collect::<Vec<_>>());
        lock(&self.granted).insert(token.clone(), scopes.collect());
        Ok(Response::new(200).json(format!(r#"{{"token":{},"expires_in":300}}"#, quote(&token))))
    }

    fn knows(&self, request: &Request<'_>) -> bool {
        let sent = request.header("authorization").and_then(|value| value.strip_prefix("Basic "));
        let expected = self.user.as_ref().map(|(user, password)| base64(format!("{user}:{password}").as_bytes()));
        sent == expected.as_deref()
    }
}

/// Whether a grant such as `repository:a:pull,push` covers a wish.
fn covers(granted: &str, wish: &str) -> bool {
    let (Some((object, actions)), Some((wished, needed))) = (granted.rsplit_once(':'), wish.rsplit_once(':')) else {
        return false;
    };
    object == wished && needed.split(',').all(|action| actions.split(',').any(|one| one == action))
}

fn denied(challenge: &str) -> Response {
    Response::error(401, "UNAUTHORIZED", "authentication required").with("WWW-Authenticate", challenge)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}
