//! The two ways to run a container: attached to the caller, and detached.

use run::listen;

use crate::containers::Containers;
use crate::error::Result;
use crate::id::new_id;
use crate::monitor::Monitor;
use crate::report::{StartReport, read_start_result};
use crate::settings::{Root, Settings};

/// Runs a container and waits for it; returns its exit code.
///
/// The caller has a mount namespace of its own ([`namespaces::unshare_mounts`]) and one
/// thread.
///
/// # Errors
/// [`run::Error::Listen`] before there is a container; [`Error::code`](crate::Error::code) is the exit code of
/// each.
pub fn run_attached(containers: &Containers, settings: &Settings, root: &Root) -> Result<u8> {
    let listeners = listen(&settings.ports)?;
    let id = new_id()?;
    Monitor { containers, id: &id, settings, root, report: None }.run(listeners)
}

/// Starts a container in the background; returns its id as soon as its program runs. A
/// process stays behind as the container's monitor. The caller is as for [`run_attached`].
///
/// # Errors
/// Those of [`run_attached`]; [`NoStartResult`](crate::Error::NoStartResult).
pub fn run_detached(containers: &Containers, settings: &Settings, root: &Root) -> Result<String> {
    let listeners = listen(&settings.ports)?;
    let id = new_id()?;
    let (result, report) = StartReport::pipe()?;
    let monitor = Monitor { containers, id: &id, settings, root, report: Some(report) };
    // In the parent, the closure is dropped uncalled, and the monitor's end of the pipe
    // with it.
    sys::fork(move || match monitor.run(listeners) {
        Ok(code) => code,
        Err(error) => {
            monitor.report.iter().for_each(|report| report.failed(&error));
            error.code()
        }
    })?;
    read_start_result(result)?;
    Ok(id)
}
