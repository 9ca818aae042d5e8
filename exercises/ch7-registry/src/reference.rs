//! An image's name: where it is, what it is called there, and which one it is.

use std::fmt;
use std::str::FromStr;

use images::Digest;

use crate::{Error, Result};

/// A complete name: `ubuntu` stands for `docker.io/library/ubuntu:latest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The host and port of the registry: `docker.io`, `localhost:5000`.
    pub registry: String,
    /// The name there: `library/ubuntu`.
    pub repository: String,
    /// A name that the registry may move to another image: `latest`. There is
    /// always a tag or a digest.
    pub tag: Option<String>,
    /// The manifest's digest: names one image for ever.
    pub digest: Option<Digest>,
}

/// Reads a name as Docker does, and completes it.
///
/// The grammar is that of the distribution project's `reference` package. What
/// stands before the first slash is a registry if it has a dot or a colon, is
/// `localhost`, or has a capital letter; otherwise the registry is `docker.io`,
/// whose one-part names belong to `library/`. An older name of `docker.io` is
/// `index.docker.io`. Without a tag and a digest, the tag is `latest`. 64
/// hexadecimal digits alone are an image's id, and no name.
///
/// # Errors
/// [`Error::Reference`] with the reason, from [`crate::grammar`].
pub fn parse_reference(text: &str) -> Result<Reference> {
    // ANCHOR: parse_reference
    let _ = &text; // what you have to work with
    todo!("ch7 step 1: read an image's name as Docker does")
    // ANCHOR_END: parse_reference
}

impl Reference {
    /// What a manifest is asked for by: the digest if there is one, for nobody
    /// can move it, else the tag.
    pub fn key(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".to_owned(),
        }
    }

    /// The short form that Docker shows: without `docker.io/` and `library/`.
    pub fn familiar(&self) -> String {
        let text = self.to_string();
        let text = text.strip_prefix("docker.io/").unwrap_or(&text);
        text.strip_prefix("library/").filter(|_| self.registry == "docker.io").unwrap_or(text).to_owned()
    }
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse_reference(text)
    }
}

impl fmt::Display for Reference {
    /// The complete form: `docker.io/ada/quotes:1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}
