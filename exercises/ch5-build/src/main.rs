//! The chapter's steps on the command line, one after the other.

use std::io::stdout;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use build::configure::{Description, configure};
use build::context::{Ignore, select};
use build::dockerfile::{Source, parse};
use build::syntax::Action;
use build::{Error, Options, cache_key, expand};

const USAGE: &str = "usage: build-image parse DOCKERFILE
       build-image expand TEXT [NAME=VALUE]…
       build-image select CONTEXT SOURCE…
       build-image key PARENT INSTRUCTION CONTEXT [SOURCE]…
       build-image configure DOCKERFILE
       build-image build STORE CONTEXT [NAME] [--no-cache] [NAME=VALUE]…";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["parse", file] => show_instructions(Path::new(file)),
        ["expand", text, pairs @ ..] => show_expanded(text, pairs),
        ["select", context, sources @ ..] => show_selected(Path::new(context), sources),
        ["key", parent, instruction, context, sources @ ..] => {
            show_key(parent, instruction, Path::new(context), sources)
        }
        ["configure", file] => show_configuration(Path::new(file)),
        ["build", store, context, rest @ ..] => build_image(Path::new(store), Path::new(context), rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn show_instructions(file: &Path) -> Result<(), Error> {
    for instruction in parse(&Source::read(file)?)? {
        println!("{} {}", instruction.line, instruction.text.escape_debug());
    }
    Ok(())
}

fn show_expanded(text: &str, pairs: &[&str]) -> Result<(), Error> {
    let value = |name: &str| pairs.iter().find_map(|pair| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned()));
    println!("{}", expand(text, &value)?);
    Ok(())
}

fn files(context: &Path, sources: &[&str]) -> Result<Vec<build::context::Selected>, Error> {
    let ignored = Ignore::read(context).map_err(Error::io("read .dockerignore of", context))?;
    let sources: Vec<String> = sources.iter().map(|source| (*source).to_owned()).collect();
    Ok(select(context, &sources, &ignored)?)
}

fn show_selected(context: &Path, sources: &[&str]) -> Result<(), Error> {
    for file in files(context, sources)? {
        let from = file.from.strip_prefix(context).unwrap_or(&file.from);
        println!("{} <- {}", Path::new(".").join(&file.to).display(), Path::new(".").join(from).display());
    }
    Ok(())
}

fn show_key(parent: &str, instruction: &str, context: &Path, sources: &[&str]) -> Result<(), Error> {
    println!("{}", cache_key(parent, instruction, &files(context, sources)?)?);
    Ok(())
}

/// The configuration that a Dockerfile describes; each FROM inherits the one before.
fn show_configuration(file: &Path) -> Result<(), Error> {
    let source = Source::read(file)?;
    let mut description = Description::of(images::spec::Config::default());
    for instruction in parse(&source)? {
        if let Action::From { .. } = instruction.action {
            description = Description::of(description.config);
        }
        configure(&mut description, &instruction.action).map_err(|error| match error {
            Error::Problem(problem) => source.fault(instruction.line, problem),
            other => other,
        })?;
    }
    let config = serde_json::to_value(&description.config).map_err(std::io::Error::other);
    println!("{:#}", config.map_err(Error::io("show", file))?);
    Ok(())
}

fn build_image(store: &Path, context: &Path, rest: &[&str]) -> Result<(), Error> {
    let pair = |word: &&str| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let build_args: Vec<(String, String)> = rest.iter().filter_map(pair).collect();
    let names: Vec<String> = rest
        .iter()
        .filter(|word| !word.contains('=') && !word.starts_with("--"))
        .map(|name| (*name).to_owned())
        .collect();
    namespaces::unshare_mounts()?;
    let store = images::Store::open(store)?;
    let dockerfile: PathBuf = context.join("Dockerfile");
    let options = Options {
        context,
        dockerfile: &dockerfile,
        names: &names,
        build_args: &build_args,
        no_cache: rest.contains(&"--no-cache"),
        base: &|name| match storage::tags::find(&store, name) {
            Ok(Some(image)) => Ok(image),
            Ok(None) => Err(format!("there is no image '{name}' in the store")),
            Err(error) => Err(error.to_string()),
        },
        started: &|_| Ok(Box::new(|| ())),
        target: None,
        network: namespaces::Network::Host,
        progress: &|_, _| Box::new(|_| ()),
    };
    build::build(&store, &options, &mut stdout()).map(drop)
}
