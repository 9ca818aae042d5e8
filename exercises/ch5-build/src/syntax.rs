//! The instructions as the rest of the chapter uses them: owned, without spans,
//! and with what galley does not support refused by name.
//!
//! The grammar itself is that of the crate `parse-dockerfile`; see the
//! Dockerfile reference, <https://docs.docker.com/reference/dockerfile/>.

use parse_dockerfile as grammar;
use parse_dockerfile::{Flag, HereDoc, JsonOrStringArray, Source, UnescapedString};

use crate::error::Problem;
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
    },
    Arg(Vec<(String, Option<String>)>),
    Copy(Copy),
    Run(Command),
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
    /// Here-documents: the text, and whether variables are filled in.
    pub documents: Vec<(String, bool)>,
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
            Self::From { image, name } => Self::From { image: word(image)?, name: name.clone() },
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
                    .map(|(text, fill_in)| {
                        // In a here-document quotes are text: only variables are filled in.
                        let text = if *fill_in { fill_in_document(text, value)? } else { text.clone() };
                        Ok((text, false))
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
pub fn action(instruction: &grammar::Instruction<'_>) -> (usize, Outcome) {
    use grammar::Instruction as I;
    match instruction {
        I::From(i) => (i.from.span.start, from(i)),
        I::Copy(i) => (i.copy.span.start, copy(&i.options, &i.src, &i.dest, false)),
        I::Add(i) => (i.add.span.start, copy(&i.options, &i.src, &i.dest, true)),
        I::Run(i) => (i.run.span.start, run(i)),
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

/// The here-documents of an instruction; their lines belong to its text.
pub fn documents<'a>(instruction: &'a grammar::Instruction<'_>) -> Vec<&'a HereDoc<'a>> {
    let in_sources = |sources: &'a [Source<'_>]| {
        sources.iter().filter_map(|source| if let Source::HereDoc(document) = source { Some(document) } else { None })
    };
    match instruction {
        grammar::Instruction::Run(run) => run.here_docs.iter().collect(),
        grammar::Instruction::Copy(copy) => in_sources(&copy.src).collect(),
        grammar::Instruction::Add(add) => in_sources(&add.src).collect(),
        _ => Vec::new(),
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

fn unsupported(flag: &Flag<'_>, instruction: &str) -> Problem {
    let name = format!("--{}", flag.name.value);
    Problem::new(&name, format!("{instruction} {name} is not supported"))
}

fn from(i: &grammar::FromInstruction<'_>) -> Outcome {
    if let Some(flag) = i.options.first() {
        return Err(unsupported(flag, "FROM").suggest("galley builds for the machine it runs on; leave the flag out"));
    }
    Ok(Action::From { image: text(&i.image), name: i.as_.as_ref().map(|(_, name)| text(name)) })
}

fn copy(options: &[Flag<'_>], sources: &[Source<'_>], target: &UnescapedString<'_>, add: bool) -> Outcome {
    let mut copy = Copy { target: text(target), add, ..Copy::default() };
    for flag in options {
        let value = flag.value.as_ref().map(text);
        match &*flag.name.value {
            "from" if !add => copy.from = value,
            "chown" => copy.chown = value,
            "chmod" => copy.chmod = value,
            // A hint to other builders about how they store the layer.
            "link" => {}
            _ => return Err(unsupported(flag, if add { "ADD" } else { "COPY" })),
        }
    }
    for source in sources {
        match source {
            Source::Path(path) if add && path.value.contains("://") => {
                return Err(Problem::new(&path.value, "ADD of a URL is not supported").suggest("fetch it in a RUN"));
            }
            Source::Path(path) => copy.sources.push(text(path)),
            Source::HereDoc(document) => copy.documents.push((document.value.to_string(), document.expand)),
            _ => {}
        }
    }
    Ok(Action::Copy(copy))
}

fn run(i: &grammar::RunInstruction<'_>) -> Outcome {
    if let Some(flag) = i.options.first() {
        return Err(unsupported(flag, "RUN"));
    }
    match (command(&i.arguments)?, i.here_docs.first()) {
        (Command::Shell(line), Some(document)) if line.is_empty() => {
            Ok(Action::Run(Command::Shell(document.value.to_string())))
        }
        (_, Some(_)) => Err(Problem::new("<<", "words after RUN <<EOF are not supported")
            .suggest("begin the here-document with the command")),
        (command, None) => Ok(Action::Run(command)),
    }
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
