//! Programs for `BPF_PROG_TYPE_CGROUP_DEVICE`: what decides on devices in version 2.
//!
//! The kernel calls the program whenever a process of the group opens or makes a device
//! node, with `struct bpf_cgroup_dev_ctx`: kind and access in one word, then the two
//! numbers. A result of 1 allows it. See cgroup-v2, "Device controller".

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::libc::{SYS_bpf, c_int, c_long, syscall};
use sys::{Context, Result};

use crate::device_rule::{DeviceKind, DeviceRule};

const PROG_LOAD: c_int = 5;
const PROG_ATTACH: c_int = 8;
const CGROUP_DEVICE_PROGRAM: u32 = 15;
const CGROUP_DEVICE_ATTACH: u32 = 6;
/// Programs of groups above and below count as well; all must allow it.
const ALLOW_MULTI: u32 = 2;

/// `struct bpf_insn`. One byte holds both registers: the source in its upper half.
#[repr(C)]
#[derive(Clone, Copy)]
struct Instruction {
    code: u8,
    registers: u8,
    offset: i16,
    immediate: i32,
}

const fn instruction(code: u8, to: u8, from: u8, offset: i16, immediate: i32) -> Instruction {
    // The kernel's bit fields begin with the lower half on little-endian machines.
    let registers = if cfg!(target_endian = "big") { to << 4 | from } else { from << 4 | to };
    Instruction { code, registers, offset, immediate }
}

/// Registers: 1 is the context, then scratch; 2 access, 3 kind, 4 major, 5 minor.
fn compile(allowed: &[DeviceRule]) -> Vec<Instruction> {
    const LOAD: u8 = 0x61;
    const COPY: u8 = 0xbc;
    const AND: u8 = 0x54;
    const SHIFT_RIGHT: u8 = 0x74;
    const SET: u8 = 0xb7;
    const JUMP_IF_NOT: u8 = 0x56;
    const EXIT: u8 = 0x95;
    let mut program = vec![
        instruction(LOAD, 2, 1, 0, 0),
        instruction(COPY, 3, 2, 0, 0),
        instruction(AND, 3, 0, 0, 0xffff),
        instruction(SHIFT_RIGHT, 2, 0, 0, 16),
        instruction(LOAD, 4, 1, 4, 0),
        instruction(LOAD, 5, 1, 8, 0),
    ];
    for rule in allowed {
        let kind = if rule.kind == DeviceKind::Block { 1 } else { 2 };
        let access: i32 = rule
            .access
            .chars()
            .map(|c| {
                if c == 'm' {
                    1
                } else if c == 'r' {
                    2
                } else {
                    4
                }
            })
            .sum();
        // What is asked for beyond what the rule allows must be nothing.
        let mut tests = vec![(3, kind), (1, 0)];
        tests.extend(rule.major.map(|major| (4, major.cast_signed())));
        tests.extend(rule.minor.map(|minor| (5, minor.cast_signed())));
        program.push(instruction(COPY, 1, 2, 0, 0));
        program.push(instruction(AND, 1, 0, 0, !access));
        for (index, (register, value)) in tests.iter().enumerate() {
            let rest = tests.len() - index - 1 + 2;
            program.push(instruction(JUMP_IF_NOT, *register, 0, rest as i16, *value));
        }
        program.extend([instruction(SET, 0, 0, 0, 1), instruction(EXIT, 0, 0, 0, 0)]);
    }
    program.extend([instruction(SET, 0, 0, 0, 0), instruction(EXIT, 0, 0, 0, 0)]);
    program
}

/// The part of `union bpf_attr` that loading a program uses.
#[repr(C)]
struct LoadAttributes {
    program_type: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
}

/// The part of `union bpf_attr` that attaching it uses.
#[repr(C)]
struct AttachAttributes {
    target: u32,
    program: u32,
    attach_type: u32,
    flags: u32,
}

/// Loads the program and attaches it to the group with this directory.
pub fn attach(group: &Path, allowed: &[DeviceRule]) -> Result<()> {
    let program = compile(allowed);
    let load = LoadAttributes {
        program_type: CGROUP_DEVICE_PROGRAM,
        count: program.len() as u32,
        instructions: program.as_ptr() as u64,
        license: c"MIT".as_ptr() as u64,
        log_level: 0,
        log_size: 0,
        log: 0,
        kernel_version: 0,
        flags: 0,
    };
    // SAFETY: the instructions and the license outlive the call, and the sizes are theirs.
    let loaded = unsafe { syscall(SYS_bpf, PROG_LOAD, &load, size_of::<LoadAttributes>()) };
    let descriptor: c_long = Errno::result(loaded).call("bpf BPF_PROG_LOAD")?;
    // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
    let program = unsafe { OwnedFd::from_raw_fd(descriptor as c_int) };
    let directory = File::open(group).context("open", group)?;
    let attach = AttachAttributes {
        target: directory.as_raw_fd().cast_unsigned(),
        program: program.as_raw_fd().cast_unsigned(),
        attach_type: CGROUP_DEVICE_ATTACH,
        flags: ALLOW_MULTI,
    };
    // SAFETY: both descriptors are open, and the structure outlives the call.
    let attached = unsafe { syscall(SYS_bpf, PROG_ATTACH, &attach, size_of::<AttachAttributes>()) };
    Errno::result(attached).map(drop).context("bpf BPF_PROG_ATTACH", group)
}
