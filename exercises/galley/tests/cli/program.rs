//! Which program runs, as whom, and with what it sees.

use checks::kernel;

use crate::test_env::TestEnv;

#[test]
fn the_exit_code_is_the_programs_or_dockers() {
    for test in TestEnv::each() {
        let root = test.root.path().display().to_string();
        let program = |path| test.galley(&["run", "--rm", "--rootfs", &root, path]);
        assert_eq!(test.run(&["--rm"], &["exit:7"]).code, 7, "the program's own code");
        assert_eq!(program("/missing").code, 127, "there is no such program");
        assert_eq!(program("/nonce").code, 126, "the file cannot be executed");
        assert_eq!(test.run(&["--rm", "--init"], &["signal:SIGTERM"]).code, 143, "128 + SIGTERM");
        assert_eq!(test.run(&["--rm", "--init"], &["signal:SIGKILL"]).code, 137, "128 + SIGKILL");
        assert_eq!(test.run(&["--rm", "--nonsense"], &[]).code, 125, "no such flag");
        assert_eq!(test.run(&["--rm", "--memory", "much"], &[]).code, 125, "no such limit");
        assert_eq!(test.galley(&["run", "localhost:1/none"]).code, 125, "no such image");
        assert_eq!(test.galley(&["run"]).code, 125, "nothing to run");
        assert_eq!(test.galley(&["stop", "nobody"]).code, 1, "only run has codes of its own");
        test.assert_clean(&[]);
    }
}

#[test]
fn a_container_has_its_own_view_of_everything() {
    for test in TestEnv::each() {
        let id = test.start(&[], &["pause:60"]);
        let user = if test.is_root() { "shared" } else { "new" };
        assert_eq!(
            kernel::compare_namespaces(test.pid(&id)),
            format!("cgroup new, ipc new, mnt new, net new, pid new, user {user}, uts new"),
        );
        assert_eq!(kernel::status(test.pid(&id), "NSpid").split(' ').next_back(), Some("1"), "it is process 1 inside");
        let hosts = test.start(&["--network", "host"], &["pause:60"]);
        assert!(kernel::compare_namespaces(test.pid(&hosts)).contains("net shared"), "--network host");
        assert_eq!(test.galley(&["rm", "-f", &id, &hosts]).code, 0);
        test.assert_clean(&[id, hosts]);
    }
}

#[test]
fn the_program_gets_what_the_flags_say() {
    for test in TestEnv::each() {
        let flags = ["--rm", "--hostname", "galley", "-e", "DISH=soup", "-e", "TASTE", "-w", "/new/place"];
        let done = test.run(&flags, &["hostname", "env:DISH", "env:TASTE", "env:HOSTNAME", "cwd", "uid", "interfaces"]);
        assert_eq!(done.code, 0, "{}", done.err);
        let view = done.view();
        let seen =
            ["hostname", "env:DISH", "env:TASTE", "env:HOSTNAME", "cwd", "uid", "interfaces"].map(|key| view.get(key));
        assert_eq!(seen, ["galley", "soup", "unset", "galley", "/new/place", "0", "lo up"]);
        let own_name = test.run(&["--rm"], &["hostname"]);
        let id = own_name.view().get("hostname").to_owned();
        assert_eq!(id.len(), 12, "without --hostname it is the short id, not '{id}'");
        test.assert_clean(&[id]);
    }
}

#[test]
fn a_user_is_entered_by_number() {
    let Some(test) = TestEnv::of_root() else { return };
    let done = test.run(&["--rm", "-u", "1234:5678"], &["uid", "gid", "status:CapEff", "status:Groups"]);
    let view = done.view();
    let seen = ["uid", "gid", "status:CapEff", "status:Groups"].map(|key| view.get(key));
    assert_eq!(seen, ["1234", "5678", "0000000000000000", "5678"], "{}", done.err);
    test.assert_clean(&[]);
}

#[test]
fn a_process_that_cannot_be_prepared_is_one_line() {
    for test in TestEnv::each() {
        for (flags, words) in [
            (["-u", "nobody-knows"], "no user 'nobody-knows'"),
            (["-u", "0:nobody-knows"], "no group 'nobody-knows'"),
            (["-w", "relative"], "begins with /"),
            (["-w", "/nonce"], "/nonce"),
        ] {
            let done = test.run(&[&["--rm"][..], &flags].concat(), &["write:/started=yes"]);
            assert_eq!((done.code, done.err.lines().count()), (125, 1), "{flags:?}: {}", done.err);
            assert!(done.err.contains(words), "{flags:?}: {}", done.err);
        }
        assert!(!test.root.inside("/started").exists(), "the program ran all the same");
        test.assert_clean(&[]);
    }
}

#[test]
fn an_unmapped_user_is_refused_in_plain_words() {
    for test in TestEnv::each().into_iter().filter(|test| !test.is_root()) {
        let done = test.run(&["--rm", "-u", "1234"], &["uid"]);
        assert_eq!(done.code, 125);
        assert!(done.err.contains("setresgid") || done.err.contains("setresuid"), "which call failed? {}", done.err);
        test.assert_clean(&[]);
    }
}
