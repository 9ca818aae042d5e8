//! What the probe reported, as text that a snapshot can hold.

use std::fmt;

/// Lines of `key value`, in the order they were reported.
///
/// What differs from run to run is replaced by a name before comparing:
/// see [`View::name`].
#[derive(Clone, Debug, Default)]
pub struct View {
    lines: Vec<(String, String)>,
}

impl View {
    /// Reads the probe's output. A line that is not `key value` is kept whole under the key `?`,
    /// so that nothing is lost.
    pub fn parse(output: &str) -> Self {
        let lines = output
            .lines()
            .map(|line| match line.split_once(' ') {
                Some((key, value)) => (key.to_owned(), value.to_owned()),
                None => ("?".to_owned(), line.to_owned()),
            })
            .collect();
        Self { lines }
    }

    /// The value of the first line with this key, or an empty string.
    pub fn get(&self, key: &str) -> &str {
        self.lines.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
    }

    /// Adds something seen from outside, such as what `/proc/PID/ns` shows.
    pub fn add(&mut self, key: &str, value: impl Into<String>) {
        self.lines.push((key.to_owned(), value.into()));
    }

    /// Replaces text that differs in each run by a name: `<nonce>`.
    pub fn name(mut self, value: &str, name: &str) -> Self {
        if !value.is_empty() {
            for (key, text) in &mut self.lines {
                *key = key.replace(value, name);
                *text = text.replace(value, name);
            }
        }
        self
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|(key, value)| writeln!(f, "{key}: {value}"))
    }
}

/// Registers the sentence to show if `field` differs from the snapshot.
///
/// The sentences go to standard error behind a mark that `cargo xtask check`
/// looks for; only those of fields that do differ reach the learner.
pub fn explain(field: &str, sentence: &str) {
    eprintln!("check-field {field}: {sentence}");
}
