//! A container's record on disk. There is no daemon to ask: what is known of a
//! container stands in its directory, and whether it runs, the kernel says.
//!
//! The process that watches over a container, its monitor, holds a lock on the
//! record's `lock` file. The kernel drops that lock when the monitor ends, even
//! by `kill -9` or at a reboot; so the answer to "is it running?" is never stale.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::pidfd;
use crate::port::Port;
use crate::process::Process;
use crate::settings::Settings;

/// How a container stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Running,
    Exited(u8),
    /// The monitor ended without a word: killed, or the machine went down.
    Lost,
}

/// One container's record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Container {
    /// 64 hexadecimal digits; the first twelve are shown.
    pub id: String,
    pub name: String,
    pub image: String,
    /// The digest of its manifest: the image must not be pruned while this is here.
    pub image_digest: Option<String>,
    pub command: Vec<String>,
    /// What the command was started with, and `galley exec` starts others with.
    #[serde(default)]
    pub env: Vec<String>,
    #[serde(default)]
    pub workdir: PathBuf,
    #[serde(default)]
    pub user: String,
    /// Seconds since 1970.
    pub created: u64,
    pub ports: Vec<Port>,
    /// Process 1 of the container, as the host numbers it, once it was started.
    pub pid: Option<i32>,
    pub exit_code: Option<u8>,
    /// The kernel killed a process of it for want of memory.
    pub oom_killed: bool,
    /// From STOPSIGNAL; SIGTERM if there is none.
    pub stop_signal: Option<String>,
}

impl Container {
    /// The first twelve digits of the id.
    pub fn short(&self) -> &str {
        &self.id[..12]
    }

    /// Records what is started in it.
    pub(crate) fn starts(&mut self, process: &Process) {
        self.command.clone_from(&process.argv);
        self.env.clone_from(&process.env);
        self.workdir.clone_from(&process.workdir);
        self.user.clone_from(&process.user);
    }
}

/// Every container below `GALLEY_HOME`.
#[derive(Clone, Debug)]
pub struct Containers {
    directory: PathBuf,
}

/// The lock that a monitor holds while its container lives.
pub type Lock = Flock<File>;

impl Containers {
    /// The containers kept in `directory`, which is made if it is not there.
    pub fn open(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory).map_err(Error::file("create", directory))?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// A container's own directory.
    pub fn directory(&self, id: &str) -> PathBuf {
        self.directory.join(id)
    }

    /// Makes the record of a new container. Who holds the lock is its monitor.
    ///
    /// # Errors
    /// [`Error::NameTaken`], [`Error::BadName`].
    pub fn create(&self, id: &str, settings: &Settings, stop_signal: Option<String>) -> Result<(Container, Lock)> {
        let name = settings.name.clone().unwrap_or_else(|| id[..12].to_owned());
        check_name(&name)?;
        // Two at once must not both find the name free.
        let _all = self.lock_all()?;
        if self.all()?.iter().any(|(other, _)| other.name == name) {
            return Err(Error::NameTaken(name));
        }
        let container = Container {
            id: id.to_owned(),
            name,
            image: settings.image.clone(),
            image_digest: settings.image_digest.clone(),
            command: Vec::new(),
            env: Vec::new(),
            workdir: PathBuf::new(),
            user: String::new(),
            created: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
            ports: settings.ports.clone(),
            pid: None,
            exit_code: None,
            oom_killed: false,
            stop_signal,
        };
        let directory = self.directory(id);
        fs::create_dir(&directory).map_err(Error::file("create", &directory))?;
        let lock = lock(&directory.join("lock"))?;
        self.save(&container)?;
        Ok((container, lock))
    }

    /// Writes the record whole: a reader sees the old one or the new.
    pub fn save(&self, container: &Container) -> Result<()> {
        let path = self.directory(&container.id).join("state.json");
        let temporary = path.with_extension("json.new");
        let text =
            serde_json::to_vec_pretty(container).map_err(|source| Error::State { path: path.clone(), source })?;
        fs::write(&temporary, text).map_err(Error::file("write", &temporary))?;
        fs::rename(&temporary, &path).map_err(Error::file("write", &path))
    }

    /// Every container with its status, the newest first.
    pub fn all(&self) -> Result<Vec<(Container, Status)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(Error::file("read", &self.directory))? {
            let entry = entry.map_err(Error::file("read", &self.directory))?;
            let path = entry.path().join("state.json");
            let text = match fs::read(&path) {
                Ok(text) => text,
                // A directory without a record is half made or half removed.
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                    continue;
                }
                Err(error) => return Err(Error::file("read", &path)(error)),
            };
            let container: Container = serde_json::from_slice(&text).map_err(|source| Error::State { path, source })?;
            let status = self.status(&container)?;
            found.push((container, status));
        }
        found.sort_by(|a, b| b.0.created.cmp(&a.0.created).then_with(|| a.0.id.cmp(&b.0.id)));
        Ok(found)
    }

    /// The container whose name is `text`, or whose id begins with it.
    ///
    /// # Errors
    /// [`Error::NoContainer`], [`Error::Ambiguous`].
    pub fn find(&self, text: &str) -> Result<(Container, Status)> {
        let mut all = self.all()?;
        if let Some(index) = all.iter().position(|(container, _)| container.name == text) {
            return Ok(all.swap_remove(index));
        }
        all.retain(|(container, _)| !text.is_empty() && container.id.starts_with(text));
        match (all.pop(), all.is_empty()) {
            (Some(found), true) => Ok(found),
            (Some(_), false) => Err(Error::Ambiguous(text.to_owned())),
            (None, _) => Err(Error::NoContainer(text.to_owned())),
        }
    }

    /// Whether the container's monitor is alive at this moment.
    pub fn is_running(&self, container: &Container) -> Result<bool> {
        Ok(self.status(container)? == Status::Running)
    }

    /// The container's first process, as a pidfd.
    ///
    /// # Errors
    /// [`Error::NotRunning`].
    pub fn process(&self, container: &Container) -> Result<OwnedFd> {
        let stopped = || Error::NotRunning(container.name.clone());
        let process = pidfd::open(container.pid.ok_or_else(stopped)?)?.ok_or_else(stopped)?;
        // The number was written down a while ago. As long as the monitor lives,
        // it has not been given to another process.
        if self.is_running(container)? { Ok(process) } else { Err(stopped()) }
    }

    fn status(&self, container: &Container) -> Result<Status> {
        let path = self.directory(&container.id).join("lock");
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(_) => return Ok(container.exit_code.map_or(Status::Lost, Status::Exited)),
        };
        match Flock::lock(file, FlockArg::LockSharedNonblock) {
            Ok(_) => Ok(container.exit_code.map_or(Status::Lost, Status::Exited)),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(Status::Running),
            Err((_, errno)) => Err(sys::Error::at("flock", &path, errno).into()),
        }
    }

    /// The container's lock, to [`Containers::wait`] for. It is asked for before the
    /// container is stopped: with `--rm` it is gone soon after.
    pub fn lock_of(&self, container: &Container) -> Result<Option<File>> {
        let path = self.directory(&container.id).join("lock");
        match File::open(&path) {
            Ok(lock) => Ok(Some(lock)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file("open", &path)(error)),
        }
    }

    /// Waits until the monitor that holds the lock has ended: it has then put
    /// everything away.
    pub fn wait(lock: File) -> Result<()> {
        let ended = Flock::lock(lock, FlockArg::LockShared);
        ended.map(drop).map_err(|(_, errno)| Error::call("flock")(errno))
    }

    /// Removes a container that does not run, with all that it wrote, and the
    /// control group that a killed monitor has left.
    pub fn remove(&self, id: &str) -> Result<()> {
        match cgroups::Group::named(&group_name(id)).and_then(cgroups::Group::delete) {
            // An ordinary user has no control groups, and so nothing to remove.
            Err(cgroups::Error::NotMounted { .. } | cgroups::Error::NotDelegated { .. }) | Ok(()) => {}
            Err(error) => return Err(error.into()),
        }
        let directory = self.directory(id);
        match fs::remove_dir_all(&directory) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Error::file("remove", &directory)(error)),
        }
    }

    fn lock_all(&self) -> Result<Lock> {
        lock(&self.directory.join(".lock"))
    }
}

/// The control group of a container.
pub fn group_name(id: &str) -> String {
    format!("galley/{}", &id[..12])
}

fn lock(path: &Path) -> Result<Lock> {
    let file = File::create(path).map_err(Error::file("open", path))?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| sys::Error::at("flock", path, errno).into())
}

/// Docker's rule: a letter or digit, then letters, digits, `_`, `.` and `-`.
fn check_name(name: &str) -> Result<()> {
    let good = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    if good { Ok(()) } else { Err(Error::BadName(name.to_owned())) }
}
