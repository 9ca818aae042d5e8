//! What the chapters' checks share: the learner's program, a root file system
//! with the probe in it, and views of the kernel that are compared as snapshots.
//!
//! A check runs the chapter's program as a user would, lets the probe report
//! from inside, looks at `/proc` from outside, and compares both with what is
//! expected. It trusts nothing that the learner's code prints.

mod failing_sync;
pub mod kernel;
mod paused_program;
mod program;
mod rootfs;
mod verdict;
mod view;

pub use failing_sync::fail_syncs;
pub use paused_program::PausedProgram;
pub use program::{nonce, probe, program, program_path};
pub use rootfs::{Rootfs, install, scratch};
pub use verdict::{end, unable};
pub use view::{View, explain};

/// Re-exported for [`view!`], which must expand where the test stands.
pub use insta;

/// Compares a [`View`] with its snapshot; each field that differs is explained
/// by the sentence given for it.
///
/// ```ignore
/// checks::view!("inside", view, {
///     "hostname" => "the container still has the host's name: sethostname ran outside the new uts namespace",
/// });
/// ```
#[macro_export]
macro_rules! view {
    ($name:expr, $view:expr, { $($field:expr => $sentence:expr),* $(,)? }) => {{
        $( $crate::explain($field, $sentence); )*
        $crate::insta::assert_snapshot!($name, $view.to_string());
    }};
}
