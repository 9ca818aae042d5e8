//! Where the programs under test are, and the nonce that no program can guess.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{env, fs};

/// The chapter's program, to be called with `env!("CARGO_BIN_EXE_…")`.
///
/// The two trees share a target directory, so the path that cargo compiled in
/// may hold the other tree's program by now. `cargo xtask check` puts the right
/// one aside and names it in `GALLEY_CHECK_PROGRAM`.
pub fn program_path(compiled_in: &str) -> PathBuf {
    env::var_os("GALLEY_CHECK_PROGRAM").map_or_else(|| PathBuf::from(compiled_in), PathBuf::from)
}

/// The same program as a command of assert_cmd.
pub fn program(compiled_in: &str) -> assert_cmd::Command {
    assert_cmd::Command::new(program_path(compiled_in))
}

/// The statically linked probe, built when `cargo xtask check` has not done so.
pub fn probe() -> &'static Path {
    static PROBE: OnceLock<PathBuf> = OnceLock::new();
    PROBE.get_or_init(|| env::var_os("GALLEY_CHECK_PROBE").map_or_else(build_probe, PathBuf::from))
}

fn build_probe() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let target = manifest.with_file_name("target");
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["rustc", "--quiet", "--package", "probe", "--manifest-path"])
        .arg(&manifest)
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-C", "target-feature=+crt-static"])
        .stdout(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "the probe could not be built");
    // A name of its own: another build of the package would take the static one's place.
    let aside = target.join("debug/probe-static");
    assert!(fs::copy(target.join("debug/probe"), &aside).is_ok(), "the probe could not be put aside");
    aside
}

/// Twelve characters that differ in every run, from the kernel's random source.
pub fn nonce() -> String {
    let uuid = std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default();
    assert!(uuid.len() > 12, "the kernel gave no random uuid");
    uuid.chars().filter(char::is_ascii_hexdigit).take(12).collect()
}
