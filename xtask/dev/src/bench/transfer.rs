//! `cargo xtask bench transfer`: one gigabyte to Debian's docker-registry on this
//! machine and back, in pairs with what others need for the same bytes.
//!
//! A push is held against the registry's own time for one PATCH with the layer,
//! sent by curl; a pull against `skopeo copy` into an OCI layout. Neither galley
//! nor skopeo unpacks here: both fetch, verify, write and sync. Of each pair now
//! the one and now the other goes first, and both find a disk with nothing left
//! to write.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::libc;

use super::compare::{by_turns, median};
use xtask::error::{Error, Result};
use xtask::files;
use xtask::galley::{Choice, Galley};
use xtask::packages;
use xtask::repo::Repo;

/// How many pairs are measured; the median counts.
const PAIRS: usize = 5;
/// Bytes of the layer.
const SIZE: u64 = 1_000_000_000;
/// What a push may take of the registry's own PATCH, and a pull of skopeo's copy.
const PUSH: f64 = 1.2;
const PULL: f64 = 1.0;
/// What galley may need of memory at most, in bytes.
const MEMORY: u64 = 50 << 20;

/// What one process took.
#[derive(Clone, Copy)]
struct Took {
    wall: Duration,
    /// The most of it that was in memory, in bytes (getrusage(2), `ru_maxrss`).
    peak: u64,
}

/// Measures and prints.
///
/// # Errors
/// [`Error::Machine`] without the others, [`Error::Failed`] if a budget is not kept.
pub fn run(repo: &Repo) -> Result<()> {
    for tool in ["docker-registry", "skopeo", "curl"] {
        if packages::find(tool).is_none() {
            let remedy = "`cargo xtask setup` installs it".to_owned();
            return Err(Error::Machine { lack: format!("{tool} is not installed"), remedy });
        }
    }
    let galley = Galley::build(repo, Choice::Reference, true)?.program;
    let root = repo.target().join("tmp").join(format!("bench-transfer-{}", std::process::id()));
    files::create_dir(&root)?;
    let result = Bench::prepare(&root, galley).and_then(|bench| bench.measure());
    fs::remove_dir_all(&root).map_err(Error::file("remove", &root))?;
    result
}

struct Bench<'a> {
    root: &'a Path,
    galley: PathBuf,
    registry: Registry,
    layer: PathBuf,
    /// The image's name there.
    name: String,
}

impl<'a> Bench<'a> {
    fn prepare(root: &'a Path, galley: PathBuf) -> Result<Self> {
        let registry = Registry::start(root)?;
        let name = format!("{}/bench/layer:1", registry.address);
        println!("an image with one layer of {} MB, {PAIRS} pairs", SIZE / 1_000_000);
        let layer = stock(&root.join("home/store"), &name)?;
        Ok(Self { root, galley, registry, layer, name })
    }

    fn measure(&self) -> Result<()> {
        let (mut pushes, mut pulls) = (Vec::new(), Vec::new());
        for round in 0..PAIRS {
            pushes.push(by_turns(round, || self.patch(), || self.push())?);
            pulls.push(by_turns(round, || self.skopeo(), || self.pull())?);
            let data = self.root.join("data");
            fs::remove_dir_all(&data).map_err(Error::file("remove", &data))?;
        }
        let push = verdict("push", "the registry's PATCH", &pushes, PUSH);
        let pull = verdict("pull", "skopeo copy", &pulls, PULL);
        if push && pull { Ok(()) } else { Err(Error::Failed("that is more than a push or a pull may take".to_owned())) }
    }

    /// The layer as one chunk, which is how long the registry takes for these bytes.
    fn patch(&self) -> Result<Took> {
        let uploads = format!("http://{}/v2/bench/patch/blobs/uploads/", self.registry.address);
        let begun = output(Command::new("curl").args(["-si", "-X", "POST", &uploads]))?;
        let location = begun.lines().find_map(|line| line.strip_prefix("Location: ")).map(str::trim);
        let location = location.ok_or_else(|| Error::Failed(format!("the registry began no upload:\n{begun}")))?;
        let mut curl = Command::new("curl");
        curl.args(["-sf", "-X", "PATCH", "-H", "Expect:", "-H", "Content-Type: application/octet-stream", "-T"]);
        measured(curl.arg(&self.layer).arg(location))
    }

    fn push(&self) -> Result<Took> {
        measured(self.galley("home").args(["push", &self.name]))
    }

    fn skopeo(&self) -> Result<Took> {
        let there = self.root.join("layout");
        let mut skopeo = Command::new("skopeo");
        skopeo.args(["--insecure-policy", "copy", "--quiet", "--src-tls-verify=false"]);
        let took = measured(skopeo.arg(format!("docker://{}", self.name)).arg(format!("oci:{}:1", there.display())))?;
        fs::remove_dir_all(&there).map_err(Error::file("remove", &there)).map(|()| took)
    }

    fn pull(&self) -> Result<Took> {
        let took = measured(self.galley("empty").args(["pull", &self.name]))?;
        let there = self.root.join("empty");
        fs::remove_dir_all(&there).map_err(Error::file("remove", &there)).map(|()| took)
    }

    fn galley(&self, home: &str) -> Command {
        let mut command = Command::new(&self.galley);
        command.env("GALLEY_HOME", self.root.join(home)).env("DOCKER_CONFIG", self.root.join("nobody"));
        command.env_remove("GALLEY_PANTRY").env_remove("REGISTRY_AUTH_FILE");
        command
    }
}

/// An image with one layer in a new store, by hand, so that no other part of galley
/// is measured; returns where the layer is.
fn stock(store: &Path, name: &str) -> Result<PathBuf> {
    let blobs = store.join("blobs/sha256");
    files::create_dir(&blobs)?;
    let raw = store.join("layer");
    noise(&raw).map_err(Error::file("write", &raw))?;
    let put = |path: &Path| -> Result<(String, u64)> {
        let sum = output(Command::new("sha256sum").arg(path))?;
        let hex = sum.split_whitespace().next().unwrap_or_default().to_owned();
        fs::rename(path, blobs.join(&hex)).map_err(Error::file("rename", path))?;
        let size = fs::metadata(blobs.join(&hex)).map_err(Error::file("read", &blobs))?.len();
        Ok((hex, size))
    };
    let text = |file: &str, text: String| -> Result<PathBuf> {
        let path = store.join(file);
        fs::write(&path, text).map_err(Error::file("write", &path)).map(|()| path)
    };
    let descriptor = |kind: &str, (hex, size): &(String, u64), rest: &str| {
        let kind = format!("application/vnd.oci.image.{kind}");
        format!(r#"{{"mediaType":"{kind}","digest":"sha256:{hex}","size":{size}{rest}}}"#)
    };
    let layer = put(&raw)?;
    let diff_ids = format!(r#"{{"type":"layers","diff_ids":["sha256:{}"]}}"#, layer.0);
    let config = format!(r#"{{"architecture":"{}","os":"linux","config":{{}},"rootfs":{diff_ids}}}"#, architecture());
    let config = put(&text("config", config)?)?;
    let parts = [descriptor("config.v1+json", &config, ""), descriptor("layer.v1.tar+gzip", &layer, "")];
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let manifest =
        format!(r#"{{"schemaVersion":2,"mediaType":"{kind}","config":{},"layers":[{}]}}"#, parts[0], parts[1]);
    let manifest = put(&text("manifest", manifest)?)?;
    let named = format!(r#","annotations":{{"org.opencontainers.image.ref.name":"{name}"}}"#);
    let entry = descriptor("manifest.v1+json", &manifest, &named);
    text("index.json", format!(r#"{{"schemaVersion":2,"manifests":[{entry}]}}"#))?;
    text("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#.to_owned())?;
    Ok(blobs.join(layer.0))
}

/// This machine's, as images have it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Bytes that begin as gzip does, so that skopeo does not compress them, and that
/// nothing makes shorter (xorshift, Marsaglia 2003).
fn noise(path: &Path) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0])?;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 1..SIZE / 8 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.write_all(&state.to_le_bytes())?;
    }
    file.flush()
}

/// Debian's docker-registry, until dropped.
struct Registry {
    child: Child,
    address: String,
}

impl Registry {
    fn start(root: &Path) -> Result<Self> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.map_err(Error::file("find a free port of", Path::new("127.0.0.1")))?.port();
        let config = root.join("config.yml");
        let data = root.join("data");
        let text = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: 127.0.0.1:{port}}}\n",
            data.display()
        );
        fs::write(&config, text).map_err(Error::file("write", &config))?;
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(Error::file("run", Path::new("docker-registry")))?;
        let mut registry = Self { child, address: format!("localhost:{port}") };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = registry.child.try_wait().map_err(Error::file("wait for", Path::new("docker-registry")))?;
            if let Some(status) = ended {
                return Err(Error::Program {
                    program: "docker-registry".into(),
                    fault: format!("ended with {status}"),
                });
            }
            std::thread::yield_now();
        }
        Ok(registry)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end, which must be a good one.
fn measured(command: &mut Command) -> Result<Took> {
    let program = command.get_program().to_string_lossy().into_owned();
    nix::unistd::sync();
    let begun = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Error::file("run", Path::new(&program)))?;
    let mut words = String::new();
    if let Some(mut pipe) = child.stderr.take() {
        pipe.read_to_string(&mut words).map_err(Error::file("read the words of", Path::new(&program)))?;
    }
    let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
    // SAFETY: both pointers are to places of ours of the right type, and the child
    // was not waited for before.
    let id = unsafe { libc::wait4(child.id().cast_signed(), &raw mut status, 0, usage.as_mut_ptr()) };
    let wall = begun.elapsed();
    nix::errno::Errno::result(id).map_err(Error::call("wait4"))?;
    if !libc::WIFEXITED(status) || libc::WEXITSTATUS(status) != 0 {
        return Err(Error::Program { program, fault: format!("failed: {}", words.trim()) });
    }
    // SAFETY: zeroes are a rusage, and wait4 has filled it.
    let usage = unsafe { usage.assume_init() };
    Ok(Took { wall, peak: usage.ru_maxrss.unsigned_abs() << 10 })
}

/// Prints a line for one kind of pair; whether both budgets are kept.
fn verdict(what: &str, whose: &str, pairs: &[(Took, Took)], most: f64) -> bool {
    let seconds = |of: fn(&(Took, Took)) -> Took| median(pairs.iter().map(|pair| of(pair).wall.as_secs_f64()));
    let ratio = median(pairs.iter().map(|(theirs, ours)| ours.wall.as_secs_f64() / theirs.wall.as_secs_f64()));
    let peak = pairs.iter().map(|(_, ours)| ours.peak).max().unwrap_or(0);
    let theirs = pairs.iter().map(|(theirs, _)| theirs.peak).max().unwrap_or(0);
    println!(
        "{what}: {:.2} s; {whose}: {:.2} s; ratio {ratio:.2} (at most {most:.1}); peak memory {} MB (at most {} MB), \
         theirs {} MB",
        seconds(|pair| pair.1),
        seconds(|pair| pair.0),
        peak >> 20,
        MEMORY >> 20,
        theirs >> 20,
    );
    ratio <= most && peak <= MEMORY
}

fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(Error::file("run", Path::new(&program)))?;
    if !output.status.success() {
        return Err(Error::Program { program, fault: format!("ended with {}", output.status) });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
