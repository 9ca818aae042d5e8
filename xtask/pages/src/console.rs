//! Terminal blocks: commands after `$ `, and the output of each; and the reports of
//! checks, which stand without their command.

use crate::fault::Fault;

/// One ```` ```console ```` block.
#[derive(Debug)]
pub struct Console {
    /// The line of the opening fence.
    pub line: usize,
    /// The line of the closing fence.
    pub end: usize,
    pub attributes: Attributes,
    pub commands: Vec<Command>,
}

/// What the fence says after `console`, between commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `root`: needs the real root of the machine, not that of a user namespace.
    pub root: bool,
    /// `needs=cgroup2`, `needs=skopeo`: what the machine must have.
    pub needs: Vec<String>,
    /// `varies=numbers`: what is another each time, beside what always is.
    pub varies: Vec<String>,
    /// Which code the learner's tree holds while the block runs.
    pub shown: Option<Shown>,
}

/// One ```` ```text,wrong=step3-shared ```` block: what a check says of a stored
/// wrong solution, from the line `Step 3: …` to the next empty one.
#[derive(Debug)]
pub struct Report {
    /// The line of the opening fence.
    pub line: usize,
    /// The line of the closing fence.
    pub end: usize,
    pub attributes: Attributes,
    /// The solution's name.
    pub wrong: String,
    pub lines: Vec<String>,
}

/// The code that a check is shown on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// `wrong=step3-shared`: the stored wrong solution of that name.
    Wrong(String),
    /// `solution`
    Solution,
}

/// One command and what it printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The line with the `$`.
    pub line: usize,
    /// Without `$ `; of several lines if it was continued with `> `.
    pub text: String,
    pub output: Vec<String>,
}

impl Console {
    /// Reads a block from its lines, without the fences.
    pub fn read(line: usize, info: &str, lines: &[&str], faults: &mut Vec<Fault>) -> Self {
        let attributes = attributes(line, info, faults);
        let mut commands: Vec<Command> = Vec::new();
        for (index, text) in lines.iter().enumerate() {
            let here = line + 1 + index;
            if let Some(command) = text.strip_prefix("$ ") {
                commands.push(Command { line: here, text: command.to_owned(), output: Vec::new() });
                continue;
            }
            match (commands.last_mut(), text.strip_prefix("> ")) {
                (Some(command), Some(more)) if command.output.is_empty() && is_open(&command.text) => {
                    command.text.push('\n');
                    command.text.push_str(more);
                }
                (Some(command), _) => command.output.push((*text).to_owned()),
                (None, _) => faults.push(Fault { line: here, text: "output before the first command".to_owned() }),
            }
        }
        if commands.is_empty() {
            faults.push(Fault { line, text: "a terminal block without a command".to_owned() });
        }
        Self { line, end: line + lines.len() + 1, attributes, commands }
    }

    /// The block's lines, without the fences.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for command in &self.commands {
            let marks = std::iter::once("$ ").chain(std::iter::repeat("> "));
            lines.extend(command.text.lines().zip(marks).map(|(text, mark)| format!("{mark}{text}")));
            lines.extend(command.output.iter().cloned());
        }
        lines
    }
}

impl Report {
    /// Reads a block whose fence says `text`; `None` if it is not a report.
    pub fn read(line: usize, info: &str, lines: &[&str], faults: &mut Vec<Fault>) -> Option<Self> {
        // `text` alone says nothing to be read.
        info.split_once(',')?;
        let attributes = attributes(line, info, faults);
        let Some(Shown::Wrong(wrong)) = &attributes.shown else {
            let text = "a text block with more than `text` is a check's report, and says wrong=".to_owned();
            faults.push(Fault { line, text });
            return None;
        };
        Some(Self {
            line,
            end: line + lines.len() + 1,
            wrong: wrong.clone(),
            attributes,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        })
    }
}

/// Whether a shell would ask for more: a backslash at the end, or a here-document
/// whose last line has not come.
fn is_open(command: &str) -> bool {
    if command.ends_with('\\') {
        return true;
    }
    let first = command.lines().next().unwrap_or_default();
    let Some((_, after)) = first.split_once("<<") else { return false };
    let word: String = after.chars().skip_while(|c| !c.is_alphanumeric()).take_while(|c| c.is_alphanumeric()).collect();
    !word.is_empty() && !command.lines().skip(1).any(|line| line == word)
}

fn attributes(line: usize, info: &str, faults: &mut Vec<Fault>) -> Attributes {
    let mut attributes = Attributes::default();
    for word in info.split(',').skip(1).map(str::trim) {
        match word.split_once('=') {
            None if word == "root" => attributes.root = true,
            None if word == "solution" => attributes.shown = Some(Shown::Solution),
            Some(("wrong", name)) => attributes.shown = Some(Shown::Wrong(name.to_owned())),
            Some(("needs", name)) => attributes.needs.push(name.to_owned()),
            Some(("varies", name)) => attributes.varies.push(name.to_owned()),
            _ => faults.push(Fault {
                line,
                text: format!(
                    "'{word}' does not describe a terminal block; these do: root, needs=, varies=, wrong=, solution"
                ),
            }),
        }
    }
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(info: &str, text: &str) -> (Console, Vec<Fault>) {
        let mut faults = Vec::new();
        let console = Console::read(10, info, &text.lines().collect::<Vec<_>>(), &mut faults);
        (console, faults)
    }

    #[test]
    fn commands_and_output_are_told_apart() {
        let (console, faults) = read("console", "$ echo a\na\n> b\n$ true");
        assert_eq!(faults, []);
        assert_eq!(console.commands[0].output, ["a", "> b"]);
        assert_eq!((console.commands[1].line, console.end), (14, 15));
    }

    #[test]
    fn a_continued_command_is_one() {
        let text = "$ cat > f <<'END'\n> one\n> END\n$ echo a \\\n> b\na b";
        let (console, _) = read("console", text);
        assert_eq!(console.commands[0].text, "cat > f <<'END'\none\nEND");
        assert_eq!(console.commands[1].text, "echo a \\\nb");
        assert_eq!(console.lines().join("\n"), text);
    }

    #[test]
    fn attributes_are_read_and_slips_named() {
        let (console, faults) = read("console,root,needs=cgroup2,wrong=step3-slave,rot", "$ x");
        assert!(console.attributes.root);
        assert_eq!(console.attributes.needs, ["cgroup2"]);
        assert_eq!(console.attributes.shown, Some(Shown::Wrong("step3-slave".into())));
        assert_eq!(faults.len(), 1);
        assert_eq!(read("console", "output").1.len(), 2);
    }

    #[test]
    fn a_report_names_its_solution() {
        let mut faults = Vec::new();
        let report =
            Report::read(3, "text,wrong=step1-x,needs=cgroup1", &["Step 1: x"], &mut faults).expect("a report");
        assert_eq!((report.wrong.as_str(), report.end, report.attributes.needs.len()), ("step1-x", 5, 1));
        assert!(Report::read(3, "text", &["x"], &mut faults).is_none());
        assert_eq!(faults, []);
        assert!(Report::read(3, "text,root", &["x"], &mut faults).is_none());
        assert_eq!(faults.len(), 1);
    }
}
