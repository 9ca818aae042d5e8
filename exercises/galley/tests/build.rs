//! What a Dockerfile may say, and what of it is done again.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

mod build_fixture;

use std::fs;

use build_fixture::{BuildFixture, errors, text};
use serde_json::Value;

/// Builds, and returns what was printed.
fn built(fixture: &BuildFixture, dockerfile: &str) -> String {
    let output = fixture.build("ada/built:1", dockerfile);
    assert!(output.status.success(), "{dockerfile}\n{}{}", text(&output), errors(&output));
    text(&output)
}

fn inspected(fixture: &BuildFixture) -> Value {
    serde_json::from_str(&fixture.good(&["inspect", "ada/built:1"])).unwrap()
}

/// The steps that were printed, each with whether it was CACHED.
fn steps(printed: &str) -> Vec<(bool, String)> {
    let steps = printed.lines().filter(|line| line.trim_start_matches("CACHED ").starts_with('['));
    steps
        .map(|line| {
            (line.starts_with("CACHED "), line.split_once("] ").unwrap().1.split(' ').next().unwrap().to_owned())
        })
        .collect()
}

fn digests(image: &Value) -> Vec<String> {
    image["manifest"]["layers"].as_array().unwrap().iter().map(|layer| layer["digest"].to_string()).collect()
}

/// In the order of the workshop's eight lines.
const EIGHT: &str =
    "FROM base:1\nWORKDIR /app\nCOPY requirements.txt .\nRUN cat /proc/sys/kernel/random/uuid > /installed
COPY . .\nEXPOSE 80\nENTRYPOINT [\"cat\"]\nCMD [\"quotes.txt\"]\n";

#[test]
fn a_second_build_runs_nothing_and_a_changed_quote_makes_one_layer() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    fs::remove_file(fixture.context().join("busybox")).unwrap();
    fixture.put("requirements.txt", "Flask\n");
    fixture.put("quotes.txt", "old\n");
    assert!(steps(&built(&fixture, EIGHT))[1..].iter().all(|(cached, _)| !cached));
    let first = inspected(&fixture);
    let again = built(&fixture, EIGHT);
    assert!(steps(&again).len() == 8 && steps(&again).iter().all(|(cached, _)| *cached), "{again}");
    assert_eq!(inspected(&fixture), first, "nothing changed, so it is the same image");

    let word = checks::nonce();
    fixture.put("quotes.txt", &word);
    let changed = built(&fixture, EIGHT);
    let expected = ["FROM", "WORKDIR", "COPY", "RUN", "COPY", "EXPOSE", "ENTRYPOINT", "CMD"].iter().enumerate();
    let expected: Vec<_> = expected.map(|(index, name)| (index < 4, (*name).to_owned())).collect();
    assert_eq!(steps(&changed), expected, "{changed}");
    let second = inspected(&fixture);
    let (before, after) = (digests(&first), digests(&second));
    assert_eq!(before[..before.len() - 1], after[..after.len() - 1], "an earlier layer changed");
    assert_ne!(before.last(), after.last(), "the last layer has the old quotes");
    assert_eq!(before.len(), after.len());
    assert_eq!(fixture.good(&["run", "--rm", "ada/built:1"]), word);
    // Only WORKDIR, COPY, RUN and COPY changed files.
    let base: Value = serde_json::from_str(&fixture.good(&["inspect", "base:1"])).unwrap();
    assert_eq!(after.len() - digests(&base).len(), 4, "EXPOSE, ENTRYPOINT and CMD make no layer");

    let context = fixture.context();
    let anew = fixture.good(&["build", "--no-cache", "-t", "ada/built:1", context.to_str().unwrap()]);
    assert!(steps(&anew).iter().all(|(cached, _)| !cached), "{anew}");
    assert_ne!(digests(&inspected(&fixture))[after.len() - 2], after[after.len() - 2], "RUN did not run");
}

#[test]
fn a_here_document_is_for_the_shell_for_a_program_or_one_itself() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let printed = built(
        &fixture,
        r#"FROM base:1
RUN awk -f /dev/stdin /etc/hosts <<EOF
# FROM is no instruction here.
FROM { print "never" }
END { print "by awk" }
EOF
RUN <<EOF
#!/bin/busybox sh
echo by itself
EOF
RUN <<-EOF
	echo by the shell
	EOF
RUN cat - /dev/fd/3 <<ONE 3<<TWO && \
  # A comment between lines.
  echo three
one
ONE
two
TWO
"#,
    );
    for word in ["by awk", "by itself", "by the shell", "one\ntwo\nthree"] {
        assert!(printed.contains(&format!("\n{word}\n")), "'{word}' is missing:\n{printed}");
    }
    assert_eq!(steps(&printed).len(), 5, "{printed}");
    let history = inspected(&fixture)["config"]["history"].to_string();
    assert!(history.contains("# FROM is no instruction here."), "the history has the whole text: {history}");
    let failed = fixture.build("ada/bad:1", "FROM base:1\nRUN <<EOF\n#!/bin/sh\nexit 4\nEOF\n");
    assert_eq!(failed.status.code(), Some(4));
    assert!(errors(&failed).contains("exit code 4: #!/bin/sh …"), "{}", errors(&failed));
}

#[test]
fn here_documents_of_copy_are_files_of_their_name() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let printed = built(
        &fixture,
        "FROM base:1\nENV WHO=Ada\nCOPY <<robots.txt <<'as.it.is' /to/\nfor $WHO\nrobots.txt\nfor $WHO\nas.it.is\n\
         COPY <<EOF /single\n# \"${WHO}\"\nEOF\nRUN head /to/* /single\n",
    );
    let shown = "==> /to/as.it.is <==\nfor $WHO\n\n==> /to/robots.txt <==\nfor Ada\n\n==> /single <==\n# \"Ada\"\n";
    assert!(printed.contains(shown), "{printed}");
}

#[test]
fn flags_are_supported_or_refused_by_name() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    fixture.put("x", "");
    for (line, column, reason, hint) in [
        ("RUN --mount=type=cache,target=/c true", 5, "RUN --mount is not supported", "install and clean up in one RUN"),
        ("RUN --security=insecure true", 16, "RUN --security=insecure is not", "every RUN is --security=sandbox"),
        ("RUN --network=mine true", 15, "RUN --network=mine is not", "none, default and host are"),
        ("RUN --netwrk=none true", 5, "RUN has no flag --netwrk", "did you mean --network?"),
        ("COPY --parents x /", 6, "COPY --parents is not supported", "copy each directory"),
        ("COPY --exclude=*.py . /", 6, "COPY --exclude is not supported", ".dockerignore"),
        ("COPY --chomd=1 x /", 6, "COPY has no flag --chomd", "did you mean --chmod?"),
        ("COPY --chown x /", 6, "--chown has no value", "write --chown=VALUE"),
        ("COPY --keep x /", 6, "COPY has no flag --keep", "it has --from, --chown, --chmod, --link"),
        ("ADD --checksum=sha256:0 x /", 5, "ADD --checksum is not supported", "sha256sum -c"),
        ("ADD https://localhost/x.git /", 5, "ADD of a URL or a repository", "fetch it in a RUN"),
        ("ADD git@localhost:x.git /", 5, "ADD of a URL or a repository", "fetch it in a RUN"),
        ("FROM --platform=linux/mips64 base:1", 17, "not for linux/mips64", "leave --platform out"),
        ("ONBUILD RUN true", 1, "ONBUILD is not supported", "write the instruction in the Dockerfile"),
        ("RUN sh <<END\ntrue", 8, "the here-document 'END' does not end", "end it with a line END"),
        ("RUN", 1, "RUN has no command", ""),
        ("STOPSIGNAL SIGNONE", 12, "is not a signal", "such as SIGTERM"),
        ("CMD ['x']", 5, "a JSON array", "use double quotes"),
    ] {
        let output = fixture.build("ada/bad:1", &format!("FROM base:1\n{line}\n"));
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(1), "{line}: {said}");
        assert!(said.contains(&format!("Dockerfile:2:{column}: ")), "{line} is at column {column}: {said}");
        let [first, source, marks] = said.lines().collect::<Vec<_>>()[..] else { panic!("{line}: {said}") };
        assert!(first.contains(reason), "{line}: {said}");
        assert_eq!(source, format!(" 2 | {}", line.lines().next().unwrap()));
        assert!(marks.contains('^') && marks.contains(hint), "{line}: {said}");
    }
    let printed = built(
        &fixture,
        "FROM --platform=$BUILDPLATFORM base:1\nARG TARGETOS\nCOPY --link x /x\n\
         RUN --network=none --security=sandbox echo $TARGETOS with $(grep -c : /proc/net/dev)\n",
    );
    assert!(printed.contains("\nlinux with 1\n"), "{printed}");
}

#[test]
fn arguments_of_the_build_are_kept_apart_from_the_image() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let proxy = format!("http://{}.invalid", checks::nonce());
    let file = "ARG VERSION=none\nFROM base:${VERSION}\nARG VERSION\nRUN echo $VERSION $http_proxy > /seen\n";
    fixture.put("Dockerfile", file);
    let context = fixture.context();
    let build = |proxy: &str| {
        let proxy = format!("http_proxy={proxy}");
        let arguments = ["build", "-t", "ada/built:1", "--build-arg", "VERSION=1", "--build-arg", &proxy];
        fixture.good(&[&arguments[..], &[context.to_str().unwrap()]].concat())
    };
    let printed = build(&proxy);
    assert!(!printed.contains("warning"), "{printed}");
    assert_eq!(fixture.good(&["run", "--rm", "ada/built:1", "cat", "/seen"]), format!("1 {proxy}\n"));
    let image = inspected(&fixture).to_string();
    assert!(!image.contains(&proxy) && !image.contains("\"VERSION="), "{image}");
    // Another proxy is no reason to run anything again.
    let printed = build("http://other.invalid");
    assert!(steps(&printed)[1..].iter().all(|(cached, _)| *cached), "{printed}");
}

#[test]
fn what_describes_the_image_is_recorded() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let lines = [
        "HEALTHCHECK --interval=5s CMD true",
        "STOPSIGNAL USR1",
        "SHELL [\"/bin/ash\", \"-c\"]",
        "VOLUME /data",
        "MAINTAINER ada",
        "CMD echo hello",
    ];
    built(&fixture, &format!("FROM base:1\n{}\n", lines.join("\n")));
    let image = inspected(&fixture);
    let config = &image["config"]["config"];
    assert_eq!(config["StopSignal"], "SIGUSR1");
    assert_eq!(config["Volumes"], serde_json::json!({"/data": {}}));
    assert_eq!(config["Cmd"], serde_json::json!(["/bin/ash", "-c", "echo hello"]));
    let history = image["config"]["history"].as_array().unwrap();
    let last: Vec<&str> =
        history[history.len() - lines.len()..].iter().filter_map(|it| it["created_by"].as_str()).collect();
    assert_eq!(last, lines);
}
