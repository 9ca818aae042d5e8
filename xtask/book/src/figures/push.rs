//! A push, request by request: what galley sends and what the registry answers.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;

use super::figure::Figure;
use super::html::{self, Strip};
use crate::inline::escape;

type Recording = BTreeMap<String, Case>;

#[derive(Deserialize)]
struct Case {
    requests: Vec<Exchange>,
    /// The last line that galley printed, if galley sent the requests.
    ends: String,
}

#[derive(Deserialize)]
struct Exchange {
    method: String,
    path: String,
    /// Headers, with the value of `authorization` taken out.
    asks: BTreeMap<String, String>,
    /// Bytes of the request's body.
    sends: u64,
    /// Whether a bit of the body was wrong when it arrived.
    flipped: bool,
    status: String,
    says: BTreeMap<String, String>,
    /// The answer's body, if it is an error.
    body: String,
}

pub fn draw(figure: &Figure) -> Result<String> {
    let recording: Recording = figure.data()?;
    figure.choose("What is pushed", &recording, |_, label, case| {
        let mut sent = 0;
        let mut frames = Vec::new();
        for exchange in &case.requests {
            sent += exchange.sends;
            frames.push(frame(figure, exchange, sent)?);
        }
        let mut strip = html::frames(label, Strip::OneByOne, &frames);
        if !case.ends.is_empty() {
            let ends = escape(&shortened(&case.ends));
            strip += &format!("<p class=\"sees\">galley ends with: <code>{ends}</code></p>");
        }
        Ok(strip)
    })
}

fn frame(figure: &Figure, exchange: &Exchange, sent: u64) -> Result<String> {
    let class = if exchange.status.starts_with('2') { "good" } else { "bad" };
    let flip = if exchange.flipped { ", <b class=\"bad\">one bit flipped on the way</b>" } else { "" };
    let error = match exchange.body.as_str() {
        "" => String::new(),
        body => format!("<li><code>{}</code></li>", escape(&shortened(body))),
    };
    Ok(format!(
        "<code class=\"call\">{} {}</code> <b class=\"{class}\">{}</b><p>{}</p>\n\
         <div class=\"duo\"><div><b>Sent</b>: {} bytes{flip}<ul class=\"tree\">{}</ul></div>\
         <div><b>Answered</b><ul class=\"tree\">{}{error}</ul></div></div>\n\
         <p class=\"sees\">Sent so far: {} bytes</p>",
        exchange.method,
        escape(&shortened(&exchange.path)),
        escape(&exchange.status),
        figure.caption(&exchange.caption())?,
        grouped(exchange.sends),
        headers(&exchange.asks),
        headers(&exchange.says),
        grouped(sent),
    ))
}

impl Exchange {
    /// What the captions call it: the method, for a PUT what is put, and the status.
    fn caption(&self) -> String {
        let what = match self.method.as_str() {
            "PUT" if self.path.contains("/manifests/") => "PUT manifest",
            "PUT" => "PUT blob",
            method => method,
        };
        format!("{what} {}", self.status.split(' ').next().unwrap_or_default())
    }
}

fn headers(headers: &BTreeMap<String, String>) -> String {
    let item = |(name, value): (&String, &String)| {
        format!("<li><code>{}: {}</code></li>", escape(&name.to_lowercase()), escape(&shortened(value)))
    };
    headers.iter().map(item).collect()
}

/// Digests and upload ids are cut to twelve digits, as people do.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 12;
    let mut short = String::new();
    let mut run = 0;
    for letter in text.chars() {
        run = if letter.is_ascii_hexdigit() { run + 1 } else { 0 };
        if run <= SHOWN {
            short.push(letter);
        } else if run == SHOWN + 1 {
            short.push('…');
        }
    }
    short
}

/// A number with a comma after every three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_cut_and_a_word_is_not() {
        let digest = format!("/blobs/sha256:{}", "0a".repeat(32));
        assert_eq!(shortened(&digest), "/blobs/sha256:0a0a0a0a0a0a…");
        assert_eq!(shortened("Docker-Content-Digest 1037259"), "Docker-Content-Digest 1037259");
    }

    #[test]
    fn bytes_are_easy_to_read() {
        assert_eq!((grouped(7), grouped(1_037_259)), ("7".to_owned(), "1,037,259".to_owned()));
    }

    #[test]
    fn no_credentials_were_recorded() {
        let recording: Recording =
            serde_json::from_str(include_str!("../../../../book/figures/push/data.json")).expect("the recording");
        let asks = recording.values().flat_map(|case| &case.requests).flat_map(|exchange| &exchange.asks);
        let values: Vec<&String> =
            asks.filter(|(name, _)| name.eq_ignore_ascii_case("authorization")).map(|(_, value)| value).collect();
        assert!(!values.is_empty() && values.iter().all(|value| *value == "Basic (not shown)"), "{values:?}");
    }
}
