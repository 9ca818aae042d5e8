//! A registry that lies is refused in one clear line, and the store holds nothing
//! of what it said.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

#[path = "checks/common.rs"]
#[allow(dead_code, reason = "the checks need more of it than this test")]
mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use common::{Bench, Ended, OCI_MANIFEST, open};
use images::Digest;
use registry_server::Server;

const CONFIG: &str = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;

fn descriptor(kind: &str, digest: &str, size: usize) -> String {
    format!(r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{digest}","size":{size}}}"#)
}

fn manifest(config: &str, layers: &[String]) -> String {
    let layers = layers.join(",");
    format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{config},"layers":[{layers}]}}"#)
}

/// Pulls an image with this manifest, which must be refused and leave nothing.
fn refused(server: &Server, manifest: &str, why: &str) -> Ended {
    let bench = Bench::new();
    server.add_manifest("ada/quotes", "1", OCI_MANIFEST, manifest.as_bytes()).unwrap();
    let name = format!("{}/ada/quotes:1", server.address());
    let ended = bench.run(&["pull", &bench.store_path(), &name]).refused(why);
    assert!(bench.named(&name).is_none(), "{why}, but the image has a name");
    bench.has_no_leftovers();
    ended
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
        refused(&server, text, "that is no manifest");
    }
    let climbing = format!("sha256:../../../../{}", "0".repeat(52));
    refused(&server, &manifest(&config.replace(&digest, &climbing), &[]), "that is no digest");
    let layers = vec![descriptor("layer.v1.tar+gzip", &digest, CONFIG.len()); 10_000];
    let ended = refused(&server, &manifest(&config, &layers), "10,000 layers cannot be mounted");
    assert!(ended.err.contains("10000 layers"), "{}", ended.err);
    let huge = manifest(&config, &[]) + &" ".repeat(5 << 20);
    let ended = refused(&server, &huge, "a manifest has 4 MiB at most");
    assert!(ended.err.contains("4 MiB"), "{}", ended.err);
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
    let bench = Bench::new();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n\r\n";
    let name = format!("{}/ada/quotes:1", endless(head));
    bench.run(&["pull", &bench.store_path(), &name]).refused("a manifest without end");
    let digest = Digest::of(b"x").to_string();
    bench.run(&["pull-blob", &bench.store_path(), &name, &digest, "1"]).refused("a blob without end");
    let name = format!("{}/ada/quotes:1", endless("HTTP/1.1 403 Forbidden\r\n\r\n"));
    bench.run(&["pull", &bench.store_path(), &name]).refused("an error without end");
    bench.has_no_leftovers();
}

#[test]
fn circles_and_words_that_would_fool_a_terminal() {
    let (bench, server) = (Bench::new(), open());
    let name = format!("{}/ada/quotes:1", server.address());
    for _ in 0..20 {
        let there = format!("http://{}/v2/ada/quotes/manifests/1", server.address());
        server.order(registry_server::Fault::new("GET", "/manifests/", registry_server::Kind::Redirect(there)));
    }
    bench.run(&["pull", &bench.store_path(), &name]).refused("a redirect to itself");
    assert!(server.log().len() < 10, "it was followed {} times", server.log().len());
    server.calm();
    let message = "gone\n\u{1b}[2Jroot@host# ".to_owned();
    let kind = registry_server::Kind::Refuse { status: 403, code: "DENIED".into(), message };
    server.order(registry_server::Fault::new("GET", "/manifests/", kind));
    let ended = bench.run(&["pull", &bench.store_path(), &name]).refused("a 403");
    assert!(!ended.err.trim().chars().any(char::is_control), "control characters reach the terminal: {:?}", ended.err);
    bench.has_no_leftovers();
}
