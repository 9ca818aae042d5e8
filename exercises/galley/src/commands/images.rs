//! `galley images`, `tag`, `rmi` and `prune`.

use std::io::{IsTerminal, Write, stdin, stdout};

use images::{Digest, Store};
use run::Status;
use storage::{Image, tags};

use sys::Context;

use super::containers::warn_of_damage;
use super::{orphans, table};
use crate::cli::{Quiet, RemoveImages};
use crate::error::{Error, Result};
use crate::home::{Home, local};

/// Lists the images: by name, then those without one.
pub fn list(arguments: &Quiet) -> Result<()> {
    let store = Home::find()?.store()?;
    let mut rows = Vec::new();
    for (name, image) in listed(&store)? {
        let (repository, tag) = match name {
            Some(name) => repository_and_tag(&name)?,
            None => (NONE.to_owned(), NONE.to_owned()),
        };
        rows.push([repository, tag, short_id(&image), created(&image), table::size(size(&image))]);
    }
    if arguments.quiet {
        rows.iter().for_each(|row| println!("{}", row[2]));
    } else {
        table::print(["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"], &rows);
    }
    Ok(())
}

/// What Docker writes for a name that an image does not have.
const NONE: &str = "<none>";

/// Every name with its image; images without a name come last.
fn listed(store: &Store) -> Result<Vec<(Option<String>, Image)>> {
    let named = tags::list(store)?.into_iter().map(|(name, descriptor)| (Some(name), descriptor));
    let unnamed = tags::unnamed(store)?.into_iter().map(|descriptor| (None, descriptor));
    named.chain(unnamed).map(|(name, descriptor)| Ok((name, Image::read(store, &digest_of(&descriptor)?)?))).collect()
}

fn repository_and_tag(name: &str) -> Result<(String, String)> {
    let reference = registry::parse_reference(name)?;
    let tag = reference.tag.clone().unwrap_or_else(|| NONE.to_owned());
    let familiar = reference.familiar();
    let repository = familiar.strip_suffix(&format!(":{tag}")).unwrap_or(&familiar).to_owned();
    Ok((repository, tag))
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
    Ok(tags::set(&store, &reference.to_string(), &image.descriptor)?)
}

/// Removes names, or with an id the whole image. The blobs go with `prune`.
pub fn remove(arguments: &RemoveImages) -> Result<()> {
    let home = Home::find()?;
    let store = home.store()?;
    for text in &arguments.images {
        let image = local(&store, text)?;
        let same = |other: &Image| other.descriptor.digest() == image.descriptor.digest();
        let names: Vec<String> =
            listed(&store)?.into_iter().filter(|(_, other)| same(other)).filter_map(|(name, _)| name).collect();
        let called = registry::parse_reference(text).map(|reference| reference.to_string());
        let called = called.ok().filter(|called| names.contains(called));
        let to_remove = match called {
            Some(called) => vec![called],
            None if names.len() > 1 && !arguments.force => {
                return Err(Error::SeveralNames { image: text.clone(), names: familiar(&names).join(", ") });
            }
            None => names.clone(),
        };
        if to_remove.len() == names.len() {
            refuse_in_use(&home, text, &image)?;
        }
        for name in &to_remove {
            tags::remove(&store, name)?;
            println!("Untagged: {}", registry::parse_reference(name)?.familiar());
        }
        if to_remove.len() == names.len() {
            tags::remove_image(&store, &image.descriptor)?;
            println!("Deleted: {}", image.id()?);
        }
    }
    Ok(())
}

fn familiar(names: &[String]) -> Vec<String> {
    let short = |name: &String| registry::parse_reference(name).map_or_else(|_| name.clone(), |it| it.familiar());
    names.iter().map(short).collect()
}

/// A container that runs needs its image's layers to the end.
fn refuse_in_use(home: &Home, text: &str, image: &Image) -> Result<()> {
    let digest = image.descriptor.digest().to_string();
    let uses = |(container, status): &(run::Container, Status)| {
        *status == Status::Running && container.image_digest.as_ref() == Some(&digest)
    };
    match home.containers()?.list()?.containers.into_iter().find(uses) {
        Some((container, _)) => Err(Error::ImageInUse { image: text.to_owned(), container: container.name }),
        None => Ok(()),
    }
}

/// Removes ended containers, then every blob and layer that no name needs.
pub fn prune(all: bool, force: bool) -> Result<()> {
    if !force && !confirmed("This removes every ended container and all unnamed images. Go on? [y/N] ")? {
        return Ok(());
    }
    namespaces::unshare_mounts()?;
    let home = Home::find()?;
    let (containers, store) = (home.containers()?, home.store()?);
    let listing = containers.list()?;
    warn_of_damage(&listing);
    let (running, ended): (Vec<_>, Vec<_>) =
        listing.containers.into_iter().partition(|(_, status)| *status == Status::Running);
    for (container, _) in &ended {
        containers.remove(&container.id)?;
    }
    if all {
        let used: Vec<String> = running.iter().map(|(container, _)| container.image.clone()).collect();
        untag_unused(&store, &used)?;
    }
    let needed: Vec<Digest> =
        running.iter().filter_map(|(container, _)| container.image_digest.as_ref()?.parse().ok()).collect();
    if !listing.damaged.is_empty() {
        println!("removed {} containers; images are kept, as a damaged record may name one", ended.len());
        return Ok(());
    }
    let reclaimed = storage::prune(&store, false, &needed)?;
    // A record of the build cache is worth nothing without its layer.
    build::CacheRecords(&store).prune()?;
    orphans::remove_cgroups();
    println!("removed {} containers and {} of images", ended.len(), table::size(reclaimed.bytes));
    Ok(())
}

fn untag_unused(store: &Store, used: &[String]) -> Result<()> {
    let used: Vec<String> =
        used.iter().filter_map(|name| registry::parse_reference(name).ok()).map(|name| name.to_string()).collect();
    for (name, _) in tags::list(store)? {
        if !used.contains(&name) {
            tags::remove(store, &name)?;
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
    let answered = stdout().flush().and_then(|()| stdin().read_line(&mut answer));
    answered.context("ask on", "the terminal")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
