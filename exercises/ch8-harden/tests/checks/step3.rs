use std::fs;

use super::{command, succeed, text};

/// The answers to calls under a profile of the check's own.
fn answers(keep: &str, profile: &str, names: &[&str]) -> checks::View {
    let directory = checks::scratch();
    let file = directory.path().join("profile.json");
    fs::write(&file, profile).expect("the check can write");
    succeed(command(&["select-rules", keep, text(&file)]).args(names))
}

#[test]
fn rules_for_other_machines_are_left_out() {
    let profile = r#"{ "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        { "names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": { "arches": ["s390x"] } },
        { "names": ["write"], "action": "SCMP_ACT_ALLOW", "includes": { "minKernel": "99.1" } },
        { "names": ["close"], "action": "SCMP_ACT_ALLOW", "includes": { "minKernel": "4.8" } },
        { "names": ["lseek"], "action": "SCMP_ACT_ALLOW", "excludes": { "arches": ["amd64", "arm64", "riscv64"] } },
        { "names": ["no_such_call", "fstat"], "action": "SCMP_ACT_ALLOW" }
    ] }"#;
    let view = answers("all", profile, &["read", "write", "close", "lseek", "fstat"]);
    checks::view!("machines", view, {
        "read" => "the rule is for another architecture: includes.arches",
        "write" => "the rule is for a newer kernel: includes.minKernel",
        "close" => "the kernel is new enough for this rule",
        "lseek" => "the rule excludes this architecture",
        "fstat" => "a name that this machine does not have is passed over, and the rest of the rule counts",
    });
}

#[test]
fn the_default_profile_for_a_default_container() {
    let names = ["openat", "mount", "unshare", "keyctl", "init_module", "chroot", "clone", "clone3"];
    let view = succeed(command(&["select-rules", "default", "default"]).args(names));
    checks::view!("default", view, {
        "openat" => "a call that every program makes is not allowed",
        "mount" => "mount is for containers with CAP_SYS_ADMIN: a rule with `includes` counts only where all of it holds",
        "unshare" => "unshare is for containers with CAP_SYS_ADMIN",
        "init_module" => "modules are for containers with CAP_SYS_MODULE",
        "keyctl" => "no rule names keyctl, so the profile's own answer counts",
        "chroot" => "this container keeps CAP_SYS_CHROOT, so the rule that includes it counts",
        "clone" => "clone is allowed if its arguments ask for no namespace: keep the conditions",
        "clone3" => "clone3 must fail with ENOSYS: the action of a rule has an errno of its own",
    });
}

#[test]
fn a_capability_brings_its_calls_back() {
    let names = ["mount", "unshare", "clone", "init_module"];
    let view = succeed(command(&["select-rules", "default,sys_admin", "default"]).args(names));
    checks::view!("sys_admin", view, {
        "mount" => "the container has CAP_SYS_ADMIN: the rule that includes it counts",
        "unshare" => "the container has CAP_SYS_ADMIN: the rule that includes it counts",
        "clone" => "the rule with the condition excludes CAP_SYS_ADMIN, so it does not count here",
        "init_module" => "CAP_SYS_ADMIN is not CAP_SYS_MODULE",
    });
}

#[test]
fn includes_means_all_and_excludes_means_any() {
    let profile = r#"{ "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        { "names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": { "caps": ["CAP_CHOWN", "CAP_KILL"] } },
        { "names": ["write"], "action": "SCMP_ACT_ALLOW", "excludes": { "caps": ["CAP_CHOWN", "CAP_KILL"] } },
        { "names": ["close"], "action": "SCMP_ACT_ALLOW", "includes": { "caps": ["CAP_CHOWN"] } },
        { "names": ["lseek"], "action": "SCMP_ACT_ALLOW", "includes": { "caps": ["CAP_OF_NOBODY"] } }
    ] }"#;
    let view = answers("chown", profile, &["read", "write", "close", "lseek"]);
    checks::view!("scopes", view, {
        "read" => "the rule includes two capabilities and one is held: all must be",
        "write" => "the rule excludes two capabilities and one is held: one is enough to leave it out",
        "close" => "the one capability that the rule includes is held",
        "lseek" => "nobody holds a capability that does not exist",
    });
}

#[test]
fn several_rules_for_one_call_stay_in_order() {
    let profile = r#"{ "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        { "names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 3, "op": "SCMP_CMP_EQ" }] },
        { "names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 11, "args": [{ "index": 0, "value": 4, "op": "SCMP_CMP_EQ" }] },
        { "names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5 }
    ] }"#;
    let view = answers("all", profile, &["read", "write"]);
    checks::view!("order", view, {
        "read" => "three rules name this call, and the first that matches counts: keep all, in the order of the profile",
        "write" => "no rule names this call: the profile's own answer counts",
    });
}
