//! A container from its start to its removal, whoever ends it.

use std::time::{Duration, Instant};

use checks::kernel;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::test_env::{TestEnv, until};

#[test]
fn a_detached_container_is_listed_read_stopped_and_removed() {
    for test in TestEnv::each() {
        let id = test.start(&["--name", "kitchen"], &["args", "await:SIGTERM", "exit:3"]);
        assert!(test.row(&id).contains("Up"), "{}", test.row(&id));
        assert_eq!(test.galley(&["ps", "-q"]).out.trim(), &id[..12]);
        test.await_log(&id, "ready SIGTERM");
        assert_eq!(test.galley(&["rm", "kitchen"]).code, 1, "it runs, and -f was not given");
        assert_eq!(test.galley(&["stop", "kitchen"]).out, "kitchen\n");
        assert!(test.galley(&["logs", "kitchen"]).out.contains("received SIGTERM"), "the stop signal arrived first");
        assert!(test.row(&id).contains("Exited (3)"), "its own exit code is kept: {}", test.row(&id));
        assert_eq!(test.galley(&["ps", "-q"]).out, "", "without -a, only those that run");
        assert_eq!(test.galley(&["stop", "kitchen"]).code, 0, "what has ended is stopped");
        assert_eq!(test.galley(&["rm", &id[..6]]).code, 0, "the beginning of the id is enough");
        assert_eq!(test.row(&id), "");
        test.assert_clean(&[id]);
    }
}

#[test]
fn a_deaf_container_is_killed_after_the_grace() {
    for test in TestEnv::each() {
        let id = test.start(&[], &["pause:60"]);
        let start = Instant::now();
        assert_eq!(test.galley(&["stop", "-t", "1", &id]).code, 0);
        let took = start.elapsed();
        assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(8), "the grace was 1 s, not {took:?}");
        assert!(test.row(&id).contains("Exited (137)"), "{}", test.row(&id));
        assert_eq!(test.galley(&["rm", &id]).code, 0);
        test.assert_clean(&[id]);
    }
}

#[test]
fn a_killed_monitor_leaves_a_dead_container_and_no_process() {
    for test in TestEnv::each() {
        let kinds: [&dyn Fn() -> String; 3] =
            [&|| test.start(&[], &["pause:60"]), &|| test.start(&["--init"], &["pause:60"]), &|| {
                test.start_published(80, &["serve:80=soup"]).0
            }];
        for remove in [&["rm"][..], &["prune", "--force"]] {
            for start in kinds {
                let id = start();
                let monitor: i32 = kernel::status(test.pid(&id), "PPid").parse().unwrap();
                kill(Pid::from_raw(monitor), Signal::SIGKILL).unwrap();
                until("the end of every process", || test.processes().is_empty());
                // The kernel frees a process's memory first and its locks a little later.
                until("ps to find that nobody has seen its end", || test.row(&id).contains("Dead"));
                assert_eq!(test.galley(&["stop", &id]).code, 0, "what is dead is stopped");
                let named: &[&str] = if remove == ["rm"] { &[&id] } else { &[] };
                assert_eq!(test.galley(&[remove, named].concat()).code, 0);
                test.assert_clean(&[id]);
            }
        }
    }
}

/// After a reboot no monitor lives, and the number that was written down may be
/// another process's by now. Here it is: this test's own child.
#[test]
fn a_record_from_before_a_reboot_harms_nobody() {
    for test in TestEnv::each() {
        let id = test.start(&[], &["pause:60"]);
        let monitor: i32 = kernel::status(test.pid(&id), "PPid").parse().unwrap();
        kill(Pid::from_raw(monitor), Signal::SIGKILL).unwrap();
        until("the end of every process", || test.processes().is_empty());
        let mut command = std::process::Command::new("sleep");
        command.arg("60");
        // Root could kill any process; a user only its own.
        if let Some(user) = test.user {
            std::os::unix::process::CommandExt::uid(&mut command, user);
        }
        let mut bystander = command.spawn().unwrap();
        let path = test.home.path().join("containers").join(&id).join("state.json");
        let record = std::fs::read_to_string(&path).unwrap();
        let old = format!("\"pid\": {}", test.pid(&id));
        std::fs::write(&path, record.replace(&old, &format!("\"pid\": {}", bystander.id()))).unwrap();
        until("ps to find that it does not run", || test.row(&id).contains("Dead"));
        assert_eq!(test.galley(&["ps", "-q"]).out, "", "a record is no container");
        assert_eq!(test.galley(&["logs", &id]).code, 0, "what it printed is kept");
        for refused in [&["exec", &id, "/bin/probe", "pid"][..], &["kill", &id]] {
            let done = test.galley(refused);
            assert!(done.code != 0 && done.err.contains("not running"), "{refused:?}: {} {}", done.code, done.err);
        }
        assert!(test.galley(&["inspect", &id]).out.contains(&id));
        for ended in [&["stop", "-t", "0", &id][..], &["rm", "-f", &id]] {
            assert_eq!(test.galley(ended).code, 0, "{ended:?}");
        }
        assert_eq!(bystander.try_wait().unwrap(), None, "a process that is no container was ended");
        bystander.kill().and_then(|()| bystander.wait()).unwrap();
        test.assert_clean(&[id]);
    }
}

#[test]
fn a_damaged_record_stops_no_other_container() {
    for test in TestEnv::each() {
        let whole = test.start(&[], &["pause:60"]);
        let damaged = test.start(&[], &["pause:60"]);
        let path = test.home.path().join("containers").join(&damaged).join("state.json");
        let record = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &record[..record.len() / 2]).unwrap();

        for command in [&["ps", "-a"][..], &["prune", "--force"]] {
            let done = test.galley(command);
            assert_eq!(done.code, 0, "{command:?}: {}", done.err);
            let remedy = format!("galley rm -f {}", &damaged[..12]);
            assert!(done.err.contains("is damaged") && done.err.contains(&remedy), "{command:?}: {}", done.err);
        }
        assert!(test.row(&whole).contains("Up"), "the other one is no longer listed");
        let refused = test.galley(&["rm", "-f", &damaged]);
        assert!(refused.code == 1 && refused.err.contains("is running"), "its monitor lives: {}", refused.err);

        std::fs::write(&path, &record).unwrap();
        assert_eq!(test.galley(&["stop", "-t", "0", &damaged]).code, 0);
        std::fs::write(&path, "").unwrap();
        assert_eq!(test.galley(&["rm", &damaged[..12]]).code, 1, "it is damaged, and -f was not given");
        for removed in [&damaged[..12], &whole] {
            let done = test.galley(&["rm", "-f", removed]);
            assert_eq!(done.code, 0, "{}", done.err);
        }
        test.assert_clean(&[whole, damaged]);
    }
}

#[test]
fn a_container_that_never_ran_leaves_nothing() {
    for test in TestEnv::each() {
        let root = test.root.path().display().to_string();
        for mode in [&["run", "-d"][..], &["run"]] {
            let done = test.galley(&[mode, &["--rootfs", &root, "/missing"]].concat());
            assert_eq!(done.code, 127, "{}", done.err);
            assert!(done.err.contains("/missing"), "what is missing? {}", done.err);
        }
        test.assert_clean(&[]);
    }
}
