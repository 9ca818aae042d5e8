//! `pivot_root`, call by call: what is mounted on the host and in the container.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;

use super::figure::Figure;
use super::html::{self, Strip};
use crate::inline::escape;

type Recording = BTreeMap<String, Vec<Step>>;

#[derive(Deserialize)]
struct Step {
    call: String,
    error: Option<String>,
    host: Vec<Mount>,
    inside: Vec<Mount>,
    /// What a directory lists, for the process that makes the calls.
    lists: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize, PartialEq)]
struct Mount {
    on: String,
    #[serde(rename = "type")]
    kind: String,
    /// The directory of its file system that is mounted.
    from: String,
    shared: bool,
}

pub fn draw(figure: &Figure) -> Result<String> {
    let recording: Recording = figure.data()?;
    figure.choose("What is done", &recording, |variant, label, steps| {
        let before = std::iter::once(None).chain(steps.iter().map(Some));
        let frames = steps.iter().zip(before).map(|(step, before)| frame(figure, variant, step, before));
        Ok(html::frames(label, Strip::OneByOne, &frames.collect::<Result<Vec<_>>>()?))
    })
}

fn frame(figure: &Figure, variant: &str, step: &Step, before: Option<&Step>) -> Result<String> {
    let result = match &step.error {
        Some(error) => format!(" <b class=\"bad\">{}</b>", escape(error)),
        None => String::new(),
    };
    let general = caption_key(step);
    let own = format!("{variant}.{general}");
    let key = if figure.words.captions.contains_key(&own) { own } else { general.to_owned() };
    Ok(format!(
        "<code class=\"call\">{}</code>{result}<p>{}</p>\n<div class=\"duo\">{}{}</div>\n<p class=\"sees\">The process sees {}</p>",
        escape(&step.call),
        figure.caption(&key)?,
        mounts("The host", &step.host, before.map(|before| &before.host)),
        mounts("The container", &step.inside, before.map(|before| &before.inside)),
        lists(step),
    ))
}

/// What the captions call a call.
fn caption_key(step: &Step) -> &str {
    match step.call.split('(').next().unwrap_or_default() {
        "mount" if step.call.contains("MS_PRIVATE") => "private",
        "mount" if step.call.contains("MS_BIND") => "bind",
        "mount" => "proc",
        "chroot" if step.call.contains("..") => "escape",
        name => name,
    }
}

fn mounts(title: &str, now: &[Mount], before: Option<&Vec<Mount>>) -> String {
    let mut rows = String::new();
    for mount in now {
        let new = before.is_some_and(|before| !before.contains(mount));
        let files = match (mount.kind.as_str(), mount.from.as_str()) {
            ("proc", _) => "proc",
            (_, "/") => "host's files",
            _ => "rootfs",
        };
        let shared = if mount.shared { "<i>shared</i>" } else { "" };
        rows += &format!(
            "<li class=\"{}{}\"><code>{}</code> <span>{files}</span>{shared}</li>",
            if mount.from == "/" { "old" } else { "own" },
            if new { " new" } else { "" },
            escape(&mount.on),
        );
    }
    format!("<div><b>{title}</b><ul class=\"tree\">{rows}</ul></div>")
}

/// The root, and what lies above it if that is another place.
fn lists(step: &Step) -> String {
    let list = |path: &str| step.lists.get(path).map(|names| escape(&names.join(" "))).unwrap_or_default();
    let (root, above) = (list("/"), list("/.."));
    let first = format!("<code>ls /</code>: {root}");
    if root == above { first } else { format!("{first}; <code>ls /..</code>: <b class=\"bad\">{above}</b>") }
}
