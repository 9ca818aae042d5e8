//! Files become a layer.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use checks::{View, nonce, scratch};

use crate::{blob_path, field, sha256sum, str, succeed, text, tool};

/// Makes a small tree; `names` says in which order, which some file systems keep.
fn make_tree<'a>(directory: &Path, names: impl Iterator<Item = &'a str>, nonce: &str) {
    crate::usual_umask();
    for name in names {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("{name} {nonce}")).unwrap();
    }
    fs::set_permissions(directory.join("bin/tool"), fs::Permissions::from_mode(0o4755)).unwrap();
    symlink("tool", directory.join("bin/alias")).unwrap();
    fs::hard_link(directory.join("bin/tool"), directory.join("bin/twin")).unwrap();
    set_times(directory);
}

/// One known time for everything below.
fn set_times(directory: &Path) {
    for item in fs::read_dir(directory).unwrap() {
        let path = item.unwrap().path();
        if fs::symlink_metadata(&path).unwrap().is_dir() {
            set_times(&path);
        }
    }
    tool("find", &[str(directory), "-mindepth", "1", "-exec", "touch", "-h", "-d", "@1000000000", "{}", "+"], b"");
}

const NAMES: [&str; 6] = ["etc/motd", "bin/tool", "a", "etc/a/deep/er/file", "etc-old", "z"];

fn pack(store: &Path, directory: &Path) -> (String, PathBuf) {
    let printed = succeed(&["pack", str(store), str(directory)], b"");
    let path = blob_path(store, field(&printed, "digest"));
    assert!(path.is_file(), "the layer is not in the store under the digest printed");
    (printed, path)
}

#[test]
fn tar_lists_the_files_in_order() {
    let (store, tree) = (scratch(), scratch());
    make_tree(tree.path(), NAMES.into_iter(), "");
    let (_, layer) = pack(store.path(), tree.path());
    let listing = tool("tar", &["--numeric-owner", "--full-time", "-tvzf", str(&layer)], b"");
    let listing = String::from_utf8(listing).unwrap();
    // An ordinary user's files are his own unless a user namespace says otherwise.
    let owner = format!("{}/{}", nix::unistd::geteuid(), nix::unistd::getegid());
    let mut view = View::default();
    for line in listing.lines() {
        // tar pads the column of sizes by the width of owners.
        let words: Vec<&str> = line.split_whitespace().collect();
        view.add("entry", words.join(" ").replace(&owner, "<owner>"));
    }
    checks::view!("listing", view, {
        "entry" => "every file is to be there once, sorted by name: directories differ in the order they list their files",
    });
}

#[test]
fn the_two_digests_are_those_of_the_tools() {
    let (store, tree) = (scratch(), scratch());
    make_tree(tree.path(), NAMES.into_iter(), &nonce());
    let (printed, path) = pack(store.path(), tree.path());
    let compressed = fs::read(&path).unwrap();
    let archive = tool("gzip", &["-dc"], &compressed);

    let name = |digest: &str| match digest {
        digest if digest == sha256sum(&compressed) => "of the compressed bytes".to_owned(),
        digest if digest == sha256sum(&archive) => "of the tar archive".to_owned(),
        other => format!("of neither: {other}"),
    };
    let mut view = View::default();
    view.add("digest", name(field(&printed, "digest")));
    view.add("diffID", name(field(&printed, "diffID")));
    view.add(
        "size",
        if field(&printed, "size") == compressed.len().to_string() { "of the compressed bytes" } else { "wrong" },
    );
    checks::view!("digests", view, {
        "digest" => "a layer's digest is that of the bytes as stored and pushed, gzip included",
        "diffID" => "the diffID is the digest of the whole archive before gzip, its two blocks of zeros included",
        "size" => "the descriptor's size is that of the compressed bytes",
    });
}

#[test]
fn the_same_files_make_the_same_layer() {
    let (store, one, other) = (scratch(), scratch(), scratch());
    let nonce = nonce();
    make_tree(one.path(), NAMES.into_iter(), &nonce);
    make_tree(other.path(), NAMES.into_iter().rev(), &nonce);
    let (first, path) = pack(store.path(), one.path());
    let (second, _) = pack(store.path(), other.path());
    // Bytes 4 to 7 of gzip are a time (RFC 1952): the clock must have no say.
    assert_eq!(
        fs::read(path).unwrap()[4..8],
        [0; 4],
        "the gzip header holds a time: the same layer would differ tomorrow"
    );
    assert_eq!(first, second, "two equal trees, made in another order, gave two layers: sort by name");
}

#[test]
fn another_file_makes_another_layer() {
    let (store, tree) = (scratch(), scratch());
    make_tree(tree.path(), NAMES.into_iter(), &nonce());
    let (before, _) = pack(store.path(), tree.path());
    let file = fs::File::options().write(true).open(tree.path().join("z")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_001)).unwrap();
    let (after, _) = pack(store.path(), tree.path());
    assert_ne!(field(&before, "diffID"), field(&after, "diffID"), "a file's time changed, and the layer did not");
}

#[test]
fn the_archive_ends_as_tar_says() {
    let (store, tree) = (scratch(), scratch());
    make_tree(tree.path(), NAMES.into_iter(), &nonce());
    let (_, layer) = pack(store.path(), tree.path());
    let archive = tool("gzip", &["-dc"], &fs::read(layer).unwrap());
    assert!(archive.len().is_multiple_of(512) && archive.len() > 1024, "a tar archive is made of blocks of 512 bytes");
    assert!(
        archive.ends_with(&[0; 1024]),
        "the archive does not end in two blocks of zeros: finish it before the gzip stream"
    );
}

#[test]
fn memory_does_not_grow_with_the_layer() {
    let (store, tree) = (scratch(), scratch());
    fs::File::create_new(tree.path().join("large")).unwrap().set_len(96 << 20).unwrap();
    let output =
        crate::run_small(48 << 10, &["pack", str(store.path()), str(tree.path())], std::process::Stdio::null());
    assert!(output.status.success(), "96 MiB could not be packed in 48 MiB of memory: {}", crate::errors(&output));
    let size: u64 = field(&text(&output), "size").parse().unwrap();
    assert!(size < 1 << 20, "96 MiB of zeros take {size} bytes: is the layer compressed?");
}
