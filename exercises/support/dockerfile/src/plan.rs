//! Which stages of a Dockerfile the wanted one needs.

use std::collections::BTreeSet;

use crate::ast::{Action, Expand, Instruction};
use crate::diagnostic::Diagnostic;

/// The instructions to execute, in order.
#[derive(Debug)]
pub struct Plan {
    /// The ARGs before the first FROM.
    pub globals: Vec<Instruction>,
    /// The stages that are needed, earlier ones first.
    pub stages: Vec<Stage>,
}

/// A FROM, and what follows up to the next one.
#[derive(Debug)]
pub struct Stage {
    /// Its number among all stages of the file, from 0.
    pub number: usize,
    pub instructions: Vec<Instruction>,
}

impl Stage {
    fn name(&self) -> Option<&str> {
        match &self.instructions.first()?.action {
            Action::From { name, .. } => name.as_deref(),
            _ => None,
        }
    }
}

/// Leaves out the stages that the wanted one does not need: the last, or `target`, a
/// name or a number.
///
/// # Errors
/// A target that is not there, or a variable in a FROM that cannot be filled in; each
/// with the line.
pub fn plan(
    instructions: Vec<Instruction>,
    build_args: &[(String, String)],
    target: Option<&str>,
    expand: Expand,
) -> Result<Plan, (usize, Diagnostic)> {
    let (globals, stages) = divide(instructions);
    let value = |name: &str| {
        let default = || {
            let pairs =
                globals.iter().flat_map(|it| if let Action::Arg(pairs) = &it.action { &pairs[..] } else { &[] });
            pairs.filter(|(arg, _)| arg == name).find_map(|(_, value)| value.clone())
        };
        build_args.iter().rfind(|(arg, _)| arg == name).map(|(_, value)| value.clone()).or_else(default)
    };
    let names: Vec<Option<&str>> = stages.iter().map(Stage::name).collect();
    let wanted = match target {
        Some(target) => find_target(target, &names).map_err(|error| (1, error))?,
        None => stages.len().saturating_sub(1),
    };
    let mut needed = BTreeSet::from([wanted]);
    // A stage needs earlier ones only, so once from the back is enough.
    for stage in stages.iter().rev().filter(|stage| stage.number <= wanted) {
        if !needed.contains(&stage.number) {
            continue;
        }
        for instruction in &stage.instructions {
            let word = match &instruction.action {
                Action::From { image, .. } => expand(image, &value).map_err(|error| (instruction.line, error))?,
                Action::Copy(copy) => copy.from.clone().unwrap_or_default(),
                _ => continue,
            };
            needed.extend(find(&word, &names[..stage.number]));
        }
    }
    let stages = stages.into_iter().filter(|stage| needed.contains(&stage.number)).collect();
    Ok(Plan { globals, stages })
}

fn divide(instructions: Vec<Instruction>) -> (Vec<Instruction>, Vec<Stage>) {
    let (mut globals, mut stages) = (Vec::new(), Vec::<Stage>::new());
    for instruction in instructions {
        if matches!(instruction.action, Action::From { .. }) {
            stages.push(Stage { number: stages.len(), instructions: Vec::new() });
        }
        stages.last_mut().map_or(&mut globals, |stage| &mut stage.instructions).push(instruction);
    }
    (globals, stages)
}

/// A stage by its name or number; of two with the same name the later one counts.
fn find(word: &str, names: &[Option<&str>]) -> Option<usize> {
    let by_name = names.iter().rposition(|name| name.is_some_and(|name| name.eq_ignore_ascii_case(word)));
    by_name.or_else(|| word.parse().ok().filter(|number| *number < names.len()))
}

fn find_target(target: &str, names: &[Option<&str>]) -> Result<usize, Diagnostic> {
    find(target, names).ok_or_else(|| {
        let known: Vec<&str> = names.iter().flatten().copied().collect();
        Diagnostic::new("", format!("there is no stage '{target}'")).suggest(match known.as_slice() {
            [] => "no stage has a name; write FROM … AS NAME".to_owned(),
            known => format!("the stages are {}", known.join(", ")),
        })
    })
}
