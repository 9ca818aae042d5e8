//! The chapter's steps on the command line.

use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
usage: chroot run PROGRAM [ARGUMENT…]
       chroot libraries PROGRAM
       chroot make-rootfs DIRECTORY PROGRAM…
       chroot enter DIRECTORY PROGRAM [ARGUMENT…]
       chroot run-inside DIRECTORY PROGRAM [ARGUMENT…]
       chroot break-out DIRECTORY PROGRAM [ARGUMENT…]";

fn main() -> ExitCode {
    // An argument of a program cannot hold a zero byte, so none is lost here.
    let arguments: Vec<CString> =
        std::env::args_os().skip(1).filter_map(|text| CString::new(text.into_vec()).ok()).collect();
    match execute(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("chroot: {error}");
            ExitCode::from(125)
        }
    }
}

fn execute(arguments: &[CString]) -> sys::Result<u8> {
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str().ok()).collect();
    match words.as_slice() {
        ["run", _, ..] => Ok(chroot::run(&arguments[1..])),
        ["libraries", program] => {
            sys::libraries(Path::new(program))?.iter().for_each(|path| println!("{}", path.display()));
            Ok(0)
        }
        ["make-rootfs", rootfs, programs @ ..] => {
            let programs: Vec<&Path> = programs.iter().map(Path::new).collect();
            chroot::make_rootfs(Path::new(rootfs), &programs).map(|()| 0)
        }
        ["enter", rootfs, _, ..] => {
            chroot::enter(Path::new(rootfs))?;
            Ok(become_program(&arguments[2..]))
        }
        ["run-inside", rootfs, _, ..] => chroot::run_inside(Path::new(rootfs), &arguments[2..]),
        ["break-out", rootfs, _, ..] => {
            chroot::enter(Path::new(rootfs))?;
            chroot::break_out()?;
            Ok(become_program(&arguments[2..]))
        }
        _ => {
            eprintln!("{USAGE}");
            Ok(2)
        }
    }
}

/// Becomes the program; gives an exit code if that fails.
fn become_program(argv: &[CString]) -> u8 {
    let error = sys::exec(argv, None);
    eprintln!("chroot: {error}");
    error.exit_code()
}
