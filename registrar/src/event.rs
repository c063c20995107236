//! What happens while a command runs, as values; `report.rs` shows them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::plan::PlannedStep;

/// Something that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A step begins.
    StepStarted {
        /// Which one, counted from 1.
        position: usize,
        /// Of how many.
        total: usize,
        /// The step.
        step: &'a PlannedStep,
    },
    /// Something is waited for.
    Waiting(&'a str),
    /// A step is done.
    StepDone {
        /// The step.
        step: &'a PlannedStep,
        /// How long it took.
        elapsed: Duration,
    },
    /// A step failed; the error follows with the result.
    StepFailed {
        /// The step.
        step: &'a PlannedStep,
    },
    /// Work outside the plan begins, such as a build.
    Working(&'a str),
    /// Something worth knowing.
    Note(&'a str),
    /// Something worth knowing for those who ask with `-v`.
    Detail(&'a str),
    /// Something is not as it should be, but the command goes on.
    Warning(&'a str),
}

impl Event<'_> {
    /// The event as one line of `--output ndjson` shows it, apart from what all lines have.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let of_step = |event: &str, step: &PlannedStep| json!({"event": event, "step": step.action.name(), "description": step.action.description()});
        match self {
            Self::StepStarted { position, total, step } => json!({
                "event": "stepStarted",
                "position": position,
                "total": total,
                "step": step.action.name(),
                "description": step.action.description(),
                "reason": step.reason,
            }),
            Self::StepDone { step, elapsed } => {
                let mut done = of_step("stepDone", step);
                done["elapsedSeconds"] = json!(elapsed.as_secs_f64());
                done
            }
            Self::StepFailed { step } => of_step("stepFailed", step),
            Self::Waiting(what) => json!({"event": "waiting", "text": what}),
            Self::Working(what) => json!({"event": "working", "text": what}),
            Self::Note(text) => json!({"event": "note", "text": text}),
            Self::Detail(text) => json!({"event": "detail", "text": text}),
            Self::Warning(text) => json!({"event": "warning", "text": text}),
        }
    }
}
