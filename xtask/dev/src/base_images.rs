//! The pantry: base images made from Debian packages, for machines that cannot
//! reach Docker Hub, and so that a class does not depend on it.
//!
//! `apt-get` says which packages belong together, `dpkg-deb` unpacks them, and
//! what an image does not need is taken out again. Nothing is installed on the
//! host and nothing of it needs root: the package lists are fetched into the
//! pantry itself when the host has none.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// Unpacks packages, adds what their installation would have made, and takes out what an
/// image does not need. Arguments: the root, the links as `LINK=TARGET` words, the packages.
const MAKE_ROOT: &str = r#"
set -e
root=$1 links=$2
shift 2
for package; do dpkg-deb --extract "$package" "$root"; done
cd "$root"
# Debian keeps /bin and its like as links into /usr; the packages of some releases still
# carry files in both places.
for name in bin sbin lib lib64; do
    if [ -d $name ] && [ ! -L $name ]; then mkdir -p usr/$name; cp -a $name/. usr/$name; rm -r $name; fi
    if [ -d usr/$name ]; then ln -s usr/$name $name; fi
done
mkdir -p dev etc proc root run sys tmp usr/bin var/tmp
chmod 1777 tmp var/tmp
chmod 700 root
printf '%s\n' root:x:0:0:root:/root:/bin/sh nobody:x:65534:65534:nobody:/nonexistent:/bin/false > etc/passwd
printf '%s\n' root:x:0: nogroup:x:65534: > etc/group
printf '%s\n' '127.0.0.1 localhost' '::1 localhost' > etc/hosts
# A link for each of busybox's commands that no package brought.
for command in $(bin/busybox --list); do
    for place in bin sbin usr/bin usr/sbin; do
        if [ -e $place/$command ] || [ -L $place/$command ]; then continue 2; fi
    done
    ln -s busybox bin/$command
done
for link in $links; do ln -s "${link#*=}" "${link%%=*}"; done
# What update-ca-certificates makes when the package is installed.
if [ -d usr/share/ca-certificates/mozilla ]; then
    mkdir -p etc/ssl/certs
    cat usr/share/ca-certificates/mozilla/* > etc/ssl/certs/ca-certificates.crt
fi
for name in doc man info locale lintian bash-completion bug pixmaps applications; do rm -rf usr/share/$name; done
rm -rf usr/lib/x86_64-linux-gnu/gconv
# pip refuses to install into a Debian that manages its own Python; an image is not one.
for name in EXTERNALLY-MANAGED test idlelib turtledemo; do rm -rf usr/lib/python3.*/$name; done
# When a file was made here says nothing, and the same packages must give the same layer.
find . -depth -exec touch -h -d @0 {} +
"#;

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
        let links: Vec<String> = recipe.links.iter().map(|(link, target)| format!("{link}={target}")).collect();
        let mut make = Command::new("sh");
        make.args(["-c", MAKE_ROOT, "sh"]).arg(&root).arg(links.join(" ")).args(&packages).env("LC_ALL", "C");
        output(&mut make)?;
        files::write(&unfinished.join("Dockerfile"), dockerfile(recipe, &root))?;
        files::write(&unfinished.join("edition"), &edition)
    });
    if let Err(error) = made {
        files::remove(&unfinished)?;
        return Err(error);
    }
    files::remove(&context)?;
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
