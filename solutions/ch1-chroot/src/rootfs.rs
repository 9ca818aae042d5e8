//! Step 3: a root file system out of the host's programs.

use std::path::Path;

use sys::Result;

/// Makes `rootfs` a directory in which `programs` can run.
///
/// Each program is copied, with the libraries that it needs ([`sys::libraries`]), to the path
/// that it has on the host. Many of these paths lead over symbolic links: on most systems
/// `/bin`, `/lib` and `/lib64` are links into `/usr`, and programs name their loader by
/// its path in `/lib64`. So each link on the way ([`sys::resolve`]) is made again inside, and
/// files are written to real directories only. Writing through a link of `rootfs` would
/// follow it to the host's own `/usr`.
///
/// `dev`, `proc`, `sys` and `tmp` are made too, empty: chapter 2 mounts there. Files that
/// are there already stay, and a program may be added later.
///
/// # Errors
/// `ENOENT` for a missing program, `ENOEXEC` for a file that is not a program of this
/// machine, and those of mkdir(2), symlink(2) and open(2).
pub fn make_rootfs(rootfs: &Path, programs: &[&Path]) -> Result<()> {
    // ANCHOR: make_rootfs
    use std::fs;
    use std::io::ErrorKind;
    use std::os::unix::fs::symlink;

    use sys::{Context, join_root, libraries, resolve};

    let make_directory = |path: &Path| fs::create_dir_all(path).context("mkdir", path);
    for name in ["dev", "proc", "sys", "tmp"] {
        make_directory(&rootfs.join(name))?;
    }
    for program in programs {
        let program = std::path::absolute(program).context("getcwd", program)?;
        let mut files = libraries(&program)?;
        files.push(program);
        for file in files {
            let resolved = resolve(Path::new("/"), &file)?;
            for (link, text) in &resolved.links {
                let link = join_root(rootfs, link);
                make_directory(link.parent().unwrap_or(rootfs))?;
                match symlink(text, &link) {
                    // The path of an earlier file led over it too.
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    made => made.context("symlink", &link)?,
                }
            }
            let target = join_root(rootfs, &resolved.path);
            make_directory(target.parent().unwrap_or(rootfs))?;
            fs::copy(&resolved.path, &target).context("copy", &resolved.path)?;
        }
    }
    Ok(())
    // ANCHOR_END: make_rootfs
}
