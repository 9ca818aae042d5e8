//! Docker Hub and GitHub's registry, as their documentation says that they answer:
//! each of their hosts stands here, over TLS, behind a proxy that the client is
//! told to use. Nothing leaves this machine. openssl makes the certificates;
//! without it the tests are skipped.
//!
//! Sources: the distribution project's token specification; Docker's "Docker Hub
//! pull usage and limits"; GitHub's "Working with the Container registry".

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

#[path = "hubs/big.rs"]
mod big;
#[path = "checks/common.rs"]
#[allow(dead_code, reason = "the checks need more of it than this test")]
mod common;
#[path = "hubs/web.rs"]
mod web;

use std::fs;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use big::{DOCKER_HUB, GHCR, PASSWORD, Profile, PublicRegistry};
use common::RegistryFixture;
use web::Web;

/// A client's place, and the part of the world that it sees.
struct Case {
    fixture: RegistryFixture,
    big: Arc<PublicRegistry>,
    web: Web,
}

impl Case {
    fn new(profile: &'static Profile) -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            eprintln!("skipped: openssl is not installed; `cargo xtask setup` installs it");
            return None;
        }
        let (fixture, big) = (RegistryFixture::new(), Arc::new(PublicRegistry::new(profile)));
        let answers = Arc::clone(&big);
        let web = Web::start(&fixture.path("web"), move |asked| answers.answer(asked));
        Some(Self { fixture, big, web })
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        fs::write(self.fixture.path("input"), input).unwrap();
        let mut command = Command::new(checks::program_path(env!("CARGO_BIN_EXE_registry")));
        for name in ["all_proxy", "http_proxy", "https_proxy", "no_proxy", "ALL_PROXY", "HTTP_PROXY", "NO_PROXY"] {
            command.env_remove(name);
        }
        command.env("HTTPS_PROXY", self.web.proxy()).env("SSL_CERT_FILE", self.web.authority());
        command.env_remove("GALLEY_MIRROR").env_remove("REGISTRY_AUTH_FILE").env_remove("GALLEY_RETRIES");
        command.env("DOCKER_CONFIG", self.fixture.path("docker")).args(arguments);
        command.stdin(Stdio::from(fs::File::open(self.fixture.path("input")).unwrap())).output().unwrap()
    }

    fn ok(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert!(output.status.success(), "{arguments:?}: {}{:#?}", text(&output.stderr), self.web.log());
        text(&output.stdout)
    }

    /// The one line of a command that must fail.
    fn refused(&self, arguments: &[&str], input: &str) -> String {
        let (output, log) = (self.run(arguments, input), self.web.log());
        let line = text(&output.stderr);
        assert!(output.status.code() == Some(1) && line.lines().count() == 1, "{arguments:?}: {line}{log:#?}");
        assert!(!line.contains(PASSWORD), "the password was printed");
        line
    }

    fn pull(&self, name: &str) -> [String; 3] {
        ["pull".to_owned(), self.fixture.store_path(), name.to_owned()]
    }

    /// An image at the other side, made in a store of its own; its manifest's digest.
    fn stock(&self, repository: &str, tag: &str) -> String {
        let maker = RegistryFixture::new();
        let parts = maker.image("made");
        for blob in parts.layers.iter().chain([&parts.config]) {
            self.big.add_blob(&fs::read(maker.store.blob_path(&blob.digest)).unwrap());
        }
        let manifest = fs::read(maker.store.blob_path(&parts.manifest.digest)).unwrap();
        self.big.add_manifest(repository, tag, common::OCI_MANIFEST, &manifest);
        parts.manifest.digest.to_string()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[test]
fn anybody_pulls_from_docker_hub() {
    let Some(case) = Case::new(&DOCKER_HUB) else { return };
    let digest = case.stock("library/busybox", "latest");
    case.ok(&words(&case.pull("busybox")), "");
    assert_eq!(case.fixture.named("docker.io/library/busybox:latest"), Some(digest));
    let log = case.web.log();
    assert_eq!(log[0], "GET registry-1.docker.io/v2/library/busybox/manifests/latest: 401");
    let token = "auth.docker.io/token?service=registry.docker.io&scope=repository:library/busybox:pull";
    assert_eq!(log[1], format!("GET {token}: 200"), "one token, and for nobody");
    assert_eq!(log[2], "GET registry-1.docker.io/v2/library/busybox/manifests/latest with Bearer: 200");
    assert_eq!(log.iter().filter(|line| line.contains("/token")).count(), 1, "{log:#?}");
    // Blobs are kept elsewhere, and that host is told nothing.
    let elsewhere: Vec<_> = log.iter().filter(|line| line.contains(DOCKER_HUB.storage)).collect();
    assert!(elsewhere.len() == 3 && elsewhere.iter().all(|line| !line.contains(" with ")), "{log:#?}");
    // What is there already is one question, with the token that it takes.
    case.web.forget();
    assert!(case.ok(&words(&case.pull("docker.io/library/busybox")), "").contains("up to date"));
    assert_eq!(case.web.log().iter().filter(|line| line.ends_with(": 200")).count(), 2, "{:#?}", case.web.log());
}

#[test]
fn docker_hub_is_logged_in_to_under_all_its_names() {
    let Some(case) = Case::new(&DOCKER_HUB) else { return };
    let line = case.refused(&["login", "docker.io", "ada"], "wrong");
    assert!(line.contains("incorrect username or password"), "{line}");
    for name in ["docker.io", "index.docker.io", "https://index.docker.io/v1/"] {
        case.ok(&["login", name, "ada"], PASSWORD);
        let kept = fs::read_to_string(case.fixture.credentials()).unwrap();
        let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
        let keys: Vec<_> = kept["auths"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["https://index.docker.io/v1/"], "where Docker looks for it");
        case.ok(&["ping", "docker.io"], "");
        case.ok(&["logout", name], "");
    }
    let log = case.web.log();
    assert!(log.iter().all(|line| !line.contains("with Basic") || line.contains("auth.docker.io/token")), "{log:#?}");
}

#[test]
fn an_image_goes_to_docker_hub_and_back() {
    let Some(case) = Case::new(&DOCKER_HUB) else { return };
    case.ok(&["login", "docker.io", "ada"], PASSWORD);
    let parts = case.fixture.image("docker.io/ada/quotes:1");
    case.ok(&["push", &case.fixture.store_path(), "ada/quotes:1"], "");
    let log = case.web.log();
    assert!(log.iter().any(|line| line.contains("scope=repository:ada/quotes:pull,push with Basic: 200")), "{log:#?}");
    case.stock("ada/quotes", "2");
    case.stock("ada/quotes", "3.0-slim");
    assert_eq!(case.ok(&["tags", "ada/quotes"], ""), "1\n2\n3.0-slim\n", "they come on three pages");
    let other = RegistryFixture::new();
    case.ok(&["pull", &other.store_path(), "index.docker.io/ada/quotes:1"], "");
    assert_eq!(other.named("docker.io/ada/quotes:1"), Some(parts.manifest.digest.to_string()));
}

#[test]
fn docker_hub_says_no_without_saying_why() {
    let Some(case) = Case::new(&DOCKER_HUB) else { return };
    // A name that is nobody's: a token is given, and it is good for nothing.
    let line = case.refused(&words(&case.pull("ada/nothing")), "");
    assert!(line.contains("check its name") && line.contains("galley login docker.io"), "{line}");
    // Somebody else's repository, with a login that is good.
    case.ok(&["login", "docker.io", "ada"], PASSWORD);
    case.fixture.image("docker.io/grace/quotes:1");
    let line = case.refused(&["push", &case.fixture.store_path(), "grace/quotes:1"], "");
    assert!(line.contains("check its name") && !line.contains("password"), "{line}");
}

#[test]
fn a_rate_that_is_used_up_is_told_at_once() {
    let Some(case) = Case::new(&DOCKER_HUB) else { return };
    case.stock("library/busybox", "latest");
    case.big.limit(Some("0;w=21600"));
    let start = std::time::Instant::now();
    let line = case.refused(&words(&case.pull("busybox")), "");
    assert!(line.contains("429 TOOMANYREQUESTS: You have reached your") && line.contains("pull rate limit"), "{line}");
    assert!(start.elapsed().as_secs() < 5, "nobody waits six hours");
    let asked = case.web.log().iter().filter(|line| line.ends_with(": 429")).count();
    assert_eq!(asked, 1, "asking again does not help: {:#?}", case.web.log());
    // Some of it is left, and the registry is only busy.
    case.big.limit(Some("76;w=21600"));
    case.big.busy_once();
    case.ok(&words(&case.pull("busybox")), "");
}

#[test]
fn an_image_goes_to_ghcr_and_back() {
    let Some(case) = Case::new(&GHCR) else { return };
    // Its first challenge names a repository that nobody has.
    case.ok(&["login", "ghcr.io", "ada"], PASSWORD);
    assert!(case.web.log().iter().any(|line| line.contains("scope=repository:user/image:pull with Basic: 200")));
    let parts = case.fixture.image("ghcr.io/ada/quotes:1");
    case.ok(&["push", &case.fixture.store_path(), "ghcr.io/ada/quotes:1"], "");
    let other = RegistryFixture::new();
    case.ok(&["pull", &other.store_path(), "ghcr.io/ada/quotes:1"], "");
    assert_eq!(other.named("ghcr.io/ada/quotes:1"), Some(parts.manifest.digest.to_string()));
    let log = case.web.log();
    assert!(log.iter().all(|line| !line.contains("with Basic") || line.contains("ghcr.io/token?")), "{log:#?}");
    assert!(log.iter().all(|line| !line.contains(GHCR.storage) || !line.contains(" with ")), "{log:#?}");
}

#[test]
fn ghcr_gives_nobody_a_token_for_what_is_private() {
    let Some(case) = Case::new(&GHCR) else { return };
    case.stock("ada/private", "1");
    case.stock("ada/public", "1");
    let line = case.refused(&words(&case.pull("ghcr.io/ada/private:1")), "");
    assert!(line.contains("galley login ghcr.io"), "{line}");
    case.ok(&words(&case.pull("ghcr.io/ada/public:1")), "");
    case.ok(&["login", "ghcr.io", "ada"], PASSWORD);
    case.ok(&words(&case.pull("ghcr.io/ada/private:1")), "");
}
