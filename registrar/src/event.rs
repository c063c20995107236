//! What happens while a command runs, as values; `report.rs` shows them.

use std::time::Duration;

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
