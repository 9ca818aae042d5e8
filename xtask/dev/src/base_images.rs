//! The pantry: base images made from Debian packages, for machines that cannot
//! reach Docker Hub, and so that a class does not depend on it.
//!
//! `apt-get` says which packages belong together, `dpkg-deb` unpacks them, and
//! what an image does not need is taken out again. Nothing is installed on the
//! host and nothing of it needs root: the package lists are fetched into the
//! pantry itself when the host has none.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;

use xtask::error::{Error, Result};
use xtask::files;
use xtask::repo::Repo;

/// How one base image is made.
struct Recipe {
    /// The complete name to give the image.
    name: &'static str,
    /// The directory below `target/pantry`.
    directory: &'static str,
    /// The packages asked for; what they depend on comes with them.
    packages: &'static [&'static str],
    /// Whether dependencies come too. busybox-static stands alone.
    dependencies: bool,
    /// Links to add, as (link, target).
    links: &'static [(&'static str, &'static str)],
    /// The last lines of the generated Dockerfile.
    command: &'static str,
}

/// Every base image of the workshop.
const RECIPES: [Recipe; 2] = [
    Recipe {
        name: "docker.io/library/python:3-slim",
        directory: "python-3-slim",
        packages: &["python3", "python3-pip", "ca-certificates", "base-files", "busybox-static"],
        dependencies: true,
        links: &[("usr/bin/python", "python3")],
        command: r#"CMD ["python3"]"#,
    },
    Recipe {
        name: "docker.io/library/busybox:latest",
        directory: "busybox",
        packages: &["busybox-static"],
        dependencies: false,
        links: &[],
        command: r#"CMD ["sh"]"#,
    },
];

/// Changed whenever the same packages would give another root than before.
const EDITION: &str = "1";

/// Directories that hold nothing a container needs.
const PRUNED: [&str; 10] = [
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/lintian",
    "usr/share/bash-completion",
    "usr/share/bug",
    "usr/share/pixmaps",
    "usr/share/applications",
    "usr/lib/x86_64-linux-gnu/gconv",
];

/// Fills the pantry: makes each base image's files, and builds the image with galley
/// itself. What is there already is kept.
pub fn fill(repo: &Repo, galley: &Path) -> Result<()> {
    let home = repo.target().join("pantry/home");
    for recipe in &RECIPES {
        let context = context(repo.target(), recipe)?;
        let build = |arguments: &[&str]| {
            let mut command = Command::new(galley);
            command.env("GALLEY_HOME", &home).args(arguments);
            command.output().map_err(Error::file("run", galley))
        };
        if build(&["inspect", recipe.name])?.status.success() {
            continue;
        }
        println!("making {} from Debian packages", recipe.name);
        let output = build(&["build", "--tag", recipe.name, &context.display().to_string()])?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Error::Failed(format!("the base image {} could not be built: {words}", recipe.name)));
        }
    }
    Ok(())
}

/// Makes the build context of a recipe below `target/pantry`, and returns where it is.
///
/// A context that is complete is used again as it is. An unfinished one is
/// never seen: it gets its name as the last thing.
fn context(target: &Path, recipe: &Recipe) -> Result<PathBuf> {
    let pantry = target.join("pantry");
    let context = pantry.join(recipe.directory);
    let edition = format!("{EDITION} {} {:?}\n", recipe.name, recipe.packages);
    if fs::read_to_string(context.join("edition")).is_ok_and(|made| made == edition) {
        return Ok(context);
    }
    let unfinished = pantry.join(format!("{}.unfinished-{}", recipe.directory, std::process::id()));
    let root = unfinished.join("root");
    files::create_dir(&root)?;
    let made = Apt::new(&pantry).and_then(|apt| {
        let packages = apt.download(recipe)?;
        make_root(&root, &packages, recipe)?;
        write(&unfinished.join("Dockerfile"), &dockerfile(recipe, &root))?;
        write(&unfinished.join("edition"), &edition)
    });
    if let Err(error) = made {
        remove(&unfinished)?;
        return Err(error);
    }
    remove(&context)?;
    fs::rename(&unfinished, &context).map_err(Error::file("rename", &unfinished))?;
    Ok(context)
}

/// `apt-get` with the places where it may write.
struct Apt {
    archives: PathBuf,
    options: Vec<String>,
}

impl Apt {
    /// Uses the host's package lists, or fetches a set of its own.
    fn new(pantry: &Path) -> Result<Self> {
        if Command::new("apt-get").arg("--version").stdout(Stdio::null()).status().is_err() {
            return Err(Error::Machine {
                lack: "has no apt-get, which the pantry takes its packages from".into(),
                remedy: "use Debian or Ubuntu, or build FROM an image that can be pulled".into(),
            });
        }
        let archives = pantry.join("archives");
        files::create_dir(&archives)?;
        let mut apt = Self { archives, options: vec!["Dir::State::status=/dev/null".into()] };
        if apt.simulate(&["busybox-static"]).is_err() {
            let lists = pantry.join("lists");
            let partial = lists.join("partial");
            files::create_dir(&partial)?;
            apt.options.push(format!("Dir::State::lists={}", lists.display()));
            // A cache of the host's lists would hide the ones just fetched.
            apt.options.push(format!("Dir::Cache={}", pantry.join("cache").display()));
            let cache = pantry.join("cache/archives/partial");
            files::create_dir(&cache)?;
            apt.run("update", &[])?;
        }
        Ok(apt)
    }

    /// The archives of all packages of a recipe, in the order of installation.
    fn download(&self, recipe: &Recipe) -> Result<Vec<PathBuf>> {
        let wanted = if recipe.dependencies {
            self.simulate(recipe.packages)?
        } else {
            recipe.packages.iter().map(|name| (*name).to_owned()).collect()
        };
        let names: Vec<&str> = wanted.iter().map(String::as_str).collect();
        self.run("download", &names)?;
        // An archive is called NAME_VERSION_ARCHITECTURE.deb.
        let mut archives = Vec::new();
        for name in names {
            let newest = entries(&self.archives)?
                .into_iter()
                .filter(|path| is_archive_of(path, name))
                .max_by_key(|path| modified(path));
            archives.push(newest.ok_or_else(|| Error::Program {
                program: "apt-get download".into(),
                fault: format!("left no archive of {name}"),
            })?);
        }
        Ok(archives)
    }

    /// The closure of some packages on a system that has none yet.
    fn simulate(&self, packages: &[&str]) -> Result<Vec<String>> {
        let words = [&["--simulate", "--no-install-recommends"], packages].concat();
        let plan = self.run("install", &words)?;
        let names = plan.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
        Ok(names.map(str::to_owned).collect())
    }

    fn run(&self, command: &str, words: &[&str]) -> Result<String> {
        let mut apt = Command::new("apt-get");
        apt.arg(command).args(words).arg("--quiet").current_dir(&self.archives).env("LC_ALL", "C");
        for option in &self.options {
            apt.args(["-o", option]);
        }
        output(&mut apt)
    }
}

/// Unpacks the packages, adds what their installation would have made, and
/// takes out what is not needed.
fn make_root(root: &Path, packages: &[PathBuf], recipe: &Recipe) -> Result<()> {
    for package in packages {
        output(Command::new("dpkg-deb").arg("--extract").arg(package).arg(root))?;
    }
    for name in ["bin", "sbin", "lib", "lib64"] {
        merge_into_usr(root, name)?;
    }
    for name in ["dev", "etc", "proc", "root", "run", "sys", "tmp", "usr/bin", "var/tmp"] {
        let path = root.join(name);
        files::create_dir(&path)?;
    }
    for name in ["tmp", "var/tmp"] {
        mode(&root.join(name), 0o1777)?;
    }
    mode(&root.join("root"), 0o700)?;
    write(
        &root.join("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    )?;
    write(&root.join("etc/group"), "root:x:0:\nnogroup:x:65534:\n")?;
    write(&root.join("etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n")?;
    busybox(root)?;
    for (name, points_to) in recipe.links {
        link(&root.join(name), points_to)?;
    }
    certificates(root)?;
    for name in PRUNED {
        remove(&root.join(name))?;
    }
    prune_python(root)?;
    same_times(root)
}

/// Debian keeps `/bin` and its like as links into `/usr`; the packages of some
/// releases still carry files in both places.
fn merge_into_usr(root: &Path, name: &str) -> Result<()> {
    let old = root.join(name);
    let new = root.join("usr").join(name);
    if old.is_dir() && !old.is_symlink() {
        move_into(&old, &new)?;
        remove(&old)?;
    }
    if new.is_dir() {
        link(&old, &format!("usr/{name}"))?;
    }
    Ok(())
}

fn move_into(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(Error::file("create", to))?;
    for path in entries(from)? {
        let Some(name) = path.file_name() else { continue };
        let target = to.join(name);
        if path.is_dir() && !path.is_symlink() && target.is_dir() {
            move_into(&path, &target)?;
        } else {
            fs::rename(&path, &target).map_err(Error::file("move", &path))?;
        }
    }
    Ok(())
}

/// A link for each of busybox's commands that no package brought.
fn busybox(root: &Path) -> Result<()> {
    for command in output(Command::new(root.join("bin/busybox")).arg("--list"))?.lines() {
        let taken = |place: &str| root.join(place).join(command).symlink_metadata().is_ok();
        if !["bin", "sbin", "usr/bin", "usr/sbin"].into_iter().any(taken) {
            link(&root.join("bin").join(command), "busybox")?;
        }
    }
    Ok(())
}

/// What `update-ca-certificates` makes when the package is installed.
fn certificates(root: &Path) -> Result<()> {
    let source = root.join("usr/share/ca-certificates/mozilla");
    if !source.is_dir() {
        return Ok(());
    }
    let mut bundle = String::new();
    for path in entries(&source)? {
        bundle.push_str(&fs::read_to_string(&path).map_err(Error::file("read", &path))?);
    }
    let directory = root.join("etc/ssl/certs");
    files::create_dir(&directory)?;
    write(&directory.join("ca-certificates.crt"), &bundle)
}

/// pip refuses to install into a Debian that manages its own Python; an image is not one.
fn prune_python(root: &Path) -> Result<()> {
    let library = root.join("usr/lib");
    if !library.is_dir() {
        return Ok(());
    }
    for path in entries(&library)? {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python3.")) {
            for name in ["EXTERNALLY-MANAGED", "test", "idlelib", "turtledemo"] {
                remove(&path.join(name))?;
            }
        }
    }
    Ok(())
}

/// The moment a file was made here says nothing; the same packages shall give the same layer.
fn same_times(path: &Path) -> Result<()> {
    let metadata = path.symlink_metadata().map_err(Error::file("read", path))?;
    if metadata.is_dir() {
        for entry in entries(path)? {
            same_times(&entry)?;
        }
    }
    let start = TimeSpec::new(0, 0);
    utimensat(AT_FDCWD, path, &start, &start, UtimensatFlags::NoFollowSymlink).map_err(Error::call("utimensat"))
}

fn dockerfile(recipe: &Recipe, root: &Path) -> String {
    let release = fs::read_to_string(root.join("etc/debian_version")).unwrap_or_default();
    let packages = recipe.packages.join(", ");
    format!(
        "# Made by the pantry. Not the image of this name on Docker Hub.\n\
         FROM scratch\n\
         COPY root /\n\
         ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n\
         LABEL org.opencontainers.image.title=\"{}\" \\\n\
         \x20     org.opencontainers.image.description=\"Stand-in made from the packages {packages} of Debian{}; not the image from Docker Hub\"\n\
         {}\n",
        recipe.name,
        if release.is_empty() { String::new() } else { format!(" {}", release.trim()) },
        recipe.command
    )
}

fn is_archive_of(path: &Path, package: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".deb") && name.split('_').next() == Some(package)
}

fn modified(path: &Path) -> Option<std::time::SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

/// Runs a program to its end and returns what it printed.
fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let fault = |fault: String| Error::Program { program: program.clone(), fault };
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| fault(format!("could not be started: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.lines().filter(|line| line.starts_with("E:")).collect();
    Err(fault(format!(
        "ended with {}: {}",
        output.status,
        if last.is_empty() { said.trim().to_owned() } else { last.join(" ") }
    )))
}

fn entries(directory: &Path) -> Result<BTreeSet<PathBuf>> {
    let read = fs::read_dir(directory).and_then(|all| all.map(|entry| Ok(entry?.path())).collect());
    read.map_err(Error::file("read", directory))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(Error::file("write", path))
}

fn mode(path: &Path, bits: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(bits)).map_err(Error::file("change", path))
}

fn link(path: &Path, target: &str) -> Result<()> {
    symlink(target, path).map_err(Error::file("link", path))
}

/// Removes a file or a directory, whether it is there or not.
fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file("remove", path)(error)),
        _ => Ok(()),
    }
}
