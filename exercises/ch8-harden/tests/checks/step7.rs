use super::{command, fixture, probe, run, succeed};

#[test]
fn the_standard_streams_stay() {
    let output = run(&["drop-inherited", probe(), "pid"]);
    assert!(
        String::from_utf8_lossy(&output.stdout).starts_with("pid "),
        "the program's standard output is closed: 0, 1 and 2 stay: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = run(&["drop-inherited", "/no/such/program"]);
    assert_eq!(
        output.status.code(),
        Some(127),
        "there is no such program: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_callers_descriptors_are_gone() {
    let directory = checks::scratch();
    let mut command = command(&["drop-inherited", probe(), "exists:/proc/self/fd/9", "open"]);
    let mut view = succeed(fixture::with_open(&mut command, directory.path()));
    let others = if view.get("open") == "-" { "none" } else { "some" };
    view = checks::View::parse(&format!("descriptor-9 {}\nothers {others}", view.get("exists:/proc/self/fd/9")));
    checks::view!("descriptors", view, {
        "others" => "descriptors of the caller's are open: every one from 3 up must close with exec",
        "descriptor-9" => "descriptor 9 leads to a directory of the host, and the program has it: every one from 3 up must close with exec",
    });
}

#[test]
fn the_callers_keys_are_gone() {
    let name = checks::nonce();
    let request = format!("key:{name}");
    let mut before = std::process::Command::new(probe());
    match fixture::with_key(&mut before, &name).arg(&request).output() {
        Ok(output) if String::from_utf8_lossy(&output.stdout).contains("found") => {}
        // A container that refuses keyctl, or a kernel without keyrings.
        _ => return,
    }
    let mut command = command(&["drop-inherited", probe(), &request]);
    let view = succeed(fixture::with_key(&mut command, &name)).name(&name, "<key>");
    checks::view!("keys", view, {
        "key:<key>" => "a key of the caller's was found in the session keyring: join a new one, keyctl(2)",
    });
}

#[test]
fn a_negative_oom_score_goes_and_a_positive_one_stays() {
    let read = "read:/proc/self/oom_score_adj";
    let mut higher = command(&["drop-inherited", probe(), read]);
    let view = succeed(fixture::with_oom_score(&mut higher, "300"));
    assert_eq!(view.get(read), "300", "whoever wants to be killed first may stay so: only a negative score becomes 0");
    let mut lower = command(&["drop-inherited", probe(), read]);
    // Takes CAP_SYS_RESOURCE, which not every root has.
    if let Ok(output) = fixture::with_oom_score(&mut lower, "-300").output() {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(said.trim(), format!("{read} 0"), "the program is protected from the out-of-memory killer");
    }
}
