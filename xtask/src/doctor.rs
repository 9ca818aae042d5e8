//! `cargo xtask doctor`: tries what the workbook needs, for real.
//!
//! Version numbers prove nothing, so each feature is used once, in a child process that takes
//! the consequences with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::exit;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork, getegid, geteuid};

use crate::error::{Error, Result};
use crate::repo::Repo;
use crate::{files, packages};

/// One thing that a machine can have or lack.
struct Finding {
    name: &'static str,
    /// `Ok` with a remark, or `Err` with what was seen.
    result: std::result::Result<String, String>,
    /// What cannot be done without it.
    costs: &'static str,
    remedy: String,
}

/// Tries what the chapters ask of the kernel; names what is missing.
pub fn missing_in_kernel(repo: &Repo) -> Result<Vec<&'static str>> {
    let findings = kernel(&scratch(repo)?)?.into_iter();
    Ok(findings.filter(|finding| finding.result.is_err()).map(|finding| finding.name).collect())
}

fn scratch(repo: &Repo) -> Result<PathBuf> {
    let scratch = repo.target().join("check/doctor");
    files::create_dir(&scratch)?;
    Ok(scratch)
}

/// Tries everything and prints the results. The exit code is 3 if some chapter cannot be done
/// on this machine, and 0 if only optional programs are missing.
pub fn run(repo: &Repo) -> Result<u8> {
    let kernel = kernel(&scratch(repo)?)?;
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

/// Runs `attempt` in a child process, whose exit code carries the errno.
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

/// What to do if namespaces are refused, according to the kernel's settings.
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
    if is_wsl() {
        return "WSL 1 has none: `wsl --set-version <distribution> 2` in Windows, then start it again".to_owned();
    }
    if Path::new("/.dockerenv").exists() || Path::new("/run/.containerenv").exists() {
        return "this is a container; start it with `--privileged`, or work on its host".to_owned();
    }
    format!("work on Linux 5.12 or later, in a virtual machine if need be; {MACOS}")
}

/// The harness does not compile on macOS, but teachers ask what a class needs there.
const MACOS: &str = "on macOS `limactl start` or `multipass launch` gives one, and the workbook is cloned inside it";

fn is_wsl() -> bool {
    fs::read_to_string("/proc/sys/kernel/osrelease").is_ok_and(|release| release.to_lowercase().contains("microsoft"))
}

/// Makes a group with the controllers that chapter 3 needs, as a check would, and removes it.
fn control_groups() -> Finding {
    let result = match (groups_of_version_2(), groups_of_version_1()) {
        (Some(own), _) => delegated(&own).map(|()| format!("version 2, in {}", own.display())),
        (None, groups) if groups.is_empty() => Err("none are mounted".to_owned()),
        (None, groups) => groups
            .iter()
            .try_for_each(|group| try_group(group).map_err(|error| format!("version 1, {}: {error}", group.display())))
            .map(|()| "version 1".to_owned()),
    };
    Finding {
        name: "a control group with memory, pids and cpu",
        result,
        costs: "chapter 3, and limits on containers",
        remedy: remedy_for_groups(),
    }
}

/// Makes groups of version 1 for this shell; `cargo xtask test` does the same.
const GIVE: &str = "`for c in memory pids cpu; do g=/sys/fs/cgroup/$c/$USER; sudo mkdir -p $g; \
    sudo chown -R $USER $g; echo $$ | sudo tee $g/cgroup.procs; done`";

fn remedy_for_groups() -> String {
    let mut remedy = match (groups_of_version_2(), groups_of_version_1()) {
        _ if geteuid().is_root() => "`cargo xtask vm -- target/debug/xtask check ch3` has some, in a virtual machine",
        (Some(_), _) => "`systemd-run --user --scope -p Delegate=yes cargo xtask check ch3`",
        (None, groups) if !groups.is_empty() => GIVE,
        _ => "`sudo -E env PATH=$PATH cargo xtask vm -- target/debug/xtask check ch3` has some, in a virtual machine",
    }
    .to_owned();
    if is_wsl() {
        remedy += "; in WSL2, `kernelCommandLine=cgroup_no_v1=all` under [wsl2] in .wslconfig and `systemd=true` under \
                   [boot] in /etc/wsl.conf give version 2";
    }
    remedy
}

/// This process's group, if version 2 has the controllers.
fn groups_of_version_2() -> Option<PathBuf> {
    let mount = Path::new("/sys/fs/cgroup");
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    mount.join("cgroup.controllers").exists().then(|| mount.join(path))
}

/// This process's groups, one for each controller of version 1.
fn groups_of_version_1() -> Vec<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let found = ["memory", "pids", "cpu"].into_iter().filter_map(|controller| {
        let mut hierarchies = own.lines().filter_map(|line| line.split_once(':')?.1.split_once(":/"));
        let (_, path) = hierarchies.find(|(names, _)| names.split(',').any(|name| name == controller))?;
        Some(Path::new("/sys/fs/cgroup").join(controller).join(path))
    });
    found.filter(|path| path.is_dir()).collect()
}

/// Root makes groups at the top, where the controllers are. Other users depend on what was
/// delegated to their group (cgroups(7), "Delegation").
fn delegated(own: &Path) -> std::result::Result<(), String> {
    let parent = if geteuid().is_root() { Path::new("/sys/fs/cgroup") } else { own };
    let controllers = fs::read_to_string(parent.join("cgroup.controllers")).unwrap_or_default();
    let missing: Vec<&str> = ["memory", "pids", "cpu"]
        .into_iter()
        .filter(|name| !controllers.split_whitespace().any(|present| present == *name))
        .collect();
    if !missing.is_empty() {
        return Err(format!("version 2, but {} has no {}", parent.display(), missing.join(", ")));
    }
    try_group(parent).map_err(|error| format!("version 2, but {} is not delegated: {error}", parent.display()))
}

fn try_group(parent: &Path) -> std::io::Result<()> {
    let group = parent.join(format!("galley-doctor-{}", std::process::id()));
    fs::create_dir(&group)?;
    fs::remove_dir(&group)
}

fn programs() -> Vec<Finding> {
    let install = [("apt-get", "sudo apt-get install"), ("dnf", "sudo dnf install"), ("pacman", "sudo pacman -S")];
    let tool = install.iter().position(|(program, _)| packages::find(program).is_some());
    packages::TEST
        .iter()
        .map(|package| Finding {
            name: package.brings,
            result: packages::find(package.brings)
                .map(|path| path.display().to_string())
                .ok_or_else(|| "not installed".to_owned()),
            costs: package.used_for,
            remedy: match tool {
                Some(tool) => format!("{} {}", install[tool].1, other_name(package.name, install[tool].0)),
                None => format!("install what Debian calls {}", package.name),
            },
        })
        .collect()
}

/// The names that Fedora and Arch have for some of Debian's packages.
fn other_name(debian: &'static str, installer: &str) -> &'static str {
    match (debian, installer) {
        ("busybox-static", "dnf" | "pacman") => "busybox",
        ("docker-registry", "dnf") => "docker-distribution",
        ("docker-registry", "pacman") => "distribution",
        ("qemu-system-x86", "pacman") => "qemu-system-x86",
        ("qemu-system-x86", "dnf") => "qemu-system-x86-core",
        ("uidmap", "dnf") => "shadow-utils",
        ("uidmap", "pacman") => "shadow",
        ("npm", "dnf") => "nodejs-npm",
        ("nodejs", "dnf") => "nodejs",
        _ => debian,
    }
}
