//! One request over HTTP or HTTPS, and one response.

use std::io::Seek as _;
use std::sync::OnceLock;
use std::time::Duration;

use ureq::http::{self, Response, Uri};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body, SendBody};

use crate::address::{host, is_local, is_plain_mirror, may_be_plain, without_query};
use crate::progress::Progress;
use crate::retry::{self, RetryPolicy};
use crate::tls_roots;
use crate::upload::Upload;
use crate::{Content, Error, Request, Result};

type Answer = std::result::Result<Response<Body>, ureq::Error>;

/// The connections to one registry and to where it sends us.
pub struct Transport {
    registry: String,
    plain: OnceLock<Agent>,
    encrypted: OnceLock<Agent>,
}

impl Transport {
    /// Without a connection yet: each is made when it is first needed.
    pub fn new(registry: &str) -> Self {
        Self { registry: registry.to_owned(), plain: OnceLock::new(), encrypted: OnceLock::new() }
    }

    /// Sends a request to `url`, wherever that is, and returns the response. A request
    /// whose connection broke, or that the registry is too busy for, is tried again a
    /// few times; a file that was partly sent before (`again`) is resumed.
    ///
    /// # Errors
    /// [`Error::NotEncrypted`] before anything is sent in the clear,
    /// [`Error::Certificate`] for a server that cannot prove its name,
    /// [`Error::Connection`] if there is no answer.
    pub fn exchange(
        &self,
        request: &Request<'_>,
        url: &str,
        authorization: Option<&str>,
        again: bool,
        progress: &Progress,
    ) -> Result<Response<Body>> {
        let agent = self.agent_for(request.method, url)?;
        let policy = RetryPolicy::from_env();
        let begin = || once(agent, request, url, authorization, progress);
        // What was sent of a file may have been kept.
        let mut upload = match request.content {
            Content::File(file) => Upload::at(agent, url, authorization, file, progress),
            _ => None,
        };
        let answer = match &mut upload {
            Some(upload) if again => upload.resume(),
            _ => begin(),
        };
        let is_file = matches!(request.content, Content::File(_));
        let answer = repeat(answer, policy, progress, || match &mut upload {
            Some(upload) => Some((upload.resume(), upload.made_progress())),
            None if is_file => None,
            None => Some((begin(), false)),
        });
        answer.map_err(|error| explain(request.method, url, &error))
    }

    /// Sends a request a single time.
    ///
    /// # Errors
    /// As [`Transport::exchange`].
    pub fn once(
        &self,
        request: &Request<'_>,
        url: &str,
        authorization: Option<&str>,
        progress: &Progress,
    ) -> Result<Response<Body>> {
        let agent = self.agent_for(request.method, url)?;
        once(agent, request, url, authorization, progress).map_err(|error| explain(request.method, url, &error))
    }

    fn agent_for(&self, method: &'static str, url: &str) -> Result<&Agent> {
        let broken = |why: String| Error::Connection { method, url: without_query(url), why };
        let uri: Uri = url.parse().map_err(|error: http::uri::InvalidUri| broken(error.to_string()))?;
        let https = uri.scheme_str() == Some("https");
        if !https
            && !uri
                .authority()
                .is_some_and(|authority| may_be_plain(authority.as_str()) || is_plain_mirror(authority.as_str()))
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
            config = config.tls_config(TlsConfig::builder().root_certs(tls_roots::trusted(&self.registry)?).build());
        }
        if is_local(host(&self.registry)) {
            config = config.proxy(None);
        }
        Ok(cell.get_or_init(|| config.build().new_agent()))
    }
}

/// Calls `next` for another answer as long as one may succeed later and the policy allows
/// it. `next` also says whether it made progress; it returns `None` if it cannot try again.
fn repeat(
    mut answer: Answer,
    mut policy: RetryPolicy,
    progress: &Progress,
    mut next: impl FnMut() -> Option<(Answer, bool)>,
) -> Answer {
    loop {
        let wait = match &answer {
            Ok(response) if retry::is_temporary(response) => policy.after_refusal(retry::requested_wait(response)),
            Err(error) if retry::is_broken_connection(error) => policy.after_break(),
            _ => None,
        };
        if !wait.is_some_and(|wait| progress.wait(wait)) {
            return answer;
        }
        let Some((response, made_progress)) = next() else { return answer };
        if made_progress {
            policy.reset();
        }
        answer = response;
    }
}

/// One request, one response.
fn once(agent: &Agent, request: &Request<'_>, url: &str, authorization: Option<&str>, progress: &Progress) -> Answer {
    let mut builder = http::Request::builder().method(request.method).uri(url);
    if !request.accept.is_empty() {
        builder = builder.header("accept", request.accept);
    }
    if let Some(value) = authorization {
        builder = builder.header("authorization", value);
    }
    if request.from > 0 {
        builder = builder.header("range", format!("bytes={}-", request.from));
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
            progress.set(0);
            let length = file.metadata()?.len();
            let builder = builder.header("content-type", "application/octet-stream").header("content-length", length);
            agent.run(builder.body(SendBody::from_reader(&mut progress.track(file)))?)
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
    Error::Connection { method, url: without_query(url), why }
}
