//! A static server on this machine only, for authors: it builds again when a source
//! changes, and open pages reload themselves.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::render;

/// Everything that a page can be made of.
const SOURCES: &[&str] = &["book.toml", "book", "solutions", "exercises"];

/// Asks for the number of the build once a second, and reloads when it changes.
const RELOAD: &str = "<script>(n=>setInterval(()=>fetch('/-/build').then(r=>r.text()).then(t=>{\
if(n&&n!==t)location.reload();n=t}).catch(()=>{}),1000))()</script></body>";

/// Serves until the program is stopped.
pub fn serve(root: &Path, port: u16, open: bool) -> Result<()> {
    let pages = render::build(root)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("cannot listen on port {port}; choose another with --port"))?;
    let address = listener.local_addr()?;
    println!("http://{address}/ - Ctrl-C stops it");
    if open {
        // `cargo xtask` says what is passed; the page's script takes it from there.
        let passed = std::env::var("GALLEY_PROGRESS").map_or_else(|_| String::new(), |passed| format!("#{passed}"));
        open_browser(&format!("http://{address}/{passed}"));
    }

    let builds = Arc::new(AtomicU64::new(1));
    let (counter, sources) = (Arc::clone(&builds), root.to_owned());
    thread::spawn(move || rebuild_on_change(&sources, &counter));
    for stream in listener.incoming().flatten() {
        let (pages, build) = (pages.clone(), builds.load(Ordering::SeqCst));
        thread::spawn(move || {
            // A browser that hangs up early is not an error.
            let _ = answer(stream, &pages, build);
        });
    }
    Ok(())
}

fn rebuild_on_change(root: &Path, builds: &AtomicU64) {
    let mut seen = newest(root);
    loop {
        thread::sleep(Duration::from_millis(400));
        let now = newest(root);
        if now == seen {
            continue;
        }
        seen = now;
        match render::build(root) {
            Ok(_) => println!("built again"),
            Err(error) => eprintln!("book-tool: {error:#}"),
        }
        builds.fetch_add(1, Ordering::SeqCst);
    }
}

/// The newest change below the sources, and how many files there are, so that a
/// removed file counts as a change too.
fn newest(root: &Path) -> (Option<SystemTime>, usize) {
    let mut state = (None, 0);
    let mut waiting: Vec<PathBuf> = SOURCES.iter().map(|name| root.join(name)).collect();
    while let Some(path) = waiting.pop() {
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            waiting.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        } else if metadata.is_file() {
            state = (state.0.max(metadata.modified().ok()), state.1 + 1);
        }
    }
    state
}

fn answer(mut stream: TcpStream, pages: &Path, build: u64) -> std::io::Result<()> {
    let mut request = String::new();
    BufReader::new(&stream).read_line(&mut request)?;
    let target = request.split_whitespace().nth(1).unwrap_or("/");
    if target == "/-/build" {
        return send(&mut stream, "200 OK", "text/plain", build.to_string().as_bytes());
    }
    let file = local_path(target).map(|path| pages.join(path));
    match file.as_deref().map(fs::read) {
        Some(Ok(bytes)) => send_page(&mut stream, "200 OK", file.as_deref().unwrap_or(pages), bytes),
        _ => {
            let page = pages.join("404.html");
            let bytes = fs::read(&page).unwrap_or_default();
            send_page(&mut stream, "404 Not Found", &page, bytes)
        }
    }
}

/// The path below the pages that a request names; none if it leads out.
fn local_path(target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
    let path =
        PathBuf::from(if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.into() });
    path.components().all(|part| matches!(part, Component::Normal(_))).then_some(path)
}

fn send_page(stream: &mut TcpStream, status: &str, path: &Path, bytes: Vec<u8>) -> std::io::Result<()> {
    let kind = media_type(path);
    if kind.starts_with("text/html") {
        let page = String::from_utf8_lossy(&bytes).replacen("</body>", RELOAD, 1);
        return send(stream, status, kind, page.as_bytes());
    }
    send(stream, status, kind, &bytes)
}

fn send(stream: &mut TcpStream, status: &str, kind: &str, body: &[u8]) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}

fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        Some("xml") => "application/xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Tries the opener of each system; prints the address when there is none.
fn open_browser(address: &str) {
    let opened = ["xdg-open", "open", "wslview"]
        .iter()
        .any(|program| Command::new(program).arg(address).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok());
    if !opened {
        println!("no program here opens a browser; go to {address} yourself");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_stays_below_the_pages() {
        assert_eq!(local_path("/"), Some(PathBuf::from("index.html")));
        assert_eq!(local_path("/a.html?q=1"), Some(PathBuf::from("a.html")));
        assert_eq!(local_path("/../Cargo.toml"), None);
        assert_eq!(local_path("/a/../../x"), None);
    }
}
