//! The key changes with what matters, and with nothing else.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::SystemTime;

use crate::fixture::BuildFixture;
use crate::{str, succeed};

fn key_of(fixture: &BuildFixture, parent: &str, instruction: &str, sources: &[&str]) -> String {
    succeed(&[&["key", parent, instruction, str(&fixture.context())], sources].concat())
}

fn key(fixture: &BuildFixture) -> String {
    key_of(fixture, "parent", "COPY . /", &["."])
}

/// A context that holds a nonce, and another of the same content.
fn twins() -> [BuildFixture; 2] {
    let nonce = checks::nonce();
    [0, 1].map(|_| {
        let fixture = BuildFixture::new();
        fixture.put("app.py", &nonce).put("src/x", "xx").put("src/y", "y");
        symlink("x", fixture.context().join("src/link")).unwrap();
        fixture
    })
}

fn put(fixture: &BuildFixture, files: &[(&str, &str)]) {
    for (name, content) in files {
        fixture.put(name, content);
    }
}

#[test]
fn the_same_files_give_the_same_key() {
    let [one, other] = twins();
    assert_eq!(key(&one), key(&other), "the place of the context on the disk must not matter");
    let file = other.context().join("app.py");
    fs::File::open(&file).unwrap().set_modified(SystemTime::now()).unwrap();
    assert_eq!(key(&one), key(&other), "a file's time must not matter: a fresh clone has other times");
}

#[test]
fn another_parent_or_text_gives_another_key() {
    let [fixture, _] = twins();
    let before = key(&fixture);
    assert_ne!(before, key_of(&fixture, "other", "COPY . /", &["."]), "a change in a line above was not noticed");
    assert_ne!(before, key_of(&fixture, "parent", "COPY . /x", &["."]), "a change in the line itself was not noticed");
    assert_ne!(
        key_of(&fixture, "ab", "c", &["."]),
        key_of(&fixture, "a", "bc", &["."]),
        "parent and text ran together: hash their lengths too"
    );
}

#[test]
fn every_change_of_a_file_gives_another_key() {
    type Change = fn(&BuildFixture);
    let changes: [(&str, Change); 8] = [
        ("other content of the same length", |fixture| put(fixture, &[("src/x", "xz")])),
        ("a byte moved from one file to the next", |fixture| put(fixture, &[("src/x", "x"), ("src/y", "xy")])),
        ("a new file", |fixture| put(fixture, &[("src/new", "")])),
        ("a new directory", |fixture| fs::create_dir(fixture.context().join("empty")).unwrap()),
        ("a file less", |fixture| fs::remove_file(fixture.context().join("src/y")).unwrap()),
        ("another name", |fixture| {
            fs::rename(fixture.context().join("src/y"), fixture.context().join("src/z")).unwrap()
        }),
        ("another mode", |fixture| {
            fs::set_permissions(fixture.context().join("app.py"), fs::Permissions::from_mode(0o755)).unwrap();
        }),
        ("a link elsewhere", |fixture| {
            fs::remove_file(fixture.context().join("src/link")).unwrap();
            symlink("y", fixture.context().join("src/link")).unwrap();
        }),
    ];
    for (what, change) in changes {
        let [fixture, _] = twins();
        let before = key(&fixture);
        change(&fixture);
        assert_ne!(before, key(&fixture), "{what} was not noticed");
    }
}

#[test]
fn what_is_not_copied_does_not_matter() {
    let [fixture, _] = twins();
    fixture.put(".dockerignore", "*.log\n.dockerignore\n");
    let (all, one) = (key(&fixture), key_of(&fixture, "p", "COPY app.py /", &["app.py"]));
    fixture.put("new.log", checks::nonce());
    assert_eq!(all, key(&fixture), "a file that .dockerignore leaves out must not matter");
    fixture.put("src/x", "changed");
    assert_eq!(one, key_of(&fixture, "p", "COPY app.py /", &["app.py"]), "only the copied files may matter");
}
