//! galley: the runtime that the workbook's chapters make together.
//!
//! Every command is a few lines that call the chapters' crates; what there is to
//! learn is there, not here. [`cli`] has the flags, [`home`] the places on disk.

mod cli;
mod commands;
mod error;
mod home;
mod progress;
mod transfers;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    restore_sigpipe();
    let arguments = match cli::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap prints help to standard output and faults to standard error.
            let _ = error.print();
            // Docker's code for a fault of its own; asking for help is no fault.
            return ExitCode::from(if error.use_stderr() { 125 } else { 0 });
        }
    };
    match commands::run(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("galley: {error}{}", error.hint());
            let code =
                if matches!(arguments.command, cli::Command::Run(_)) { error.code_of_run() } else { error.code() };
            ExitCode::from(code)
        }
    }
}

/// `galley images | head` must end quietly: Rust ignores SIGPIPE at the start, and
/// then every print to a closed pipe is a panic.
fn restore_sigpipe() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // SAFETY: no handler is installed, only the default action restored, and no
    // other thread exists yet. If it fails, galley is merely noisier.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
}
