//! A name is found beneath the root, and nowhere else.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use checks::{View, nonce, scratch};

use crate::{errors, names, run, str, text};

/// A root in a directory of its own, with links of every kind that lead out.
fn prepare(outside: &Path) -> std::path::PathBuf {
    let root = outside.join("root");
    fs::create_dir_all(root.join("etc/deep")).unwrap();
    fs::create_dir(outside.join("secret")).unwrap();
    symlink("etc", root.join("in")).unwrap();
    symlink("../root/etc", root.join("out-and-in")).unwrap();
    symlink("..", root.join("up")).unwrap();
    symlink("../../secret", root.join("etc/up-deep")).unwrap();
    symlink(outside.join("secret"), root.join("absolute")).unwrap();
    symlink("/proc/self/root", root.join("magic")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    root
}

#[test]
fn directories_on_the_way_are_made() {
    let outside = scratch();
    let root = prepare(outside.path());
    let nonce = nonce();
    let output = run(&["resolve", str(&root), &format!("{nonce}/b/c/file")], b"");
    let said = errors(&output);
    assert!(output.status.success(), "a layer need not list its directories: those on the way are to be made\n{said}");
    let printed = text(&output);
    assert!(printed.trim().ends_with(&format!("{nonce}/b/c/file")), "printed: {printed}");
    let made = root.join(&nonce).join("b/c");
    assert!(made.is_dir(), "{} was not made", made.display());
    assert!(!made.join("file").exists(), "only the directories are to be made");
    assert_eq!(fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o755, "everybody may enter such a directory");
}

#[test]
fn names_stay_beneath_the_root() {
    let outside = scratch();
    let root = prepare(outside.path());
    let (inside, around) = (root.canonicalize().unwrap(), outside.path().canonicalize().unwrap());
    let mut view = View::default();
    for name in [
        "etc/x",
        "./etc/x",
        ".",
        "./",
        "etc/deep/../x",
        "in/x",
        "in/deep/x",
        "..",
        "../x",
        "etc/..",
        "etc/../../x",
        "/x",
        "/etc/x",
        "up/x",
        "up/secret/x",
        "etc/up-deep/x",
        "absolute/x",
        "out-and-in/x",
        "magic/x",
        "loop/x",
        "new/../../x",
    ] {
        let output = run(&["resolve", str(&root), name], b"");
        let refused = errors(&output).contains("refused '");
        let said = match output.status.code() {
            Some(0) => text(&output).trim().replace(str(&inside), "<root>").replace(str(&around), "<outside>"),
            // The words of the reason are free.
            Some(1) if refused => "refused".into(),
            _ => errors(&output),
        };
        view.add(name, said);
    }
    checks::view!("places", view, {
        "../x" => "`..` is to be refused: let the kernel resolve the name, with RESOLVE_BENEATH",
        "/x" => "an absolute name is to be refused: it starts at the host's root",
        "up/x" => "a link to `..` leads outside, although the text of the name looks harmless",
        "etc/up-deep/x" => "a link to `../../secret` leads outside",
        "absolute/x" => "an absolute link leads outside",
        "out-and-in/x" => "a link that leaves the root and comes back leaves it all the same",
        "magic/x" => "a link to /proc/self/root leads outside",
        "in/x" => "a link that stays inside is allowed: images have /lib -> usr/lib",
        "etc/deep/../x" => "`..` that stays inside is allowed",
        "etc/.." => "a name that ends in `..` names no file: what would be made there?",
        "." => "`.` is the root itself: archives begin with it",
    });
    assert_eq!(names(&outside.path().join("secret")), "", "something was made outside");
    assert!(!root.join("new").exists(), "a directory was made for a name that is refused");
}

#[test]
fn nothing_is_made_outside() {
    let outside = scratch();
    let root = prepare(outside.path());
    let nonce = nonce();
    for name in ["../", "up/", "absolute/", "etc/up-deep/", "etc/../../", "magic/tmp/"] {
        let output = run(&["resolve", str(&root), &format!("{name}{nonce}/file")], b"");
        assert!(!output.status.success(), "'{name}{nonce}/file' was not refused");
    }
    let elsewhere = Path::new("/tmp").join(&nonce);
    assert!(!names(outside.path()).contains(&nonce) && !elsewhere.exists(), "a directory was made outside of the root");
}
