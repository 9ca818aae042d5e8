//! Steps 4 and 6: know what has not changed, and do not do it again.

use builder::{Record, Result, Selected, StageCache, Work};

/// The key under which the result of an instruction is kept: 64 hexadecimal digits.
///
/// It follows from three things: the key of the instruction before (`parent`), the text of
/// the `instruction` with its variables filled in, and the `files` that it copies: each
/// with its path in the image, its type, its permissions and its content. The content of a
/// symbolic link is its text. Where a file is on the host, when it was changed and whose
/// it is there are not part of the key, so a fresh clone of a repository finds what
/// another one built.
///
/// # Errors
/// A file that cannot be read, such as `EACCES`.
pub fn cache_key(parent: &str, instruction: &str, files: &[Selected]) -> Result<String> {
    // ANCHOR: cache_key
    let _ = (&parent, &instruction, &files); // what you have to work with
    todo!("ch5 step 4: put what an instruction depends on into one key")
    // ANCHOR_END: cache_key
}

/// Takes the result of an instruction from the cache, or executes it and keeps the result.
///
/// A record counts only if the store still has its layer. After the first instruction that
/// had to be executed, nothing further down is taken from the cache: a command that runs
/// again may leave other files than before, and the old layers were made on top of the
/// old ones. With `bypass` nothing is looked up, but results are kept.
///
/// `work` is told first whether the instruction is cached ([`Work::announce`]). It is
/// executed only if not. If it fails, no record is kept.
///
/// # Errors
/// Those of `work`, and of reading and writing records.
pub fn reuse_or_execute(cache: &mut StageCache<'_>, key: &str, work: &mut dyn Work) -> Result<Record> {
    // ANCHOR: reuse_or_execute
    let _ = (&cache, &key, &work); // what you have to work with
    todo!("ch5 step 6: ask the cache before executing")
    // ANCHOR_END: reuse_or_execute
}
