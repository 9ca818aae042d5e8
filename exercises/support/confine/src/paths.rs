//! Files of `/proc` and `/sys` that speak of the whole machine.

/// What a container has no business to read, each with the reason.
pub const MASKED_PATHS: &[&str] = &[
    // Firmware tables, and switches of hardware.
    "/proc/acpi",
    "/proc/asound",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
    // The memory of the kernel, and keys that are known to it.
    "/proc/kcore",
    "/proc/keys",
    // What the machine does, close enough to guess a neighbor's secrets.
    "/proc/interrupts",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/timer_list",
    "/proc/timer_stats",
];

/// What a container may read and must not write: settings of the one kernel.
pub const READ_ONLY_PATHS: &[&str] = &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
