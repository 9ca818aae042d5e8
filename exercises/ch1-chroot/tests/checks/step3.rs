use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use checks::View;

use super::{probe, run, text};

/// Runs a program with `root` as its root, by the check's own chroot.
fn inside(root: &Path, program: &Path, arguments: &[&str]) -> Output {
    let root = root.to_owned();
    let mut command = Command::new(program);
    // SAFETY: between fork and exec these are two system calls and no more.
    unsafe {
        command.args(arguments).pre_exec(move || {
            nix::unistd::chroot(&root)?;
            nix::unistd::chdir("/")?;
            Ok(())
        });
    }
    match command.output() {
        Ok(output) => output,
        Err(error) => panic!(
            "{} does not start inside the new root: {error}. Are the program and its loader (often in /lib64) there, each by \
             that very path?",
            program.display()
        ),
    }
}

/// The host's files are read-only where checks run, so a write to one of them fails.
fn assert_made(output: &Output) {
    let words = String::from_utf8_lossy(&output.stderr);
    let why = if words.contains("EROFS") { "a link inside the new root was followed to the host\n" } else { "" };
    assert!(output.status.success(), "{why}make-rootfs failed: {words}");
}

/// The host's own `cat`, by its path; says so if there is none.
fn cat() -> Option<PathBuf> {
    let found = ["/bin/cat", "/usr/bin/cat"].map(PathBuf::from).into_iter().find(|path| path.exists());
    if found.is_none() {
        checks::unable("this machine has no cat in /bin or /usr/bin");
    }
    found
}

#[test]
fn host_programs_run_inside() {
    let Some(cat) = cat() else { return };
    let (directory, nonce) = (checks::scratch(), checks::nonce());
    let root = directory.path().join("root");
    let output = run(&["make-rootfs", text(&root), text(&cat)]);
    assert_made(&output);
    fs::write(root.join("nonce"), &nonce).expect("the check can write into the new root");
    let output = inside(&root, &cat, &["/nonce"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), nonce, "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn links_are_the_same_as_on_the_host() {
    let Some(cat) = cat() else { return };
    let directory = checks::scratch();
    run(&["make-rootfs", text(directory.path()), text(&cat)]);
    let mut files = sys::libraries(&cat).expect("the libraries of cat are found");
    files.push(cat);
    for file in &files {
        for part in file.ancestors() {
            let in_root = directory.path().join(part.strip_prefix("/").expect("the paths are absolute"));
            match fs::read_link(part) {
                Ok(host) => assert_eq!(
                    fs::read_link(&in_root).ok(),
                    Some(host),
                    "{} is a symbolic link on the host, and must be the same link inside",
                    part.display()
                ),
                Err(_) => assert!(
                    !in_root.is_symlink() && in_root.exists(),
                    "{} is no link on the host, and must be the same inside",
                    part.display()
                ),
            }
        }
    }
}

#[test]
fn an_absolute_link_never_leads_out() {
    let (directory, nonce) = (checks::scratch(), checks::nonce());
    // <scratch>/link is an absolute link to <scratch>/real, where the program is.
    let real = directory.path().join("real");
    fs::create_dir_all(real.join(&nonce)).expect("the check can make directories");
    checks::install(checks::probe(), &real.join(&nonce).join("probe"));
    symlink(&real, directory.path().join("link")).expect("the check can make a link");
    let program = directory.path().join("link").join(&nonce).join("probe");
    let root = directory.path().join("root");

    // Twice: the second time, the links are there already.
    for _ in 0..2 {
        let output = run(&["make-rootfs", text(&root), text(&program)]);
        assert_made(&output);
        assert_eq!(
            fs::read(real.join(&nonce).join("probe")).expect("the host's file is there"),
            fs::read(probe()).expect("the probe is there"),
            "the host's own program was written to: a link inside the new root was followed to the host"
        );
    }
    let copy = root.join(real.strip_prefix("/").expect("absolute")).join(&nonce).join("probe");
    assert!(copy.is_file(), "the program must stand at its real path inside: {}", copy.display());
    let output = inside(&root, &program, &["cwd"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "cwd /\n", "the program runs by the path with the link");
}

#[test]
fn mount_points_are_there_and_nothing_is_lost() {
    let root = checks::Rootfs::new();
    fs::remove_dir(root.inside("/proc")).expect("the check's own directory");
    run(&["make-rootfs", text(root.path()), probe()]);
    let mut view = View::default();
    for name in ["dev", "proc", "sys", "tmp"] {
        view.add(name, if root.inside(name).is_dir() { "a directory" } else { "missing" });
    }
    view.add("nonce", fs::read_to_string(root.inside("nonce")).unwrap_or_default());
    checks::view!("mount points", view.name(root.nonce(), "<nonce>"), {
        "dev" => "chapter 2 mounts on /dev: make it, empty",
        "proc" => "chapter 2 mounts on /proc: make it, empty",
        "sys" => "chapter 2 mounts on /sys: make it, empty",
        "tmp" => "programs expect /tmp",
        "nonce" => "what was in the directory before is gone",
    });
}

#[test]
fn a_missing_program_is_an_error() {
    let directory = checks::scratch();
    let missing = directory.path().join("missing");
    let output = run(&["make-rootfs", text(&directory.path().join("root")), text(&missing)]);
    assert_eq!(output.status.code(), Some(125), "make_rootfs passed over a program that is not there");
}
