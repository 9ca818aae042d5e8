//! Step 3: a root file system out of the host's programs.

use std::path::Path;

use crate::Result;

/// Makes `rootfs` a directory that `programs` can run in.
///
/// Each program is copied with the libraries that it needs ([`crate::libraries`])
/// to the path that it has on the host. Many of these paths hold symbolic links:
/// on most systems `/bin`, `/lib` and `/lib64` are links into `/usr`, and the
/// loader is known only by its path in `/lib64`. So every link met on the way
/// ([`crate::resolve`]) is made again inside, and files are written to real
/// directories only: to write through a link of `rootfs` would be to follow it
/// to the host's own `/usr`.
///
/// `dev`, `proc`, `sys` and `tmp` are made too, empty: chapter 2 mounts there.
/// What is there already stays, and a program may be added later.
pub fn make_rootfs(rootfs: &Path, programs: &[&Path]) -> Result<()> {
    // ANCHOR: make_rootfs
    use std::fs;
    use std::io::ErrorKind;
    use std::os::unix::fs::symlink;

    use crate::Error;
    use crate::files::beneath;

    let make_directory = |path: &Path| fs::create_dir_all(path).map_err(|error| Error::io("mkdir", path, &error));
    for name in ["dev", "proc", "sys", "tmp"] {
        make_directory(&rootfs.join(name))?;
    }
    for program in programs {
        let program = std::path::absolute(program).map_err(|error| Error::io("getcwd", program, &error))?;
        let mut files = crate::libraries(&program)?;
        files.push(program);
        for file in files {
            let resolved = crate::resolve(Path::new("/"), &file)?;
            for (link, text) in &resolved.links {
                let link = beneath(rootfs, link);
                make_directory(link.parent().unwrap_or(rootfs))?;
                match symlink(text, &link) {
                    // Another file's path led over it before.
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    made => made.map_err(|error| Error::io("symlink", &link, &error))?,
                }
            }
            let target = beneath(rootfs, &resolved.path);
            make_directory(target.parent().unwrap_or(rootfs))?;
            fs::copy(&resolved.path, &target).map_err(|error| Error::io("copy", &resolved.path, &error))?;
        }
    }
    Ok(())
    // ANCHOR_END: make_rootfs
}
