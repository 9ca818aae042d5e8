//! A proxy to a part of the world that is not there: every host that it is asked to
//! connect to is answered here, over TLS, with a certificate for that name.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The hosts that there are.
const CONFIG: &str = "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\n\
    [leaf]\nbasicConstraints=CA:FALSE\nsubjectAltName=DNS:registry-1.docker.io,DNS:auth.docker.io,\
    DNS:production.cloudflare.docker.com,DNS:ghcr.io,DNS:pkg-containers.githubusercontent.com\n";

/// A request to one of the hosts.
pub struct Received {
    pub host: String,
    pub method: String,
    /// The path with its query.
    pub target: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The target with the characters of a scope decoded.
    pub fn decoded_target(&self) -> String {
        self.target.replace("%3A", ":").replace("%2F", "/").replace("%2C", ",")
    }
}

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn body(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self { body: bytes.into(), ..self }
    }
}

type Handler = dyn Fn(&Received) -> Answer + Send + Sync;

pub struct Web {
    port: u16,
    authority: PathBuf,
    log: Arc<Mutex<Vec<String>>>,
}

impl Web {
    pub fn start(directory: &Path, handler: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Self {
        fs::create_dir_all(directory).unwrap();
        let config = Arc::new(certificates(directory));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let (notes, handler): (_, Arc<Handler>) = (Arc::clone(&log), Arc::new(handler));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (config, notes, handler) = (Arc::clone(&config), Arc::clone(&notes), Arc::clone(&handler));
                // A client that goes away ends its thread.
                std::thread::spawn(move || serve(stream, config, &notes, &*handler));
            }
        });
        Self { port, authority: directory.join("ca.pem"), log }
    }

    pub fn proxy(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The file with the certificate of the authority that all the hosts have theirs of.
    pub fn authority(&self) -> &Path {
        &self.authority
    }

    /// `METHOD host/path with Scheme: status` for each request so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub fn forget(&self) {
        self.log.lock().unwrap().clear();
    }
}

fn certificates(directory: &Path) -> ServerConfig {
    let path = |name: &str| directory.join(name);
    fs::write(path("config"), CONFIG).unwrap();
    for (name, by) in [("ca", None), ("leaf", Some("ca"))] {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days"]);
        openssl.args(["1", "-extensions", name, "-subj", &format!("/CN=galley {name}"), "-config"]);
        openssl.arg(path("config")).arg("-keyout").arg(path(&format!("{name}.key")));
        openssl.arg("-out").arg(path(&format!("{name}.pem")));
        if let Some(by) = by {
            openssl.arg("-CA").arg(path(&format!("{by}.pem"))).arg("-CAkey").arg(path(&format!("{by}.key")));
        }
        let output = openssl.output().unwrap();
        assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
    }
    let chain = CertificateDer::pem_file_iter(path("leaf.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(path("leaf.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    builder.with_no_client_auth().with_single_cert(chain, key).unwrap()
}

/// Answers one connection until its client has had enough.
fn serve(mut stream: TcpStream, config: Arc<ServerConfig>, notes: &Mutex<Vec<String>>, handler: &Handler) {
    // The client speaks TLS only after the answer, so nothing else is read here.
    let (line, _) = read_head(&mut BufReader::new(&stream)).unwrap_or_default();
    let Some(host) = line.strip_prefix("CONNECT ").and_then(|rest| rest.split(':').next()) else { return };
    if stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").is_err() {
        return;
    }
    let connection = ServerConnection::new(config).unwrap();
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    while let Some((line, headers)) = read_head(&mut reader) {
        let mut words = line.split(' ').map(str::to_owned);
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let mut asked = Received { host: host.to_owned(), method, target, headers, body: Vec::new() };
        let length = asked.header("content-length").map_or(0, |text| text.parse().unwrap());
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        asked.body = body;
        let answer = handler(&asked);
        let scheme = asked.header("authorization").and_then(|value| value.split(' ').next());
        let with = scheme.map_or_else(String::new, |scheme| format!(" with {scheme}"));
        let (method, host, target) = (&asked.method, &asked.host, asked.decoded_target());
        notes.lock().unwrap().push(format!("{method} {host}{target}{with}: {}", answer.status));
        if send(reader.get_mut(), &answer, asked.method == "HEAD").is_err() {
            return;
        }
    }
}

fn read_head(reader: &mut impl BufRead) -> Option<(String, Vec<(String, String)>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers = lines.iter().skip(1).filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    Some((lines.first()?.clone(), headers))
}

fn send(stream: &mut impl Write, answer: &Answer, head_only: bool) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Said\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    if !head_only {
        stream.write_all(&answer.body)?;
    }
    stream.flush()
}
