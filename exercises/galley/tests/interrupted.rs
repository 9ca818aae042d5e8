//! Builds that are killed: what is half made is never used, nothing stays
//! mounted, and the next build works.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

mod build_fixture;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use build_fixture::{BuildFixture, errors, text};

const MOMENTS: u32 = 20;

/// Every instruction kind that writes; the result is the same each time.
const DOCKERFILE: &str = "FROM base:1
COPY data /data
RUN cp /data /copy && mkdir /made && echo one > /made/one
COPY data /again
RUN rm /copy && cp /again /second && echo two > /made/two
CMD [\"sh\", \"-c\", \"sha256sum < /data; sha256sum < /second; cat /made/*; test ! -e /copy\"]
";

/// A build of the Dockerfile, from a cache that knows nothing of it.
fn build(fixture: &BuildFixture, round: u32) -> std::process::Command {
    fixture.put("Dockerfile", DOCKERFILE.replacen("FROM base:1", &format!("FROM base:1\nENV ROUND={round}"), 1));
    let mut command = fixture.galley(&["build", "-t", "ada/cut:1"]);
    command.arg(fixture.context());
    command
}

#[test]
fn a_build_killed_at_any_moment_leaves_nothing_half_made() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    let data: Vec<u8> = (0..250_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    fixture.put("data", &data);
    // The first build also unpacks the base; the next ones take as long as the second.
    let mut length = Duration::ZERO;
    for round in [1000, 0] {
        let begun = Instant::now();
        let whole = build(&fixture, round).output().unwrap();
        assert!(whole.status.success(), "{}", errors(&whole));
        length = begun.elapsed();
    }
    let right = text(&fixture.galley(&["run", "--rm", "ada/cut:1"]).output().unwrap());
    assert!(right.ends_with("one\ntwo\n"), "{right}");
    let mut killed = 0;
    for moment in 1..=MOMENTS {
        fixture.good(&["rmi", "ada/cut:1"]);
        let mut child = build(&fixture, moment).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The moments are spread over the build; the wait is what is tried here.
        std::thread::sleep(length * moment / (MOMENTS + 1));
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        assert_nothing_left(&fixture, moment);
        // Named by a finished build, if at all.
        if fixture.good(&["images"]).contains("ada/cut") {
            assert_eq!(
                text(&fixture.galley(&["run", "--rm", "ada/cut:1"]).output().unwrap()),
                right,
                "moment {moment}"
            );
        }
        let again = build(&fixture, moment).output().unwrap();
        assert!(again.status.success(), "the build after moment {moment}: {}", errors(&again));
        assert_eq!(text(&fixture.galley(&["run", "--rm", "ada/cut:1"]).output().unwrap()), right, "moment {moment}");
    }
    assert!(killed >= MOMENTS / 4, "only {killed} of {MOMENTS} builds were cut short");
    fixture.good(&["prune", "--force"]);
    assert_eq!(fs::read_dir(fixture.home().join("store/tmp")).unwrap().count(), 0, "prune left something");
    fixture.good(&["run", "--rm", "ada/cut:1"]);
}

#[test]
fn a_killed_build_takes_its_command_along() {
    let Some(fixture) = BuildFixture::with_base() else { return };
    fixture.put("Dockerfile", "FROM base:1\nRUN echo asleep; sleep 1000\n");
    let mut command = fixture.galley(&["build"]);
    let mut child = command.arg(fixture.context()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "asleep"), "the command never began");
    assert!(inside(&fixture.home().display().to_string()).is_some(), "nobody is in the build's root");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_nothing_left(&fixture, 0);
    fixture.good(&["prune", "--force"]);
}

/// No mount and no process of the killed build. A command of RUN is killed by
/// the kernel when its builder ends, which may take a moment.
fn assert_nothing_left(fixture: &BuildFixture, moment: u32) {
    let home = fixture.home().display().to_string();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&home), "moment {moment}: still mounted:\n{mounts}");
    let patience = Instant::now() + Duration::from_secs(10);
    while let Some(process) = inside(&home) {
        assert!(Instant::now() < patience, "moment {moment}: process {process} has outlived its build");
        std::thread::yield_now();
    }
}

/// A process in whose mount namespace something of this home is mounted.
fn inside(home: &str) -> Option<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
    processes
        .filter(|name| name.parse::<u32>().is_ok())
        .find(|name| fs::read_to_string(format!("/proc/{name}/mountinfo")).is_ok_and(|mounts| mounts.contains(home)))
}
