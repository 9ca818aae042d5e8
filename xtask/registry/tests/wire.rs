//! The registry on the wire, beyond what the chapter's client asks of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

use std::io::{Read, Write};
use std::net::TcpStream;

use registry_server::{Fault, Kind, Options, Server};

/// Sends one request as it is and returns the whole answer.
fn raw(server: &Server, text: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    // A connection that is dropped on order ends in an error: that is an answer too.
    let _ = stream.read_to_string(&mut answer);
    answer
}

/// A request with a body, on a connection of its own.
fn ask(server: &Server, line: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    raw(
        server,
        &format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"),
    )
}

fn location(answer: &str) -> String {
    answer.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap().to_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

/// SHA-256 of "hello".
const HELLO: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

#[test]
fn chunks_arrive_in_their_order() {
    let server = Server::start(Options::default()).unwrap();
    let upload = location(&ask(&server, "POST /v2/a/b/blobs/uploads/", "", ""));
    let first = ask(&server, &format!("PATCH {upload}"), "Content-Range: 0-1\r\n", "he");
    assert_eq!(status(&first), "202");
    assert!(first.contains("Range: 0-1\r\n"), "{first}");
    let gap = ask(&server, &format!("PATCH {upload}"), "Content-Range: 3-4\r\n", "lo");
    assert_eq!(status(&gap), "416");
    assert!(ask(&server, &format!("GET {upload}"), "", "").contains("Range: 0-1\r\n"));
    assert_eq!(status(&ask(&server, &format!("PATCH {upload}"), "Content-Range: 2-3\r\n", "ll")), "202");
    assert_eq!(status(&ask(&server, &format!("PUT {upload}&digest={HELLO}"), "", "o")), "201");
    assert!(ask(&server, &format!("GET /v2/a/b/blobs/{HELLO}"), "", "").ends_with("\r\n\r\nhello"));
}

#[test]
fn a_body_may_be_chunked_and_wait_for_a_word() {
    let server = Server::start(Options::default()).unwrap();
    let upload = location(&ask(&server, "POST /v2/a/b/blobs/uploads/", "", ""));
    let answer = raw(
        &server,
        &format!(
            "PUT {upload}&digest={HELLO} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n\
             Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: t\r\n\r\n"
        ),
    );
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 "), "{answer}");
}

#[test]
fn blobs_belong_to_repositories_and_can_be_mounted() {
    let server = Server::start(Options::default()).unwrap();
    server.add_blob("a/b", b"hello").unwrap();
    assert_eq!(status(&ask(&server, &format!("HEAD /v2/c/d/blobs/{HELLO}"), "", "")), "404");
    let mount = format!("POST /v2/c/d/blobs/uploads/?mount={HELLO}&from=a/b");
    assert_eq!(status(&ask(&server, &mount, "", "")), "201");
    assert_eq!(status(&ask(&server, &format!("HEAD /v2/c/d/blobs/{HELLO}"), "", "")), "200");
    assert_eq!(status(&ask(&server, &format!("DELETE /v2/c/d/blobs/{HELLO}"), "", "")), "202");
    assert_eq!(status(&ask(&server, &format!("HEAD /v2/a/b/blobs/{HELLO}"), "", "")), "200");
    let wrong = ask(&server, &format!("POST /v2/a/b/blobs/uploads/?digest={HELLO}"), "", "help!");
    assert!(wrong.contains("DIGEST_INVALID"), "{wrong}");
}

#[test]
fn tags_come_in_pages() {
    let server = Server::start(Options::default()).unwrap();
    for tag in ["c", "a", "b"] {
        server.add_manifest("x/y", tag, "application/vnd.oci.image.manifest.v1+json", b"{}").unwrap();
    }
    assert!(ask(&server, "GET /v2/x/y/tags/list", "", "").ends_with(r#"{"name":"x/y","tags":["a","b","c"]}"#));
    let page = ask(&server, "GET /v2/x/y/tags/list?n=2", "", "");
    assert!(page.contains("Link: </v2/x/y/tags/list?n=2&last=b>") && page.ends_with(r#"["a","b"]}"#), "{page}");
    assert!(ask(&server, "GET /v2/x/y/tags/list?n=2&last=b", "", "").ends_with(r#"["c"]}"#));
    assert!(ask(&server, "GET /v2/_catalog", "", "").ends_with(r#"{"repositories":["x/y"]}"#));
    assert_eq!(status(&ask(&server, "GET /v2/no/thing/tags/list", "", "")), "404");
}

#[test]
fn names_cannot_lead_out() {
    let server = Server::start(Options::default()).unwrap();
    for path in
        ["/v2/../x/blobs/uploads/", "/v2/a/../../x/blobs/uploads/", "/v2/A/blobs/uploads/", "/v2//blobs/uploads/"]
    {
        assert_eq!(status(&ask(&server, &format!("POST {path}"), "", "")), "400", "{path}");
    }
    for path in ["/v2/a/manifests/..", "/v2/a/blobs/sha256:../../x"] {
        let answer = ask(&server, &format!("GET {path}"), "", "");
        assert!(matches!(status(&answer), "400" | "404"), "{path}: {answer}");
    }
    for id in ["..", "../index", "..%2f.."] {
        let state: String = id.chars().rev().collect();
        let answer = ask(&server, &format!("PUT /v2/a/blobs/uploads/{id}?state={state}"), "", "x");
        assert!(answer.contains("BLOB_UPLOAD_UNKNOWN"), "{id}: {answer}");
    }
}

#[test]
fn faults_strike_once() {
    let server = Server::start(Options::default()).unwrap();
    server.add_blob("a/b", b"hello").unwrap();
    let get = format!("GET /v2/a/b/blobs/{HELLO}");
    for (kind, end) in
        [("429", "TOOMANYREQUESTS"), ("drop=2", "\r\n\r\nhe"), ("corrupt", "helln"), ("redirect=http://x/", "x/")]
    {
        server.order(Fault::parse(&format!("GET,/blobs/,{kind}")).unwrap());
        let answer = ask(&server, &get, "", "");
        assert!(answer.contains(end), "{kind}: {answer}");
        assert!(ask(&server, &get, "", "").ends_with("\r\n\r\nhello"), "{kind} struck twice");
    }
    server.order(Fault::new("GET", "", Kind::Drop(0)));
    assert_eq!(ask(&server, &get, "", ""), "");
    assert!(Fault::parse("GET,/blobs/,fire").is_none());
}
