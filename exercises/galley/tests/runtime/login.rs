//! Logging in at a terminal: nobody who looks over a shoulder reads the password.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use registry_server::{Options, Server};
use tempfile::TempDir;

use crate::screen::Screen;

struct Case {
    directory: TempDir,
    server: Server,
    password: String,
}

impl Case {
    fn new() -> Self {
        let (directory, password) = (checks::scratch(), format!("pass:{}", checks::nonce()));
        let auth = Some(("ada".to_owned(), password.clone()));
        Self { directory, server: Server::start(Options { auth, ..Options::default() }).unwrap(), password }
    }

    fn galley(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(checks::program_path(env!("CARGO_BIN_EXE_galley")));
        command.args(arguments).arg(self.server.address().to_string());
        command.env("GALLEY_HOME", self.directory.path().join("home")).env_remove("REGISTRY_AUTH_FILE");
        command.env("DOCKER_CONFIG", self.directory.path());
        command
    }

    fn kept(&self) -> Option<String> {
        fs::read_to_string(self.directory.path().join("config.json")).ok()
    }
}

#[test]
fn the_password_is_not_shown() {
    let case = Case::new();
    let mut screen = Screen::start(case.galley(&["login"]), 24, 80);
    screen.wait_for("Username: ");
    screen.type_in("ada\n");
    screen.wait_for("Password: ");
    screen.wait_until_raw();
    // A slip is taken back, and nothing of it is shown either.
    screen.type_in(&format!("x\u{7f}{}\r", case.password));
    let shown = screen.rest();
    assert!(shown.contains("Login succeeded"), "{shown}");
    assert!(!shown.contains(&case.password) && !shown.contains("pass:"), "the password is on the screen: {shown}");
    let mode = fs::metadata(case.directory.path().join("config.json")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "others may read the logins: {mode:o}");
}

#[test]
fn a_login_that_is_refused_or_given_up_keeps_nothing() {
    for (keys, words) in [("wrong\r", "refused the login"), ("half\u{3}", "from the terminal")] {
        let case = Case::new();
        let mut screen = Screen::start(case.galley(&["login", "-u", "ada"]), 24, 80);
        screen.wait_for("Password: ");
        screen.wait_until_raw();
        screen.type_in(keys);
        screen.wait_for(words);
        assert!(!screen.is_raw(), "the terminal should show what is typed again");
        let shown = screen.rest();
        assert!(!shown.contains("wrong") && !shown.contains("half"), "{shown}");
        assert_eq!(case.kept(), None);
    }
}

#[test]
fn without_a_terminal_name_and_password_must_be_given() {
    let case = Case::new();
    for arguments in [&["login"][..], &["login", "-u", "ada"], &["login", "--password-stdin"]] {
        let output = case.galley(arguments).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && words.contains("--"), "{arguments:?}: {words}");
    }
    assert!(case.server.log().is_empty() && case.kept().is_none());
}
