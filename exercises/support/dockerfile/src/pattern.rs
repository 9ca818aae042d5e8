//! The patterns of COPY and of `.dockerignore`.

use std::fs;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use sys::Context;

use crate::diagnostic::Diagnostic;

/// A pattern of `*`, `?`, `[a-z]`, `[^a-z]`, `\` before a character that means itself,
/// and `**` for any number of directories. Only `**` matches a slash.
#[derive(Clone, Debug)]
pub struct Pattern(GlobMatcher);

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// A class that is not closed, or a pattern that is too long.
    pub fn new(text: &str) -> Result<Self, Diagnostic> {
        let glob = GlobBuilder::new(&translate(text)).literal_separator(true).build();
        // Compiling is where a pattern of many thousand characters ends.
        let glob = glob.map_err(|error| {
            Diagnostic::new(text, format!("'{text}' is not a pattern: {}", error.kind()))
                .suggest("write \\[ for a bracket")
        })?;
        Ok(Self(glob.compile_matcher()))
    }

    /// Whether the whole path matches.
    pub fn matches(&self, path: &Path) -> bool {
        self.0.is_match(path)
    }
}

/// Docker's patterns as globset writes them: to globset braces are special, and `**`
/// only as a whole directory name.
fn translate(text: &str) -> String {
    let mut glob = String::new();
    let mut rest = text;
    if let Some(suffix) = text.strip_prefix("**").filter(|rest| !rest.is_empty() && !rest.starts_with('/')) {
        glob.push_str("**/*");
        rest = suffix;
    }
    let mut escaped = false;
    for c in rest.chars() {
        if matches!(c, '{' | '}') && !escaped {
            glob.push('\\');
        }
        escaped = c == '\\' && !escaped;
        glob.push(c);
    }
    glob
}

/// One line of a `.dockerignore`.
#[derive(Clone, Debug)]
pub struct IgnoreRule {
    /// What it matches, relative to the context.
    pub pattern: Pattern,
    /// Whether it brings files back: it was written with `!`.
    pub exception: bool,
}

/// Reads the rules for a context: `NAME.dockerignore` beside the Dockerfile `NAME`, or else
/// `.dockerignore` in the context. Without either nothing is ignored.
/// See <https://docs.docker.com/build/concepts/context/#dockerignore-files>.
///
/// # Errors
/// A file that cannot be read, `EINVAL` if it is not a regular file, and a line that is
/// not a pattern.
pub fn ignore_rules(context: &Path, dockerfile: &Path) -> Result<Vec<IgnoreRule>, Diagnostic> {
    let mut own = dockerfile.as_os_str().to_owned();
    own.push(".dockerignore");
    let candidates = [PathBuf::from(own), context.join(".dockerignore")];
    let Some(path) = candidates.iter().find(|path| path.exists()) else { return Ok(Vec::new()) };
    let failed = |error: sys::Error| Diagnostic::new("", error.to_string());
    // A FIFO or a device might never end.
    if !path.is_file() {
        return Err(failed(sys::Error::at("read", path, nix::errno::Errno::EINVAL)));
    }
    let text = fs::read_to_string(path).context("read", path).map_err(failed)?;
    parse_rules(&text).map_err(|error| Diagnostic { message: format!("{}: {error}", path.display()), ..error })
}

/// One rule a line; `#` at its very beginning makes it a comment.
fn parse_rules(text: &str) -> Result<Vec<IgnoreRule>, Diagnostic> {
    let mut rules = Vec::new();
    let lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.starts_with('#')).map(str::trim);
    for line in lines.filter(|line| !line.is_empty()) {
        let (exception, pattern) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest.trim()));
        if pattern.is_empty() {
            return Err(Diagnostic::new(line, "a pattern is missing after !"));
        }
        let pattern = cleaned(pattern);
        if !pattern.is_empty() {
            rules.push(IgnoreRule { pattern: Pattern::new(&pattern)?, exception });
        }
    }
    Ok(rules)
}

/// A pattern without slashes at its ends, `.` and `..`, as paths in a context are.
fn cleaned(pattern: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in Path::new(pattern).components() {
        match part {
            Component::Normal(name) => parts.extend(name.to_str()),
            Component::ParentDir if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            Component::ParentDir => parts.push(".."),
            _ => {}
        }
    }
    parts.join("/")
}
