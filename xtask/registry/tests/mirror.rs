//! A registry that mirrors another one.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

use registry_server::{Fault, Kind, Options, Server};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A registry that wants tokens, as the big ones do, and a mirror of it.
fn pair() -> (Server, Server) {
    let upstream = Server::start(Options { tokens: true, ..Options::default() }).unwrap();
    let address = Some(format!("http://{}", upstream.address()));
    let mirror = Server::start(Options { mirror: address, ..Options::default() }).unwrap();
    (upstream, mirror)
}

/// Status and body of a request to the mirror.
fn ask(mirror: &Server, method: &str, path: &str) -> (u16, String) {
    let request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", mirror.address()));
    let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent();
    let mut answer = agent.run(request.body(()).unwrap()).unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

fn asked(upstream: &Server, part: &str) -> usize {
    upstream.log().iter().filter(|entry| entry.path.contains(part) && entry.status == 200).count()
}

#[test]
fn what_is_missing_is_fetched_once() {
    let (upstream, mirror) = pair();
    let digest = upstream.add_blob("library/base", b"bytes").unwrap();
    let path = format!("/v2/library/base/blobs/{digest}");
    for _ in 0..3 {
        assert_eq!(ask(&mirror, "GET", &path), (200, "bytes".to_owned()));
    }
    assert_eq!(asked(&upstream, "/blobs/"), 1, "{:?}", upstream.log());
    // A class asks at the same time.
    let digest = upstream.add_blob("library/base", b"more bytes").unwrap();
    let path = format!("/v2/library/base/blobs/{digest}");
    upstream.order(Fault::new("GET", "/blobs/", Kind::Slow(std::time::Duration::from_millis(100))));
    std::thread::scope(|scope| {
        let pupils: Vec<_> = (0..8).map(|_| scope.spawn(|| ask(&mirror, "GET", &path))).collect();
        pupils.into_iter().for_each(|pupil| assert_eq!(pupil.join().unwrap().1, "more bytes"));
    });
    assert_eq!(asked(&upstream, &digest), 1, "{:?}", upstream.log());
}

#[test]
fn tags_are_asked_for_each_time_and_outlive_their_registry() {
    let (upstream, mirror) = pair();
    upstream.add_manifest("library/base", "1", MANIFEST, b"{}").unwrap();
    let path = "/v2/library/base/manifests/1";
    assert_eq!(ask(&mirror, "GET", path), (200, "{}".to_owned()));
    upstream.add_manifest("library/base", "1", MANIFEST, b"{ }").unwrap();
    assert_eq!(ask(&mirror, "GET", path), (200, "{ }".to_owned()), "the tag was moved");
    assert_eq!(ask(&mirror, "HEAD", path).0, 200);
    for kind in [Kind::Refuse { status: 429, code: "TOOMANYREQUESTS".into(), message: String::new() }, Kind::Drop(0)] {
        upstream.order(Fault::new("GET", "/manifests/", kind));
        assert_eq!(ask(&mirror, "GET", path), (200, "{ }".to_owned()));
    }
    upstream.order(Fault::parse("GET,/manifests/,404").unwrap());
    assert_eq!(ask(&mirror, "GET", path).0, 404, "a tag that was removed is not kept alive");
    drop(upstream);
    assert_eq!(ask(&mirror, "GET", path), (200, "{ }".to_owned()));
    let (status, text) = ask(&mirror, "GET", "/v2/library/other/manifests/1");
    assert!(status == 502 && text.contains("http://127.0.0.1"), "{status} {text}");
}

#[test]
fn wrong_bytes_are_not_kept_and_pushes_not_taken() {
    let (upstream, mirror) = pair();
    let digest = upstream.add_blob("library/base", b"bytes").unwrap();
    let path = format!("/v2/library/base/blobs/{digest}");
    for kind in [Kind::Corrupt, Kind::Drop(2)] {
        upstream.order(Fault::new("GET", "/blobs/", kind));
        assert!(ask(&mirror, "GET", &path).0 >= 500);
        assert!(!mirror.blob_path(&digest).exists());
    }
    assert_eq!(ask(&mirror, "GET", &path).0, 200);
    assert_eq!(ask(&mirror, "GET", "/v2/library/none/manifests/1").0, 404);
    for (method, path) in [("POST", "/v2/a/b/blobs/uploads/"), ("PUT", "/v2/a/b/manifests/1"), ("DELETE", &path)] {
        let (status, text) = ask(&mirror, method, path);
        assert!(status == 405 && text.contains("mirror"), "{method}: {status} {text}");
    }
    assert!(Server::start(Options { mirror: Some("docker.io".into()), ..Options::default() }).is_err());
}
