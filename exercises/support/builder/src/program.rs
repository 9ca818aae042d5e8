//! The program of a RUN, from its user to its execve.

use std::ffi::CString;
use std::fs::File;
use std::path::{Path, PathBuf};

use dockerfile::Diagnostic;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::{prctl, signal::Signal};
use nix::unistd::{Gid, Uid, chdir, dup2_stdin, setgid, setgroups, setuid};
use sys::{Context, StartError, c_strings};

use crate::error::Result;
use crate::owner::Owner;
use crate::steps::{BecomeUser, Process};

/// Becomes the user, and gives up nothing but root.
///
/// # Errors
/// `EPERM` for an ordinary user, `EINVAL` for an id that this user namespace does not map.
pub fn become_user(uid: u32, gid: u32) -> sys::Result<()> {
    if (uid, gid) != (0, 0) {
        setgroups(&[]).call("setgroups")?;
        setgid(Gid::from_raw(gid)).call("setgid")?;
        setuid(Uid::from_raw(uid)).call("setuid")?;
    }
    Ok(())
}

/// A program with everything that exec needs made beforehand: between clone and exec
/// little is allowed.
pub struct Program<'a> {
    argv: Vec<CString>,
    script: Option<&'a File>,
    env: Vec<CString>,
    directory: PathBuf,
    uid: u32,
    gid: u32,
    become_user: BecomeUser,
}

impl<'a> Program<'a> {
    /// Looks up the user in the image that is mounted at `root`.
    ///
    /// # Errors
    /// A user that the image does not know, or that this user namespace does not map.
    pub fn prepare(process: &'a Process<'_>, root: &Path) -> Result<Self> {
        let Owner { uid, group, own_group } = Owner::find(root, &process.user)?;
        if uid != 0 && sys::in_user_namespace()? && !sys::is_mapped(uid)? {
            let message = format!("USER {} is not a user of this user namespace", process.user);
            return Err(Diagnostic::new("RUN", message).suggest("build as root, or move this RUN above USER").into());
        }
        let (argv, env) = (c_strings(&process.argv)?, c_strings(&process.env)?);
        let (script, directory) = (process.script.as_ref(), process.directory.clone());
        let (gid, become_user) = (group.or(own_group).unwrap_or(0), process.become_user);
        Ok(Self { argv, script, env, directory, uid, gid, become_user })
    }

    /// Becomes the program; returns only if that fails. Call it inside the container.
    pub fn exec(&self) -> StartError {
        match self.prepare_process() {
            Ok(()) => sys::exec(&self.argv, Some(&self.env)).into(),
            Err(error) => error.into(),
        }
    }

    fn prepare_process(&self) -> sys::Result<()> {
        // A build asks nothing: the terminal is not for the command.
        let null = File::open("/dev/null").context("open", "/dev/null")?;
        dup2_stdin(&null).call("dup2")?;
        chdir(&self.directory).context("chdir", &self.directory)?;
        (self.become_user)(self.uid, self.gid)?;
        if let Some(script) = self.script {
            // A container inherits nothing of the builder's but what is exempted here.
            fcntl(script, FcntlArg::F_SETFD(FdFlag::empty())).call("fcntl")?;
        }
        // After the change of user, which clears it: the command ends with the build.
        prctl::set_pdeathsig(Signal::SIGKILL).call("prctl")
    }
}
