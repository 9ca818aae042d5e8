//! ADD: archives are unpacked, other files copied.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

mod build_fixture;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use build_fixture::{BuildFixture, errors, text};

/// Packs a directory with a file, a program and a link as `name`.
fn archive(fixture: &BuildFixture, name: &str, options: &[&str]) {
    let directory = fixture.path("packed");
    fs::create_dir_all(directory.join("below")).unwrap();
    fs::write(directory.join("below/file"), "content\n").unwrap();
    fs::write(directory.join("program"), "#!/bin/sh\necho ran\n").unwrap();
    fs::set_permissions(directory.join("program"), fs::Permissions::from_mode(0o750)).unwrap();
    let _ = symlink("below/file", directory.join("link"));
    let mut command = Command::new("tar");
    command.arg("-C").arg(&directory).args(options).arg("-cf").arg(fixture.context().join(name));
    assert!(command.args(["below", "link", "program"]).status().unwrap().success());
}

/// An owner as the container sees it: an ordinary user has one id to give.
fn seen_as(owner: &str) -> &str {
    if nix::unistd::geteuid().is_root() { owner } else { "0:0" }
}

/// Builds, runs `script` in the image, and returns what it printed.
fn outcome(fixture: &BuildFixture, add: &str, script: &str) -> String {
    let built = fixture.build("ada/added:1", &format!("FROM base:1\n{add}\n"));
    assert!(built.status.success(), "{add}: {}", errors(&built));
    fixture.good(&["run", "--rm", "ada/added:1", "sh", "-c", script])
}

#[test]
fn archives_are_unpacked_with_their_owners_and_modes() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let script = "stat -c '%a %u:%g' /to/program; cat /to/link; readlink /to/link; /to/program";
    for (name, options) in [("a.tar", &["--owner=7", "--group=8"][..]), ("a.tgz", &["--owner=7", "--group=8", "-z"])] {
        archive(&fixture, name, options);
        let owner = seen_as("7:8");
        let printed = outcome(&fixture, &format!("ADD {name} /to/"), script);
        assert_eq!(printed, format!("750 {owner}\ncontent\nbelow/file\nran\n"), "{name}");
    }
    let printed = outcome(&fixture, "ADD --chown=3:4 a.tar a.tgz /to", "stat -c '%u:%g' /to/program");
    assert_eq!(printed, format!("{}\n", seen_as("3:4")));
}

#[test]
fn an_archive_goes_through_the_cache() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    archive(&fixture, "a.tar", &["--mtime=@1"]);
    outcome(&fixture, "ADD a.tar /", "true");
    let again = fixture.build("ada/added:1", "FROM base:1\nADD a.tar /\n");
    assert!(text(&again).contains("CACHED [2/2] ADD"), "{}", text(&again));
    archive(&fixture, "a.tar", &["--mtime=@1", "--owner=9"]);
    let changed = fixture.build("ada/added:1", "FROM base:1\nADD a.tar /\n");
    assert!(!text(&changed).contains("CACHED [2/2] ADD"), "{}", text(&changed));
}

#[test]
fn what_is_no_archive_is_copied() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    fixture.put("named.tar", "only the name is an archive's\n");
    archive(&fixture, "a.tar", &[]);
    fs::create_dir(fixture.context().join("directory")).unwrap();
    fs::copy(fixture.context().join("a.tar"), fixture.context().join("directory/a.tar")).unwrap();
    let printed =
        outcome(&fixture, "ADD named.tar /named\nADD directory /to\nCOPY a.tar /", "cat /named; ls /to; ls /a*");
    assert_eq!(printed, "only the name is an archive's\na.tar\n/a.tar\n");
}

#[test]
fn what_add_cannot_do_is_refused_by_name() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    archive(&fixture, "a.tar", &[]);
    fixture.put("file", "content");
    fixture.put("a.tar.xz", b"\xfd7zXZ\0 and so on");
    for (instruction, reason) in [
        ("ADD http://localhost/file /", "ADD of a URL or a repository is not supported"),
        ("ADD a.tar file /to/", "an ADD for the archives, and one for the rest"),
        ("ADD a.tar.xz /", "compressed with xz"),
        ("ONBUILD RUN true", "ONBUILD is not supported"),
    ] {
        let built = fixture.build("ada/added:1", &format!("FROM base:1\n{instruction}\n"));
        assert_eq!(built.status.code(), Some(1), "{instruction}");
        assert!(errors(&built).contains(reason), "{instruction}:\n{}", errors(&built));
    }
}
