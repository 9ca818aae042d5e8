//! A registry, a store, and the program between them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use checks::View;
use images::{Blob, Digest, Store, spec};
use registry_server::{Entry, Options, Server};
use tempfile::TempDir;

/// The user that registries of the checks know.
pub const USER: &str = "ada";

/// How the chapter's program ended.
pub struct Outcome {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Outcome {
    /// Fails the check, with the reason, unless the program succeeded.
    pub fn ok(self, why: &str) -> Self {
        assert!(self.code == 0, "{why}: exit code {}, {}", self.code, self.err.trim());
        self
    }

    /// Fails the check unless the program failed by itself, in one clear line.
    pub fn refused(self, why: &str) -> Self {
        assert!(self.code != 0, "{why}; it exited with 0");
        let lines: Vec<_> = self.err.lines().collect();
        assert!(
            self.code == 1 && lines.len() == 1,
            "an error should be one line and the exit code 1, but it was {} and:\n{}",
            self.code,
            self.err
        );
        self
    }
}

/// A directory for one check: its store, its credentials, its files.
pub struct RegistryFixture {
    directory: TempDir,
    pub store: Store,
    /// How often the program tries a request again. Never by default: a check wants to see
    /// the first failure, and the registry's log stays short.
    pub retries: u32,
}

impl RegistryFixture {
    pub fn new() -> Self {
        let directory = checks::scratch();
        let store = Store::open(&directory.path().join("store")).unwrap();
        Self { directory, store, retries: 0 }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Where the program keeps its logins in this check.
    pub fn credentials(&self) -> PathBuf {
        self.path("docker/config.json")
    }

    /// Runs the chapter's program.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with(arguments, "")
    }

    pub fn run_with(&self, arguments: &[&str], input: &str) -> Outcome {
        let mut command = Command::new(checks::program_path(env!("CARGO_BIN_EXE_registry")));
        self.end(command.args(arguments).env_remove("REGISTRY_AUTH_FILE"), input)
    }

    /// Runs it with another file for its logins, as podman's users name it.
    pub fn run_with_auth_file(&self, file: &Path, arguments: &[&str], input: &str) -> Outcome {
        let mut command = Command::new(checks::program_path(env!("CARGO_BIN_EXE_registry")));
        let outcome = self.end(command.args(arguments).env("REGISTRY_AUTH_FILE", file), input);
        assert!(
            !self.credentials().exists(),
            "REGISTRY_AUTH_FILE goes before DOCKER_CONFIG, but config.json was written"
        );
        outcome
    }

    /// Runs it with at most `kilobytes` of memory of its own (RLIMIT_DATA).
    pub fn run_limited(&self, kilobytes: usize, arguments: &[&str]) -> Outcome {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit -d {kilobytes}; exec \"$0\" \"$@\""));
        self.end(command.arg(checks::program_path(env!("CARGO_BIN_EXE_registry"))).args(arguments), "")
    }

    fn end(&self, command: &mut Command, input: &str) -> Outcome {
        let file = self.path("input");
        fs::write(&file, input).unwrap();
        command.stdin(Stdio::from(fs::File::open(&file).unwrap()));
        command.env("DOCKER_CONFIG", self.path("docker")).env("GALLEY_RETRIES", self.retries.to_string());
        let output = command.output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!err.contains("not yet implemented"), "{err}");
        // Shown only if the check fails.
        eprint!("{err}");
        Outcome { code: output.status.code().unwrap_or(-1), out: out.into_owned(), err: err.into_owned() }
    }

    /// The program's arguments for the store.
    pub fn store_path(&self) -> String {
        self.store.root().display().to_string()
    }

    /// An image of two layers, of which no other has the same, named in the store.
    pub fn image(&self, name: &str) -> Parts {
        let layers = ["one", "two"].map(|layer| {
            let directory = self.path(&format!("{layer}-{}", checks::nonce()));
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join(layer), checks::nonce().repeat(2000)).unwrap();
            self.store.write_layer(archive::files(&directory).unwrap(), &mut |_| {}).unwrap()
        });
        let config = spec::ImageConfiguration::default();
        let descriptor = self.store.add_image(&config, &layers).unwrap();
        storage::tags::set(&self.store, name, &descriptor).unwrap();
        let image = storage::Image::read(&self.store, &Digest::try_from(descriptor.digest()).unwrap()).unwrap();
        let blob = |descriptor: &spec::Descriptor| Blob::try_from(descriptor).unwrap();
        Parts {
            layers: image.manifest.layers().iter().map(blob).collect(),
            config: blob(image.manifest.config()),
            manifest: blob(&descriptor),
        }
    }

    /// Names and digests of what the store has, as `index.json` on the disk says.
    pub fn named(&self, name: &str) -> Option<String> {
        let text = fs::read_to_string(self.store.root().join("index.json")).unwrap();
        let index = spec::ImageIndex::from_reader(text.as_bytes()).unwrap();
        let has_name = |entry: &&spec::Descriptor| {
            entry.annotations().as_ref().is_some_and(|all| all.values().any(|value| value == name))
        };
        index.manifests().iter().find(has_name).map(|entry| entry.digest().to_string())
    }

    /// Fails the check if a blob, or the beginning of one, was left in the store.
    pub fn has_no_leftovers(&self) {
        for place in ["tmp", "blobs/sha256"] {
            let left = fs::read_dir(self.store.root().join(place)).unwrap().count();
            assert!(left == 0, "{left} file(s) were left in the store's {place} though the bytes were wrong");
        }
    }
}

/// The blobs of an image.
pub struct Parts {
    pub layers: Vec<Blob>,
    pub config: Blob,
    pub manifest: Blob,
}

impl Parts {
    /// Puts the image into a registry, past its API.
    pub fn stock(&self, server: &Server, fixture: &RegistryFixture, repository: &str, tag: &str) {
        for blob in self.layers.iter().chain([&self.config]) {
            server.add_blob(repository, &fs::read(fixture.store.blob_path(&blob.digest)).unwrap()).unwrap();
        }
        let bytes = fs::read(fixture.store.blob_path(&self.manifest.digest)).unwrap();
        server.add_manifest(repository, tag, OCI_MANIFEST, &bytes).unwrap();
    }

    /// `text` with the digests replaced by what they are.
    pub fn name(&self, text: &str) -> String {
        let mut text = text.replace(&self.manifest.digest.to_string(), "<manifest>");
        text = text.replace(&self.config.digest.to_string(), "<config>");
        for (layer, name) in self.layers.iter().zip(["<layer 1>", "<layer 2>"]) {
            text = text.replace(&layer.digest.to_string(), name);
        }
        text
    }
}

pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A registry that asks nobody for a login.
pub fn open() -> Server {
    Server::start(Options::default()).unwrap()
}

/// A registry that wants the login of [`USER`], with a password of this run.
pub fn closed(tokens: bool) -> (Server, String) {
    let password = format!("pass:{}", checks::nonce());
    let auth = Some((USER.to_owned(), password.clone()));
    (Server::start(Options { auth, tokens, ..Options::default() }).unwrap(), password)
}

/// The requests as `METHOD what: status authorization`, in their order, without
/// `/v2/<repository>` and with the digests named by `name`.
pub fn requests(server: &Server, name: impl Fn(&str) -> String) -> View {
    let mut view = View::default();
    // An upload may go in one piece or in chunks; both are right.
    let chunk = |entry: &Entry| entry.method == "PATCH" && entry.status == 202;
    for entry in server.log().iter().filter(|entry| !chunk(entry)) {
        let what = entry.path.rsplit_once("/quotes/").map_or(entry.path.as_str(), |(_, what)| what).to_owned();
        let scheme = entry.authorization.as_deref().map(|value| value.split(' ').next().unwrap_or_default().to_owned());
        let with = scheme.map_or_else(String::new, |scheme| format!(" with {scheme}"));
        view.add(&name(&format!("{} {what}", entry.method)), format!("{}{with}", entry.status));
    }
    view
}

/// Fails if a secret is in anything that the program printed.
pub fn keeps(secret: &str, outcome: &Outcome) {
    let coded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{USER}:{secret}"));
    for text in [&outcome.out, &outcome.err] {
        assert!(!text.contains(secret) && !text.contains(&coded), "the password was printed");
    }
}

/// The bytes of a file that both sides should have.
pub fn same(mine: &Path, theirs: &Path, what: &str) {
    let same = fs::read(mine).is_ok_and(|bytes| fs::read(theirs).is_ok_and(|others| others == bytes));
    assert!(same, "{what} did not arrive byte for byte");
}
