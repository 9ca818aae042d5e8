use confine::{DEFAULT_DEVICES, DeviceGroup, DeviceRule};

use super::fixture::DeviceFixture;
use super::{command, probe, run, succeed, text};

/// Makes a node for a device and opens it, in a directory of the check's own.
fn device(directory: &std::path::Path, device: &str) -> String {
    format!("device:{device}:{}", text(&directory.join("node")))
}

#[test]
fn a_device_that_is_not_on_the_list_cannot_be_opened() {
    let Some(fixture) = DeviceFixture::new() else { return };
    let directory = checks::scratch();
    let mut command = command(&["restrict-devices", &fixture.child("web"), "default", probe()]);
    // The kernel's log, the first loop device, zero.
    command.args(["c:1:11:r", "b:7:0:r", "c:1:5:r"].map(|name| device(directory.path(), name)));
    let view = succeed(&mut command).name(&format!(":{}", text(&directory.path().join("node"))), "");
    checks::view!("devices", view, {
        "device:c:1:11:r" => "the kernel's log was opened through a node that root made: deny everything, then allow the list",
        "device:b:7:0:r" => "a disk was opened through a node that root made",
        "device:c:1:5:r" => "/dev/zero is on the list and cannot be opened: what is denied later takes the exceptions with it",
    });
}

#[test]
fn reading_is_not_writing() {
    let Some(fixture) = DeviceFixture::new() else { return };
    let directory = checks::scratch();
    let mut command = command(&["restrict-devices", &fixture.child("web"), "c 1:5 rm,c 1:3 rwm", probe()]);
    command.args(["c:1:5:r", "c:1:5:w", "c:1:3:w", "b:7:0:r"].map(|name| device(directory.path(), name)));
    let view = succeed(&mut command).name(&format!(":{}", text(&directory.path().join("node"))), "");
    checks::view!("access", view, {
        "device:c:1:5:r" => "the rule allows to read this device",
        "device:c:1:5:w" => "the rule allows to read this device, and not to write to it",
        "device:c:1:3:w" => "the second rule of two is not in force: the kernel takes one rule a write",
        "device:b:7:0:r" => "no rule allows to make this node",
    });
}

#[test]
fn the_kernel_holds_the_list() {
    let Some(fixture) = DeviceFixture::new() else { return };
    let group = DeviceGroup::create(&fixture.child("web")).expect("the check can make a group");
    if group.is_unified() {
        // Version 2 has a program and no list; the two checks above have seen it at work.
        return;
    }
    let result = harden::restrict_devices(&group, DEFAULT_DEVICES);
    assert!(result.is_ok(), "{result:?}");
    let mut held: Vec<String> = group.read("devices.list").unwrap_or_default().lines().map(str::to_owned).collect();
    let mut asked: Vec<String> = DEFAULT_DEVICES.iter().map(DeviceRule::to_string).collect();
    held.sort();
    asked.sort();
    assert_eq!(held, asked, "devices.list shows other rules than the ones asked for");
    // Once more, over what is there.
    let one: DeviceRule = "c 1:3 rwm".parse().expect("a rule");
    let result = harden::restrict_devices(&group, &[one]);
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(group.read("devices.list").unwrap_or_default().trim(), "c 1:3 rwm", "rules of before are still there");
}

#[test]
fn a_rule_that_the_kernel_refuses_is_an_error() {
    let Some(fixture) = DeviceFixture::new() else { return };
    let parent = DeviceGroup::create(&fixture.child("web")).expect("the check can make a group");
    if parent.is_unified() {
        return;
    }
    for (file, text) in [("devices.deny", "a"), ("devices.allow", "c 1:5 rwm")] {
        parent.write(file, text).expect("the check can write to its group");
    }
    let output = run(&["restrict-devices", &fixture.child("web/inner"), "c 1:5 r,c 1:3 rwm", probe(), "pid"]);
    assert!(
        output.stdout.is_empty(),
        "the parent group may not use c 1:3, the kernel said so, and the program was run"
    );
    assert_eq!(output.status.code(), Some(125), "an error of ours is 125");
}
