//! Chapter 7 against the tools that everybody has: Debian's docker-registry and
//! skopeo. A tool that is missing skips its test and says so.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

#[path = "peers/docker_registry.rs"]
mod docker_registry;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use docker_registry::{DockerRegistry, PASSWORD};
use images::{Digest, Store, spec};
use registry_server::{Options, Server};
use tempfile::TempDir;

/// Whether a tool is there; if not, the test ends and says why.
fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("skipped: {tool} is not installed; `cargo xtask setup` installs it");
    }
    found
}

/// A service that gives [`PASSWORD`]'s owner signed tokens (JSON Web Tokens, as
/// docker-registry wants them), and notes what was asked for.
struct TokenService {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl TokenService {
    /// Makes a key and a certificate with openssl, and answers until the process
    /// ends.
    fn start(directory: &Path) -> Self {
        let (key, certificate) = (directory.join("key.pem"), directory.join("cert.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=tokens", "-keyout"])
            .args([&key, Path::new("-out"), &certificate])
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success(), "openssl made no certificate");
        let text = fs::read_to_string(&certificate).unwrap();
        let der: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let head: Vec<_> =
                    BufReader::new(&stream).lines().map_while(Result::ok).take_while(|l| !l.is_empty()).collect();
                let login = format!("Basic {}", STANDARD.encode(format!("ada:{PASSWORD}")));
                let known = head.iter().any(|line| line.ends_with(&login));
                let target = head[0].split(' ').nth(1).unwrap_or_default().to_owned();
                let (status, body) = match known {
                    true => ("200 OK", format!(r#"{{"access_token":"{}"}}"#, sign(&key, &der, &target))),
                    false => ("401 Unauthorized", "{}".to_owned()),
                };
                notes.lock().unwrap().push(decoded(&target));
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, asked }
    }
}

/// The target of a request with the characters of a scope decoded.
fn decoded(target: &str) -> String {
    target.replace("%3A", ":").replace("%2F", "/").replace("%2C", ",")
}

/// A token for every `scope=` of the query: RFC 7515, with the certificate in it.
fn sign(key: &Path, certificate: &str, target: &str) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let target = decoded(target);
    let scopes = target.split(['?', '&']).filter_map(|pair| pair.strip_prefix("scope=repository:"));
    let access: Vec<_> = scopes
        .filter_map(|scope| scope.rsplit_once(':'))
        .map(|(name, actions)| {
            let actions: Vec<_> = actions.split(',').map(|action| format!("\"{action}\"")).collect();
            format!(r#"{{"type":"repository","name":"{name}","actions":[{}]}}"#, actions.join(","))
        })
        .collect();
    let header = format!(r#"{{"typ":"JWT","alg":"RS256","x5c":["{certificate}"]}}"#);
    let claims = format!(
        r#"{{"iss":"tokens","sub":"ada","aud":"shelf","exp":{},"nbf":{},"iat":{now},"jti":"1","access":[{}]}}"#,
        now + 60,
        now - 60,
        access.join(",")
    );
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mut openssl = Command::new("openssl");
    openssl.args(["dgst", "-sha256", "-sign"]).arg(key).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = openssl.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let signature = child.wait_with_output().unwrap().stdout;
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn docker_registry_with_tokens_takes_ours() {
    // openssl knows no --version, but ends by itself all the same.
    if !has("docker-registry") || !has("openssl") {
        return;
    }
    let (fixture, directory) = (RegistryFixture::new(), checks::scratch());
    let service = TokenService::start(directory.path());
    let auth = format!(
        "token: {{realm: 'http://{}/token?account=ada', service: shelf, issuer: tokens, rootcertbundle: {}}}",
        service.address,
        directory.path().join("cert.pem").display()
    );
    let registry = DockerRegistry::start_with(directory, &auth);
    let (success, text) = fixture.run(&["login", &registry.address, "ada"], "wrong");
    assert!(!success && text.contains("refused the login"), "{text}");
    fixture.ok(&["login", &registry.address, "ada"], PASSWORD);
    let pair = format!("ada:{PASSWORD}");
    round_trip(&fixture, &registry.address, &["--src-creds", &pair]);
    let asked = service.asked.lock().unwrap().clone();
    let push = "/token?account=ada&service=shelf&scope=repository:ada/quotes:pull,push";
    assert!(asked.iter().any(|target| target == push || target.ends_with("push,pull")), "{asked:?}");
}

/// A directory with a store, and the chapter's program.
struct RegistryFixture(TempDir);

impl RegistryFixture {
    fn new() -> Self {
        Self(checks::scratch())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn store(&self, name: &str) -> Store {
        Store::open(&self.path(name)).unwrap()
    }

    fn run(&self, arguments: &[&str], input: &str) -> (bool, String) {
        fs::write(self.path("input"), input).unwrap();
        let output = Command::new(checks::program_path(env!("CARGO_BIN_EXE_registry")))
            .args(arguments)
            .env("DOCKER_CONFIG", self.path("docker"))
            .env_remove("REGISTRY_AUTH_FILE")
            .stdin(fs::File::open(self.path("input")).unwrap())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    }

    fn ok(&self, arguments: &[&str], input: &str) -> String {
        let (success, text) = self.run(arguments, input);
        assert!(success, "{arguments:?}: {text}");
        text
    }

    /// An image of one layer that no other run has; its manifest's digest.
    fn image(&self, store: &Store, name: &str) -> Digest {
        fs::create_dir_all(self.path("layer")).unwrap();
        fs::write(self.path("layer/nonce"), checks::nonce().repeat(3000)).unwrap();
        let layer = store.write_layer(archive::files(&self.path("layer")).unwrap(), &mut |_| {}).unwrap();
        let descriptor = store.add_image(&spec::ImageConfiguration::default(), &[layer]).unwrap();
        storage::tags::set(store, name, &descriptor).unwrap();
        descriptor.digest().try_into().unwrap()
    }
}

/// skopeo, with plain HTTP allowed and an empty policy that trusts all.
fn skopeo(arguments: &[&str]) -> (bool, String) {
    let output = Command::new("skopeo").arg("--insecure-policy").args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

fn skopeo_ok(arguments: &[&str]) -> String {
    let (success, text) = skopeo(arguments);
    assert!(success, "skopeo {arguments:?}: {text}");
    text
}

/// Pushes, reads back with skopeo, pulls into another store, and compares bytes.
fn round_trip(fixture: &RegistryFixture, address: &str, credentials: &[&str]) {
    let (from, to) = (fixture.store("from"), fixture.store("to"));
    let name = format!("{address}/ada/quotes:1");
    let digest = fixture.image(&from, &name);
    let (from_path, to_path) = (fixture.path("from").display().to_string(), fixture.path("to").display().to_string());
    let first = fixture.ok(&["push", &from_path, &name], "");
    assert_eq!(first.matches(": Pushed").count(), 2, "{first}");
    let second = fixture.ok(&["push", &from_path, &name], "");
    assert_eq!(second.matches(": Already exists").count(), 2, "{second}");
    fixture.ok(&["pull", &to_path, &name], "");
    let image = storage::tags::find(&to, &name).unwrap().unwrap();
    assert_eq!(image.descriptor.digest().to_string(), digest.to_string());
    storage::layer_cache::lower_dirs(&to, image.layers(), &mut |_| {}).unwrap();
    if has("skopeo") {
        let copy = fixture.path("copy").display().to_string();
        let (source, target) = (format!("docker://{name}"), format!("dir:{copy}"));
        skopeo_ok(&[&["copy", "--src-tls-verify=false"][..], credentials, &[&source, &target]].concat());
        let manifest = fs::read(Path::new(&copy).join("manifest.json")).unwrap();
        assert_eq!(Digest::of(&manifest), digest, "skopeo got another manifest than was pushed");
    }
}

#[test]
fn docker_registry_takes_our_push_and_gives_it_back() {
    if has("docker-registry") {
        let registry = DockerRegistry::start(false);
        round_trip(&RegistryFixture::new(), &registry.address, &[]);
    }
}

#[test]
fn docker_registry_with_passwords_takes_our_login() {
    if !has("docker-registry") {
        return;
    }
    let (fixture, registry) = (RegistryFixture::new(), DockerRegistry::start(true));
    let (success, text) = fixture.run(&["login", &registry.address, "ada"], "wrong");
    assert!(!success && text.contains("refused the login"), "{text}");
    let (success, text) = fixture.run(&["ping", &registry.address], "");
    assert!(!success && text.contains("galley login"), "{text}");
    fixture.ok(&["login", &registry.address, "ada"], PASSWORD);
    let pair = format!("ada:{PASSWORD}");
    round_trip(&fixture, &registry.address, &["--src-creds", &pair]);
    fixture.ok(&["logout", &registry.address], "");
    assert!(!fixture.run(&["ping", &registry.address], "").0, "the login was still used after logout");
}

#[test]
fn skopeo_reads_the_login_that_we_store() {
    if !has("docker-registry") || !has("skopeo") {
        return;
    }
    let (fixture, registry) = (RegistryFixture::new(), DockerRegistry::start(true));
    fixture.ok(&["login", &registry.address, "ada"], PASSWORD);
    let name = format!("{}/ada/quotes:1", registry.address);
    fixture.image(&fixture.store("from"), &name);
    fixture.ok(&["push", &fixture.path("from").display().to_string(), &name], "");
    let config = fixture.path("docker/config.json").display().to_string();
    skopeo_ok(&["inspect", "--tls-verify=false", "--authfile", &config, &format!("docker://{name}")]);
}

/// What skopeo pushes in Docker's own media types, we pull.
#[test]
fn an_image_in_dockers_words_is_pulled() {
    if !has("docker-registry") || !has("skopeo") {
        return;
    }
    let (fixture, registry) = (RegistryFixture::new(), DockerRegistry::start(false));
    let name = format!("{}/ada/quotes:1", registry.address);
    fixture.image(&fixture.store("from"), &name);
    fixture.ok(&["push", &fixture.path("from").display().to_string(), &name], "");
    let other = format!("{}/ada/docker:1", registry.address);
    let (source, target) = (format!("docker://{name}"), format!("docker://{other}"));
    skopeo_ok(&["copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--format=v2s2", &source, &target]);
    fixture.ok(&["pull", &fixture.path("to").display().to_string(), &other], "");
    let store = fixture.store("to");
    let image = storage::tags::find(&store, &other).unwrap().unwrap();
    assert!(image.descriptor.media_type().to_string().contains("docker"), "{}", image.descriptor.media_type());
    storage::layer_cache::lower_dirs(&store, image.layers(), &mut |_| {}).unwrap();
    // And what was pulled is pushed on, byte for byte.
    let again = format!("{}/ada/again:1", registry.address);
    storage::tags::set(&store, &again, &image.descriptor).unwrap();
    fixture.ok(&["push", &fixture.path("to").display().to_string(), &again], "");
}

#[test]
fn our_registry_serves_skopeo() {
    if !has("skopeo") {
        return;
    }
    for (auth, tokens) in [(false, false), (true, false), (true, true), (false, true)] {
        let auth = auth.then(|| ("ada".to_owned(), PASSWORD.to_owned()));
        let pair = format!("ada:{PASSWORD}");
        let creds = |flag| if auth.is_some() { vec![flag, pair.as_str()] } else { Vec::new() };
        let server = Server::start(Options { auth: auth.clone(), tokens, ..Options::default() }).unwrap();
        let fixture = RegistryFixture::new();
        if auth.is_some() {
            fixture.ok(&["login", &server.address().to_string(), "ada"], PASSWORD);
        }
        round_trip(&fixture, &server.address().to_string(), &creds("--src-creds"));
        let source = format!("dir:{}", fixture.path("copy").display());
        let target = format!("docker://{}/grace/quotes:2", server.address());
        skopeo_ok(&[&["copy", "--dest-tls-verify=false"][..], &creds("--dest-creds"), &[&source, &target]].concat());
        let name = format!("docker://{}/grace/quotes", server.address());
        let tags = skopeo_ok(&[&["list-tags", "--tls-verify=false"][..], &creds("--creds"), &[&name]].concat());
        assert!(tags.contains("\"2\""), "{tags}");
    }
}

/// A line to another port of this machine. The connections of which one end has
/// said so many bytes break, one after the other.
fn shaky(port: u16, mut breaks: Vec<u64>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = listener.local_addr().unwrap().port();
    breaks.reverse();
    let breaks = Arc::new(Mutex::new(breaks));
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let ends = [(client.try_clone(), server.try_clone()), (Ok(server), Ok(client))];
            for (from, to) in ends.map(|(from, to)| (from.unwrap(), to.unwrap())) {
                let breaks = Arc::clone(&breaks);
                std::thread::spawn(move || carry(from, to, &breaks));
            }
        }
    });
    here
}

fn carry(mut from: TcpStream, mut to: TcpStream, breaks: &Mutex<Vec<u64>>) {
    let (mut buffer, mut passed) = (vec![0; 16 << 10], 0);
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        passed += count as u64;
        let mut breaks = breaks.lock().unwrap();
        if breaks.last().is_some_and(|bytes| passed > *bytes) {
            breaks.pop();
            break;
        }
        drop(breaks);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    for end in [from, to] {
        let _ = end.shutdown(Shutdown::Both);
    }
}

/// docker-registry forgets an upload whose piece broke, so it begins anew there; a
/// download goes on.
#[test]
fn docker_registry_is_reached_over_a_line_that_breaks() {
    if !has("docker-registry") {
        return;
    }
    let (fixture, registry) = (RegistryFixture::new(), DockerRegistry::start(false));
    let port: u16 = registry.address.rsplit_once(':').unwrap().1.parse().unwrap();
    let store = fixture.store("from");
    fs::create_dir_all(fixture.path("layer")).unwrap();
    // Multiples of an odd number look like noise to gzip.
    let noise: Vec<u8> = (0..100_000_u64).flat_map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()).collect();
    fs::write(fixture.path("layer/noise"), &noise).unwrap();
    let layer = store.write_layer(archive::files(&fixture.path("layer")).unwrap(), &mut |_| {}).unwrap();
    let descriptor = store.add_image(&spec::ImageConfiguration::default(), &[layer]).unwrap();
    let half = descriptor_sizes(&store, &descriptor).into_iter().max().unwrap() / 2;
    let pushed = format!("localhost:{}/ada/quotes:1", shaky(port, vec![half, half / 2]));
    storage::tags::set(&store, &pushed, &descriptor).unwrap();
    fixture.ok(&["push", &fixture.path("from").display().to_string(), &pushed], "");
    let pulled = format!("localhost:{}/ada/quotes:1", shaky(port, vec![half, half / 2]));
    fixture.ok(&["pull", &fixture.path("to").display().to_string(), &pulled], "");
    let image = storage::tags::find(&fixture.store("to"), &pulled).unwrap().unwrap();
    assert_eq!(image.descriptor.digest(), descriptor.digest());
    storage::layer_cache::lower_dirs(&fixture.store("to"), image.layers(), &mut |_| {}).unwrap();
}

fn descriptor_sizes(store: &Store, descriptor: &spec::Descriptor) -> Vec<u64> {
    let image = storage::Image::read(store, &descriptor.digest().try_into().unwrap()).unwrap();
    image.manifest.layers().iter().map(spec::Descriptor::size).collect()
}
