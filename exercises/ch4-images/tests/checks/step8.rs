//! What was changed becomes a layer's entries.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use checks::{View, nonce, scratch};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};

use crate::step7::Stack;
use crate::{archive::Archive, errors, field, has_user_xattrs, is_real_root, str, succeed, text, tool};

/// What the program says of an upper directory, a name and a kind on each line.
fn changes(upper: &Path) -> View {
    let printed = succeed(&["changes", str(upper)], b"");
    let mut view = View::default();
    for line in printed.lines() {
        let (name, kind) = line.split_once(' ').unwrap_or((line, ""));
        view.add(name, kind);
    }
    view
}

#[test]
fn new_files_are_entries_as_they_are() {
    let upper = scratch();
    fs::create_dir_all(upper.path().join("new/deep")).unwrap();
    fs::write(upper.path().join("new/deep/file"), "12345").unwrap();
    symlink("file", upper.path().join("new/deep/link")).unwrap();
    // A user may call a file so; it is the kernel's device that means "removed".
    fs::write(upper.path().join("new/empty"), "").unwrap();
    checks::view!("new", changes(upper.path()), {
        "new/deep" => "a new directory is an entry, and so is everything in it",
        "new/deep/file" => "a file that was changed is a file in the layer",
        "new/empty" => "an empty file is not a whiteout: overlayfs marks a removed file by a character device 0, 0",
    });
}

/// The kernel lets anybody make the device 0, 0.
fn remove(path: &Path) {
    mknod(path, SFlag::S_IFCHR, Mode::empty(), makedev(0, 0)).unwrap();
}

#[test]
fn removed_files_are_whiteouts() {
    let upper = scratch();
    let nonce = nonce();
    fs::create_dir_all(upper.path().join("etc/deep")).unwrap();
    remove(&upper.path().join(&nonce));
    remove(&upper.path().join("etc/deep/gone"));
    let view = changes(upper.path()).name(&nonce, "<nonce>");
    checks::view!("removed", view, {
        ".wh.<nonce>" => "a character device 0, 0 says that the file was removed: a layer says it by an empty file `.wh.NAME`",
        "etc/deep/.wh.gone" => "the prefix belongs to the last part of the name, not to the whole path",
        "<nonce>" => "the device itself must not be in the layer: who unpacks it would make a device",
        "etc/deep/gone" => "the device itself must not be in the layer: who unpacks it would make a device",
    });
}

#[test]
fn other_devices_are_no_whiteouts() {
    if !is_real_root() {
        // Only root can make such a device, so no user meets one here.
        return;
    }
    let upper = scratch();
    mknod(&upper.path().join("null"), SFlag::S_IFCHR, Mode::empty(), makedev(1, 3)).unwrap();
    mknod(&upper.path().join("block"), SFlag::S_IFBLK, Mode::empty(), makedev(0, 0)).unwrap();
    checks::view!("devices", changes(upper.path()), {
        "null" => "a device with another number is a device: /dev/null is one",
        "block" => "only a *character* device 0, 0 is a mark of overlayfs",
    });
}

#[test]
fn replaced_directories_are_opaque() {
    let upper = scratch();
    let prefix = if is_real_root() { "trusted" } else { "user" };
    if prefix == "user" && !has_user_xattrs(upper.path()) {
        // Without attributes there is no overlay for users here either.
        return;
    }
    let mark = |name: &str, prefix: &str, value: &[u8]| {
        let directory = upper.path().join(name);
        fs::create_dir_all(&directory).unwrap();
        xattr::set(directory, format!("{prefix}.overlay.opaque"), value).unwrap();
    };
    mark("replaced", prefix, b"y");
    mark("deep/replaced", prefix, b"y");
    mark("other", prefix, b"x");
    fs::create_dir(upper.path().join("plain")).unwrap();
    fs::write(upper.path().join("replaced/new"), "n").unwrap();
    if has_user_xattrs(upper.path()) {
        // As `unpack` marks it: for overlays of root's, and for those of users.
        mark("replaced", "user", b"y");
        mark("user", "user", b"y");
    } else {
        mark("user", prefix, b"y");
    }
    checks::view!("opaque", changes(upper.path()), {
        "replaced" => "the directory itself is an entry too: it has an owner and a mode",
        "replaced/.wh..wh..opq" => "an opaque directory holds an empty file `.wh..wh..opq`: once, whichever attributes it has",
        "deep/replaced/.wh..wh..opq" => "the marker is in the directory that is opaque, wherever that is",
        "user/.wh..wh..opq" => "overlays of users have the attribute user.overlay.opaque",
        "other/.wh..wh..opq" => "only the value `y` makes a directory opaque: the kernel knows others",
        "plain/.wh..wh..opq" => "a directory without the attribute shows what lower layers have in it",
    });
}

#[test]
fn what_a_container_changed_becomes_a_layer() {
    let stack = Stack::new().layer(
        "one",
        Archive::new()
            .directory("d", 0o755)
            .file("d/old", "o")
            .file("removed", "r")
            .file("kept", "k")
            .symlink("link", "kept"),
    );
    let script = format!(
        "cd {} && rm removed link && rm -r d && mkdir d && echo n > d/new && mkdir -p a/b && ln -s x a/b/link",
        stack.at("target").display()
    );
    assert!(stack.run(&["sh", "-c", &script]).status.success());
    let store = stack.at("store");
    let printed = inside(&["changes", str(&stack.at("upper")), str(&store)]);
    let layer = crate::blob_path(&store, field(&printed, "digest"));
    let listing = String::from_utf8(tool("tar", &["-tzf", str(&layer)], b"")).unwrap();
    insta::assert_snapshot!("changes", listing);

    // The layer on top of the old one shows what the container saw.
    let mut again = Stack::new();
    again.layers.push(stack.at("one"));
    let directory = again.at("changes");
    fs::create_dir(&directory).unwrap();
    inside(&["unpack", str(&layer), str(&directory)]);
    again.layers.push(directory);
    let view = again.probe(&["list:TARGET", "list:TARGET/d", "list:TARGET/a/b"]);
    insta::assert_snapshot!("seen-again", view.to_string());
}

/// Runs the program as root: in a user namespace of its own if this is no root,
/// as galley does.
fn inside(arguments: &[&str]) -> String {
    if nix::unistd::geteuid().is_root() {
        return succeed(arguments, b"");
    }
    let program = checks::program_path(env!("CARGO_BIN_EXE_images"));
    let output =
        Command::new("unshare").args(["--user", "--map-root-user"]).arg(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    text(&output)
}
