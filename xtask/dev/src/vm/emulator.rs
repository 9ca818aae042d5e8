//! The file server, the emulator, and what comes out of them.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;

use super::kernel::Kernel;
use super::programs::Programs;
use xtask::error::{Error, Result};
use xtask::sandbox;

/// The machine's memory; what the command writes is kept in there too.
const MEMORY: &str = "2G";

/// Silent on the console, gone at the first panic, no wait for hardware that is
/// not there, and no control groups but the unified ones.
const KERNEL_ARGUMENTS: &str =
    "console=ttyS0 quiet loglevel=3 panic=-1 tsc=reliable no_timer_check cgroup_no_v1=all random.trust_cpu=on";

/// The ports, in the order of their numbers in the machine: output, errors, exit code.
const PORTS: [&str; 3] = ["out", "err", "code"];

/// The file server's listening socket, under this number in that process.
const SERVER_SOCKET: i32 = 3;

/// Boots the machine and returns the command's exit code. `directory` holds the
/// initramfs, and then the sockets; both programs end with this process.
pub fn run(programs: &Programs, kernel: &Kernel, directory: &Path) -> Result<u8> {
    let mut server = serve(programs, directory)?;
    let result = boot(programs, kernel, directory);
    // It ends by itself when the emulator has, but not if that never came.
    let ended = server.kill().and_then(|()| server.wait());
    let code = result?;
    ended.map_err(Error::file("end", &programs.virtiofsd))?;
    Ok(code)
}

/// Starts virtiofsd for the whole root, in a mount namespace where all of it is
/// read-only: what the machine's kernel or the server itself does wrong harms nothing.
fn serve(programs: &Programs, directory: &Path) -> Result<Child> {
    let socket: OwnedFd = listen(directory, "files")?.into();
    let log = create(&directory.join("virtiofsd.log"))?;
    let mut command = Command::new(&programs.virtiofsd);
    command.arg(format!("--fd={SERVER_SOCKET}"));
    for option in ["source=/", "sandbox=chroot", "cache=always"] {
        command.args(["-o", option]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    let number = socket.as_raw_fd();
    let prepare = move || {
        unshare(CloneFlags::CLONE_NEWNS)?;
        sandbox::read_only_everywhere().map_err(io::Error::other)?;
        // SAFETY: `number` is open until the parent drops `socket`, which is after
        // the start; the copy, unlike the original, stays open across exec. Where
        // both are one number, dup2 would leave the flag, so that is cleared.
        let result = unsafe {
            if number == SERVER_SOCKET {
                nix::libc::fcntl(number, nix::libc::F_SETFD, 0)
            } else {
                nix::libc::dup2(number, SERVER_SOCKET)
            }
        };
        nix::errno::Errno::result(result)?;
        Ok(prctl::set_pdeathsig(Signal::SIGKILL)?)
    };
    // SAFETY: this process has one thread, so the child may do what it likes.
    unsafe { command.pre_exec(prepare) };
    start(&mut command)
}

fn boot(programs: &Programs, kernel: &Kernel, directory: &Path) -> Result<u8> {
    let listeners = PORTS.map(|port| listen(directory, port));
    let mut command = emulator(programs, kernel, directory)?;
    let mut child = start(&mut command)?;
    let mut copies = Vec::new();
    for (listener, port) in listeners.into_iter().zip(PORTS) {
        copies.push(copy(listener?, port));
    }
    let ended = child.wait().map_err(Error::file("wait for", &programs.qemu))?;
    // A port that was never connected to would be waited for without end.
    let short = Short::open(directory)?;
    PORTS.iter().for_each(|port| drop(UnixStream::connect(short.path(port))));
    let mut code = Vec::new();
    for copy in copies {
        code = copy
            .join()
            .unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
            .map_err(Error::file("read from", directory))?;
    }
    let code = String::from_utf8_lossy(&code);
    code.trim().parse().map_err(|_| Error::Program {
        program: "the virtual machine".to_owned(),
        fault: format!("went down before the command ended ({ended}):\n{}", last_words(directory)),
    })
}

/// The emulator's command line. Every device is named: there are no others.
fn emulator(programs: &Programs, kernel: &Kernel, directory: &Path) -> Result<Command> {
    let mut command = Command::new(&programs.qemu);
    command.current_dir(directory);
    command.args(["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-nic", "none"]);
    command.args(["-machine", "q35,memory-backend=memory", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2"]);
    // The file server reads and writes the machine's memory, so it must be shared.
    command.args(["-m", MEMORY, "-object", &format!("memory-backend-memfd,id=memory,size={MEMORY},share=on")]);
    command.arg("-kernel").arg(&kernel.image).args(["-initrd", "initramfs", "-append", KERNEL_ARGUMENTS]);
    command.args(["-chardev", "socket,id=files,path=files"]);
    command.args(["-device", "vhost-user-fs-pci,chardev=files,tag=host"]);
    command.args(["-device", "virtio-serial-pci"]);
    for (index, port) in PORTS.iter().enumerate() {
        command.args(["-chardev", &format!("socket,id={port},path={port}")]);
        command.args(["-device", &format!("virtserialport,chardev={port},nr={}", index + 1)]);
    }
    command.args(["-serial", "file:console.log"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(create(&directory.join("qemu.log"))?);
    // SAFETY: the closure makes one system call and allocates nothing.
    unsafe { command.pre_exec(|| Ok(prctl::set_pdeathsig(Signal::SIGKILL)?)) };
    Ok(command)
}

fn start(command: &mut Command) -> Result<Child> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.spawn().map_err(|error| Error::Program { program, fault: format!("could not be started: {error}") })
}

/// Copies what comes from one port: to standard output, to standard error, or, the
/// exit code, into the result.
fn copy(listener: UnixListener, port: &'static str) -> JoinHandle<io::Result<Vec<u8>>> {
    thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let mut kept = Vec::new();
        match port {
            "out" => drop(io::copy(&mut stream, &mut Unbuffered(io::stdout()))?),
            "err" => drop(io::copy(&mut stream, &mut Unbuffered(io::stderr()))?),
            _ => drop(stream.read_to_end(&mut kept)?),
        }
        Ok(kept)
    })
}

/// Shows each piece when it comes, not each line or at the end.
struct Unbuffered<W: Write>(W);

impl<W: Write> Write for Unbuffered<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.write(bytes)?;
        self.0.flush().map(|()| written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn listen(directory: &Path, name: &str) -> Result<UnixListener> {
    UnixListener::bind(Short::open(directory)?.path(name)).map_err(Error::file("listen on", &directory.join(name)))
}

/// A directory by a short name: a socket's path is at most 107 bytes long (unix(7)).
struct Short(fs::File);

impl Short {
    fn open(directory: &Path) -> Result<Self> {
        fs::File::open(directory).map(Self).map_err(Error::file("open", directory))
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.0.as_raw_fd()))
    }
}

fn create(path: &Path) -> Result<fs::File> {
    fs::File::create(path).map_err(Error::file("create", path))
}

/// The end of what the machine and the two programs had to say.
fn last_words(directory: &Path) -> String {
    let mut lines = Vec::new();
    for log in ["virtiofsd.log", "qemu.log", "console.log"] {
        let text = fs::read(directory.join(log)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines.extend(all.iter().rev().take(8).rev().map(|line| format!("  {log}: {line}")));
    }
    lines.join("\n")
}
