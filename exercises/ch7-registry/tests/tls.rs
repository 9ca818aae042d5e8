//! A registry over TLS, with a certificate authority made for the test. Debian's
//! docker-registry and openssl are needed; without them the tests are skipped.
//!
//! The registry is called by the address 0.0.0.0, which leads to this machine but
//! is none of the names that plain HTTP is spoken with.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use images::{Store, spec};
use registry_server::{Options, Server};
use tempfile::TempDir;

fn missing(tools: &[&str]) -> bool {
    let missing = tools.iter().find(|tool| Command::new(tool).arg("version").output().is_err());
    if let Some(tool) = missing {
        eprintln!("skipped: {tool} is not installed; `cargo xtask setup` installs it");
    }
    missing.is_some()
}

/// An authority, and a certificate that it gave the host 0.0.0.0.
struct Certificates(TempDir);

const CONFIG: &str = "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\n\
    [leaf]\nbasicConstraints=CA:FALSE\nsubjectAltName=IP:0.0.0.0\n";

impl Certificates {
    fn new() -> Self {
        let made = Self(checks::scratch());
        fs::write(made.path("config"), CONFIG).unwrap();
        made.openssl("ca", &[]);
        let (authority, key) = (made.path("ca.pem"), made.path("ca.key"));
        made.openssl("leaf", &["-CA".as_ref(), &authority, "-CAkey".as_ref(), &key]);
        made
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn openssl(&self, name: &str, more: &[&Path]) {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-extensions", name]);
        openssl.args(["-subj", &format!("/CN=galley {name}"), "-config"]).arg(self.path("config"));
        openssl.arg("-keyout").arg(self.path(&format!("{name}.key")));
        openssl.arg("-out").arg(self.path(&format!("{name}.pem"))).args(more);
        let output = openssl.output().unwrap();
        assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// docker-registry over TLS, until dropped.
struct Registry {
    child: Child,
    /// `0.0.0.0:PORT`
    address: String,
}

impl Registry {
    fn start(certificates: &Certificates) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let root = certificates.0.path().display();
        let config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {root}/data}}}}\n\
             http: {{addr: 127.0.0.1:{port}, tls: {{certificate: {root}/leaf.pem, key: {root}/leaf.key}}}}\n"
        );
        fs::write(certificates.path("config.yml"), config).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(certificates.path("config.yml")).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let listening = lines.by_ref().any(|line| line.contains("listening on"));
        std::thread::spawn(move || lines.for_each(drop));
        assert!(listening, "docker-registry did not start");
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        Self { child, address: format!("0.0.0.0:{port}") }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the chapter's program; what it printed, if it failed as an error.
fn run(arguments: &[&str], environment: &[(&str, &Path)]) -> Result<String, String> {
    let mut command = Command::new(checks::program_path(env!("CARGO_BIN_EXE_registry")));
    for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(proxy);
    }
    command.args(arguments).env("DOCKER_CONFIG", "/nowhere").env_remove("SSL_CERT_FILE");
    let output = command.envs(environment.iter().copied()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(text) } else { Err(text) }
}

/// The error, which must be one line with these words.
fn refused(result: Result<String, String>, words: &str) {
    let text = result.unwrap_err();
    assert!(text.lines().count() == 1 && text.contains(words), "no line with '{words}': {text}");
}

#[test]
fn an_image_goes_over_tls_and_back() {
    if missing(&["docker-registry", "openssl"]) {
        return;
    }
    let (certificates, stores) = (Certificates::new(), checks::scratch());
    let registry = Registry::start(&certificates);
    let authority = certificates.path("ca.pem");
    let trust = [("SSL_CERT_FILE", authority.as_path())];
    let (from, to) = (stores.path().join("from"), stores.path().join("to"));
    let name = format!("{}/ada/quotes:1", registry.address);
    let store = Store::open(&from).unwrap();
    let layer = store.write_layer(archive::files(&certificates.path("")).unwrap(), &mut |_| {}).unwrap();
    let descriptor = store.add_image(&spec::ImageConfiguration::default(), &[layer]).unwrap();
    storage::tags::set(&store, &name, &descriptor).unwrap();
    run(&["push", from.to_str().unwrap(), &name], &trust).unwrap();
    run(&["pull", to.to_str().unwrap(), &name], &trust).unwrap();
    let pulled = storage::tags::find(&Store::open(&to).unwrap(), &name).unwrap().unwrap();
    assert_eq!(pulled.descriptor.digest(), descriptor.digest());
}

#[test]
fn who_cannot_prove_his_name_is_refused() {
    if missing(&["docker-registry", "openssl"]) {
        return;
    }
    let (certificates, others) = (Certificates::new(), Certificates::new());
    let registry = Registry::start(&certificates);
    let ping = |file: &Path| run(&["ping", &registry.address], &[("SSL_CERT_FILE", file)]);
    refused(ping(&others.path("ca.pem")), "SSL_CERT_FILE");
    refused(run(&["ping", &registry.address], &[]), "not trusted");
    refused(ping(&certificates.path("config.yml")), "PEM");
    refused(ping(&certificates.path("nothing")), "nothing");
    // The right authority, but a certificate for another name.
    let port = registry.address.rsplit(':').next().unwrap();
    let address = format!("https://127.0.0.1:{port}/v2/ada/quotes/blobs/x");
    let server = Server::start(Options::default()).unwrap();
    let kind = registry_server::Kind::Redirect(address);
    server.order(registry_server::Fault::new("GET", "/blobs/", kind));
    let store = certificates.path("store");
    let (name, digest) = (format!("{}/ada/quotes", server.address()), format!("sha256:{}", "0".repeat(64)));
    let pull = ["pull-blob", store.to_str().unwrap(), &name, &digest, "1"];
    refused(run(&pull, &[("SSL_CERT_FILE", &certificates.path("ca.pem"))]), "not trusted");
    ping(&certificates.path("ca.pem")).unwrap();
}

#[test]
fn plain_http_is_spoken_where_it_was_asked_for() {
    let server = Server::start(Options::default()).unwrap();
    let address = format!("0.0.0.0:{}", server.address().port());
    refused(run(&["ping", &address], &[]), "GET https://0.0.0.0");
    assert!(server.log().is_empty(), "a request was sent in the clear");
    let other = run(&["ping", &address], &[("GALLEY_INSECURE_REGISTRIES", Path::new("0.0.0.0:1"))]);
    refused(other, "GET https://0.0.0.0");
    let list = format!("shelf.example:80,{address}");
    run(&["ping", &address], &[("GALLEY_INSECURE_REGISTRIES", Path::new(&list))]).unwrap();
    assert_eq!(server.log().len(), 1);
}

#[test]
fn a_server_without_tls_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("0.0.0.0:{}", listener.local_addr().unwrap().port());
    // What most web servers say to the first message of TLS.
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let _ = (&stream).read(&mut [0; 4096]);
            let _ = (&stream).write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n");
        }
    });
    refused(run(&["ping", &address], &[]), "GALLEY_INSECURE_REGISTRIES");
}
