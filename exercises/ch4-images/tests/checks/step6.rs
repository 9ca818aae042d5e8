//! Layers become an image.

use std::fs;
use std::path::Path;

use checks::{View, nonce, scratch};
use serde_json::Value;

use crate::{blob_path, errors, field, run, sha256sum, str, succeed, tool};

/// Two directories, packed as an image `docker.io/library/NONCE:1`.
fn add(store: &Path, nonce: &str) -> (String, tempfile::TempDir) {
    let trees = scratch();
    for (layer, content) in [("base", "first"), ("top", "second")] {
        let directory = trees.path().join(layer);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(layer), format!("{content} {nonce}")).unwrap();
    }
    let (base, top) = (trees.path().join("base"), trees.path().join("top"));
    let name = format!("docker.io/library/{nonce}:1");
    (succeed(&["add", str(store), &name, str(&base), str(&top)], b""), trees)
}

fn document(store: &Path, digest: &str) -> Value {
    let bytes = fs::read(blob_path(store, digest)).unwrap_or_else(|error| panic!("no blob {digest}: {error}"));
    assert_eq!(sha256sum(&bytes), digest, "the blob's bytes do not have its name");
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("blob {digest} is no JSON: {error}"))
}

/// The digest of the configuration that the printed manifest names.
fn config_of(store: &Path, printed: &str) -> String {
    string(&document(store, field(printed, "manifest")), "/config/digest")
}

fn string(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[test]
fn the_same_layers_make_the_same_image() {
    let (one, other) = (scratch(), scratch());
    let nonce = nonce();
    let (printed, trees) = add(one.path(), &nonce);
    let (base, top) = (trees.path().join("base"), trees.path().join("top"));
    let again = succeed(&["add", str(other.path()), "again", str(&base), str(&top)], b"");
    assert_eq!(printed, again, "the same layers gave two images: is there a clock or a random order in them?");
    let turned = succeed(&["add", str(other.path()), "turned", str(&top), str(&base)], b"");
    assert_ne!(
        config_of(one.path(), &printed),
        config_of(other.path(), &turned),
        "the order of layers makes no difference to the config"
    );
}

#[test]
fn manifest_and_config_describe_the_layers() {
    let store = scratch();
    let nonce = nonce();
    let (printed, trees) = add(store.path(), &nonce);
    let manifest = document(store.path(), field(&printed, "manifest"));
    let config_digest = string(&manifest, "/config/digest");
    let config = document(store.path(), &config_digest);

    let (mut manifest_text, mut config_text) =
        (serde_json::to_string_pretty(&manifest).unwrap(), serde_json::to_string_pretty(&config).unwrap());
    let mut rename = |digest: &str, name: &str| {
        manifest_text = manifest_text.replace(digest, name);
        config_text = config_text.replace(digest, name);
    };
    rename(&config_digest, "<digest of config>");
    for layer in ["base", "top"] {
        let layer_printed = succeed(&["pack", str(store.path()), str(&trees.path().join(layer))], b"");
        rename(field(&layer_printed, "digest"), &format!("<digest of {layer}>"));
        rename(field(&layer_printed, "diffID"), &format!("<diffID of {layer}>"));
        // The size in bytes depends on the nonce; it is compared with the blob's below.
    }
    for descriptor in manifest["layers"].as_array().into_iter().flatten().chain([&manifest["config"]]) {
        let size = descriptor["size"].as_u64().unwrap_or_default();
        let blob = fs::metadata(blob_path(store.path(), descriptor["digest"].as_str().unwrap_or_default())).unwrap();
        assert_eq!(size, blob.len(), "a descriptor's size is not that of its blob");
        manifest_text = manifest_text.replace(&format!("\"size\": {size}"), "\"size\": <bytes>");
    }
    let architecture = string(&config, "/architecture");
    let mut view = View::default();
    manifest_text.lines().for_each(|line| view.add("manifest", line));
    config_text.replace(&architecture, "<architecture>").lines().for_each(|line| view.add("config", line));
    checks::view!("documents", view, {
        "manifest" => "the manifest lists the config and the layers, lowest first, by the digests of their blobs",
        "config" => "the config lists the layers, lowest first, by their diffIDs: the digests before compression",
    });
}

#[test]
fn the_name_leads_to_the_manifest() {
    let store = scratch();
    let nonce = nonce();
    let (printed, _trees) = add(store.path(), &nonce);
    let index: Value = serde_json::from_slice(&fs::read(store.path().join("index.json")).unwrap()).unwrap();
    let digest = field(&printed, "manifest");
    let size = fs::metadata(blob_path(store.path(), digest)).unwrap().len();
    let text = serde_json::to_string_pretty(&index)
        .unwrap()
        .replace(digest, "<digest of manifest>")
        .replace(&nonce, "<nonce>");
    insta::assert_snapshot!("index", text.replace(&format!("\"size\": {size}"), "\"size\": <bytes>"));
}

#[test]
fn other_tools_read_the_image() {
    let store = scratch();
    let nonce = nonce();
    let (printed, _trees) = add(store.path(), &nonce);
    if std::process::Command::new("skopeo").arg("--version").output().is_err() {
        eprintln!("skopeo is not installed: this check looks at nothing");
        return;
    }
    let place = format!("oci:{}:docker.io/library/{nonce}:1", store.path().display());
    let seen: Value = serde_json::from_slice(&tool("skopeo", &["inspect", &place], b"")).unwrap();
    assert_eq!(string(&seen, "/Digest"), field(&printed, "manifest"), "skopeo sees another manifest");
    assert_eq!(seen["Layers"].as_array().map(Vec::len), Some(2), "skopeo does not see two layers");
    // copy reads every blob and compares digests, diffIDs included.
    let copy = format!("dir:{}", store.path().join("copy").display());
    tool("skopeo", &["copy", "--insecure-policy", &place, &copy], b"");
}

#[test]
fn the_layers_are_those_of_the_config() {
    let store = scratch();
    let (printed, _trees) = add(store.path(), &nonce());
    let manifest = document(store.path(), field(&printed, "manifest"));
    let config = document(store.path(), &string(&manifest, "/config/digest"));
    let layers = manifest["layers"].as_array().cloned().unwrap_or_default();
    let diff_ids = config["rootfs"]["diff_ids"].as_array().cloned().unwrap_or_default();
    assert_eq!((layers.len(), diff_ids.len()), (2, 2), "manifest and config do not list two layers each");
    for (layer, diff_id) in layers.iter().zip(&diff_ids) {
        let bytes = fs::read(blob_path(store.path(), layer["digest"].as_str().unwrap_or_default())).unwrap();
        let archive = tool("gzip", &["-dc"], &bytes);
        assert_eq!(diff_id, &sha256sum(&archive), "a layer does not unpack to what the config says in its place");
    }
}

/// Makes an image of `layers` equal layers with this history.
fn add_with_history(store: &Path, layers: usize, history: &Value) -> std::process::Output {
    let directory = scratch();
    let (tree, file) = (directory.path().join("tree"), directory.path().join("config"));
    fs::create_dir(&tree).unwrap();
    let platform = serde_json::json!({"architecture": "amd64", "os": "linux", "history": history,
        "rootfs": {"type": "layers", "diff_ids": []}});
    fs::write(&file, platform.to_string()).unwrap();
    let mut arguments = vec!["add", str(store), "name", "--config", str(&file)];
    arguments.extend(std::iter::repeat_n(str(&tree), layers));
    run(&arguments, b"")
}

#[test]
fn every_layer_has_its_entry_in_the_history() {
    let store = scratch();
    let run_of = |text: &str| serde_json::json!({"created_by": text});
    let mut env = run_of("ENV b");
    env["empty_layer"] = true.into();
    let seen = |layers, history: Value| {
        let output = add_with_history(store.path(), layers, &history);
        assert!(output.status.success(), "the image was refused: {}", errors(&output));
        let manifest = document(store.path(), field(&crate::text(&output), "manifest"));
        let config = document(store.path(), &string(&manifest, "/config/digest"));
        let entries = config["history"].as_array().cloned().unwrap_or_default();
        let entries = entries.iter().map(|entry| match entry["empty_layer"].as_bool() {
            Some(true) => format!("{} without a layer", string(entry, "/created_by")),
            _ if entry.get("created_by").is_none_or(Value::is_null) => "a layer".to_owned(),
            _ => format!("{} with a layer", string(entry, "/created_by")),
        });
        entries.collect::<Vec<_>>().join(", ")
    };
    let mut view = View::default();
    view.add("complete", seen(2, serde_json::json!([run_of("RUN a"), env, run_of("RUN c")])));
    view.add("base without", seen(4, serde_json::json!([run_of("RUN a"), env, run_of("RUN c")])));
    checks::view!("history", view, {
        "complete" => "a history that fits the layers stays as it is: an entry marked as empty_layer has none",
        "base without" => "the lowest layers have no entry: empty ones come first, or the later entries would be taken for theirs",
    });
}

#[test]
fn a_history_of_more_layers_is_refused() {
    let store = scratch();
    let history = serde_json::json!([{"created_by": "RUN a"}, {"created_by": "RUN b"}]);
    let output = add_with_history(store.path(), 1, &history);
    assert_eq!(output.status.code(), Some(1), "the history tells of two layers, there is one, and it was taken");
    assert!(errors(&output).contains("history"), "the error should name the history: {}", errors(&output));
}
