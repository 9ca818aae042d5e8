//! Layers become an image.

use std::fs;
use std::path::Path;

use checks::{View, nonce, scratch};
use serde_json::Value;

use crate::{blob_path, field, sha256sum, str, succeed, tool};

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
        field(&printed, "config"),
        field(&turned, "config"),
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
