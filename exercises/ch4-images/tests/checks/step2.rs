//! A blob is read back, or refused.

use std::fs;
use std::process::Stdio;

use checks::{nonce, scratch};

use crate::{blob_path, errors, run, run_small, sha256sum, str, succeed};

/// Stores bytes with a nonce; returns the digest.
fn store_bytes(store: &std::path::Path) -> (String, Vec<u8>) {
    let content = format!("\u{1} {} \0 the end", nonce()).into_bytes();
    succeed(&["init", str(store)], b"");
    let digest = sha256sum(&content);
    fs::write(blob_path(store, &digest), &content).unwrap();
    (digest, content)
}

#[test]
fn a_blob_is_read_back() {
    let store = scratch();
    let (digest, content) = store_bytes(store.path());
    let output = run(&["read", str(store.path()), &digest], b"");
    assert!(output.status.success(), "an honest blob was refused: {}", errors(&output));
    assert_eq!(output.stdout, content, "the bytes read are not those stored");
}

#[test]
fn a_changed_byte_is_refused() {
    let store = scratch();
    let (digest, mut content) = store_bytes(store.path());
    content[3] ^= 1;
    fs::write(blob_path(store.path(), &digest), &content).unwrap();
    let output = run(&["read", str(store.path()), &digest], b"");
    assert!(
        !output.status.success() && output.stdout.is_empty(),
        "one bit was flipped, and the blob was read all the same: hash what you read"
    );
    let (said, found) = (errors(&output), sha256sum(&content));
    assert!(
        said.contains(&digest) && said.contains(&found),
        "the error should name the digest expected and the one found: {said}"
    );
}

#[test]
fn a_blob_cut_short_is_refused() {
    let store = scratch();
    let (digest, content) = store_bytes(store.path());
    fs::write(blob_path(store.path(), &digest), &content[..content.len() - 1]).unwrap();
    let output = run(&["read", str(store.path()), &digest], b"");
    assert!(
        !output.status.success() && output.stdout.is_empty(),
        "the last byte is missing, and the blob was read all the same"
    );
}

#[test]
fn a_blob_with_more_at_its_end_is_refused() {
    let store = scratch();
    let (digest, mut content) = store_bytes(store.path());
    content.push(b'!');
    fs::write(blob_path(store.path(), &digest), &content).unwrap();
    let output = run(&["read", str(store.path()), &digest], b"");
    assert!(
        !output.status.success() && output.stdout.is_empty(),
        "a byte was added at the end, and the blob was read all the same"
    );
}

#[test]
fn a_blob_over_the_limit_is_not_read_into_memory() {
    let store = scratch();
    let (digest, _) = store_bytes(store.path());
    let limit: u64 = 4 << 20;
    let file = fs::File::options().write(true).open(blob_path(store.path(), &digest)).unwrap();
    // A hole: a gigabyte that takes no room on the disk, but would in memory.
    file.set_len(1 << 30).unwrap();
    let output = run_small(48 << 10, &["read", str(store.path()), &digest], Stdio::null());
    assert_eq!(
        output.status.code(),
        Some(1),
        "a gigabyte was read into memory in spite of the limit: {}",
        errors(&output)
    );
    let said = errors(&output);
    assert!(
        said.contains(&limit.to_string()),
        "a blob too large is refused for its size: name the limit of {limit} bytes\n{said}"
    );
}

#[test]
fn a_blob_of_just_the_limit_is_read() {
    let store = scratch();
    let mut content = nonce().into_bytes();
    content.resize(4 << 20, b'.');
    succeed(&["init", str(store.path())], b"");
    let digest = sha256sum(&content);
    fs::write(blob_path(store.path(), &digest), &content).unwrap();
    let output = run(&["read", str(store.path()), &digest], b"");
    assert!(output.status.success(), "the limit itself is allowed: {}", errors(&output));
    assert_eq!(output.stdout.len(), content.len(), "the blob came back shorter");
}

#[test]
fn a_missing_blob_is_named() {
    let store = scratch();
    let digest = sha256sum(nonce().as_bytes());
    let output = run(&["read", str(store.path()), &digest], b"");
    assert_eq!(output.status.code(), Some(1), "there is no such blob");
    assert!(errors(&output).contains(&digest), "the error should name the blob: {}", errors(&output));
}
