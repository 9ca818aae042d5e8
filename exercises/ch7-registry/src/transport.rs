//! One request over HTTP or HTTPS, and one response.

use std::cell::OnceCell;
use std::io::Seek as _;
use std::thread::sleep;
use std::time::Duration;

use ureq::http::{self, Response, Uri};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body, SendBody};

use crate::address::{host, is_local, may_be_plain, without_query};
use crate::client::{Content, Request};
use crate::retry::{self, Patience};
use crate::{Error, Result, mirror, resume, roots};

type Answer = std::result::Result<Response<Body>, ureq::Error>;

/// The connections to one registry and to where it sends us.
pub struct Transport {
    registry: String,
    plain: OnceCell<Agent>,
    encrypted: OnceCell<Agent>,
}

impl Transport {
    pub fn new(registry: &str) -> Self {
        Self { registry: registry.to_owned(), plain: OnceCell::new(), encrypted: OnceCell::new() }
    }

    /// Sends a request to `url`, wherever that is, and returns what comes back. A
    /// request that broke off, or that the registry has no time for, is tried
    /// again a few times; a body that breaks off is fetched on.
    ///
    /// # Errors
    /// [`Error::NotEncrypted`] before anything is sent in the clear,
    /// [`Error::Certificate`] for a server that cannot prove its name,
    /// [`Error::Broken`] if there is no answer.
    pub fn exchange(&self, request: &Request<'_>, url: &str, authorization: Option<&str>) -> Result<Response<Body>> {
        let agent = self.agent_for(request.method, url)?;
        let mut patience = Patience::as_asked();
        let mut answer = once(agent, request, url, authorization);
        loop {
            let wait = match &answer {
                Ok(response) if retry::is_passing(response) => patience.after_refusal(retry::asked(response)),
                Err(error) if retry::is_break(error) => patience.after_break(),
                _ => None,
            };
            let Some(wait) = wait else { break };
            sleep(wait);
            answer = match request.content {
                // What was sent of a file may have been kept.
                Content::File(file) => match resume::upload(agent, url, authorization, file) {
                    Some(answer) => answer,
                    None => break,
                },
                _ => once(agent, request, url, authorization),
            };
        }
        let response = answer.map_err(|error| explain(request.method, url, &error))?;
        match request.method == "GET" && response.status() == 200 {
            true => Ok(resume::resuming(response, agent, url, authorization)),
            false => Ok(response),
        }
    }

    fn agent_for(&self, method: &'static str, url: &str) -> Result<&Agent> {
        let broken = |why: String| Error::Broken { method, url: without_query(url), why };
        let uri: Uri = url.parse().map_err(|error: http::uri::InvalidUri| broken(error.to_string()))?;
        let https = uri.scheme_str() == Some("https");
        if !https
            && !uri
                .authority()
                .is_some_and(|authority| may_be_plain(authority.as_str()) || mirror::is_plain(authority.as_str()))
        {
            return Err(Error::NotEncrypted(without_query(url)));
        }
        self.agent(https)
    }

    /// The agent for plain HTTP, or for HTTPS: certificates are read only if they
    /// are needed.
    fn agent(&self, https: bool) -> Result<&Agent> {
        let cell = if https { &self.encrypted } else { &self.plain };
        if let Some(agent) = cell.get() {
            return Ok(agent);
        }
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // Redirects are followed by the client, which knows where secrets may go.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_per_read(Some(Duration::from_secs(60)))
            .timeout_per_write(Some(Duration::from_secs(60)))
            .user_agent("galley");
        if https {
            config = config.tls_config(TlsConfig::builder().root_certs(roots::trusted(&self.registry)?).build());
        }
        if is_local(host(&self.registry)) {
            config = config.proxy(None);
        }
        Ok(cell.get_or_init(|| config.build().new_agent()))
    }
}

/// One request, one response.
fn once(agent: &Agent, request: &Request<'_>, url: &str, authorization: Option<&str>) -> Answer {
    let mut builder = http::Request::builder().method(request.method).uri(url);
    if !request.accept.is_empty() {
        builder = builder.header("accept", request.accept);
    }
    if let Some(value) = authorization {
        builder = builder.header("authorization", value);
    }
    match request.content {
        Content::None if matches!(request.method, "GET" | "HEAD") => agent.run(builder.body(SendBody::none())?),
        Content::None => agent.run(builder.header("content-length", "0").body(SendBody::none())?),
        Content::Bytes { bytes, media_type } => {
            let builder = builder.header("content-type", media_type).header("content-length", bytes.len());
            agent.run(builder.body(bytes)?)
        }
        Content::File(mut file) => {
            file.rewind()?;
            agent.run(builder.header("content-type", "application/octet-stream").body(file)?)
        }
    }
}

/// Why there is no answer, and what to do about it.
fn explain(method: &'static str, url: &str, error: &ureq::Error) -> Error {
    let why = match error {
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Rustls(error) => error.to_string(),
        other => other.to_string(),
    };
    // rustls has no other way through an io::Error than its words.
    if let Some(why) = why.strip_prefix("invalid peer certificate: ") {
        return Error::Certificate { url: without_query(url), why: why.to_owned() };
    }
    if why.contains("InvalidContentType") {
        return Error::NoTls(without_query(url));
    }
    Error::Broken { method, url: without_query(url), why }
}
