//! The server: accepts connections, and answers the requests of each in a thread of
//! its own.

use std::collections::HashMap;
use std::io::{self, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use tempfile::TempDir;

use crate::auth::Access;
use crate::fault::{self, Fault, Kind};
use crate::http;
use crate::lock::Lock;
use crate::log::Entry;
use crate::mirror::Mirror;
use crate::routes::Registry;
use crate::storage::Storage;

/// How to start a [`Server`]. The default listens on a free port of 127.0.0.1,
/// stores its files in a directory that vanishes with it, and requires no login.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: Option<SocketAddr>,
    /// Where to store blobs and manifests; created if missing.
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

/// What every connection's thread shares.
struct Shared {
    registry: Registry,
    faults: Lock<Vec<Fault>>,
    log: Lock<Vec<Entry>>,
    print: AtomicBool,
    stopping: AtomicBool,
    /// Copies of the open connections, to end them when the server ends.
    connections: Lock<HashMap<usize, TcpStream>>,
}

impl Shared {
    fn record(&self, entry: Entry) {
        if self.print.load(Ordering::Relaxed) {
            println!("{entry}");
        }
        self.log.lock().push(entry);
    }
}

/// A running registry; it ends, with its temporary files, when dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
    /// Where it stores everything, unless a directory was given; it vanishes with the server.
    _temporary: Option<TempDir>,
}

impl Server {
    /// Binds the address and answers from threads of this process.
    ///
    /// # Errors
    /// The address is taken, or the root directory cannot be made.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0))))?;
        let address = listener.local_addr()?;
        let temporary = match options.root {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("registry-server-").tempdir()?),
        };
        let root = options.root.as_deref().or(temporary.as_ref().map(TempDir::path)).unwrap_or(Path::new("."));
        let shared = Arc::new(Shared {
            registry: Registry {
                storage: Storage::open(root)?,
                access: Access::new(options.auth, options.tokens),
                mirror: options.mirror.as_deref().map(Mirror::of).transpose()?,
                whole_locations: options.whole_locations,
            },
            faults: Lock::default(),
            log: Lock::default(),
            print: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            connections: Lock::default(),
        });
        let for_thread = Arc::clone(&shared);
        let accepting = Some(thread::spawn(move || accept(&listener, &for_thread)));
        Ok(Self { address, shared, accepting, _temporary: temporary })
    }

    /// Where it listens: the first part of an image's name, `127.0.0.1:40123`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every request answered so far, in order.
    pub fn log(&self) -> Vec<Entry> {
        self.shared.log.lock().clone()
    }

    /// Empties the log, so that a check sees only what comes next.
    pub fn forget(&self) {
        self.shared.log.lock().clear();
    }

    /// Orders a fault; it strikes the first admitted request that it fits, once.
    pub fn order(&self, fault: Fault) {
        self.shared.faults.lock().push(fault);
    }

    /// Takes back the faults that have not struck yet.
    pub fn calm(&self) {
        self.shared.faults.lock().clear();
    }

    /// Puts a blob into a repository without any request; returns its digest.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add_blob(&self, repository: &str, bytes: &[u8]) -> io::Result<String> {
        let digest = self.shared.registry.storage.store(bytes)?;
        self.shared.registry.storage.link(repository, "_blobs", &digest, "")?;
        Ok(digest)
    }

    /// Takes a blob out of a repository without any request, as a clean-up would.
    ///
    /// # Errors
    /// The record of it cannot be removed.
    pub fn remove_blob(&self, repository: &str, digest: &str) -> io::Result<()> {
        self.shared.registry.storage.unlink(repository, "_blobs", digest).map(drop)
    }

    /// Puts a manifest or an index into a repository, under a tag unless that is empty,
    /// without looking into it; returns its digest.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add_manifest(&self, repository: &str, tag: &str, media_type: &str, bytes: &[u8]) -> io::Result<String> {
        let digest = self.shared.registry.storage.store(bytes)?;
        self.shared.registry.storage.link(repository, "_manifests", &digest, media_type)?;
        if !tag.is_empty() {
            self.shared.registry.storage.link(repository, "_tags", tag, &digest)?;
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
        self.shared.registry.storage.blob_path(digest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // The thread sits in accept(2); a connection wakes it.
        drop(TcpStream::connect(self.address));
        for connection in self.shared.connections.lock().values() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
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
        shared.connections.lock().insert(number, copy);
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            if let Err(error) = serve(&stream, &shared)
                && shared.print.load(Ordering::Relaxed)
                // Clients that hang up, or that try TLS first, are not worth a message.
                && error.kind() == io::ErrorKind::Other
            {
                eprintln!("connection ended: {error}");
            }
            // Closing is not enough: the copy would hold the connection open.
            let _ = stream.shutdown(Shutdown::Both);
            shared.connections.lock().remove(&number);
        });
    }
}

/// Answers the requests of one connection until the client ends it.
fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(mut request) = http::Request::read(&mut reader, stream)? {
        // A fault waits for a request that got past the 401, as real ones do.
        let admitted = shared.registry.refuse(&request).is_none();
        let struck = if admitted { fault::take(&mut shared.faults.lock(), &request) } else { None };
        if let Some(Kind::Cut(after)) = struck {
            shared.registry.cut(&mut request, after)?;
            shared.record(request.entry(0));
            break;
        }
        let mut response = match struck.as_ref().and_then(fault::Kind::instead) {
            Some(response) => response,
            None => shared.registry.answer(&mut request),
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
