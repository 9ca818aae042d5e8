//! Names are looked up in the image, numbers are taken as they are.

use std::fs;

use checks::{Rootfs, View};
use run::{Error, user};

/// A root whose users no host has.
fn root(nonce: &str) -> Rootfs {
    let root = Rootfs::new();
    // The cook's mate comes first: a name is a whole field, not the start of a line.
    let passwd = format!(
        "root:x:0:0:root:/root:/bin/sh\ncook-{nonce}-mate:x:4721:4722:mate:/mate:/bin/sh\n\
         cook-{nonce}:x:4711:4712:cook:/galley:/bin/sh\nbroken line\nshort:x:1\n"
    );
    let group = format!(
        "root:x:0:\ncook-{nonce}:x:4712:\nknives:x:4800:waiter,cook-{nonce}\nspoons:x:4900:waiter\n\
         pots:x:4910:cook-{nonce}-mate\n"
    );
    fs::write(root.inside("/etc/passwd"), passwd).unwrap();
    fs::write(root.inside("/etc/group"), group).unwrap();
    root
}

#[test]
fn names_and_numbers_are_found_in_the_image() {
    let nonce = checks::nonce();
    let root = root(&nonce);
    let shown = |text: &str| match user(root.path(), text) {
        Ok(user) => format!("uid {} gid {} groups {:?} home {}", user.uid, user.gid, user.groups, user.home.display()),
        Err(error) => format!("error: {error}"),
    };
    let mut view = View::default();
    view.add("none", shown(""));
    view.add("name", shown(&format!("cook-{nonce}")));
    view.add("name-and-group", shown(&format!("cook-{nonce}:spoons")));
    view.add("number", shown("4711"));
    view.add("unknown-number", shown("1234"));
    view.add("numbers", shown("1234:5678"));
    view.add("signed-number", shown("+4711"));
    view.add("unknown-name", shown("baker"));
    view.add("unknown-group", shown("0:bakers"));
    checks::view!("users", view.name(&nonce, "<nonce>"), {
        "none" => "no user means root",
        "name" => "the files are the image's own, below its root (an absolute path given to `join` is the host's); the whole first field is the name; uid, gid and home are fields 3, 4 and 6 of passwd, and groups are those whose last field lists the user",
        "name-and-group" => "the group after the colon takes the place of the user's own gid; the other groups stay",
        "number" => "a number that has an entry brings the entry's group and home",
        "unknown-number" => "a number without an entry is good: group 0, home /",
        "numbers" => "both may be numbers that no file knows",
        "signed-number" => "an id is digits alone; `parse` takes a sign too, sys::parse_id does not",
        "unknown-name" => "a name that is not in the image is an error, whatever the host knows",
        "unknown-group" => "a group's name that is not in the image is an error",
    });
}

#[test]
fn the_hosts_users_do_not_count() {
    let root = Rootfs::new();
    // "daemon" is in every host's passwd, and not in this image: it has none.
    assert!(
        matches!(user(root.path(), "daemon"), Err(Error::NoUser(_))),
        "'daemon' was found, but only the host has it"
    );
    let number = user(root.path(), "0").unwrap();
    assert_eq!((number.uid, number.gid), (0, 0), "an image without passwd still has numbers");
}
