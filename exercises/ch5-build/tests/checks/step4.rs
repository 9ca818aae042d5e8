//! The key changes with what matters, and with nothing else.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::SystemTime;

use crate::kitchen::Kitchen;
use crate::{str, succeed};

fn key_of(kitchen: &Kitchen, parent: &str, instruction: &str, sources: &[&str]) -> String {
    succeed(&[&["key", parent, instruction, str(&kitchen.context())], sources].concat())
}

fn key(kitchen: &Kitchen) -> String {
    key_of(kitchen, "parent", "COPY . /", &["."])
}

/// A context that holds a nonce, and another of the same content.
fn twins() -> [Kitchen; 2] {
    let nonce = checks::nonce();
    [0, 1].map(|_| {
        let kitchen = Kitchen::new();
        kitchen.put("app.py", &nonce).put("src/x", "xx").put("src/y", "y");
        symlink("x", kitchen.context().join("src/link")).unwrap();
        kitchen
    })
}

fn put(kitchen: &Kitchen, files: &[(&str, &str)]) {
    for (name, content) in files {
        kitchen.put(name, content);
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
    let [kitchen, _] = twins();
    let before = key(&kitchen);
    assert_ne!(before, key_of(&kitchen, "other", "COPY . /", &["."]), "a change in a line above was not noticed");
    assert_ne!(before, key_of(&kitchen, "parent", "COPY . /x", &["."]), "a change in the line itself was not noticed");
    assert_ne!(
        key_of(&kitchen, "ab", "c", &["."]),
        key_of(&kitchen, "a", "bc", &["."]),
        "parent and text ran together: hash their lengths too"
    );
}

#[test]
fn every_change_of_a_file_gives_another_key() {
    type Change = fn(&Kitchen);
    let changes: [(&str, Change); 8] = [
        ("other content of the same length", |kitchen| put(kitchen, &[("src/x", "xz")])),
        ("a byte moved from one file to the next", |kitchen| put(kitchen, &[("src/x", "x"), ("src/y", "xy")])),
        ("a new file", |kitchen| put(kitchen, &[("src/new", "")])),
        ("a new directory", |kitchen| fs::create_dir(kitchen.context().join("empty")).unwrap()),
        ("a file less", |kitchen| fs::remove_file(kitchen.context().join("src/y")).unwrap()),
        ("another name", |kitchen| {
            fs::rename(kitchen.context().join("src/y"), kitchen.context().join("src/z")).unwrap()
        }),
        ("another mode", |kitchen| {
            fs::set_permissions(kitchen.context().join("app.py"), fs::Permissions::from_mode(0o755)).unwrap();
        }),
        ("a link elsewhere", |kitchen| {
            fs::remove_file(kitchen.context().join("src/link")).unwrap();
            symlink("y", kitchen.context().join("src/link")).unwrap();
        }),
    ];
    for (what, change) in changes {
        let [kitchen, _] = twins();
        let before = key(&kitchen);
        change(&kitchen);
        assert_ne!(before, key(&kitchen), "{what} was not noticed");
    }
}

#[test]
fn what_is_not_copied_does_not_matter() {
    let [kitchen, _] = twins();
    kitchen.put(".dockerignore", "*.log\n.dockerignore\n");
    let (all, one) = (key(&kitchen), key_of(&kitchen, "p", "COPY app.py /", &["app.py"]));
    kitchen.put("new.log", checks::nonce());
    assert_eq!(all, key(&kitchen), "a file that .dockerignore leaves out must not matter");
    kitchen.put("src/x", "changed");
    assert_eq!(one, key_of(&kitchen, "p", "COPY app.py /", &["app.py"]), "only the copied files may matter");
}
