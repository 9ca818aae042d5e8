//! The data and the interfaces that chapter 8 takes rights away with.
//!
//! | | |
//! | --- | --- |
//! | capabilities | [`CapSet`], [`CapState`], [`prctl`] |
//! | seccomp | [`Profile`], [`Policy`], [`bpf`], [`call_number`] |
//! | paths | [`MASKED_PATHS`], [`READ_ONLY_PATHS`], [`open_path`], [`fd_path`], [`locked_flags`] |
//! | devices | [`DeviceGroup`], [`DeviceRule`], [`DEFAULT_DEVICES`] |
//! | keys | [`join_session_keyring`] |

pub mod bpf;
mod capability;
mod cgroup_device;
mod device;
mod device_rule;
mod keyring;
mod mount_point;
mod paths;
mod policy;
mod profile;

pub use capability::{CapSet, CapState, prctl};
pub use device::DeviceGroup;
pub use device_rule::{DEFAULT_DEVICES, DeviceKind, DeviceRule};
pub use keyring::join_session_keyring;
pub use mount_point::{fd_path, locked_flags, open_path};
pub use paths::{MASKED_PATHS, READ_ONLY_PATHS};
pub use policy::{Action, Comparison, Condition, Policy, Rule, call_number, is_native};
pub use profile::{Profile, ProfileRule, Scope};
