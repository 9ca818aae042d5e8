//! What the outcomes of the checks mean for each step and for the chapter.

use course::Chapter;

use super::grade::{Outcome, Verdict};

/// The state of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepStatus {
    ToDo,
    Wrong,
    /// It cannot be judged before these steps of the chapter are written.
    Waits(Vec<usize>),
    /// This machine cannot show what the check looks at, for this reason.
    Unable(String),
    Passed,
}

/// A step with the outcomes of its checks.
pub struct StepReport {
    pub number: usize,
    pub goal: &'static str,
    pub function: &'static str,
    pub status: StepStatus,
    pub outcomes: Vec<Outcome>,
}

impl StepReport {
    pub fn passed(&self) -> bool {
        self.status == StepStatus::Passed
    }

    /// The first outcome that made the step wrong.
    pub fn fault(&self) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| matches!(outcome.verdict, Verdict::Wrong | Verdict::Limit(_)))
    }
}

/// A graded chapter.
pub struct Graded {
    pub chapter: &'static Chapter,
    /// `Err` holds rustc's own words.
    pub steps: Result<Vec<StepReport>, String>,
}

impl Graded {
    pub fn passed(&self) -> bool {
        self.steps.as_ref().is_ok_and(|steps| steps.iter().all(StepReport::passed))
    }

    /// A `1` for each step that is passed and a `0` for each other.
    pub fn marks(&self) -> Option<String> {
        let steps = self.steps.as_ref().ok()?;
        Some(steps.iter().map(|step| if step.passed() { '1' } else { '0' }).collect())
    }

    pub fn is_wrong(&self) -> bool {
        self.steps.as_ref().is_ok_and(|steps| steps.iter().any(|step| step.status == StepStatus::Wrong))
    }

    /// Whether nothing but this machine prevents a pass.
    pub fn unable(&self) -> bool {
        let open = |step: &StepReport| !step.passed() && !matches!(step.status, StepStatus::Unable(_));
        !self.passed() && self.steps.as_ref().is_ok_and(|steps| !steps.iter().any(open))
    }
}

/// The exit code: 0 passed, 1 not yet, 3 if only something that this machine lacks prevents it.
pub fn exit_code(all: &[Graded]) -> u8 {
    if all.iter().all(Graded::passed) {
        0
    } else if all.iter().all(|graded| graded.passed() || graded.unable()) {
        3
    } else {
        1
    }
}

/// What is known of a chapter's steps beside the outcomes of their checks.
#[derive(Default)]
pub struct Steps {
    /// Those whose `todo!` is still in the source.
    pub unwritten: Vec<usize>,
    /// For each step, from the first, the others without which it cannot pass.
    pub needs: Vec<Vec<usize>>,
}

/// Groups the outcomes by step; `only` keeps a single one.
pub fn by_step(chapter: &Chapter, only: Option<usize>, outcomes: &[Outcome], known: &Steps) -> Vec<StepReport> {
    let numbers = (1..=chapter.steps.len()).filter(|number| only.is_none_or(|only| only == *number));
    numbers
        .map(|number| {
            let outcomes: Vec<Outcome> = outcomes.iter().filter(|outcome| outcome.step() == number).cloned().collect();
            let step = &chapter.steps[number - 1];
            let status = status(chapter, number, &outcomes, known);
            StepReport { number, goal: step.goal, function: step.function, status, outcomes }
        })
        .collect()
}

fn status(chapter: &Chapter, number: usize, outcomes: &[Outcome], known: &Steps) -> StepStatus {
    // Whatever its checks ran into first.
    if known.unwritten.contains(&number) {
        return StepStatus::ToDo;
    }
    // A step without a check would pass whatever is written.
    if outcomes.is_empty() {
        return StepStatus::Unable("no check was found for this step".to_owned());
    }
    let (mut wrong, mut unable, mut missing) = (false, None, Vec::new());
    for outcome in outcomes {
        match &outcome.verdict {
            Verdict::Passed => {}
            Verdict::ToDo(text) => match step_in(text, chapter) {
                Some(step) if step == number => return StepStatus::ToDo,
                Some(step) => missing.push(step),
                None => wrong = true,
            },
            Verdict::Wrong | Verdict::Limit(_) => wrong = true,
            Verdict::Unable(reason) => unable = unable.or(Some(reason.clone())),
        }
    }
    // What looks wrong may only be the effect of another step's `todo!`, which panicked in
    // a process whose words nobody saw.
    if wrong || !missing.is_empty() {
        let needed = known.needs.get(number - 1).into_iter().flatten();
        missing.extend(needed.filter(|step| known.unwritten.contains(step)));
        missing.sort_unstable();
        missing.dedup();
    }
    match (missing.is_empty(), wrong, unable) {
        (false, ..) => StepStatus::Waits(missing),
        (_, true, _) => StepStatus::Wrong,
        (_, _, Some(reason)) => StepStatus::Unable(reason),
        _ => StepStatus::Passed,
    }
}

/// The step of this chapter whose `todo!` has this text.
fn step_in(text: &str, chapter: &Chapter) -> Option<usize> {
    text.strip_prefix(&format!("{} step ", chapter.id()))?.split_once(':')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Limits;
    use course::CHAPTERS;

    fn graded(statuses: &[StepStatus]) -> Graded {
        let steps = statuses.iter().enumerate().map(|(index, status)| StepReport {
            number: index + 1,
            goal: "",
            function: "",
            status: status.clone(),
            outcomes: Vec::new(),
        });
        Graded { chapter: &CHAPTERS[0], steps: Ok(steps.collect()) }
    }

    #[test]
    fn a_lack_of_the_machine_is_no_failure_and_no_pass() {
        let unable = || StepStatus::Unable("no control groups".to_owned());
        assert_eq!(exit_code(&[graded(&[StepStatus::Passed])]), 0);
        assert_eq!(exit_code(&[graded(&[StepStatus::Passed, unable()])]), 3);
        assert_eq!(exit_code(&[graded(&[StepStatus::Passed]), graded(&[unable()])]), 3);
        assert_eq!(exit_code(&[graded(&[unable(), StepStatus::Wrong])]), 1);
        assert_eq!(exit_code(&[graded(&[unable()]), graded(&[StepStatus::ToDo])]), 1);
        let words = Graded { chapter: &CHAPTERS[0], steps: Err("error[E0308]".to_owned()) };
        assert_eq!(exit_code(&[words]), 1);
    }

    #[test]
    fn a_step_waits_for_every_step_it_needs() {
        let outcome = |verdict| {
            vec![Outcome { name: "step4::x".into(), verdict, output: String::new(), limits: Limits::default() }]
        };
        let known = |unwritten: &[usize]| Steps {
            unwritten: unwritten.to_vec(),
            needs: vec![vec![]; 3].into_iter().chain([vec![1, 2]]).collect(),
        };
        let judged = |verdict, unwritten| status(&CHAPTERS[0], 4, &outcome(verdict), &known(unwritten));
        // A hung child, a wrong exit code, and a `todo!` that was seen.
        assert_eq!(judged(Verdict::Limit("time".into()), &[1, 2, 3]), StepStatus::Waits(vec![1, 2]));
        assert_eq!(judged(Verdict::Wrong, &[2, 3]), StepStatus::Waits(vec![2]));
        assert_eq!(judged(Verdict::ToDo("ch1 step 3: x".into()), &[2, 3]), StepStatus::Waits(vec![2, 3]));
        assert_eq!(judged(Verdict::Wrong, &[3]), StepStatus::Wrong);
        assert_eq!(judged(Verdict::Passed, &[1, 2]), StepStatus::Passed);
        assert_eq!(judged(Verdict::Passed, &[4]), StepStatus::ToDo);
    }
}
