//! Reading what a registry answers.

use std::io::Read as _;

use serde_json::Value;
use ureq::Body;
use ureq::http::Response;

use crate::address::{resolve, without_query};
use crate::{Error, Request, Result};

/// The most of an error, or of a token, that is read, in bytes.
const MAX_ANSWER: u64 = 64 * 1024;

/// Where a response says to go on, as a whole address. It may give the path alone, and
/// it may lead to another host (distribution-spec, "Pushing blobs").
///
/// # Errors
/// [`Error::Protocol`] without a `Location`, or with one that is not an address.
pub fn location(request: &Request<'_>, url: &str, response: &Response<Body>) -> Result<String> {
    let header = response.headers().get("location").and_then(|value| value.to_str().ok());
    let header = header.ok_or_else(|| protocol_error(request, "has no Location"))?;
    resolve(url, header).map_err(|error| protocol_error(request, &format!("has a Location that is wrong: {error}")))
}

/// A response that the specification does not allow; `why` goes on after "the answer".
pub fn protocol_error(request: &Request<'_>, why: &str) -> Error {
    Error::Protocol { method: request.method, url: without_query(&request.url), why: why.to_owned() }
}

/// A status that was not expected, with the registry's own words.
pub fn status_error(request: &Request<'_>, response: &mut Response<Body>) -> Error {
    let status = response.status().as_u16();
    Error::Status { method: request.method, url: without_query(&request.url), status, message: message(response) }
}

/// The registry's own words, on one line (distribution-spec, "Error Codes"). Token
/// services have no such rule; Docker Hub's says `details`.
pub fn message(response: &mut Response<Body>) -> String {
    let answer = json_start(response);
    let error = &answer["errors"][0];
    let words: Vec<_> =
        [&error["code"], &error["message"], &answer["details"]].into_iter().filter_map(Value::as_str).collect();
    if words.is_empty() {
        return response.status().canonical_reason().unwrap_or("without a reason").to_owned();
    }
    words.join(": ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A short body as JSON; `Null` if it is something else. At most 64 KiB are read.
pub fn json_start(response: &mut Response<Body>) -> Value {
    let mut bytes = Vec::new();
    // What cannot be read is as good as not sent.
    let _ = response.body_mut().as_reader().take(MAX_ANSWER).read_to_end(&mut bytes);
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Encodes names and values for a query or a form: `service=a&scope=b%3Ac`
/// (application/x-www-form-urlencoded).
pub fn encode_form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
