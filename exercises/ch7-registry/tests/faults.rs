//! Every fault at every request of a push and of a pull, in turn. Each ends in
//! success or in one clear line, nothing that was there is lost, and the next try
//! completes and sends only what is missing.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

#[path = "checks/common.rs"]
#[allow(dead_code, reason = "the checks need more of it than this test")]
mod common;

use std::fs;

use common::{Outcome, Parts, RegistryFixture, open, same};
use registry_server::{Fault, Kind, Server};

/// What may pass if it is tried again…
fn passing() -> Vec<Kind> {
    let busy = Kind::Refuse { status: 503, code: "UNAVAILABLE".into(), message: "on order".into() };
    let slow = Kind::Slow(std::time::Duration::from_millis(1));
    vec![busy, slow, Kind::Drop(0), Kind::Drop(100), Kind::Cut(0), Kind::Cut(100)]
}

/// …and what may not, at least not without a pause.
fn lasting() -> Vec<Kind> {
    let refuse = |status| Kind::Refuse { status, code: "DENIED".into(), message: "on order".into() };
    // Nobody listens on port 1.
    let elsewhere = Kind::Redirect("http://127.0.0.1:1/".to_owned());
    vec![refuse(401), refuse(403), refuse(404), refuse(429), refuse(501), Kind::Corrupt, Kind::WrongDigest, elsewhere]
}

/// An image, its maker's store, and a registry.
struct Case {
    fixture: RegistryFixture,
    server: Server,
    name: String,
    parts: Parts,
}

impl Case {
    fn new() -> Self {
        let (fixture, server) = (RegistryFixture::new(), open());
        let name = format!("{}/ada/quotes:1", server.address());
        let parts = fixture.image(&name);
        Self { fixture, server, name, parts }
    }

    fn blobs(&self) -> Vec<String> {
        self.parts.layers.iter().chain([&self.parts.config]).map(|blob| blob.digest.to_string()).collect()
    }

    fn run(&self, fixture: &RegistryFixture, word: &str) -> Outcome {
        fixture.run(&[word, &fixture.store_path(), &self.name])
    }

    /// Requests of that method for blobs, since the log was emptied.
    fn sent(&self, method: &str) -> usize {
        self.server.log().iter().filter(|entry| entry.method == method && entry.path.contains("/blobs/")).count()
    }

    fn is_at(&self, fixture: &RegistryFixture) {
        for digest in self.blobs().into_iter().chain([self.parts.manifest.digest.to_string()]) {
            same(&fixture.store.blob_path(&digest.parse().unwrap()), &self.server.blob_path(&digest), "a blob");
        }
    }
}

/// One clear line, unless the program succeeded. Whether it did.
fn outcome(outcome: Outcome, what: &str) -> bool {
    let line = outcome.err.lines().count() == 1 && outcome.err.trim().len() > "registry: ".len();
    assert!(outcome.code == 0 || (outcome.code == 1 && line), "{what}: {} and '{}'", outcome.code, outcome.err);
    outcome.code == 0
}

/// How many requests there are when nothing goes wrong.
fn requests(word: &str) -> usize {
    let case = Case::new();
    if word == "push" {
        case.run(&case.fixture, word).ok("a push without a fault");
    } else {
        case.parts.stock(&case.server, &case.fixture, "ada/quotes", "1");
        case.run(&RegistryFixture::new(), word).ok("a pull without a fault");
    }
    case.server.log().len()
}

fn push(fault: Kind, at: usize, retries: u32) -> bool {
    let what = format!("push, {fault:?} at request {at}, {retries} retries");
    let mut case = Case::new();
    case.fixture.retries = retries;
    case.server.order(Fault::new("", "", fault).after(at));
    let before = case.fixture.named(&case.name);
    let first = outcome(case.run(&case.fixture, "push"), &what);
    assert_eq!(case.fixture.named(&case.name), before, "{what}: the store lost the image's name");
    if first {
        case.is_at(&case.fixture);
    }
    case.server.calm();
    case.server.forget();
    let missing = case.blobs().iter().filter(|digest| !case.server.blob_path(digest).exists()).count();
    case.run(&case.fixture, "push").ok(&format!("{what}: the next push should complete"));
    case.is_at(&case.fixture);
    assert_eq!(case.sent("PUT"), missing, "{what}: the next push should send what is missing, and no more");
    first
}

fn pull(fault: Kind, at: usize, retries: u32) -> bool {
    let what = format!("pull, {fault:?} at request {at}, {retries} retries");
    let (case, mut fixture) = (Case::new(), RegistryFixture::new());
    fixture.retries = retries;
    case.parts.stock(&case.server, &case.fixture, "ada/quotes", "1");
    // Something that was there before, and must be there afterwards.
    let old = fixture.image("localhost:1/ada/old:1");
    case.server.order(Fault::new("", "", fault).after(at));
    let first = outcome(case.run(&fixture, "pull"), &what);
    assert_eq!(fixture.named(&case.name).is_some(), first, "{what}: an image has a name if it was pulled");
    assert_eq!(fs::read_dir(fixture.store.root().join("tmp")).unwrap().count(), 0, "{what}: leftovers");
    assert_eq!(fixture.named("localhost:1/ada/old:1"), Some(old.manifest.digest.to_string()), "{what}");
    case.server.calm();
    case.server.forget();
    let missing = case.blobs().iter().filter(|digest| !fixture.store.has(&digest.parse().unwrap())).count();
    case.run(&fixture, "pull").ok(&format!("{what}: the next pull should complete"));
    case.is_at(&fixture);
    assert_eq!(case.sent("GET"), missing, "{what}: the next pull should fetch what is missing, and no more");
    first
}

/// Tries each fault at each request. Most of the time is spent waiting, so all
/// requests have their turn at the same time.
fn each(word: &str, faults: impl Fn() -> Vec<Kind> + Sync, one: impl Fn(Kind, usize) + Sync) {
    std::thread::scope(|scope| {
        for at in 0..requests(word) {
            let (faults, one) = (&faults, &one);
            scope.spawn(move || faults().into_iter().for_each(|fault| one(fault, at)));
        }
    });
}

fn all() -> Vec<Kind> {
    passing().into_iter().chain(lasting()).collect()
}

#[test]
fn pushes_end_in_success_or_one_line() {
    each("push", all, |fault, at| {
        push(fault, at, 0);
    });
}

#[test]
fn pulls_end_in_success_or_one_line() {
    each("pull", all, |fault, at| {
        pull(fault, at, 0);
    });
}

#[test]
fn pushes_outlive_what_passes() {
    each("push", passing, |fault, at| {
        let what = format!("{fault:?} at request {at} would pass if it were tried again");
        assert!(push(fault, at, 4), "{what}");
    });
}

#[test]
fn pulls_outlive_what_passes() {
    each("pull", passing, |fault, at| {
        let what = format!("{fault:?} at request {at} would pass if it were tried again");
        assert!(pull(fault, at, 4), "{what}");
    });
}

#[test]
fn a_registry_that_asks_for_a_pause_gets_it() {
    let mut case = Case::new();
    case.fixture.retries = 1;
    let later = || Kind::Refuse { status: 429, code: "TOOMANYREQUESTS".into(), message: "on order".into() };
    case.server.order(Fault::new("POST", "/uploads/", later()));
    let start = std::time::Instant::now();
    case.run(&case.fixture, "push").ok("a 429 with a Retry-After of a second");
    assert!(start.elapsed().as_secs() >= 1, "Retry-After asks for a second");
    // A registry that never has time is not asked for ever.
    case.fixture.retries = 2;
    let busy = || Kind::Refuse { status: 503, code: "UNAVAILABLE".into(), message: "not today".into() };
    (0..9).for_each(|_| case.server.order(Fault::new("HEAD", "/blobs/", busy())));
    case.server.forget();
    let outcome = case.run(&case.fixture, "push").refused("the registry never had time");
    // The blobs go at the same time, so each may have had its tries.
    for path in case.server.log().iter().map(|entry| entry.path.clone()) {
        let tries = case.server.log().iter().filter(|entry| entry.path == path).count();
        assert!(tries <= 3, "{path}: one request and two more tries, not {tries}: {}", outcome.err);
    }
    assert!(case.server.log().len() >= 3, "it was tried again: {}", outcome.err);
}

#[test]
fn large_blobs_go_on_where_they_stopped() {
    let mut case = Case::new();
    case.fixture.retries = 4;
    let bytes: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let blob = case.fixture.store.write_blob(&mut &bytes[..]).unwrap();
    let (store, digest, size) = (case.fixture.store_path(), blob.digest.to_string(), blob.size.to_string());
    for after in [1_000_000, 300_000] {
        case.server.order(Fault::new("PUT", "/uploads/", Kind::Cut(after)));
    }
    case.fixture.run(&["push-blob", &store, &case.name, &digest]).ok("a push that was cut twice");
    same(&case.server.blob_path(&digest), &case.fixture.store.blob_path(&blob.digest), "the blob");
    let begun = case.server.log().iter().filter(|entry| entry.method == "POST").count();
    assert_eq!(begun, 1, "the upload should go on, not begin anew");
    let mut fixture = RegistryFixture::new();
    fixture.retries = 4;
    // Five breaks, of which the first two count as none: more than a MiB came before.
    for after in [1_500_000, 1_200_000, 10, 10, 10] {
        case.server.order(Fault::new("GET", "/blobs/", Kind::Drop(after)));
    }
    fixture.run(&["pull-blob", &fixture.store_path(), &case.name, &digest, &size]).ok("a pull that was cut five times");
    same(&fixture.store.blob_path(&blob.digest), &case.server.blob_path(&digest), "the blob");
}

/// After a first break the rest goes in pieces, of which each counts once it is
/// answered; a broken line is given up only if nothing gets through any more.
#[test]
fn what_is_left_of_a_large_blob_goes_in_pieces() {
    let mut case = Case::new();
    case.fixture.retries = 1;
    let bytes: Vec<u8> = (0..8_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let blob = case.fixture.store.write_blob(&mut &bytes[..]).unwrap();
    let digest = blob.digest.to_string();
    case.server.order(Fault::new("PUT", "/uploads/", Kind::Cut(2_000_000)));
    for _ in 0..2 {
        case.server.order(Fault::new("PATCH", "/uploads/", Kind::Cut(3_000_000)));
    }
    case.fixture
        .run(&["push-blob", &case.fixture.store_path(), &case.name, &digest])
        .ok("a push that was cut three times");
    same(&case.server.blob_path(&digest), &case.fixture.store.blob_path(&blob.digest), "the blob");
    let log = case.server.log();
    let count = |method: &str| log.iter().filter(|entry| entry.method == method).count();
    assert_eq!((count("POST"), count("PATCH"), count("PUT")), (1, 4, 2), "{log:?}");
}
