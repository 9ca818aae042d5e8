use std::fs;

use registry_server::{Fault, Kind, Server};

use crate::common::{OCI_INDEX, OCI_MANIFEST, Parts, RegistryFixture, open, requests, same};

/// An image in a registry, made in a store of its own.
fn stock(server: &Server) -> (RegistryFixture, Parts) {
    let maker = RegistryFixture::new();
    let parts = maker.image("made");
    parts.stock(server, &maker, "ada/quotes", "1");
    (maker, parts)
}

fn is_whole(fixture: &RegistryFixture, server: &Server, parts: &Parts, name: &str) {
    for blob in parts.layers.iter().chain([&parts.config, &parts.manifest]) {
        same(&fixture.store.blob_path(&blob.digest), &server.blob_path(&blob.digest.to_string()), "the image");
    }
    let named = fixture.named(name);
    assert!(
        named == Some(parts.manifest.digest.to_string()),
        "the store should know the image as {name}, but has {named:?}"
    );
}

#[test]
fn an_image_is_fetched_whole() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (_maker, parts) = stock(&server);
    let name = format!("{}/ada/quotes:1", server.address());
    let outcome = fixture.run(&["pull", &fixture.store_path(), &name]);
    let mut lines: Vec<_> = requests(&server, |text| parts.name(text)).to_string().lines().map(str::to_owned).collect();
    // The blobs may come in any order, after the manifest.
    if let Some(blobs) = lines.get_mut(1..) {
        blobs.sort();
    }
    checks::view!("pull", lines.join("\n"), {
        "GET manifests/1" => "the manifest comes first: it says what else is needed",
        "HEAD manifests/1" => "one GET brings the manifest and its digest: a HEAD before it is one request too many",
        "GET blobs/<config>" => "the config is a blob too",
        "GET blobs/<layer 1>" => "each layer is fetched once",
    });
    outcome.ok("the pull failed");
    is_whole(&fixture, &server, &parts, &name);
}

#[test]
fn what_is_there_is_one_request() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (_maker, parts) = stock(&server);
    let name = format!("{}/ada/quotes:1", server.address());
    fixture.run(&["pull", &fixture.store_path(), &name]).ok("the pull failed");
    server.forget();
    let outcome = fixture.run(&["pull", &fixture.store_path(), &name]);
    checks::view!("again", requests(&server, |text| parts.name(text)), {
        "GET manifests/1" => "one request tells whether the tag still stands for what is there",
        "GET blobs/<config>" => "the store has the config: it is not needed again",
    });
    let outcome = outcome.ok("the second pull failed");
    assert!(outcome.out.contains("up to date"), "the user should read that the image is up to date");
    is_whole(&fixture, &server, &parts, &name);
}

#[test]
fn only_what_is_missing_is_fetched() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (maker, parts) = stock(&server);
    fixture.store.write_blob(&mut fs::File::open(maker.store.blob_path(&parts.layers[0].digest)).unwrap()).unwrap();
    let name = format!("{}/ada/quotes:1", server.address());
    let outcome = fixture.run(&["pull", &fixture.store_path(), &name]).ok("the pull failed");
    let log = requests(&server, |text| parts.name(text)).to_string();
    assert!(!log.contains("<layer 1>"), "the store has the first layer, but it was fetched:\n{log}");
    assert!(outcome.out.contains("exists"), "the user should read that one layer already exists");
    is_whole(&fixture, &server, &parts, &name);
}

/// An index with one manifest for each of the platforms given.
fn index(entries: &[(&str, &str)]) -> String {
    let entry = |(architecture, digest): &(&str, &str)| {
        format!(
            r#"{{"mediaType":"{OCI_MANIFEST}","digest":"{digest}","size":2,"platform":{{"os":"linux","architecture":"{architecture}"}}}}"#
        )
    };
    let entries: Vec<_> = entries.iter().map(entry).collect();
    format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{}]}}"#, entries.join(","))
}

fn host() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[test]
fn of_several_platforms_the_hosts_is_chosen() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (maker, parts) = stock(&server);
    let size = fs::metadata(maker.store.blob_path(&parts.manifest.digest)).unwrap().len();
    let other = server.add_manifest("ada/quotes", "", OCI_MANIFEST, b"{}").unwrap();
    let mine = parts.manifest.digest.to_string();
    let text = index(&[("mips64", &other), (host(), &mine), ("sparc", &other)]);
    let text = text.replace(&format!("{mine}\",\"size\":2"), &format!("{mine}\",\"size\":{size}"));
    server.add_manifest("ada/quotes", "many", OCI_INDEX, text.as_bytes()).unwrap();
    let name = format!("{}/ada/quotes:many", server.address());
    for (snapshot, why) in [("index", "the pull of an index failed"), ("index again", "the second pull failed")] {
        let outcome = fixture.run(&["pull", &fixture.store_path(), &name]);
        let log = requests(&server, |text| parts.name(text)).to_string();
        let manifests: Vec<_> = log.lines().filter(|line| line.contains("manifests")).collect();
        checks::view!(snapshot, manifests.join("\n"), {
            "GET manifests/many" => "the tag stands for an index of platforms: Accept must name its type too",
            "GET manifests/<manifest>" => "the index names the manifest for this machine by its digest; once it is there, no request is needed",
        });
        outcome.ok(why);
        server.forget();
    }
    is_whole(&fixture, &server, &parts, &name);
}

#[test]
fn other_platforms_are_told() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let other = server.add_manifest("ada/quotes", "", OCI_MANIFEST, b"{}").unwrap();
    server
        .add_manifest("ada/quotes", "1", OCI_INDEX, index(&[("mips64", &other), ("sparc", &other)]).as_bytes())
        .unwrap();
    let name = format!("{}/ada/quotes:1", server.address());
    let outcome =
        fixture.run(&["pull", &fixture.store_path(), &name]).refused("an image for another processor cannot run here");
    assert!(
        outcome.err.contains("linux/mips64"),
        "the error should list the platforms that there are: {}",
        outcome.err
    );
    fixture.has_no_leftovers();
}

#[test]
fn broken_pulls_name_nothing() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let (_maker, parts) = stock(&server);
    let name = format!("{}/ada/quotes:1", server.address());
    let last = parts.layers[1].digest.to_string();
    server.order(Fault::new("GET", &last, Kind::Drop(10)));
    fixture.run(&["pull", &fixture.store_path(), &name]).refused("a layer did not arrive");
    assert!(fixture.named(&name).is_none(), "an image with a layer missing got a name: the manifest comes last");
    let manifest = fixture.store.blob_path(&parts.manifest.digest);
    assert!(!manifest.exists(), "the manifest is in the store though its layers are not");
    fixture.run(&["pull", &fixture.store_path(), &name]).ok("the next pull should mend it");
    is_whole(&fixture, &server, &parts, &name);
}
