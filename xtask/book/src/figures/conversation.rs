//! `galley run` as a conversation: a row for each call, and three lines that are
//! galley, the kernel and the program.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;

use super::figure::Figure;
use super::html::{self, Strip};
use crate::inline::escape;

type Recording = BTreeMap<String, Vec<Event>>;

#[derive(Deserialize)]
struct Event {
    who: Lane,
    call: String,
    /// What the call returned; none while it waits.
    result: Option<String>,
    part: Part,
    /// The targets of the calls, if one row summarizes several.
    #[serde(default)]
    of: Vec<String>,
}

/// A wait has two rows: where it begins and where it ends.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Part {
    Whole,
    Begins,
    Ends,
}

/// The three lines, from left to right. The kernel answers; it never begins.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Lane {
    Galley,
    Kernel,
    Program,
}

impl Lane {
    /// Its position across the row, in percent.
    fn x(self) -> u8 {
        match self {
            Self::Galley => 14,
            Self::Kernel => 50,
            Self::Program => 86,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Galley => "galley",
            Self::Kernel => "kernel",
            Self::Program => "program",
        }
    }

    /// Its name in a sentence.
    fn words(self) -> String {
        let article = if self == Self::Galley { "" } else { "the " };
        format!("{article}{}", self.name())
    }
}

/// How a process stands between two rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    /// Not made yet, or ended.
    None,
    Runs,
    Waits,
}

pub fn draw(figure: &Figure) -> Result<String> {
    let recording: Recording = figure.data()?;
    figure.choose("Started by", &recording, |who, label, events| {
        let mut lives = [Life::Runs, Life::None];
        let mut rows = Vec::new();
        for event in events {
            let before = lives;
            event.update(&mut lives);
            let names = if rows.is_empty() { names(who) } else { String::new() };
            rows.push(names + &row(figure, who, event, [before, lives])?);
        }
        Ok(html::frames(label, Strip::Talk, &rows))
    })
}

/// The names of the lines, and the arrow's head. Each case has a head of its own: what
/// is defined in a part that is not shown cannot be drawn.
fn names(who: &str) -> String {
    let name = |lane: Lane| format!("<text x=\"{}%\" y=\"14\">{}</text>", lane.x(), lane.name());
    let names: String = [Lane::Galley, Lane::Kernel, Lane::Program].into_iter().map(name).collect();
    format!(
        "<div class=\"lanes names\" aria-hidden=\"true\"><svg><defs><marker id=\"said-{who}\" viewBox=\"0 0 8 8\" \
         refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/>\
         </marker></defs>{names}</svg></div>"
    )
}

impl Event {
    fn name(&self) -> &str {
        self.call.split('(').next().unwrap_or_default()
    }

    /// From whom to whom the arrow goes.
    fn arrow(&self) -> (Lane, Lane) {
        match self.name() {
            "clone" | "sendto" => (self.who, Lane::Program),
            _ if self.part == Part::Ends => (Lane::Kernel, self.who),
            _ => (self.who, Lane::Kernel),
        }
    }

    /// Changes the states of the two processes as the call does.
    fn update(&self, lives: &mut [Life; 2]) {
        let own = &mut lives[usize::from(self.who == Lane::Program)];
        *own = match self.part {
            _ if self.name() == "exit_group" => Life::None,
            Part::Begins => Life::Waits,
            Part::Whole | Part::Ends => Life::Runs,
        };
        if self.name() == "clone" {
            lives[1] = Life::Runs;
        }
    }

    /// What the captions call it.
    fn caption(&self) -> String {
        let (who, name) = (self.who.name(), self.name());
        let has = |part: &str| self.call.contains(part);
        match name {
            "mount" if !self.of.is_empty() => "mounts".to_owned(),
            "mount" if has("MS_PRIVATE") => format!("{who}.private"),
            "mount" if has("\"proc\"") => "proc".to_owned(),
            "mount" => "bind".to_owned(),
            "unshare" if has("NEWUSER") => "user".to_owned(),
            "unshare" if has("NEWNS") => "mnt".to_owned(),
            "unshare" => "cgroup".to_owned(),
            "write" => {
                let path = self.call.split('"').nth(1).unwrap_or_default();
                format!("write.{}", path.rsplit('/').next().unwrap_or_default())
            }
            "recvfrom" | "rt_sigtimedwait" if self.part == Part::Begins => format!("{who}.{name}.waits"),
            "recvfrom" | "execve" | "exit_group" => format!("{who}.{name}"),
            _ => name.to_owned(),
        }
    }
}

/// A call: its arrow between the lines, and its words. `lives` is before and after.
fn row(figure: &Figure, who: &str, event: &Event, lives: [[Life; 2]; 2]) -> Result<String> {
    let (from, to) = event.arrow();
    let result = match event.result.as_deref() {
        None | Some("?") => String::new(),
        Some(result) => format!(" = {}", escape(result)),
    };
    let (count, things) = match event.of.as_slice() {
        [] => (String::new(), String::new()),
        things => (format!(" {} times:", things.len()), format!(" {}", escape(&things.join(", ")))),
    };
    Ok(format!(
        "<div class=\"lanes\"><svg role=\"img\" aria-label=\"From {} to {}\">{}\
         <line class=\"say\" x1=\"{}%\" x2=\"{}%\" y1=\"16\" y2=\"16\" marker-end=\"url(#said-{who})\"/></svg></div>\
         <p><code class=\"call\">{}{result}</code>{count} {}{things}</p>",
        from.words(),
        to.words(),
        lines(lives),
        from.x(),
        to.x(),
        escape(&event.call),
        figure.caption(&event.caption())?,
    ))
}

/// The three lines. Those of the processes change where the arrow is.
fn lines([before, after]: [[Life; 2]; 2]) -> String {
    let line = |class: &str, lane: Lane, from: &str, to: &str| {
        let x = lane.x();
        format!("<line class=\"{class}\" x1=\"{x}%\" x2=\"{x}%\" y1=\"{from}\" y2=\"{to}\"/>")
    };
    let mut lines = line("life", Lane::Kernel, "0", "100%");
    for (speaker, lane) in [Lane::Galley, Lane::Program].into_iter().enumerate() {
        for (life, from, to) in [(before[speaker], "0", "16"), (after[speaker], "16", "100%")] {
            lines += &match life {
                Life::None => continue,
                Life::Runs => line("runs", lane, from, to),
                Life::Waits => line("waits", lane, from, to),
            };
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(call: &str, part: Part) -> Event {
        Event { who: Lane::Galley, call: call.into(), result: None, part, of: Vec::new() }
    }

    #[test]
    fn a_process_waits_until_it_is_answered() {
        let mut lives = [Life::Runs, Life::None];
        event("clone(…)", Part::Whole).update(&mut lives);
        assert!(lives == [Life::Runs, Life::Runs]);
        event("recvfrom(gate)", Part::Begins).update(&mut lives);
        assert!(lives == [Life::Waits, Life::Runs]);
        event("recvfrom(gate, \"\")", Part::Ends).update(&mut lives);
        event("exit_group(7)", Part::Whole).update(&mut lives);
        assert!(lives == [Life::None, Life::Runs]);
    }

    #[test]
    fn an_answer_goes_from_the_kernel_to_who_waited() {
        assert!(event("recvfrom(gate)", Part::Begins).arrow() == (Lane::Galley, Lane::Kernel));
        assert!(event("recvfrom(gate)", Part::Ends).arrow() == (Lane::Kernel, Lane::Galley));
        assert!(event("sendto(gate, \"1\")", Part::Whole).arrow() == (Lane::Galley, Lane::Program));
    }

    #[test]
    fn a_write_is_called_by_its_file() {
        assert_eq!(event("write(\"/proc/self/uid_map\", \"0 1 1\", 5)", Part::Whole).caption(), "write.uid_map");
    }
}
