//! What goes wrong on order.

use std::time::Duration;

use crate::http::{Request, Response};

/// A fault, and the request that it strikes.
#[derive(Clone, Debug)]
pub struct Fault {
    /// `GET`, `PUT`, …; empty for any.
    pub method: String,
    /// A part of the path, such as `/blobs/`; empty for any.
    pub path: String,
    pub kind: Kind,
    /// How many requests that match pass before it strikes.
    pub skip: usize,
}

/// What happens to the request.
#[derive(Clone, Debug)]
pub enum Kind {
    /// It is refused with this status, code and message, and nothing is done.
    Refuse { status: u16, code: String, message: String },
    /// It is sent elsewhere with a 307.
    Redirect(String),
    /// The connection breaks after this many bytes of the answer's body; with 0 there
    /// is no answer at all.
    Drop(u64),
    /// The connection breaks after this many bytes of the request's body, which stay in
    /// an upload.
    Cut(u64),
    /// The last byte of the answer's body is wrong.
    Corrupt,
    /// The `Docker-Content-Digest` header names another digest.
    WrongDigest,
    /// Before each 64 KiB of the answer's body the server waits.
    Slow(Duration),
}

/// Removes and returns the first ordered fault that matches the request and is due.
pub fn take(faults: &mut Vec<Fault>, request: &Request<'_>) -> Option<Kind> {
    let strikes = |fault: &mut Fault| {
        let method = fault.method.is_empty() || fault.method == request.method;
        if !method || !request.path.contains(&fault.path) {
            return false;
        }
        let due = fault.skip == 0;
        fault.skip = fault.skip.saturating_sub(1);
        due
    };
    let index = faults.iter_mut().position(strikes)?;
    Some(faults.remove(index).kind)
}

impl Fault {
    pub fn new(method: &str, path: &str, kind: Kind) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), kind, skip: 0 }
    }

    /// Lets this many matching requests pass first.
    pub fn after(self, skip: usize) -> Self {
        Self { skip, ..self }
    }

    /// Reads `METHOD,PART-OF-PATH,KIND`, as the command line has it; a kind is
    /// `429`, `drop=100`, `cut=100`, `corrupt`, `wrong-digest`, `slow=50` (milliseconds) or
    /// `redirect=URL`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ',');
        let (method, path, kind) = (parts.next()?, parts.next()?, parts.next()?);
        let kind = match kind.split_once('=') {
            Some(("drop", bytes)) => Kind::Drop(bytes.parse().ok()?),
            Some(("cut", bytes)) => Kind::Cut(bytes.parse().ok()?),
            Some(("slow", milliseconds)) => Kind::Slow(Duration::from_millis(milliseconds.parse().ok()?)),
            Some(("redirect", url)) => Kind::Redirect(url.to_owned()),
            None if kind == "corrupt" => Kind::Corrupt,
            None if kind == "wrong-digest" => Kind::WrongDigest,
            None => {
                Kind::Refuse { status: kind.parse().ok()?, code: "TOOMANYREQUESTS".into(), message: "on order".into() }
            }
            Some(_) => return None,
        };
        Some(Self::new(method, path, kind))
    }
}

impl Kind {
    /// The answer given instead of the right one.
    pub fn instead(&self) -> Option<Response> {
        match self {
            Self::Refuse { status, code, message } => {
                let response = Response::error(*status, code, message);
                Some(if *status == 429 { response.with("Retry-After", "1") } else { response })
            }
            Self::Redirect(url) => Some(Response::new(307).with("Location", url)),
            _ => None,
        }
    }

    /// Spoils the right answer.
    pub fn spoil(&self, response: &mut Response) {
        match self {
            Self::Drop(after) => {
                response.drop_after = Some(*after);
                response.closes = true;
            }
            Self::Corrupt => response.corrupt = true,
            Self::Slow(pause) => response.pause = Some(*pause),
            Self::WrongDigest => {
                for (name, value) in &mut response.headers {
                    if name == "Docker-Content-Digest" {
                        *value = format!("sha256:{}", "0".repeat(64));
                    }
                }
            }
            Self::Refuse { .. } | Self::Redirect(_) | Self::Cut(_) => {}
        }
    }
}
