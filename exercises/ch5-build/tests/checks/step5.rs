//! The configuration says what the Dockerfile says.

use std::fs;

use serde_json::Value;

use crate::{refusal, str, succeed};

fn configuration(lines: &[&str]) -> Value {
    let directory = checks::scratch();
    let path = directory.path().join("Dockerfile");
    fs::write(&path, format!("FROM base\n{}\n", lines.join("\n"))).unwrap();
    serde_json::from_str(&succeed(&["configure", str(&path)])).expect("the program prints JSON")
}

fn shown(lines: &[&str], nonce: &str) -> String {
    format!("{:#}\n", configuration(lines)).replace(nonce, "<nonce>")
}

#[test]
fn every_instruction_has_its_field() {
    let nonce = checks::nonce();
    let lines = [
        &format!("ENV NONCE={nonce}"),
        &format!("LABEL nonce={nonce} b=2"),
        "EXPOSE 80 53/udp",
        "VOLUME /data",
        "USER ada:staff",
        "STOPSIGNAL SIGINT",
        "WORKDIR /app",
        "ENTRYPOINT [\"python\", \"-u\"]",
        "CMD [\"hello.py\"]",
    ];
    insta::assert_snapshot!("fields", shown(&lines, &nonce));
}

#[test]
fn later_lines_replace_or_add_to_earlier_ones() {
    let lines = [
        "ENV A=1 B=2",
        "ENV A=3 C=4",
        "ARG D=4",
        "LABEL x=1 y=1",
        "LABEL x=2",
        "EXPOSE 81",
        "EXPOSE 80/tcp 80",
        "VOLUME /b",
        "VOLUME [\"/a\", \"/b\"]",
        "WORKDIR /a",
        "WORKDIR b/../c",
        "USER one",
        "USER two",
        "CMD one",
        "CMD two",
    ];
    let config = configuration(&lines);
    for (field, expected, why) in [
        (
            "Env",
            r#"["A=3","B=2","C=4"]"#,
            "a later ENV of the same name takes the earlier one's place; ARG is not in the image",
        ),
        ("Labels", r#"{"x":"2","y":"1"}"#, "a later LABEL takes the place of those with its names, and of no others"),
        ("ExposedPorts", r#"{"80/tcp":{},"81/tcp":{}}"#, "EXPOSE adds up, and 80 means 80/tcp"),
        ("Volumes", r#"{"/a":{},"/b":{}}"#, "VOLUME adds up"),
        ("WorkingDir", r#""/a/c""#, "a relative WORKDIR begins in the one before"),
        ("User", r#""two""#, "the last USER counts"),
        ("Cmd", r#"["/bin/sh","-c","two"]"#, "the last CMD counts"),
    ] {
        assert_eq!(config[field].to_string(), expected, "{why}");
    }
}

#[test]
fn an_entrypoint_clears_an_inherited_command_only() {
    let inherited = configuration(&["CMD [\"old\"]", "FROM that", "ENTRYPOINT [\"new\"]"]);
    assert!(inherited["Cmd"].is_null(), "the base image's CMD was meant for its own program, not for this ENTRYPOINT");
    let own = configuration(&["CMD [\"mine\"]", "ENTRYPOINT [\"new\"]"]);
    assert_eq!(own["Cmd"][0], "mine", "a CMD of the same stage stays, wherever it stands");
}

#[test]
fn the_shell_form_is_handed_to_the_shell() {
    let nonce = checks::nonce();
    let lines = [&format!("CMD echo {nonce} $HOME"), "SHELL [\"/bin/bash\", \"-ec\"]", "ENTRYPOINT exec \"$0\" && x"];
    let config = configuration(&lines);
    let shell = format!("[\"/bin/sh\",\"-c\",\"echo {nonce} $HOME\"]");
    assert_eq!(config["Cmd"].to_string(), shell, "the whole line is one argument of the shell");
    let expected = "[\"/bin/bash\",\"-ec\",\"exec \\\"$0\\\" && x\"]";
    assert_eq!(config["Entrypoint"].to_string(), expected, "SHELL names the shell for the lines below it");
}

#[test]
fn an_impossible_port_or_signal_is_refused() {
    for (line, word) in
        [("EXPOSE 70000", "70000"), ("EXPOSE 80/http", "80/http"), ("STOPSIGNAL SIGNOTHING", "SIGNOTHING")]
    {
        let directory = checks::scratch();
        let path = directory.path().join("Dockerfile");
        fs::write(&path, format!("FROM base\n{line}\n")).unwrap();
        let said = refusal(&["configure", str(&path)]);
        assert!(said.contains(&format!("'{word}' is not a ")), "`{line}` is refused:\n{said}");
    }
}
