//! The Debian packages that demos and tests use.

use std::env;
use std::path::PathBuf;

/// A package, how to tell that it is there, and who misses it if not.
pub struct Package {
    pub name: &'static str,
    /// A program in PATH, or an absolute path, that the package brings.
    pub brings: &'static str,
    pub used_for: &'static str,
}

const fn package(name: &'static str, brings: &'static str, used_for: &'static str) -> Package {
    Package { name, brings, used_for }
}

/// What the demo uses.
pub const DEMO: &[Package] = &[
    package("busybox-static", "busybox", "the small base image"),
    package("curl", "curl", "fetching the application's page"),
];

/// What the tests use beside that.
pub const TEST: &[Package] = &[
    package("busybox-static", "busybox", "the small base image"),
    package("curl", "curl", "fetching the application's page"),
    package("skopeo", "skopeo", "reading what galley pushed with another tool"),
    package("podman", "podman", "running what galley saved, and galley what podman saved"),
    package("buildah", "buildah", "building an image with another tool, for galley to run"),
    package("slirp4netns", "slirp4netns", "connections out of a container"),
    package("passt", "pasta", "the same by another helper"),
    package("uidmap", "newuidmap", "running those tools as an ordinary user"),
    package("docker-registry", "docker-registry", "pushing to a registry that others wrote"),
    package("openssl", "openssl", "certificates for registries that want TLS"),
    package("tmux", "tmux", "playing the demo in a real terminal"),
    package("hyperfine", "hyperfine", "timing galley beside those tools"),
    package("faketime", "faketime", "trying other days, zones and locales"),
    package("patch", "patch", "trying stored wrong solutions on the checks"),
    package("chromium", "chromium", "reading every page of the book in a browser"),
    package("nodejs", "node", "driving that browser"),
    package("npm", "npm", "fetching what drives it"),
    package("qemu-system-x86", "qemu-system-x86_64", "a virtual machine with unified cgroups"),
];

/// Where a program is, if it is anywhere in PATH or where root's programs are.
pub fn find(program: &str) -> Option<PathBuf> {
    if program.starts_with('/') {
        return Some(PathBuf::from(program)).filter(|path| path.exists());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    directories.map(|directory| directory.join(program)).find(|file| file.is_file())
}
