//! What is given in this chapter, held to the same standard.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use checks::{nonce, scratch};
use images::{Store, spec};

use crate::{errors, field, names, run, sha256sum, str, succeed};

/// An image of one file, under a name.
fn add(store: &Path, name: &str, content: &str) -> String {
    let tree = scratch();
    fs::write(tree.path().join("file"), content).unwrap();
    succeed(&["add", str(store), name, str(tree.path())], b"")
}

#[test]
fn other_bytes_than_expected_are_refused_and_not_kept() {
    let store = scratch();
    let content = nonce();
    let digest = sha256sum(content.as_bytes());
    let expect = |size: &str, bytes: &[u8]| run(&["expect", str(store.path()), &digest, size], bytes);
    for (size, bytes) in [("12", "other bytes!".as_bytes()), ("11", content.as_bytes()), ("13", content.as_bytes())] {
        let output = expect(size, bytes);
        assert_eq!(output.status.code(), Some(1), "12 bytes of another digest or size were taken");
        assert!(errors(&output).contains("get it again"), "{}", errors(&output));
        assert_eq!(
            names(&store.path().join("blobs/sha256")) + &names(&store.path().join("tmp")),
            "",
            "something was kept"
        );
    }
    assert!(expect("12", content.as_bytes()).status.success(), "the right bytes were refused");
}

#[test]
fn names_given_at_the_same_time_are_all_kept() {
    let store = scratch();
    let printed = add(store.path(), "docker.io/library/first:1", &nonce());
    let mut running: Vec<_> = (0..16)
        .map(|number| {
            let name = format!("docker.io/library/{number}:1");
            crate::images()
                .args(["tag", str(store.path()), "docker.io/library/first:1", &name])
                .stdin(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    assert!(running.iter_mut().all(|child| child.wait().unwrap().success()));
    let listed = succeed(&["list", str(store.path())], b"");
    assert_eq!(listed.lines().count(), 17, "index.json lost a name: it was read before the lock was taken\n{listed}");
    assert!(listed.lines().all(|line| line.ends_with(field(&printed, "manifest"))));
}

#[test]
fn an_image_is_found_by_name_and_by_digits() {
    let directory = scratch();
    let (one, two) =
        (add(directory.path(), "docker.io/library/one:1", "1"), add(directory.path(), "docker.io/library/two:1", "2"));
    let store = Store::open(directory.path()).unwrap();
    let id = |name: &str| store.find(name).unwrap().map(|image| image.id().unwrap().to_string());
    let (first, second) = (field(&one, "config").to_owned(), field(&two, "config").to_owned());
    assert_eq!(id("docker.io/library/one:1").as_ref(), Some(&first));
    assert_eq!(id(&first["sha256:".len()..][..12]).as_ref(), Some(&first));
    assert_eq!(id(&second).as_ref(), Some(&second));
    assert_eq!(id(field(&two, "manifest")).as_ref(), Some(&second));
    assert_eq!(id("docker.io/library/three:1"), None);
    assert_eq!(id("0"), None, "too few digits to mean anything");
}

#[test]
fn prune_removes_what_no_name_needs() {
    let directory = scratch();
    add(directory.path(), "docker.io/library/kept:1", "kept");
    add(directory.path(), "docker.io/library/lost:1", "lost");
    for name in ["kept", "lost"] {
        succeed(&["root", str(directory.path()), &format!("docker.io/library/{name}:1")], b"");
    }
    assert_eq!(succeed(&["untag", str(directory.path()), "docker.io/library/lost:1"], b"").trim(), "true");
    fs::write(directory.path().join("tmp/left-over"), "by a killed process").unwrap();

    let other = Store::open(directory.path()).unwrap();
    let busy = run(&["prune", str(directory.path())], b"");
    assert!(errors(&busy).contains("using the store"), "prune ran while the store was open: {}", errors(&busy));
    drop(other);
    let printed = succeed(&["prune", str(directory.path())], b"");
    assert!(printed.starts_with("Reclaimed { blobs: 3, layers: 1, temporary: 1,"), "{printed}");
    succeed(&["root", str(directory.path()), "docker.io/library/kept:1"], b"");
}

#[test]
fn an_image_that_lost_its_name_can_be_kept() {
    let directory = scratch();
    let first = add(directory.path(), "docker.io/library/app:1", "1");
    add(directory.path(), "docker.io/library/app:1", "2");
    let store = Store::open(directory.path()).unwrap();
    assert_eq!(store.untagged().unwrap().len(), 1);
    let digest = field(&first, "manifest").parse().unwrap();
    assert_eq!(store.collect(true).unwrap().blobs, 0, "an untagged image was to be kept");
    assert_eq!(
        store.collect_keeping(false, std::slice::from_ref(&digest)).unwrap().blobs,
        0,
        "a container's image was removed"
    );
    assert_eq!(store.collect(false).unwrap().blobs, 3);
    assert!(store.image(&digest).is_err());
}

#[test]
fn a_store_can_take_an_image_from_another() {
    let (pantry, mine) = (scratch(), scratch());
    let printed = add(pantry.path(), "docker.io/library/python:3", &nonce());
    let (pantry, mine) = (Store::open(pantry.path()).unwrap(), Store::open(mine.path()).unwrap());
    let image = mine.adopt(&pantry, "docker.io/library/python:3").unwrap().unwrap();
    assert_eq!(image.descriptor.digest().to_string(), field(&printed, "manifest"));
    drop(pantry);
    assert_eq!(mine.unpacked(&image).unwrap().len(), 1);
    assert!(mine.adopt(&mine, "docker.io/library/none:1").unwrap().is_none());
}

#[test]
fn a_changed_layer_is_never_unpacked() {
    let directory = scratch();
    let printed = add(directory.path(), "docker.io/library/app:1", &nonce());
    let store = Store::open(directory.path()).unwrap();
    let image = store.image(&field(&printed, "manifest").parse().unwrap()).unwrap();
    let blob =
        store.root().join("blobs/sha256").join(&image.layers()[0].descriptor.digest().to_string()["sha256:".len()..]);
    let mut bytes = fs::read(&blob).unwrap();
    // The gzip header's operating system: the archive inside stays the same.
    bytes[9] ^= 1;
    fs::write(blob, bytes).unwrap();
    let error = store.unpacked(&image).unwrap_err().to_string();
    assert!(error.contains("has the digest"), "{error}");
    assert_eq!(names(&store.root().join("unpacked")) + &names(&store.root().join("tmp")), "", "something was kept");
}

#[test]
fn a_document_that_is_two_things_is_refused() {
    let directory = scratch();
    let store = Store::open(directory.path()).unwrap();
    let image = store.add_image(&spec::ImageConfiguration::default(), &[]).unwrap();
    let mut both: serde_json::Value = store.document(&image.digest().try_into().unwrap()).unwrap();
    both["manifests"] = serde_json::json!([]);
    let blob = store.write_document(&both).unwrap();
    let error = store.image(&blob.digest).unwrap_err().to_string();
    assert!(error.contains("both an index and a manifest"), "{error}");
}

#[test]
fn an_index_leads_to_this_machines_image() {
    let directory = scratch();
    let store = Store::open(directory.path()).unwrap();
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
    let image = store.image(&write(manifests.clone())).unwrap();
    assert_eq!(image.config.config().as_ref().unwrap().cmd().as_deref(), Some(["ours".to_owned()].as_slice()));
    let error = store.image(&write(manifests[..1].to_vec())).unwrap_err().to_string();
    assert!(error.contains("no manifest for linux/"), "{error}");
}

#[test]
fn a_store_is_readable_whenever_a_command_is_killed() {
    let (directory, tree) = (scratch(), scratch());
    fs::write(tree.path().join("file"), vec![b'x'; 1 << 20]).unwrap();
    let store = directory.path().join("store");
    for milliseconds in 0..24 {
        fs::write(tree.path().join("other"), milliseconds.to_string()).unwrap();
        let name = format!("docker.io/library/{milliseconds}:1");
        let mut child =
            crate::images().args(["add", str(&store), &name, str(tree.path())]).stdout(Stdio::null()).spawn().unwrap();
        // Not to wait for anything: to be early, in the middle, and late.
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        let listed = succeed(&["list", str(&store)], b"");
        for name in listed.lines().filter_map(|line| line.split(' ').next()) {
            succeed(&["root", str(&store), name], b"");
        }
    }
    succeed(&["prune", str(&store)], b"");
    assert_eq!(names(&store.join("tmp")), "", "prune left what the killed commands had begun");
    let kept = succeed(&["list", str(&store)], b"");
    assert!(
        kept.lines().all(|line| run(&["root", str(&store), line.split(' ').next().unwrap()], b"").status.success())
    );
}

#[test]
fn an_image_travels_as_one_file() {
    let name = "docker.io/library/travels:1";
    for format in ["oci", "docker"] {
        let (here, there) = (scratch(), scratch());
        let printed = add(here.path(), name, &nonce());
        let saved = run(&["save", str(here.path()), name, format], b"");
        assert!(saved.status.success(), "{}", errors(&saved));
        let loaded = succeed(&["load", str(there.path())], &saved.stdout);
        assert_eq!(loaded.trim(), format!("{name} {}", field(&printed, "config")));
        succeed(&["root", str(there.path()), name], b"");

        // A byte of the layer, which is the largest and so far from the start.
        let mut changed = saved.stdout;
        let at = changed.windows(3).position(|bytes| bytes == [0x1f, 0x8b, 8]).unwrap();
        changed[at + 9] ^= 1;
        let refused = run(&["load", str(there.path())], &changed);
        assert!(errors(&refused).contains("has the digest"), "a changed blob was loaded: {}", errors(&refused));
    }
}

#[test]
fn dockers_archives_are_read() {
    if std::process::Command::new("skopeo").arg("--version").output().is_err() {
        eprintln!("skopeo is not installed: this check looks at nothing");
        return;
    }
    let (here, there) = (scratch(), scratch());
    add(here.path(), "docker.io/library/travels:1", &nonce());
    let archive = here.path().join("docker.tar");
    let from = format!("oci:{}:docker.io/library/travels:1", here.path().display());
    let to = format!("docker-archive:{}:travels:2", archive.display());
    crate::tool("skopeo", &["copy", "--insecure-policy", &from, &to], b"");
    let loaded = succeed(&["load", str(there.path())], &fs::read(archive).unwrap());
    // skopeo writes the configuration anew, so its digest may differ from ours.
    assert!(loaded.starts_with("docker.io/library/travels:2 sha256:"), "{loaded}");
    succeed(&["root", str(there.path()), "docker.io/library/travels:2"], b"");

    let saved = run(&["save", str(there.path()), "docker.io/library/travels:2", "docker"], b"").stdout;
    let archive = there.path().join("ours.tar");
    fs::write(&archive, saved).unwrap();
    let seen = crate::tool("skopeo", &["inspect", &format!("docker-archive:{}", archive.display())], b"");
    assert!(String::from_utf8_lossy(&seen).contains("\"Layers\""));
}

#[test]
fn an_archive_without_an_image_is_refused() {
    let store = scratch();
    let archive = crate::archive::Archive::new().file("file", "f").bytes();
    assert!(errors(&run(&["load", str(store.path())], &archive)).contains("holds no image"));
}

#[test]
fn a_damaged_archive_is_an_error_and_no_more() {
    let ground = scratch();
    fs::write(ground.path().join("outside"), "untouched").unwrap();
    let whole = || crate::archive::Archive::new().xattr("user.note", b"value").file("one", "1").symlink("two", "one");
    let whole = whole().directory("three", 0o755).hard_link("three/four", "one").file(".wh.five", "").bytes();
    // Numbers that look random and are the same in every run (Knuth's MMIX).
    let mut random: u64 = 1;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    for _ in 0..500 {
        let mut damaged = whole.clone();
        let block = next(whole.len() / 512) * 512;
        damaged[block + next(512)] = next(256) as u8;
        // A right checksum, or nothing behind it would ever be reached.
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
        let header = &damaged[block..block + 512];
        let text = format!("{:06o}\0 ", sum(header) - sum(&header[148..156]) + 256);
        damaged[block + 148..block + 156].copy_from_slice(text.as_bytes());
        let target = ground.path().join("target");
        fs::create_dir(&target).unwrap();
        // Refused or not: it must come back, and have stayed inside.
        let _ = images::unpack(&mut damaged.as_slice(), &target, 1 << 20);
        fs::remove_dir_all(&target).unwrap();
        assert_eq!(names(ground.path()), "outside\n", "a damaged archive made a file outside");
    }
    assert_eq!(fs::read_to_string(ground.path().join("outside")).unwrap(), "untouched");
}

#[test]
fn a_layer_wanted_by_many_is_unpacked_once() {
    let directory = scratch();
    add(directory.path(), "docker.io/library/app:1", &nonce());
    let root = ["root", str(directory.path()), "docker.io/library/app:1"];
    let mut running: Vec<_> = (0..8)
        .map(|_| crate::images().args(root).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
        .collect();
    assert!(running.iter_mut().all(|child| child.wait().unwrap().success()), "a process that came second failed");
    assert_eq!(fs::read_dir(directory.path().join("unpacked")).unwrap().count(), 1);
    assert_eq!(names(&directory.path().join("tmp")), "", "a second copy was left behind");
}
