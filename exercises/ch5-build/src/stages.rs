//! Given: which stages of a Dockerfile the last one needs.

use std::collections::BTreeSet;

use crate::error::Problem;
use crate::syntax::{Action, Instruction};

/// The instructions to carry out, in order.
pub struct Plan {
    pub instructions: Vec<Instruction>,
    /// The line of each FROM in the file.
    lines: Vec<usize>,
}

impl Plan {
    /// The number of the stage whose FROM is on this line.
    pub fn stage_at(&self, line: usize) -> usize {
        self.lines.iter().position(|from| *from == line).unwrap_or_default()
    }
}

/// Leaves out the stages that the wanted one does not need: the last, or `target`.
/// A problem comes with its line.
pub fn plan(
    instructions: &[Instruction],
    build_args: &[(String, String)],
    target: Option<&str>,
) -> Result<Plan, (usize, Problem)> {
    let first =
        instructions.iter().position(|it| matches!(it.action, Action::From { .. })).unwrap_or(instructions.len());
    let (globals, rest) = instructions.split_at(first);
    let stages = divide(rest);
    let mut names: Vec<Option<String>> = Vec::new();
    let mut needs: Vec<BTreeSet<usize>> = Vec::new();
    for stage in &stages {
        let mut needed = BTreeSet::new();
        for instruction in *stage {
            let word = match &instruction.action {
                Action::From { image, .. } => {
                    expand_global(image, globals, build_args).map_err(|it| (instruction.line, it))?
                }
                Action::Copy(copy) => copy.from.clone().unwrap_or_default(),
                _ => continue,
            };
            let by_number = word.parse().ok().filter(|number| *number < names.len());
            needed.extend(names.iter().rposition(|name| name.as_deref() == Some(&word)).or(by_number));
        }
        needs.push(needed);
        names.push(match &stage[0].action {
            Action::From { name, .. } => name.clone(),
            _ => None,
        });
    }
    let wanted = match target {
        Some(target) => find_target(target, &names).map_err(|problem| (1, problem))?,
        None => stages.len().saturating_sub(1),
    };
    let mut wanted = BTreeSet::from([wanted]);
    // A stage needs earlier ones only, so once from the back is enough.
    for number in (0..stages.len()).rev() {
        if wanted.contains(&number) {
            wanted.extend(&needs[number]);
        }
    }
    let chosen = wanted.iter().filter_map(|number| stages.get(*number)).flat_map(|stage| stage.iter());
    let instructions = globals.iter().chain(chosen).cloned().collect();
    Ok(Plan { instructions, lines: stages.iter().map(|stage| stage[0].line).collect() })
}

/// Each stage's instructions: FROM, and what follows up to the next FROM.
fn divide(instructions: &[Instruction]) -> Vec<&[Instruction]> {
    let is_from = |instruction: &Instruction| matches!(instruction.action, Action::From { .. });
    let mut stages = Vec::new();
    for (index, instruction) in instructions.iter().enumerate() {
        if is_from(instruction) {
            let length = instructions[index + 1..].iter().position(is_from);
            stages.push(&instructions[index..length.map_or(instructions.len(), |length| index + 1 + length)]);
        }
    }
    stages
}

/// The number of the stage that `--target` means.
fn find_target(target: &str, names: &[Option<String>]) -> Result<usize, Problem> {
    let by_name = names.iter().rposition(|name| name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(target)));
    let by_number = target.parse().ok().filter(|number| *number < names.len());
    by_name.or(by_number).ok_or_else(|| {
        let known: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
        let problem = Problem::new("", format!("there is no stage '{target}'"));
        match known.as_slice() {
            [] => problem.suggest("no stage has a name; write FROM … AS NAME"),
            known => problem.suggest(format!("the stages are {}", known.join(", "))),
        }
    })
}

/// An image's name with the ARGs before the first FROM filled in.
fn expand_global(text: &str, globals: &[Instruction], build_args: &[(String, String)]) -> Result<String, Problem> {
    let defaults =
        || globals.iter().flat_map(|it| if let Action::Arg(pairs) = &it.action { pairs.as_slice() } else { &[] });
    crate::expand(text, &|name| {
        let given = build_args.iter().rfind(|(given, _)| given == name).map(|(_, value)| value.clone());
        given.or_else(|| defaults().find(|(arg, _)| arg == name)?.1.clone())
    })
}
