//! Layers become one root file system.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use checks::{View, nonce, probe, scratch};

use crate::{archive::Archive, errors, images, kind, str, succeed, text, tree};

/// Layers, and what an overlay needs beside them, in one directory.
pub struct Stack {
    pub directory: tempfile::TempDir,
    pub layers: Vec<PathBuf>,
}

impl Stack {
    pub fn new() -> Self {
        crate::usual_umask();
        let directory = scratch();
        for name in ["upper", "work", "target"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        Self { directory, layers: Vec::new() }
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Unpacks an archive as the next layer up.
    pub fn layer(mut self, name: &str, archive: Archive) -> Self {
        let (directory, file) = (self.at(name), self.at("layer.tar"));
        fs::create_dir_all(&directory).unwrap();
        fs::write(&file, archive.bytes()).unwrap();
        succeed(&["unpack", str(&file), str(&directory)], b"");
        self.layers.push(directory);
        self
    }

    /// Runs a program that sees the mount.
    pub fn run(&self, program: &[&str]) -> Output {
        let mut command = images();
        command.arg("mount").args(["upper", "work", "target"].map(|name| self.at(name))).args(&self.layers).arg("--");
        command.args(program).stdin(Stdio::null()).output().unwrap()
    }

    /// What the probe sees of the mount.
    pub fn probe(&self, requests: &[&str]) -> View {
        let target = self.at("target");
        let requests: Vec<String> = requests.iter().map(|request| request.replace("TARGET", str(&target))).collect();
        let mut program = vec![str(probe())];
        program.extend(requests.iter().map(String::as_str));
        let output = self.run(&program);
        assert!(output.status.success(), "the layers could not be mounted: {}", errors(&output));
        View::parse(&text(&output).replace(str(&target), "/target"))
    }
}

#[test]
fn the_upper_layer_hides_the_lower() {
    let nonce = nonce();
    let stack = Stack::new()
        .layer(
            "one",
            Archive::new()
                .file("etc/both", "lower")
                .file("etc/lower", &nonce)
                .file("etc/gone", "g")
                .file("opt/old", "o"),
        )
        .layer(
            "two",
            Archive::new()
                .file("etc/both", "upper")
                .file("etc/.wh.gone", "")
                .file("opt/.wh..wh..opq", "")
                .file("opt/new", "n"),
        );
    let view = stack.probe(&[
        "list:TARGET",
        "list:TARGET/etc",
        "list:TARGET/opt",
        "read:TARGET/etc/both",
        "read:TARGET/etc/lower",
        "exists:TARGET/etc/gone",
    ]);
    checks::view!("stacked", view.name(&nonce, "<nonce>"), {
        "list:/target" => "the mount does not show both layers",
        "list:/target/etc" => "a directory of both layers shows the files of both, and not the one that was removed",
        "list:/target/opt" => "an opaque directory hides what lower layers have in it",
        "read:/target/etc/both" => "overlayfs takes the *top* layer first: the layers are upside down",
        "exists:/target/etc/gone" => "the whiteout in the upper layer does not hide the lower file",
    });
}

#[test]
fn changes_go_to_the_upper_directory_only() {
    let nonce = nonce();
    let stack =
        Stack::new().layer("one", Archive::new().file("kept", "k").file("changed", "before").file("removed", "r"));
    let before = tree(&stack.at("one"), |path, name| format!("{name} {}", fs::read_to_string(path).unwrap()));
    let script =
        format!("cd {} && echo {nonce} > new && echo after > changed && rm removed", stack.at("target").display());
    let output = stack.run(&["sh", "-c", &script]);
    assert!(output.status.success(), "the mount cannot be written to: {}", errors(&output));
    let after = tree(&stack.at("one"), |path, name| format!("{name} {}", fs::read_to_string(path).unwrap()));
    assert_eq!(before, after, "a layer was changed: other containers share it");
    insta::assert_snapshot!("upper", tree(&stack.at("upper"), |path, name| format!("{name}: {}", kind(path))));
    let new = fs::read_to_string(stack.at("upper").join("new")).unwrap_or_default();
    assert_eq!(new.trim(), nonce, "the new file is not in the upper directory");
}

#[test]
fn the_layers_are_shared() {
    let nonce = nonce();
    let stack = Stack::new().layer("one", Archive::new().file("file", &nonce));
    // Mounted again by a program inside the first mount's namespace.
    for name in ["upper2", "work2", "target2"] {
        fs::create_dir(stack.at(name)).unwrap();
    }
    let program = checks::program_path(env!("CARGO_BIN_EXE_images"));
    let second: Vec<String> =
        ["upper2", "work2", "target2", "one"].map(|name| str(&stack.at(name)).to_owned()).to_vec();
    let mut command = vec![str(&program), "mount"];
    command.extend(second.iter().map(String::as_str));
    let request = format!("read:{}/file", stack.at("target2").display());
    command.extend(["--", str(probe()), &request]);
    let output = stack.run(&command);
    assert!(text(&output).contains(&nonce), "two mounts of one layer are not possible at a time: {}", errors(&output));
}

#[test]
fn more_layers_than_fit_in_a_page() {
    let nonce = nonce();
    let mut stack = Stack::new();
    // 64 digits as a diffID has: 120 such paths are over 8 KiB of options.
    for number in 0..120 {
        let name = format!("{number:064}");
        fs::create_dir(stack.at(&name)).unwrap();
        fs::write(stack.at(&name).join(format!("file-{number}")), &nonce).unwrap();
        fs::write(stack.at(&name).join("top"), number.to_string()).unwrap();
        stack.layers.push(stack.at(&name));
    }
    let view = stack.probe(&["read:TARGET/file-0", "read:TARGET/file-119", "read:TARGET/top"]);
    checks::view!("many", view.name(&nonce, "<nonce>"), {
        "read:/target/file-0" => "the lowest layer is missing: the options were cut off at a page",
        "read:/target/file-119" => "the top layer is missing",
        "read:/target/top" => "the last directory given is not the top layer",
    });
}

#[test]
fn paths_may_hold_what_options_are_split_at() {
    let nonce = nonce();
    let stack = Stack::new().layer("a:b,c=d\\e", Archive::new().file("file", &nonce));
    let view = stack.probe(&["read:TARGET/file"]);
    assert_eq!(view.get("read:/target/file"), nonce, "a layer whose path has ':' and ',' in it cannot be mounted");
}

#[test]
fn nothing_to_stack_is_an_error() {
    let stack = Stack::new();
    let output = stack.run(&[str(probe()), "pid"]);
    assert_eq!(output.status.code(), Some(1), "an overlay without layers was mounted");
    assert!(errors(&output).contains("0 layers"), "the error should say that there are no layers: {}", errors(&output));
}

#[test]
fn the_host_sees_no_mount() {
    let stack = Stack::new().layer("one", Archive::new().file("file", "f"));
    let request = format!("exists:{}/file", stack.at("target").display());
    let output = stack.run(&[str(probe()), &request]);
    assert!(text(&output).trim().ends_with("true"), "nothing was mounted: {}", errors(&output));
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(str(stack.directory.path())), "the mount is still there after the program has ended");
}

/// A link in the path of a layer is no obstacle: only the layer's own matter.
#[test]
fn a_layer_may_be_reached_through_a_link() {
    let nonce = nonce();
    let mut stack = Stack::new().layer("one", Archive::new().file("file", &nonce));
    symlink("one", stack.at("alias")).unwrap();
    stack.layers = vec![stack.at("alias")];
    assert_eq!(
        stack.probe(&["read:TARGET/file"]).get("read:/target/file"),
        nonce,
        "the layer cannot be reached through a link"
    );
}
