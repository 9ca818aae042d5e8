//! Control group dials: three limits, and what a program does below each.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;

use super::figure::Figure;
use super::{html, svg};
use crate::inline::escape;

#[derive(Deserialize)]
struct Recording {
    memory: BTreeMap<String, Memory>,
    cpu: BTreeMap<String, Cpu>,
    pids: BTreeMap<String, Pids>,
}

#[derive(Deserialize)]
struct Memory {
    /// The words in `memory.max`.
    limit: String,
    /// `memory.current` in KiB after each further MiB that the program wrote to.
    used_kib: Vec<u32>,
    signal: Option<u8>,
    oom_kill: u32,
}

#[derive(Deserialize)]
struct Cpu {
    /// The words in `cpu.max`.
    limit: String,
    /// Milliseconds since the start, and of CPU time until then.
    samples_ms: Vec<(u32, u32)>,
    nr_throttled: u32,
    throttled_ms: u32,
}

#[derive(Deserialize)]
struct Pids {
    /// The words in `pids.max`.
    limit: String,
    /// `pids.current` after each fork that was tried.
    current: Vec<u32>,
    error: Option<String>,
    refused: u32,
}

pub fn draw(figure: &Figure) -> Result<String> {
    let recording: Recording = figure.data()?;
    let mut body = String::new();
    for (dial, file) in [("memory", "memory.max"), ("cpu", "cpu.max"), ("pids", "pids.max")] {
        let options: Vec<(&str, &str)> = figure.options().filter(|(value, _)| value.starts_with(&dial[..1])).collect();
        let choice = html::choice(&format!("`{file}`"), &html::radio(&format!("dials-{dial}"), options.clone()));
        let mut runs = String::new();
        for (value, label) in options {
            let run = match dial {
                "memory" => figure.recorded(&recording.memory, value)?.shown(),
                "cpu" => figure.recorded(&recording.cpu, value)?.shown(),
                _ => figure.recorded(&recording.pids, value)?.shown(),
            };
            runs += &html::case("div", value, &format!("`{file}` {label}:"), &run);
        }
        body +=
            &format!("<div class=\"duo\"><div>{choice}<p>{}</p></div><div>{runs}</div></div>\n", figure.caption(dial)?);
    }
    Ok(body)
}

/// The size of a chart, and the room for its numbers.
const WIDTH: u32 = 320;
const HEIGHT: u32 = 160;
const LEFT: f64 = 40.0;
const BOTTOM: f64 = 136.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 312.0;

/// A chart's axes: how far each goes, and what its end is called.
struct Axes<'a> {
    x: (f64, &'a str),
    y: (f64, &'a str),
}

impl Axes<'_> {
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (LEFT + x / self.x.0 * (RIGHT - LEFT), BOTTOM - y / self.y.0 * (BOTTOM - TOP))
    }

    fn drawn(&self) -> String {
        svg::curve("axis", [(LEFT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM)])
            + &svg::text(LEFT - 5.0, TOP + 6.0, "end", self.y.1)
            + &svg::text(LEFT - 5.0, BOTTOM, "end", "0")
            + &svg::text(RIGHT, BOTTOM + 18.0, "end", self.x.1)
    }
}

impl Memory {
    fn shown(&self) -> String {
        let axes = Axes { x: (24.0, "24 MiB written"), y: (32.0, "32 M") };
        let mib = |kib: u32| f64::from(kib) / 1024.0;
        let written = |at: usize| at as f64 + 1.0;
        let points = self.used_kib.iter().enumerate().map(|(at, kib)| axes.at(written(at), mib(*kib)));
        let mut shapes = axes.drawn() + &svg::curve("data", points);
        if let Some(limit) = self.limit.strip_suffix('M').and_then(|limit| limit.parse::<f64>().ok()) {
            shapes += &svg::curve("limit", [axes.at(0.0, limit), axes.at(24.0, limit)]);
            if self.signal.is_some() {
                let (x, y) = axes.at(written(self.used_kib.len()), limit);
                shapes += &svg::cross(x, y);
            }
        }
        let used = self.used_kib.last().copied().unwrap_or_default();
        let end = match self.signal {
            Some(signal) => format!(
                "<b class=\"bad\">killed by signal {signal}</b> when it wrote to MiB {}",
                self.used_kib.len() + 1
            ),
            None => format!("it wrote to all {} MiB, with {used} KiB in use", self.used_kib.len()),
        };
        let shows = format!("memory.current rises with each MiB, to {used} KiB; memory.max is {}", self.limit);
        format!(
            "{}<p>{end}; <code>memory.events</code>: oom_kill {}</p>",
            svg::drawing(WIDTH, HEIGHT, &shows, &shapes),
            self.oom_kill
        )
    }
}

impl Cpu {
    fn shown(&self) -> String {
        let axes = Axes { x: (1100.0, "1.1 s of time"), y: (1000.0, "1 s") };
        let points = self.samples_ms.iter().map(|(at, used)| axes.at(f64::from(*at), f64::from(*used)));
        let shapes = axes.drawn() + &svg::curve("data", points);
        let (time, used) = self.samples_ms.last().copied().unwrap_or_default();
        let shows = format!("After {time} ms the program has had {used} ms of a CPU; cpu.max is {}", self.limit);
        format!(
            "{}<p>{used} ms of a CPU in {time} ms; <code>cpu.stat</code>: nr_throttled {}, held back for {} ms</p>",
            svg::drawing(WIDTH, HEIGHT, &shows, &shapes),
            self.nr_throttled,
            self.throttled_ms,
        )
    }
}

impl Pids {
    /// Whether each fork gave a process: only then the group has one more.
    fn started(&self) -> impl Iterator<Item = bool> {
        let before = std::iter::once(1).chain(self.current.iter().copied());
        before.zip(&self.current).map(|(before, now)| *now > before)
    }

    fn shown(&self) -> String {
        const SIDE: f64 = 30.0;
        let mut shapes = String::new();
        for (at, started) in self.started().enumerate() {
            let (x, y) = ((at % 8) as f64 * 38.0 + 8.0, (at / 8) as f64 * 38.0 + 6.0);
            shapes += &svg::rectangle(if started { "full" } else { "none" }, x, y, SIDE, SIDE);
            if !started {
                shapes += &svg::cross(x + SIDE / 2.0, y + SIDE / 2.0);
            }
        }
        let started = self.started().filter(|started| *started).count();
        let end = match &self.error {
            Some(error) => format!("<b class=\"bad\">{} refused: {}</b>", self.refused, escape(error)),
            None => "none refused".to_owned(),
        };
        let shows = format!("Of {} forks {started} give a process; pids.max is {}", self.current.len(), self.limit);
        format!(
            "{}<p>{started} of {} forks gave a process, {end}; <code>pids.events</code>: max {}</p>",
            svg::drawing(WIDTH, 84, &shows, &shapes),
            self.current.len(),
            self.refused,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_that_is_refused_adds_nobody() {
        let run = Pids { limit: "3".into(), current: vec![2, 3, 3], error: Some("EAGAIN".into()), refused: 1 };
        assert_eq!(run.started().collect::<Vec<_>>(), [true, true, false]);
        assert!(run.shown().contains("2 of 3 forks"));
    }

    #[test]
    fn the_line_ends_where_the_kernel_killed() {
        let run = |signal| Memory { limit: "8M".into(), used_kib: vec![1280, 2560], signal, oom_kill: 1 };
        assert!(run(Some(9)).shown().contains("killed by signal 9</b> when it wrote to MiB 3"));
        assert!(!run(None).shown().contains("class=\"end\""));
    }
}
