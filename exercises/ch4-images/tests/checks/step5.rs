//! A layer becomes a directory, whatever the layer says.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Output;

use checks::{View, nonce, scratch};
use tar::EntryType;

use crate::archive::Archive;
use crate::{errors, has_user_xattrs, is_real_root, kind, run, run_small, str, tool, tree};

/// A directory to unpack into, beside one that no layer may touch.
struct Ground {
    directory: tempfile::TempDir,
}

impl Ground {
    fn new() -> Self {
        let directory = scratch();
        fs::create_dir(directory.path().join("target")).unwrap();
        fs::create_dir(directory.path().join("outside")).unwrap();
        fs::write(directory.path().join("outside/file"), "untouched").unwrap();
        fs::set_permissions(directory.path().join("outside"), fs::Permissions::from_mode(0o755)).unwrap();
        Self { directory }
    }

    fn target(&self) -> PathBuf {
        self.directory.path().join("target")
    }

    fn unpack(&self, archive: &[u8], limit: &str) -> Output {
        let file = self.directory.path().join("layer");
        fs::write(&file, archive).unwrap();
        run(&["unpack", str(&file), str(&self.target()), limit], b"")
    }

    /// What stands outside, with modes and contents: the same before and after.
    fn outside(&self) -> String {
        let outside = self.directory.path().join("outside");
        let mode = fs::metadata(&outside).unwrap().permissions().mode() & 0o7777;
        let names = fs::metadata(outside.join("file")).map(|file| file.nlink()).unwrap_or(0);
        let below = tree(&outside, |path, name| format!("{name} {}", fs::read_to_string(path).unwrap_or_default()));
        format!("{mode:o}, {names}: {below}")
    }
}

const LIMIT: &str = "1000000";

fn unpacked(archive: Archive) -> Ground {
    let ground = Ground::new();
    let output = ground.unpack(&archive.bytes(), LIMIT);
    assert!(output.status.success(), "an honest layer was refused: {}", errors(&output));
    ground
}

#[test]
fn files_of_every_kind_are_made() {
    let nonce = nonce();
    let archive = Archive::new()
        .directory("./", 0o755)
        .directory("bin/", 0o755)
        .file("bin/tool", &nonce)
        .entry(EntryType::Regular, "bin/set-uid", "", 0o4711, "u")
        .hard_link("bin/twin", "bin/tool")
        .symlink("bin/alias", "tool")
        .symlink("lib", "/usr/lib")
        .directory("tmp", 0o1777)
        .directory("sealed", 0o555)
        .file("sealed/file", "s")
        .entry(EntryType::Fifo, "pipe", "", 0o600, "")
        .file("not/listed/before", "n");
    let ground = unpacked(archive);
    let target = ground.target();
    assert_eq!(
        fs::read_to_string(target.join("bin/twin")).ok(),
        Some(nonce),
        "the hard link does not lead to the file's bytes"
    );
    insta::assert_snapshot!("kinds", tree(&target, |path, name| format!("{name}: {}", kind(path))));
}

#[test]
fn owners_and_times_are_restored() {
    let archive = Archive::new().directory("dir", 0o755).file("dir/file", "f").symlink("dir/link", "file");
    let ground = unpacked(archive);
    let mut view = View::default();
    for name in ["dir", "dir/file", "dir/link"] {
        let metadata = fs::symlink_metadata(ground.target().join(name)).unwrap();
        let (mine, my_group) = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
        let owner = match (metadata.uid(), metadata.gid()) {
            (1234, 5678) if is_real_root() => "as the layer says".into(),
            // One id is all that an ordinary user has.
            (uid, gid) if !is_real_root() && (uid, gid) == (mine, my_group) => "as the layer says".into(),
            (uid, gid) => format!("{uid}:{gid}"),
        };
        view.add(name, format!("owner {owner}, time {}", metadata.mtime()));
    }
    checks::view!("owners", view, {
        "dir" => "a directory's time changes when a file is made in it: set it after all entries",
        "dir/file" => "a file has its owner and time from the layer",
        "dir/link" => "a symbolic link has an owner and a time of its own: do not follow it",
    });
}

#[test]
fn devices_are_made_where_that_is_allowed() {
    let ground = unpacked(Archive::new().entry(EntryType::Char, "null", "", 0o666, ""));
    let null = ground.target().join("null");
    if is_real_root() {
        assert_eq!(kind(&null), "666 character device 1 3", "the device node is not as the layer says");
    } else {
        assert!(fs::symlink_metadata(null).is_err(), "a user cannot make a device: it is to be left out");
    }
}

#[test]
fn whiteouts_become_overlays_marks() {
    let archive = Archive::new()
        .directory("etc", 0o755)
        .file("etc/.wh.motd", "")
        .directory("opt", 0o755)
        .file("opt/.wh..wh..opq", "")
        .file("opt/new", "n")
        .file(".wh.gone", "")
        .file(".wh..wh.plnk", "")
        .directory("kept", 0o755)
        .file(".wh.kept", "")
        .file(".wh.again", "")
        .directory("again", 0o755);
    let ground = unpacked(archive);
    let line = |path: &Path, name: &str| {
        let opaque = ["trusted.overlay.opaque", "user.overlay.opaque"]
            .iter()
            .any(|mark| matches!(xattr::get(path, mark), Ok(Some(value)) if value == b"y"));
        format!("{name}: {}{}", kind(path), if opaque { ", opaque" } else { "" })
    };
    insta::assert_snapshot!("whiteouts", tree(&ground.target(), line));
}

#[test]
fn attributes_are_restored_byte_for_byte() {
    let ground = Ground::new();
    let nonce = nonce();
    // A capability's bytes contain zeros and newlines.
    let value = format!("\n\0 =\n{nonce}");
    let archive = Archive::new().xattr("user.note", value.as_bytes()).file("file", "f").bytes();
    let output = ground.unpack(&archive, LIMIT);
    assert!(output.status.success(), "refused: {}", errors(&output));
    if has_user_xattrs(&ground.target()) {
        let found = xattr::get(ground.target().join("file"), "user.note").unwrap();
        assert_eq!(found.as_deref(), Some(value.as_bytes()), "the attribute user.note is not as the layer says");
    }
}

#[test]
fn a_layer_cannot_bring_overlays_own_notes() {
    let archive = Archive::new()
        .xattr("trusted.overlay.redirect", b"/etc")
        .directory("a", 0o755)
        .xattr("user.overlay.redirect", b"/etc")
        .directory("b", 0o755);
    let ground = unpacked(archive);
    for (name, attribute) in [("a", "trusted.overlay.redirect"), ("b", "user.overlay.redirect")] {
        let found = xattr::get(ground.target().join(name), attribute).unwrap_or_default();
        assert_eq!(found, None, "the layer set {attribute}: it decides where overlay looks for files");
    }
}

/// Unpacks a hostile layer; whatever the answer, nothing outside may change.
fn attack(archive: impl Fn(&str) -> Archive) -> Output {
    let ground = Ground::new();
    let before = ground.outside();
    let outside = ground.directory.path().join("outside");
    let output = ground.unpack(&archive(str(&outside)).bytes(), LIMIT);
    assert_eq!(ground.outside(), before, "the layer changed a file outside of its target");
    let elsewhere = tree(ground.directory.path(), |_, name| name.split('/').next().unwrap().to_owned());
    let mut elsewhere: Vec<&str> = elsewhere.lines().collect();
    elsewhere.dedup();
    assert_eq!(elsewhere, ["layer", "outside", "target"], "the layer made a file beside its target");
    output
}

fn refused(archive: impl Fn(&str) -> Archive) {
    let output = attack(archive);
    assert_eq!(output.status.code(), Some(1), "the layer was not refused");
    assert!(
        errors(&output).contains("refused"),
        "the error should say that the layer was refused: {}",
        errors(&output)
    );
}

#[test]
fn names_that_lead_out_are_refused() {
    refused(|_| Archive::new().file("../escaped", "x"));
    refused(|_| Archive::new().directory("a", 0o755).file("a/../../escaped", "x"));
    refused(|outside| Archive::new().file(&format!("{outside}/escaped"), "x"));
    refused(|_| Archive::new().directory("..", 0o777));
    refused(|_| Archive::new().file("../outside/.wh.file", ""));
    refused(|_| Archive::new().file("../outside/.wh..wh..opq", ""));
    refused(|_| Archive::new().file("a/.wh...", ""));
    refused(|_| Archive::new().file("a/.wh.", ""));
    refused(|_| Archive::new().file("a/.wh..", ""));
}

#[test]
fn links_that_lead_out_are_not_followed() {
    refused(|outside| Archive::new().symlink("link", outside).file("link/file", "changed"));
    refused(|_| Archive::new().symlink("link", "../outside").file("link/file", "changed"));
    refused(|_| Archive::new().symlink("one", "two").symlink("two", "../outside").file("one/file", "changed"));
    refused(|_| Archive::new().directory("d", 0o755).symlink("d/l", "../..").file("d/l/outside/file", "changed"));
    // To write over a link is to replace it.
    let output = attack(|_| Archive::new().symlink("link", "../outside/file").file("link", "changed"));
    assert!(output.status.success(), "a file may replace a link: {}", errors(&output));
}

#[test]
fn hard_links_that_lead_out_are_refused() {
    refused(|outside| Archive::new().hard_link("link", &format!("{outside}/file")));
    refused(|_| Archive::new().hard_link("link", "../outside/file"));
    refused(|_| Archive::new().symlink("way", "../outside").hard_link("link", "way/file"));
    // A hard link to a symbolic link is that link, not what it leads to.
    let twice =
        |_: &str| Archive::new().symlink("one", "../outside/file").hard_link("two", "one").file("two", "changed");
    assert!(attack(twice).status.success(), "a link may be linked, and then replaced");
}

#[test]
fn late_attributes_follow_no_link() {
    let output = attack(|_| Archive::new().directory("d", 0o7777).symlink("d", "../outside"));
    assert!(output.status.success(), "a link may replace a directory: {}", errors(&output));
    attack(|_| Archive::new().entry(EntryType::Symlink, "l", "../outside", 0o7777, ""));
}

#[test]
fn a_later_entry_replaces_an_earlier_one() {
    let archive = Archive::new()
        .file("one", "first, and longer")
        .file("one", "second")
        .directory("two", 0o755)
        .file("two/below", "b")
        .file("two", "a file now")
        .file("three", "3")
        .directory("three", 0o755)
        .symlink("four", "one")
        .file("four", "no link");
    let ground = unpacked(archive);
    let content =
        |path: &Path, name: &str| format!("{name}: {} {}", kind(path), fs::read_to_string(path).unwrap_or_default());
    insta::assert_snapshot!("replaced", tree(&ground.target(), content));
}

#[test]
fn a_bomb_is_stopped() {
    let ground = Ground::new();
    let script = format!(
        "cd {} && head -c 67108864 /dev/zero > zeros && tar -cz zeros && rm zeros",
        str(ground.directory.path())
    );
    let bomb = tool("sh", &["-c", &script], b"");
    assert!(bomb.len() < 1 << 17, "the bomb itself is small");
    let output = ground.unpack(&bomb, LIMIT);
    assert_eq!(output.status.code(), Some(1), "64 MiB came out of {} bytes, past a limit of {LIMIT}", bomb.len());
    assert!(errors(&output).contains(LIMIT), "the error should name the limit: {}", errors(&output));
    let written = fs::metadata(ground.target().join("zeros")).map_or(0, |file| file.len());
    assert!(written <= 2_000_000, "{written} bytes were written before the layer was refused");
}

#[test]
fn an_archive_cut_short_is_refused() {
    let ground = Ground::new();
    let whole = Archive::new().file("file", &"x".repeat(2000)).bytes();
    let output = ground.unpack(&whole[..1024], LIMIT);
    assert_eq!(output.status.code(), Some(1), "half an archive was taken for a whole one");
}

#[test]
fn what_follows_the_archive_is_read_too() {
    let ground = Ground::new();
    let mut layer = tool("gzip", &["-c"], &Archive::new().file("file", "f").bytes());
    // gzip ends in a checksum of its own, which only a reader of all bytes sees.
    let checksum = layer.len() - 8;
    layer[checksum] ^= 1;
    let output = ground.unpack(&layer, LIMIT);
    assert_eq!(output.status.code(), Some(1), "the layer was not read to its end: a digest of it would be wrong");
}

#[test]
fn memory_does_not_grow_with_the_layer() {
    let ground = Ground::new();
    let layer = ground.directory.path().join("large.tar");
    let large = ground.directory.path().join("large");
    fs::File::create_new(&large).unwrap().set_len(96 << 20).unwrap();
    // --sparse would write another kind of entry: this one has all its zeros.
    tool("tar", &["-C", str(ground.directory.path()), "-czf", str(&layer), "large"], b"");
    fs::remove_file(&large).unwrap();
    let output = run_small(48 << 10, &["unpack", str(&layer), str(&ground.target())], std::process::Stdio::null());
    assert!(output.status.success(), "96 MiB could not be unpacked in 48 MiB of memory: {}", errors(&output));
    assert_eq!(fs::metadata(ground.target().join("large")).unwrap().len(), 96 << 20, "bytes are missing");
}
