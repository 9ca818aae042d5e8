//! The harness: `cargo xtask check`, `sync`, `galley`, `demo` and the rest.
//!
//! Where to start reading: [`cli`] has the commands, [`tree`] the places,
//! [`check`] what happens when a learner asks for a verdict.

mod arguments;
mod assemble;
mod bench;
mod check;
mod clean;
mod cli;
mod demo;
mod desk;
mod doctor;
mod error;
mod handover;
mod hint;
mod list;
mod pantry;
mod progress;
mod record;
mod sandbox;
mod setup;
mod shipped;
mod starter;
mod sync;
mod terminal;
mod test;
mod tool;
mod tree;
mod vm;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    restore_sigpipe();
    match cli::run() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::from(error.code())
        }
    }
}

/// `cargo xtask list | head` must end quietly: Rust ignores SIGPIPE at the start,
/// and then every print to a closed pipe is a panic.
fn restore_sigpipe() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // SAFETY: no handler is installed, only the default action restored, and no
    // other thread exists yet. If it fails, the harness is merely noisier.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
}
