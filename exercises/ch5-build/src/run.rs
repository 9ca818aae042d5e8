//! Step 7: carry out a RUN.

use std::ffi::CString;
use std::path::{Path, PathBuf};

use images::{Layer, Store};
use mounts::{Mount, MountSource};
use namespaces::Network;
use nix::unistd::Pid;

use crate::copy::Owner;
use crate::error::{Error, Problem, Result};
use crate::rootfs::CERTIFICATES;

/// Called with the waiting process of a RUN, to put it into a control group;
/// what it returns is called when the process has ended.
pub type Started<'a> = &'a dyn Fn(Pid) -> std::result::Result<Box<dyn FnOnce()>, String>;

/// A command to run in the image so far.
pub struct Process<'a> {
    pub argv: Vec<String>,
    /// `NAME=value`: the image's, the arguments', and the host's proxies.
    pub env: Vec<String>,
    pub directory: PathBuf,
    /// Whom it runs as: a name or number for the image's `/etc/passwd`.
    pub user: String,
    /// The host's, unless the caller wants a build without network.
    pub network: Network,
    pub started: Started<'a>,
}

/// Runs a command on top of some layers, and makes a layer of what it changed.
///
/// It runs as chapter 2's container, usually with the host's network, so that
/// it can download; `/etc/hosts`, `/etc/resolv.conf` and the host's certificates are
/// shown inside, read-only. None of that can land in the layer. `progress` is called with
/// each number of bytes that were packed.
///
/// # Errors
///
/// [`Error::Run`] with the command's own exit code if that is not 0.
pub fn run(store: &Store, layers: &[Layer], process: &Process<'_>, progress: &mut dyn FnMut(u64)) -> Result<Layer> {
    // ANCHOR: run
    let _ = (&store, &layers, &process, &progress); // what you have to work with
    todo!("ch5 step 7: carry out a RUN: a layer out of what changed")
    // ANCHOR_END: run
}

/// What every RUN sees of the host, as far as the host has it.
pub fn host_files() -> Vec<Mount> {
    let mount = |source: &Path, target: &str| {
        // A link would be resolved in the wrong root later on.
        let source = source.canonicalize().ok()?;
        Some(Mount { source: MountSource::Host(source), target: target.into(), read_only: true })
    };
    let names = ["/etc/hosts", "/etc/resolv.conf"].into_iter().filter_map(|name| mount(Path::new(name), name));
    names.chain(bundle().and_then(|bundle| mount(&bundle, CERTIFICATES))).collect()
}

/// The host's certificates: where its administrator or its distribution keeps them.
fn bundle() -> Option<PathBuf> {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let usual = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
    named.into_iter().chain(usual.map(PathBuf::from)).find(|path| path.is_file())
}

const PROXIES: [&str; 5] = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

/// Whether a build argument reaches every RUN without an ARG, and is recorded
/// nowhere (Dockerfile reference, "Predefined ARGs").
pub fn is_predefined(name: &str) -> bool {
    PROXIES.iter().any(|proxy| name == *proxy || name == proxy.to_lowercase())
}

/// What a RUN finds in its environment beside the image's own: the host's
/// proxies, which the Dockerfile reference calls predefined, and the names by
/// which programs look for certificates. None of it is recorded.
pub fn host_environment() -> Vec<String> {
    let spellings = PROXIES.iter().flat_map(|name| [(*name).to_owned(), name.to_lowercase()]);
    let proxies = spellings.filter_map(|name| Some(format!("{name}={}", std::env::var(&name).ok()?)));
    let programs =
        ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS"];
    let certificates = programs.iter().filter(|_| bundle().is_some()).map(|name| format!("{name}={CERTIFICATES}"));
    proxies.chain(certificates).collect()
}

/// A process with all that exec needs made beforehand: between clone and exec
/// little is allowed.
pub struct Program {
    argv: Vec<CString>,
    env: Vec<CString>,
    directory: PathBuf,
    uid: u32,
    gid: u32,
}

impl Process<'_> {
    /// Looks up the user and turns the words into C strings.
    pub fn prepare(&self, root: &Path) -> Result<Program> {
        let Owner { uid, group, own_group } = crate::copy::owner(root, &self.user)?;
        if uid != 0 && sys::in_user_namespace()? && !is_mapped(uid) {
            let problem = Problem::new("RUN", format!("USER {} is no user of this user namespace", self.user));
            return Err(problem.suggest("build as root, or move this RUN above USER").into());
        }
        let strings = |words: &[String]| -> Result<Vec<CString>> {
            let string = |word: &String| CString::new(word.as_str()).map_err(|_| Error::Nul(word.clone()));
            words.iter().map(string).collect()
        };
        let gid = group.or(own_group).unwrap_or(0);
        Ok(Program {
            argv: strings(&self.argv)?,
            env: strings(&self.env)?,
            directory: self.directory.clone(),
            uid,
            gid,
        })
    }
}

/// Whether a user id means anybody here (user_namespaces(7)). A user without
/// rights can map only one.
fn is_mapped(uid: u32) -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.lines().any(|line| {
        let numbers: Vec<u32> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        matches!(numbers[..], [first, _, count] if uid >= first && uid - first < count)
    })
}

impl Program {
    /// Becomes the program; returns only if that fails. Runs inside the container.
    pub fn exec(&self) -> sys::StartError {
        match self.become_user() {
            Ok(()) => sys::exec(&self.argv, Some(&self.env)).into(),
            Err(error) => error.into(),
        }
    }

    fn become_user(&self) -> sys::Result<()> {
        use nix::sys::{prctl, signal::Signal};
        use nix::unistd::{Gid, Uid, chdir, dup2_stdin, setgid, setgroups, setuid};

        let failed = |call| move |errno| sys::Error::new(call, errno);
        // A build asks nothing: the terminal stays with the person before it.
        let null = std::fs::File::open("/dev/null").map_err(|error| sys::Error::io("open", "/dev/null", &error))?;
        dup2_stdin(&null).map_err(failed("dup2"))?;
        chdir(&self.directory).map_err(|errno| sys::Error::at("chdir", &self.directory, errno))?;
        if (self.uid, self.gid) != (0, 0) {
            setgroups(&[]).map_err(failed("setgroups"))?;
            setgid(Gid::from_raw(self.gid)).map_err(failed("setgid"))?;
            setuid(Uid::from_raw(self.uid)).map_err(failed("setuid"))?;
        }
        // After the change of user, which clears it: a killed build takes the command along.
        prctl::set_pdeathsig(Signal::SIGKILL).map_err(failed("prctl"))
    }
}
