//! Picks out of a failed check's output what a learner needs to see.

/// What a failed check said.
#[derive(Debug, Default)]
pub struct Finding {
    /// Lines of the snapshot's diff: `-expected`, `+found`.
    diff: Vec<String>,
    /// Sentences for the fields that differ.
    causes: Vec<String>,
    /// The assertion's own message.
    message: Vec<String>,
    /// What the learner's program printed on standard error.
    said: Vec<String>,
}

impl Finding {
    /// Reads the output of libtest, of insta and of the program under test.
    pub fn read(output: &str) -> Self {
        let mut finding = Self::default();
        let mut sentences = Vec::new();
        let mut in_message = false;
        for line in output.lines() {
            if let Some(sentence) = line.strip_prefix("check-field ") {
                sentences.push(sentence);
            } else if let Some(cause) = line.strip_prefix("check-cause ") {
                finding.causes.push(cause.to_owned());
            } else if let Some((_, change)) = line.split_once('│') {
                finding.change(change);
            } else if line.starts_with("thread '") && line.contains("panicked at") {
                in_message = true;
            } else if in_message && (line.starts_with("note: ") || line.starts_with("stack backtrace:")) {
                in_message = false;
            } else if in_message {
                finding.message(line);
            } else if !is_noise(line) {
                finding.said.push(line.to_owned());
            }
        }
        finding.explain(&sentences);
        finding
    }

    fn change(&mut self, change: &str) {
        if change.starts_with(['-', '+']) {
            self.diff.push(change.trim_end().to_owned());
        }
    }

    fn message(&mut self, line: &str) {
        let insta = line.starts_with("snapshot assertion for");
        if !insta && !line.trim().is_empty() {
            self.message.push(line.trim_end().to_owned());
        }
    }

    /// Keeps the sentences whose field stands in a changed line.
    fn explain(&mut self, sentences: &[&str]) {
        for (field, sentence) in sentences.iter().filter_map(|line| line.split_once(": ")) {
            let differs = self.diff.iter().any(|line| line[1..].starts_with(&format!("{field}:")));
            if differs && !self.causes.iter().any(|cause| cause == sentence) {
                self.causes.push(sentence.to_owned());
            }
        }
    }

    /// What fits in `room` lines, in the order a reader wants it. Of a long diff the
    /// end goes first, so that the likely cause is always seen.
    pub fn lines_within(&self, room: usize) -> Vec<String> {
        let mut rest: Vec<String> = self.causes.iter().map(|cause| format!("likely: {cause}")).collect();
        rest.extend(self.message.iter().map(|line| plain(line)));
        rest.extend(self.said.iter().map(|line| format!("it said: {}", plain(line))));
        let mut lines = Vec::new();
        if !self.diff.is_empty() {
            lines.push("- expected, + found:".to_owned());
            lines.extend(self.diff.iter().map(|line| format!("  {}", plain(line))));
            lines.truncate(room.saturating_sub(rest.len()).max(room / 2));
        }
        rest.truncate(room - lines.len());
        lines.extend(rest);
        lines
    }
}

/// A line without control characters, because the learner's program may print one that clears
/// the screen.
fn plain(line: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\t' { c.escape_default().to_string() } else { c.to_string() };
    line.chars().map(shown).collect()
}

/// Lines of the test harness and of insta that tell a learner nothing.
fn is_noise(line: &str) -> bool {
    let line = line.trim();
    line.is_empty()
        || matches!(line, "ok" | "FAILED")
        || line.starts_with(['─', '━'])
        || [
            "running ",
            "test ",
            "failures:",
            "step",
            "error: test failed",
            "Snapshot",
            "Source:",
            "Expression:",
            "-old snapshot",
            "+new results",
            "To update snapshots",
            "Stopped on",
            "check-end ",
            "check-unable ",
            "zzz_the_end",
            "note: ",
        ]
        .iter()
        .any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\nrunning 1 test\ncheck-field hostname: it was set outside\ncheck-field pid: it is not process 1\nSnapshot file: a.snap\n────────────┬──────\n    0       │-hostname: <nonce>\n          0 │+hostname: host\n    1     1 │ pid: 1\n────────────┴──────\n\nthread 'step1::x' panicked at insta/src/runtime.rs:1:1:\nsnapshot assertion for 'inside' failed in line 3\nnote: run with `RUST_BACKTRACE=1`\nchroot: chdir: ENOENT\ntest step1::x ... FAILED\n";

    #[test]
    fn only_what_differs_is_explained() {
        let lines = Finding::read(OUTPUT).lines_within(usize::MAX);
        assert_eq!(
            lines,
            [
                "- expected, + found:",
                "  -hostname: <nonce>",
                "  +hostname: host",
                "likely: it was set outside",
                "it said: chroot: chdir: ENOENT"
            ]
        );
    }

    #[test]
    fn a_long_diff_leaves_room_for_the_cause() {
        let finding = Finding {
            diff: vec!["+a: b".to_owned(); 40],
            causes: vec!["forgot it".to_owned()],
            said: vec!["\x1b[2J".to_owned(); 40],
            ..Finding::default()
        };
        let lines = finding.lines_within(8);
        assert_eq!(lines.len(), 8);
        assert_eq!(lines[4..6], ["likely: forgot it", "it said: \\u{1b}[2J"]);
    }
}
