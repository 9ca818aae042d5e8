use std::fs;
use std::os::unix::fs::MetadataExt;

use checks::{PausedProgram, Rootfs};

use super::{probe, run, text};

#[test]
fn all_of_the_host_is_in_sight_again() {
    let (root, outside, secret) = (Rootfs::new(), checks::scratch(), checks::nonce());
    let file = outside.path().join("secret");
    fs::write(&file, &secret).expect("the check can write");
    let read = format!("read:{}", file.display());
    let probe = text(root.twin());

    // First the other way: by `enter` alone, the file is out of reach.
    let output = run(&["enter", text(root.path()), probe, &read]);
    assert!(!String::from_utf8_lossy(&output.stdout).contains(&secret), "enter did not keep the host out of sight");

    let mut held = PausedProgram::start(
        &super::program(),
        &["break-out", text(root.path()), probe, "exists:/nonce", &read, "hold"],
    );
    let mut view = held.report(2);
    assert!(
        !view.get("exists:/nonce").is_empty(),
        "no program ran: `/` is now a directory without one. The working directory must stay above the new root, \
         `..` lead up from there, and a last chroot(\".\") follow"
    );
    let pid = held.probe_id();
    let is_own = |name| if same_directory(pid, name) { "the host's" } else { "another" };
    view.add("root-outside", is_own("root"));
    view.add("cwd-outside", is_own("cwd"));
    let view = view.name(&secret, "<secret>").name(text(&file), "<file outside>");
    checks::view!("out", view, {
        "exists:/nonce" => "`/` is still the root that was to be left",
        "read:<file outside>" => "a file of the host cannot be read: `/` is not the host's",
        "root-outside" => "/proc/PID/root is not the host's root: go up with `..` often enough, then chroot(\".\")",
        "cwd-outside" => "/proc/PID/cwd is not the host's root: `..` did not lead all the way up",
    });
    held.release();
}

/// Whether a directory of the process is the check's own root.
fn same_directory(pid: u32, name: &str) -> bool {
    let own = fs::metadata("/").expect("the root can be looked at");
    fs::metadata(format!("/proc/{pid}/{name}")).is_ok_and(|seen| (seen.dev(), seen.ino()) == (own.dev(), own.ino()))
}

#[test]
fn deep_roots_are_left_too() {
    let outside = checks::scratch();
    let deep = (0..60).fold(outside.path().to_owned(), |path, _| path.join("d"));
    fs::create_dir_all(&deep).expect("the check can make directories");
    fs::write(outside.path().join("secret"), "out").expect("the check can write");
    let read = format!("read:{}", outside.path().join("secret").display());
    let output = run(&["break-out", text(&deep), probe(), &read]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.ends_with(" out\n"),
        "a root {} directories down was not left: go up until there is nothing above. {said}",
        deep.components().count() - 1
    );
}

#[test]
fn nothing_is_left_behind() {
    let root = Rootfs::new();
    let list = || {
        let entries = fs::read_dir(root.path()).expect("the root can be listed").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        names
    };
    let before = list();
    let output = run(&["break-out", text(root.path()), probe(), "exit:0"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(list(), before, "the directory that helped to break out is still in the root: remove it");
}
