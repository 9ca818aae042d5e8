//! The program behind `cargo xtask`; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::cli::main(std::env::args_os().skip(1))
}
