//! `galley run`.

use images::spec;
use monitor::{NetHelper, Root, Seccomp, Security, Settings, Tmpfs, Volume, parse_ports, run_attached, run_detached};
use run::Port;
use storage::layer_cache;

use sys::Context;

use super::terminal::check_terminal;
use crate::cli::{Network, Run};
use crate::error::{Error, Result};
use crate::home::{Home, obtain};

/// Runs a container; in the foreground, the exit code is the program's.
pub fn run(arguments: &Run, layer_limit: Option<u64>) -> Result<u8> {
    let mut settings = settings(arguments)?;
    namespaces::unshare_mounts()?;
    let home = Home::find()?;
    let root = root(&home, arguments, layer_limit, &mut settings)?;
    if arguments.detach {
        println!("{}", run_detached(&home.containers()?, &settings, &root)?);
        return Ok(0);
    }
    Ok(run_attached(&home.containers()?, &settings, &root)?)
}

/// The image's layers, or the directory of `--rootfs`; and what is left of the
/// arguments is the command.
fn root(home: &Home, arguments: &Run, layer_limit: Option<u64>, settings: &mut Settings) -> Result<Root> {
    if let Some(rootfs) = &arguments.rootfs {
        settings.image = rootfs.display().to_string();
        settings.arguments.clone_from(&arguments.rest);
        return Ok(Root::Directory(rootfs.canonicalize().context("find", rootfs)?));
    }
    let Some((name, command)) = arguments.rest.split_first() else {
        return Err(Error::Usage("which image? write `galley run IMAGE [COMMAND]`, or --rootfs DIR".to_owned()));
    };
    settings.image.clone_from(name);
    settings.arguments = command.to_vec();
    let mut store = home.store()?;
    store.layer_limit = layer_limit.unwrap_or(store.layer_limit);
    let image = obtain(&store, name)?;
    settings.image_digest = Some(image.descriptor.digest().to_string());
    let config: spec::Config = image.config.config().clone().unwrap_or_default();
    let layers = layer_cache::lower_dirs(&store, image.layers(), &mut |_| {})?;
    Ok(Root::Image { layers, config: Box::new(config) })
}

/// Whether there is something for `-i` to read from.
fn check_input(arguments: &Run) -> Result<()> {
    match (arguments.interactive, arguments.tty, arguments.detach) {
        (true, false, true) => Err(Error::Usage(
            "-d and -i do not go together: there would be nobody to read from; add -t for a terminal".to_owned(),
        )),
        (true, true, false) => check_terminal(),
        _ => Ok(()),
    }
}

fn ports(texts: &[String]) -> Result<Vec<Port>> {
    let ports: Vec<Vec<Port>> = texts.iter().map(|text| parse_ports(text)).collect::<std::result::Result<_, _>>()?;
    Ok(ports.concat())
}

/// Without the flag a container takes the way out that there is; who asks for it
/// must hear that there is none.
fn network(requested: Option<Network>) -> monitor::Network {
    if let (Some(Network::Private), Err(error)) = (requested, NetHelper::find()) {
        eprintln!("galley: {error}");
    }
    match requested {
        None | Some(Network::Private) => monitor::Network::Private,
        Some(Network::None) => monitor::Network::None,
        Some(Network::Host) => monitor::Network::Host,
    }
}

/// What protects the host from the container: the default, and what the flags change of it.
fn security(arguments: &Run) -> Result<Security> {
    let mut security = Security::default().with_capabilities(&arguments.cap_add, &arguments.cap_drop)?;
    for option in &arguments.security_opt {
        match option.split_once(['=', ':']) {
            None if option == "no-new-privileges" => security.no_new_privileges = true,
            Some(("no-new-privileges", value @ ("true" | "false"))) => security.no_new_privileges = value == "true",
            Some(("seccomp", "unconfined")) => security.seccomp = Seccomp::Unconfined,
            Some(("seccomp", file)) => security.seccomp = Seccomp::read(file.as_ref())?,
            _ => {
                return Err(Error::Usage(format!(
                    "--security-opt {option}: write no-new-privileges, seccomp=FILE or seccomp=unconfined"
                )));
            }
        }
    }
    if arguments.privileged {
        eprintln!("galley: --privileged: root in this container can do to your machine whatever you can");
        security.privileged = true;
    }
    Ok(security)
}

fn settings(arguments: &Run) -> Result<Settings> {
    check_input(arguments)?;
    let limits = cgroups::Limits {
        memory: arguments.memory.as_deref().map(cgroups::parse_memory).transpose()?,
        cpus: arguments.cpus.as_deref().map(cgroups::parse_cpus).transpose()?,
        pids: arguments.pids_limit,
    };
    Ok(Settings {
        entrypoint: arguments.entrypoint.clone(),
        env: arguments.env.clone(),
        workdir: arguments.workdir.clone(),
        user: arguments.user.clone(),
        name: arguments.name.clone(),
        hostname: arguments.hostname.clone(),
        ports: ports(&arguments.publish)?,
        volumes: arguments.volume.iter().map(|text| Volume::parse(text)).collect::<std::result::Result<_, _>>()?,
        tmpfs: arguments.tmpfs.iter().map(|text| Tmpfs::parse(text)).collect::<std::result::Result<_, _>>()?,
        network: network(arguments.network),
        limits,
        read_only: arguments.read_only,
        security: security(arguments)?,
        init: arguments.init,
        remove: arguments.rm,
        // In the background there is a terminal at most, and nobody at its keys.
        interactive: arguments.interactive && !arguments.detach,
        terminal: arguments.tty,
        ..Settings::default()
    })
}
