//! The instructions as the rest of the chapter uses them: owned, without spans,
//! and with what galley does not support refused by name.
//!
//! The grammar itself is that of the crate `parse-dockerfile`; see the
//! Dockerfile reference, <https://docs.docker.com/reference/dockerfile/>.

use parse_dockerfile as grammar;
use parse_dockerfile::{Flag, JsonOrStringArray, Source, UnescapedString};

use crate::documents::{self, Document};
use crate::error::Problem;
use crate::flags;
use crate::variables::{expand, pairs};

/// One instruction of a Dockerfile.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// The line of its first word, counted from 1.
    pub line: usize,
    /// Its text with continuation lines joined and comments left out: what the
    /// progress shows, the history records and the cache compares.
    pub text: String,
    pub action: Action,
}

/// What an instruction asks for. Words are as written; variables are not yet filled in.
#[derive(Clone, Debug)]
pub enum Action {
    From {
        image: String,
        name: Option<String>,
        platform: Option<String>,
    },
    Arg(Vec<(String, Option<String>)>),
    Copy(Copy),
    Run(Run),
    Workdir(String),
    Env(Vec<(String, Option<String>)>),
    Label(Vec<(String, Option<String>)>),
    Expose(Vec<String>),
    Volume(Vec<String>),
    User(String),
    StopSignal(String),
    Entrypoint(Command),
    Cmd(Command),
    Shell(Vec<String>),
    /// Recorded in the history only: the image specification has no field for it.
    Healthcheck,
    Maintainer(String),
}

/// A command in one of its forms.
#[derive(Clone, Debug)]
pub enum Command {
    /// `["program", "argument"]`: started as it stands.
    Exec(Vec<String>),
    /// A line, or a here-document's text: handed to the shell as one argument.
    Shell(String),
}

/// RUN: what to start, and how.
#[derive(Clone, Debug)]
pub struct Run {
    pub command: Command,
    /// The command is a here-document that begins with `#!`: it is a program itself.
    pub is_program: bool,
    /// `--network=none`
    pub offline: bool,
}

/// A here-document of COPY: a file.
#[derive(Clone, Debug)]
pub struct HereDocument {
    pub name: String,
    pub text: String,
    /// Whether variables are filled in: its name was written without quotes.
    pub expand: bool,
}

impl Command {
    /// The words to start: the shell form is the shell's last argument.
    pub fn argv(&self, shell: &[String]) -> Vec<String> {
        match self {
            Self::Exec(words) => words.clone(),
            Self::Shell(line) => shell.iter().chain([line]).cloned().collect(),
        }
    }
}

/// COPY, and ADD of local files.
#[derive(Clone, Debug, Default)]
pub struct Copy {
    /// `--from`: an earlier stage, by name or number, or an image.
    pub from: Option<String>,
    /// `--chown=user:group`, names or numbers.
    pub chown: Option<String>,
    /// `--chmod`, octal.
    pub chmod: Option<String>,
    pub sources: Vec<String>,
    pub documents: Vec<HereDocument>,
    pub target: String,
    /// ADD unpacks archives.
    pub add: bool,
}

impl Action {
    /// The same with every variable filled in.
    ///
    /// What is handed to a shell or to the kernel stays as it is: there the
    /// shell in the container fills in, or nobody does.
    pub fn expanded(&self, value: &dyn Fn(&str) -> Option<String>) -> Result<Self, Problem> {
        let word = |text: &String| expand(text, value);
        let words = |texts: &[String]| texts.iter().map(word).collect::<Result<Vec<_>, _>>();
        let option = |text: &Option<String>| text.as_ref().map(word).transpose();
        let pairs = |pairs: &[(String, Option<String>)]| {
            pairs.iter().map(|(name, text)| Ok((word(name)?, option(text)?))).collect::<Result<Vec<_>, Problem>>()
        };
        Ok(match self {
            Self::From { image, name, platform } => {
                Self::From { image: word(image)?, name: name.clone(), platform: option(platform)? }
            }
            Self::Arg(all) => Self::Arg(pairs(all)?),
            Self::Env(all) => Self::Env(pairs(all)?),
            Self::Label(all) => Self::Label(pairs(all)?),
            Self::Workdir(text) => Self::Workdir(word(text)?),
            Self::User(text) => Self::User(word(text)?),
            Self::StopSignal(text) => Self::StopSignal(word(text)?),
            Self::Expose(all) => Self::Expose(words(all)?),
            Self::Volume(all) => Self::Volume(words(all)?),
            Self::Copy(copy) => Self::Copy(Copy {
                from: option(&copy.from)?,
                chown: option(&copy.chown)?,
                chmod: option(&copy.chmod)?,
                sources: words(&copy.sources)?,
                documents: copy
                    .documents
                    .iter()
                    .map(|document| {
                        // In a here-document quotes are text: only variables are filled in.
                        let text = &document.text;
                        let text = if document.expand { fill_in_document(text, value)? } else { text.clone() };
                        Ok(HereDocument { text, expand: false, name: document.name.clone() })
                    })
                    .collect::<Result<_, Problem>>()?,
                target: word(&copy.target)?,
                add: copy.add,
            }),
            _ => self.clone(),
        })
    }
}

fn fill_in_document(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String, Problem> {
    let parts = text.split_inclusive(['"', '\'']);
    parts
        .map(|part| match part.strip_suffix(['"', '\'']) {
            Some(rest) => Ok(expand(rest, value)? + &part[rest.len()..]),
            None => expand(part, value),
        })
        .collect()
}

type Outcome = Result<Action, Problem>;

/// Where the instruction's first word begins and what it asks for.
///
/// `whole` is the Dockerfile, in which the grammar saw no more than it knows.
pub fn action(instruction: &grammar::Instruction<'_>, whole: &str) -> (usize, Outcome) {
    use grammar::Instruction as I;
    let documents = |start| documents::of_line(whole, start);
    match instruction {
        I::From(i) => (i.from.span.start, from(i)),
        I::Copy(i) => (i.copy.span.start, copy(&i.options, &i.src, &i.dest, false, documents(i.copy.span.start))),
        I::Add(i) => (i.add.span.start, copy(&i.options, &i.src, &i.dest, true, documents(i.add.span.start))),
        I::Run(i) => (i.run.span.start, run(i, whole)),
        I::Cmd(i) => (i.cmd.span.start, command(&i.arguments).map(Action::Cmd)),
        I::Entrypoint(i) => (i.entrypoint.span.start, command(&i.arguments).map(Action::Entrypoint)),
        I::Workdir(i) => (i.workdir.span.start, Ok(Action::Workdir(text(&i.arguments)))),
        I::Env(i) => (i.env.span.start, pairs(&i.arguments.value, true).map(Action::Env)),
        I::Label(i) => (i.label.span.start, pairs(&i.arguments.value, true).map(Action::Label)),
        I::Arg(i) => (i.arg.span.start, pairs(&i.arguments.value, false).map(Action::Arg)),
        I::Expose(i) => (i.expose.span.start, Ok(Action::Expose(texts(&i.arguments)))),
        I::Volume(i) => (i.volume.span.start, Ok(Action::Volume(list(&i.arguments)))),
        I::User(i) => (i.user.span.start, Ok(Action::User(text(&i.arguments)))),
        I::Stopsignal(i) => (i.stopsignal.span.start, Ok(Action::StopSignal(text(&i.arguments)))),
        I::Shell(i) => (i.shell.span.start, Ok(Action::Shell(texts(&i.arguments)))),
        I::Healthcheck(i) => (i.healthcheck.span.start, Ok(Action::Healthcheck)),
        I::Maintainer(i) => (i.maintainer.span.start, Ok(Action::Maintainer(text(&i.name)))),
        I::Onbuild(i) => (i.onbuild.span.start, Err(onbuild())),
        _ => (0, Err(Problem::new("", "galley does not know this instruction"))),
    }
}

fn text(word: &UnescapedString<'_>) -> String {
    word.value.clone().into_owned()
}

fn texts(words: &[UnescapedString<'_>]) -> Vec<String> {
    words.iter().map(text).collect()
}

fn list<const N: usize>(words: &JsonOrStringArray<'_, N>) -> Vec<String> {
    match words {
        JsonOrStringArray::Json(array) => texts(&array.value),
        JsonOrStringArray::String(words) => texts(words),
    }
}

fn onbuild() -> Problem {
    Problem::new("ONBUILD", "ONBUILD is not supported: an OCI image has no place for it")
        .suggest("write the instruction in the Dockerfile that would inherit it")
}

fn from(i: &grammar::FromInstruction<'_>) -> Outcome {
    let name = i.as_.as_ref().map(|(_, name)| text(name));
    Ok(Action::From { image: text(&i.image), name, platform: flags::of_from(&i.options)? })
}

fn copy(
    options: &[Flag<'_>],
    sources: &[Source<'_>],
    target: &UnescapedString<'_>,
    add: bool,
    names: Vec<Document>,
) -> Outcome {
    let mut copy = Copy { target: text(target), add, ..Copy::default() };
    flags::of_copy(options, &mut copy)?;
    let mut names = names.into_iter();
    for source in sources {
        match source {
            Source::Path(path) if add && is_remote(&path.value) => {
                return Err(Problem::new(&path.value, "ADD of a URL or a repository is not supported")
                    .suggest("fetch it in a RUN"));
            }
            Source::Path(path) => copy.sources.push(text(path)),
            Source::HereDoc(document) => copy.documents.push(HereDocument {
                name: names.next().map(|it| it.name).unwrap_or_default(),
                text: document.value.to_string(),
                expand: document.expand,
            }),
            _ => {}
        }
    }
    Ok(Action::Copy(copy))
}

/// What Docker would download or clone.
fn is_remote(source: &str) -> bool {
    source.contains("://") || source.starts_with("git@")
}

fn run(i: &grammar::RunInstruction<'_>, whole: &str) -> Outcome {
    let offline = flags::of_run(&i.options)?;
    let start = i.run.span.start;
    let documents = documents::of_line(whole, start);
    if let Some(open) = documents.iter().find(|document| document.end.is_none()) {
        let problem = Problem::new("<<", format!("the here-document '{}' does not end", open.name));
        return Err(problem.suggest(format!("end it with a line {}", open.name)));
    }
    let line = documents::command_line(whole, start);
    let command = match (documents.as_slice(), i.here_docs.first()) {
        // It is all there is: a text for the shell, or a program if it begins as one.
        ([_], Some(document)) if crate::variables::words(&line).len() == 1 => {
            let text = document.value.to_string();
            return Ok(Action::Run(Run { is_program: text.starts_with("#!"), command: Command::Shell(text), offline }));
        }
        ([first, ..], _) => {
            let end = documents.last().and_then(|last| last.end).unwrap_or(whole.len());
            Command::Shell(format!("{line}\n{}", &whole[first.lines.start..end]))
        }
        ([], _) => command(&i.arguments)?,
    };
    if matches!(&command, Command::Shell(line) if line.trim().is_empty()) {
        return Err(Problem::new("RUN", "RUN has no command"));
    }
    Ok(Action::Run(Run { command, is_program: false, offline }))
}

fn command(arguments: &grammar::Command<'_>) -> Result<Command, Problem> {
    match arguments {
        grammar::Command::Exec(words) => Ok(Command::Exec(texts(&words.value))),
        // The shell would look for a program named "['python']".
        grammar::Command::Shell(line) if line.value.starts_with("['") => {
            Err(Problem::new("['", "the exec form is a JSON array")
                .suggest("use double quotes: [\"program\", \"argument\"]"))
        }
        grammar::Command::Shell(line) => Ok(Command::Shell(crate::dockerfile::join(line.value))),
        _ => Err(Problem::new("", "galley does not know this form of a command")),
    }
}
