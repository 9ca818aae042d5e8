use std::path::Path;
use std::process::Command;

use checks::{PausedProgram, kernel};

use super::world;

/// Puts the program and the probe where an ordinary user's /tmp will be.
fn install_programs(home: &Path) {
    for (from, name) in [(super::program().as_path(), "namespaces"), (checks::probe(), "probe")] {
        checks::install(from, &home.join(name));
    }
}

#[test]
fn root_inside_is_an_ordinary_user_outside() {
    let home = checks::scratch();
    install_programs(home.path());
    let mut command = Command::new("/tmp/namespaces");
    command.args(["map-root-user", "/tmp/probe", "uid", "gid", "uid_map", "gid_map", "read:/proc/self/setgroups"]);
    command.args(["status:CapEff", "hold"]);
    let (id, seen) = world::as_ordinary_user(&mut command, home.path());
    let mut held = PausedProgram::spawn(&mut command);
    let mut view = held.report(6);
    let pid = held.probe_id();
    view.add("uid, from outside", kernel::status(pid, "Uid"));
    view.add("gid, from outside", kernel::status(pid, "Gid"));
    let new = kernel::namespace(pid, "user") != kernel::namespace(std::process::id(), "user");
    view.add("user namespace", if new { "new" } else { "shared" });
    // Newer kernels have more capabilities; what counts is to have some.
    let all = view.get("status:CapEff").to_owned();
    let view = if all.trim_start_matches('0').is_empty() { view } else { view.name(&all, "<all>") };
    let view = view.name(&format!(" {id} 1"), " <user> 1").name(&format!("{seen} {seen} {seen} {seen}"), "<user>");
    checks::view!("root", view, {
        "uid" => "not root inside: unshare(CLONE_NEWUSER), then write uid_map; 65534 means that there is no map",
        "gid" => "not in the group root inside: write gid_map",
        "uid_map" => "the map must be `0 <own user id> 1`; read the id before unshare",
        "gid_map" => "the map must be `0 <own group id> 1`; it is refused until setgroups is `deny`",
        "read:/proc/self/setgroups" => "a user without privilege must write `deny` to /proc/self/setgroups first",
        "status:CapEff" => "root inside must hold capabilities over the new user namespace",
        "uid, from outside" => "seen from outside, this must still be the ordinary user",
        "gid, from outside" => "seen from outside, this must still be the ordinary user's group",
        "user namespace" => "no new user namespace: unshare(CLONE_NEWUSER)",
    });
    held.release();
}

#[test]
fn the_other_namespaces_can_be_made_too() {
    let (home, name) = (checks::scratch(), checks::nonce());
    install_programs(home.path());
    let mut command = Command::new("/tmp/namespaces");
    command.args(["map-root-user", "/tmp/namespaces", "spawn", "mnt,pid,net,ipc,uts,cgroup"]);
    command.args(["/tmp/namespaces", "unshare-uts", &name, "/tmp/probe", "hostname", "pid", "interfaces"]);
    world::as_ordinary_user(&mut command, home.path());
    let output = command.output().expect("the chapter's program can be started");
    checks::view!("as root", super::view(&output).name(&name, "<name>"), {
        "hostname" => "in the new user namespace the hostname could not be set",
        "pid" => "in the new user namespace no pid namespace could be made",
        "interfaces" => "in the new user namespace no network namespace could be made",
    });
}
