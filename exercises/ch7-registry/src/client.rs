//! One registry, spoken to over HTTP.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use serde_json::Value;
use ureq::Body;
use ureq::http::{Response, StatusCode};

use crate::address::{may_be_plain, origin, without_query};
use crate::credentials::{self, Login};
use crate::granted::Granted;
use crate::meter::Meter;
use crate::mirror::Mirror;
use crate::resume::Source;
use crate::transport::Transport;
use crate::{Challenge, Error, Result, oauth, parse_challenge};

/// The most of an error, or of a token, that is read.
const ANSWER_LIMIT: u64 = 64 * 1024;
/// A registry may send a blob's reader to its storage, and that on again.
const MOST_REDIRECTS: usize = 5;

/// What is sent.
pub struct Request<'a> {
    pub method: &'static str,
    pub url: String,
    /// The media types that are understood; empty for any.
    pub accept: &'a str,
    /// The first byte of the body that is wanted.
    pub from: u64,
    pub content: Content<'a>,
}

/// The body of a request. A file is streamed, and rewound if it must be sent
/// again.
pub enum Content<'a> {
    None,
    Bytes { bytes: &'a [u8], media_type: &'a str },
    File(&'a File),
}

impl<'a> Request<'a> {
    /// A request without a body.
    pub fn new(method: &'static str, url: String) -> Self {
        Self { method, url, accept: "", from: 0, content: Content::None }
    }

    pub fn content(self, content: Content<'a>) -> Self {
        Self { content, ..self }
    }
}

/// A registry, the login stored for it, and the last answer to its challenge. A
/// clone shares them, and the connections.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
    mirror: Option<Arc<Mirror>>,
    registry: String,
    login: Option<Login>,
    granted: Arc<Granted>,
    meter: Meter,
}

impl Client {
    /// A client with the login that is stored for the registry, if one is.
    pub fn new(registry: &str) -> Result<Self> {
        Ok(Self::with_login(registry, credentials::stored(registry)?))
    }

    pub fn with_login(registry: &str, login: Option<Login>) -> Self {
        let (transport, mirror) = (Arc::new(Transport::new(registry)), Mirror::of(registry).map(Arc::new));
        let (granted, meter) = (Arc::default(), Meter::default());
        Self { transport, mirror, registry: registry.to_owned(), login, granted, meter }
    }

    /// The same client, with the bytes of bodies counted.
    pub fn metered(&self, meter: Meter) -> Self {
        Self { meter, ..self.clone() }
    }

    /// Tokens shall also allow reading this repository, from which blobs may be
    /// mounted.
    pub fn also_reads(&self, repository: &str) {
        self.granted.want(&format!("repository:{repository}:pull"));
    }

    /// The address of something in the registry: `/v2/<repository>/<rest>`.
    pub fn url(&self, repository: &str, rest: &str) -> String {
        format!("{}/v2/{repository}/{rest}", self.base())
    }

    /// Plain HTTP is for this machine, and where the user asks for it; Docker Hub
    /// answers under a name of its own.
    fn base(&self) -> String {
        match self.registry.as_str() {
            "docker.io" => "https://registry-1.docker.io".to_owned(),
            registry if may_be_plain(registry) => format!("http://{registry}"),
            registry => format!("https://{registry}"),
        }
    }

    /// Asks whether the registry speaks version 2 and takes our login
    /// (distribution-spec, end-1).
    pub fn ping(&self) -> Result<()> {
        self.send(&Request::new("GET", format!("{}/v2/", self.base())), &[200]).map(|_| ())
    }

    /// Sends a request, and once more if the registry challenges it; any status
    /// but those `expected` is an error with the registry's own words.
    pub fn send(&self, request: &Request<'_>, expected: &[u16]) -> Result<Response<Body>> {
        if let Some((found, url)) = self.mirror.as_ref().and_then(|mirror| mirror.get(request, &self.base(), expected))
        {
            return Ok(self.resuming(request, found, &url, None));
        }
        let mut used = self.granted.header();
        let (mut response, mut ours) = self.follow(request, used.as_deref(), false)?;
        let mut last = false;
        // The challenge of another host, where a redirect led, is not answered.
        while ours && response.status() == StatusCode::UNAUTHORIZED {
            if last {
                return Err(self.not_let_in_again(used.as_deref(), &mut response));
            }
            let (answer, made) = self.answer(&response, used.as_deref())?;
            (response, ours) = self.follow(request, Some(&answer), true)?;
            (used, last) = (Some(answer), made);
        }
        match expected.contains(&response.status().as_u16()) {
            true => Ok(response),
            false => Err(refused(request.method, &request.url, &mut response)),
        }
    }

    /// The `Authorization` that a 401 asks for, and whether it was made for it: a
    /// token that ran out is replaced by a new one, and another thread may have
    /// done that already.
    pub(crate) fn answer(&self, response: &Response<Body>, used: Option<&str>) -> Result<(String, bool)> {
        let lines = response.headers().get_all("www-authenticate").iter();
        let challenge: Vec<_> = lines.filter_map(|value| value.to_str().ok()).collect();
        let challenge = parse_challenge(&challenge.join(", "))?;
        self.granted.renew(used, &challenge, |challenge| match self.login.as_ref().and_then(Login::identity) {
            Some(identity) => oauth::authorize(self, challenge, identity),
            None => self.authorize(challenge),
        })
    }

    /// Answers a challenge with the value of an `Authorization` header.
    ///
    /// `Basic` takes the login itself. `Bearer` takes a token, which the service
    /// at `realm` gives for the wanted `service` and `scope`: to the login if we
    /// have one, else perhaps to anybody (token specification, "Requesting a
    /// Token").
    ///
    /// # Errors
    /// [`Error::LoginNeeded`] without a login for `Basic`. Of the token service,
    /// 401 and 403 mean the same as the registry's (`not_let_in`); any other status
    /// is `refused`, and an answer without a token a `broken_rule`.
    pub fn authorize(&self, challenge: &Challenge) -> Result<String> {
        // ANCHOR: authorize
        let _ = &challenge; // what you have to work with
        todo!("ch7 step 3: answer it with a password or a token")
        // ANCHOR_END: authorize
    }

    pub(crate) fn not_let_in(&self, response: &mut Response<Body>) -> Error {
        let registry = self.registry.clone();
        match self.login {
            Some(_) => Error::LoginRefused { registry, message: message(response) },
            None => Error::LoginNeeded(registry),
        }
    }

    /// A password that is refused is wrong. A token that is refused was given to
    /// whom it should, but does not reach as far: big registries say that of names
    /// that do not exist, too.
    fn not_let_in_again(&self, used: Option<&str>, response: &mut Response<Body>) -> Error {
        if used.is_some_and(|used| used.starts_with("Bearer ")) {
            return Error::NoAccess { registry: self.registry.clone(), message: message(response) };
        }
        self.not_let_in(response)
    }

    pub(crate) fn needs_password(&self) -> Error {
        Error::LoginNeeded(self.registry.clone())
    }

    /// Sends a request and follows redirects. The `Authorization` header goes to
    /// the registry itself and to no other host. Returns whether the response is
    /// the registry's own, too.
    fn follow(
        &self,
        request: &Request<'_>,
        authorization: Option<&str>,
        again: bool,
    ) -> Result<(Response<Body>, bool)> {
        let mut url = request.url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let ours = self.is_ours(&url);
            let authorization = authorization.filter(|_| ours);
            let response = self.transport.exchange(request, &url, authorization, again, &self.meter)?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) || request.method == "POST" {
                return Ok((self.resuming(request, response, &url, authorization), ours));
            }
            url = location(request, &url, &response)?;
        }
        Err(broken_rule(request, "sends us in circles"))
    }

    /// One request, one response.
    pub(crate) fn exchange(
        &self,
        request: &Request<'_>,
        url: &str,
        authorization: Option<&str>,
    ) -> Result<Response<Body>> {
        let response = self.transport.exchange(request, url, authorization, false, &self.meter)?;
        Ok(self.resuming(request, response, url, authorization))
    }

    /// Whether the address is the registry's own, and may be told who we are.
    pub(crate) fn is_ours(&self, url: &str) -> bool {
        origin(url) == self.base()
    }

    /// The body of a GET outlives a broken connection, and is counted.
    fn resuming(
        &self,
        request: &Request<'_>,
        response: Response<Body>,
        url: &str,
        authorization: Option<&str>,
    ) -> Response<Body> {
        let whole = request.method == "GET" && response.status() == 200;
        let Some(length) = response.body().content_length().filter(|_| whole) else { return response };
        let (client, authorization) = (self.clone(), authorization.map(str::to_owned));
        let source = Source { client, url: url.to_owned(), authorization, length };
        self.meter.set(0);
        response.map(|body| Body::builder().reader(self.meter.measure(source.resuming(body))))
    }

    /// The same request again for the rest of a body, from its byte `from` on; a
    /// token that ran out meanwhile is replaced.
    pub(crate) fn rest(&self, url: &str, from: u64, authorization: &mut Option<String>) -> Result<Response<Body>> {
        let request = Request { from, ..Request::new("GET", url.to_owned()) };
        let ask = |authorization: Option<&str>| self.transport.once(&request, url, authorization, &self.meter);
        let response = ask(authorization.as_deref())?;
        // Only a token runs out, and only the registry itself is told a new one.
        let token = authorization.as_ref().is_some_and(|value| value.starts_with("Bearer ")) && self.is_ours(url);
        if response.status() != StatusCode::UNAUTHORIZED || !token {
            return Ok(response);
        }
        *authorization = Some(self.answer(&response, authorization.as_deref())?.0);
        ask(authorization.as_deref())
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }
}

/// Where a response says to go on, as a whole address. It may give the path
/// alone, and it may give another host (distribution-spec, "Pushing blobs").
pub fn location(request: &Request<'_>, url: &str, response: &Response<Body>) -> Result<String> {
    let header = response.headers().get("location").and_then(|value| value.to_str().ok());
    let header = header.ok_or_else(|| broken_rule(request, "has no Location"))?;
    Ok(absolute(header, url))
}

/// A `Location` as a whole address, seen from where it was given.
pub fn absolute(header: &str, url: &str) -> String {
    match header {
        _ if header.contains("://") => header.to_owned(),
        _ if header.starts_with('/') => format!("{}{header}", origin(url)),
        _ => format!("{}/{header}", without_query(url).trim_end_matches(|c| c != '/').trim_end_matches('/')),
    }
}

/// An answer that the specification does not allow.
pub fn broken_rule(request: &Request<'_>, why: &str) -> Error {
    Error::Answer { method: request.method, url: without_query(&request.url), why: why.to_owned() }
}

pub(crate) fn refused(method: &'static str, url: &str, response: &mut Response<Body>) -> Error {
    Error::Refused { method, url: without_query(url), status: response.status().as_u16(), message: message(response) }
}

/// The registry's own words, on one line (distribution-spec, "Error Codes"). Token
/// services have no such rule; Docker Hub's says `details`.
fn message(response: &mut Response<Body>) -> String {
    let answer: Value = serde_json::from_slice(&start(response)).unwrap_or_default();
    let error = &answer["errors"][0];
    let words: Vec<_> =
        [&error["code"], &error["message"], &answer["details"]].into_iter().filter_map(Value::as_str).collect();
    if words.is_empty() {
        return response.status().canonical_reason().unwrap_or("without a reason").to_owned();
    }
    words.join(": ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The first bytes of a body; what cannot be read is as good as not sent.
pub(crate) fn start(response: &mut Response<Body>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = response.body_mut().as_reader().take(ANSWER_LIMIT).read_to_end(&mut bytes);
    bytes
}

/// Percent-encodes a value for a query (RFC 3986, section 2).
pub fn encode(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/,".contains(&byte);
    text.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_hub_answers_under_a_name_of_its_own() {
        let address = Client::with_login("docker.io", None).url("library/busybox", "manifests/latest");
        assert_eq!(address, "https://registry-1.docker.io/v2/library/busybox/manifests/latest");
    }
}
