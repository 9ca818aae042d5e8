//! The chapter's steps on the command line.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use cgroups::{Error, Group, Limits, Report, Result, enable_controllers};
use nix::unistd::Pid;
use sys::Context;

const USAGE: &str = "\
usage: cgroups enable-controllers DIRECTORY CONTROLLER…
       cgroups create NAME
       cgroups apply NAME LIMITS
       cgroups apply-with-crate NAME LIMITS
       cgroups limits NAME
       cgroups add NAME PID
       cgroups start NAME PROGRAM [ARGUMENT…]
       cgroups report NAME
       cgroups kill NAME
       cgroups delete NAME
       cgroups run NAME LIMITS PROGRAM [ARGUMENT…]

LIMITS are any of --memory 64m, --cpus 0.5 and --pids 20";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match execute(&words) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("cgroups: {error}");
            ExitCode::from(125)
        }
    }
}

fn execute(words: &[&str]) -> Result<u8> {
    match words {
        ["enable-controllers", parent, wanted @ ..] => enable_controllers(Path::new(parent), wanted)?,
        ["create", name] => Group::create(name)?.paths().iter().for_each(|path| println!("{}", path.display())),
        ["apply", name, rest @ ..] => match Limits::from_options(rest)? {
            (limits, []) => Group::open(name)?.apply(&limits)?,
            _ => return Ok(usage()),
        },
        ["apply-with-crate", name, rest @ ..] => match Limits::from_options(rest)? {
            (limits, []) => Group::open(name)?.apply_with_crate(&limits)?,
            _ => return Ok(usage()),
        },
        ["limits", name] => println!("{:?}", Group::open(name)?.limits()?),
        ["add", name, pid] => match pid.parse() {
            Ok(pid) => Group::open(name)?.add(Pid::from_raw(pid))?,
            Err(_) => return Ok(usage()),
        },
        ["start", name, program, arguments @ ..] => {
            let mut child = Group::open(name)?.start(Command::new(program).args(arguments))?;
            return Ok(code(child.wait().call("waitpid").map_err(Error::Sys)?));
        }
        ["report", name] => print_report(&Group::open(name)?.report()?),
        ["kill", name] => Group::open(name)?.kill()?,
        ["delete", name] => Group::named(name)?.delete()?,
        ["run", name, rest @ ..] => match Limits::from_options(rest)? {
            (limits, [program, arguments @ ..]) => {
                sys::ignore_keyboard_signals();
                let (status, report) = cgroups::run(name, &limits, Command::new(program).args(arguments))?;
                print_report(&report);
                return Ok(code(status));
            }
            _ => return Ok(usage()),
        },
        _ => return Ok(usage()),
    }
    Ok(0)
}

fn usage() -> u8 {
    eprintln!("{USAGE}");
    2
}

/// On standard error, so that the program's own output stays whole.
fn print_report(report: &Report) {
    if report.oom_kills > 0 {
        eprintln!("cgroups: out of memory: {} killed by the memory limit", report.oom_kills);
    }
    if report.refused_forks > 0 {
        eprintln!("cgroups: {} forks refused by the limit on processes", report.refused_forks);
    }
    if report.throttled_periods > 0 {
        let (periods, time) = (report.throttled_periods, report.throttled_time);
        eprintln!("cgroups: held back in {periods} periods for {time:.1?} by the CPU limit");
    }
    if let Some(peak) = report.memory_peak {
        eprintln!("cgroups: at most {} KiB of memory in use", peak / 1024);
    }
}

/// As a shell has it: the program's own code, or 128 and the signal's number.
fn code(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code).unwrap_or(u8::MAX)
}
