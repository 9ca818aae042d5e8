//! How long a build takes in which nothing changed, and how much memory a layer.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use super::compare::{Contestant, peak_memory, race, those_that_run};
use super::scratch::{in_scratch, judge};
use super::start::{CONTAINERS_CONF, podman};
use xtask::error::{Error, Result};
use xtask::galley::{Choice, Galley};
use xtask::packages;
use xtask::repo::Repo;

const ROUNDS: usize = 15;

/// What a rebuild may take in which nothing changed, in seconds.
const REBUILD: f64 = 0.15;

/// What a layer of 1 GB may take more than one of 10 MB, in megabytes.
const MEMORY: f64 = 8.0;

const SIZES: [u64; 2] = [10_000_000, 1_000_000_000];

/// The kinds of instruction that the quote application's Dockerfile has.
const DOCKERFILE: &str = "FROM scratch
COPY busybox /bin/sh
WORKDIR /app
COPY list ./
RUN echo done > /app/done
COPY . .
EXPOSE 80
ENTRYPOINT [\"/bin/sh\"]
";

pub fn run(repo: &Repo) -> Result<()> {
    let galley = Galley::build(repo, Choice::Reference, true)?.program;
    in_scratch(repo, |scratch| {
        let rebuilt = rebuild(&galley, scratch);
        let kept = memory(&galley, scratch);
        rebuilt.and(kept)
    })
}

fn rebuild(galley: &Path, scratch: &Path) -> Result<()> {
    let context = scratch.join("context");
    let busybox = packages::find("busybox").ok_or_else(|| Error::Machine {
        lack: "has no busybox".to_owned(),
        remedy: "`cargo xtask setup` installs it".to_owned(),
    })?;
    fs::create_dir(&context).map_err(Error::file("create", &context))?;
    fs::copy(&busybox, context.join("busybox")).map_err(Error::file("copy", &busybox))?;
    let list: String = (0..1000).map(|number| format!("line {number}\n")).collect();
    let conf = scratch.join("containers.conf");
    for (path, text) in
        [(context.join("list"), list.as_str()), (context.join("Dockerfile"), DOCKERFILE), (conf, CONTAINERS_CONF)]
    {
        fs::write(&path, text).map_err(Error::file("write", &path))?;
    }
    let ours = || build(galley, scratch, &context);
    let theirs = |program: &'static str, arguments: &'static [&str]| {
        let context = &context;
        move || {
            let mut command = podman(scratch, program);
            command.args(arguments).args(["--layers", "--isolation", "chroot", "--tag", "bench:1"]).arg(context);
            command
        }
    };
    let peers = vec![
        Contestant::new("buildah", theirs("buildah", &["bud"])),
        Contestant::new("podman", theirs("podman", &["build"])),
    ];
    let outcome = race(&those_that_run(Contestant::new("galley", ours), peers)?, ROUNDS)?;
    judge("a rebuild in which nothing changed", outcome.galley, REBUILD, " s")
}

fn build(galley: &Path, scratch: &Path, context: &Path) -> Command {
    let mut command = Command::new(galley);
    command.env("GALLEY_HOME", scratch.join("home")).args(["build", "--tag", "bench:1"]).arg(context);
    command
}

/// Builds a layer of each size, and compares what that took.
fn memory(galley: &Path, scratch: &Path) -> Result<()> {
    let context = scratch.join("large");
    fs::create_dir(&context).map_err(Error::file("create", &context))?;
    let path = context.join("Dockerfile");
    fs::write(&path, "FROM scratch\nCOPY data /\n").map_err(Error::file("write", &path))?;
    let mut peaks = Vec::new();
    for size in SIZES {
        let data = context.join("data");
        noise(&data, size).map_err(Error::file("write", &data))?;
        let peak = peak_memory("galley", &mut build(galley, scratch, &context))?;
        println!("  a layer of {:>4} MB: at most {:.1} MB in memory", size / 1_000_000, peak as f64 / 1e6);
        peaks.push(peak as f64 / 1e6);
    }
    judge("the larger layer took more", (peaks[1] - peaks[0]).max(0.0), MEMORY, " MB")
}

/// Writes what cannot be compressed, so that the layer's blob is as large.
fn noise(path: &Path, size: u64) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..size / 8 {
        // Marsaglia's xorshift: fast, and noise enough for gzip.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.write_all(&state.to_le_bytes())?;
    }
    file.flush()
}
