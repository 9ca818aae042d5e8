//! The tags of a repository.

use std::io::Read as _;

use serde_json::Value;

use crate::address::resolve;
use crate::{Client, Request, Result, protocol_error};

/// The most pages that are read: a registry may name another one forever.
const MAX_PAGES: usize = 1000;
/// The most bytes of one page.
const MAX_LIST: u64 = 4 << 20;

/// The tags of a repository, page by page: a `Link` header names the next one
/// (distribution-spec, "Listing Tags").
///
/// # Errors
/// Whatever the registry refuses, and an answer that is not a list.
pub fn tags(client: &Client, repository: &str) -> Result<Vec<String>> {
    let mut url = client.url(repository, "tags/list");
    let mut all = Vec::new();
    for _ in 0..MAX_PAGES {
        let request = Request::new("GET", url);
        let mut response = client.send(&request, &[200])?;
        let header = response.headers().get("link").and_then(|value| value.to_str().ok());
        let next = header.and_then(next).map(|next| resolve(&request.url, next)).transpose();
        let next = next.map_err(|error| protocol_error(&request, &format!("has a Link that is wrong: {error}")))?;
        let body = response.body_mut().as_reader().take(MAX_LIST);
        let page: Value = serde_json::from_reader(body)
            .map_err(|error| protocol_error(&request, &format!("is not a list: {error}")))?;
        // Some registries say `null` for none.
        let tags = page["tags"].as_array().into_iter().flatten();
        all.extend(tags.filter_map(|tag| tag.as_str().map(str::to_owned)));
        match next {
            Some(next) => url = next,
            None => return Ok(all),
        }
    }
    Err(protocol_error(&Request::new("GET", url), "names another page without end"))
}

/// The address in `</v2/ada/quotes/tags/list?n=2&last=b>; rel="next"` (RFC 8288).
fn next(header: &str) -> Option<&str> {
    let (address, rest) = header.strip_prefix('<')?.split_once('>')?;
    rest.replace('"', "").contains("rel=next").then_some(address)
}
