//! The steps of this chapter from the command line.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use images::{Digest, Error, Format, Result, Store, error::At, json, layer, root::Root, spec};
use nix::mount::MsFlags;
use nix::sched::{CloneFlags, unshare};

const USAGE: &str = "\
images write STORE < BYTES                 step 1: store bytes, print digest and size
images read STORE DIGEST                   step 2: print a blob, at most 4 MiB
images pack STORE DIR                      step 3: print a layer's digest, diffID and size
images place DIR NAME                      step 4: print where NAME belongs in DIR
images unpack FILE DIR [BYTES]             step 5: unpack a layer of at most BYTES
images add STORE NAME DIR...               step 6: make an image of one layer for each DIR
images mount UPPER WORK TARGET DIR... -- PROGRAM...    step 7: run PROGRAM with the overlay mounted
images changes STORE UPPER                 make a layer of an overlay's upper directory
images expect STORE DIGEST SIZE < BYTES    store bytes that should have this digest
images root STORE NAME                     unpack an image's layers and print their directories
images save STORE NAME oci|docker > FILE   write an image as one file
images load STORE < FILE                   read images from one file
images list STORE | images tag STORE NAME NEW | images untag STORE NAME | images prune STORE";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match perform(&arguments) {
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

/// Carries out one command; false if there is none like it.
fn perform(arguments: &[&str]) -> Result<bool> {
    let open = |store: &str| Store::open(Path::new(store));
    match arguments {
        ["write", store] => {
            let blob = open(store)?.write_blob(&mut io::stdin().lock())?;
            say(&format!("{} {}", blob.digest, blob.size))?;
        }
        ["expect", store, digest, size] => {
            let size = size.parse().map_err(|_| Error::Unsupported(format!("a size of '{size}'")))?;
            let blob = open(store)?.write_expected(&mut io::stdin().lock(), &digest.parse()?, size)?;
            say(&format!("{} {}", blob.digest, blob.size))?;
        }
        ["read", store, digest] => {
            let bytes = open(store)?.read_blob(&digest.parse()?, json::LARGEST)?;
            io::stdout().write_all(&bytes).at("write to", Path::new("standard output"))?;
        }
        ["pack", store, directory] => describe(&open(store)?.pack(Path::new(directory))?)?,
        ["changes", store, upper] => describe(&open(store)?.pack_changes(Path::new(upper))?)?,
        ["place", directory, name] => place(Path::new(directory), Path::new(name))?,
        ["unpack", file, directory] => unpack(file, directory, images::largest_layer()?)?,
        ["unpack", file, directory, bytes] => {
            unpack(file, directory, bytes.parse().map_err(|_| Error::Unsupported(format!("a limit of '{bytes}'")))?)?;
        }
        ["add", store, name, directories @ ..] => add(&open(store)?, name, directories)?,
        ["mount", upper, work, target, rest @ ..] => mount(Path::new(upper), Path::new(work), Path::new(target), rest)?,
        ["root", store, name] => {
            let store = open(store)?;
            let image = store.find(name)?.ok_or_else(|| Error::Unknown((*name).to_owned()))?;
            for directory in store.unpacked(&image)? {
                say(&directory.display().to_string())?;
            }
        }
        ["list", store] => {
            for (name, image) in open(store)?.names()? {
                say(&format!("{name} {}", image.digest()))?;
            }
        }
        ["tag", store, name, new] => {
            let store = open(store)?;
            let image = store.find(name)?.ok_or_else(|| Error::Unknown((*name).to_owned()))?;
            store.tag(new, &image.descriptor)?;
        }
        ["save", store, name, format @ ("oci" | "docker")] => {
            let format = if *format == "oci" { Format::Oci } else { Format::Docker };
            open(store)?.save(name, format, &mut io::stdout().lock())?;
        }
        ["load", store] => {
            let store = open(store)?;
            for loaded in store.load(&mut io::stdin().lock())? {
                for name in &loaded.names {
                    store.tag(name, &loaded.image.descriptor)?;
                }
                say(&format!("{} {}", loaded.names.join(" "), loaded.image.id()?))?;
            }
        }
        ["untag", store, name] => say(&open(store)?.untag(name)?.to_string())?,
        ["prune", store] => say(&format!("{:?}", open(store)?.collect(false)?))?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn say(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{line}").at("write to", Path::new("standard output"))
}

fn describe(layer: &images::Layer) -> Result<()> {
    say(&format!("digest {}", layer.descriptor.digest()))?;
    say(&format!("diffID {}", layer.diff_id))?;
    say(&format!("size {}", layer.descriptor.size()))
}

fn place(directory: &Path, name: &Path) -> Result<()> {
    use std::os::fd::AsRawFd;
    let place = Root::open(directory)?.place(name)?;
    let link = PathBuf::from(format!("/proc/self/fd/{}", place.directory.as_raw_fd()));
    let parent = fs::read_link(&link).at("read", &link)?;
    say(&parent.join(&place.name).display().to_string())
}

fn unpack(file: &str, directory: &str, limit: u64) -> Result<()> {
    let file = Path::new(file);
    let mut archive = layer::decompress(File::open(file).at("open", file)?)?;
    images::unpack(&mut archive, Path::new(directory), limit)
}

fn add(store: &Store, name: &str, directories: &[&str]) -> Result<()> {
    let mut layers = Vec::new();
    for directory in directories {
        layers.push(store.pack(Path::new(directory))?);
    }
    let manifest = store.add_image(&spec::ImageConfiguration::default(), &layers)?;
    store.tag(name, &manifest)?;
    let image = store.image(&Digest::try_from(manifest.digest())?)?;
    say(&format!("manifest {}", manifest.digest()))?;
    say(&format!("config {}", image.id()?))
}

/// Mounts in a mount namespace of its own, so that nothing is left on the host.
fn mount(upper: &Path, work: &Path, target: &Path, rest: &[&str]) -> Result<()> {
    let mut parts = rest.splitn(2, |argument| *argument == "--");
    let layers: Vec<PathBuf> = parts.next().unwrap_or_default().iter().map(PathBuf::from).collect();
    let program = parts.next().unwrap_or_default();
    let (Some(name), arguments) = (program.first(), program.get(1..).unwrap_or_default()) else {
        return Err(Error::Unsupported("a mount without a PROGRAM after --".into()));
    };
    own_mounts()?;
    images::mount(&layers, upper, work, target)?;
    Err(Command::new(name).args(arguments).exec()).at("run", Path::new(name))
}

/// As chapter 2 did: root of a user namespace if need be, and private mounts.
fn own_mounts() -> Result<()> {
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    if !uid.is_root() {
        unshare(CloneFlags::CLONE_NEWUSER).at("unshare", Path::new("the user namespace"))?;
        for (file, text) in
            [("setgroups", "deny".into()), ("uid_map", format!("0 {uid} 1")), ("gid_map", format!("0 {gid} 1"))]
        {
            let path = Path::new("/proc/self").join(file);
            fs::write(&path, text).at("write", &path)?;
        }
    }
    unshare(CloneFlags::CLONE_NEWNS).at("unshare", Path::new("the mount namespace"))?;
    let (root, private) = (Path::new("/"), MsFlags::MS_REC | MsFlags::MS_PRIVATE);
    nix::mount::mount(None::<&str>, root, None::<&str>, private, None::<&str>).at("make private", root)
}
