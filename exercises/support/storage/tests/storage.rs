//! Names, unpacked layers, saved images and prune, as one command after the other and
//! several at a time use them.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use checks::{nonce, scratch};
use images::{Blob, Digest, Store, spec};
use storage::{Format, Image, PruneReport, layer_cache, tags};

/// Makes an image of one file, under a name.
fn add(store: &Store, name: &str, content: &str) -> Image {
    let tree = scratch();
    fs::write(tree.path().join("file"), content).unwrap();
    let layer = store.write_layer(archive::files(tree.path()).unwrap(), &mut |_| {}).unwrap();
    let manifest = store.add_image(&spec::ImageConfiguration::default(), &[layer]).unwrap();
    tags::set(store, name, &manifest).unwrap();
    Image::read(store, &manifest.digest().try_into().unwrap()).unwrap()
}

fn unpack(store: &Store, image: &Image) -> storage::Result<Vec<PathBuf>> {
    layer_cache::lower_dirs(store, image.layers(), &mut |_| {})
}

fn names(directory: &Path) -> BTreeSet<String> {
    let items = fs::read_dir(directory).into_iter().flatten();
    items.map(|item| item.unwrap().file_name().into_string().unwrap()).collect()
}

fn open(directory: &Path) -> Store {
    Store::open(directory).unwrap()
}

#[test]
fn other_bytes_than_expected_are_refused_and_not_kept() {
    let directory = scratch();
    let store = open(directory.path());
    let content = &nonce()[..12];
    let digest = Digest::of(content.as_bytes());
    let write = |size: u64, mut bytes: &[u8]| {
        storage::write_expected(&store, &mut bytes, &Blob { digest: digest.clone(), size })
    };
    for (size, bytes) in [(12, "other bytes!".as_bytes()), (11, content.as_bytes()), (13, content.as_bytes())] {
        let error = write(size, bytes).unwrap_err().to_string();
        assert!(error.contains("get it again"), "{error}");
        for place in ["blobs/sha256", "tmp"] {
            assert!(names(&directory.path().join(place)).is_empty(), "something was kept in {place}");
        }
    }
    write(12, content.as_bytes()).unwrap();
    assert_eq!(store.read_blob(&digest, 12).unwrap(), content.as_bytes());
}

#[test]
fn names_given_at_the_same_time_are_all_kept() {
    let directory = scratch();
    let image = add(&open(directory.path()), "docker.io/library/first:1", &nonce());
    thread::scope(|threads| {
        for number in 0..16 {
            let (directory, image) = (directory.path(), &image);
            // Each opens the store for itself: a lock belongs to an open file.
            threads.spawn(move || {
                tags::set(&open(directory), &format!("docker.io/library/{number}:1"), &image.descriptor).unwrap();
            });
        }
    });
    let listed = tags::list(&open(directory.path())).unwrap();
    assert_eq!(listed.len(), 17, "index.json lost a name: it was read before the lock was taken");
    assert!(listed.iter().all(|(_, descriptor)| descriptor.digest() == image.descriptor.digest()));
}

#[test]
fn an_image_is_found_by_name_and_by_digits() {
    let directory = scratch();
    let store = open(directory.path());
    let (one, two) = (add(&store, "docker.io/library/one:1", "1"), add(&store, "docker.io/library/two:1", "2"));
    let id = |name: &str| tags::find(&store, name).unwrap().map(|image| image.id().unwrap());
    let (first, second) = (one.id().unwrap(), two.id().unwrap());
    assert_eq!(id("docker.io/library/one:1").as_ref(), Some(&first));
    assert_eq!(id(&first.hex()[..12]).as_ref(), Some(&first));
    assert_eq!(id(&second.to_string()).as_ref(), Some(&second));
    assert_eq!(id(two.descriptor.digest().as_ref()).as_ref(), Some(&second));
    assert_eq!(id("docker.io/library/three:1"), None);
    assert_eq!(id("0"), None, "too few digits to mean anything");
    assert!(tags::remove(&store, "docker.io/library/one:1").unwrap());
    assert!(!tags::remove(&store, "docker.io/library/one:1").unwrap());
}

#[test]
fn prune_removes_what_no_name_needs() {
    let directory = scratch();
    let store = open(directory.path());
    let kept = add(&store, "docker.io/library/kept:1", "kept");
    let lost = add(&store, "docker.io/library/lost:1", "lost");
    unpack(&store, &kept).unwrap();
    unpack(&store, &lost).unwrap();
    tags::remove(&store, "docker.io/library/lost:1").unwrap();
    fs::write(directory.path().join("tmp/left-over"), "by a killed process").unwrap();

    let other = open(directory.path());
    let busy = storage::prune(&store, false, &[]).unwrap_err().to_string();
    assert!(busy.contains("using the store"), "prune ran while another had the store open: {busy}");
    drop(other);
    let report = storage::prune(&store, false, &[]).unwrap();
    assert_eq!(PruneReport { bytes: 0, ..report }, PruneReport { blobs: 3, layers: 1, temporary: 1, bytes: 0 });
    assert_eq!(unpack(&store, &kept).unwrap().len(), 1);
}

#[test]
fn an_image_that_lost_its_name_can_be_kept() {
    let directory = scratch();
    let store = open(directory.path());
    let first = add(&store, "docker.io/library/app:1", "1");
    add(&store, "docker.io/library/app:1", "2");
    assert_eq!(tags::unnamed(&store).unwrap().len(), 1);
    let digest = Digest::try_from(first.descriptor.digest()).unwrap();
    assert_eq!(storage::prune(&store, true, &[]).unwrap().blobs, 0, "an image without a name was to be kept");
    let needed = std::slice::from_ref(&digest);
    assert_eq!(storage::prune(&store, false, needed).unwrap().blobs, 0, "a container's image was removed");
    assert_eq!(storage::prune(&store, false, &[]).unwrap().blobs, 3);
    assert!(Image::read(&store, &digest).is_err());
}

#[test]
fn a_store_can_take_an_image_from_another() {
    let (pantry, mine) = (scratch(), scratch());
    let (pantry, mine) = (open(pantry.path()), open(mine.path()));
    let there = add(&pantry, "docker.io/library/python:3", &nonce());
    let image = storage::import(&mine, &pantry, "docker.io/library/python:3").unwrap().unwrap();
    assert_eq!(image.descriptor.digest(), there.descriptor.digest());
    drop(pantry);
    assert_eq!(unpack(&mine, &image).unwrap().len(), 1);
    assert!(storage::import(&mine, &mine, "docker.io/library/none:1").unwrap().is_none());
}

#[test]
fn a_changed_layer_is_never_unpacked() {
    let directory = scratch();
    let store = open(directory.path());
    let image = add(&store, "docker.io/library/app:1", &nonce());
    let blob = store.blob_path(&image.layers()[0].descriptor.digest().try_into().unwrap());
    let mut bytes = fs::read(&blob).unwrap();
    // The gzip header's operating system: the archive inside stays the same.
    bytes[9] ^= 1;
    fs::write(blob, bytes).unwrap();
    let error = unpack(&store, &image).unwrap_err().to_string();
    assert!(error.contains("has the digest"), "{error}");
    for place in ["unpacked", "tmp"] {
        assert!(names(&directory.path().join(place)).is_empty(), "something was kept in {place}");
    }
}

#[test]
fn a_layer_that_grows_too_large_is_refused_as_such() {
    let directory = scratch();
    let mut store = open(directory.path());
    let image = add(&store, "docker.io/library/app:1", &"x".repeat(10_000));
    store.layer_limit = 5_000;
    let error = unpack(&store, &image).unwrap_err();
    let is_limit = |error: &storage::Error| {
        matches!(error, storage::Error::Images(images::Error::Archive(archive::Error::TooLarge { limit: 5_000 })))
    };
    assert!(is_limit(&error), "an error of ours came out of a Read as another: {error:?}");
}

/// Not a test of its own: the process that the next one kills.
#[test]
#[ignore = "it is started, and killed, by the test below"]
fn add_in_another_process() {
    let Some(directory) = std::env::var_os("STORE") else { return };
    add(&open(Path::new(&directory)), &std::env::var("NAME").unwrap(), &"x".repeat(1 << 20));
}

#[test]
fn a_store_is_readable_whenever_a_command_is_killed() {
    // What a killed process had in its directory for temporary files goes with ours.
    let (directory, temporary) = (scratch(), scratch());
    for milliseconds in 0..24 {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "--ignored", "add_in_another_process"]).env("STORE", directory.path());
        command.env("TMPDIR", temporary.path());
        command.env("NAME", format!("docker.io/library/{milliseconds}:1")).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Not to wait for anything: to be early, in the middle, and late.
        thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        let store = open(directory.path());
        for (name, _) in tags::list(&store).unwrap() {
            unpack(&store, &tags::find(&store, &name).unwrap().unwrap()).unwrap();
        }
    }
    let store = open(directory.path());
    storage::prune(&store, false, &[]).unwrap();
    assert!(names(&directory.path().join("tmp")).is_empty(), "prune left what the killed commands had begun");
    for (name, _) in tags::list(&store).unwrap() {
        unpack(&store, &tags::find(&store, &name).unwrap().unwrap()).unwrap();
    }
}

#[test]
fn a_layer_wanted_by_many_is_unpacked_once() {
    let directory = scratch();
    let image = add(&open(directory.path()), "docker.io/library/app:1", &nonce());
    thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| unpack(&open(directory.path()), &image).unwrap());
        }
    });
    assert_eq!(names(&directory.path().join("unpacked")).len(), 1);
    assert!(names(&directory.path().join("tmp")).is_empty(), "a second copy was left behind");
}

#[test]
fn an_image_travels_as_one_file() {
    let name = "docker.io/library/travels:1";
    for format in [Format::Oci, Format::Docker] {
        let (here, there) = (scratch(), scratch());
        let (here, there) = (open(here.path()), open(there.path()));
        let image = add(&here, name, &nonce());
        let mut saved = Vec::new();
        storage::save(&here, &[(Some(name.to_owned()), image.clone())], format, &mut saved).unwrap();
        let loaded = storage::load(&there, &mut saved.as_slice()).unwrap();
        assert_eq!(loaded[0].names, [name]);
        assert_eq!(loaded[0].image.id().unwrap(), image.id().unwrap());
        unpack(&there, &loaded[0].image).unwrap();

        // A byte of the layer, which is the largest and so far from the start.
        let at = saved.windows(3).position(|bytes| bytes == [0x1f, 0x8b, 8]).unwrap();
        saved[at + 9] ^= 1;
        let error = storage::load(&there, &mut saved.as_slice()).unwrap_err().to_string();
        assert!(error.contains("has the digest"), "a changed blob was loaded: {error}");
    }
}

#[test]
fn dockers_archives_are_read() {
    if Command::new("skopeo").arg("--version").output().is_err() {
        eprintln!("skipped: skopeo is not installed");
        return;
    }
    let (here, there) = (scratch(), scratch());
    let image = add(&open(here.path()), "docker.io/library/travels:1", &nonce());
    let archive = here.path().join("docker.tar");
    let from = format!("oci:{}:docker.io/library/travels:1", here.path().display());
    skopeo(&["copy", "--insecure-policy", &from, &format!("docker-archive:{}:travels:2", archive.display())]);
    let there = open(there.path());
    let loaded = storage::load(&there, &mut fs::File::open(archive).unwrap()).unwrap();
    // skopeo writes the configuration anew, so its digest may differ from ours.
    assert_eq!(loaded[0].names, ["docker.io/library/travels:2"]);
    assert_eq!(loaded[0].image.layers()[0].diff_id, image.layers()[0].diff_id);
    unpack(&there, &loaded[0].image).unwrap();

    let archive = here.path().join("ours.tar");
    let images = [(Some("docker.io/library/travels:2".to_owned()), loaded[0].image.clone())];
    storage::save(&there, &images, Format::Docker, &mut fs::File::create(&archive).unwrap()).unwrap();
    assert!(skopeo(&["inspect", &format!("docker-archive:{}", archive.display())]).contains("\"Layers\""));
}

fn skopeo(arguments: &[&str]) -> String {
    let output = Command::new("skopeo").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_archive_without_an_image_is_refused() {
    let directory = scratch();
    let mut tar = archive::TarWriter::new(Vec::new());
    tar.append(&archive::Entry::empty("file".into()), &mut |_| {}).unwrap();
    let error = storage::load(&open(directory.path()), &mut tar.finish().unwrap().as_slice()).unwrap_err();
    assert!(error.to_string().contains("holds no image"), "{error}");
}

#[test]
fn a_document_that_is_two_things_is_refused() {
    let directory = scratch();
    let store = open(directory.path());
    let image = store.add_image(&spec::ImageConfiguration::default(), &[]).unwrap();
    let mut both: serde_json::Value =
        serde_json::from_slice(&store.read_blob(&image.digest().try_into().unwrap(), 1 << 20).unwrap()).unwrap();
    both["manifests"] = serde_json::json!([]);
    let blob = store.write_document(&both).unwrap();
    let error = Image::read(&store, &blob.digest).unwrap_err().to_string();
    assert!(error.contains("both an index and a manifest"), "{error}");
}

#[test]
fn an_index_leads_to_this_machines_image() {
    let directory = scratch();
    let store = open(directory.path());
    let mut manifests = Vec::new();
    for (architecture, cmd) in [("sparc", "theirs"), (spec::Arch::default().to_string().as_str(), "ours")] {
        let mut config = spec::ImageConfiguration::default();
        let inner = spec::ConfigBuilder::default().cmd(vec![cmd.to_owned()]).build().unwrap();
        config.set_config(Some(inner));
        let mut manifest = store.add_image(&config, &[]).unwrap();
        let platform =
            spec::PlatformBuilder::default().os(spec::Os::Linux).architecture(spec::Arch::from(architecture)).build();
        manifest.set_platform(Some(platform.unwrap()));
        manifests.push(manifest);
    }
    let write = |manifests: Vec<spec::Descriptor>| {
        let index = spec::ImageIndexBuilder::default().schema_version(2_u32).manifests(manifests).build().unwrap();
        store.write_document(&index).unwrap().digest
    };
    let image = Image::read(&store, &write(manifests.clone())).unwrap();
    assert_eq!(image.config.config().as_ref().unwrap().cmd().as_deref(), Some(["ours".to_owned()].as_slice()));
    let error = Image::read(&store, &write(manifests[..1].to_vec())).unwrap_err().to_string();
    assert!(error.contains("no manifest for linux/"), "{error}");
}
