//! A small registry on localhost, for class and for the checks of chapter 7.
//!
//! It speaks what clients need of the OCI distribution specification 1.1: blobs
//! (whole, in chunks, mounted), manifests, tags, catalog; Basic and Bearer
//! authentication. It keeps everything below one directory and remembers every
//! request, so a check compares what a client *did* and not what it printed.
//! Faults can be ordered beforehand: see [`Kind`].
//!
//! - `http`: one request in, one response out, on a kept-alive connection
//! - `storage`: blobs, manifests and tags on the disk
//! - `auth`: who may do what, and the 401 that says how to ask
//! - `routes`: from method and path to storage
//! - `mirror`: what is fetched from another registry first
//! - `fault`: what goes wrong on order

mod auth;
mod fault;
mod http;
mod mirror;
mod routes;
mod storage;

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

pub use fault::{Fault, Kind};
pub use mirror::DOCKER_HUB;

/// How to start a [`Server`]. The default listens on a free port of 127.0.0.1,
/// keeps its files in a directory that vanishes with it, and asks nobody's name.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: Option<SocketAddr>,
    /// Where to keep blobs and manifests; made if missing.
    pub root: Option<PathBuf>,
    /// The one user and the password that are let in.
    pub auth: Option<(String, String)>,
    /// Ask for a Bearer token instead of the password itself. Without `auth`,
    /// anybody gets a token, as for public images of a big registry.
    pub tokens: bool,
    /// Give an upload's location as a whole address, not as a path alone.
    pub whole_locations: bool,
    /// Mirror this registry, such as [`DOCKER_HUB`], and take no pushes.
    pub mirror: Option<String>,
}

/// One request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `GET`, `HEAD`, `POST`, …
    pub method: String,
    /// The path without its query; an upload's random id is written `<upload>`.
    pub path: String,
    /// The query as sent, without the `?`.
    pub query: String,
    /// The status of the answer; 0 if the connection was dropped before it.
    pub status: u16,
    /// The whole `Authorization` header, if one came.
    pub authorization: Option<String>,
    /// The `Content-Type` header, if one came.
    pub content_type: Option<String>,
}

impl fmt::Display for Entry {
    /// `PUT /v2/ada/quotes/manifests/1 201`: no query, and never a header, for
    /// those carry digests, random state and secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.method, self.path, self.status)
    }
}

/// What every connection's thread shares.
struct Shared {
    storage: storage::Storage,
    access: auth::Access,
    mirror: Option<mirror::Mirror>,
    whole_locations: bool,
    faults: Mutex<Vec<Fault>>,
    log: Mutex<Vec<Entry>>,
    print: AtomicBool,
    stopping: AtomicBool,
    /// Copies of the open connections, to end them when the server ends.
    connections: Mutex<HashMap<usize, TcpStream>>,
}

impl Shared {
    fn record(&self, entry: Entry) {
        if self.print.load(Ordering::Relaxed) {
            println!("{entry}");
        }
        lock(&self.log).push(entry);
    }
}

/// A running registry; it ends, with its temporary files, when dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
    temporary: Option<PathBuf>,
}

impl Server {
    /// Binds the address and answers from threads of this process.
    ///
    /// # Errors
    /// The address is taken, or the root directory cannot be made.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0))))?;
        let address = listener.local_addr()?;
        let mirror = options.mirror.as_deref().map(mirror::Mirror::of).transpose()?;
        let (root, temporary) = match options.root {
            Some(root) => (root, None),
            None => temporary_root().map(|root| (root.clone(), Some(root)))?,
        };
        let shared = Arc::new(Shared {
            storage: storage::Storage::open(&root)?,
            access: auth::Access::new(options.auth, options.tokens),
            mirror,
            whole_locations: options.whole_locations,
            faults: Mutex::default(),
            log: Mutex::default(),
            print: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            connections: Mutex::default(),
        });
        let for_thread = Arc::clone(&shared);
        let accepting = Some(thread::spawn(move || accept(&listener, &for_thread)));
        Ok(Self { address, shared, accepting, temporary })
    }

    /// Where it listens: the first part of an image's name, `127.0.0.1:40123`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every request answered so far, in order.
    pub fn log(&self) -> Vec<Entry> {
        lock(&self.shared.log).clone()
    }

    /// Empties the log, so that a check sees only what comes next.
    pub fn forget(&self) {
        lock(&self.shared.log).clear();
    }

    /// Orders a fault; it strikes the first admitted request that it fits, once.
    pub fn order(&self, fault: Fault) {
        lock(&self.shared.faults).push(fault);
    }

    /// Takes back the faults that have not struck yet.
    pub fn calm(&self) {
        lock(&self.shared.faults).clear();
    }

    /// Puts a blob into a repository without any request; returns its digest.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add_blob(&self, repository: &str, bytes: &[u8]) -> io::Result<String> {
        let digest = self.shared.storage.keep(bytes)?;
        self.shared.storage.link(repository, "_blobs", &digest, "")?;
        Ok(digest)
    }

    /// Takes a blob out of a repository without any request, as a clean-up would.
    ///
    /// # Errors
    /// The record of it cannot be removed.
    pub fn remove_blob(&self, repository: &str, digest: &str) -> io::Result<()> {
        self.shared.storage.unlink(repository, "_blobs", digest).map(drop)
    }

    /// Puts a manifest or an index into a repository, under a tag if one is
    /// given, without looking into it; returns its digest.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add_manifest(&self, repository: &str, tag: &str, media_type: &str, bytes: &[u8]) -> io::Result<String> {
        let digest = self.shared.storage.keep(bytes)?;
        self.shared.storage.link(repository, "_manifests", &digest, media_type)?;
        if !tag.is_empty() {
            self.shared.storage.link(repository, "_tags", tag, &digest)?;
        }
        Ok(digest)
    }

    /// Prints each request to standard output when it is answered.
    pub fn print_requests(&self) {
        self.shared.print.store(true, Ordering::Relaxed);
    }

    /// Waits as long as the server runs: for ever, unless listening fails.
    pub fn wait(mut self) {
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
    }

    /// The file that holds a blob or a manifest, for a check that looks at, or
    /// spoils, what is stored.
    pub fn blob_path(&self, digest: &str) -> PathBuf {
        self.shared.storage.blob_path(digest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // The thread sits in accept(2); a connection wakes it.
        drop(TcpStream::connect(self.address));
        for connection in lock(&self.shared.connections).values() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
        if let Some(root) = &self.temporary {
            let _ = std::fs::remove_dir_all(root);
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, stream) in listener.incoming().enumerate() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(copy) = stream.try_clone() else { continue };
        lock(&shared.connections).insert(number, copy);
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            if let Err(error) = serve(&stream, &shared)
                && shared.print.load(Ordering::Relaxed)
                // Clients that are done, or that tried TLS first, are no news.
                && error.kind() == io::ErrorKind::Other
            {
                eprintln!("connection ended: {error}");
            }
            // Closing is not enough: the copy would hold the connection open.
            let _ = stream.shutdown(Shutdown::Both);
            lock(&shared.connections).remove(&number);
        });
    }
}

/// Answers the requests of one connection until the client ends it.
fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(mut request) = http::Request::read(&mut reader, stream)? {
        // A fault waits for a request that got past the 401, as real ones do.
        let admitted = routes::refuse(shared, &request).is_none();
        let struck = if admitted { fault::take(&mut lock(&shared.faults), &request) } else { None };
        if let Some(Kind::Cut(after)) = struck {
            routes::cut(shared, &mut request, after)?;
            shared.record(request.entry(0));
            break;
        }
        let mut response = match struck.as_ref().and_then(fault::Kind::instead) {
            Some(response) => response,
            None => routes::answer(shared, &mut request),
        };
        if let Some(kind) = &struck {
            kind.spoil(&mut response);
        }
        let keep_alive = request.finish()? && !response.closes;
        shared.record(request.entry(response.status));
        response.write(stream, request.method == "HEAD", keep_alive)?;
        if !keep_alive {
            break;
        }
    }
    Ok(())
}

fn temporary_root() -> io::Result<PathBuf> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("registry-server-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let root = std::env::temp_dir().join(name);
    // Not create_dir_all: what another user prepared there is not ours to use.
    std::fs::create_dir(&root)?;
    Ok(root)
}

/// A panic in one connection's thread must not silence the others.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// 32 hexadecimal characters from the kernel's random source.
fn random() -> io::Result<String> {
    let uuid = std::fs::read_to_string(Path::new("/proc/sys/kernel/random/uuid"))?;
    Ok(uuid.chars().filter(char::is_ascii_hexdigit).collect())
}
