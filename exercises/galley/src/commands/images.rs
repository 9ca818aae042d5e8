//! `galley images`, `tag`, `rmi`, `inspect` and `prune`.

use std::io::{IsTerminal, Write, stdin, stdout};

use images::{Digest, Image, Store};
use run::Status;
use serde_json::json;

use super::table;
use crate::cli::Quiet;
use crate::error::{Error, Result};
use crate::home::{Home, local};

/// Lists the images by name.
pub fn list(arguments: &Quiet) -> Result<()> {
    let store = Home::find()?.store()?;
    let mut rows = Vec::new();
    for (name, descriptor) in store.names()? {
        let image = store.image(&digest_of(&descriptor)?)?;
        let reference = registry::parse_reference(&name)?;
        let tag = reference.tag.clone().unwrap_or_else(|| "<none>".to_owned());
        let familiar = reference.familiar();
        let repository = familiar.strip_suffix(&format!(":{tag}")).unwrap_or(&familiar).to_owned();
        rows.push([repository, tag, short_id(&image), created(&image), table::size(size(&image))]);
    }
    if arguments.quiet {
        rows.iter().for_each(|row| println!("{}", row[2]));
    } else {
        table::print(["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"], &rows);
    }
    Ok(())
}

fn digest_of(descriptor: &images::spec::Descriptor) -> Result<images::Digest> {
    Ok(descriptor.digest().to_string().parse()?)
}

/// The image's id is the digest of its config, as in Docker.
fn short_id(image: &Image) -> String {
    image.manifest.config().digest().digest().chars().take(12).collect()
}

/// The compressed layers: what a push or pull transfers.
fn size(image: &Image) -> u64 {
    image.manifest.layers().iter().map(|layer| layer.size()).sum()
}

fn created(image: &Image) -> String {
    image.config.created().as_deref().map_or_else(|| "-".to_owned(), |time| time.chars().take(10).collect())
}

pub fn tag(image: &str, name: &str) -> Result<()> {
    let store = Home::find()?.store()?;
    let image = local(&store, image)?;
    let reference = registry::parse_reference(name)?;
    Ok(store.tag(&reference.to_string(), &image.descriptor)?)
}

/// Removes names; the blobs go with `prune`, or when the next image needs room.
pub fn remove(names: &[String]) -> Result<()> {
    let store = Home::find()?.store()?;
    for name in names {
        let reference = registry::parse_reference(name)?;
        if !store.untag(&reference.to_string())? {
            return Err(Error::NoImage(name.clone()));
        }
        println!("Untagged: {}", reference.familiar());
    }
    Ok(())
}

/// Prints a container's record, or an image's manifest and config.
pub fn inspect(name: &str) -> Result<()> {
    let home = Home::find()?;
    let value = match home.containers()?.find(name) {
        Ok((container, status)) => json!({ "container": container, "running": status == Status::Running }),
        Err(run::Error::NoContainer(_)) => {
            let image = local(&home.store()?, name)?;
            json!({ "descriptor": image.descriptor, "manifest": image.manifest, "config": image.config })
        }
        Err(error) => return Err(error.into()),
    };
    println!("{value:#}");
    Ok(())
}

/// Removes ended containers, then every blob and layer that no name needs.
pub fn prune(all: bool, force: bool) -> Result<()> {
    if !force && !confirmed("This removes every ended container and all unnamed images. Go on? [y/N] ")? {
        return Ok(());
    }
    namespaces::own_mounts()?;
    let home = Home::find()?;
    let (containers, store) = (home.containers()?, home.store()?);
    let (running, ended): (Vec<_>, Vec<_>) =
        containers.all()?.into_iter().partition(|(_, status)| *status == Status::Running);
    for (container, _) in &ended {
        containers.remove(&container.id)?;
    }
    if all {
        let used: Vec<String> = running.iter().map(|(container, _)| container.image.clone()).collect();
        untag_unused(&store, &used)?;
    }
    let needed: Vec<Digest> =
        running.iter().filter_map(|(container, _)| container.image_digest.as_ref()?.parse().ok()).collect();
    let reclaimed = store.collect_keeping(false, &needed)?;
    // A record of the build cache is worth nothing without its layer.
    build::cache::Record::prune(&store)?;
    println!("removed {} containers and {} of images", ended.len(), table::size(reclaimed.bytes));
    Ok(())
}

fn untag_unused(store: &Store, used: &[String]) -> Result<()> {
    let used: Vec<String> =
        used.iter().filter_map(|name| registry::parse_reference(name).ok()).map(|name| name.to_string()).collect();
    for (name, _) in store.names()? {
        if !used.contains(&name) {
            store.untag(&name)?;
        }
    }
    Ok(())
}

/// Asks on a terminal; without one, nobody can say yes.
fn confirmed(question: &str) -> Result<bool> {
    if !stdin().is_terminal() {
        return Err(Error::Usage("there is no terminal to ask on; use --force".to_owned()));
    }
    print!("{question}");
    let mut answer = String::new();
    let asked = stdout().flush().and_then(|()| stdin().read_line(&mut answer));
    asked.map_err(Error::file("ask on", "the terminal".as_ref()))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
