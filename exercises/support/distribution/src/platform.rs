//! Platforms: what an image was made for, and which of several fits best.

use std::fmt;
use std::str::FromStr;

use images::spec;
use storage::Image;

use crate::{Error, Reference, Result};

/// `os/architecture`, with the architecture's variant if it matters: `linux/amd64`,
/// `linux/arm/v7` (image-spec, image-index.md, "platform").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    pub os: String,
    pub architecture: String,
    /// `v7`
    pub variant: Option<String>,
}

impl Platform {
    /// This machine's.
    pub fn host() -> Self {
        Self { os: "linux".to_owned(), architecture: spec::Arch::default().to_string(), variant: None }
    }

    /// How well an image for `other` runs here: 0 is best, `None` not at all. Later
    /// variants of an architecture run what was made for earlier ones.
    pub fn rank(&self, other: &Self) -> Option<u32> {
        if self.os != other.os || self.architecture != other.architecture {
            return None;
        }
        match (self.version(), other.version()) {
            (Some(mine), Some(others)) => mine.checked_sub(others),
            _ => (self.variant == other.variant).then_some(0),
        }
    }

    /// Refuses an image that was made for another platform.
    ///
    /// # Errors
    /// [`Error::NoPlatform`]
    pub fn check(&self, image: &Image, reference: &Reference) -> Result<()> {
        let mut made_for = Self::from(&image.config);
        // Many configs leave it out though the index names it.
        made_for.variant = made_for.variant.or_else(|| self.variant.clone());
        self.rank(&made_for).map(drop).ok_or_else(|| self.missing(reference, &made_for.to_string()))
    }

    pub(crate) fn missing(&self, reference: &Reference, found: &str) -> Error {
        Error::NoPlatform { name: reference.familiar(), wanted: self.to_string(), found: found.to_owned() }
    }

    /// The number in the variant; without one, the architecture's usual.
    fn version(&self) -> Option<u32> {
        match (&self.variant, self.architecture.as_str()) {
            (Some(variant), _) => variant.strip_prefix('v')?.parse().ok(),
            (None, "amd64") => Some(1),
            (None, "arm") => Some(7),
            (None, "arm64") => Some(8),
            (None, _) => None,
        }
    }
}

impl From<&spec::Platform> for Platform {
    fn from(platform: &spec::Platform) -> Self {
        Self {
            os: platform.os().to_string(),
            architecture: platform.architecture().to_string(),
            variant: platform.variant().clone(),
        }
    }
}

impl From<&spec::ImageConfiguration> for Platform {
    fn from(config: &spec::ImageConfiguration) -> Self {
        let (os, architecture) = (config.os().to_string(), config.architecture().to_string());
        Self { os, architecture, variant: config.variant().clone() }
    }
}

impl FromStr for Platform {
    type Err = Error;

    /// Accepts the kernel's names for architectures as well, as Docker does.
    fn from_str(text: &str) -> Result<Self> {
        let refuse = |why| Error::Platform { text: text.to_owned(), why };
        let word =
            |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        let parts: Vec<&str> = text.split('/').collect();
        if !parts.iter().all(word) {
            return Err(refuse("each part is letters and digits"));
        }
        let (os, architecture, variant) = match parts[..] {
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some(variant)),
            _ => return Err(refuse("it has two or three parts")),
        };
        let (architecture, variant) = match architecture.to_ascii_lowercase().as_str() {
            "x86_64" | "x86-64" => ("amd64".to_owned(), variant),
            "aarch64" => ("arm64".to_owned(), variant),
            "armhf" => ("arm".to_owned(), Some("v7")),
            "armel" => ("arm".to_owned(), Some("v6")),
            "i386" | "i686" => ("386".to_owned(), variant),
            other => (other.to_owned(), variant),
        };
        Ok(Self { os: os.to_ascii_lowercase(), architecture, variant: variant.map(str::to_ascii_lowercase) })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]
mod tests {
    use super::*;

    fn rank(wanted: &str, found: &str) -> Option<u32> {
        wanted.parse::<Platform>().unwrap().rank(&found.parse().unwrap())
    }

    #[test]
    fn names_are_read_as_docker_reads_them() {
        for (text, meaning) in [
            ("linux/amd64", "linux/amd64"),
            ("Linux/x86_64", "linux/amd64"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/armhf", "linux/arm/v7"),
            ("linux/arm/V6", "linux/arm/v6"),
        ] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), meaning);
        }
        for text in ["", "linux", "linux/", "/amd64", "linux/amd64/v2/x", "linux/a b", "li\nnux/amd64"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_best_variant_is_the_nearest_below() {
        assert_eq!(rank("linux/arm64", "linux/arm64/v8"), Some(0));
        assert_eq!(rank("linux/arm", "linux/arm/v7"), Some(0));
        assert_eq!(rank("linux/arm/v7", "linux/arm/v6"), Some(1));
        assert_eq!(rank("linux/arm/v6", "linux/arm/v7"), None);
        assert_eq!(rank("linux/amd64/v3", "linux/amd64"), Some(2));
        assert_eq!(rank("linux/amd64", "linux/amd64/v2"), None);
        assert_eq!(rank("linux/s390x", "linux/s390x"), Some(0));
        assert_eq!(rank("linux/amd64", "windows/amd64"), None);
        assert_eq!(rank("linux/amd64", "linux/arm64"), None);
    }
}
