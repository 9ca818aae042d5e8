//! Every container's record and lock, in one directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::Signal;
use run::{Container, LOCK, Status, status};
use sys::{Context, PidFd};

use crate::error::{Error, Result};
use crate::id::{cgroup_name, short};
use crate::security::delete_device_group;
use crate::settings::Settings;

/// Every container below one directory.
#[derive(Clone, Debug)]
pub struct Containers {
    directory: PathBuf,
}

/// What is in the directory.
#[derive(Debug, Default)]
pub struct Listing {
    /// The newest first.
    pub containers: Vec<(Container, Status)>,
    /// Those whose record cannot be read, each an [`Error::Damaged`].
    pub damaged: Vec<Error>,
}

/// The lock that a monitor holds while its container lives.
pub(crate) type Lock = Flock<File>;

impl Containers {
    /// The containers in `directory`, which is made if it is missing.
    ///
    /// # Errors
    /// mkdir(2).
    pub fn open(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory).context("mkdir", directory)?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// A container's own directory.
    pub fn directory(&self, id: &str) -> PathBuf {
        self.directory.join(id)
    }

    /// Makes the record of a new container, and locks it: the caller is its monitor.
    ///
    /// # Errors
    /// [`Error::NameTaken`], [`Error::BadName`], and those of [`run::save`].
    pub(crate) fn create(&self, id: &str, settings: &Settings) -> Result<(Container, Lock)> {
        let name = settings.name.clone().unwrap_or_else(|| short(id).to_owned());
        check_name(&name)?;
        // Two at once must not both find the name free.
        let _all = self.lock_all()?;
        if self.list()?.containers.iter().any(|(other, _)| other.name == name) {
            return Err(Error::NameTaken(name));
        }
        let container = Container {
            id: id.to_owned(),
            name,
            image: settings.image.clone(),
            image_digest: settings.image_digest.clone(),
            created: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
            ports: settings.ports.clone(),
            ..Container::default()
        };
        let directory = self.directory(id);
        fs::create_dir(&directory).context("mkdir", &directory)?;
        let lock = sys::lock(&directory.join(LOCK), FlockArg::LockExclusive)?;
        settings.security.save(&directory)?;
        self.save(&container)?;
        Ok((container, lock))
    }

    pub(crate) fn save(&self, container: &Container) -> Result<()> {
        Ok(run::save(&self.directory(&container.id), container)?)
    }

    /// Reads every record and asks whether its container runs.
    ///
    /// # Errors
    /// Those of open(2) and flock(2); one damaged record is not an error of all.
    pub fn list(&self) -> Result<Listing> {
        let mut listing = Listing::default();
        for entry in fs::read_dir(&self.directory).context("open", &self.directory)? {
            let entry = entry.context("read", &self.directory)?;
            let id = entry.file_name().to_string_lossy().into_owned();
            match run::load(&entry.path()) {
                Ok(container) if container.id == id => {
                    let status = status(&entry.path(), &container)?;
                    listing.containers.push((container, status));
                }
                Ok(other) => {
                    let reason = format!("its record is that of container {}", other.id);
                    listing.damaged.push(Error::Damaged { id, reason });
                }
                // A directory without a record is half made or half removed.
                Err(run::Error::Sys(error)) if matches!(error.errno, Errno::ENOENT | Errno::ENOTDIR) => {}
                Err(error) => listing.damaged.push(Error::Damaged { id, reason: error.to_string() }),
            }
        }
        listing.containers.sort_by(|(a, _), (b, _)| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        Ok(listing)
    }

    /// The container whose name is `text`, or whose id begins with it.
    ///
    /// # Errors
    /// [`Error::NoContainer`], [`Error::Ambiguous`], [`Error::Damaged`].
    pub fn find(&self, text: &str) -> Result<(Container, Status)> {
        let Listing { containers: mut found, damaged } = self.list()?;
        if let Some(index) = found.iter().position(|(container, _)| container.name == text) {
            return Ok(found.swap_remove(index));
        }
        let fits = |id: &str| !text.is_empty() && id.starts_with(text);
        found.retain(|(container, _)| fits(&container.id));
        let mut damaged = damaged.into_iter().filter(|error| matches!(error, Error::Damaged { id, .. } if fits(id)));
        match (found.pop(), found.pop(), damaged.next()) {
            (Some(found), None, None) => Ok(found),
            (None, None, Some(error)) => Err(error),
            (None, None, None) => Err(Error::NoContainer(text.to_owned())),
            _ => Err(Error::Ambiguous(text.to_owned())),
        }
    }

    /// Whether the container's monitor is alive at this moment.
    ///
    /// # Errors
    /// Those of [`run::status`].
    pub fn is_running(&self, container: &Container) -> Result<bool> {
        Ok(status(&self.directory(&container.id), container)? == Status::Running)
    }

    /// The container's first process.
    ///
    /// # Errors
    /// Those of [`run::process`].
    pub fn process(&self, container: &Container) -> Result<PidFd> {
        Ok(run::process(&self.directory(&container.id), container)?)
    }

    /// Stops a container: `signal`, and SIGKILL after `grace`. Waits until its monitor has
    /// put everything away.
    ///
    /// # Errors
    /// Those of [`run::stop`]; a container that has ended meanwhile is not an error.
    pub fn stop(&self, container: &Container, signal: Signal, grace: Duration) -> Result<()> {
        // Opened first: the file may be removed as soon as the container has ended.
        let path = self.directory(&container.id).join(LOCK);
        let lock = match File::open(&path).context("open", &path) {
            Err(error) if error.errno == Errno::ENOENT => return Ok(()),
            lock => lock?,
        };
        match self.process(container) {
            Err(Error::Run(run::Error::NotRunning(_))) => return Ok(()),
            process => run::stop(&process?, signal, grace)?,
        };
        let ended = Flock::lock(lock, FlockArg::LockShared);
        Ok(ended.map(drop).map_err(|(_, errno)| errno).context("flock", &path)?)
    }

    /// Removes a container with all that it wrote. Its record need not be readable.
    ///
    /// # Errors
    /// [`Error::Running`] if its monitor is alive, unlink(2), and those of
    /// [`cgroups::Group::delete`].
    pub fn remove(&self, id: &str) -> Result<()> {
        // Only the lock counts, not what the record says.
        match status(&self.directory(id), &Container::default())? {
            Status::Running => Err(Error::Running(short(id).to_owned())),
            Status::Exited(_) | Status::Dead => self.delete(id),
        }
    }

    /// Removes what there is of a container, and the control group that a killed monitor
    /// has left.
    pub(crate) fn delete(&self, id: &str) -> Result<()> {
        match cgroups::Group::named(&cgroup_name(id)).and_then(cgroups::Group::delete) {
            // An ordinary user may have no control groups, and so nothing to remove.
            Err(cgroups::Error::NotMounted { .. } | cgroups::Error::NotDelegated { .. }) | Ok(()) => {}
            Err(error) => return Err(error.into()),
        }
        delete_device_group(&cgroup_name(id))?;
        let directory = self.directory(id);
        match fs::remove_dir_all(&directory).context("remove", &directory) {
            Err(error) if error.errno == Errno::ENOENT => Ok(()),
            removed => Ok(removed?),
        }
    }

    fn lock_all(&self) -> Result<Lock> {
        Ok(sys::lock(&self.directory.join(".lock"), FlockArg::LockExclusive)?)
    }
}

/// Docker's rule: a letter or digit, then letters, digits, `_`, `.` and `-`.
fn check_name(name: &str) -> Result<()> {
    let good = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    if good { Ok(()) } else { Err(Error::BadName(name.to_owned())) }
}
