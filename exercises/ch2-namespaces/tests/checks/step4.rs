use std::fs;
use std::process::Command;

use checks::{PausedProgram, Rootfs, kernel};

use super::{run, text, view, world};

#[test]
fn a_new_root_is_all_there_is() {
    let root = Rootfs::new();
    let arguments = ["pivot", text(root.path()), "/bin/probe", "read:/nonce", "list:/", "processes", "cwd", "hold"];
    let mut command = Command::new(super::program());
    // As on most systems, so that what is wrong there is wrong here too.
    let mut held = PausedProgram::spawn(world::with_shared_mounts(command.args(arguments)));
    let mut view = held.report_to("cwd");
    let (inside, outside) = (held.probe_id(), held.id());
    view.add("mounts", kernel::mount_points(inside));
    view.add("root-outside", if kernel::link(inside, "root") == "/" { "/" } else { "a directory of the host" });
    view.add("mount namespace", {
        let new = kernel::namespace(inside, "mnt") != kernel::namespace(outside, "mnt");
        if new { "new" } else { "shared" }
    });
    checks::view!("pivoted", view.name(root.nonce(), "<nonce>"), {
        "read:/nonce" => "`/nonce` is a file of the new root: the program does not run in there",
        "list:/" => "`/` is not the new root",
        "cwd" => "the working directory must be `/` of the new root",
        "processes" => "/proc shows other processes than this pid namespace's: mount a new proc, do not bind the host's",
        "mounts" => "the only mounts must be `/` and `/proc`: detach the old root (umount2 with MNT_DETACH)",
        "root-outside" => "/proc/PID/root leads to a directory: this is chroot, not pivot_root",
        "mount namespace" => "the host's mounts would have been changed",
    });
    held.release();
}

#[test]
fn the_way_out_of_chapter_1_is_closed() {
    let (root, outside, secret) = (Rootfs::new(), checks::scratch(), checks::nonce());
    let file = outside.path().join("secret");
    fs::write(&file, &secret).expect("the check can write");
    let output = run(&[
        "pivot",
        text(root.path()),
        "/bin/probe",
        "escape",
        &format!("exists:{}", file.display()),
        "exists:/nonce",
    ]);
    let view = view(&output).name(text(&file), "<file outside>");
    checks::view!("escape", view, {
        "escape" => "the probe cannot even try: it needs a root that it may write to",
        "exists:<file outside>" => "the escape of chapter 1 led to the host: the old root is still around the new one",
        "exists:/nonce" => "after trying to escape, `/` is no longer the new root",
    });
}

#[test]
fn the_hosts_mounts_are_unchanged() {
    let root = Rootfs::new();
    let before = kernel::file(std::process::id(), "mountinfo");
    let output = run(&["pivot", text(root.path()), "/bin/probe", "exit:9"]);
    assert_eq!(output.status.code(), Some(9), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(kernel::file(std::process::id(), "mountinfo"), before, "a mount was left behind");
}

#[test]
fn a_root_that_is_not_there_is_an_error() {
    let output = run(&["pivot", "/no/such/root", super::probe(), "pid"]);
    assert!(output.stdout.is_empty(), "there is no such root, and the program was run in the old one");
    assert_eq!(output.status.code(), Some(125), "an error of ours is 125");
}
