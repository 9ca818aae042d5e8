//! Where the programs under test are, and the nonce that no program can guess.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The chapter's program, to be called with `env!("CARGO_BIN_EXE_…")`.
///
/// The two trees share a target directory, so the path that cargo compiled in
/// may hold the other tree's program by now. `cargo xtask check` keeps a copy of the right
/// one and names it in `GALLEY_CHECK_PROGRAM`.
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

/// cargo names the package whose tests it runs in `CARGO_MANIFEST_DIR`, and the probe is
/// above that; the harness names the probe itself.
fn build_probe() -> PathBuf {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| ".".into()));
    let package = package.canonicalize().unwrap_or(package);
    let Some(root) = package.ancestors().find(|directory| directory.join("xtask/probe").is_dir()) else {
        panic!("{} is not in the workbook", package.display());
    };
    let target = root.join("target/probe-static");
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["rustc", "--quiet", "--package", "probe", "--manifest-path"])
        .arg(root.join("Cargo.toml"))
        // A target of its own: another build of the package would take the static one's place.
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-C", "target-feature=+crt-static"])
        .env_remove("CARGO_BUILD_TARGET")
        .stdout(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "the probe could not be built");
    target.join("debug/probe")
}

/// Twelve characters that differ in every run, from the kernel's random source.
pub fn nonce() -> String {
    let uuid = std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default();
    assert!(uuid.len() > 12, "the kernel gave no random uuid");
    uuid.chars().filter(char::is_ascii_hexdigit).take(12).collect()
}
