//! A mirror is asked before Docker Hub, is told no login, and is never pushed to.
//! Nothing here reaches Docker Hub: the proxy for it is a port nobody listens on.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

#[path = "checks/common.rs"]
#[allow(dead_code, reason = "the checks need more of it than this test")]
mod common;

use std::fs;
use std::process::{Command, Output};

use common::{RegistryFixture, open};
use registry_server::{Options, Server};

fn run(fixture: &RegistryFixture, server: &Server, word: &str, name: &str) -> Output {
    let mut command = Command::new(checks::program_path(env!("CARGO_BIN_EXE_registry")));
    for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(proxy, "http://127.0.0.1:1");
    }
    command.args([word, &fixture.store_path(), name]).env("GALLEY_RETRIES", "0");
    command.env("DOCKER_CONFIG", fixture.path("docker")).env_remove("REGISTRY_AUTH_FILE");
    command.env("GALLEY_MIRROR", format!("http://{}/", server.address())).output().unwrap()
}

#[test]
fn images_of_docker_hub_come_from_the_mirror() {
    let (maker, fixture, server) = (RegistryFixture::new(), RegistryFixture::new(), open());
    maker.image("docker.io/library/quotes:1").stock(&server, &maker, "library/quotes", "1");
    fs::create_dir(fixture.path("docker")).unwrap();
    let login = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"YWRhOmdlaGVpbQ=="}}}"#;
    fs::write(fixture.credentials(), login).unwrap();
    let output = run(&fixture, &server, "pull", "quotes:1");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(fixture.named("docker.io/library/quotes:1").is_some(), "the image keeps its name");
    assert!(server.log().iter().all(|entry| entry.authorization.is_none()), "the mirror was told the login");
}

#[test]
fn what_the_mirror_has_not_is_asked_for_at_docker_hub() {
    let (fixture, server) = (RegistryFixture::new(), open());
    fixture.image("docker.io/ada/quotes:1");
    for word in ["pull", "push"] {
        let output = run(&fixture, &server, word, "ada/quotes:1");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("https://registry-1.docker.io/v2/ada/quotes/"), "{word}: {text}");
    }
    let log = server.log();
    assert!(log.len() == 1 && log[0].method == "GET", "pushes are not the mirror's: {log:?}");
}

/// The workbook's own registry as the mirror, of one that stands in for Docker Hub.
#[test]
fn the_embedded_registry_is_such_a_mirror() {
    let (maker, hub) = (RegistryFixture::new(), Server::start(Options { tokens: true, ..Options::default() }).unwrap());
    maker.image("docker.io/library/quotes:1").stock(&hub, &maker, "library/quotes", "1");
    let address = Some(format!("http://{}", hub.address()));
    let mirror = Server::start(Options { mirror: address, ..Options::default() }).unwrap();
    for _ in 0..2 {
        let fixture = RegistryFixture::new();
        let output = run(&fixture, &mirror, "pull", "quotes:1");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(fixture.named("docker.io/library/quotes:1").is_some());
    }
    let blobs = hub.log().iter().filter(|entry| entry.path.contains("/blobs/") && entry.status == 200).count();
    assert_eq!(blobs, 3, "each blob should come once for all: {:?}", hub.log());
}
