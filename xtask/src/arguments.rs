//! The grammar of the command line: what each command takes, and the help that is made of
//! it.
//!
//! lexopt splits the words. clap, which galley uses, would be a tenth of what is compiled
//! before a learner's first check.

use std::ffi::{OsStr, OsString};
use std::str::FromStr;

use lexopt::{Arg, Parser};

use crate::error::{Error, Result};

/// One command, such as `check`.
pub struct Command {
    pub name: &'static str,
    /// A line for the list of commands; a command without one is not listed.
    about: &'static str,
    positional: Positional,
    options: &'static [Opt],
}

/// What a command takes beside its options, with a name and a line of help.
pub enum Positional {
    None,
    Maybe(&'static str, &'static str),
    One(&'static str, &'static str),
    /// Everything from the first word on that is not an option of the command; it is
    /// passed on to another program.
    Rest(&'static str, &'static str),
    /// Everything, also what looks like an option: the command is in another program.
    Forwarded,
}

/// One option, such as `--step N`.
pub struct Opt {
    name: &'static str,
    value: Option<&'static str>,
    help: &'static str,
}

/// `--name`.
pub const fn flag(name: &'static str, help: &'static str) -> Opt {
    Opt { name, value: None, help }
}

/// `--name VALUE`.
pub const fn value(name: &'static str, value: &'static str, help: &'static str) -> Opt {
    Opt { name, value: Some(value), help }
}

/// What the command line asks for.
pub enum Parsed {
    /// To be printed: because it was wanted, or because nothing was said.
    Help {
        text: String,
        wanted: bool,
    },
    Run(&'static Command, ParsedArgs),
}

/// The options and words that a command was given.
#[derive(Debug, Default)]
pub struct ParsedArgs {
    options: Vec<(&'static str, OsString)>,
    pub words: Vec<OsString>,
}

impl ParsedArgs {
    pub fn flag(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The last value that was given: a repeated option corrects itself.
    pub fn value(&self, name: &str) -> Option<&OsStr> {
        self.options.iter().rfind(|(known, _)| *known == name).map(|(_, value)| value.as_os_str())
    }

    /// The value as a number.
    pub fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        let number = |value: &OsStr| {
            let fault = || Error::Usage(format!("--{name} takes a whole number, not '{}'", value.display()));
            value.to_str().and_then(|text| text.parse().ok()).ok_or_else(fault)
        };
        self.value(name).map(number).transpose()
    }

    /// The first word as text.
    pub fn word(&self) -> Option<&str> {
        self.words.first().and_then(|word| word.to_str())
    }

    /// At most one of these options makes sense.
    pub fn exclude(&self, name: &str, others: &[&str]) -> Result<()> {
        match others.iter().find(|other| self.flag(name) && self.flag(other)) {
            Some(other) => Err(Error::Usage(format!("--{name} and --{other} exclude each other"))),
            None => Ok(()),
        }
    }
}

/// Reads the words after `cargo xtask`.
pub fn read(commands: &'static [Command], words: impl IntoIterator<Item = OsString>) -> Result<Parsed> {
    let mut parser = Parser::from_args(words);
    let find = |name: &OsStr| commands.iter().find(|command| command.name == name);
    let name = match parser.next().map_err(usage)? {
        None => return Ok(Parsed::Help { text: overview(commands), wanted: false }),
        Some(Arg::Long("help") | Arg::Short('h')) => "help".into(),
        Some(Arg::Value(name)) => name,
        Some(other) => return Err(usage(other.unexpected())),
    };
    if name == "help" {
        let about = parser.value().ok().and_then(|name| find(&name));
        return Ok(Parsed::Help { text: about.map_or_else(|| overview(commands), Command::help), wanted: true });
    }
    let unknown = || Error::Usage(format!("there is no command '{}'; see `cargo xtask help`", name.display()));
    find(&name).ok_or_else(unknown)?.read(&mut parser)
}

fn overview(commands: &[Command]) -> String {
    let listed = commands.iter().filter(|command| !command.about.is_empty());
    let lines: Vec<_> = listed.map(|command| (command.name.to_owned(), command.about)).collect();
    format!(
        "Grades, builds, plays and cleans everything in this workbook.\n\nUsage: cargo xtask COMMAND\n\n{}\n\
         `cargo xtask help COMMAND` shows what a command takes.\n",
        columns(&lines)
    )
}

/// Two columns, the second aligned.
fn columns(lines: &[(String, &str)]) -> String {
    let width = lines.iter().map(|(left, _)| left.chars().count()).max().unwrap_or(0);
    lines.iter().map(|(left, right)| format!("  {left:width$}  {right}\n")).collect()
}

impl Command {
    pub const fn new(name: &'static str, about: &'static str) -> Self {
        Self { name, about, positional: Positional::None, options: &[] }
    }

    pub const fn takes(self, positional: Positional) -> Self {
        Self { positional, ..self }
    }

    pub const fn options(self, options: &'static [Opt]) -> Self {
        Self { options, ..self }
    }

    fn help(&self) -> String {
        let options = if self.options.is_empty() { "" } else { " [OPTIONS]" };
        let (words, line) = match self.positional {
            Positional::None => (String::new(), None),
            Positional::Maybe(name, help) => (format!(" [{name}]"), Some((name, help))),
            Positional::One(name, help) => (format!(" {name}"), Some((name, help))),
            Positional::Rest(name, help) => (format!(" [--] [{name}]…"), Some((name, help))),
            Positional::Forwarded => (" …".to_owned(), Some(("--help", "Print what it takes"))),
        };
        let mut lines: Vec<(String, &str)> = line.into_iter().map(|(name, help)| (name.to_owned(), help)).collect();
        lines.extend(self.options.iter().map(|option| {
            (format!("--{} {}", option.name, option.value.unwrap_or_default()).trim_end().to_owned(), option.help)
        }));
        format!("{}\n\nUsage: cargo xtask {}{options}{words}\n\n{}", self.about, self.name, columns(&lines))
    }

    fn read(&'static self, parser: &mut Parser) -> Result<Parsed> {
        let fault = |fault: String| Error::Usage(format!("{fault}; see `cargo xtask {} --help`", self.name));
        let mut args = ParsedArgs::default();
        while !self.rest_begins(parser)? {
            match parser.next().map_err(usage)? {
                None => break,
                Some(Arg::Long("help") | Arg::Short('h')) => {
                    return Ok(Parsed::Help { text: self.help(), wanted: true });
                }
                Some(Arg::Long(name)) => {
                    let Some(option) = self.options.iter().find(|option| option.name == name) else {
                        return Err(fault(format!("{} takes no option --{name}", self.name)));
                    };
                    let missing = |_| fault(format!("--{} needs a value", option.name));
                    let value = option.value.map(|_| parser.value().map_err(missing)).transpose()?;
                    args.options.push((option.name, value.unwrap_or_default()));
                }
                Some(Arg::Value(word)) => args.words.push(word),
                Some(other) => return Err(fault(other.unexpected().to_string())),
            }
        }
        args.words.extend(parser.raw_args().map_err(usage)?);
        let most = match self.positional {
            Positional::None => 0,
            Positional::Maybe(..) | Positional::One(..) => 1,
            Positional::Rest(..) | Positional::Forwarded => usize::MAX,
        };
        match (args.words.get(most), &self.positional) {
            (Some(word), _) => Err(fault(format!("{} does not take '{}'", self.name, word.display()))),
            (None, Positional::One(name, help)) if args.words.is_empty() => {
                Err(fault(format!("{} needs {name}, {help}", self.name)))
            }
            _ => Ok(Parsed::Run(self, args)),
        }
    }

    /// Whether the next word is for another program; `--` before it is left out.
    fn rest_begins(&self, parser: &mut Parser) -> Result<bool> {
        if !matches!(self.positional, Positional::Rest(..)) {
            return Ok(matches!(self.positional, Positional::Forwarded));
        }
        let mut raw = parser.raw_args().map_err(usage)?;
        let Some(next) = raw.peek() else { return Ok(false) };
        if next == "--" {
            raw.next();
            return Ok(true);
        }
        let name = next.to_str().and_then(|word| word.strip_prefix("--"));
        let name = name.map(|name| name.split_once('=').map_or(name, |(name, _)| name));
        let own = |name: &str| name == "help" || self.options.iter().any(|option| option.name == name);
        Ok(next != "-h" && !name.is_some_and(own))
    }
}

fn usage(error: lexopt::Error) -> Error {
    Error::Usage(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMANDS: &[Command] = &[
        Command::new("grade", "Grade it").takes(Positional::Maybe("CHAPTER", "ch3")).options(&[
            flag("json", "As an object"),
            flag("watch", "Again and again"),
            value("step", "N", "Only this step"),
        ]),
        Command::new("reset", "Put it back").takes(Positional::One("CHAPTER", "ch3")),
        Command::new("call", "Call it").takes(Positional::Rest("WORDS", "its words")).options(&[flag("mine", "All")]),
        Command::new("play", "Play it").takes(Positional::Forwarded),
        Command::new("inner", ""),
    ];

    fn parsed(line: &str) -> Result<Parsed> {
        read(COMMANDS, line.split_whitespace().map(OsString::from))
    }

    fn args(line: &str) -> ParsedArgs {
        match parsed(line) {
            Ok(Parsed::Run(_, args)) => args,
            _ => panic!("{line} is not taken"),
        }
    }

    #[test]
    fn options_stand_anywhere_and_the_rest_is_anothers() {
        for line in ["grade ch3 --step 2 --json", "grade --json --step=2 ch3", "grade --step 9 --json --step 2 -- ch3"]
        {
            let args = args(line);
            assert_eq!((args.word(), args.number("step").ok()), (Some("ch3"), Some(Some(2_usize))), "{line}");
            assert!(args.flag("json") && !args.flag("watch"), "{line}");
        }
        for (line, mine, words) in [
            ("grade", false, ""),
            ("call run --mine -it", false, "run --mine -it"),
            ("call --mine run --help", true, "run --help"),
            ("call --mine -- --mine -- x", true, "--mine -- x"),
            ("call --open", false, "--open"),
            ("call", false, ""),
            ("play ch1 --help -- -x", false, "ch1 --help -- -x"),
        ] {
            let args = args(line);
            assert_eq!((args.flag("mine"), args.words.join(OsStr::new(" ")).to_str()), (mine, Some(words)), "{line}");
        }
    }

    #[test]
    fn a_slip_is_one_line_and_code_2() {
        let slips = "grate|--json|-x|grade --jsn|grade ch3 ch4|grade --step|grade --json=yes|reset|reset a b|grade -j";
        for line in slips.split('|') {
            let Err(error) = parsed(line) else { panic!("{line} is taken") };
            assert_eq!((error.code(), error.to_string().lines().count()), (2, 1), "{line}: {error}");
        }
        let args = args("grade --step two --json --watch");
        assert_eq!(args.number::<usize>("step").map_err(|error| error.code()), Err(2));
        assert!(args.exclude("watch", &["step", "json"]).is_err() && args.exclude("other", &["json"]).is_ok());
    }

    #[test]
    fn help_names_everything() {
        for (line, is_wanted, words) in [
            ("--help", true, "\n  reset  Put it back\n"),
            ("", false, "\n  reset  Put it back\n"),
            ("help grate", true, "\n  reset  Put it back\n"),
            ("help grade", true, "Usage: cargo xtask grade [OPTIONS] [CHAPTER]\n"),
            ("grade ch3 -h --json", true, "\n  --step N  Only this step\n"),
            ("call --help", true, "Usage: cargo xtask call [OPTIONS] [--] [WORDS]…"),
        ] {
            let Ok(Parsed::Help { text, wanted }) = parsed(line) else { panic!("{line} is no call for help") };
            assert!(wanted == is_wanted && text.contains(words) && !text.contains("inner"), "{line}: {text}");
        }
    }
}
