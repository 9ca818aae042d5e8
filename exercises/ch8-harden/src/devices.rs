//! Step 6: device nodes.

use confine::{DeviceGroup, DeviceRule};
use sys::Result;

/// Lets the processes of `group` use the devices that `allowed` names, and no other.
///
/// A device node is a name for two numbers. Root may make one for any device, such as the
/// disk, in any directory that it can write to: permissions of `/dev` stop nobody. The device
/// controller decides when a node is opened or made, by the numbers.
///
/// Version 1 has files. A group begins with everything that its parent may use.
/// `devices.deny` takes away what is written to it, and `a` is everything. Then each write to
/// `devices.allow` adds one rule; the kernel reads no second line. `devices.list` shows what
/// is in force, a rule a line.
///
/// Version 2 has no file. A program is attached, as for system calls:
/// [`DeviceGroup::attach_program`] makes it from the rules.
///
/// # Errors
/// `EPERM` for a device that the parent may not use. See cgroup-v1/devices; cgroup-v2, "Device controller".
pub fn restrict_devices(group: &DeviceGroup, allowed: &[DeviceRule]) -> Result<()> {
    // ANCHOR: restrict_devices
    let _ = (&group, &allowed); // what you have to work with
    todo!("ch8 step 6: open no device that is not on a list")
    // ANCHOR_END: restrict_devices
}
