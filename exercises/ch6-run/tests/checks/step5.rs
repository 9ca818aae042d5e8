//! A record is on the disk or it is not; there is nothing between.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use checks::{View, scratch};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};
use run::{Container, load, save};

use crate::trace::{Call, calls};

fn record(name: &str) -> Container {
    Container { name: name.to_owned(), ..Container::default() }
}

/// The chapter's program as the monitor of something that ends at once.
fn monitor(directory: &Path) -> Command {
    let mut command = Command::new(checks::program_path(env!("CARGO_BIN_EXE_run")));
    command.arg("monitor").arg(directory).arg(checks::probe()).arg("exit:0");
    command
}

#[test]
fn what_is_saved_is_loaded_again() {
    let directory = scratch();
    let nonce = checks::nonce();
    save(directory.path(), &record(&nonce.repeat(50))).expect("the first record could not be saved");
    save(directory.path(), &record(&nonce)).expect("a record could not be replaced");
    let loaded = load(directory.path());
    let name = loaded.expect("what was saved is not a record: is a longer one that was there before cut off?").name;
    assert_eq!(name, nonce, "the record that was saved last is not the one that is loaded");
}

#[test]
fn a_reader_has_the_old_record_or_the_new_one() {
    let directory = scratch();
    save(directory.path(), &record("old")).unwrap();
    let mut reader = File::open(directory.path().join("state.json")).unwrap();
    save(directory.path(), &record("new")).unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!(
        text.contains("\"old\""),
        "a reader that had the record open saw it change: write a new file, and give it the name with rename"
    );
}

#[test]
fn file_and_directory_are_synced_in_the_order_that_survives_a_power_cut() {
    let directory = scratch();
    let calls = calls(&mut monitor(directory.path()));
    let own = directory.path().file_name().unwrap().to_string_lossy().into_owned();
    let renamed = calls.iter().position(|call| matches!(call, Call::Rename(_, to) if to == "state.json"));
    let (before, after) = calls.split_at(renamed.unwrap_or(calls.len()));
    // What belongs to the next save is not an answer for this one.
    let next =
        after.iter().skip(1).position(|call| matches!(call, Call::Write(_))).map_or(after.len(), |next| next + 1);
    let synced = |calls: &[Call], name: &str| calls.iter().any(|call| *call == Call::Sync(name.to_owned()));
    let shown = |yes: bool| if yes { "yes" } else { "no" };
    let file = after.first().map_or_else(
        || "state.json".to_owned(),
        |call| match call {
            Call::Rename(from, _) => from.clone(),
            _ => String::new(),
        },
    );
    let written = before.iter().rposition(|call| *call == Call::Write(file.clone())).unwrap_or(0);
    let mut view = View::default();
    view.add("renamed", shown(renamed.is_some()));
    view.add("file-synced-before", shown(synced(&before[written..], &file)));
    view.add("directory-synced-after", shown(synced(&after[..next], &own)));
    checks::view!("synced", view, {
        "renamed" => "state.json is written under another name, and renamed",
        "file-synced-before" => "the new file is not on the disk when it gets its name: after a power cut, the name may lead to an empty file",
        "directory-synced-after" => "the name is part of the directory: without fsync of that, a power cut may bring the old record back",
    });
}

/// Runs the monitor over an old record in a directory, prepared by `limit`.
fn run_limited(directory: &Path, limit: fn() -> std::io::Result<()>) -> ExitStatus {
    fs::write(directory.join("state.json"), "an old record").unwrap();
    let mut command = monitor(directory);
    // SAFETY: what is given makes system calls and does not allocate.
    unsafe { command.pre_exec(limit) };
    command.stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::null()).status().unwrap()
}

/// As on a full disk: no file may have more than 40 bytes.
fn fill_disk() -> std::io::Result<()> {
    // SAFETY: to ignore a signal runs no code of ours.
    unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn)? };
    Ok(setrlimit(Resource::RLIMIT_FSIZE, 40, 40)?)
}

#[test]
fn a_full_disk_leaves_the_old_record() {
    let directory = scratch();
    let status = run_limited(directory.path(), fill_disk);
    assert_eq!(
        fs::read_to_string(directory.path().join("state.json")).unwrap_or_default(),
        "an old record",
        "the new record could not be written, and the old one is lost"
    );
    assert!(!status.success(), "the record could not be written, and that is not an error");
}

#[test]
fn a_failed_sync_is_an_error() {
    let directory = scratch();
    let status = run_limited(directory.path(), checks::fail_syncs);
    assert!(!status.success(), "fsync failed and nobody noticed: a power cut would lose the record");
}
