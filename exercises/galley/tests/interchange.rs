//! Images that travel, in archives and through registries: galley's in the hands of
//! skopeo and podman, and those of buildah and podman in galley's. A tool that is missing skips its test and says so.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

mod build_fixture;
#[path = "../../ch7-registry/tests/peers/docker_registry.rs"]
#[allow(dead_code, reason = "other tests log in to it")]
mod docker_registry;

use std::fs;
use std::path::Path;
use std::process::Command;

use build_fixture::{BuildFixture, errors, text};
use docker_registry::DockerRegistry;
use registry_server::{Options, Server};
use serde_json::Value;

/// No limits to raise, no systemd and no journal, and no memory that all its kind
/// share: those of a test machine are not ours to use.
const CONTAINERS_CONF: &str = r#"
[containers]
default_ulimits = []
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
"#;

/// crun refuses cgroups that are of both versions, so it gets to see one only; and
/// what they write beside their storage, or would look for, is gone afterwards.
const OWN_PLACES: &str = r#"
if mountpoint -q /sys/fs/cgroup/unified; then mount -t tmpfs none /sys/fs/cgroup/unified; fi
for place in /run /var/cache /var/lib/containers; do
    if [ -d $place ]; then mount -t tmpfs none $place; fi
done
exec "$@""#;

/// A tool in a mount namespace of its own; for an ordinary user also in a user
/// namespace with all their subordinate ids, as podman and buildah make it.
fn apart(tool: &str) -> Command {
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        command.args(["--user", "--map-root-user", "--map-auto"]);
    }
    command.args(["--mount", "sh", "-c", OWN_PLACES, "sh", tool]);
    command
}

/// Whether a tool can be used here; if not, the test ends and says why.
fn has(tool: &str) -> bool {
    // Not by `--version`: podman makes directories for an ordinary user even then.
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|place| place.join(tool).is_file());
    if !found {
        eprintln!("skipped: {tool} is not installed; `cargo xtask setup` installs it");
        return false;
    }
    let apart = tool == "docker-registry" || apart("true").output().unwrap().status.success();
    if !apart {
        eprintln!("skipped: {tool} wants subordinate ids of an ordinary user: newuidmap(1), subuid(5)");
    }
    apart
}

/// A fixture in which podman and buildah have worked, too. What they leave is, for an
/// ordinary user, partly their subordinate ids', who alone may remove it.
struct Shared(BuildFixture);

impl std::ops::Deref for Shared {
    type Target = BuildFixture;

    fn deref(&self) -> &BuildFixture {
        &self.0
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let removed = apart("rm").arg("-rf").args(STORAGE.map(|name| self.path(name))).status();
        // Within a test that fails, a second panic would hide the first.
        assert!(std::thread::panicking() || removed.unwrap().success(), "podman's storage stays");
    }
}

/// Where podman and buildah keep images, and what runs.
const STORAGE: [&str; 2] = ["storage", "state"];

/// A fixture with an image `ada/word:1`, whose command prints a word; and the word.
fn with_image() -> Option<(Shared, String)> {
    let fixture = BuildFixture::with_base()?;
    let word = checks::nonce();
    let file = format!(
        "FROM base:1\nENV WORD={word}\nRUN mkdir /srv && echo old > /srv/old && rm /bin/vi && echo $WORD > /word\nCMD [\"cat\", \"/word\"]\n"
    );
    let built = fixture.build("ada/word:1", &file);
    assert!(built.status.success(), "{}", errors(&built));
    Some((Shared(fixture), word))
}

/// podman or buildah with a storage of its own.
fn run(fixture: &BuildFixture, tool: &str, arguments: &[&str]) -> String {
    let conf = fixture.path("containers.conf");
    fs::write(&conf, CONTAINERS_CONF).unwrap();
    let [root, state] = STORAGE.map(|name| format!("{}", fixture.path(name).display()));
    let mut command = apart(tool);
    command
        .args(["--storage-driver", "vfs"])
        .args(["--root", &root, "--runroot", &state])
        .args(arguments)
        .env("CONTAINERS_CONF", conf);
    finish(tool, command)
}

/// skopeo gives the files of an archive to their owner, who is root.
fn skopeo(arguments: &[&str]) -> String {
    let mut command = apart("skopeo");
    command.args(arguments);
    finish("skopeo", command)
}

fn finish(tool: &str, mut command: Command) -> String {
    let output = command.output().unwrap();
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    assert!(output.status.success(), "{tool}, as {}:\n{}{}", words.join(" "), text(&output), errors(&output));
    text(&output)
}

fn save(fixture: &BuildFixture, format: &str) -> String {
    let archive = fixture.path(&format!("{format}.tar")).display().to_string();
    fixture.good(&["save", "--format", format, "-o", &archive, "ada/word:1"]);
    archive
}

fn manifest(fixture: &BuildFixture) -> Value {
    serde_json::from_str(&fixture.good(&["inspect", "ada/word:1"])).unwrap()
}

#[test]
fn skopeo_reads_what_galley_saves() {
    if !has("skopeo") {
        return;
    }
    let Some((fixture, word)) = with_image() else { return };
    let ours = manifest(&fixture);
    for (format, transport) in [("docker", "docker-archive"), ("docker", "oci-archive"), ("oci", "oci-archive")] {
        let archive = save(&fixture, format);
        let config: Value =
            serde_json::from_str(&skopeo(&["inspect", "--config", &format!("{transport}:{archive}")])).unwrap();
        assert_eq!(config["rootfs"], ours["config"]["rootfs"], "{format} as {transport}");
        assert_eq!(config["config"]["Env"][0], format!("WORD={word}"), "{format} as {transport}");
        // To copy is to read and verify every layer.
        let copy = fixture.path(&format!("copy-{format}-{transport}"));
        skopeo(&["copy", "--quiet", &format!("{transport}:{archive}"), &format!("dir:{}", copy.display())]);
    }
}

#[test]
fn skopeo_reads_the_store_itself() {
    if !has("skopeo") {
        return;
    }
    let Some((fixture, _)) = with_image() else { return };
    let store = format!("oci:{}:docker.io/ada/word:1", fixture.home().join("store").display());
    let read: Value = serde_json::from_str(&skopeo(&["inspect", "--raw", &store])).unwrap();
    assert_eq!(read["layers"], manifest(&fixture)["manifest"]["layers"]);
}

#[test]
fn podman_runs_what_galley_saves() {
    if !has("podman") {
        return;
    }
    let Some((fixture, word)) = with_image() else { return };
    for format in ["docker", "oci"] {
        let said = run(&fixture, "podman", &["load", "--quiet", "--input", &save(&fixture, format)]);
        assert!(said.contains("docker.io/ada/word:1"), "{format}: podman said {said}");
        let printed =
            run(&fixture, "podman", &["run", "--rm", "--network", "host", "--cgroups", "disabled", "ada/word:1"]);
        assert_eq!(printed.trim(), word, "{format}");
        run(&fixture, "podman", &["rmi", "--force", "ada/word:1"]);
    }
}

#[test]
fn galley_runs_what_buildah_builds() {
    if !has("buildah") || !has("podman") || !has("skopeo") {
        return;
    }
    let Some((fixture, _)) = with_image() else { return };
    run(&fixture, "podman", &["load", "--quiet", "--input", &save(&fixture, "docker")]);
    let word = checks::nonce();
    // A file removed, a directory replaced, and a file changed: whiteouts of each kind.
    let script = format!("echo {word} > /made; rm /word; rm -r /bin/ed; rm -r /srv; mkdir /srv; echo new > /srv/new");
    fixture
        .put("Dockerfile", format!("FROM ada/word:1\nRUN {script}\nCMD cat /made /srv/*; ls /word /bin/ed /bin/vi\n"));
    let context = fixture.context().display().to_string();
    let by = ["bud", "--quiet", "--isolation", "chroot", "--network", "host", "--layers", "-t", "ada/made:1", &context];
    run(&fixture, "buildah", &by);
    for (tool, transport) in [("buildah", "oci-archive"), ("buildah", "docker-archive"), ("podman", "docker-archive")] {
        let archive = fixture.path(&format!("{tool}-{transport}.tar")).display().to_string();
        match tool {
            "podman" => run(&fixture, tool, &["save", "--quiet", "--output", &archive, "ada/made:1"]),
            _ => run(&fixture, tool, &["push", "--quiet", "ada/made:1", &format!("{transport}:{archive}:ada/made:1")]),
        };
        runs(&archive, &word, &format!("{transport} of {tool}"));
    }
}

/// Loads an archive into an empty home, and runs its image.
fn runs(archive: &str, word: &str, what: &str) {
    assert!(Path::new(archive).exists(), "{what}: no archive");
    let other = BuildFixture::new();
    let said = other.good(&["load", "-i", archive]);
    let name = said
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("Loaded image: "))
        .unwrap_or_else(|| panic!("{what}: {said}"));
    let output = other.galley(&["run", "--rm", name]).output().unwrap();
    assert_eq!(text(&output), format!("{word}\nnew\n"), "{what}: {}", errors(&output));
    for gone in ["/word", "/bin/ed", "/bin/vi"] {
        assert!(errors(&output).contains(&format!("ls: {gone}: No such file")), "{what}: {gone} is still there");
    }
}

#[test]
fn galley_runs_layers_in_zstd() {
    if !has("skopeo") {
        return;
    }
    let Some((fixture, word)) = with_image() else { return };
    let from = format!("oci-archive:{}", save(&fixture, "oci"));
    let archive = fixture.path("zstd.tar").display().to_string();
    let to = format!("oci-archive:{archive}:ada/word:1");
    skopeo(&["copy", "--quiet", "--dest-compress-format", "zstd", &from, &to]);
    let other = BuildFixture::new();
    other.good(&["load", "-i", &archive]);
    let inspected = other.good(&["inspect", "ada/word:1"]);
    assert!(inspected.contains("tar+zstd"), "skopeo compressed otherwise:\n{inspected}");
    assert_eq!(other.good(&["run", "--rm", "ada/word:1"]).trim(), word);
}

/// Podman and a registry: plain HTTP must be allowed each time.
fn podman(fixture: &BuildFixture, verb: &[&str], rest: &[&str]) -> String {
    run(fixture, "podman", &[verb, &["--tls-verify=false"], rest].concat())
}

fn ran_by_podman(fixture: &BuildFixture, name: &str) -> String {
    run(fixture, "podman", &["run", "--rm", "--network", "host", "--cgroups", "disabled", name]).trim().to_owned()
}

/// There and back through one registry.
fn through(address: &str, fixture: &BuildFixture, word: &str) {
    let [ours, theirs] = ["ours", "theirs"].map(|name| format!("{address}/ada/{name}:1"));
    fixture.good(&["tag", "ada/word:1", &ours]);
    fixture.good(&["push", &ours]);
    podman(fixture, &["pull", "--quiet"], &[&ours]);
    assert_eq!(ran_by_podman(fixture, &ours), word, "what galley pushed, run by podman");
    run(fixture, "podman", &["tag", &ours, &theirs]);
    podman(fixture, &["push", "--quiet"], &[&theirs]);
    let tags = podman(fixture, &["search", "--list-tags"], &[theirs.strip_suffix(":1").unwrap()]);
    assert!(tags.contains("theirs  1"), "podman lists {tags}");
    let other = BuildFixture::new();
    assert_eq!(other.good(&["run", "--rm", &theirs]).trim(), word, "what podman pushed, run by galley");
}

/// An index of two platforms that podman made and pushed.
fn several_platforms(address: &str, fixture: &BuildFixture, word: &str) {
    let index = format!("{address}/ada/index:1");
    let names = ["ours", "theirs"].map(|name| format!("{address}/ada/{name}:1"));
    run(fixture, "podman", &["manifest", "create", "ada/index:1"]);
    // The same image under another processor's name: nobody runs that one here.
    for (name, platform) in names.iter().zip([&["--arch", host()][..], &["--arch", "s390x"]]) {
        let image = format!("docker://{name}");
        podman(fixture, &["manifest", "add"], &[platform, &["ada/index:1", &image]].concat());
    }
    podman(fixture, &["manifest", "push", "--all"], &["ada/index:1", &format!("docker://{index}")]);
    let raw = skopeo(&["inspect", "--raw", "--tls-verify=false", &format!("docker://{index}")]);
    assert!(raw.contains("s390x") && raw.contains(host()), "podman made no index of two: {raw}");
    let other = BuildFixture::new();
    assert_eq!(other.good(&["run", "--rm", &index]).trim(), word, "an index that podman pushed, run by galley");
    // skopeo takes it to another repository, all of it.
    let copy = format!("{address}/grace/index:2");
    let [from, to] = [&index, &copy].map(|name| format!("docker://{name}"));
    let all = ["copy", "--quiet", "--all", "--src-tls-verify=false", "--dest-tls-verify=false"];
    skopeo(&[&["--insecure-policy"][..], &all, &[&from, &to]].concat());
    assert_eq!(BuildFixture::new().good(&["run", "--rm", &copy]).trim(), word, "an index that skopeo copied");
}

fn host() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[test]
fn the_embedded_registry_serves_podman_and_galley() {
    if !has("podman") || !has("skopeo") {
        return;
    }
    let Some((fixture, word)) = with_image() else { return };
    let server = Server::start(Options::default()).unwrap();
    let address = server.address().to_string();
    through(&address, &fixture, &word);
    several_platforms(&address, &fixture, &word);
}

#[test]
fn docker_registry_serves_podman_and_galley() {
    if !has("podman") || !has("skopeo") || !has("docker-registry") {
        return;
    }
    let Some((fixture, word)) = with_image() else { return };
    let registry = DockerRegistry::start(false);
    through(&registry.address, &fixture, &word);
    several_platforms(&registry.address, &fixture, &word);
}
