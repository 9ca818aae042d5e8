//! Images for several platforms, there and back, beside skopeo's copies of them;
//! and blobs that a registry takes from another of its repositories.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

#[path = "checks/common.rs"]
#[allow(dead_code, reason = "the checks need more of it than this test")]
mod common;

use std::fs;
use std::process::Command;

use common::{OCI_INDEX, OCI_MANIFEST, RegistryFixture, closed, open};
use images::{Blob, Digest, spec};
use registry_server::Server;

/// An index of images for these platforms, named in the store; the digest of the
/// index and of each image's manifest.
fn index(fixture: &RegistryFixture, name: &str, platforms: &[&str]) -> (Digest, Vec<Digest>) {
    let mut entries = Vec::new();
    for platform in platforms {
        let parts: Vec<_> = platform.split('/').collect();
        let directory = fixture.path(&checks::nonce());
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("made-for"), format!("{platform} {}", checks::nonce())).unwrap();
        let layer = fixture.store.write_layer(archive::files(&directory).unwrap(), &mut |_| {}).unwrap();
        let mut config = spec::ImageConfiguration::default();
        config.set_architecture(parts[1].into());
        let mut descriptor = fixture.store.add_image(&config, &[layer]).unwrap();
        let mut platform = spec::Platform::default();
        platform.set_architecture(parts[1].into());
        platform.set_variant(parts.get(2).map(|variant| (*variant).to_owned()));
        descriptor.set_platform(Some(platform));
        entries.push(descriptor);
    }
    let digests = entries.iter().map(|entry| Digest::try_from(entry.digest()).unwrap()).collect();
    let text = serde_json::json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries }).to_string();
    let blob = fixture.store.write_blob(&mut text.as_bytes()).unwrap();
    storage::tags::set(&fixture.store, name, &blob.descriptor(spec::MediaType::ImageIndex)).unwrap();
    (blob.digest, digests)
}

/// The name that galley gives it in an image's config and index.
fn host() -> String {
    distribution::Platform::host().to_string()
}

/// Pushes an index with all its images.
fn push_all(fixture: &RegistryFixture, name: &str) {
    let reference = registry::parse_reference(name).unwrap();
    transfer::push_all(&fixture.store, &reference, &mut |_| Ok(())).unwrap();
}

/// Pulls an index with all its images; the lines that a user would read.
fn pull_all(fixture: &RegistryFixture, name: &str) -> String {
    let reference = registry::parse_reference(name).unwrap();
    let mut lines = Vec::new();
    {
        let report = &mut http_client::to_lines(&mut lines, http_client::Direction::Pull);
        transfer::pull_all(&fixture.store, &reference, report).unwrap();
    }
    String::from_utf8(lines).unwrap()
}

fn there(server: &Server, digest: &Digest) -> bool {
    server.blob_path(&digest.to_string()).exists()
}

#[test]
fn an_index_goes_whole_and_comes_back_whole() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let name = format!("{}/ada/quotes:1", server.address());
    let (digest, images) = index(&fixture, &name, &["linux/mips64", &host(), "linux/arm/v6"]);
    push_all(&fixture, &name);
    let manifests: Vec<_> = server.log().into_iter().filter(|entry| entry.path.contains("/manifests/")).collect();
    assert_eq!(manifests.len(), 4, "three images and the index: {manifests:?}");
    assert!(manifests[3].path.ends_with("/manifests/1"), "the index comes last: {manifests:?}");
    assert_eq!(manifests[3].content_type.as_deref(), Some(OCI_INDEX));
    assert_eq!(manifests[0].content_type.as_deref(), Some(OCI_MANIFEST));
    let other = RegistryFixture::new();
    pull_all(&other, &name);
    assert_eq!(other.named(&name), Some(digest.to_string()), "the name should be the index's");
    for image in &images {
        assert!(other.store.has(image), "an image is missing");
    }
    // What is there already is asked for once more, and nothing is fetched.
    server.forget();
    let lines = pull_all(&other, &name);
    assert!(lines.contains("up to date"), "{lines}");
    assert!(server.log().iter().all(|entry| !entry.path.contains("/blobs/")), "{:?}", server.log());
}

#[test]
fn one_platform_is_pulled_or_pushed_where_asked() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let name = format!("{}/ada/quotes:1", server.address());
    let (_, images) = index(&fixture, &name, &[&host(), "linux/arm/v6", "linux/arm/v7", "linux/riscv64"]);
    push_all(&fixture, &name);
    for (asked, expected) in [("linux/riscv64", 3), ("linux/arm", 2), ("linux/armel", 1), (&host(), 0)] {
        let other = RegistryFixture::new();
        other.run(&["pull", &other.store_path(), &name, asked]).ok(asked);
        assert_eq!(other.named(&name), Some(images[expected].to_string()), "{asked}");
        assert_eq!(
            images.iter().filter(|image| other.store.has(image)).count(),
            1,
            "{asked}: only one image is wanted"
        );
    }
    let other = RegistryFixture::new();
    let outcome = other.run(&["pull", &other.store_path(), &name, "linux/arm/v5"]).refused("there is none for it");
    assert!(outcome.err.contains("linux/arm/v6, linux/arm/v7, linux/riscv64"), "{}", outcome.err);
    let outcome = other.run(&["pull", &other.store_path(), &name, "linux"]).refused("that is not a platform");
    assert!(outcome.err.contains("linux/arm64"), "the error should show how it is written: {}", outcome.err);
    let alone = RegistryFixture::new();
    let second = format!("{}/ada/alone:1", server.address());
    let (_, images) = index(&alone, &second, &[&host(), "linux/riscv64"]);
    alone.run(&["push", &alone.store_path(), &second, "linux/riscv64"]).ok("the push of one platform");
    assert!(there(&server, &images[1]) && !there(&server, &images[0]), "only what was asked for is pushed");
    // It is not an index now, and a pull for another platform must say so.
    let outcome = other.run(&["pull", &other.store_path(), &second]).refused("it was made for another machine");
    assert!(outcome.err.contains("only for linux/riscv64") && other.named(&second).is_none(), "{}", outcome.err);
}

fn skopeo(arguments: &[&str]) -> bool {
    let run = Command::new("skopeo").arg("--insecure-policy").args(arguments).output();
    let Ok(output) = run else {
        eprintln!("skipped: skopeo is not installed; `cargo xtask setup` installs it");
        return false;
    };
    assert!(output.status.success(), "skopeo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    true
}

#[test]
fn skopeo_copies_all_of_it() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let name = format!("{}/ada/quotes:1", server.address());
    let (digest, images) = index(&fixture, &name, &[&host(), "linux/arm64/v8", "linux/riscv64"]);
    push_all(&fixture, &name);
    // From ours to a layout, and from the layout to another name.
    let copy = fixture.path("copy").display().to_string();
    let second = format!("{}/grace/quotes:2", server.address());
    let (from, to) = (format!("docker://{name}"), format!("oci:{copy}:2"));
    if !skopeo(&["copy", "--all", "--src-tls-verify=false", &from, &to]) {
        return;
    }
    skopeo(&["copy", "--all", "--dest-tls-verify=false", &to, &format!("docker://{second}")]);
    let other = RegistryFixture::new();
    pull_all(&other, &second);
    assert_eq!(other.named(&second), Some(digest.to_string()), "skopeo's copy is the same index");
    for image in &images {
        let manifest = other.store.read_blob(image, 1 << 20).unwrap();
        let manifest: spec::ImageManifest = serde_json::from_slice(&manifest).unwrap();
        for layer in manifest.layers() {
            assert!(other.store.has(&Blob::try_from(layer).unwrap().digest), "a layer is missing");
        }
    }
    let one = RegistryFixture::new();
    one.run(&["pull", &one.store_path(), &second, "linux/arm64"]).ok("one platform of what skopeo copied");
    assert_eq!(one.named(&second), Some(images[1].to_string()));
}

/// An image under a second repository's name: its blobs are there already.
#[test]
fn what_another_repository_has_is_mounted() {
    for tokens in [false, true] {
        let (fixture, (server, password)) = (RegistryFixture::new(), closed(tokens));
        let address = server.address().to_string();
        fixture.run_with(&["login", &address, common::USER], &password).ok("the login");
        let (first, second) = (format!("{address}/ada/base:1"), format!("{address}/grace/app:1"));
        let parts = fixture.image(&first);
        storage::tags::set(&fixture.store, &second, &parts.manifest.descriptor(spec::MediaType::ImageManifest))
            .unwrap();
        fixture.run(&["push", &fixture.store_path(), &first]).ok("the first push");
        server.forget();
        let outcome = fixture.run(&["push", &fixture.store_path(), &second]).ok("the second push");
        let sent = server.log().iter().filter(|entry| entry.method == "PUT" && entry.path.contains("/blobs/")).count();
        assert_eq!((sent, outcome.out.matches("Mounted").count()), (0, 3), "{}{:?}", outcome.out, server.log());
        let asked: Vec<_> = server.log().into_iter().filter(|entry| entry.path == "/token").collect();
        let both = |query: &str| query.contains("ada%2Fbase%3Apull") && query.contains("grace%2Fapp%3Apull%2Cpush");
        assert_eq!(asked.iter().any(|entry| both(&entry.query)), tokens, "{asked:?}");
        // A blob that the other repository lost is uploaded.
        server.forget();
        let third = format!("{address}/grace/late:1");
        storage::tags::set(&fixture.store, &third, &parts.manifest.descriptor(spec::MediaType::ImageManifest)).unwrap();
        for repository in ["ada/base", "grace/app"] {
            server.remove_blob(repository, &parts.config.digest.to_string()).unwrap();
        }
        let outcome = fixture.run(&["push", &fixture.store_path(), &third]).ok("the third push");
        assert_eq!(outcome.out.matches("Mounted").count(), 2, "{}", outcome.out);
        assert_eq!(outcome.out.matches(": Pushed ").count(), 1, "{}", outcome.out);
    }
}
