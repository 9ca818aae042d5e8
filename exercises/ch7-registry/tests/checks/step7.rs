use images::{Blob, Digest};
use registry_server::{Fault, Kind, Server};

use crate::common::{RegistryFixture, USER, closed, open, requests, same};

/// Bytes that no other run has, in a registry and not in the store.
fn stock(server: &Server) -> Blob {
    let bytes = checks::nonce().repeat(20_000).into_bytes();
    let digest = server.add_blob("ada/quotes", &bytes).unwrap();
    Blob { digest: digest.parse().unwrap(), size: bytes.len() as u64 }
}

fn arguments(fixture: &RegistryFixture, server: &Server, blob: &Blob) -> [String; 5] {
    let name = format!("{}/ada/quotes", server.address());
    ["pull-blob".to_owned(), fixture.store_path(), name, blob.digest.to_string(), blob.size.to_string()]
}

fn pull(fixture: &RegistryFixture, server: &Server, blob: &Blob) -> crate::common::Outcome {
    fixture.run(&arguments(fixture, server, blob).each_ref().map(String::as_str))
}

#[test]
fn a_missing_blob_is_downloaded() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let blob = stock(&server);
    let outcome = pull(&fixture, &server, &blob);
    checks::view!("download", requests(&server, |text| text.replace(&blob.digest.to_string(), "<blob>")), {
        "GET blobs/<blob>" => "one GET brings the blob",
    });
    outcome.ok("the blob was not downloaded");
    same(&fixture.store.blob_path(&blob.digest), &server.blob_path(&blob.digest.to_string()), "the blob");
}

#[test]
fn nothing_is_fetched_twice() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let blob = fixture.store.write_blob(&mut checks::nonce().as_bytes()).unwrap();
    let outcome = pull(&fixture, &server, &blob);
    assert!(server.log().is_empty(), "the store has the blob: no request is needed, but there were some");
    outcome.ok("the store has the blob");
}

#[test]
fn other_bytes_are_refused_and_leave_nothing() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let blob = stock(&server);
    server.order(Fault::new("GET", "/blobs/", Kind::Corrupt));
    pull(&fixture, &server, &blob).refused("the last byte was changed on the way: the digest no longer fits");
    fixture.has_no_leftovers();
    pull(&fixture, &server, &blob).ok("the next try gets the right bytes");
}

#[test]
fn the_size_is_verified_too() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let blob = stock(&server);
    for size in [blob.size - 1, blob.size + 1] {
        let lie = Blob { digest: blob.digest.clone(), size };
        pull(&fixture, &server, &lie).refused("the manifest says another size than the blob has: one of them lies");
        fixture.has_no_leftovers();
    }
}

#[test]
fn broken_connections_are_told_and_leave_nothing() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let blob = stock(&server);
    for after in [0, 1, 100_000] {
        server.order(Fault::new("GET", "/blobs/", Kind::Drop(after)));
        let outcome = pull(&fixture, &server, &blob).refused("the connection broke before the blob was whole");
        assert!(!outcome.err.contains("/store/"), "the network broke, not the store's file: {}", outcome.err);
        fixture.has_no_leftovers();
    }
}

#[test]
fn no_such_blob_is_told_in_the_registrys_words() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let blob = Blob { digest: Digest::of(checks::nonce().as_bytes()), size: 12 };
    let outcome = pull(&fixture, &server, &blob).refused("the registry does not have this blob");
    assert!(outcome.err.contains("BLOB_UNKNOWN"), "the error lacks the registry's own words: {}", outcome.err);
    fixture.has_no_leftovers();
}

#[test]
fn another_host_gets_the_request_but_not_the_login() {
    for tokens in [false, true] {
        let (fixture, (server, password), elsewhere) = (RegistryFixture::new(), closed(tokens), open());
        let address = server.address().to_string();
        fixture.run_with(&["login", &address, USER], &password).ok("the right password was not taken");
        let blob = stock(&elsewhere);
        let target = format!("http://{}/v2/ada/quotes/blobs/{}", elsewhere.address(), blob.digest);
        server.order(Fault::new("GET", "/blobs/", Kind::Redirect(target)));
        pull(&fixture, &server, &blob).ok("a registry may send a blob's reader elsewhere with a 307");
        let log = elsewhere.log();
        assert!(log.len() == 1, "the blob is at another host: one request should go there, not {}", log.len());
        assert!(log[0].authorization.is_none(), "the login went to another host, which a redirect named");
    }
}

#[test]
fn another_hosts_challenge_is_not_answered() {
    // A registry that asks nothing, so the first challenge comes from elsewhere.
    let (fixture, server, (elsewhere, _)) = (RegistryFixture::new(), open(), closed(true));
    let address = server.address().to_string();
    fixture.run_with(&["login", &address, USER], &checks::nonce()).ok("an open registry takes any login");
    let blob = stock(&elsewhere);
    let target = format!("http://{}/v2/ada/quotes/blobs/{}", elsewhere.address(), blob.digest);
    server.order(Fault::new("GET", "/blobs/", Kind::Redirect(target)));
    let outcome = pull(&fixture, &server, &blob);
    let told = elsewhere.log().iter().any(|entry| entry.authorization.is_some());
    assert!(!told, "the login went to another host, which a redirect named and which asked for it");
    outcome.refused("another host wants a login that is not for it");
}

#[test]
fn large_blobs_are_streamed() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let bytes = vec![7; 32 << 20];
    let digest = server.add_blob("ada/quotes", &bytes).unwrap();
    let blob = Blob { digest: digest.parse().unwrap(), size: bytes.len() as u64 };
    let arguments = arguments(&fixture, &server, &blob);
    let outcome = fixture.run_limited(16 << 10, &arguments.each_ref().map(String::as_str));
    outcome.ok("a blob of 32 MiB must not need 16 MiB of memory");
    same(&fixture.store.blob_path(&blob.digest), &server.blob_path(&digest), "the blob");
}
