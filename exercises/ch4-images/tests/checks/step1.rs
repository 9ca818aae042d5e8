//! A blob is stored under its digest.

use std::fs;
use std::io::{Seek, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Stdio;

use checks::{nonce, scratch};

use crate::{blob_path, errors, finish, images, names, run_small, sha256sum, str, succeed, text};

#[test]
fn bytes_are_stored_under_their_digest() {
    let store = scratch();
    let content = format!("\0 not only text: {}\n", nonce()).into_bytes();
    let printed = succeed(&["write", str(store.path())], &content);

    let digest = sha256sum(&content);
    assert_eq!(
        printed.trim(),
        format!("{digest} {}", content.len()),
        "the digest and size printed are not those of the bytes"
    );
    let stored =
        fs::read(blob_path(store.path(), &digest)).expect("there is no blob under the digest that sha256sum gives");
    assert_eq!(stored, content, "the blob holds other bytes than were given");
}

#[test]
fn the_store_is_an_image_layout() {
    let store = scratch();
    let content = nonce();
    succeed(&["write", str(store.path())], content.as_bytes());

    let digest = sha256sum(content.as_bytes());
    let mut view = checks::View::parse("");
    view.add("files", names(store.path()).replace(&digest["sha256:".len()..], "<digest>").replace('\n', " "));
    view.add("oci-layout", fs::read_to_string(store.path().join("oci-layout")).unwrap());
    view.add("index.json", fs::read_to_string(store.path().join("index.json")).unwrap());
    checks::view!("layout", view, {
        "files" => "only the finished blob may stay: a file in tmp/ was not renamed, or the blob is not in blobs/sha256/",
        "oci-layout" => "other tools read the layout's version here (image-layout.md)",
        "index.json" => "a blob is no image: it gets no entry in the index",
    });
}

#[test]
fn the_same_bytes_are_stored_once() {
    let store = scratch();
    let content = nonce();
    let first = succeed(&["write", str(store.path())], content.as_bytes());
    let second = succeed(&["write", str(store.path())], content.as_bytes());
    assert_eq!(first, second, "the same bytes got two digests");
    assert_eq!(names(&store.path().join("blobs/sha256")).lines().count(), 1, "the same bytes are stored twice");
}

#[test]
fn a_killed_write_leaves_no_blob() {
    let store = scratch();
    succeed(&["init", str(store.path())], b"");
    let mut child =
        images().args(["write", str(store.path())]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    // More than a pipe holds: when it is written, the program has read some of it.
    let mut input = child.stdin.take().unwrap();
    let written = input.write_all(&vec![b'x'; 1 << 20]);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(9), "the program ended before its input did");
    written.expect("the program does not read its input to the end");

    assert_eq!(
        names(&store.path().join("blobs/sha256")),
        "",
        "half a blob has a blob's name: write elsewhere, then rename"
    );
    let elsewhere = names(store.path());
    let elsewhere = elsewhere.lines().filter(|name| !name.starts_with("tmp/")).collect::<Vec<_>>().join(" ");
    assert_eq!(
        elsewhere, "blobs/ blobs/sha256/ in-use.lock index.json index.lock oci-layout",
        "what the killed process left is not in tmp/, where prune removes it"
    );
    succeed(&["write", str(store.path())], b"the next command works");
}

#[test]
fn a_failed_sync_is_no_success() {
    let store = scratch();
    succeed(&["init", str(store.path())], b"");
    let mut command = images();
    command.args(["write", str(store.path())]);
    // SAFETY: the closure makes two system calls and does not allocate.
    unsafe { command.pre_exec(checks::fail_syncs) };
    let output = finish(&mut command, nonce().as_bytes());

    assert!(!output.status.success(), "fsync failed and the program did not notice: a power cut would lose the blob");
    assert_eq!(names(&store.path().join("blobs/sha256")), "", "the blob got its name before it was synced");
    assert!(errors(&output).contains("sync"), "the error does not say what failed: {}", errors(&output));
}

#[test]
fn memory_does_not_grow_with_the_blob() {
    let store = scratch();
    let large = store.path().join("large");
    let mut file = fs::File::create_new(&large).unwrap();
    file.write_all(nonce().as_bytes()).unwrap();
    file.set_len(96 << 20).unwrap();
    let mut file = fs::File::open(&large).unwrap();
    file.rewind().unwrap();
    let output = run_small(48 << 10, &["write", str(&store.path().join("store"))], Stdio::from(file));
    assert!(output.status.success(), "96 MiB could not be stored in 48 MiB of memory: {}", errors(&output));
    assert!(text(&output).trim().ends_with(&(96 << 20).to_string()), "not all bytes were stored: {}", text(&output));
}
