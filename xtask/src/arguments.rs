//! The grammar of the command line: what each command takes, what was given, and the
//! help that is made of both.
//!
//! lexopt splits the words. clap, which galley uses, would be a tenth of what is
//! compiled before a learner's first check.

use std::ffi::{OsStr, OsString};
use std::str::FromStr;

use lexopt::{Arg, Parser};

use crate::error::{Error, Result};

/// One command, such as `check`.
pub struct Command {
    pub name: &'static str,
    /// A line for the list of commands; a command without one is not listed.
    about: &'static str,
    words: Positional,
    options: &'static [Opt],
}

/// The words beside the options, each kind with a name and a line of help.
pub enum Positional {
    None,
    Maybe(&'static str, &'static str),
    One(&'static str, &'static str),

    /// Everything from the first word on that is no option of the command; it is
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

impl Command {
    pub const fn new(name: &'static str, about: &'static str) -> Self {
        Self { name, about, words: Positional::None, options: &[] }
    }

    pub const fn takes(self, words: Positional) -> Self {
        Self { words, ..self }
    }

    pub const fn options(self, options: &'static [Opt]) -> Self {
        Self { options, ..self }
    }

    fn usage(&self) -> String {
        let options = if self.options.is_empty() { "" } else { " [OPTIONS]" };
        let words = match self.words {
            Positional::None => String::new(),
            Positional::Maybe(name, _) => format!(" [{name}]"),
            Positional::One(name, _) => format!(" {name}"),
            Positional::Rest(name, _) => format!(" [--] [{name}]…"),
            Positional::Forwarded => " …".to_owned(),
        };
        format!("cargo xtask {}{options}{words}", self.name)
    }

    fn help(&self) -> String {
        let mut lines: Vec<(String, &str)> = Vec::new();
        match self.words {
            Positional::None | Positional::Forwarded => {}
            Positional::Maybe(name, help) | Positional::One(name, help) | Positional::Rest(name, help) => {
                lines.push((name.to_owned(), help));
            }
        }
        lines.extend(self.options.iter().map(|choice| (choice.shown(), choice.help)));
        lines.push(("-h, --help".to_owned(), "Print this"));
        format!("{}\n\nUsage: {}\n\n{}", self.about, self.usage(), columns(&lines))
    }

    fn fault(&self, fault: &str) -> Error {
        Error::Usage(format!("{fault}; see `cargo xtask {} --help`", self.name))
    }
}

impl Opt {
    fn shown(&self) -> String {
        self.value.map_or_else(|| format!("--{}", self.name), |value| format!("--{} {value}", self.name))
    }
}

/// Two columns, the second in line.
fn columns(lines: &[(String, &str)]) -> String {
    let width = lines.iter().map(|(left, _)| left.chars().count()).max().unwrap_or(0);
    lines.iter().map(|(left, right)| format!("  {left:width$}  {right}\n")).collect()
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

/// What a command was given.
#[derive(Debug, Default)]
pub struct ParsedArgs {
    /// The options by their names.
    options: Vec<(&'static str, OsString)>,
    /// The words beside them.
    pub words: Vec<OsString>,
}

impl ParsedArgs {
    pub fn flag(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The last value that was given: who says it twice has corrected it.
    pub fn value(&self, name: &str) -> Option<&OsStr> {
        self.options.iter().rfind(|(known, _)| *known == name).map(|(_, value)| value.as_os_str())
    }

    /// The value as text.
    pub fn text(&self, name: &str) -> Result<Option<&str>> {
        let no_text = || Error::Usage(format!("what follows --{name} is no text"));
        self.value(name).map(|value| value.to_str().ok_or_else(no_text)).transpose()
    }

    /// The value as a number.
    pub fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        let number = |text: &str| {
            text.parse().map_err(|_| Error::Usage(format!("--{name} takes a whole number, and '{text}' is none")))
        };
        self.text(name)?.map(number).transpose()
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
    let name = match parser.next().map_err(of_lexopt)? {
        None => return Ok(Parsed::Help { text: overview(commands), wanted: false }),
        Some(Arg::Long("help") | Arg::Short('h')) => {
            return Ok(Parsed::Help { text: overview(commands), wanted: true });
        }
        Some(Arg::Value(name)) => name,
        Some(other) => return Err(of_lexopt(other.unexpected())),
    };
    if name == "help" {
        let about = parser.value().ok().and_then(|name| find(commands, &name));
        return Ok(Parsed::Help { text: about.map_or_else(|| overview(commands), Command::help), wanted: true });
    }
    let Some(command) = find(commands, &name) else {
        return Err(Error::Usage(format!("there is no command '{}'; see `cargo xtask help`", name.to_string_lossy())));
    };
    command.read(&mut parser)
}

fn find(commands: &'static [Command], name: &OsStr) -> Option<&'static Command> {
    commands.iter().find(|command| command.name == name)
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

impl Command {
    fn read(&'static self, parser: &mut Parser) -> Result<Parsed> {
        let mut given = ParsedArgs::default();
        loop {
            let forwarded = matches!(self.words, Positional::Forwarded);
            if forwarded || matches!(self.words, Positional::Rest(..)) && self.rest_begins(parser)? {
                given.words = parser.raw_args().map_err(of_lexopt)?.collect();
                break;
            }
            match parser.next().map_err(of_lexopt)? {
                None => break,
                Some(Arg::Long("help") | Arg::Short('h')) => {
                    return Ok(Parsed::Help { text: self.help(), wanted: true });
                }
                Some(Arg::Long(name)) => {
                    let Some(choice) = self.options.iter().find(|choice| choice.name == name) else {
                        return Err(self.fault(&format!("{} takes no option --{name}", self.name)));
                    };
                    let missing = |_| self.fault(&format!("{} lacks its value", choice.shown()));
                    let value = choice.value.map(|_| parser.value().map_err(missing)).transpose()?;
                    given.options.push((choice.name, value.unwrap_or_default()));
                }
                Some(Arg::Value(word)) => given.words.push(word),
                Some(other) => return Err(self.fault(&other.unexpected().to_string())),
            }
        }
        self.count(&given.words)?;
        Ok(Parsed::Run(self, given))
    }

    /// Whether the next word is for another program; `--` before it is left out.
    fn rest_begins(&self, parser: &mut Parser) -> Result<bool> {
        let mut raw = parser.raw_args().map_err(of_lexopt)?;
        let Some(next) = raw.peek() else { return Ok(false) };
        if next == "--" {
            raw.next();
            return Ok(true);
        }
        let name = next.to_str().and_then(|word| word.strip_prefix("--"));
        let name = name.map(|name| name.split_once('=').map_or(name, |(name, _)| name));
        let own = |name: &str| name == "help" || self.options.iter().any(|choice| choice.name == name);
        Ok(next != "-h" && !name.is_some_and(own))
    }

    fn count(&self, words: &[OsString]) -> Result<()> {
        let most = match self.words {
            Positional::None => 0,
            Positional::Maybe(..) | Positional::One(..) => 1,
            Positional::Rest(..) | Positional::Forwarded => return Ok(()),
        };
        if let Some(word) = words.get(most) {
            return Err(self.fault(&format!("{} has no use for '{}'", self.name, word.to_string_lossy())));
        }
        match self.words {
            Positional::One(name, help) if words.is_empty() => {
                Err(self.fault(&format!("{} wants a word more: {name}, {help}", self.name)))
            }
            _ => Ok(()),
        }
    }
}

fn of_lexopt(error: lexopt::Error) -> Error {
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
        Command::new("call", "Call it")
            .takes(Positional::Rest("WORDS", "its words"))
            .options(&[flag("mine", "All mine")]),
        Command::new("list", "List them").takes(Positional::Forwarded),
        Command::new("inner", ""),
    ];

    fn asked(line: &str) -> Result<Parsed> {
        read(COMMANDS, line.split_whitespace().map(OsString::from))
    }

    fn given(line: &str) -> ParsedArgs {
        match asked(line) {
            Ok(Parsed::Run(_, given)) => given,
            Ok(Parsed::Help { text, .. }) => panic!("{line}: {text}"),
            Err(error) => panic!("{line}: {error}"),
        }
    }

    fn help(line: &str) -> (String, bool) {
        match asked(line) {
            Ok(Parsed::Help { text, wanted }) => (text, wanted),
            _ => panic!("{line} is no call for help"),
        }
    }

    #[test]
    fn options_stand_anywhere() {
        for line in ["grade ch3 --step 2 --json", "grade --json --step=2 ch3", "grade --step 9 --json --step 2 -- ch3"]
        {
            let given = given(line);
            assert_eq!(given.word(), Some("ch3"), "{line}");
            assert!(given.flag("json") && !given.flag("watch"), "{line}");
            assert_eq!(given.number("step").ok(), Some(Some(2_usize)), "{line}");
        }
        assert_eq!(given("grade").word(), None);
    }

    #[test]
    fn the_rest_is_anothers() {
        for (line, mine, words) in [
            ("call run --mine -it", false, "run --mine -it"),
            ("call --mine run --help", true, "run --help"),
            ("call --mine -- --mine -- x", true, "--mine -- x"),
            ("call --open", false, "--open"),
            ("call", false, ""),
            ("list ch1 --help -- -x", false, "ch1 --help -- -x"),
        ] {
            let given = given(line);
            assert_eq!((given.flag("mine"), given.words.join(OsStr::new(" ")).to_str()), (mine, Some(words)), "{line}");
        }
    }

    #[test]
    fn a_slip_is_one_line_and_code_2() {
        for line in [
            "grate",
            "--json",
            "-x",
            "grade --jsn",
            "grade ch3 ch4",
            "grade --step",
            "grade --json=yes",
            "reset",
            "reset ch1 ch2",
            "grade -j",
        ] {
            let Err(error) = asked(line) else { panic!("{line} is taken") };
            assert_eq!(error.code(), 2, "{line}");
            assert_eq!(error.to_string().lines().count(), 1, "{line}: {error}");
        }
        let given = given("grade --step two --json --watch");
        assert_eq!(given.number::<usize>("step").map_err(|error| error.code()), Err(2));
        assert!(given.exclude("watch", &["step", "json"]).is_err());
        assert!(given.exclude("other", &["json"]).is_ok());
    }

    #[test]
    fn help_names_everything() {
        for line in ["--help", "-h", "help", "help grate"] {
            let (text, wanted) = help(line);
            assert!(wanted && text.contains("\n  reset  Put it back\n") && !text.contains("inner"), "{line}: {text}");
        }
        assert!(!help("").1, "nobody asked");
        for line in ["help grade", "grade --help", "grade ch3 -h --json"] {
            let (text, wanted) = help(line);
            assert!(wanted && text.contains("Usage: cargo xtask grade [OPTIONS] [CHAPTER]\n"), "{line}: {text}");
            assert!(text.contains("\n  --step N    Only this step\n"), "{text}");
        }
        assert!(help("call --help").0.contains("Usage: cargo xtask call [OPTIONS] [--] [WORDS]…"));
    }
}
