//! What a container cannot do to its host: attacks that all worked once.

use std::fs;

use checks::kernel;
use confine::{CapSet, call_number};

use crate::test_env::{TestEnv, until};

/// A request to make a call, by name; it is let through if the answer is not `EPERM`.
fn call(name: &str) -> String {
    format!("call:{name}={}", call_number(name).unwrap())
}

/// Calls that a container has no need of, and the filter or a missing capability refuses.
const REFUSED: &[&str] = &[
    "mount",
    "umount2",
    "pivot_root",
    "unshare",
    "setns",
    "keyctl",
    "add_key",
    "request_key",
    "bpf",
    "perf_event_open",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "settimeofday",
    "clock_settime",
    "open_by_handle_at",
    "userfaultfd",
    "io_uring_setup",
    "fsopen",
    "open_tree",
    "move_mount",
    "mount_setattr",
    "quotactl",
    "syslog",
    "kcmp",
    "pidfd_getfd",
    "process_madvise",
    "move_pages",
    "migrate_pages",
    "mbind",
    "set_mempolicy",
    "sethostname",
    "setdomainname",
    "vhangup",
    "fanotify_init",
    "kexec_file_load",
];

#[test]
fn root_inside_has_docker_s_rights_and_no_more() {
    for test in TestEnv::each() {
        let id = test.start(&["--rm"], &["pause:60"]);
        let pid = test.pid(&id);
        let kept = CapSet::DEFAULT.to_string();
        for field in ["CapBnd", "CapPrm", "CapEff"] {
            assert_eq!(kernel::status(pid, field), kept, "{field}");
        }
        for field in ["CapInh", "CapAmb"] {
            assert_eq!(kernel::status(pid, field), CapSet::NONE.to_string(), "{field}");
        }
        assert_eq!(kernel::status(pid, "Seccomp"), "2");
        assert_eq!(kernel::status(pid, "NoNewPrivs"), "0", "sudo works unless it was asked not to");
        // Another program in it has no more.
        let exec = test.galley(&["exec", &id, "/bin/probe", "status:CapBnd", "status:Seccomp", &call("keyctl")]);
        let view = exec.view();
        assert_eq!((view.get("status:CapBnd"), view.get("status:Seccomp")), (kept.as_str(), "2"), "{}", exec.err);
        assert!(exec.out.contains(" EPERM"), "{}", exec.out);
        assert_eq!(test.galley(&["rm", "-f", &id]).code, 0);
        test.assert_clean(&[id]);
    }
}

#[test]
fn calls_that_only_attacks_need_are_refused() {
    for test in TestEnv::each() {
        let requests: Vec<String> = REFUSED.iter().map(|name| call(name)).collect();
        let done = test.run(&["--rm"], &requests.iter().map(String::as_str).collect::<Vec<_>>());
        let let_through: Vec<&str> = done.out.lines().filter(|line| !line.ends_with(" EPERM")).collect();
        assert_eq!((done.out.lines().count(), let_through), (REFUSED.len(), vec![]), "{}", done.err);
        // 32-bit calls have numbers of their own: here 20 is getpid, and a filter could take it for writev.
        if cfg!(target_arch = "x86_64") {
            assert_eq!(test.run(&["--rm"], &["call32:20"]).code, 128 + 31, "SIGSYS");
        }
    }
}

#[test]
fn files_of_the_whole_machine_are_covered() {
    for test in TestEnv::each() {
        let files = ["/proc/kcore", "/proc/keys", "/proc/timer_list"].map(|file| format!("read:{file}"));
        let settings = ["kernel/core_pattern", "vm/drop_caches", "kernel/modprobe"];
        let writes = settings.map(|name| format!("write:/proc/sys/{name}=x"));
        let trigger = "write:/proc/sysrq-trigger=x".to_owned();
        let firmware = "list:/sys/firmware".to_owned();
        let requests: Vec<&str> =
            files.iter().chain(&writes).chain([&trigger, &firmware]).map(String::as_str).collect();
        let view = test.run(&["--rm"], &requests).view();
        for request in files.iter().chain([&firmware]) {
            let shown = view.get(request);
            assert!(shown == "-" || shown.contains("No such file"), "{request}: {shown}");
        }
        for request in writes.iter().chain([&trigger]) {
            let shown = view.get(request);
            assert!(shown.contains("Read-only") || shown.contains("No such file"), "{request}: {shown}");
        }
    }
}

#[test]
fn a_disk_cannot_be_opened_through_a_new_node() {
    let Some(test) = TestEnv::of_root() else { return };
    let device = "device:b:7:0:r:/disk";
    assert_eq!(test.run(&["--rm"], &[device]).view().get(device), "open: EPERM");
    let zero = "device:c:1:5:r:/zero";
    assert_eq!(test.run(&["--rm"], &[zero]).view().get(zero), "opened", "a harmless one can");
    // The wall is the group, and not something else: --privileged has none.
    let open = test.run(&["--rm", "--privileged"], &[device]);
    assert!(!open.view().get(device).contains("EPERM"), "{}", open.out);
    test.assert_clean(&[]);
}

#[test]
fn flags_give_and_take_rights() {
    let Some(test) = TestEnv::of_root() else { return };
    let effective = |flags: &[&str]| {
        let done = test.run(&[&["--rm"], flags].concat(), &["status:CapEff"]);
        assert_eq!(done.code, 0, "{}", done.err);
        done.view().get("status:CapEff").to_owned()
    };
    let (default, mknod, admin) = (CapSet::DEFAULT.bits(), 1 << 27, 1 << 21);
    let shown = |bits: u64| CapSet::from_bits(bits).to_string();
    assert_eq!(effective(&["--cap-drop", "mknod"]), shown(default & !mknod));
    assert_eq!(effective(&["--cap-add", "CAP_SYS_ADMIN"]), shown(default | admin));
    assert_eq!(effective(&["--cap-drop", "ALL"]), shown(0));
    assert_eq!(effective(&["--cap-drop", "all", "--cap-add", "mknod"]), shown(mknod));

    let admin = test.run(&["--rm", "--cap-add", "sys_admin"], &[&call("mount")]);
    assert!(!admin.out.contains("EPERM"), "the profile follows the capabilities: {}", admin.out);
    let unconfined = test.run(&["--rm", "--security-opt", "seccomp=unconfined"], &["status:Seccomp"]);
    assert_eq!(unconfined.view().get("status:Seccomp"), "0");
    let promised = test.run(&["--rm", "--security-opt", "no-new-privileges"], &["status:NoNewPrivs"]);
    assert_eq!(promised.view().get("status:NoNewPrivs"), "1");

    let file = test.home.path().join("profile.json");
    let profile = r#"{ "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{ "names": ["umask"], "action": "SCMP_ACT_ERRNO", "errnoRet": 11 }] }"#;
    fs::write(&file, profile).unwrap();
    let option = format!("seccomp={}", file.display());
    let own = test.run(&["--rm", "--security-opt", &option], &[&call("umask")]);
    assert!(own.out.contains("EAGAIN"), "{}{}", own.out, own.err);

    let privileged = test.run(&["--rm", "--privileged"], &["status:Seccomp", "status:CapEff"]);
    assert!(privileged.err.contains("--privileged"), "it is not silent: {}", privileged.err);
    assert_eq!(privileged.view().get("status:Seccomp"), "0");
}

#[test]
fn flags_that_mean_nothing_are_refused() {
    for test in TestEnv::each() {
        for flags in [
            ["--cap-add", "EVERYTHING"],
            ["--security-opt", "apparmor=none"],
            ["--security-opt", "seccomp=/no/such/file"],
        ] {
            let done = test.run(&[&["--rm"][..], &flags].concat(), &["pid"]);
            assert_eq!((done.code, done.out.as_str()), (125, ""), "{flags:?}: {}", done.err);
        }
        test.assert_clean(&[]);
    }
}

#[test]
fn another_program_keeps_the_containers_own_rules() {
    let Some(test) = TestEnv::of_root() else { return };
    let file = test.home.path().join("profile.json");
    let profile = r#"{ "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{ "names": ["umask"], "action": "SCMP_ACT_ERRNO", "errnoRet": 11 }] }"#;
    fs::write(&file, profile).unwrap();
    let option = format!("seccomp={}", file.display());
    let id = test.start(&["--cap-drop", "chown", "--security-opt", &option], &["pause:60"]);
    // Whatever becomes of the file: the rules are the container's.
    fs::remove_file(&file).unwrap();
    let device = "device:b:7:0:r:/disk";
    let exec = test.galley(&["exec", &id, "/bin/probe", &call("umask"), "status:CapEff", device]);
    assert!(exec.out.contains("EAGAIN"), "{}{}", exec.out, exec.err);
    let view = exec.view();
    assert_eq!(view.get("status:CapEff"), CapSet::from_bits(CapSet::DEFAULT.bits() & !1).to_string());
    assert_eq!(view.get(device), "open: EPERM", "it is in the container's group for devices too");
    assert_eq!(test.galley(&["rm", "-f", &id]).code, 0);
    test.assert_clean(&[id]);
}

#[test]
fn the_callers_keys_and_descriptors_stay_outside() {
    for test in TestEnv::each() {
        let id = test.start(&[], &["open", "pause:60"]);
        let pid = test.pid(&id);
        until("the probe's report", || test.galley(&["logs", &id]).out.contains("open"));
        assert!(test.galley(&["logs", &id]).out.contains("open -"), "{}", test.galley(&["logs", &id]).out);
        let limits = kernel::file(pid, "limits");
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default();
        assert!(core.split_whitespace().filter(|word| *word == "0").count() == 2, "core dumps: {core}");
        assert_eq!(test.galley(&["rm", "-f", &id]).code, 0);
        test.assert_clean(&[id]);
    }
}
