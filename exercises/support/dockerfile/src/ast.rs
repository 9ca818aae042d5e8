//! The instructions of a Dockerfile, owned and without positions.

use crate::diagnostic::Diagnostic;

/// A name, and its value where one was written.
pub type Pair = (String, Option<String>);

/// Fills in the variables of a text; the second argument knows their values.
pub type Expand = fn(&str, &dyn Fn(&str) -> Option<String>) -> Result<String, Diagnostic>;

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

/// What an instruction asks for. Words are as written; [`Action::expanded`] fills in variables.
#[derive(Clone, Debug)]
pub enum Action {
    From {
        image: String,
        name: Option<String>,
        platform: Option<String>,
    },
    Arg(Vec<Pair>),
    Copy(Copy),
    Run(Run),
    Workdir(String),
    Env(Vec<Pair>),
    Label(Vec<Pair>),
    Expose(Vec<String>),
    Volume(Vec<String>),
    User(String),
    StopSignal(String),
    Entrypoint(Command),
    Cmd(Command),
    Shell(Vec<String>),
    /// Recorded in the history only: the image specification has no field for it.
    Healthcheck,
    Maintainer,
}

/// A command in one of its two forms.
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

/// A here-document of COPY or ADD: it becomes a file.
#[derive(Clone, Debug)]
pub struct HereDoc {
    pub name: String,
    pub text: String,
    /// Whether variables are filled in: its name was written without quotes.
    pub expand: bool,
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
    pub documents: Vec<HereDoc>,
    pub target: String,
    /// Whether it is ADD, which unpacks archives.
    pub add: bool,
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

impl Action {
    /// The same action with every variable filled in.
    ///
    /// The commands of RUN, CMD and ENTRYPOINT stay as they are: in their shell form
    /// it is the container's shell that fills in, and in their exec form nobody does.
    ///
    /// # Errors
    /// Those of `expand`.
    pub fn expanded(&self, expand: Expand, value: &dyn Fn(&str) -> Option<String>) -> Result<Self, Diagnostic> {
        let mut expanded = self.clone();
        let word = |text: &mut String| expand(text, value).map(|filled| *text = filled);
        let each = |texts: &mut [String]| texts.iter_mut().try_for_each(word);
        let option = |text: &mut Option<String>| text.iter_mut().try_for_each(word);
        match &mut expanded {
            Self::From { image, platform, .. } => {
                word(image)?;
                option(platform)?;
            }
            Self::Arg(pairs) | Self::Env(pairs) | Self::Label(pairs) => {
                for (name, text) in pairs {
                    word(name)?;
                    option(text)?;
                }
            }
            Self::Workdir(text) | Self::User(text) | Self::StopSignal(text) => word(text)?,
            Self::Expose(texts) | Self::Volume(texts) => each(texts)?,
            Self::Copy(copy) => {
                option(&mut copy.from)?;
                option(&mut copy.chown)?;
                option(&mut copy.chmod)?;
                each(&mut copy.sources)?;
                word(&mut copy.target)?;
                for document in copy.documents.iter_mut().filter(|document| document.expand) {
                    document.text = expand_document(&document.text, expand, value)?;
                }
            }
            _ => {}
        }
        Ok(expanded)
    }
}

/// In a here-document quotes are text: they are kept, and only variables are filled in.
fn expand_document(text: &str, expand: Expand, value: &dyn Fn(&str) -> Option<String>) -> Result<String, Diagnostic> {
    let mut filled = String::new();
    for part in text.split_inclusive(['"', '\'']) {
        let rest = part.trim_end_matches(['"', '\'']);
        filled += &expand(rest, value)?;
        filled += &part[rest.len()..];
    }
    Ok(filled)
}
