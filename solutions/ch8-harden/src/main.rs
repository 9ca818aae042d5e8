//! Given: the chapter's steps on the command line.

use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::ExitCode;

use confine::{Action, CapSet, DEFAULT_DEVICES, DeviceGroup, DeviceRule, Policy, Profile, call_number};
use harden::Ids;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid, chdir, chroot, getpid};
use sys::Context;

const USAGE: &str = "\
usage: harden limit-capabilities CAPABILITIES PROGRAM [ARGUMENT…]
       harden switch-user UID:GID[:GROUP…] [--no-new-privileges | --root DIRECTORY] PROGRAM [ARGUMENT…]
       harden select-rules CAPABILITIES PROFILE CALL…
       harden install-filter CALL[,CALL…] PROGRAM [ARGUMENT…]
       harden mask-paths PATH[,PATH…] READ-ONLY-PATH[,PATH…] PROGRAM [ARGUMENT…]
       harden restrict-devices GROUP RULE[,RULE…] PROGRAM [ARGUMENT…]
       harden drop-inherited PROGRAM [ARGUMENT…]
CAPABILITIES are names separated by commas, or default, all, none. PROFILE is a file, or
default. The CALLs of install-filter are refused. A RULE is such as 'c 1:3 rwm', or default.";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    // An argument of a program cannot hold a zero byte, so none is lost here.
    let arguments: Vec<CString> =
        std::env::args_os().skip(1).filter_map(|text| CString::new(text.into_vec()).ok()).collect();
    match execute(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("harden: {error}");
            ExitCode::from(125)
        }
    }
}

fn execute(arguments: &[CString]) -> Result<u8> {
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str().ok()).collect();
    let mut program = arguments.get(2..).unwrap_or_default();
    match words.as_slice() {
        ["limit-capabilities", keep, _, ..] => harden::limit_capabilities(keep.parse::<CapSet>()?)?,
        ["switch-user", ids, "--no-new-privileges", _, ..] => {
            program = &arguments[3..];
            harden::switch_user(&parse_ids(ids)?, true)?;
        }
        ["switch-user", ids, "--root", rootfs, _, ..] => {
            program = &arguments[4..];
            harden::switch_user(&parse_ids(ids)?, false)?;
            // Takes a capability, which must be in force still.
            chroot(*rootfs).context("chroot", rootfs)?;
            chdir("/").context("chdir", "/")?;
        }
        ["switch-user", ids, _, ..] => harden::switch_user(&parse_ids(ids)?, false)?,
        ["select-rules", keep, profile, names @ ..] => return print_answers(keep.parse::<CapSet>()?, profile, names),
        ["install-filter", names, _, ..] => {
            let number = |name| call_number(name).ok_or_else(|| format!("this machine has no call {name}"));
            let numbers = names.split(',').map(number).collect::<std::result::Result<Vec<_>, _>>()?;
            harden::install_filter(&Policy::refusing(numbers))?;
        }
        ["mask-paths", masked, read_only, _, ..] => {
            program = &arguments[3..];
            unshare_mounts()?;
            harden::mask_paths(&paths(masked), &paths(read_only))?;
        }
        ["restrict-devices", group, rules, _, ..] => {
            program = &arguments[3..];
            let group = DeviceGroup::create(group)?;
            harden::restrict_devices(&group, &parse_rules(rules)?)?;
            group.add(getpid())?;
        }
        ["drop-inherited", _, ..] => {
            program = &arguments[1..];
            harden::drop_inherited()?;
        }
        _ => {
            eprintln!("{USAGE}");
            return Ok(2);
        }
    }
    let error = sys::exec(program, None);
    eprintln!("harden: {error}");
    Ok(error.exit_code())
}

/// `UID:GID`, and the supplementary groups behind it.
fn parse_ids(text: &str) -> Result<Ids> {
    let numbers: Vec<u32> = text.split(':').map(str::parse).collect::<std::result::Result<_, _>>()?;
    let [uid, gid, groups @ ..] = numbers.as_slice() else { return Err("a user is UID:GID".into()) };
    let groups = groups.iter().copied().map(Gid::from_raw).collect();
    Ok(Ids { uid: Uid::from_raw(*uid), gid: Gid::from_raw(*gid), groups })
}

/// A policy's answer to each call, by name, if its arguments do not matter.
fn print_answers(keep: CapSet, profile: &str, names: &[&str]) -> Result<u8> {
    let profile = if profile == "default" { Profile::default_profile()? } else { Profile::read(Path::new(profile))? };
    let policy = harden::select_rules(&profile, keep);
    for name in names {
        let rules = call_number(name).and_then(|number| policy.calls.get(&number)).map_or(&[][..], Vec::as_slice);
        let shown: Vec<String> = rules
            .iter()
            .map(|rule| match rule.conditions.len() {
                0 => show(rule.action),
                _ => format!("{} if its arguments match", show(rule.action)),
            })
            .collect();
        let answer = if shown.is_empty() { show(policy.default_action) } else { shown.join(", ") };
        println!("{name} {answer}");
    }
    Ok(0)
}

fn show(action: Action) -> String {
    match action {
        Action::Allow => "allowed".to_owned(),
        Action::Errno(errno) => format!("refused with {:?}", nix::errno::Errno::from_raw(errno.into())),
        other => format!("{other:?}"),
    }
}

fn paths(text: &str) -> Vec<&Path> {
    text.split(',').filter(|path| !path.is_empty()).map(Path::new).collect()
}

fn parse_rules(text: &str) -> Result<Vec<DeviceRule>> {
    if text == "default" {
        return Ok(DEFAULT_DEVICES.to_vec());
    }
    Ok(text.split(',').map(str::parse).collect::<std::result::Result<_, _>>()?)
}

/// Mounts that nobody else sees, as in chapter 2.
fn unshare_mounts() -> sys::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).call("unshare")?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>).context("mount", "/")
}
