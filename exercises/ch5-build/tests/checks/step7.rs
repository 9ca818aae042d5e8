//! A COPY is a layer with the right files, and the same layer every time.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::fixture::BuildFixture;

/// A context with a program, a note and a directory.
fn context(nonce: &str) -> BuildFixture {
    let fixture = BuildFixture::new();
    fixture.put("note.txt", nonce).put("bin/tool", "tool").put("tree/sub/leaf", "leaf");
    fs::set_permissions(fixture.context().join("bin/tool"), fs::Permissions::from_mode(0o4755)).unwrap();
    symlink("leaf", fixture.context().join("tree/sub/link")).unwrap();
    fixture.same_time("tree/sub/link");
    fixture
}

/// A directory's time says when something was last put there, and that differs.
fn has_no_times_of_directories(listing: &str) {
    let timeless = listing.lines().filter(|line| line.starts_with('d')).all(|line| line.contains(" 1970-01-01 "));
    assert!(timeless, "a directory's own time got into the layer, and the next build gives another one:\n{listing}");
}

#[test]
fn the_layer_holds_the_files_as_roots() {
    let nonce = checks::nonce();
    let fixture = context(&nonce);
    // Whose they are here must not matter; only root can have files of others.
    let _ = std::os::unix::fs::chown(fixture.context().join("note.txt"), Some(1234), Some(5678));
    fixture.dockerfile(&["FROM scratch", "WORKDIR /app", "COPY note.txt bin tree ./"]).build(&[]);
    let listing = fixture.listing();
    assert!(
        !listing.contains("1234"),
        "files of the context belong to root in the image, whoever's they are:\n{listing}"
    );
    has_no_times_of_directories(&listing);
    insta::assert_snapshot!("layer", listing);
    assert_eq!(fixture.content("app/note.txt"), nonce, "the file's content is in the layer");
}

#[test]
fn a_target_without_a_slash_is_the_new_name() {
    let fixture = context("");
    fixture.dockerfile(&["FROM scratch", "COPY note.txt /etc/motd"]).build(&[]);
    let listing = fixture.listing();
    assert!(listing.ends_with(" etc/motd\n"), "a single file takes the target as its name:\n{listing}");
    fixture.dockerfile(&["FROM scratch", "COPY note.txt /etc/"]).build(&[]);
    let listing = fixture.listing();
    assert!(listing.contains(" etc/note.txt\n"), "a slash at the end makes the target a directory:\n{listing}");
    fixture.dockerfile(&["FROM scratch", "COPY tree /bin", "COPY bin/tool /bin"]).build(&[]);
    let listing = fixture.listing();
    assert!(
        listing.contains(" bin/tool\n"),
        "the image has a directory /bin: the file goes into it, and must not take its place:\n{listing}"
    );
    fixture.dockerfile(&["FROM scratch", "COPY note.txt bin/tool /etc"]);
    let said = fixture.refusal();
    assert!(said.contains("not a directory"), "two files cannot both be called /etc:\n{said}");
}

#[test]
fn a_link_of_the_image_is_followed_and_not_replaced() {
    let fixture = context("");
    fs::create_dir_all(fixture.context().join("base/usr/bin")).unwrap();
    fs::create_dir_all(fixture.context().join("base/tmp")).unwrap();
    fs::set_permissions(fixture.context().join("base/tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
    symlink("usr/bin", fixture.context().join("base/bin")).unwrap();
    symlink("/usr", fixture.context().join("base/absolute")).unwrap();
    fixture.dockerfile(&[
        "FROM scratch",
        "COPY base /",
        "COPY bin/tool /bin/",
        "COPY bin /absolute/bin",
        "COPY note.txt /tmp/",
    ]);
    fixture.build(&[]);
    let listing = fixture.listing();
    assert!(listing.starts_with("drwxrwxrwt "), "a directory that the image has keeps its permissions:\n{listing}");
    fixture.dockerfile(&["FROM scratch", "COPY base /", "COPY bin/tool /bin/"]).build(&[]);
    let listing = fixture.listing();
    assert!(!listing.contains(" bin"), "the layer has a /bin of its own, which hides the image's link:\n{listing}");
    has_no_times_of_directories(&listing);
    insta::assert_snapshot!("through-link", listing);
    fixture.dockerfile(&["FROM scratch", "COPY base /", "COPY bin /absolute/bin"]).build(&[]);
    let listing = fixture.listing();
    assert!(listing.contains(" usr/bin/tool\n"), "an absolute link starts at the image's root:\n{listing}");
}

#[test]
fn owner_and_mode_are_as_asked() {
    let fixture = context("");
    fixture.put("base/etc/passwd", "ada:x:1815:1852::/:\n").put("base/etc/group", "staff:x:50:\n");
    for (option, owner, mode) in [
        ("--chown=7:8", "7/8", "-rw-r--r--"),
        ("--chown=9", "9/9", "-rw-r--r--"),
        ("--chown=ada:staff", "1815/50", "-rw-r--r--"),
        ("--chmod=0640", "0/0", "-rw-r-----"),
    ] {
        fixture.dockerfile(&["FROM scratch", "COPY base /", &format!("COPY {option} note.txt /x")]).build(&[]);
        let expected = format!("{mode} {owner} ");
        assert!(fixture.listing().starts_with(&expected), "{option} gives {expected}:\n{}", fixture.listing());
    }
    fixture.dockerfile(&["FROM scratch", "COPY base /", "COPY --chown=nobody note.txt /x"]);
    assert!(
        fixture.refusal().contains("'nobody' is not in the image"),
        "names are looked up in the image, not on the host"
    );
}

#[test]
fn the_same_files_give_the_same_layer() {
    let nonce = checks::nonce();
    let [one, other] = [0, 1].map(|_| {
        let fixture = context(&nonce);
        fixture.dockerfile(&["FROM scratch", "WORKDIR /app", "COPY tree note.txt sub/"]).build(&[]);
        fixture.layers().iter().map(|layer| layer.file_name().unwrap().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(one, other, "two builds of the same files gave layers of other digests: a time or an order got in");
}

#[test]
fn an_earlier_stage_gives_its_files() {
    let nonce = checks::nonce();
    let fixture = context(&nonce);
    let lines =
        ["FROM scratch AS first", "COPY --chown=3:4 note.txt /out/", "FROM scratch", "COPY --from=first /out /in"];
    fixture.dockerfile(&lines).build(&[]);
    let listing = fixture.listing();
    // An unpacked layer keeps its owners only where root is root of the machine.
    let map = fs::read_to_string("/proc/self/uid_map").unwrap();
    let all_mapped = nix::unistd::geteuid().is_root() && map.split_whitespace().eq(["0", "0", "4294967295"]);
    let owner = if all_mapped { " 3/4 " } else { " 0/0 " };
    assert!(
        listing.contains(owner) && listing.contains(" in/note.txt\n"),
        "the stage's file, with its owner:\n{listing}"
    );
    assert_eq!(fixture.layers().len(), 1, "nothing else of the first stage is in the image");
    assert_eq!(fixture.content("in/note.txt"), nonce, "the stage's own content");
}
