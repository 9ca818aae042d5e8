//! Work on several items at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use xtask::error::{Error, Result};

/// Does `work` for each item, on `each` threads for each processor. A thread passes its
/// own number. The results are in the order of the items, and the first error is the
/// result of all.
pub fn map<T: Sync, R: Send>(each: usize, items: &[T], work: impl Fn(usize, &T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let run = |number: usize| -> Result<Vec<(usize, R)>> {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return Ok(done) };
            done.push((at, work(number, item)?));
        }
    };
    let threads = each * thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|number| scope.spawn(move || run(number))).collect();
        started.into_iter().map(|thread| thread.join()).collect()
    });
    let mut all = Vec::new();
    for result in results {
        all.extend(result.map_err(|_| Error::Failed("a thread panicked".to_owned()))??);
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}
