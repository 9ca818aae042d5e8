//! Bad input: one clear message, exit code 1, and a store that is as it was.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

mod build_fixture;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use build_fixture::{BuildFixture, errors};

/// The blobs, the index, and what is unfinished; not what is derived from them.
fn store(fixture: &BuildFixture) -> BTreeSet<PathBuf> {
    let store = fixture.home().join("store");
    let list = |name: &str| fs::read_dir(store.join(name)).unwrap().map(|entry| entry.unwrap().path());
    let index = PathBuf::from(fs::read_to_string(store.join("index.json")).unwrap());
    list("blobs/sha256").chain(list("tmp")).chain([index]).collect()
}

/// Builds what must fail, with this in its message, and leave the store alone.
fn refused(fixture: &BuildFixture, dockerfile: &str, message: &str) {
    let before = store(fixture);
    let output = fixture.build("ada/bad:1", dockerfile);
    judge(&output, message);
    assert_eq!(store(fixture), before, "{dockerfile}: the store is another");
}

fn judge(output: &Output, message: &str) {
    let said = errors(output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    // A pull tells first where it looks.
    let said = &said[said.rfind("galley: ").unwrap_or_else(|| panic!("{said}"))..];
    assert!(said.contains(message), "expected '{message}' in:\n{said}");
    // The line itself; a fault of the Dockerfile also shows where it is.
    assert!(said.lines().count() <= 3, "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_dockerfile_that_is_wrong() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    fixture.put("file", "content");
    fs::write(fixture.path("secret"), "not for the image").unwrap();
    refused(&fixture, "FROM base:1\nCOPPY file /\n", "did you mean COPY?");
    refused(&fixture, "FROM base:1\nCOPY nowhere /\n", "nothing in the context is called 'nowhere'");
    refused(&fixture, "FROM base:1\nCOPY ../secret /\n", "'../secret' is outside the context");
    refused(&fixture, "", "FROM");
    refused(&fixture, "RUN true\n", "FROM");
    std::os::unix::fs::symlink("../secret", fixture.context().join("link")).unwrap();
    // A link is copied as a link, and what it names stays outside.
    refused(&fixture, "FROM base:1\nCOPY link/ /\n", "a link to what is not in the context");
}

#[test]
fn a_base_that_nobody_has() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    refused(&fixture, "FROM localhost:1/ada/nothing:1\n", "Connection refused");
}

#[test]
fn a_run_that_fails() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let built = fixture.build("ada/bad:1", "FROM base:1\nRUN touch /half && exit 3\n");
    assert_eq!(built.status.code(), Some(3));
    assert!(
        errors(&built).contains("RUN ended with exit code 3: /bin/sh -c touch /half && exit 3"),
        "{}",
        errors(&built)
    );
    let built = fixture.build("ada/bad:1", "FROM base:1\nRUN [\"/no/such\"]\n");
    assert_eq!(built.status.code(), Some(127), "{}", errors(&built));
    assert_eq!(fixture.good(&["images", "-q"]).lines().count(), 1);
    assert_eq!(fs::read_dir(fixture.home().join("store/tmp")).unwrap().count(), 0, "leftovers in the store");
}

#[test]
fn a_file_that_cannot_be_read() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    fs::create_dir(fixture.context().join("Directory")).unwrap();
    let context = fixture.context();
    let file = context.join("Directory").display().to_string();
    let output = fixture.galley(&["build", "-f", &file, context.to_str().unwrap()]).output().unwrap();
    judge(&output, "Is a directory");
    let output = fixture.galley(&["build", "-f", "/no/such", context.to_str().unwrap()]).output().unwrap();
    judge(&output, "read /no/such: No such file");
    // The one kind of file that root cannot read either: the kernel only takes it.
    fixture.put("Dockerfile", "FROM base:1\nCOPY drop_caches /\n");
    let file = context.join("Dockerfile").display().to_string();
    let before = store(&fixture);
    let output = fixture.galley(&["build", "-f", &file, "/proc/sys/vm"]).output().unwrap();
    judge(&output, "/proc/sys/vm/drop_caches");
    assert_eq!(store(&fixture), before);
}

/// The blob of base:1's first layer, and its bytes.
fn first_layer(fixture: &BuildFixture) -> (PathBuf, Vec<u8>) {
    let digests = fixture.good(&["history", "-q", "base:1"]);
    let hex = digests.lines().last().unwrap().trim_start_matches("sha256:").to_owned();
    let path = fixture.home().join("store/blobs/sha256").join(hex);
    let bytes = fs::read(&path).unwrap();
    (path, bytes)
}

#[test]
fn a_blob_that_is_broken_or_cut_short() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let (path, bytes) = first_layer(&fixture);
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    for bad in [&flipped[..], &bytes[..bytes.len() / 2], &[]] {
        // A layer that was refused left no directory at all.
        let _ = fs::remove_dir_all(fixture.home().join("store/unpacked"));
        fs::write(&path, bad).unwrap();
        let before = store(&fixture);
        let output = fixture.galley(&["run", "--rm", "base:1", "true"]).output().unwrap();
        assert!(!output.status.success());
        assert_eq!(errors(&output).lines().count(), 1, "{}", errors(&output));
        assert_eq!(store(&fixture), before);
        judge(&fixture.galley(&["save", "-o", "/dev/null", "base:1"]).output().unwrap(), "get it again");
    }
    fs::remove_file(&path).unwrap();
    judge(&fixture.galley(&["save", "-o", "/dev/null", "base:1"]).output().unwrap(), "the store has no blob");
}

#[test]
fn an_archive_that_is_none_or_cut_short() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let archive = fixture.path("archive.tar");
    let name = archive.display().to_string();
    fixture.good(&["save", "-o", &name, "base:1"]);
    let whole = fs::read(&archive).unwrap();
    let other = BuildFixture::new();
    let mut broken = whole.clone();
    let middle = whole.len() / 2;
    broken[middle] ^= 1;
    for bad in [&whole[..middle], &broken, b"words", b""] {
        fs::write(&archive, bad).unwrap();
        let output = other.galley(&["load", "-i", &name]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(errors(&output).lines().count(), 1, "{}", errors(&output));
        assert_eq!(other.good(&["images", "-q"]), "");
    }
    judge(&other.galley(&["load", "-i", "/no/such"]).output().unwrap(), "open /no/such");
}

/// Packs with GNU tar's own rights: it writes any name.
fn tar(fixture: &BuildFixture, name: &str, arguments: &[&str]) {
    let packed = fixture.path("packed");
    fs::create_dir_all(&packed).unwrap();
    fs::write(packed.join("file"), "climbed").unwrap();
    let mut command = Command::new("tar");
    command.arg("-C").arg(&packed).args(["-P", "-cf"]).arg(fixture.context().join(name)).args(arguments);
    assert!(command.status().unwrap().success());
}

#[test]
fn a_layer_that_climbs_out() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let target = fixture.path("climbed").display().to_string();
    tar(&fixture, "up.tar", &["--transform=s,file,../../../../climbed,", "file"]);
    refused(&fixture, "FROM base:1\nADD up.tar /\n", "it leads outside");
    tar(&fixture, "absolute.tar", &[&format!("--transform=s,file,{target},"), "file"]);
    refused(&fixture, "FROM base:1\nADD absolute.tar /\n", "it leads outside");
    let packed = fixture.path("packed");
    std::os::unix::fs::symlink(fixture.path(""), packed.join("way")).unwrap();
    tar(&fixture, "link.tar", &["way", "--transform=s,^file,way/climbed,", "file"]);
    refused(&fixture, "FROM base:1\nADD link.tar /\n", "it leads outside");
    assert!(!Path::new(&target).exists());
}

#[test]
fn a_layer_that_never_ends() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let zeros = fixture.path("packed");
    fs::create_dir_all(&zeros).unwrap();
    fs::File::create(zeros.join("zeros")).unwrap().set_len(64 << 20).unwrap();
    tar(&fixture, "bomb.tar.gz", &["-z", "zeros"]);
    fixture.put("Dockerfile", "FROM base:1\nADD bomb.tar.gz /\n");
    let context = fixture.context();
    let before = store(&fixture);
    let build = |limit: &str| {
        let mut command = fixture.galley(&["build", context.to_str().unwrap()]);
        command.env("GALLEY_LAYER_LIMIT", limit).output().unwrap()
    };
    judge(
        &build("33554432"),
        "larger than the limit of 33554432 bytes; if you trust it, allow more with --layer-limit",
    );
    judge(&build("many"), "'many' is not a number of bytes");
    assert_eq!(store(&fixture), before);
    let mut command = fixture.galley(&["build", "--layer-limit", "32m", context.to_str().unwrap()]);
    judge(&command.output().unwrap(), "larger than the limit of 33554432 bytes");
    let mut command = fixture.galley(&["build", "--layer-limit", "lots", context.to_str().unwrap()]);
    judge(&command.output().unwrap(), "lots");
    assert_eq!(store(&fixture), before);
    // The flag is nearer than the environment.
    let mut command = fixture.galley(&["--layer-limit", "128m", "build", context.to_str().unwrap()]);
    assert!(command.env("GALLEY_LAYER_LIMIT", "1").output().unwrap().status.success());
}

#[test]
fn a_disk_that_is_full() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let small = fixture.path("small");
    fs::create_dir(&small).unwrap();
    let archive = fixture.path("archive.tar").display().to_string();
    fixture.good(&["save", "-o", &archive, "base:1"]);
    fixture.put("Dockerfile", "FROM base:1\nRUN dd if=/dev/urandom of=/large bs=1M count=8\n");
    // The mount is seen in this shell alone, and ends with it.
    let script = "mount -t tmpfs -o size=6m tmpfs \"$GALLEY_HOME\" || exit 99
        \"$1\" load -i \"$2\" || exit 98
        \"$1\" build \"$3\"; code=$?
        \"$1\" images; find \"$GALLEY_HOME/store/tmp\" -mindepth 1; exit $code";
    let program = checks::program_path(env!("CARGO_BIN_EXE_galley"));
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(program).args([&archive]).arg(fixture.context());
    let output = command.env("GALLEY_HOME", &small).output().unwrap();
    assert!(errors(&output).contains("No space left on device"), "{}", errors(&output));
    assert!(!output.status.success() && ![Some(98), Some(99)].contains(&output.status.code()), "{:?}", output.status);
    let listed = build_fixture::text(&output);
    assert!(listed.contains("base ") && !listed.contains("/tmp/"), "{listed}");
}
