//! The chapter's steps on the command line, one after the other.

use std::io::stdout;
use std::path::Path;
use std::process::ExitCode;

use build::{Options, Result, cache_key, expand, is_ignored, select};
use builder::{ConfigDraft, Selected};
use dockerfile::{Action, Source, ignore_rules, parse};
use storage::tags;
use sys::Context;

const USAGE: &str = "usage: build-image expand TEXT [NAME=VALUE]…
       build-image ignored CONTEXT PATH…
       build-image select CONTEXT SOURCE…
       build-image key PARENT INSTRUCTION CONTEXT [SOURCE]…
       build-image configure DOCKERFILE
       build-image build STORE CONTEXT [NAME] [--no-cache] [NAME=VALUE]…";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["expand", text, pairs @ ..] => print_expanded(text, pairs),
        ["ignored", context, paths @ ..] => print_ignored(Path::new(context), paths),
        ["select", context, sources @ ..] => print_selected(Path::new(context), sources),
        ["key", parent, instruction, context, sources @ ..] => {
            print_key(parent, instruction, Path::new(context), sources)
        }
        ["configure", file] => print_config(Path::new(file)),
        ["build", store, context, rest @ ..] => build_image(Path::new(store), Path::new(context), rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn print_expanded(text: &str, pairs: &[&str]) -> Result<()> {
    let value = |name: &str| pairs.iter().find_map(|pair| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned()));
    println!("{}", expand(text, &value)?);
    Ok(())
}

fn print_ignored(context: &Path, paths: &[&str]) -> Result<()> {
    let rules = ignore_rules(context, &context.join("Dockerfile"))?;
    for path in paths {
        println!("{path}: {}", if is_ignored(&rules, Path::new(path)) { "left out" } else { "stays" });
    }
    Ok(())
}

fn selected(context: &Path, sources: &[&str]) -> Result<Vec<Selected>> {
    let sources: Vec<String> = sources.iter().map(|source| (*source).to_owned()).collect();
    select(context, &sources, &ignore_rules(context, &context.join("Dockerfile"))?)
}

fn print_selected(context: &Path, sources: &[&str]) -> Result<()> {
    for file in selected(context, sources)? {
        let from = file.from.strip_prefix(context).unwrap_or(&file.from);
        println!("{} <- {}", Path::new(".").join(&file.to).display(), Path::new(".").join(from).display());
    }
    Ok(())
}

fn print_key(parent: &str, instruction: &str, context: &Path, sources: &[&str]) -> Result<()> {
    println!("{}", cache_key(parent, instruction, &selected(context, sources)?)?);
    Ok(())
}

/// The config that a Dockerfile describes; each FROM inherits the one before.
fn print_config(file: &Path) -> Result<()> {
    let source = Source::read(file)?;
    let mut draft = ConfigDraft::new(images::spec::Config::default());
    for instruction in parse(&source)? {
        if let Action::From { .. } = instruction.action {
            draft = ConfigDraft::new(draft.config);
        }
        build::configure(&mut draft, &instruction.action).map_err(|it| source.locate(instruction.line, it))?;
    }
    let config = serde_json::to_value(&draft.config).map_err(std::io::Error::other).call("print the config")?;
    println!("{config:#}");
    Ok(())
}

fn build_image(store: &Path, context: &Path, rest: &[&str]) -> Result<()> {
    let (flags, words): (Vec<&str>, Vec<&str>) = rest.iter().partition(|word| word.starts_with("--"));
    let (pairs, names): (Vec<&str>, Vec<&str>) = words.into_iter().partition(|word| word.contains('='));
    let pair = |word: &&str| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    namespaces::unshare_mounts()?;
    let store = images::Store::open(store)?;
    let options = Options {
        context,
        dockerfile: &context.join("Dockerfile"),
        names: &names.into_iter().map(str::to_owned).collect::<Vec<_>>(),
        build_args: &pairs.iter().filter_map(pair).collect::<Vec<_>>(),
        bypass_cache: flags.contains(&"--no-cache"),
        find_image: &|name| match tags::find(&store, name) {
            Ok(Some(image)) => Ok(image),
            Ok(None) => Err(format!("there is no image '{name}' in the store")),
            Err(error) => Err(error.to_string()),
        },
        on_create: &|_| Ok(Box::new(|| ())),
        become_user: builder::become_user,
        target: None,
        network: namespaces::Network::Host,
        progress: &|_, _| Box::new(|_| ()),
    };
    build::build(&store, &options, &mut stdout()).map(drop)
}
