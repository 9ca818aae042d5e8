//! From the grammar's tree, which borrows and has positions, to instructions.
//!
//! The grammar is that of the crate `parse-dockerfile`; see the Dockerfile reference,
//! <https://docs.docker.com/reference/dockerfile/>.

use parse_dockerfile as grammar;
use parse_dockerfile::{Flag, JsonOrStringArray, UnescapedString};

use crate::ast::{Action, Command, Copy, HereDoc, Instruction, Run};
use crate::diagnostic::{Diagnostic, Located};
use crate::flags;
use crate::heredoc::{self, Region};
use crate::source::Source;
use crate::words::{join_lines, pairs, words};

/// Every instruction there is, for suggestions.
const KEYWORDS: &str = "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL \
                        STOPSIGNAL USER VOLUME WORKDIR";

/// Reads the instructions of a Dockerfile.
///
/// # Errors
/// The first mistake, with line, column, the line itself and, where one is likely, a
/// suggestion: `FORM` means `FROM`.
pub fn parse(source: &Source) -> Result<Vec<Instruction>, Box<Located>> {
    let text = &source.text;
    let masked = heredoc::mask(text);
    let file = grammar::parse(&masked).map_err(|error| syntax_error(source, &error))?;
    let parsed: Vec<_> = file.instructions.iter().map(|parsed| action(parsed, text)).collect();
    let starts: Vec<usize> = parsed.iter().map(|(start, _)| *start).collect();
    let mut instructions = Vec::new();
    for (index, (start, action)) in parsed.into_iter().enumerate() {
        let line = text[..start].matches('\n').count() + 1;
        let instruction_text = match heredoc::regions(text, start).last() {
            // The lines of a here-document are data: nothing in them is a comment.
            Some(region) => text[start..region.lines.end].trim_end().to_owned(),
            None => join_lines(&text[start..starts.get(index + 1).copied().unwrap_or(text.len())]),
        };
        let action = action.map_err(|diagnostic| source.locate(line, diagnostic))?;
        instructions.push(Instruction { line, text: instruction_text, action });
    }
    Ok(instructions)
}

fn syntax_error(source: &Source, error: &grammar::Error) -> Box<Located> {
    // The parser says line 0 for a file without any FROM, which has no place to point at.
    let (line, column) = (error.line().max(1), error.column().max(1));
    // It counts bytes, people count characters.
    let (before, rest) = source.line(line).split_at_checked(column - 1).unwrap_or_default();
    let word = rest.split_whitespace().next().unwrap_or_default();
    // The alternate form leaves out the place.
    let mut diagnostic = Diagnostic::new(word, format!("{error:#}"));
    if diagnostic.message.starts_with("unknown instruction") {
        diagnostic.suggestion = closest_keyword(word).map(|keyword| format!("did you mean {keyword}?"));
    }
    source.locate_at(line, before.chars().count() + 1, diagnostic)
}

/// The instruction that a misspelled word most likely means.
fn closest_keyword(word: &str) -> Option<&'static str> {
    let changes = |keyword: &&'static str| strsim::osa_distance(&word.to_uppercase(), keyword);
    // More changes than a third of the word is another word, not a slip.
    KEYWORDS.split_whitespace().min_by_key(changes).filter(|keyword| changes(keyword) <= 1 + keyword.len() / 3)
}

/// Where the instruction's first word begins, in bytes, and what it asks for.
///
/// `whole` is the Dockerfile, of which the grammar saw only the masked text.
fn action(instruction: &grammar::Instruction<'_>, whole: &str) -> (usize, Result<Action, Diagnostic>) {
    use grammar::Instruction as I;
    let documents = |start| heredoc::regions(whole, start);
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
        I::Maintainer(i) => (i.maintainer.span.start, Ok(Action::Maintainer)),
        I::Onbuild(i) => (i.onbuild.span.start, Err(onbuild())),
        _ => (0, Err(Diagnostic::new("", "galley does not know this instruction"))),
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

fn onbuild() -> Diagnostic {
    Diagnostic::new("ONBUILD", "ONBUILD is not supported: an OCI image has no place for it")
        .suggest("write the instruction in the Dockerfile that would inherit it")
}

fn from(i: &grammar::FromInstruction<'_>) -> Result<Action, Diagnostic> {
    let name = i.as_.as_ref().map(|(_, name)| text(name));
    Ok(Action::From { image: text(&i.image), name, platform: flags::of_from(&i.options)? })
}

fn copy(
    options: &[Flag<'_>],
    sources: &[grammar::Source<'_>],
    target: &UnescapedString<'_>,
    add: bool,
    regions: Vec<Region>,
) -> Result<Action, Diagnostic> {
    let mut copy = Copy { target: text(target), add, ..Copy::default() };
    flags::of_copy(options, &mut copy)?;
    let mut regions = regions.into_iter();
    for source in sources {
        match source {
            // What Docker would download or clone.
            grammar::Source::Path(path) if add && (path.value.contains("://") || path.value.starts_with("git@")) => {
                return Err(Diagnostic::new(&path.value, "ADD of a URL or a repository is not supported")
                    .suggest("fetch it in a RUN"));
            }
            grammar::Source::Path(path) => copy.sources.push(text(path)),
            grammar::Source::HereDoc(document) => copy.documents.push(HereDoc {
                name: regions.next().map(|it| it.name).unwrap_or_default(),
                text: document.value.to_string(),
                expand: document.expand,
            }),
            _ => {}
        }
    }
    Ok(Action::Copy(copy))
}

fn run(i: &grammar::RunInstruction<'_>, whole: &str) -> Result<Action, Diagnostic> {
    let offline = flags::of_run(&i.options)?;
    let start = i.run.span.start;
    let regions = heredoc::regions(whole, start);
    if let Some(open) = regions.iter().find(|region| region.end.is_none()) {
        return Err(Diagnostic::new("<<", format!("the here-document '{}' does not end", open.name))
            .suggest(format!("end it with a line {}", open.name)));
    }
    let line = heredoc::command_line(whole, start);
    let command = match (regions.as_slice(), i.here_docs.first()) {
        // It is all there is: a text for the shell, or a program if it begins as one.
        ([_], Some(document)) if words(&line).len() == 1 => {
            let text = document.value.to_string();
            return Ok(Action::Run(Run { is_program: text.starts_with("#!"), command: Command::Shell(text), offline }));
        }
        ([first, ..], _) => {
            let end = regions.last().and_then(|last| last.end).unwrap_or(whole.len());
            Command::Shell(format!("{line}\n{}", &whole[first.lines.start..end]))
        }
        ([], _) => command(&i.arguments)?,
    };
    if matches!(&command, Command::Shell(line) if line.trim().is_empty()) {
        return Err(Diagnostic::new("RUN", "RUN has no command"));
    }
    Ok(Action::Run(Run { command, is_program: false, offline }))
}

fn command(arguments: &grammar::Command<'_>) -> Result<Command, Diagnostic> {
    match arguments {
        grammar::Command::Exec(words) => Ok(Command::Exec(texts(&words.value))),
        // The shell would look for a program named "['python']".
        grammar::Command::Shell(line) if line.value.starts_with("['") => {
            Err(Diagnostic::new("['", "the exec form is a JSON array")
                .suggest("use double quotes: [\"program\", \"argument\"]"))
        }
        grammar::Command::Shell(line) => Ok(Command::Shell(join_lines(line.value))),
        _ => Err(Diagnostic::new("", "galley does not know this form of a command")),
    }
}
