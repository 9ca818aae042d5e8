//! Timing programs in turns, so that whatever else the machine does meets them all.

use std::time::Duration;

/// The median: what a machine that is busy elsewhere does to a few runs does not
/// move it.
pub fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
