//! Each step on the command line.

use std::io::{self, Read as _};
use std::path::Path;
use std::process::ExitCode;

use distribution::{Platform, Reference};
use http_client::{Direction, Transfer, login, logout, tags, to_lines};
use images::{Blob, Digest, Store};
use registry::{
    AUTHORIZE, Result, client, fetch_manifest, parse_challenge, parse_reference, pull, pull_blob, push, push_blob,
};
use sys::Context;

const USAGE: &str = "usage:
  registry parse NAME                   what the name means
  registry challenge HEADER             what a 401 asks for
  registry login REGISTRY USER          the password comes on standard input
  registry logout REGISTRY
  registry ping REGISTRY                is it there, and does it know me?
  registry manifest NAME                its digest and its media type
  registry tags NAME                    the tags of its repository
  registry push-blob STORE NAME DIGEST [REPOSITORY TO MOUNT FROM]
  registry push STORE NAME [PLATFORM]
  registry pull-blob STORE NAME DIGEST SIZE
  registry pull STORE NAME [PLATFORM]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("registry: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<bool> {
    match *words {
        ["parse", text] => {
            let Reference { registry, repository, tag, digest } = parse_reference(text)?;
            println!("registry {registry}\nrepository {repository}");
            println!("tag {}", tag.as_deref().unwrap_or("-"));
            println!("digest {}", digest.map_or("-".to_owned(), |digest| digest.to_string()));
        }
        ["challenge", header] => println!("{:?}", parse_challenge(header)?),
        ["login", registry, user] => {
            let path = login(registry, user, &password()?, &AUTHORIZE)?;
            println!("stored in {}", path.display());
        }
        ["logout", registry] => println!("{}", if logout(registry)? { "removed" } else { "not logged in" }),
        ["ping", registry] => client(registry)?.ping()?,
        ["manifest", name] => {
            let name = parse_reference(name)?;
            let fetched = fetch_manifest(&client(&name.registry)?, &name.repository, &name.key())?;
            println!("{} {}", fetched.digest, fetched.media_type);
        }
        ["tags", name] => {
            let name = parse_reference(name)?;
            tags(&client(&name.registry)?, &name.repository)?.iter().for_each(|tag| println!("{tag}"));
        }
        [command @ ("push-blob" | "pull-blob" | "push" | "pull"), store, name, ref rest @ ..] => {
            return transfer(command, &Store::open(Path::new(store))?, &parse_reference(name)?, rest);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn transfer(command: &str, store: &Store, name: &Reference, rest: &[&str]) -> Result<bool> {
    let mut output = io::stdout();
    match (command, rest) {
        ("push-blob", [digest, from @ ..]) => {
            let (blob, from) = (stored(store, digest)?, from.first().copied());
            report(push_blob(&client(&name.registry)?, &name.repository, store, &blob, from)?);
        }
        ("pull-blob", [digest, size]) => {
            let blob = Blob { digest: digest.parse()?, size: size.parse().unwrap_or_default() };
            report(pull_blob(&client(&name.registry)?, &name.repository, store, &blob)?);
        }
        ("push", words) => drop(push(store, name, &platform(words)?, &mut to_lines(&mut output, Direction::Push))?),
        ("pull", words) => drop(pull(store, name, &platform(words)?, &mut to_lines(&mut output, Direction::Pull))?),
        _ => return Ok(false),
    }
    Ok(true)
}

fn platform(words: &[&str]) -> Result<Platform> {
    Ok(words.first().map_or(Ok(Platform::host()), |text| text.parse())?)
}

fn report(transfer: Transfer) {
    let words = match transfer {
        Transfer::Done => "transferred",
        Transfer::NotNeeded => "already there",
        Transfer::Mounted => "mounted",
    };
    println!("{words}");
}

fn stored(store: &Store, digest: &str) -> Result<Blob> {
    let digest: Digest = digest.parse()?;
    let path = store.blob_path(&digest);
    let size = path.metadata().context("read", &path)?.len();
    Ok(Blob { digest, size })
}

/// Reads one line of standard input, because `ps` shows arguments to every user.
fn password() -> Result<String> {
    let mut text = String::new();
    io::stdin().take(4096).read_to_string(&mut text).context("read", "standard input")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
