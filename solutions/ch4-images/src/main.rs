//! The steps of this chapter from the command line.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use archive::Entry;
use images::{Layer, MAX_DOCUMENT, Result, Store, resolve_beneath, spec};
use sys::Context;

const USAGE: &str = "\
images init STORE                          make an empty store
images write STORE < BYTES                 step 1: store bytes, print digest and size
images read STORE DIGEST                   step 2: print a blob, at most 4 MiB
images pack STORE DIR                      step 3: print a layer's digest, diffID and size
images resolve DIR NAME                    step 4: print where NAME belongs in DIR
images unpack FILE DIR [BYTES]             step 5: unpack a layer of at most BYTES
images add STORE NAME [--config FILE] DIR...    step 6: make an image of one layer for each DIR
images mount UPPER WORK TARGET DIR... -- PROGRAM...    step 7: run PROGRAM with the overlay mounted
images changes UPPER [STORE]               step 8: print what was changed, and make a layer of it";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("usage:\n{USAGE}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("images: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command; false if there is none of that name.
fn run(arguments: &[&str]) -> Result<bool> {
    let open = |store: &str| Store::open(Path::new(store));
    match arguments {
        ["init", store] => drop(open(store)?),
        ["write", store] => {
            let blob = open(store)?.write_blob(&mut io::stdin().lock())?;
            println!("{} {}", blob.digest, blob.size);
        }
        ["read", store, digest] => {
            let bytes = open(store)?.read_blob(&digest.parse()?, MAX_DOCUMENT)?;
            io::stdout().write_all(&bytes).context("write", "standard output")?;
        }
        ["pack", store, directory] => describe(&pack(&open(store)?, directory)?),
        ["resolve", directory, name] => {
            let root = File::open(directory).context("open", directory)?;
            println!("{}", resolve_beneath(&root, Path::new(name))?.to_path()?.display());
        }
        ["unpack", file, directory, limit @ ..] => {
            let limit = limit.first().map_or(Ok(u64::MAX), |bytes| bytes.parse());
            let Ok(limit) = limit else { return Ok(false) };
            let mut archive = archive::decompress(File::open(file).context("open", file)?)?;
            images::unpack(&mut archive, Path::new(directory), limit)?;
        }
        ["add", store, name, "--config", file, directories @ ..] => {
            let config = std::fs::read(file).context("read", file)?;
            let config = serde_json::from_slice(&config).map_err(io::Error::from).context("read", file)?;
            add(&open(store)?, name, &config, directories)?;
        }
        ["add", store, name, directories @ ..] => add(&open(store)?, name, &Default::default(), directories)?,
        ["mount", rest @ ..] => mount_privately(rest)?,
        [MOUNT_HERE, upper, work, target, rest @ ..] => return mount([upper, work, target].map(Path::new), rest),
        ["changes", upper] => drop(changes(upper)?),
        ["changes", upper, store] => describe(&open(store)?.write_layer(changes(upper)?, &mut |_| {})?),
        _ => return Ok(false),
    }
    Ok(true)
}

fn pack(store: &Store, directory: &str) -> Result<Layer> {
    store.write_layer(archive::files(Path::new(directory))?, &mut |_| {})
}

fn describe(layer: &Layer) {
    let (digest, size) = (layer.descriptor.digest(), layer.descriptor.size());
    println!("digest {digest}\ndiffID {}\nsize {size}", layer.diff_id);
}

/// Makes an image, which is then the only one in `index.json`.
fn add(store: &Store, name: &str, config: &spec::ImageConfiguration, directories: &[&str]) -> Result<()> {
    let layers = directories.iter().map(|directory| pack(store, directory)).collect::<Result<Vec<_>>>()?;
    let mut manifest = store.add_image(config, &layers)?;
    println!("manifest {}", manifest.digest());
    manifest.set_annotations(Some([(spec::ANNOTATION_REF_NAME.to_owned(), name.to_owned())].into()));
    Ok(store.layout.replace("index.json", &serde_json::json!({"schemaVersion": 2, "manifests": [manifest]}))?)
}

fn changes(upper: &str) -> Result<Vec<Entry>> {
    let mut entries = images::changes(Path::new(upper))?;
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    entries.iter().for_each(|entry| println!("{} {:?}", entry.name.display(), entry.kind));
    Ok(entries)
}

/// The command that [`mount_privately`] runs; it is not for the command line.
const MOUNT_HERE: &str = "mount-here";

/// Mounts in a mount namespace of its own, as root of a user namespace if need be, so that
/// nothing is left on the host: unshare(1) does what chapter 2 did.
fn mount_privately(arguments: &[&str]) -> Result<()> {
    let mut unshare = Command::new("unshare");
    unshare.arg("--mount").args((!nix::unistd::geteuid().is_root()).then_some("--map-root-user"));
    let program = std::env::current_exe().call("find this program")?;
    Ok(Err(unshare.arg(program).arg(MOUNT_HERE).args(arguments).exec()).context("execve", "unshare")?)
}

fn mount([upper, work, target]: [&Path; 3], rest: &[&str]) -> Result<bool> {
    let mut parts = rest.splitn(2, |argument| *argument == "--");
    let layers: Vec<PathBuf> = parts.next().unwrap_or_default().iter().map(PathBuf::from).collect();
    let Some(([name], arguments)) = parts.next().and_then(|program| program.split_at_checked(1)) else {
        return Ok(false);
    };
    images::mount(&layers, upper, work, target)?;
    Ok(Err(Command::new(name).args(arguments).exec()).context("execve", name)?)
}
