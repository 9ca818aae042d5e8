//! Several ports at once.

use std::ops::RangeInclusive;

use run::{Port, parse_port};

use crate::error::{Error, Result};

/// Reads what [`parse_port`] reads, and ranges: `8000-8002:80-82` is three ports, the
/// first to the first and so on.
///
/// # Errors
/// Those of [`parse_port`]; [`Error::PortRange`] for ranges that do not fit together.
pub fn parse_ports(text: &str) -> Result<Vec<Port>> {
    if !text.contains('-') {
        return Ok(vec![parse_port(text)?]);
    }
    let refuse = |reason| Error::PortRange { text: text.to_owned(), reason };
    let (ports, protocol) = text.find('/').map_or((text, ""), |slash| text.split_at(slash));
    let (rest, container) = ports.rsplit_once(':').ok_or_else(|| refuse("the host's ports are missing"))?;
    let (address, host) = rest.rfind(':').map_or(("", rest), |colon| rest.split_at(colon + 1));
    let (Some(host), Some(container)) = (range(host), range(container)) else {
        return Err(refuse("a range is two numbers from 1 to 65535, the smaller one first"));
    };
    if host.len() != container.len() {
        return Err(refuse("there must be as many ports on the host as in the container"));
    }
    let one = |(host, container)| Ok(parse_port(&format!("{address}{host}:{container}{protocol}"))?);
    host.zip(container).map(one).collect()
}

/// `80-82`, or `80` alone; never empty.
fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some(first..=last)
}
