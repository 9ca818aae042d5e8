//! One registry, spoken to over HTTP.

use std::sync::Arc;

use ureq::Body;
use ureq::http::{Response, StatusCode};

use crate::address::{may_be_plain, same_origin};
use crate::answer::{location, message, protocol_error, status_error};
use crate::download::Source;
use crate::mirror::Mirror;
use crate::progress::Progress;
use crate::{Challenge, Error, Login, Request, Result, TokenCache, Transport};

/// A registry may send the reader of a blob to its storage, and that on again.
const MAX_REDIRECTS: usize = 5;

/// Reads and answers challenges.
pub trait Authorize: Sync {
    /// Reads the header.
    ///
    /// # Errors
    /// [`crate::Error::Challenge`] if nothing in it can be answered.
    fn parse(&self, header: &str) -> Result<Challenge>;

    /// Gives the value of an `Authorization` header.
    ///
    /// # Errors
    /// Without a login, or if the token service refuses it.
    fn authorize(&self, client: &Client, challenge: &Challenge) -> Result<String>;
}

/// A registry, the login for it, and the last answer to its challenge. A clone shares
/// them, and the connections.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
    mirror: Option<Arc<Mirror>>,
    registry: String,
    login: Option<Login>,
    authorize: &'static dyn Authorize,
    tokens: Arc<TokenCache>,
    progress: Progress,
}

impl Client {
    /// A client that answers challenges with `authorize`.
    pub fn new(registry: &str, login: Option<Login>, authorize: &'static dyn Authorize) -> Self {
        Self {
            transport: Arc::new(Transport::new(registry)),
            mirror: Mirror::of(registry).map(Arc::new),
            registry: registry.to_owned(),
            login,
            authorize,
            tokens: Arc::default(),
            progress: Progress::default(),
        }
    }

    /// The same client, with the bytes of its bodies counted.
    pub(crate) fn with_progress(&self, progress: Progress) -> Self {
        Self { progress, ..self.clone() }
    }

    /// The registry's host and port.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The name and the password for it, if they are known.
    pub fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// Lets tokens also allow reading this repository, from which blobs may be mounted.
    pub fn add_pull_scope(&self, repository: &str) {
        self.tokens.add_scope(&format!("repository:{repository}:pull"));
    }

    /// The address of something in the registry: `/v2/<repository>/<rest>`.
    pub fn url(&self, repository: &str, rest: &str) -> String {
        format!("{}/v2/{repository}/{rest}", self.base())
    }

    /// Plain HTTP is for this machine, and for the registries that the user lists; Docker
    /// Hub answers at a host of its own.
    fn base(&self) -> String {
        match self.registry.as_str() {
            "docker.io" => "https://registry-1.docker.io".to_owned(),
            registry if may_be_plain(registry) => format!("http://{registry}"),
            registry => format!("https://{registry}"),
        }
    }

    /// Asks whether the registry speaks version 2 of the API and accepts the login
    /// (distribution-spec, end-1).
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn ping(&self) -> Result<()> {
        self.send(&Request::new("GET", format!("{}/v2/", self.base())), &[200]).map(drop)
    }

    /// Sends a request, and once more if the registry answers with a challenge. Any status
    /// but those `expected` is an error, with the registry's own words.
    ///
    /// # Errors
    /// [`Error::Status`], [`Error::LoginNeeded`], [`Error::LoginRefused`],
    /// [`Error::NoAccess`], and those of the connection.
    pub fn send(&self, request: &Request<'_>, expected: &[u16]) -> Result<Response<Body>> {
        let mirrored = self.mirror.as_ref().and_then(|mirror| mirror.get(request, &self.base(), expected));
        if let Some((found, url)) = mirrored {
            return Ok(self.resuming(request, found, &url, None));
        }
        let mut used = self.tokens.header();
        let (mut response, mut from_registry) = self.follow(request, used.as_deref(), false)?;
        let mut is_new = false;
        // The challenge of another host, where a redirect led, is not answered.
        while from_registry && response.status() == StatusCode::UNAUTHORIZED {
            if is_new {
                return Err(self.refused_again(used.as_deref(), &mut response));
            }
            let (header, made) = self.answer(&response, used.as_deref())?;
            (response, from_registry) = self.follow(request, Some(&header), true)?;
            (used, is_new) = (Some(header), made);
        }
        match expected.contains(&response.status().as_u16()) {
            true => Ok(response),
            false => Err(status_error(request, &mut response)),
        }
    }

    /// Sends one request without answering a challenge: for the token service.
    ///
    /// # Errors
    /// Those of the connection. Every status is a response.
    pub fn exchange(&self, request: &Request<'_>, authorization: Option<&str>) -> Result<Response<Body>> {
        self.transport.exchange(request, &request.url, authorization, false, &self.progress)
    }

    /// The error for a 401 or 403: the login is wrong, or missing.
    pub fn forbidden_error(&self, response: &mut Response<Body>) -> Error {
        let registry = self.registry.clone();
        match self.login {
            Some(_) => Error::LoginRefused { registry, message: message(response) },
            None => Error::LoginNeeded(registry),
        }
    }

    /// A password that is refused is wrong. A token that is refused was issued, but does
    /// not reach as far: big registries also say that of repositories that do not exist.
    fn refused_again(&self, used: Option<&str>, response: &mut Response<Body>) -> Error {
        if used.is_some_and(|used| used.starts_with("Bearer ")) {
            return Error::NoAccess { registry: self.registry.clone(), message: message(response) };
        }
        self.forbidden_error(response)
    }

    /// The `Authorization` that a 401 asks for, and whether it is new: a token that has
    /// expired is replaced, and another thread may have done that already.
    fn answer(&self, response: &Response<Body>, used: Option<&str>) -> Result<(String, bool)> {
        let lines = response.headers().get_all("www-authenticate").iter();
        let header: Vec<_> = lines.filter_map(|value| value.to_str().ok()).collect();
        let challenge = self.authorize.parse(&header.join(", "))?;
        let authorize = |challenge: &Challenge| self.authorize.authorize(self, challenge);
        self.tokens.refresh(used, &challenge, authorize)
    }

    /// Sends a request and follows redirects. The `Authorization` header goes to the
    /// registry itself and to no other host. Also returns whether the response is the
    /// registry's own.
    fn follow(
        &self,
        request: &Request<'_>,
        authorization: Option<&str>,
        again: bool,
    ) -> Result<(Response<Body>, bool)> {
        let mut url = request.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let from_registry = self.is_registry(&url);
            let authorization = authorization.filter(|_| from_registry);
            let response = self.transport.exchange(request, &url, authorization, again, &self.progress)?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) || request.method == "POST" {
                return Ok((self.resuming(request, response, &url, authorization), from_registry));
            }
            url = location(request, &url, &response)?;
        }
        Err(protocol_error(request, "redirects in a circle"))
    }

    /// Whether the address is the registry's own, and may see the login.
    fn is_registry(&self, url: &str) -> bool {
        same_origin(url, &self.base())
    }

    /// The body of a GET survives a broken connection, and is counted.
    fn resuming(
        &self,
        request: &Request<'_>,
        response: Response<Body>,
        url: &str,
        authorization: Option<&str>,
    ) -> Response<Body> {
        let whole = request.method == "GET" && response.status() == 200;
        let Some(length) = response.body().content_length().filter(|_| whole) else { return response };
        let (client, url, mut authorization) = (self.clone(), url.to_owned(), authorization.map(str::to_owned));
        let rest = Box::new(move |from| client.rest(&url, from, &mut authorization));
        let source = Source { length, progress: self.progress.clone(), rest };
        self.progress.set(0);
        response.map(|body| Body::builder().reader(self.progress.track(source.resuming(body))))
    }

    /// The same request for the rest of a body, from its byte `from` on; a token that has
    /// expired meanwhile is replaced.
    fn rest(&self, url: &str, from: u64, authorization: &mut Option<String>) -> Result<Response<Body>> {
        let request = Request { from, ..Request::new("GET", url.to_owned()) };
        let ask = |authorization: Option<&str>| self.transport.once(&request, url, authorization, &self.progress);
        let response = ask(authorization.as_deref())?;
        // Only a token expires, and only the registry itself may see a new one.
        let token = authorization.as_ref().is_some_and(|value| value.starts_with("Bearer ")) && self.is_registry(url);
        if response.status() != StatusCode::UNAUTHORIZED || !token {
            return Ok(response);
        }
        *authorization = Some(self.answer(&response, authorization.as_deref())?.0);
        ask(authorization.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    impl Authorize for Nobody {
        fn parse(&self, header: &str) -> Result<Challenge> {
            Err(Error::Challenge { header: header.to_owned(), why: "nobody answers" })
        }

        fn authorize(&self, _: &Client, _: &Challenge) -> Result<String> {
            Err(Error::LoginNeeded(String::new()))
        }
    }

    #[test]
    fn docker_hub_answers_at_a_host_of_its_own() {
        let address = Client::new("docker.io", None, &Nobody).url("library/busybox", "manifests/latest");
        assert_eq!(address, "https://registry-1.docker.io/v2/library/busybox/manifests/latest");
    }
}
