//! A registry that lies is refused in one clear line, and the store holds nothing
//! of what it said.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

#[path = "checks/common.rs"]
#[allow(dead_code, reason = "the checks need more of it than this test")]
mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use common::{OCI_INDEX, OCI_MANIFEST, Outcome, RegistryFixture, open};
use images::Digest;
use registry_server::{Fault, Kind, Server};

const CONFIG: &str = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;

fn descriptor(kind: &str, digest: &str, size: usize) -> String {
    format!(r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{digest}","size":{size}}}"#)
}

fn manifest(config: &str, layers: &[String]) -> String {
    let layers = layers.join(",");
    format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{config},"layers":[{layers}]}}"#)
}

/// Pulls an image with this manifest, which must be refused and leave nothing.
fn refused(server: &Server, manifest: &str, why: &str) -> Outcome {
    let fixture = RegistryFixture::new();
    server.add_manifest("ada/quotes", "1", OCI_MANIFEST, manifest.as_bytes()).unwrap();
    let name = format!("{}/ada/quotes:1", server.address());
    let outcome = fixture.run(&["pull", &fixture.store_path(), &name]).refused(why);
    assert!(fixture.named(&name).is_none(), "{why}, but the image has a name");
    fixture.has_no_leftovers();
    outcome
}

#[test]
fn blobs_of_another_size_or_with_other_bytes() {
    let server = open();
    let bytes = CONFIG.as_bytes();
    let digest = server.add_blob("ada/quotes", bytes).unwrap();
    for size in [0, 1, bytes.len() - 1, bytes.len() + 1, usize::MAX / 4] {
        let lie = manifest(&descriptor("config.v1+json", &digest, size), &[]);
        refused(&server, &lie, &format!("the config has {} bytes, not {size}", bytes.len()));
    }
    fs::write(server.blob_path(&digest), CONFIG.replace("amd64", "amd65")).unwrap();
    let lie = manifest(&descriptor("config.v1+json", &digest, bytes.len()), &[]);
    refused(&server, &lie, "the config's bytes are others than its digest's");
}

#[test]
fn manifests_that_are_none() {
    let server = open();
    let digest = server.add_blob("ada/quotes", CONFIG.as_bytes()).unwrap();
    let config = descriptor("config.v1+json", &digest, CONFIG.len());
    for text in ["", "{}", "[]", "null", &manifest(&config.replace("sha256:", "md5:"), &[])] {
        refused(&server, text, "that is not a manifest");
    }
    let climbing = format!("sha256:../../../../{}", "0".repeat(52));
    refused(&server, &manifest(&config.replace(&digest, &climbing), &[]), "that is not a digest");
    let layers = vec![descriptor("layer.v1.tar+gzip", &digest, CONFIG.len()); 10_000];
    let outcome = refused(&server, &manifest(&config, &layers), "10,000 layers cannot be mounted");
    assert!(outcome.err.contains("10000 layers"), "{}", outcome.err);
    let huge = manifest(&config, &[]) + &" ".repeat(5 << 20);
    let outcome = refused(&server, &huge, "a manifest has 4 MiB at most");
    assert!(outcome.err.contains("4 MiB"), "{}", outcome.err);
}

/// A server that gives every request the same head, and then bytes without end.
fn endless(head: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answer = move |mut stream: TcpStream| {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        if lines.any(|line| line.is_empty()) && stream.write_all(head.as_bytes()).is_ok() {
            // Ends when the client has had enough.
            while stream.write_all(&[b' '; 64 << 10]).is_ok() {}
        }
    };
    std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(answer));
    address
}

#[test]
fn bodies_without_end() {
    let fixture = RegistryFixture::new();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n\r\n";
    let name = format!("{}/ada/quotes:1", endless(head));
    fixture.run(&["pull", &fixture.store_path(), &name]).refused("a manifest without end");
    let digest = Digest::of(b"x").to_string();
    fixture.run(&["pull-blob", &fixture.store_path(), &name, &digest, "1"]).refused("a blob without end");
    let name = format!("{}/ada/quotes:1", endless("HTTP/1.1 403 Forbidden\r\n\r\n"));
    fixture.run(&["pull", &fixture.store_path(), &name]).refused("an error without end");
    fixture.has_no_leftovers();
}

#[test]
fn circles_and_words_that_would_fool_a_terminal() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let name = format!("{}/ada/quotes:1", server.address());
    for _ in 0..20 {
        let there = format!("http://{}/v2/ada/quotes/manifests/1", server.address());
        server.order(Fault::new("GET", "/manifests/", Kind::Redirect(there)));
    }
    fixture.run(&["pull", &fixture.store_path(), &name]).refused("a redirect to itself");
    assert!(server.log().len() < 10, "it was followed {} times", server.log().len());
    server.calm();
    let message = "gone\n\u{1b}[2Jroot@host# ".to_owned();
    let kind = Kind::Refuse { status: 403, code: "DENIED".into(), message };
    server.order(Fault::new("GET", "/manifests/", kind));
    let outcome = fixture.run(&["pull", &fixture.store_path(), &name]).refused("a 403");
    assert!(
        !outcome.err.trim().chars().any(char::is_control),
        "control characters reach the terminal: {:?}",
        outcome.err
    );
    fixture.has_no_leftovers();
}

/// A server that answers whatever is asked for under a path that ends so with this
/// head and this body, and then hangs up.
fn liar(answers: Vec<(String, String, Vec<u8>)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answer = move |mut stream: TcpStream| {
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
        let target = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
        let found = answers.iter().find(|(end, ..)| target.ends_with(end.as_str()));
        if let Some((_, head, body)) = found {
            let _ = stream.write_all(&[head.as_bytes(), b"\r\n", body].concat());
        }
    };
    std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(answer));
    address
}

#[test]
fn bodies_that_are_longer_or_shorter_than_they_should() {
    let digest = Digest::of(CONFIG.as_bytes()).to_string();
    let text = manifest(&descriptor("config.v1+json", &digest, CONFIG.len()), &[]);
    let ok = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n");
    let until_the_end = || "HTTP/1.1 200 OK\r\n".to_owned();
    let serve = |head: String, body: Vec<u8>| {
        let manifest_head = format!("{}Content-Type: {OCI_MANIFEST}\r\n", ok(text.len()));
        let manifest = ("/manifests/1".to_owned(), manifest_head, text.clone().into_bytes());
        format!("{}/ada/quotes:1", liar(vec![manifest, (digest.clone(), head, body)]))
    };
    let (fixture, name) = (RegistryFixture::new(), serve(until_the_end(), CONFIG.into()));
    fixture.run(&["pull", &fixture.store_path(), &name]).ok("the right bytes, without a length");
    let (short, long) = (&CONFIG.as_bytes()[..20], [CONFIG.as_bytes(), b" "].concat());
    for (what, head, body) in [
        ("a blob that is shorter than it says", ok(CONFIG.len()), short.to_vec()),
        ("a blob that is shorter than the manifest says", ok(20), short.to_vec()),
        ("a blob that is longer than the manifest says", ok(long.len()), long.clone()),
        ("a short blob without a length", until_the_end(), short.to_vec()),
        ("a long blob without a length", until_the_end(), long),
        ("no blob at all", ok(0), Vec::new()),
    ] {
        let (fixture, name) = (RegistryFixture::new(), serve(head, body));
        fixture.run(&["pull", &fixture.store_path(), &name]).refused(what);
        assert!(fixture.named(&name).is_none(), "{what}, but the image has a name");
        fixture.has_no_leftovers();
    }
}

#[test]
fn manifests_that_are_not_the_ones_named() {
    let server = open();
    let digest = server.add_blob("ada/quotes", CONFIG.as_bytes()).unwrap();
    let (config, fixture) = (descriptor("config.v1+json", &digest, CONFIG.len()), RegistryFixture::new());
    let good = manifest(&config, &[]);
    let named = server.add_manifest("ada/quotes", "", OCI_MANIFEST, good.as_bytes()).unwrap();
    // Other bytes under the digest that was asked for: a valid manifest, and a blob
    // that is not a manifest.
    for other in [good.replace("layers\":[]", "layers\": []"), CONFIG.to_owned()] {
        fs::write(server.blob_path(&named), other).unwrap();
        let name = format!("{}/ada/quotes@{named}", server.address());
        fixture.run(&["pull", &fixture.store_path(), &name]).refused("these are not the bytes of that digest");
        fixture.has_no_leftovers();
    }
    // An index that names a manifest with other bytes, one of another size, or another
    // index.
    let (os, architecture) = ("linux", distribution::Platform::host().architecture);
    let platform = format!(r#","platform":{{"os":"{os}","architecture":"{architecture}"}}}}"#);
    let index = |digest: &str, size: usize| {
        let entry = descriptor("manifest.v1+json", digest, size);
        let entry = format!("{}{platform}", entry.trim_end_matches('}'));
        format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{entry}]}}"#)
    };
    let nested = index(&named, good.len());
    let inner = server.add_manifest("ada/quotes", "", OCI_INDEX, nested.as_bytes()).unwrap();
    fs::write(server.blob_path(&named), &good).unwrap();
    let (other, name) = (RegistryFixture::new(), format!("{}/ada/quotes@{inner}", server.address()));
    other.run(&["pull", &other.store_path(), &name]).ok("an index that is right");
    fs::write(server.blob_path(&named), CONFIG).unwrap();
    for text in [nested.clone(), index(&inner, nested.len())] {
        server.add_manifest("ada/quotes", "2", OCI_INDEX, text.as_bytes()).unwrap();
        let name = format!("{}/ada/quotes:2", server.address());
        fixture
            .run(&["pull", &fixture.store_path(), &name])
            .refused("the index names something that is not a manifest");
        assert!(fixture.named(&name).is_none());
        fixture.has_no_leftovers();
    }
}

#[test]
fn redirects_to_where_nothing_good_comes_from() {
    let (server, elsewhere, fixture) = (open(), open(), RegistryFixture::new());
    let digest = server.add_blob("ada/quotes", CONFIG.as_bytes()).unwrap();
    let lie = elsewhere.add_blob("ada/quotes", CONFIG.replace("amd64", "amd65").as_bytes()).unwrap();
    let text = manifest(&descriptor("config.v1+json", &digest, CONFIG.len()), &[]);
    server.add_manifest("ada/quotes", "1", OCI_MANIFEST, text.as_bytes()).unwrap();
    let name = format!("{}/ada/quotes:1", server.address());
    let other_bytes = format!("http://{}/v2/ada/quotes/blobs/{lie}", elsewhere.address());
    let no_end = format!("http://{}/", endless("HTTP/1.1 200 OK\r\n\r\n"));
    // 192.0.2.1 is nobody's (RFC 5737); plain HTTP does not go there at all.
    for place in [&other_bytes, &no_end, "http://192.0.2.1/blob", "file:///etc/passwd", "ftp://127.0.0.1/", "http://"] {
        server.order(Fault::new("GET", "/blobs/", Kind::Redirect(place.to_owned())));
        fixture.run(&["pull", &fixture.store_path(), &name]).refused(&format!("nothing good comes from {place}"));
        assert!(fixture.named(&name).is_none(), "{place}");
        fixture.has_no_leftovers();
    }
    fixture.run(&["pull", &fixture.store_path(), &name]).ok("a registry that stopped lying");
}
