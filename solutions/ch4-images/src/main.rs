//! The steps of this chapter from the command line.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use images::{Error, Layer, MAX_DOCUMENT, Result, Store, resolve_beneath, spec};
use nix::mount::MsFlags;
use nix::sched::{CloneFlags, unshare};
use serde_json::{Value, json};
use sys::Context;

const USAGE: &str = "\
images init STORE                          make an empty store
images write STORE < BYTES                 step 1: store bytes, print digest and size
images read STORE DIGEST                   step 2: print a blob, at most 4 MiB
images pack STORE DIR                      step 3: print a layer's digest, diffID and size
images resolve DIR NAME                    step 4: print where NAME belongs in DIR
images unpack FILE DIR [BYTES]             step 5: unpack a layer of at most BYTES
images add STORE NAME DIR...               step 6: make an image of one layer for each DIR
images mount UPPER WORK TARGET DIR... -- PROGRAM...    step 7: run PROGRAM with the overlay mounted
images changes STORE UPPER                 make a layer of an overlay's upper directory";

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
            print(&format!("{} {}", blob.digest, blob.size))?;
        }
        ["read", store, digest] => {
            let bytes = open(store)?.read_blob(&digest.parse()?, MAX_DOCUMENT)?;
            io::stdout().write_all(&bytes).context("write", "standard output")?;
        }
        ["pack", store, directory] => describe(&pack(&open(store)?, directory)?)?,
        ["changes", store, upper] => {
            describe(&open(store)?.write_layer(images::changes(Path::new(upper))?, &mut |_| {})?)?;
        }
        ["resolve", directory, name] => resolve(Path::new(directory), Path::new(name))?,
        ["unpack", file, directory] => unpack(file, directory, u64::MAX)?,
        ["unpack", file, directory, bytes] => unpack(file, directory, bytes.parse().map_err(|_| usage(bytes))?)?,
        ["add", store, name, directories @ ..] => add(&open(store)?, name, directories)?,
        ["mount", upper, work, target, rest @ ..] => mount(Path::new(upper), Path::new(work), Path::new(target), rest)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn print(line: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{line}").context("write", "standard output")?)
}

fn pack(store: &Store, directory: &str) -> Result<Layer> {
    store.write_layer(archive::files(Path::new(directory))?, &mut |_| {})
}

fn describe(layer: &Layer) -> Result<()> {
    print(&format!("digest {}", layer.descriptor.digest()))?;
    print(&format!("diffID {}", layer.diff_id))?;
    print(&format!("size {}", layer.descriptor.size()))
}

fn resolve(directory: &Path, name: &Path) -> Result<()> {
    let root = File::open(directory).context("open", directory)?;
    print(&resolve_beneath(&root, name)?.to_path()?.display().to_string())
}

fn unpack(file: &str, directory: &str, limit: u64) -> Result<()> {
    let mut archive = archive::decompress(File::open(file).context("open", file)?)?;
    images::unpack(&mut archive, Path::new(directory), limit)
}

/// Makes an image, which is then the only one in `index.json`.
fn add(store: &Store, name: &str, directories: &[&str]) -> Result<()> {
    let layers = directories.iter().map(|directory| pack(store, directory)).collect::<Result<Vec<_>>>()?;
    let mut manifest = store.add_image(&spec::ImageConfiguration::default(), &layers)?;
    manifest.set_annotations(Some([(spec::ANNOTATION_REF_NAME.to_owned(), name.to_owned())].into()));
    store.replace("index.json", &json!({"schemaVersion": 2, "manifests": [manifest]}))?;
    let document = store.read_blob(&manifest.digest().try_into()?, MAX_DOCUMENT)?;
    let document: Value = serde_json::from_slice(&document).map_err(io::Error::from).call("read the manifest")?;
    print(&format!("manifest {}", manifest.digest()))?;
    print(&format!("config {}", document["config"]["digest"].as_str().unwrap_or_default()))
}

/// Mounts in a mount namespace of its own, so that nothing is left on the host.
fn mount(upper: &Path, work: &Path, target: &Path, rest: &[&str]) -> Result<()> {
    let mut parts = rest.splitn(2, |argument| *argument == "--");
    let layers: Vec<PathBuf> = parts.next().unwrap_or_default().iter().map(PathBuf::from).collect();
    let program = parts.next().unwrap_or_default();
    let (Some(name), arguments) = (program.first(), program.get(1..).unwrap_or_default()) else {
        return Err(usage("a mount without -- PROGRAM"));
    };
    unshare_mounts()?;
    images::mount(&layers, upper, work, target)?;
    Ok(Err(Command::new(name).args(arguments).exec()).context("execve", name)?)
}

/// As chapter 2 did: root of a user namespace if need be, and private mounts.
fn unshare_mounts() -> Result<()> {
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    if !uid.is_root() {
        unshare(CloneFlags::CLONE_NEWUSER).call("unshare")?;
        for (file, text) in
            [("setgroups", "deny".into()), ("uid_map", format!("0 {uid} 1")), ("gid_map", format!("0 {gid} 1"))]
        {
            let path = Path::new("/proc/self").join(file);
            fs::write(&path, text).context("write", &path)?;
        }
    }
    unshare(CloneFlags::CLONE_NEWNS).call("unshare")?;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    Ok(nix::mount::mount(None::<&str>, "/", None::<&str>, private, None::<&str>).context("mount", "/")?)
}

fn usage(text: &str) -> Error {
    Error::Malformed { what: "the command line".to_owned(), why: format!("'{text}' is not understood") }
}
