//! `cargo xtask doctor`: tries what the workbook needs, for real.
//!
//! Nothing is concluded from version numbers. Each capability is used once, in a
//! child process that keeps the consequences.

use std::fs;
use std::path::Path;
use std::process::exit;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork, getegid, geteuid};

use crate::error::{Error, Result};
use crate::setup;
use crate::tree::Tree;

/// One thing that a machine can have or lack.
struct Finding {
    name: &'static str,
    /// `Ok` with a remark, or `Err` with what was seen.
    result: std::result::Result<String, String>,
    /// What cannot be done without it.
    costs: &'static str,
    remedy: String,
}

/// Tries everything and prints what was found. Exit code 3 if a chapter cannot be
/// done on this machine, 0 if only comforts are missing.
pub fn run(tree: &Tree) -> Result<u8> {
    let scratch = tree.target().join("check/doctor");
    fs::create_dir_all(&scratch).map_err(Error::file("create", &scratch))?;
    let kernel = kernel(&scratch)?;
    let broken = kernel.iter().any(|finding| finding.result.is_err());
    println!("The kernel, {}:", if geteuid().is_root() { "as root" } else { "as an ordinary user" });
    kernel.iter().for_each(print);
    println!("Control groups:");
    print(&control_groups());
    println!("Programs that demos and tests use:");
    programs().iter().for_each(print);
    Ok(if broken { 3 } else { 0 })
}

fn print(finding: &Finding) {
    match &finding.result {
        Ok(remark) if remark.is_empty() => println!("  ok  {}", finding.name),
        Ok(remark) => println!("  ok  {}: {remark}", finding.name),
        Err(seen) => {
            println!("  --  {}: {seen}", finding.name);
            println!("      without it: {}", finding.costs);
            println!("      to get it:  {}", finding.remedy);
        }
    }
}

fn kernel(scratch: &Path) -> Result<Vec<Finding>> {
    let user = |more: CloneFlags| move || enter_user_namespace(more);
    let finding = |name, result: std::result::Result<(), Errno>, costs| Finding {
        name,
        result: result.map(|()| String::new()).map_err(|errno| format!("{} ({errno:?})", errno.desc())),
        costs,
        remedy: remedy_for_namespaces(),
    };
    Ok(vec![
        finding("user namespaces", in_child(user(CloneFlags::empty()))?, "everything, for an ordinary user"),
        finding(
            "mount, pid, uts, ipc and cgroup namespaces",
            in_child(user(
                CloneFlags::CLONE_NEWNS
                    | CloneFlags::CLONE_NEWPID
                    | CloneFlags::CLONE_NEWUTS
                    | CloneFlags::CLONE_NEWIPC
                    | CloneFlags::CLONE_NEWCGROUP,
            ))?,
            "chapter 2 and all that follow",
        ),
        finding("network namespaces", in_child(user(CloneFlags::CLONE_NEWNET))?, "published ports"),
        finding("overlay file systems", in_child(|| overlay(scratch))?, "chapter 4, step 6, and every image"),
    ])
}

/// Runs `attempt` in a child and brings its errno back as the exit code.
fn in_child(attempt: impl FnOnce() -> std::result::Result<(), Errno>) -> Result<std::result::Result<(), Errno>> {
    // SAFETY: this process has one thread.
    match unsafe { fork() }.map_err(Error::call("fork"))? {
        ForkResult::Child => exit(attempt().err().map_or(0, |errno| errno as i32)),
        ForkResult::Parent { child } => match waitpid(child, None).map_err(Error::call("waitpid"))? {
            WaitStatus::Exited(_, 0) => Ok(Ok(())),
            WaitStatus::Exited(_, errno) => Ok(Err(Errno::from_raw(errno))),
            _ => Ok(Err(Errno::EINTR)),
        },
    }
}

fn enter_user_namespace(more: CloneFlags) -> std::result::Result<(), Errno> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | more)?;
    let write = |file: &str, text: &str| {
        fs::write(file, text).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))
    };
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/uid_map", &format!("0 {user} 1"))?;
    write("/proc/self/gid_map", &format!("0 {group} 1"))
}

/// Two layers on a tmpfs, as galley stacks them.
fn overlay(scratch: &Path) -> std::result::Result<(), Errno> {
    enter_user_namespace(CloneFlags::CLONE_NEWNS)?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    mount(Some("tmpfs"), scratch, Some("tmpfs"), MsFlags::empty(), None::<&str>)?;
    for name in ["lower", "upper", "work", "merged"] {
        fs::create_dir(scratch.join(name)).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))?;
    }
    let at = |name: &str| scratch.join(name).display().to_string();
    let options = format!("lowerdir={},upperdir={},workdir={},userxattr", at("lower"), at("upper"), at("work"));
    mount(Some("overlay"), &scratch.join("merged"), Some("overlay"), MsFlags::empty(), Some(options.as_str()))
}

fn remedy_for_namespaces() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    if read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" {
        return "Ubuntu's AppArmor forbids it; `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` allows it until the next start, or work as root".to_owned();
    }
    if read("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
        return "`sudo sysctl -w kernel.unprivileged_userns_clone=1`, or work as root".to_owned();
    }
    if read("/proc/sys/user/max_user_namespaces") == "0" {
        return "`sudo sysctl -w user.max_user_namespaces=15000`, or work as root".to_owned();
    }
    "work on Linux 5.12 or later, in a virtual machine if need be: see the book's set-up page".to_owned()
}

fn control_groups() -> Finding {
    let unified = Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    let memory_v1 = Path::new("/sys/fs/cgroup/memory/cgroup.procs").exists();
    let kind = if unified { "version 2" } else { "version 1" };
    let result = match (unified || memory_v1, geteuid().is_root()) {
        (false, _) => Err("none are mounted".to_owned()),
        (true, true) => Ok(kind.to_owned()),
        (true, false) => Err(format!("{kind}, but an ordinary user has no group of its own")),
    };
    Finding {
        name: "memory, pids and cpu controllers",
        result,
        costs: "chapter 3, and limits on containers",
        remedy: "run `cargo xtask check ch3` as root (`sudo -E env PATH=$PATH cargo xtask check ch3`)".to_owned(),
    }
}

fn programs() -> Vec<Finding> {
    let install = [("apt-get", "sudo apt-get install"), ("dnf", "sudo dnf install"), ("pacman", "sudo pacman -S")];
    let tool = install.iter().find(|(program, _)| setup::find(program).is_some()).map_or("install", |(_, words)| words);
    setup::TEST
        .iter()
        .map(|package| Finding {
            name: package.brings,
            result: setup::find(package.brings)
                .map(|path| path.display().to_string())
                .ok_or_else(|| "not installed".to_owned()),
            costs: package.used_for,
            remedy: format!("{tool} {}", package.name),
        })
        .collect()
}
