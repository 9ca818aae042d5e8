//! An image's name: the registry, the repository in it, and which image it is there.

use std::fmt;

use images::Digest;

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
    /// The manifest's digest: names one image forever.
    pub digest: Option<Digest>,
}

impl Reference {
    /// What a manifest is requested by: the digest if there is one, because nobody can
    /// move it, else the tag.
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
