//! The probe: a program that a check places inside a container, and that
//! reports what it sees there, one `key value` line for each key asked for.
//!
//! It is linked statically, so that it needs nothing from the root it runs in,
//! and it asks the kernel itself: no other program of the container takes part.
//! `probe hostname pid hold` prints two lines and then waits until its standard
//! input ends, so that a check can look at the living process from outside.

mod actions;
mod answer;
mod call;
mod network;
mod processes;
mod queries;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args().next().is_some_and(|name| name.ends_with("/sh")) {
        return actions::as_shell();
    }
    for request in std::env::args().skip(1) {
        let (key, argument) = request.split_once(':').unwrap_or((&request, ""));
        if key == "exit" {
            return ExitCode::from(argument.parse().unwrap_or(0));
        }
        let Some(answer) = queries::query(key, argument).or_else(|| actions::perform(key, argument)) else {
            eprintln!("probe: unknown request '{request}'");
            return ExitCode::from(2);
        };
        print(&request, &answer.unwrap_or_else(|error| format!("error: {error}")));
    }
    ExitCode::SUCCESS
}

/// One line for each line of the value; an empty value is shown as `-`.
///
/// A closed pipe is not an error: the check that closed it has seen enough.
fn print(key: &str, value: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    if value.is_empty() {
        let _ = writeln!(out, "{key} -");
    }
    for line in value.lines() {
        let _ = writeln!(out, "{key} {line}");
    }
    let _ = out.flush();
}
