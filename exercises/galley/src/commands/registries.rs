//! `galley login`, `logout`, `push` and `pull`.

use std::io::{self, BufRead, IsTerminal as _, Read as _, stdin, stdout};

use distribution::Platform;
use http_client::{Client, Direction, credentials};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use registry::AUTHORIZE;

use sys::Context;

use crate::cli::Login;
use crate::error::{Error, Result};
use crate::home::{Home, from_pantry, local};
use crate::transfers::shown;

/// Where Docker logs in when no registry is named.
const DOCKER_HUB: &str = "docker.io";

pub fn login(arguments: &Login) -> Result<()> {
    let registry = arguments.registry.as_deref().unwrap_or(DOCKER_HUB);
    if arguments.username.is_none() && takes_what_is_stored(registry)? {
        println!("Login succeeded, with what is stored for {registry}");
        return Ok(());
    }
    let (user, password) = if arguments.password_stdin {
        let mut line = String::new();
        stdin().read_line(&mut line).context("read", "standard input")?;
        (arguments.username.clone().unwrap_or_default(), line.trim_end_matches(['\r', '\n']).to_owned())
    } else if stdin().is_terminal() {
        ask_login(arguments.username.clone()).context("read the login from", "the terminal")?
    } else {
        let words = "name yourself with --username, and give the password on standard input, with --password-stdin";
        return Err(Error::Usage(words.to_owned()));
    };
    let path = http_client::login(registry, &user, &password, &AUTHORIZE)?;
    println!("Login succeeded; kept in {}", path.display());
    Ok(())
}

/// Whether a login is stored that the registry takes. One that it no longer takes
/// is as good as none.
fn takes_what_is_stored(registry: &str) -> Result<bool> {
    let Some(login) = credentials::stored(registry)? else { return Ok(false) };
    match Client::new(registry, Some(login), &AUTHORIZE).ping() {
        Ok(()) => Ok(true),
        Err(http_client::Error::LoginRefused { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Asks for what is not known yet.
fn ask_login(user: Option<String>) -> io::Result<(String, String)> {
    let user = match user {
        Some(user) => user,
        None => {
            eprint!("Username: ");
            let mut line = String::new();
            stdin().read_line(&mut line)?;
            line.trim().to_owned()
        }
    };
    Ok((user, ask("Password: ")?))
}

/// Asks on the terminal, which shows nothing of the answer. Keys come one by one,
/// Ctrl-C too: a signal would end us and leave the terminal dumb.
fn ask(prompt: &str) -> io::Result<String> {
    eprint!("{prompt}");
    let before = tcgetattr(stdin())?;
    let mut silent = before.clone();
    silent.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
    tcsetattr(stdin(), SetArg::TCSAFLUSH, &silent)?;
    let answer = read_silently(&mut stdin().lock());
    let restored = tcsetattr(stdin(), SetArg::TCSAFLUSH, &before);
    eprintln!();
    restored?;
    answer
}

fn read_silently(keys: &mut dyn BufRead) -> io::Result<String> {
    let mut typed = Vec::new();
    for key in keys.bytes() {
        match key? {
            b'\r' | b'\n' => break,
            // Ctrl-C and Ctrl-D.
            3 | 4 => return Err(io::ErrorKind::Interrupted.into()),
            // Backspace takes a whole character, which may be several bytes.
            8 | 127 => while typed.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {},
            byte => typed.push(byte),
        }
    }
    String::from_utf8(typed).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

pub fn logout(registry: Option<&str>) -> Result<()> {
    let registry = registry.unwrap_or(DOCKER_HUB);
    http_client::logout(registry)?;
    println!("Removed the credentials for {registry}");
    Ok(())
}

pub fn push(name: &str, platform: Option<&str>) -> Result<()> {
    let store = Home::find()?.store()?;
    let reference = registry::parse_reference(name)?;
    let platform: Option<Platform> = platform.map(str::parse).transpose()?;
    let mut out = stdout();
    let report = &mut shown(&mut out, Direction::Push);
    // A clear error for a name that is not here, before any connection is made.
    local(&store, name)?;
    match platform {
        Some(platform) => registry::push(&store, &reference, &platform, report)?,
        None => transfer::push_all(&store, &reference, report)?,
    };
    Ok(())
}

pub fn pull(name: &str, platform: Option<&str>) -> Result<()> {
    let store = Home::find()?.store()?;
    let reference = registry::parse_reference(name)?;
    let (host, requested) = (Platform::host(), platform.map(str::parse).transpose()?);
    let platform = requested.as_ref().unwrap_or(&host);
    let here = if *platform == host { from_pantry(&store, &reference)? } else { None };
    match here {
        Some(image) => println!("Digest: {}\nStatus: Taken from the pantry", image.descriptor.digest()),
        None => {
            registry::pull(&store, &reference, platform, &mut shown(&mut stdout(), Direction::Pull))?;
        }
    }
    Ok(())
}

pub fn pull_all(name: &str) -> Result<()> {
    let store = Home::find()?.store()?;
    let reference = registry::parse_reference(name)?;
    transfer::pull_all(&store, &reference, &mut shown(&mut stdout(), Direction::Pull))?;
    Ok(())
}
