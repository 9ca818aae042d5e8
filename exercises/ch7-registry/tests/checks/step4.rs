use std::fs;

use registry_server::{Fault, Kind, Options, Server};

use crate::common::{RegistryFixture, open, requests, same};

const HEAD: &str = "ask with HEAD first whether the repository has the blob";
const POST: &str = "POST blobs/uploads/ opens the upload; 202 is the registry's yes";
const PUT: &str = "PUT goes to the Location of the POST, with its query, and digest= added; 201 is the registry's yes";

/// A blob of the store with bytes that no other run has.
fn blob(fixture: &RegistryFixture) -> images::Blob {
    fixture.store.write_blob(&mut checks::nonce().repeat(20_000).as_bytes()).unwrap()
}

#[test]
fn a_missing_blob_is_uploaded() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (blob, name) = (blob(&fixture), format!("{}/ada/quotes", server.address()));
    let digest = blob.digest.to_string();
    let outcome = fixture.run(&["push-blob", &fixture.store_path(), &name, &digest]);
    checks::view!("upload", requests(&server, |text| text.replace(&digest, "<blob>")), {
        "HEAD blobs/<blob>" => HEAD,
        "POST blobs/uploads/" => POST,
        "PUT blobs/uploads/<upload>" => PUT,
    });
    outcome.ok("the blob was not uploaded");
    same(&server.blob_path(&digest), &fixture.store.blob_path(&blob.digest), "the blob");
}

#[test]
fn a_blob_that_is_there_is_not_sent() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (blob, name) = (blob(&fixture), format!("{}/ada/quotes", server.address()));
    let digest = server.add_blob("ada/quotes", &fs::read(fixture.store.blob_path(&blob.digest)).unwrap()).unwrap();
    let outcome = fixture.run(&["push-blob", &fixture.store_path(), &name, &digest]);
    checks::view!("there", requests(&server, |text| text.replace(&digest, "<blob>")), {
        "HEAD blobs/<blob>" => HEAD,
        "POST blobs/uploads/" => "the HEAD said 200: there is nothing to upload",
    });
    outcome.ok("a blob that is there is not an error");
}

#[test]
fn a_blob_is_mounted_from_another_repository() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (blob, name) = (blob(&fixture), format!("{}/ada/quotes", server.address()));
    let digest = server.add_blob("grace/base", &fs::read(fixture.store.blob_path(&blob.digest)).unwrap()).unwrap();
    let outcome = fixture.run(&["push-blob", &fixture.store_path(), &name, &digest, "grace/base"]);
    checks::view!("mount", requests(&server, |text| text.replace(&digest, "<blob>")), {
        "HEAD blobs/<blob>" => HEAD,
        "POST blobs/uploads/" => "with mount=<digest>&from=<repository> in its query, the POST is all: 201 is the registry's yes",
        "PUT blobs/uploads/<upload>" => "201 to the POST says that the blob is mounted: there is nothing to upload",
    });
    outcome.ok("the blob was not mounted");
}

#[test]
fn a_mount_that_does_not_work_is_an_upload() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (blob, name) = (blob(&fixture), format!("{}/ada/quotes", server.address()));
    let digest = blob.digest.to_string();
    // Nothing is there to mount, so the registry answers 202 as to any upload.
    let outcome = fixture.run(&["push-blob", &fixture.store_path(), &name, &digest, "grace/base"]);
    checks::view!("no mount", requests(&server, |text| text.replace(&digest, "<blob>")), {
        "POST blobs/uploads/" => POST,
        "PUT blobs/uploads/<upload>" => "202 to a mount is an upload that has begun: go on with its Location",
    });
    outcome.ok("a mount that does not work is not an error: the blob can be uploaded");
    same(&server.blob_path(&digest), &fixture.store.blob_path(&blob.digest), "the blob");
}

#[test]
fn who_may_not_mount_may_upload() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (blob, name) = (blob(&fixture), format!("{}/ada/quotes", server.address()));
    let digest = blob.digest.to_string();
    let kind = Kind::Refuse { status: 403, code: "DENIED".into(), message: "grace/base is not yours".into() };
    server.order(Fault::new("POST", "/uploads/", kind));
    let outcome = fixture.run(&["push-blob", &fixture.store_path(), &name, &digest, "grace/base"]);
    outcome.ok("a registry that forbids reading the other repository may still take an upload");
    same(&server.blob_path(&digest), &fixture.store.blob_path(&blob.digest), "the blob");
}

#[test]
fn the_location_may_be_a_whole_address() {
    let (fixture, server) =
        (RegistryFixture::new(), Server::start(Options { whole_locations: true, ..Options::default() }).unwrap());
    let (blob, name) = (blob(&fixture), format!("{}/ada/quotes", server.address()));
    let digest = blob.digest.to_string();
    fixture.run(&["push-blob", &fixture.store_path(), &name, &digest]).ok("a Location may begin with http://");
    same(&server.blob_path(&digest), &fixture.store.blob_path(&blob.digest), "the blob");
}

#[test]
fn large_blobs_are_streamed() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let blob = fixture.store.write_blob(&mut std::io::Read::take(std::io::repeat(7), 32 << 20)).unwrap();
    let (digest, name) = (blob.digest.to_string(), format!("{}/ada/quotes", server.address()));
    let outcome = fixture.run_limited(16 << 10, &["push-blob", &fixture.store_path(), &name, &digest]);
    outcome.ok("a blob of 32 MiB must not need 16 MiB of memory");
    same(&server.blob_path(&digest), &fixture.store.blob_path(&blob.digest), "the blob");
}

#[test]
fn the_registrys_words_are_told() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (blob, name) = (blob(&fixture), format!("{}/ada/quotes", server.address()));
    // The file under the digest's name has other bytes: the registry notices.
    fs::write(fixture.store.blob_path(&blob.digest), checks::nonce()).unwrap();
    let outcome = fixture.run(&["push-blob", &fixture.store_path(), &name, &blob.digest.to_string()]);
    let outcome = outcome.refused("the registry refused the bytes with 400, which was taken for success");
    assert!(outcome.err.contains("DIGEST_INVALID"), "the error lacks the registry's own words: {}", outcome.err);
    assert!(!outcome.err.contains("state="), "an address's query may hold a secret and has no place in an error");
}
