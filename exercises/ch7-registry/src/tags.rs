//! What a repository's images are called.

use std::io::Read as _;

use serde::Deserialize;

use crate::client::{Request, absolute, broken_rule};
use crate::push::MANIFEST_LIMIT;
use crate::{Client, Result};

/// A registry that never comes to an end is not listened to for ever.
const MOST_PAGES: usize = 1000;

#[derive(Deserialize)]
struct Page {
    /// Some registries say `null` for none.
    tags: Option<Vec<String>>,
}

impl Client {
    /// The tags of a repository, page by page: a `Link` header names the next one
    /// (distribution-spec, "Listing Tags").
    ///
    /// # Errors
    /// Whatever the registry refuses, and an answer that is no list.
    pub fn tags(&self, repository: &str) -> Result<Vec<String>> {
        let mut url = self.url(repository, "tags/list");
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let request = Request::new("GET", url);
            let mut response = self.send(&request, &[200])?;
            let header = response.headers().get("link").and_then(|value| value.to_str().ok());
            let next = header.and_then(next).map(|next| absolute(next, &request.url));
            let body = response.body_mut().as_reader().take(MANIFEST_LIMIT);
            let page: Page = serde_json::from_reader(body)
                .map_err(|error| broken_rule(&request, &format!("is no list: {error}")))?;
            all.extend(page.tags.unwrap_or_default());
            match next {
                Some(next) => url = next,
                None => return Ok(all),
            }
        }
        Err(broken_rule(&Request::new("GET", url), "always names another page"))
    }
}

/// The address in `</v2/ada/quotes/tags/list?n=2&last=b>; rel="next"` (RFC 8288).
fn next(header: &str) -> Option<&str> {
    let (address, rest) = header.strip_prefix('<')?.split_once('>')?;
    rest.replace('"', "").contains("rel=next").then_some(address)
}
