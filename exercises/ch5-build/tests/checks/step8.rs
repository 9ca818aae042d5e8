//! A RUN runs in the image, once, and leaves only what it changed.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use checks::View;

use crate::fixture::BuildFixture;
use crate::{errors, str, text};

/// A context for `FROM scratch` with the probe as its only program.
fn fixture(lines: &[&str]) -> BuildFixture {
    let fixture = BuildFixture::new();
    fixture.probe().dockerfile(&[&["FROM scratch", "COPY probe /bin/"], lines].concat());
    fixture
}

/// The lines that the probe printed, without those of the build.
fn probed(printed: &str) -> View {
    let ours = |line: &&str| !line.starts_with(['[', ' ']) && !line.starts_with("CACHED") && !line.contains("ing ");
    View::parse(&printed.lines().filter(ours).map(|line| format!("{line}\n")).collect::<String>())
}

/// A RUN that puts other bytes into its layer each time it really runs.
const RANDOM: &str = "RUN [\"probe\", \"copy:/proc/sys/kernel/random/uuid=/random\"]";

#[test]
fn the_command_runs_inside_the_image() {
    let nonce = checks::nonce();
    let fixture = fixture(&[
        "WORKDIR /work",
        &format!("ENV NONCE={nonce}"),
        "ARG ANSWER=41",
        "RUN [\"probe\", \"args\", \"list:/bin\", \"cwd\", \"env:NONCE\", \"env:ANSWER\", \"pid\", \"uid\", \"hold\"]",
    ]);
    let view = probed(&fixture.build(&["ANSWER=42"])).name(&nonce, "<nonce>");
    checks::view!("inside", view, {
        "args" => "the exec form is started as it stands, without a shell",
        "list:/bin" => "the command sees another root than the image's",
        "cwd" => "the command starts in WORKDIR",
        "env:NONCE" => "ENV is missing in the command's environment",
        "env:ANSWER" => "an ARG, with the caller's value, is missing in the command's environment",
        "pid" => "the command is in the host's pid namespace: start it as chapter 2 does",
        "hold" => "the command's input is not empty: give it /dev/null",
    });
}

#[test]
fn the_shell_form_and_a_here_document_are_one_argument() {
    let nonce = checks::nonce();
    let fixture = fixture(&[
        "SHELL [\"/bin/probe\", \"args\"]",
        &format!("RUN write:/a={nonce} \\"),
        "    and more",
        "RUN <<END",
        "write:/b=one",
        "# two",
        "END",
    ]);
    fixture.build(&[]);
    assert_eq!(fixture.content("b"), "one\n# two\n", "a here-document is handed to the shell as it stands");
}

#[test]
fn the_network_is_the_hosts_and_its_names_can_be_looked_up() {
    let nonce = checks::nonce();
    let fixture = fixture(&["RUN [\"probe\", \"ns:net\", \"read:/etc/resolv.conf\", \"env:HTTP_PROXY\"]"]);
    let output = fixture.command(&[]).env("HTTP_PROXY", format!("http://{nonce}")).output().unwrap();
    let view = probed(&text(&output));
    let ours = fs::read_link("/proc/self/ns/net").unwrap().display().to_string();
    assert_eq!(view.get("ns:net"), ours, "a RUN downloads: it needs the host's network\n{}", errors(&output));
    let resolv = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    assert_eq!(
        view.get("read:/etc/resolv.conf"),
        resolv.lines().next().unwrap_or("-"),
        "names are looked up as on the host"
    );
    assert!(view.get("env:HTTP_PROXY").contains(&nonce), "the host's proxy is a predefined argument");
    let everything = fixture.config().to_string();
    assert!(!everything.contains(&nonce), "the proxy must not be recorded in the image:\n{everything}");
}

#[test]
fn the_layer_holds_what_changed_and_nothing_else() {
    let nonce = checks::nonce();
    let fixture = fixture(&[&format!("RUN [\"probe\", \"write:/result={nonce}\"]")]);
    fixture.build(&[]);
    let names: Vec<String> =
        fixture.listing().lines().map(|line| line.rsplit(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(names, ["result"], "mount points, /etc/resolv.conf or the host's certificates landed in the layer");
    assert_eq!(fixture.content("result"), nonce);
}

#[test]
fn a_second_build_runs_nothing() {
    let fixture = fixture(&[RANDOM, "EXPOSE 80"]);
    fixture.build(&[]);
    let before = fixture.content("random");
    let printed = fixture.build(&[]);
    assert_eq!(fixture.content("random"), before, "the command ran again, although nothing had changed:\n{printed}");
    let all_cached = printed.lines().filter(|line| line.contains("/4] ")).all(|line| line.starts_with("CACHED "));
    assert!(all_cached, "every line that was not carried out says CACHED:\n{printed}");
    fixture.build(&["--no-cache"]);
    assert_ne!(fixture.content("random"), before, "--no-cache runs everything again");
}

#[test]
fn a_change_in_one_line_reuses_those_above_it() {
    let fixture = fixture(&[RANDOM, "COPY note /", "RUN [\"probe\", \"copy:/proc/sys/kernel/random/uuid=/later\"]"]);
    fixture.put("note", "one").build(&[]);
    let before = fixture.layers();
    fixture.put("note", "two").build(&[]);
    let after = fixture.layers();
    assert_eq!(before[..2], after[..2], "the lines above the change were carried out again");
    assert_ne!(before[2], after[2], "the changed file was not copied");
    assert_ne!(before[3], after[3], "the line below the change was not carried out again");
}

/// The learner's application; while its Dockerfile is empty, with that of the book.
fn quotes() -> BuildFixture {
    let fixture = BuildFixture::new();
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    checks::install(&tree.join("quotes/."), &fixture.context());
    let own = fs::read_to_string(fixture.context().join("Dockerfile")).unwrap();
    if own.lines().all(|line| line.trim().is_empty() || line.starts_with('#')) {
        let book = fs::read_to_string(tree.join("../solutions/quotes/Dockerfile")).unwrap();
        fs::write(fixture.context().join("Dockerfile"), book).unwrap();
    }
    fixture
}

#[test]
fn a_changed_quote_is_copied_and_nothing_is_installed_again() {
    let fixture = quotes();
    let dockerfile = fs::read_to_string(fixture.context().join("Dockerfile")).unwrap();
    // There is no Python here: a base whose shell only notes that it was asked.
    let base = BuildFixture::new();
    base.put("bin/sh", fs::read(checks::probe()).unwrap()).dockerfile(&["FROM scratch", "COPY bin /bin/"]);
    fs::set_permissions(base.context().join("bin/sh"), fs::Permissions::from_mode(0o755)).unwrap();
    for from in dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")?.split_whitespace().next()) {
        crate::succeed(&["build", str(&fixture.store()), str(&base.context()), from]);
    }
    fixture.build(&[]);
    let before = fixture.layers();
    let (word, quotes) = (checks::nonce(), fixture.context().join("quotes.txt"));
    let text = fs::read_to_string(&quotes).unwrap();
    fs::write(&quotes, format!("{word} | Ada Lovelace | my own\n{text}")).unwrap();
    let printed = fixture.build(&[]);
    let lines: Vec<&str> = printed.lines().filter(|line| line.contains("] ") && line.contains('/')).collect();
    let again = lines.iter().position(|line| !line.starts_with("CACHED ")).expect("the changed quote was not noticed");
    let installed = lines.iter().rposition(|line| line.contains("] RUN ") && line.contains("requirements"));
    assert!(
        installed.is_none_or(|line| line < again),
        "a new quote must not install Flask again: copy requirements.txt above the RUN, and all else below it\n{printed}"
    );
    assert!(lines[again].contains("] COPY ") || lines[again].contains("] ADD "), "only files changed:\n{printed}");
    assert!(lines[again..].iter().all(|line| !line.starts_with("CACHED ")), "what follows is made anew:\n{printed}");
    let after = fixture.layers();
    let same = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    assert_eq!(before.len(), after.len(), "the same lines make the same number of layers");
    let history = fixture.config()["history"].as_array().unwrap().clone();
    let new = history[history.len() - (lines.len() - again)..].iter().filter(|entry| entry["empty_layer"] != true);
    assert_eq!(same, after.len() - new.count(), "the layers above the changed line keep their digests:\n{printed}");
    assert!(fixture.holds(&after[same], &word), "the new layer has the old quotes");
}

#[test]
fn only_lines_that_change_files_make_a_layer() {
    let fixture = fixture(&["ENV A=1", "LABEL b=2", RANDOM, "EXPOSE 80", "USER 0", "CMD [\"probe\"]"]);
    fixture.build(&[]);
    let config = fixture.config();
    let history = config["history"].as_array().unwrap();
    let empty = history.iter().filter(|entry| entry["empty_layer"] == true).count();
    assert_eq!(fixture.layers().len(), 2, "COPY and RUN make a layer each, the others none");
    assert_eq!((history.len(), empty), (7, 5), "each line has its entry in the history, the others marked empty_layer");
    assert_eq!(config["rootfs"]["diff_ids"].as_array().unwrap().len(), 2, "one diffID for each layer");
}

#[test]
fn a_command_that_fails_ends_the_build_with_its_code() {
    let fixture = fixture(&["RUN [\"probe\", \"write:/x=y\", \"exit:23\"]"]);
    let output = fixture.try_build(&[]);
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(23), "the command's own exit code:\n{said}");
    assert!(said.contains("Dockerfile:3: ") && said.contains("23"), "one line says where, what, and the code:\n{said}");
    assert_eq!(said.lines().count(), 1, "one line, and no more:\n{said}");
    assert!(fixture.names().is_empty(), "an image that was not finished must not have a name");
    let again = fixture.try_build(&[]);
    assert_eq!(again.status.code(), Some(23), "a failed command must not be remembered as done:\n{}", errors(&again));
}

#[test]
fn a_killed_build_leaves_nothing_behind() {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let fixture = fixture(&[RANDOM, "RUN [\"probe\", \"pid\", \"write:/half=done\", \"await:SIGUSR1\"]"]);
    let mut child = fixture.command(&[]).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    // The command's own words arrive while it runs; then the build is killed.
    while !line.starts_with("write:") {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "the output of a RUN is shown while it runs");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The pipe ends when the last process that holds it has ended.
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(fixture.names().is_empty(), "an image that was not finished must not have a name");
    assert_eq!(fs::read_to_string("/proc/self/mountinfo").unwrap(), mounts, "the killed build left a mount behind");

    fixture.dockerfile(&["FROM scratch", "COPY probe /bin/", RANDOM, "RUN [\"probe\", \"exists:/half\"]"]);
    let view = probed(&fixture.build(&[]));
    assert_eq!(view.get("exists:/half"), "false", "the next build used what a killed one had half made");
}
