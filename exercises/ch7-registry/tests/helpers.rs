//! Logins that a credential helper keeps: a shell script stands for the key ring.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use registry_server::{Options, Server};
use tempfile::TempDir;

/// Keeps one login beside itself, and notes what it was called with.
const HELPER: &str = r#"#!/bin/sh
place=$(dirname "$0")
echo "$@" >> "$place/calls"
case $1 in
    store) cat > "$place/kept" ;;
    get) read -r key; grep -qF "\"$key\"" "$place/kept" 2>/dev/null && cat "$place/kept" && exit
        echo "credentials not found in native keychain"; exit 1 ;;
    erase) rm "$place/kept" ;;
esac
"#;

struct RegistryFixture {
    directory: TempDir,
    server: Server,
    address: String,
    password: String,
}

impl RegistryFixture {
    fn new(config: &str) -> Self {
        let (directory, password) = (checks::scratch(), format!("pass:{}", checks::nonce()));
        let auth = Some(("ada".to_owned(), password.clone()));
        let server = Server::start(Options { auth, ..Options::default() }).unwrap();
        let address = server.address().to_string();
        let fixture = Self { directory, server, address, password };
        let helper = fixture.path("docker-credential-shelf");
        fs::write(&helper, HELPER).unwrap();
        fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(fixture.path("config.json"), config.replace("ADDRESS", &fixture.address)).unwrap();
        fixture
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// Runs the chapter's program; exit code and what it printed.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        fs::write(self.path("input"), &self.password).unwrap();
        let path = format!("{}:{}", self.directory.path().display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(checks::program_path(env!("CARGO_BIN_EXE_registry")));
        command.args(arguments).env("PATH", path).env("DOCKER_CONFIG", self.directory.path());
        command.env_remove("REGISTRY_AUTH_FILE").stdin(Stdio::from(fs::File::open(self.path("input")).unwrap()));
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(!text.contains(&self.password), "the password was printed");
        (output.status.code().unwrap_or(-1), text)
    }

    fn ok(&self, arguments: &[&str]) {
        let (code, text) = self.run(arguments);
        assert!(code == 0, "{arguments:?}: {text}");
    }
}

#[test]
fn a_helper_keeps_finds_and_forgets_the_login() {
    for config in [r#"{"credsStore":"shelf"}"#, r#"{"credsStore":"none","credHelpers":{"ADDRESS":"shelf"}}"#] {
        let fixture = RegistryFixture::new(config);
        fixture.ok(&["login", &fixture.address, "ada"]);
        assert!(
            fs::read_to_string(fixture.path("kept")).unwrap().contains(&fixture.password),
            "the helper does not have it"
        );
        let file = fs::read_to_string(fixture.path("config.json")).unwrap();
        assert!(!file.contains("\"auth\""), "the password is in the file, too: {file}");
        fixture.ok(&["ping", &fixture.address]);
        let calls = fs::read_to_string(fixture.path("calls")).unwrap();
        assert_eq!(calls, "store\nget\n", "a helper's arguments hold no secret");
        fixture.ok(&["logout", &fixture.address]);
        assert!(!fixture.path("kept").exists(), "logout left the login with the helper");
        assert_eq!(fixture.run(&["ping", &fixture.address]).0, 1, "the login was used after logout");
        assert!(fixture.server.log().iter().any(|entry| entry.status == 200));
    }
}

#[test]
fn a_helper_that_is_not_there_is_told_at_login() {
    let fixture = RegistryFixture::new(r#"{"credsStore":"nobody"}"#);
    let (code, text) = fixture.run(&["ping", &fixture.address]);
    assert!(code == 1 && text.contains("galley login"), "{text}");
    let (code, text) = fixture.run(&["login", &fixture.address, "ada"]);
    assert!(code == 1 && text.contains("docker-credential-nobody"), "{text}");
    assert!(!fs::read_to_string(fixture.path("config.json")).unwrap().contains("auth"), "it was stored all the same");
    // A name must not be a way to run any program.
    let fixture = RegistryFixture::new(r#"{"credsStore":"/../../bin/true"}"#);
    assert_eq!(fixture.run(&["ping", &fixture.address]).0, 1);
}
