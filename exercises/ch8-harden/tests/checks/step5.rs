use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use checks::{PausedProgram, kernel};

use super::{command, fixture, probe, run, succeed, text};

/// A directory with a file and a directory to cover, and another to make read-only.
fn furnish(directory: &Path) {
    for name in ["settings", "firmware"] {
        fs::create_dir(directory.join(name)).expect("the check can write");
        fs::write(directory.join(name).join("file"), "of the host").expect("the check can write");
    }
    fs::write(directory.join("secret"), "of the host").expect("the check can write");
}

#[test]
fn files_and_directories_are_covered() {
    let directory = checks::scratch();
    furnish(directory.path());
    let path = |name: &str| text(&directory.path().join(name)).to_owned();
    let masked = [path("secret"), path("firmware"), path("missing")].join(",");
    let mut command = command(&["mask-paths", &masked, &path("settings"), probe()]);
    command.args([format!("read:{}", path("secret")), format!("list:{}", path("firmware"))]);
    command.args([format!("write:{}=x", path("firmware/new")), format!("exists:{}", path("missing"))]);
    let mut view = succeed(&mut command);
    view.add("the host's file", fs::read_to_string(directory.path().join("secret")).unwrap_or_default());
    checks::view!("covered", view.name(text(directory.path()), "<directory>"), {
        "read:<directory>/secret" => "a file was to be covered by /dev/null, and can still be read",
        "list:<directory>/firmware" => "a directory was to be covered by an empty tmpfs, and its files are still there",
        "write:<directory>/firmware/new=x" => "the tmpfs that covers a directory must be read-only",
        "exists:<directory>/missing" => "a path that does not exist is passed over, and not made",
        "the host's file" => "only the container's mounts may change, not the host's file",
    });
}

#[test]
fn settings_are_read_and_not_written() {
    let directory = checks::scratch();
    furnish(directory.path());
    let path = |name: &str| text(&directory.path().join(name)).to_owned();
    let mut command = command(&["mask-paths", "", &path("settings"), probe()]);
    command.args([format!("read:{}", path("settings/file")), format!("write:{}=x", path("settings/file"))]);
    let view = succeed(&mut command).name(text(directory.path()), "<directory>");
    checks::view!("read-only", view, {
        "read:<directory>/settings/file" => "what is to be read-only must still be readable",
        "write:<directory>/settings/file=x" => "the directory can be written to: the kernel ignores MS_RDONLY for a new bind mount, so remount it",
    });
}

#[test]
fn a_link_is_not_followed() {
    for (masked, shown) in
        [("link", "masked"), ("door/secret", "masked"), ("door/settings", "read-only"), ("link", "read-only")]
    {
        let directory = checks::scratch();
        furnish(directory.path());
        symlink("secret", directory.path().join("link")).expect("the check can make a link");
        symlink(".", directory.path().join("door")).expect("the check can make a link");
        let path = text(&directory.path().join(masked)).to_owned();
        let (first, second) = if shown == "masked" { (path.as_str(), "") } else { ("", path.as_str()) };
        let output = run(&["mask-paths", first, second, probe(), "pid"]);
        assert!(
            output.stdout.is_empty(),
            "{masked} has a link in it, which an image may have put there, and was followed ({shown} paths)"
        );
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("ELOOP"), "a link in a path is an error, ELOOP: {said}");
    }
}

#[test]
fn a_false_dev_null_is_noticed() {
    let directory = checks::scratch();
    furnish(directory.path());
    let secret = directory.path().join("secret");
    let mut command = command(&["mask-paths", text(&secret), "", probe(), "pid"]);
    let bait = directory.path().join("firmware/file");
    let output = fixture::with_bound(&mut command, &bait, "/dev/null").output().expect("it starts");
    assert!(
        output.stdout.is_empty(),
        "/dev/null was a file of the image here, and was mounted over a path of /proc: look at its device number"
    );
    assert_eq!(output.status.code(), Some(125), "an error of ours is 125");
}

#[test]
fn safe_flags_stay() {
    let directory = checks::scratch();
    let point = text(directory.path()).to_owned();
    let mut command = command(&["mask-paths", "", &point, probe(), "pid", "hold"]);
    let mut paused = PausedProgram::spawn(fixture::with_safe_mount(&mut command, directory.path()));
    paused.report(1);
    let table = kernel::file(paused.probe_id(), "mountinfo");
    let line = table.lines().rfind(|line| line.split(' ').nth(4) == Some(&point)).unwrap_or_default();
    let options = line.split(' ').nth(5).unwrap_or("nothing is mounted there").to_owned();
    let mut view = checks::View::default();
    view.add("options", options);
    checks::view!("flags", view, {
        "options" => "a remount sets all flags anew: what was nosuid, nodev and noexec must stay so, and becomes ro",
    });
    paused.release();
}

#[test]
fn the_real_proc_is_covered() {
    let mut paused = PausedProgram::start(
        &super::program(),
        &["mask-paths", "/proc/keys,/proc/acpi", "/proc/sys,/proc/irq", probe(), "read:/proc/keys", "hold"],
    );
    let mut view = paused.report(1);
    let table = kernel::file(paused.probe_id(), "mountinfo");
    for point in ["/proc/sys", "/proc/irq"] {
        let line = table.lines().rfind(|line| line.split(' ').nth(4) == Some(point)).unwrap_or_default();
        let read_only = line.split(' ').nth(5).is_some_and(|options| options.split(',').any(|option| option == "ro"));
        view.add(point, if read_only { "read-only" } else { "writable" });
    }
    checks::view!("proc", view, {
        "read:/proc/keys" => "the keys that the kernel knows can be read",
        "/proc/sys" => "the kernel's settings can be written",
        "/proc/irq" => "the assignment of interrupts can be written",
    });
    paused.release();
}
