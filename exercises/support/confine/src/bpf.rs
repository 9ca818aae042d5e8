//! Filters as the kernel runs them: programs for a machine with one register.
//!
//! The kernel offers a filter `struct seccomp_data`: the call's number, the architecture
//! it was made for, and its six arguments. The program loads words of it into the register,
//! compares, jumps forward, and ends with `return`. See seccomp(2) and bpf(4).
//!
//! A call's number is looked up by halving, so most calls cost eight comparisons; a chain
//! with one comparison a call has two thousand instructions and takes the kernel 0.6 ms to
//! load. That is why no crate is used: seccompiler makes such a chain.

use nix::libc::{BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W};

use crate::policy::{Action, Comparison, Condition, Policy, Rule};

/// One instruction.
pub type Instruction = nix::libc::sock_filter;

/// Where `struct seccomp_data` has the number of the call, in bytes from its beginning.
pub const NUMBER: u32 = 0;
/// Where it has the architecture that the call was made for.
pub const ARCHITECTURE: u32 = 4;
/// Where it has the first argument; each takes eight bytes.
const ARGUMENTS: u32 = 16;

/// The architecture of calls that programs like this one make: linux/audit.h.
pub const NATIVE: u32 = match std::env::consts::ARCH.as_bytes() {
    b"x86_64" => 0xc000_003e,
    b"aarch64" => 0xc000_00b7,
    b"riscv64" => 0xc000_00f3,
    // Not a number of an architecture: every call is then refused.
    _ => 0,
};

const fn instruction(code: u32, jump_true: u8, jump_false: u8, k: u32) -> Instruction {
    Instruction { code: code as u16, jt: jump_true, jf: jump_false, k }
}

/// Loads four bytes of `struct seccomp_data` into the register.
pub const fn load(offset: u32) -> Instruction {
    instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset)
}

/// Skips the next `count` instructions if the register holds `value`.
pub const fn skip_if_equal(value: u32, count: u8) -> Instruction {
    instruction(BPF_JMP | BPF_JEQ | BPF_K, count, 0, value)
}

/// Ends the program with an answer.
pub const fn answer(action: Action) -> Instruction {
    instruction(BPF_RET | BPF_K, 0, 0, action.code())
}

/// A range of numbers with the same rules: from `first` up to the next range.
struct Range<'a> {
    first: u32,
    rules: &'a [Rule],
    otherwise: Action,
}

/// Instructions that answer by the number of the call, which is in the register.
///
/// Calls beyond the last one that the policy names are newer than it. They are answered
/// with `ENOSYS`, as if the kernel did not have them: a C library then falls back to an
/// older call, where `EPERM` would end the program.
pub fn decide(policy: &Policy) -> Vec<Instruction> {
    let mut ranges = vec![Range { first: 0, rules: &[], otherwise: policy.default_action }];
    for (number, rules) in &policy.calls {
        push(&mut ranges, Range { first: *number, rules, otherwise: policy.default_action });
        push(&mut ranges, Range { first: number + 1, rules: &[], otherwise: policy.default_action });
    }
    if let (Some(last), Action::Errno(_)) = (ranges.last_mut(), policy.default_action) {
        last.otherwise = Action::Errno(nix::libc::ENOSYS as u16);
    }
    search(&ranges)
}

/// Adds a range, or makes the last one longer if it says the same.
fn push<'a>(ranges: &mut Vec<Range<'a>>, range: Range<'a>) {
    while ranges.last().is_some_and(|last| last.first >= range.first) {
        ranges.pop();
    }
    if ranges.last().is_none_or(|last| last.rules != range.rules) {
        ranges.push(range);
    }
}

/// Halves the ranges until one is left.
fn search(ranges: &[Range]) -> Vec<Instruction> {
    match ranges {
        [] => Vec::new(),
        [range] => match_rules(range),
        _ => {
            let (low, high) = ranges.split_at(ranges.len() / 2);
            let low = search(low);
            // A comparison can skip 255 instructions, an unconditional jump any number.
            let mut program = vec![
                instruction(BPF_JMP | BPF_JGE | BPF_K, 0, 1, high[0].first),
                instruction(BPF_JMP | BPF_JA, 0, 0, low.len() as u32),
            ];
            program.extend(low);
            program.extend(search(high));
            program
        }
    }
}

fn match_rules(range: &Range) -> Vec<Instruction> {
    let mut program = Vec::new();
    for rule in range.rules {
        let mut body: Vec<Instruction> = Vec::new();
        // From the back, so that it is known how far the end of the rule is.
        body.push(answer(rule.action));
        for condition in rule.conditions.iter().rev() {
            let mut test = match_argument(condition, body.len() as u8);
            test.append(&mut body);
            body = test;
        }
        program.extend(body);
        if rule.conditions.is_empty() {
            return program;
        }
    }
    program.push(answer(range.otherwise));
    program
}

/// Compares an argument, which has 64 bits, in two halves of 32. Goes on behind itself if
/// the condition holds, and `rest` instructions further if it does not.
fn match_argument(condition: &Condition, rest: u8) -> Vec<Instruction> {
    let offset = ARGUMENTS + 8 * u32::from(condition.argument);
    let (high_offset, low_offset) =
        if cfg!(target_endian = "big") { (offset, offset + 4) } else { (offset + 4, offset) };
    let [high, low] = [32, 0].map(|shift| (condition.value >> shift) as u32);
    let [high_mask, low_mask] = [32, 0].map(|shift| (condition.mask >> shift) as u32);
    let and = |mask| instruction(BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
    let jump = |kind, value, yes, no| instruction(BPF_JMP | kind | BPF_K, yes, no, value);
    // Whether the condition is one of "not", and which comparison is then left.
    let (negated, kind) = match condition.comparison {
        Comparison::Equal => (false, BPF_JEQ),
        Comparison::NotEqual => (true, BPF_JEQ),
        Comparison::Greater => (false, BPF_JGT),
        Comparison::LessOrEqual => (true, BPF_JGT),
        Comparison::GreaterOrEqual => (false, BPF_JGE),
        Comparison::Less => (true, BPF_JGE),
    };
    let mut program = vec![load(high_offset), and(high_mask)];
    // Counted from behind the last instruction: where the comparison holds or fails.
    let (holds, fails) = if negated { (rest, 0) } else { (0, rest) };
    if kind == BPF_JEQ {
        program.push(jump(BPF_JEQ, high, 0, fails + 3));
    } else {
        // A larger upper half decides alone, a smaller one too.
        program.push(jump(BPF_JGT, high, holds + 4, 0));
        program.push(jump(BPF_JEQ, high, 0, fails + 3));
    }
    program.extend([load(low_offset), and(low_mask), jump(kind, low, holds, fails)]);
    program
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

    use super::*;

    /// The machine of bpf(4), as far as these programs use it.
    fn run(program: &[Instruction], number: u32, arguments: [u64; 6]) -> u32 {
        let mut data = vec![0; 16];
        data[..4].copy_from_slice(&number.to_ne_bytes());
        data.extend(arguments.iter().flat_map(|argument| argument.to_ne_bytes()));
        let (mut at, mut register) = (0, number);
        loop {
            let step = program[at];
            at += 1;
            let code = u32::from(step.code);
            let skip = |yes| usize::from(if yes { step.jt } else { step.jf });
            if code == BPF_LD | BPF_W | BPF_ABS {
                let offset = step.k as usize;
                register = u32::from_ne_bytes(data[offset..offset + 4].try_into().unwrap());
            } else if code == BPF_ALU | BPF_AND | BPF_K {
                register &= step.k;
            } else if code == BPF_JMP | BPF_JA {
                at += step.k as usize;
            } else if code == BPF_JMP | BPF_JEQ | BPF_K {
                at += skip(register == step.k);
            } else if code == BPF_JMP | BPF_JGT | BPF_K {
                at += skip(register > step.k);
            } else if code == BPF_JMP | BPF_JGE | BPF_K {
                at += skip(register >= step.k);
            } else {
                return step.k;
            }
        }
    }

    #[test]
    fn every_number_gets_its_answer() {
        let mut policy = Policy::new(Action::Errno(1));
        let allow = || vec![Rule { action: Action::Allow, conditions: Vec::new() }];
        for number in (0..400).filter(|number| number % 7 != 3) {
            policy.calls.insert(number, allow());
        }
        let program = decide(&policy);
        for number in 0..400 {
            let expected = if number % 7 == 3 { Action::Errno(1) } else { Action::Allow };
            assert_eq!(run(&program, number, [0; 6]), expected.code(), "call {number}");
        }
        assert_eq!(run(&program, 400, [0; 6]), Action::Errno(38).code(), "newer than the policy");
        assert_eq!(run(&program, 0x4000_0000, [0; 6]), Action::Errno(38).code(), "x32");
    }

    #[test]
    fn arguments_are_compared_in_all_64_bits() {
        use Comparison::*;
        let values = [0, 1, 7, 8, 9, 1 << 32, (1 << 32) + 8, (7 << 32) + 8, (8 << 32) + 1, u64::MAX];
        for comparison in [Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual] {
            for (mask, value) in values.iter().flat_map(|value| [(u64::MAX, *value), (0xf, *value & 0xf)]) {
                let condition = Condition { argument: 2, mask, comparison, value };
                let second = Condition { argument: 0, mask: u64::MAX, comparison: Equal, value: 5 };
                let mut policy = Policy::new(Action::Errno(1));
                let rule = Rule { action: Action::Allow, conditions: vec![condition, second] };
                let last = Rule { action: Action::Errno(9), conditions: vec![second] };
                policy.calls.insert(6, vec![rule, last]);
                let program = decide(&policy);
                for argument in values {
                    let masked = argument & mask;
                    let holds = match comparison {
                        Equal => masked == value,
                        NotEqual => masked != value,
                        Less => masked < value,
                        LessOrEqual => masked <= value,
                        Greater => masked > value,
                        GreaterOrEqual => masked >= value,
                    };
                    let expected = if holds { Action::Allow } else { Action::Errno(9) };
                    let answer = run(&program, 6, [5, 0, argument, 0, 0, 0]);
                    assert_eq!(answer, expected.code(), "{argument:x} & {mask:x} {comparison:?} {value:x}");
                    assert_eq!(run(&program, 6, [4, 0, argument, 0, 0, 0]), Action::Errno(1).code());
                }
            }
        }
    }
}
