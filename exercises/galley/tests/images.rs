//! The commands that list, name, carry and remove images.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

mod build_fixture;

use build_fixture::{BuildFixture, errors, text};

/// The rows of `galley images`, without the heading and the times.
fn images(fixture: &BuildFixture) -> Vec<[String; 2]> {
    let listed = fixture.good(&["images"]);
    let words = |line: &str| line.split_whitespace().map(str::to_owned).take(2).collect::<Vec<_>>();
    listed.lines().skip(1).map(|line| words(line).try_into().unwrap()).collect()
}

fn row(repository: &str, tag: &str) -> [String; 2] {
    [repository.to_owned(), tag.to_owned()]
}

#[test]
fn an_image_that_lost_its_name_is_listed_and_removed_by_id() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    for word in ["one", "two"] {
        let built = fixture.build("ada/word:1", &format!("FROM base:1\nRUN echo {word} > /word\n"));
        assert!(built.status.success(), "{}", errors(&built));
    }
    assert_eq!(images(&fixture), [row("ada/word", "1"), row("base", "1"), row("<none>", "<none>")]);
    let ids = fixture.good(&["images", "-q"]);
    let lost = ids.lines().last().unwrap();
    assert_eq!(fixture.good(&["run", "--rm", lost, "cat", "/word"]), "one\n");
    assert!(fixture.good(&["rmi", lost]).starts_with(&format!("Deleted: sha256:{lost}")));
    assert_eq!(images(&fixture), [row("ada/word", "1"), row("base", "1")]);
}

#[test]
fn an_id_with_several_names_is_removed_by_force_only() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    fixture.good(&["tag", "base:1", "base:2"]);
    let ids = fixture.good(&["images", "-q"]);
    let id = ids.lines().next().unwrap();
    let refused = fixture.galley(&["rmi", id]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(errors(&refused).contains("several names: base:1, base:2"), "{}", errors(&refused));
    assert_eq!(fixture.good(&["rmi", "base:1"]), "Untagged: base:1\n");
    fixture.good(&["tag", "base:2", "base:1"]);
    fixture.good(&["rmi", "--force", id]);
    assert!(images(&fixture).is_empty());
}

#[test]
fn a_running_containers_image_keeps_its_last_name() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    fixture.good(&["run", "-d", "--name", "sleeper", "base:1", "sleep", "1000"]);
    fixture.good(&["tag", "base:1", "base:2"]);
    fixture.good(&["rmi", "base:2"]);
    let refused = fixture.galley(&["rmi", "base:1"]).output().unwrap();
    fixture.good(&["rm", "-f", "sleeper"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(errors(&refused).contains("the container sleeper runs from image 'base:1'"), "{}", errors(&refused));
    fixture.good(&["rmi", "base:1"]);
}

#[test]
fn history_pairs_instructions_with_layers() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let built = fixture.build("ada/word:1", "FROM base:1\nENV A=b\nRUN echo word > /word\nCMD [\"cat\", \"/word\"]\n");
    assert!(built.status.success(), "{}", errors(&built));
    let shown = fixture.good(&["history", "ada/word:1"]);
    let lines: Vec<&str> = shown.lines().skip(1).collect();
    let kinds: Vec<(&str, bool)> = lines
        .iter()
        .map(|line| (line.split_whitespace().nth(2).unwrap(), line.trim_end().ends_with("empty layer")))
        .collect();
    assert_eq!(kinds, [("CMD", true), ("RUN", false), ("ENV", true), ("RUN", false), ("COPY", false)]);
    let layers = fixture.good(&["history", "-q", "ada/word:1"]);
    let layers: Vec<&str> = layers.lines().rev().collect();
    let inspected: serde_json::Value = serde_json::from_str(&fixture.good(&["inspect", "ada/word:1"])).unwrap();
    let digests: Vec<&str> = inspected["manifest"]["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["digest"].as_str().unwrap())
        .collect();
    assert_eq!(layers, digests);
}

#[test]
fn a_target_leaves_later_stages_out() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let file = "FROM base:1 AS first\nRUN echo first > /stage\nFROM first AS second\nRUN exit 9\n";
    let context = fixture.context();
    let context = context.to_str().unwrap();
    let failed = fixture.build("ada/stage:2", file);
    assert_eq!(failed.status.code(), Some(9), "{}", errors(&failed));
    let said = errors(&failed);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("Dockerfile:4: RUN ended with exit code 9: /bin/sh -c exit 9"), "{said}");
    fixture.good(&["build", "--target", "first", "-t", "ada/stage:1", "-t", "ada/stage:also", context]);
    assert_eq!(fixture.good(&["run", "--rm", "ada/stage:also", "cat", "/stage"]), "first\n");
    let unknown = fixture.galley(&["build", "--target", "third", context]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(errors(&unknown).contains("the stages are first, second"), "{}", errors(&unknown));
}

#[test]
fn a_build_without_network_has_loopback_alone() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let context = fixture.context();
    for (network, count) in [("none", "1"), ("host", &interfaces())] {
        fixture.put("Dockerfile", "FROM base:1\nRUN echo interfaces $(grep -c : /proc/net/dev)\n");
        let built =
            fixture.galley(&["build", "--no-cache", "--network", network, context.to_str().unwrap()]).output().unwrap();
        assert!(built.status.success(), "{}", errors(&built));
        let said = text(&built);
        assert!(said.contains(&format!("interfaces {count}\n")), "--network {network}:\n{said}");
    }
}

/// How many the host has.
fn interfaces() -> String {
    let listed = std::fs::read_to_string("/proc/net/dev").unwrap();
    listed.lines().filter(|line| line.contains(':')).count().to_string()
}

#[test]
fn what_is_saved_is_loaded_with_its_names() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    fixture.good(&["tag", "base:1", "localhost:5000/ada/base:2"]);
    let ids = fixture.good(&["images", "-q"]);
    let id = ids.lines().next().unwrap();
    let archive = fixture.path("archive.tar");
    let archive = archive.to_str().unwrap();
    for (format, names) in
        [("docker", &["base:1", "localhost:5000/ada/base:2"][..]), ("oci", &["base:1"]), ("oci", &[id])]
    {
        fixture.good(&[&["save", "--format", format, "-o", archive], names].concat());
        let other = BuildFixture::new();
        let said = other.good(&["load", "-i", archive]);
        assert_eq!(said.lines().count(), names.len(), "{said}");
        assert_eq!(other.good(&["images", "-q"]).lines().next(), Some(id));
        assert_eq!(other.good(&["run", "--rm", names[0], "echo", "here"]), "here\n");
    }
}
