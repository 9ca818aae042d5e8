//! Each step on the command line:
//!
//! ```text
//! registry parse NAME                  what the name means
//! registry challenge HEADER            what a 401 asks for
//! registry login REGISTRY USER         the password comes on standard input
//! registry logout REGISTRY
//! registry ping REGISTRY               is it there, and does it know me?
//! registry manifest NAME               its digest and its media type
//! registry tags NAME                   what else is there under this name
//! registry push-blob STORE NAME DIGEST [REPOSITORY TO MOUNT FROM]
//! registry push STORE NAME [PLATFORM]
//! registry pull-blob STORE NAME DIGEST SIZE
//! registry pull STORE NAME [PLATFORM | all]
//! ```

use std::io::{self, Read as _};
use std::path::Path;
use std::process::ExitCode;

use images::{Blob, Digest, Store};
use registry::{
    Client, Direction, Error, Platform, Reference, Transfer, lines, login, logout, parse_challenge, parse_reference,
    pull, pull_all, push, push_all,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!(
                "usage: registry parse NAME | challenge HEADER | login REGISTRY USER | logout REGISTRY | ping REGISTRY\n\
                 \x20      | manifest NAME | tags NAME | push-blob STORE NAME DIGEST [FROM] | push STORE NAME [PLATFORM]\n\
                 \x20      | pull-blob STORE NAME DIGEST SIZE | pull STORE NAME [PLATFORM | all]"
            );
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("registry: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<bool, Error> {
    match *words {
        ["parse", text] => {
            let Reference { registry, repository, tag, digest } = parse_reference(text)?;
            println!("registry {registry}\nrepository {repository}");
            println!("tag {}", tag.as_deref().unwrap_or("-"));
            println!("digest {}", digest.map_or("-".to_owned(), |digest| digest.to_string()));
        }
        ["challenge", header] => println!("{:?}", parse_challenge(header)?),
        ["login", registry, user] => {
            let path = login(registry, user, &password()?)?;
            println!("stored in {}", path.display());
        }
        ["logout", registry] => println!("{}", if logout(registry)? { "removed" } else { "not logged in" }),
        ["ping", registry] => Client::new(registry)?.ping()?,
        ["manifest", name] => {
            let name = parse_reference(name)?;
            let fetched = Client::new(&name.registry)?.manifest(&name.repository, &name.key())?;
            println!("{} {}", fetched.digest, fetched.media_type);
        }
        ["tags", name] => {
            let name = parse_reference(name)?;
            Client::new(&name.registry)?.tags(&name.repository)?.iter().for_each(|tag| println!("{tag}"));
        }
        ["push-blob", store, name, digest, ref from @ ..] => {
            let (store, name) = (Store::open(Path::new(store))?, parse_reference(name)?);
            let (blob, from) = (stored(&store, digest)?, from.first().copied());
            report(Client::new(&name.registry)?.push_blob(&name.repository, &store, &blob, from)?);
        }
        ["pull-blob", store, name, digest, size] => {
            let (store, name) = (Store::open(Path::new(store))?, parse_reference(name)?);
            let blob = Blob { digest: digest.parse()?, size: size.parse().unwrap_or_default() };
            report(Client::new(&name.registry)?.pull_blob(&name.repository, &store, &blob)?);
        }
        ["push", store, name, ref platform @ ..] => {
            let (store, name) = (Store::open(Path::new(store))?, parse_reference(name)?);
            let mut out = io::stdout();
            let out = &mut lines::to(&mut out, Direction::Push);
            match platform {
                [platform] => push(&store, &name, &platform.parse()?, out)?,
                _ => push_all(&store, &name, out)?,
            };
        }
        ["pull", store, name, ref platform @ ..] => {
            let (store, name) = (Store::open(Path::new(store))?, parse_reference(name)?);
            let (mut out, host) = (io::stdout(), Platform::host());
            let out = &mut lines::to(&mut out, Direction::Pull);
            match platform {
                ["all"] => pull_all(&store, &name, out)?,
                [platform] => pull(&store, &name, &platform.parse()?, out)?,
                _ => pull(&store, &name, &host, out)?,
            };
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn report(transfer: Transfer) {
    println!(
        "{}",
        match transfer {
            Transfer::Done => "sent",
            Transfer::NotNeeded => "already there",
            Transfer::Mounted => "mounted",
        }
    );
}

fn stored(store: &Store, digest: &str) -> Result<Blob, Error> {
    let digest: Digest = digest.parse()?;
    let path = store.blob_path(&digest);
    let metadata = path.metadata().map_err(|source| Error::Io { action: "read", path, source })?;
    Ok(Blob { digest, size: metadata.len() })
}

/// One line of standard input: an argument would be seen by every `ps`.
fn password() -> Result<String, Error> {
    let mut text = String::new();
    io::stdin().take(4096).read_to_string(&mut text).map_err(Error::output)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
