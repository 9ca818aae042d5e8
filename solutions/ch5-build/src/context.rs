//! Step 3: choose the files a COPY means, and never one outside the context.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::error::Problem;

/// One file, directory or link to copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selected {
    /// Where it belongs below the target. Empty for the contents of a
    /// directory that was named itself, and for `.`.
    pub to: PathBuf,
    /// Where it is on the host.
    pub from: PathBuf,
}

/// Everything that `sources` mean below `context`, in an order that is always the same.
///
/// A source may hold `*`, `?` and `[…]`. Of a directory its contents are meant,
/// not the directory itself. What `ignored` names is left out.
///
/// # Errors
///
/// A source that names nothing, only ignored files, or a place outside the context.
pub fn select(context: &Path, sources: &[String], ignored: &Ignore) -> Result<Vec<Selected>, Problem> {
    // ANCHOR: select
    let mut selected = Vec::new();
    for source in sources {
        let pattern = inside(source)?;
        let before = selected.len();
        for found in
            matching(context, &pattern).map_err(|error| Problem::new(source, format!("cannot read: {error}")))?
        {
            let from = beneath(context, &found).map_err(|error| Problem::new(source, error.to_string()))?;
            // A directory's contents go to the target, a file keeps its name.
            let name =
                if from.is_dir() { PathBuf::new() } else { found.file_name().map(PathBuf::from).unwrap_or_default() };
            walk(&from, &found, name, ignored, &mut selected)
                .map_err(|error| Problem::new(source, format!("cannot read: {error}")))?;
        }
        if selected.len() == before {
            return Err(missing(context, source, &pattern));
        }
    }
    selected.sort();
    selected.dedup();
    Ok(selected)
    // ANCHOR_END: select
}

/// Why a source gave no file.
pub fn missing(context: &Path, source: &str, pattern: &Path) -> Problem {
    let there = context.join(pattern).symlink_metadata();
    match there {
        Ok(metadata) if metadata.is_symlink() => {
            Problem::new(source, format!("'{source}' is a link to what is not in the context"))
                .suggest("copy the file itself there")
        }
        Ok(_) => Problem::new(source, format!("'{source}' is left out by .dockerignore"))
            .suggest("add a line there that begins with !"),
        Err(_) => Problem::new(source, format!("nothing in the context is called '{source}'"))
            .suggest(format!("the context is {}", context.display())),
    }
}

/// A source without leading slashes and dots.
///
/// # Errors
///
/// `..` that climbs above the context: `COPY ../secret /` must never work.
pub fn inside(source: &str) -> Result<PathBuf, Problem> {
    let mut path = PathBuf::new();
    for part in Path::new(source).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::ParentDir if !path.pop() => {
                return Err(Problem::new(source, format!("'{source}' is outside the context"))
                    .suggest("a build sees only the files below its context directory"));
            }
            _ => {}
        }
    }
    Ok(path)
}

/// The paths below `root` that match a pattern, one component after the other.
pub fn matching(root: &Path, pattern: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.iter() {
        let mut next = Vec::new();
        for parent in &found {
            if !part.as_bytes().iter().any(|byte| b"*?[\\".contains(byte)) {
                next.extend(exists(root, &parent.join(part)).then(|| parent.join(part)));
                continue;
            }
            let directory = beneath(root, parent)?;
            if directory.is_dir() {
                for entry in fs::read_dir(directory)? {
                    let name = entry?.file_name();
                    next.extend(glob(part.as_bytes(), name.as_bytes()).then(|| parent.join(&name)));
                }
            }
        }
        found = next;
    }
    found.sort();
    Ok(found)
}

fn exists(root: &Path, path: &Path) -> bool {
    beneath(root, path).is_ok_and(|path| path.symlink_metadata().is_ok())
}

/// Resolves `path` as a process would whose root directory is `root`: a link
/// to `/etc` means `root/etc`, and `..` ends at the root. Chapter 1's work.
pub fn beneath(root: &Path, path: &Path) -> io::Result<PathBuf> {
    let resolved = sys::resolve(root, &Path::new("/").join(path)).map_err(|error| io::Error::from(error.errno))?;
    Ok(root.join(resolved.path.strip_prefix("/").unwrap_or(&resolved.path)))
}

/// Adds a file or a directory with all it holds. Links are copied, not followed.
pub fn walk(from: &Path, path: &Path, to: PathBuf, ignored: &Ignore, selected: &mut Vec<Selected>) -> io::Result<()> {
    let metadata = from.symlink_metadata()?;
    let left_out = ignored.matches(path);
    if !left_out {
        selected.push(Selected { to: to.clone(), from: from.to_owned() });
    }
    // Below a directory that is left out, a line with ! may bring files back.
    if metadata.is_dir() && (!left_out || ignored.has_exceptions()) {
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            walk(&from.join(&name), &path.join(&name), to.join(&name), ignored, selected)?;
        }
    }
    Ok(())
}

/// Whether `name` matches a pattern of `*`, `?`, `[a-z]`, `[^a-z]` and `\` escapes.
/// None of them matches a slash; `**` matches any number of directories.
pub fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], _) => name.is_empty(),
        ([b'*', b'*', b'/', rest @ ..], _) if glob(rest, name) => true,
        ([b'*', b'*', rest @ ..], _) => (0..=name.len()).any(|skipped| glob(rest, &name[skipped..])),
        ([b'*', rest @ ..], _) => {
            let most = name.iter().position(|byte| *byte == b'/').unwrap_or(name.len());
            (0..=most).any(|skipped| glob(rest, &name[skipped..]))
        }
        ([b'?', rest @ ..], [first, tail @ ..]) => *first != b'/' && glob(rest, tail),
        ([b'[', rest @ ..], [first, tail @ ..]) => match class(rest, *first) {
            Some((matches, after)) => matches && *first != b'/' && glob(after, tail),
            None => false,
        },
        ([b'\\', literal, rest @ ..], [first, tail @ ..]) | ([literal, rest @ ..], [first, tail @ ..]) => {
            literal == first && glob(rest, tail)
        }
        (_, []) => false,
    }
}

/// Whether a character class holds `byte`, and the pattern behind it.
fn class(pattern: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let end = pattern.iter().skip(1).position(|b| *b == b']')? + 1;
    let (negated, members) = match &pattern[..end] {
        [b'^', members @ ..] => (true, members),
        members => (false, members),
    };
    let mut rest = members;
    let mut found = false;
    while let [first, tail @ ..] = rest {
        if let [b'-', last, tail @ ..] = tail {
            found |= (*first..=*last).contains(&byte);
            rest = tail;
        } else {
            found |= *first == byte;
            rest = tail;
        }
    }
    Some((found != negated, &pattern[end + 1..]))
}

/// The patterns of a `.dockerignore`, in order; the last that matches decides.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    /// The pattern, and whether it brings files back (`!`).
    patterns: Vec<(String, bool)>,
}

impl Ignore {
    /// Reads `.dockerignore` in the context's root; without one nothing is ignored.
    pub fn read(context: &Path) -> io::Result<Self> {
        match fs::read_to_string(context.join(".dockerignore")) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// One pattern a line; `#` begins a comment, `!` an exception.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let patterns = lines.map(|line| {
            let (pattern, exception) =
                line.strip_prefix('!').map_or((line, false), |pattern| (pattern.trim_start(), true));
            (pattern.trim_start_matches("./").trim_matches('/').to_owned(), exception)
        });
        Self { patterns: patterns.collect() }
    }

    /// Whether a path relative to the context is left out, by itself or with a
    /// directory that holds it.
    pub fn matches(&self, path: &Path) -> bool {
        let hit = |pattern: &str| {
            path.ancestors().any(|path| path != Path::new("") && glob(pattern.as_bytes(), path.as_os_str().as_bytes()))
        };
        self.patterns.iter().rev().find(|(pattern, _)| hit(pattern)).is_some_and(|(_, exception)| !exception)
    }

    fn has_exceptions(&self) -> bool {
        self.patterns.iter().any(|(_, exception)| *exception)
    }
}
