//! A registry nearby that is asked before Docker Hub.

use std::env;

use ureq::Body;
use ureq::http::Response;

use crate::address::MIRROR;
use crate::progress::Progress;
use crate::{Request, Transport};

/// A mirror of docker.io. It gets no login, because it is another host.
pub struct Mirror {
    base: String,
    transport: Transport,
}

impl Mirror {
    /// The one that the user names, for images of docker.io.
    pub fn of(registry: &str) -> Option<Self> {
        let base = env::var(MIRROR).ok().filter(|base| registry == "docker.io" && !base.is_empty())?;
        let base = base.trim_end_matches('/').to_owned();
        let host = base.split_once("://").map_or("", |(_, host)| host).to_owned();
        Some(Self { base, transport: Transport::new(&host) })
    }

    /// What the mirror has for a GET below `https://hub/v2/`. Without it, or
    /// without an answer, the hub itself is asked, as Docker does. Comes with the
    /// address that it has there.
    pub fn get(&self, request: &Request<'_>, hub: &str, expected: &[u16]) -> Option<(Response<Body>, String)> {
        let rest = request.url.strip_prefix(hub)?.strip_prefix("/v2/").filter(|rest| !rest.is_empty())?;
        if request.method != "GET" {
            return None;
        }
        let url = format!("{}/v2/{rest}", self.base);
        let response = self.transport.exchange(request, &url, None, false, &Progress::default()).ok()?;
        expected.contains(&response.status().as_u16()).then_some((response, url))
    }
}
