use registry_server::{Fault, Kind, Server};

use crate::common::{OCI_INDEX, OCI_MANIFEST, Parts, RegistryFixture, open};

/// A manifest in a registry, by the name of its repository.
fn stock(server: &Server, media_type: &str, bytes: &[u8]) -> (String, String) {
    let digest = server.add_manifest("ada/quotes", "1", media_type, bytes).unwrap();
    (format!("{}/ada/quotes", server.address()), digest)
}

/// JSON that no other run has.
fn document() -> String {
    format!(r#"{{"schemaVersion":2,"nonce":"{}"}}"#, checks::nonce())
}

#[test]
fn a_manifest_comes_by_tag_and_by_digest() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (name, digest) = stock(&server, OCI_MANIFEST, document().as_bytes());
    for key in [":1".to_owned(), format!("@{digest}")] {
        let outcome = fixture.run(&["manifest", &format!("{name}{key}")]).ok("the manifest was not read");
        assert_eq!(outcome.out.trim_end(), format!("{digest} {OCI_MANIFEST}"), "by {key}");
    }
}

#[test]
fn accept_names_every_type_that_can_be_read() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (name, _) = stock(&server, OCI_INDEX, document().as_bytes());
    fixture.run(&["manifest", &format!("{name}:1")]).ok("the index was not read");
    let accept = server.log().iter().map(|entry| entry.accept.clone()).collect::<String>();
    for media_type in [
        OCI_MANIFEST,
        OCI_INDEX,
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ] {
        assert!(accept.contains(media_type), "Accept does not name {media_type}: a registry may convert the document");
    }
}

#[test]
fn parameters_of_the_type_are_passed_over() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let media_type = format!("{OCI_MANIFEST}; charset=utf-8");
    let (name, digest) = stock(&server, &media_type, document().as_bytes());
    let outcome = fixture.run(&["manifest", &format!("{name}:1")]).ok("Content-Type may have parameters behind a ;");
    assert_eq!(outcome.out.trim_end(), format!("{digest} {OCI_MANIFEST}"));
}

#[test]
fn other_bytes_than_the_digests_are_refused() {
    for (kind, keys) in [(Kind::Corrupt, [":1", "@"].as_slice()), (Kind::WrongDigest, &[":1"])] {
        for key in keys {
            let (fixture, server) = (RegistryFixture::new(), open());
            let parts: Parts = fixture.image("made");
            parts.stock(&server, &fixture, "ada/quotes", "1");
            let key = if *key == "@" { format!("@{}", parts.manifest.digest) } else { (*key).to_owned() };
            server.order(Fault::new("GET", "/manifests/", kind.clone()));
            let name = format!("{}/ada/quotes{key}", server.address());
            fixture.run(&["manifest", &name]).refused("the manifest is not the one that its digest names");
        }
    }
}

#[test]
fn the_registrys_digest_is_not_needed_for_a_digest() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (name, digest) = stock(&server, OCI_MANIFEST, document().as_bytes());
    server.order(Fault::new("GET", "/manifests/", Kind::WrongDigest));
    let outcome = fixture.run(&["manifest", &format!("{name}@{digest}")]);
    outcome.ok("the bytes are those of the digest that was asked for: what the header says does not matter");
}

#[test]
fn what_is_not_a_manifest_is_refused() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (name, _) = stock(&server, "text/html", b"<html>log in first</html>");
    fixture
        .run(&["manifest", &format!("{name}:1")])
        .refused("a web page was taken for a manifest: look at Content-Type");
}

#[test]
fn no_more_is_read_than_a_manifest_may_have() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (name, _) = stock(&server, OCI_MANIFEST, &vec![b' '; (4 << 20) + 1]);
    fixture.run(&["manifest", &format!("{name}:1")]).refused("a manifest of more than 4 MiB was taken");
    let (name, _) = stock(&server, OCI_MANIFEST, &vec![b' '; 64 << 20]);
    let outcome = fixture.run_limited(24 << 10, &["manifest", &format!("{name}:1")]);
    let outcome = outcome.refused("a manifest of 64 MiB was taken");
    let memory = outcome.err.contains("memory");
    assert!(!memory, "64 MiB were read into memory before the limit was looked at: {}", outcome.err);
}
