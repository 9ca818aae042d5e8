//! Images as a registry sees them: complete names, manifests and indexes, platforms, and
//! what the store has of all that.
//!
//! | | |
//! | --- | --- |
//! | names | [`Reference`], and the [`grammar`] of its parts |
//! | documents | [`Manifest`]: a manifest or an index as it was received |
//! | platforms | [`Platform`], and which of several images fits it best |
//! | the store | [`named`], [`local_image`], [`tag`], [`MountSources`] |

mod error;
pub mod grammar;
mod local_image;
mod manifest;
mod mount_sources;
mod platform;
mod reference;

pub use error::{Error, Result};
pub use local_image::{local_image, named, tag};
pub use manifest::{INDEX_TYPES, MANIFEST_TYPES, MAX_MANIFEST, Manifest, blobs};
pub use mount_sources::MountSources;
pub use platform::Platform;
pub use reference::Reference;
