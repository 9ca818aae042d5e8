//! What the tests of the whole runtime share: a galley with a home of its own,
//! once as root and once as an ordinary user.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};

use checks::Rootfs;
use tempfile::TempDir;

/// The user and group "nobody" of every distribution.
const NOBODY: u32 = 65534;

/// A galley, its home, and a root file system with the probe.
pub struct TestEnv {
    directory: TempDir,
    rootfs: Rootfs,
    user: Option<u32>,
}

impl TestEnv {
    /// One as the user that runs the tests; and if that is root, one as nobody.
    pub fn each(test: impl Fn(&Self)) {
        test(&Self::new(None));
        if nix::unistd::geteuid().is_root() {
            test(&Self::new(Some(NOBODY)));
        }
    }

    pub fn new(user: Option<u32>) -> Self {
        let test = Self { directory: checks::scratch(), rootfs: Rootfs::new(), user };
        // Another user may not be able to reach the one that cargo built.
        checks::install(Path::new(env!("CARGO_BIN_EXE_galley")), &test.directory.path().join("galley"));
        fs::create_dir(test.home()).unwrap();
        fs::set_permissions(test.directory.path(), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(test.rootfs.path(), Permissions::from_mode(0o755)).unwrap();
        if user.is_some() {
            chown(test.home(), user, user).unwrap();
            chown_all(test.rootfs.path(), user);
        }
        test
    }

    /// Whether what the kernel keeps from an ordinary user can be tried.
    pub fn is_root(&self) -> bool {
        self.user.is_none() && nix::unistd::geteuid().is_root()
    }

    fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// What there is in a directory of galley's home, and below.
    pub fn left_in(&self, name: &str) -> Vec<String> {
        let mut left = Vec::new();
        let mut open = vec![self.home().join(name)];
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                left.push(entry.path().display().to_string());
                open.push(entry.path());
            }
        }
        left.retain(|path| !path.ends_with("/.lock"));
        left
    }

    /// `galley ARGUMENTS`, where a word `ROOTFS` stands for `--rootfs DIR`.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(self.directory.path().join("galley"));
        command.env("GALLEY_HOME", self.home()).stdin(Stdio::null());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        for word in arguments.split_whitespace() {
            match word {
                "ROOTFS" => command.arg("--rootfs").arg(self.rootfs.path()),
                word => command.arg(word),
            };
        }
        command
    }

    /// Starts a container in the background whose probe answers on port 80 with
    /// `dish`, as soon as this returns.
    pub fn serve(&self, options: &str, dish: &str) {
        self.galley(&format!("run -d --name {dish} {options} ROOTFS /bin/probe serve:80={dish}"));
        let mut command = self.command(&format!("logs -f {dish}"));
        let mut logs = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(logs.stdout.take().unwrap()).read_line(&mut line).unwrap();
        logs.kill().and_then(|()| logs.wait()).unwrap();
        assert_eq!(line.trim(), "serve listening");
    }

    /// Runs galley to its end, which must be a good one; returns what it printed.
    pub fn galley(&self, arguments: &str) -> String {
        let (code, output, words) = self.ends(arguments);
        assert_eq!(code, 0, "galley {arguments}\n{output}{words}");
        output
    }

    /// Runs galley to its end: exit code, standard output, standard error.
    pub fn ends(&self, arguments: &str) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (status.code().unwrap_or(-1), text(stdout), text(stderr))
    }
}

impl Drop for TestEnv {
    /// A test that fails half-way must not leave its containers behind.
    fn drop(&mut self) {
        let (_, ids, _) = self.ends("ps -a -q");
        for id in ids.split_whitespace() {
            self.ends(&format!("rm -f {id}"));
        }
    }
}

fn chown_all(directory: &Path, user: Option<u32>) {
    chown(directory, user, user).unwrap();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => chown_all(&entry.path(), user),
            false => chown(entry.path(), user, user).unwrap(),
        }
    }
}

/// A loopback address that no other test has: each process has a few of its own.
pub fn own_address() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    format!("127.{high}.{low}.{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
