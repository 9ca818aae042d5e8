//! The order of the checks.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Sorts the names of checks, such as `step3::the_old_root_is_gone`, as their authors
/// wrote them, simple ones first: the report shows the first that fails. libtest lists by name.
///
/// `checks` is the directory with their sources, a file for each step. A check that is
/// not found there comes last in its step.
pub fn as_written(mut names: Vec<String>, checks: &Path) -> Vec<String> {
    let mut sources = BTreeMap::new();
    names.sort_by_cached_key(|name| {
        let (step, check) = name.split_once("::").unwrap_or(("", name));
        let source = sources.entry(step.to_owned()).or_insert_with(|| {
            // A missing source does not matter: the checks are already compiled.
            fs::read_to_string(checks.join(step).with_extension("rs")).unwrap_or_default()
        });
        let place = source.find(&format!("fn {check}(")).unwrap_or(usize::MAX);
        (step.to_owned(), place, name.clone())
    });
    names
}

#[cfg(test)]
mod tests {
    use super::as_written;

    #[test]
    fn the_order_is_that_of_the_source() {
        let directory = std::env::temp_dir().join(format!("galley-order-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("step1.rs"), "fn plain() {}\nfn a_plain_one() {}\nfn hard() {}\n").unwrap();
        let names = ["step2::b", "step1::unknown", "step1::hard", "step1::a_plain_one", "step1::plain", "step2::a"];
        let sorted = as_written(names.map(str::to_owned).to_vec(), &directory);
        std::fs::remove_dir_all(&directory).unwrap();
        let expected = ["step1::plain", "step1::a_plain_one", "step1::hard", "step1::unknown", "step2::a", "step2::b"];
        assert_eq!(sorted, expected);
    }
}
