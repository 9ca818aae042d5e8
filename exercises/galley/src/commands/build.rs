//! `galley build`.

use std::io::stdout;

use build::Options;
use monitor::DeviceGroup;
use nix::unistd::Pid;

use super::orphans;
use crate::cli::{Build, BuildNetwork};
use crate::error::{Error, Result};
use crate::home::{Home, obtain};
use crate::progress::Progress;

/// Builds an image from a Dockerfile.
pub fn build(arguments: &Build, layer_limit: Option<u64>) -> Result<()> {
    orphans::remove_cgroups();
    namespaces::unshare_mounts()?;
    let mut store = Home::find()?.store()?;
    store.layer_limit = layer_limit.unwrap_or(store.layer_limit);
    let names: Vec<String> =
        arguments.tags.iter().map(|tag| Ok(registry::parse_reference(tag)?.to_string())).collect::<Result<_>>()?;
    let build_args: Vec<(String, String)> = arguments
        .build_args
        .iter()
        .map(|text| match text.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(Error::Usage(format!("--build-arg {text}: write NAME=VALUE"))),
        })
        .collect::<Result<_>>()?;
    let dockerfile = arguments.file.clone().unwrap_or_else(|| arguments.context.join("Dockerfile"));
    let options = Options {
        context: &arguments.context,
        dockerfile: &dockerfile,
        names: &names,
        build_args: &build_args,
        bypass_cache: arguments.no_cache,
        find_image: &|name| obtain(&store, name).map_err(|error| error.to_string()),
        on_create: &confine,
        become_user: monitor::become_build_user,
        target: arguments.target.as_deref(),
        network: match arguments.network {
            BuildNetwork::Host => namespaces::Network::Host,
            BuildNetwork::None => namespaces::Network::Private,
        },
        progress: &bar,
    };
    build::build(&store, &options, &mut stdout())?;
    Ok(())
}

/// A bar for one long step of the build, from its first byte on.
fn bar(label: &str, total: u64) -> Box<dyn FnMut(u64)> {
    let label = label.to_owned();
    let mut progress = None;
    Box::new(move |bytes| progress.get_or_insert_with(|| Progress::start(&label, total)).advance(bytes))
}

/// Puts a RUN's process in a control group of its own; what is returned removes it.
///
/// An ordinary user has no group to give; there the namespaces must do.
fn confine(process: Pid) -> std::result::Result<Box<dyn FnOnce()>, String> {
    let name = orphans::cgroup_name(process);
    let Ok(group) = cgroups::Group::create(&name) else { return Ok(Box::new(|| ())) };
    let confined = group.add(process).map_err(|error| error.to_string()).and_then(|()| {
        let unified = monitor::unified_path(&group);
        monitor::restrict_devices(&name, unified.as_deref(), process).map_err(|error| error.to_string())
    });
    let devices = match confined {
        Ok(devices) => devices,
        Err(error) => {
            // The first fault is the one to report; `galley prune` finds the group.
            let _ = group.delete();
            return Err(error);
        }
    };
    Ok(Box::new(move || {
        if let Some(Err(error)) = devices.map(DeviceGroup::delete) {
            eprintln!("galley: {error}");
        }
        if let Err(error) = group.delete() {
            eprintln!("galley: {error}");
        }
    }))
}
