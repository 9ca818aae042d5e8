use std::fs;

use images::{Blob, spec};
use registry_server::{Fault, Kind};

use crate::common::{OCI_MANIFEST, Parts, RegistryFixture, open, requests, same};

/// The requests: those for blobs sorted, for blobs may go at the same time; then
/// the manifests in their order.
fn log(server: &registry_server::Server, parts: &Parts) -> String {
    let text = requests(server, |text| parts.name(text)).to_string();
    let lines: Vec<_> = text.lines().collect();
    // A blob that comes behind a manifest stays there.
    let end = lines.iter().position(|line| line.contains("manifests/")).unwrap_or(lines.len());
    let (mut blobs, rest) = (lines[..end].to_vec(), &lines[end..]);
    blobs.sort_unstable();
    [&blobs[..], rest].concat().join("\n") + "\n"
}

#[test]
fn blobs_come_first_and_the_manifest_last() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let name = format!("{}/ada/quotes:1", server.address());
    let parts = fixture.image(&name);
    let outcome = fixture.run(&["push", &fixture.store_path(), &name]);
    checks::view!("push", log(&server, &parts), {
        "HEAD blobs/<layer 1>" => "every layer is asked for",
        "HEAD blobs/<config>" => "the config is a blob too",
        "PUT manifests/1" => "the manifest goes last, under the tag: 400 means that it names a blob which is not there yet",
        "PUT manifests/<manifest>" => "the manifest goes under the tag; nobody finds it under its digest alone",
    });
    for blob in parts.layers.iter().chain([&parts.config, &parts.manifest]) {
        same(&server.blob_path(&blob.digest.to_string()), &fixture.store.blob_path(&blob.digest), "the image");
    }
    outcome.ok("the push failed");
    let sent = server.log().pop().and_then(|entry| entry.content_type).unwrap_or_default();
    assert!(sent == OCI_MANIFEST, "the manifest's Content-Type should be its media type, but is '{sent}'");
}

#[test]
fn the_second_push_sends_no_blob() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let name = format!("{}/ada/quotes:1", server.address());
    let parts = fixture.image(&name);
    parts.stock(&server, &fixture, "ada/quotes", "1");
    let outcome = fixture.run(&["push", &fixture.store_path(), &name]);
    checks::view!("again", log(&server, &parts), {
        "POST blobs/uploads/" => "what HEAD finds is not sent again",
        "PUT manifests/1" => "the tag may have stood for another image: the manifest is sent in any case",
    });
    let told = outcome.ok("the push failed").out.matches("exists").count();
    assert!(
        told == 3,
        "the user should see for each of 3 blobs that it already exists; {told} such lines were printed"
    );
}

#[test]
fn the_manifest_goes_as_it_is() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let name = format!("{}/ada/quotes:1", server.address());
    let parts = fixture.image(&name);
    // The same manifest with other white space has another digest.
    let text = fs::read_to_string(fixture.store.blob_path(&parts.manifest.digest)).unwrap();
    let spaced = format!("{}\n\n", text.replace("\":", "\" :  "));
    let blob: Blob = fixture.store.write_blob(&mut spaced.as_bytes()).unwrap();
    storage::tags::set(&fixture.store, &name, &blob.descriptor(spec::MediaType::ImageManifest)).unwrap();
    fixture.run(&["push", &fixture.store_path(), &name]).ok("the push failed");
    let there = server.blob_path(&blob.digest.to_string()).exists();
    assert!(there, "the manifest was read and written anew: its bytes, and so its digest, have changed");
}

#[test]
fn with_a_digest_there_is_no_tag() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let parts = fixture.image("unused");
    let name = format!("{}/ada/quotes@{}", server.address(), parts.manifest.digest);
    storage::tags::set(&fixture.store, &name, &parts.manifest.descriptor(spec::MediaType::ImageManifest)).unwrap();
    fixture.run(&["push", &fixture.store_path(), &name]).ok("the push failed");
    let last = requests(&server, |text| parts.name(text)).to_string();
    assert!(last.ends_with("PUT manifests/<manifest>: 201\n"), "a name with a digest has no tag to push to:\n{last}");
}

#[test]
fn what_is_refused_or_missing_is_told() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let name = format!("{}/ada/quotes:1", server.address());
    let outcome = fixture.run(&["push", &fixture.store_path(), &name]).refused("the store has no image of this name");
    assert!(outcome.err.contains(&name), "the error should name the image: {}", outcome.err);
    fixture.image(&name);
    let word = checks::nonce();
    let kind = Kind::Refuse { status: 429, code: "TOOMANYREQUESTS".into(), message: format!("slow down {word}") };
    server.order(Fault::new("PUT", "/manifests/", kind));
    let outcome = fixture.run(&["push", &fixture.store_path(), &name]).refused("the manifest was refused with 429");
    assert!(outcome.err.contains(&word), "the error lacks the registry's own words: {}", outcome.err);
    server.order(Fault::new("PUT", "/manifests/", Kind::WrongDigest));
    fixture
        .run(&["push", &fixture.store_path(), &name])
        .refused("the registry answered with another digest than the manifest's: it has stored something else");
}
