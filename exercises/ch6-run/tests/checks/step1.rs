//! ENTRYPOINT, CMD, `--entrypoint` and arguments, in every combination.

use checks::View;
use oci_spec::image::{Config, ConfigBuilder};
use run::{Error, command};

fn image(entrypoint: &[&str], cmd: &[&str]) -> Config {
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    ConfigBuilder::default().entrypoint(own(entrypoint)).cmd(own(cmd)).build().unwrap()
}

fn shown(config: &Config, entrypoint: Option<&str>, arguments: &[&str]) -> String {
    let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    match command(config, entrypoint, &arguments) {
        Ok(words) => words.join(" "),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn entrypoint_and_cmd_are_combined_as_docker_does() {
    let both = image(&["python"], &["hello.py"]);
    let cmd = image(&[], &["sh", "-c", "echo hi"]);
    let mut view = View::default();
    view.add("both", shown(&both, None, &[]));
    view.add("both-with-arguments", shown(&both, None, &["other.py", "-v"]));
    view.add("cmd-alone", shown(&cmd, None, &[]));
    view.add("cmd-with-arguments", shown(&cmd, None, &["ls"]));
    view.add("entrypoint-alone", shown(&image(&["python"], &[]), None, &[]));
    view.add("flag", shown(&both, Some("/bin/sh"), &[]));
    view.add("flag-with-arguments", shown(&both, Some("/bin/sh"), &["-c", "id"]));
    checks::view!("combined", view, {
        "both" => "ENTRYPOINT comes first, then CMD",
        "both-with-arguments" => "arguments take the place of CMD, and ENTRYPOINT stays",
        "cmd-alone" => "without ENTRYPOINT, CMD is the whole command",
        "cmd-with-arguments" => "arguments take the place of CMD; they are not added to it",
        "entrypoint-alone" => "without CMD, ENTRYPOINT runs without arguments",
        "flag" => "--entrypoint also drops CMD: it was written for another program",
        "flag-with-arguments" => "--entrypoint takes the place of ENTRYPOINT, and the arguments follow it",
    });
}

#[test]
fn nothing_to_run_is_an_error() {
    let empty = image(&[], &[]);
    assert!(
        matches!(command(&empty, None, &[]), Err(Error::NoCommand)),
        "an image without ENTRYPOINT and CMD ran something"
    );
}

#[test]
fn an_empty_entrypoint_removes_the_images() {
    let both = image(&["python"], &["hello.py"]);
    assert!(
        matches!(command(&both, Some(""), &[]), Err(Error::NoCommand)),
        "--entrypoint \"\" removes ENTRYPOINT, and CMD with it"
    );
    assert_eq!(
        shown(&both, Some(""), &["id", "-u"]),
        "id -u",
        "with --entrypoint \"\" the arguments are the whole command"
    );
}

#[test]
fn arguments_are_never_split_or_joined() {
    let nonce = checks::nonce();
    let odd = format!("two words {nonce}");
    let words = command(&image(&["echo"], &[]), None, &[odd.clone(), String::new()]).unwrap();
    assert_eq!(
        words,
        ["echo".to_owned(), odd, String::new()],
        "each argument must arrive as it was given, the empty one too"
    );
}
