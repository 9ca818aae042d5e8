//! The program in the container, ready to be started: image and flags combined.

use std::ffi::CString;
use std::fs;
use std::path::{Path, PathBuf};

use images::spec;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::{chdir, dup2_stdin, setgid, setgroups, setuid};

use crate::command::command;
use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::terminal::Terminal;
use crate::user::{User, user};

/// Docker's default, for images that set no PATH.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program with everything that execve(2) and the calls before it need.
#[derive(Clone, Debug)]
pub struct Process {
    pub argv: Vec<String>,
    /// `NAME=value`, later ones winning.
    pub env: Vec<String>,
    /// Absolute, as the container sees it.
    pub workdir: PathBuf,
    /// Whether it is made if it is not there, as `run` does and `exec` does not.
    pub make_workdir: bool,
    /// As in USER; looked up when the process is inside.
    pub user: String,
    pub interactive: bool,
}

impl Process {
    /// Combines the image's config with the flags.
    ///
    /// # Errors
    /// [`Error::NoCommand`], [`Error::RelativeWorkdir`].
    pub fn new(config: &spec::Config, settings: &Settings, hostname: &str) -> Result<Self> {
        let mut env = vec![PATH.to_owned(), format!("HOSTNAME={hostname}")];
        if settings.terminal {
            env.push("TERM=xterm".to_owned());
        }
        env.extend(config.env().clone().unwrap_or_default());
        let workdir = settings.workdir.clone().or_else(|| config.working_dir().as_ref().map(PathBuf::from));
        let workdir = workdir.filter(|path| !path.as_os_str().is_empty()).unwrap_or_else(|| "/".into());
        Ok(Self {
            argv: command(config, settings.entrypoint.as_deref(), &settings.arguments)?,
            env: add_variables(env, &settings.env),
            workdir: absolute(workdir)?,
            make_workdir: true,
            user: settings.user.clone().or_else(|| config.user().clone()).unwrap_or_default(),
            interactive: settings.interactive,
        })
    }

    /// Becomes the program, at the `terminal` if there is one. Called inside the
    /// container; returns only if that is not possible.
    pub fn exec(&self, terminal: Option<&Terminal>) -> Error {
        match self.prepare(terminal) {
            Ok((argv, env)) => sys::exec(&argv, Some(&env)).into(),
            Err(error) => error,
        }
    }

    /// The order matters: while still root the directory can be made, and the
    /// groups must be set before the user is given up.
    fn prepare(&self, terminal: Option<&Terminal>) -> Result<(Vec<CString>, Vec<CString>)> {
        let user = user(Path::new("/"), &self.user)?;
        if self.make_workdir {
            fs::create_dir_all(&self.workdir).map_err(Error::file("create", &self.workdir))?;
        }
        if !self.interactive {
            let null = open("/dev/null", OFlag::O_RDONLY, Mode::empty()).map_err(Error::call("open"))?;
            dup2_stdin(&null).map_err(Error::call("dup2"))?;
        }
        become_user(&user)?;
        chdir(&self.workdir).map_err(|errno| Error::Workdir { path: self.workdir.clone(), errno })?;
        // Clears on a change of user, so it comes after it: when galley is gone
        // nobody would forward the ports or remove the control group.
        prctl::set_pdeathsig(Signal::SIGKILL).map_err(Error::call("prctl"))?;
        // Last, because from here on messages would go to the terminal inside.
        terminal.map_or(Ok(()), Terminal::open)?;
        close_the_rest()?;
        let mut env = self.env.clone();
        if !env.iter().any(|variable| variable.starts_with("HOME=")) {
            env.push(format!("HOME={}", user.home.display()));
        }
        Ok((c_strings(&self.argv)?, c_strings(&env)?))
    }
}

/// # Errors
/// [`Error::RelativeWorkdir`]: relative to what, nobody could say.
pub(crate) fn absolute(workdir: PathBuf) -> Result<PathBuf> {
    if workdir.is_absolute() { Ok(workdir) } else { Err(Error::RelativeWorkdir(workdir)) }
}

/// Groups, then group, then user: the last step takes the right to the others away.
fn become_user(user: &User) -> Result<()> {
    let mut groups: Vec<nix::unistd::Gid> = user.groups.iter().copied().map(Into::into).collect();
    groups.push(user.gid.into());
    // Without root a user namespace forbids it, on purpose: user_namespaces(7).
    let denied = fs::read_to_string("/proc/self/setgroups").is_ok_and(|text| text.trim() == "deny");
    if !denied {
        setgroups(&groups).map_err(Error::call("setgroups"))?;
    }
    setgid(user.gid.into()).map_err(Error::call("setgid"))?;
    setuid(user.uid.into()).map_err(Error::call("setuid"))
}

/// Lets every descriptor beyond the three standard streams close with execve(2).
/// What a shell has open when it starts galley may lead out of the container.
fn close_the_rest() -> Result<()> {
    use nix::libc::{CLOSE_RANGE_CLOEXEC, SYS_close_range, syscall};

    // Not closed at once: galley's own still report a fault of execve.
    // SAFETY: the call takes three numbers, and closes nothing yet.
    let result = unsafe { syscall(SYS_close_range, 3, u32::MAX, CLOSE_RANGE_CLOEXEC) };
    // EINVAL or ENOSYS: before Linux 5.11, where rootless overlays fail as well.
    Errno::result(result).map(drop).map_err(Error::call("close_range"))
}

fn c_strings(texts: &[String]) -> Result<Vec<CString>> {
    let converted = texts.iter().map(|text| CString::new(text.as_str()));
    // A zero byte would end the argument early, so the kernel never sees one.
    converted.collect::<std::result::Result<_, _>>().map_err(|_| Error::call("execve")(Errno::EINVAL))
}

/// Adds the variables of `-e`: `NAME=value`, or `NAME` to pass galley's own on.
pub(crate) fn add_variables(mut env: Vec<String>, variables: &[String]) -> Vec<String> {
    for variable in variables {
        match (variable.contains('='), std::env::var(variable)) {
            (true, _) => env.push(variable.clone()),
            (false, Ok(value)) => env.push(format!("{variable}={value}")),
            (false, Err(_)) => {}
        }
    }
    last_wins(env)
}

/// Keeps the last value of each variable, in the order of first mention.
fn last_wins(env: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for variable in env {
        let name = variable.split('=').next().unwrap_or_default();
        match kept.iter_mut().find(|other| other.split('=').next() == Some(name)) {
            Some(other) => *other = variable,
            None => kept.push(variable),
        }
    }
    kept
}
