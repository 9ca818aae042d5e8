//! The program in the container: image and settings combined, ready for execve(2).

use std::ffi::CString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use harden::Protection;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{chdir, dup2_stdin};
use oci_spec::image::Config;
use run::{Container, command, user};
use sys::Context;

use crate::error::{Error, Result};
use crate::security::ids;
use crate::settings::Settings;
use crate::terminal::Terminal;

/// A program with everything that execve(2) and the calls before it need.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub argv: Vec<String>,
    /// `NAME=value`, each name once.
    pub env: Vec<String>,
    /// Absolute, as the container sees it.
    pub workdir: PathBuf,
    /// Whether it is made if it is missing, as `run` does and `exec` does not.
    pub make_workdir: bool,
    /// As in USER; looked up once the process is inside.
    pub user: String,
    pub interactive: bool,
    pub protection: Protection,
}

impl Program {
    /// Combines the image's config with the settings.
    ///
    /// # Errors
    /// [`run::Error::NoCommand`], [`Error::RelativeWorkdir`].
    pub(crate) fn new(config: &Config, settings: &Settings, hostname: &str) -> Result<Self> {
        let mut env = vec![format!("PATH={}", sys::DEFAULT_PATH), format!("HOSTNAME={hostname}")];
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
            protection: settings.security.protection(true)?,
        })
    }

    /// Notes in the container's record how its program is started.
    pub(crate) fn record(&self, container: &mut Container, stop_signal: Option<String>) {
        container.command.clone_from(&self.argv);
        container.env.clone_from(&self.env);
        container.workdir.clone_from(&self.workdir);
        container.user.clone_from(&self.user);
        container.stop_signal = stop_signal;
    }

    /// Becomes the program, at the `terminal` if there is one. Called inside the
    /// container; returns only if that is not possible.
    pub(crate) fn exec(&self, terminal: Option<&Terminal>) -> Error {
        match self.prepare(terminal) {
            Ok((argv, env)) => sys::exec(&argv, Some(&env)).into(),
            Err(error) => error,
        }
    }

    /// Each line needs something that a later one gives up: root, the caller's standard
    /// streams, the descriptors.
    fn prepare(&self, terminal: Option<&Terminal>) -> Result<(Vec<CString>, Vec<CString>)> {
        let user = user(Path::new("/"), &self.user)?;
        if self.make_workdir {
            fs::create_dir_all(&self.workdir).context("mkdir", &self.workdir)?;
        }
        if !self.interactive {
            let null = File::open("/dev/null").context("open", "/dev/null")?;
            dup2_stdin(&null).call("dup2")?;
        }
        harden::confine(&self.protection, &ids(&user))?;
        // A change of the user clears it: PR_SET_PDEATHSIG(2const). Without galley, nobody
        // would forward the ports or remove the control group.
        prctl::set_pdeathsig(Signal::SIGKILL).call("prctl")?;
        // As the user, who may not be allowed to enter it.
        chdir(&self.workdir).map_err(|errno| Error::Workdir { path: self.workdir.clone(), errno })?;
        // From here on our messages would go to the terminal inside.
        terminal.map_or(Ok(()), Terminal::open)?;
        let mut env = self.env.clone();
        if !env.iter().any(|variable| variable.starts_with("HOME=")) {
            env.push(format!("HOME={}", user.home.display()));
        }
        Ok((sys::c_strings(&self.argv)?, sys::c_strings(&env)?))
    }
}

/// # Errors
/// [`Error::RelativeWorkdir`]: nobody could say relative to what.
pub(crate) fn absolute(workdir: PathBuf) -> Result<PathBuf> {
    if workdir.is_absolute() { Ok(workdir) } else { Err(Error::RelativeWorkdir(workdir)) }
}

/// Adds `NAME=value`, or `NAME` to pass on our own value. Of several values for a name
/// the last one counts, in the place of the first.
pub(crate) fn add_variables(mut env: Vec<String>, variables: &[String]) -> Vec<String> {
    for variable in variables {
        match (variable.contains('='), std::env::var(variable)) {
            (true, _) => env.push(variable.clone()),
            (false, Ok(value)) => env.push(format!("{variable}={value}")),
            (false, Err(_)) => {}
        }
    }
    let name = |variable: &str| variable.split('=').next().unwrap_or_default().to_owned();
    let mut result: Vec<String> = Vec::new();
    for variable in env {
        match result.iter_mut().find(|earlier| name(earlier) == name(&variable)) {
            Some(earlier) => *earlier = variable,
            None => result.push(variable),
        }
    }
    result
}
