use checks::{PausedProgram, Rootfs, kernel};

use super::{probe, run, text};

#[test]
fn both_the_root_and_the_working_directory_are_new() {
    let root = Rootfs::new();
    let arguments = ["enter", text(root.path()), text(root.twin()), "read:/nonce", "list:/bin", "cwd", "hold"];
    let mut held = PausedProgram::start(&super::program(), &arguments);
    let mut view = held.report(3);
    let pid = held.probe_id();
    view.add("root-outside", kernel::link(pid, "root"));
    view.add("cwd-outside", kernel::link(pid, "cwd"));
    let view = view.name(root.nonce(), "<nonce>").name(text(root.path()), "<rootfs>");
    checks::view!("entered", view, {
        "read:/nonce" => "`/nonce` is a file of the new root: the program does not run in there",
        "list:/bin" => "`/` is not the new root",
        "cwd" => "the working directory is not in the root: chroot(2) leaves it where it was, so chdir(2) to / after it",
        "root-outside" => "/proc/PID/root shows another root",
        "cwd-outside" => "/proc/PID/cwd is outside the root: every `..` leads through the host. Call chdir(\"/\")",
    });
    held.release();
}

#[test]
fn no_relative_path_leads_out() {
    let (root, outside) = (Rootfs::new(), checks::scratch());
    let nonce = checks::nonce();
    std::fs::write(outside.path().join(&nonce), "").expect("the check can write");
    let output = std::process::Command::new(super::program())
        .args(["enter", text(root.path()), "/bin/probe", &format!("exists:{nonce}"), "exists:nonce"])
        .current_dir(outside.path())
        .output()
        .expect("the chapter's program can be started");
    let view = checks::View::parse(&String::from_utf8_lossy(&output.stdout)).name(&nonce, "outside");
    checks::view!("relative", view, {
        "exists:outside" => "a relative path still reaches the directory that the program was started in: chdir is missing",
        "exists:nonce" => "the working directory is not the new root: chdir(\"/\") after chroot",
    });
}

#[test]
fn a_relative_root_is_found_from_where_the_program_was_started() {
    let root = Rootfs::new();
    let (directory, name) = (root.path().parent().expect("not /"), root.path().file_name().expect("a name"));
    let output = std::process::Command::new(super::program())
        .args(["enter", text(name.as_ref()), "/bin/probe", "exists:/nonce"])
        .current_dir(directory)
        .output()
        .expect("the chapter's program can be started");
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    assert_eq!(
        said, "exists:/nonce true\n",
        "the root's path was relative, and is not found: chroot first, then chdir"
    );
}

#[test]
fn nothing_runs_if_the_root_cannot_be_entered() {
    let directory = checks::scratch();
    let mark = directory.path().join("ran");
    let write = format!("write:{}=x", mark.display());
    let output = run(&["enter", text(&directory.path().join("missing")), probe(), &write]);
    assert!(!mark.exists(), "there is no such root, and the program was run with the host's: the error got lost");
    assert_eq!(output.status.code(), Some(125), "an error of ours is 125");
}
