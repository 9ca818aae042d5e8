//! A control group: what the steps are written on.

use std::ops::Deref;

use cgroupfs::{Cgroup, Result};

/// A control group: a name, such as `galley/web`, and its files ([`Cgroup`]).
///
/// Dropping one changes nothing, because `galley run -d` must be able to leave a group
/// behind. [`Group::delete`] removes it.
#[derive(Clone, Debug)]
pub struct Group(Cgroup);

impl Group {
    /// The group of this name, whether it exists or not.
    ///
    /// # Errors
    /// As [`Cgroup::named`].
    pub fn named(name: &str) -> Result<Self> {
        Cgroup::named(name).map(Self)
    }

    /// A group that exists already, made by this or another process.
    ///
    /// # Errors
    /// As [`Cgroup::open`].
    pub fn open(name: &str) -> Result<Self> {
        Cgroup::open(name).map(Self)
    }
}

impl Deref for Group {
    type Target = Cgroup;

    fn deref(&self) -> &Cgroup {
        &self.0
    }
}
