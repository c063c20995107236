//! Runs a plan: step by step, telling each, stopping at the first failure and keeping what was done.
//!
//! Every write is conditional on a read of the same run: the plan's own, and for what may have changed since a fresh
//! one right before the write. So a run that was killed anywhere is repaired by running again.

mod comparison;
mod extras;
mod function;
mod headroom;
mod permission;
mod registration;
mod role;
mod undo;
mod usable;

use undo::Undo;
pub use undo::Undone;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;
use uuid::Uuid;

use crate::artefact::Artefact;
use crate::aws::Aws;
use crate::configuration::SelfDescription;
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::interrupt::Interrupt;
use crate::observed::{Observed, REGISTRATION_PENDING};
use crate::plan::{Plan, PlannedStep};
use crate::report::Report;
use crate::retry::Patience;
use crate::step::Step;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum StepState {
    /// It was done.
    Done,
    /// It failed.
    Failed,
    /// It was not reached.
    NotRun,
    /// It was not needed, as was found on the way.
    NotNeeded,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepResult {
    /// The step's name.
    pub step: &'static str,
    /// What it does.
    pub description: String,
    /// How it ended.
    pub state: StepState,
}

/// What became of a plan.
#[derive(Debug)]
pub struct Execution {
    /// Its steps.
    pub steps: Vec<StepResult>,
    /// ARN of the registration, if it was made or read.
    pub connector_arn: Option<String>,
    /// What was noticed on the way.
    pub warnings: Vec<String>,
    /// Why it stopped early.
    pub error: Option<RegistrarError>,
    /// What was taken back because of that.
    pub undone: Option<Undone>,
}

/// How long a changed role may take until Lambda can use it.
const ROLE_SPREADS_WITHIN: Duration = Duration::from_mins(2);

/// How long a new function may be invisible to some of Lambda's calls.
const FUNCTION_APPEARS_WITHIN: Duration = Duration::from_mins(1);

/// How long a function may be busy with a change of somebody else's, or without network interfaces.
const BUSY_FOR: Duration = Duration::from_mins(10);

/// Why a call about a function that was made a moment ago is repeated.
const NOT_VISIBLE_YET: &str = "the new function is not visible everywhere yet";

fn is_recent(created: Option<Instant>) -> bool {
    created.is_some_and(|created| created.elapsed() < FUNCTION_APPEARS_WITHIN)
}

/// What this run did and when: decides how patient it is.
#[derive(Debug, Default)]
struct Memory<'a> {
    role_changed: Option<Instant>,
    function_created: Option<Instant>,
    permission_added: Option<Instant>,
    smoke_test_passed: bool,
    /// The last change of the function's code in this run.
    last_code: Option<&'a Step>,
    published_version: Option<String>,
    warnings: Vec<String>,
    connector_arn: Option<String>,
    /// What the function said of itself.
    says: Option<SelfDescription>,
    /// What the comparison found: whether what is planned on condition is needed.
    differs: Option<bool>,
    /// What AppFlow shows otherwise although it has just read the connector.
    unshown: Option<String>,
    /// How to take back what was done.
    undo: Vec<Undo>,
    /// The code that was about to be replaced.
    code_before: Option<Vec<u8>>,
}

/// Runs plans.
#[derive(Debug)]
pub struct Executor<'a> {
    aws: &'a Aws,
    artefact: Option<&'a Artefact>,
    report: &'a Report,
    interrupt: &'a Interrupt,
    deadline: Instant,
    observed: &'a Observed,
    rolls_back: bool,
    run: Uuid,
    label: String,
    memory: Memory<'a>,
    /// What was waited for last.
    last_wait: Rc<RefCell<String>>,
}

/// What an executor works with.
#[derive(Debug)]
pub struct Tools<'a> {
    /// The clients.
    pub aws: &'a Aws,
    /// The code, if the plan sends any.
    pub artefact: Option<&'a Artefact>,
    /// Where progress is shown.
    pub report: &'a Report,
    /// Ctrl-C.
    pub interrupt: &'a Interrupt,
    /// When to stop waiting.
    pub deadline: Instant,
    /// What was there before.
    pub observed: &'a Observed,
    /// Whether to take back what was done if a step fails.
    pub rolls_back: bool,
    /// How old the role is, in case it was made a moment ago by a run that did not finish.
    pub role_age: Option<Duration>,
}

impl<'a> Executor<'a> {
    /// Prepares a run.
    #[must_use]
    pub fn new(tools: &Tools<'a>) -> Self {
        let &Tools { aws, artefact, report, interrupt, deadline, observed, rolls_back, role_age } = tools;
        let role_changed =
            role_age.filter(|age| *age < ROLE_SPREADS_WITHIN).and_then(|age| Instant::now().checked_sub(age));
        Self {
            aws,
            artefact,
            report,
            interrupt,
            deadline,
            observed,
            rolls_back,
            run: Uuid::new_v4(),
            label: String::new(),
            memory: Memory { role_changed, ..Memory::default() },
            last_wait: Rc::default(),
        }
    }

    /// Runs a plan.
    pub async fn run(mut self, plan: &'a Plan) -> Execution {
        self.label.clone_from(&plan.label);
        let mut results: Vec<_> = plan
            .steps
            .iter()
            .map(|step| StepResult {
                step: step.action.name(),
                description: step.action.description(),
                state: StepState::NotRun,
            })
            .collect();
        let total = plan.steps.len();
        let mut error = None;
        for (index, (step, result)) in plan.steps.iter().zip(&mut results).enumerate() {
            if step.is_conditional && self.memory.differs == Some(false) {
                result.state = StepState::NotNeeded;
                continue;
            }
            match self.run_step(index + 1, total, step).await {
                Ok(()) => result.state = StepState::Done,
                Err(failure) => {
                    if failure.kind() != ErrorKind::Interrupted {
                        result.state = StepState::Failed;
                    }
                    error = Some(located(failure, index, total, step));
                    break;
                }
            }
        }
        let undone = match &error {
            Some(error) if self.rolls_back && is_ours_to_take_back(error) => Some(self.undo_all().await),
            _ => None,
        };
        let Memory { connector_arn, warnings, .. } = self.memory;
        Execution { steps: results, connector_arn, warnings, error, undone }
    }

    async fn run_step(&mut self, position: usize, total: usize, step: &'a PlannedStep) -> Result<(), RegistrarError> {
        self.interrupt.check()?;
        self.report.event(&Event::StepStarted { position, total, step });
        self.last_wait.take();
        let start = Instant::now();
        let performed = tokio::time::timeout_at(self.deadline, Box::pin(self.perform(&step.action))).await;
        let outcome = performed.unwrap_or_else(|_| Err(self.cut_off(step)));
        self.note_undo(&step.action, outcome.as_ref().copied());
        if let Err(error) = outcome {
            self.report.event(&Event::StepFailed { step });
            return Err(error);
        }
        self.report.event(&Event::StepDone { step, elapsed: start.elapsed() });
        Ok(())
    }

    async fn perform(&mut self, step: &'a Step) -> Result<(), RegistrarError> {
        match step {
            Step::CreateRole { role, trust } => self.create_role(role, trust).await,
            Step::AdoptRole { role } => self.adopt_role(role).await,
            Step::UpdateTrust { role, trust } => self.update_trust(role, trust).await,
            Step::AttachPolicy { role, policy_arn } => self.attach_policy(role, policy_arn).await,
            Step::PutSecretPolicy { role, policy } => self.put_secret_policy(role, policy).await,
            Step::DeleteFailedFunction { function, adopt } => self.delete_failed_function(function, *adopt).await,
            Step::UploadArtefact { upload, code_sha256 } => self.upload_artefact(upload, code_sha256).await,
            Step::CreateFunction { .. } => self.send_code(step).await,
            Step::AdoptFunction { function } => self.adopt_function(function).await,
            Step::UpdateConfiguration { function, found, configuration } => {
                self.update_configuration(function, found, configuration).await
            }
            Step::UpdateCode { function, .. } => {
                self.keep_code(function).await?;
                self.send_code(step).await
            }
            Step::TagFunction { function, set, remove } => self.tag_function(function, set, remove).await,
            Step::SetLogRetention { group, create, days } => self.set_log_retention(group, *create, *days).await,
            Step::PublishVersion { function, code_sha256 } => self.publish_version(function, code_sha256).await,
            Step::PointAlias { function, alias } => self.point_alias(function, alias).await,
            Step::WaitReady { function } => self.wait_usable(function).await,
            Step::GrantInvoke { function, grant, obsolete } => {
                self.grant_invoke(function, grant.as_ref(), obsolete).await
            }
            Step::SmokeTest { function, digest } => self.smoke_test(function, digest.as_deref()).await,
            Step::CompareConfiguration { comparison, .. } => self.compare(comparison).await,
            Step::InvalidateRegistration { function, label } => {
                self.tag_registration(function, label, REGISTRATION_PENDING).await
            }
            Step::RegisterConnector { registration } => {
                self.register(crate::registration::Call::Register, registration).await
            }
            Step::UpdateRegistration { registration } => {
                self.register(crate::registration::Call::Update, registration).await
            }
            Step::Verify { registration } => self.verify(registration).await,
            Step::ResetMetadata { label } => self.reset_metadata(label).await,
            Step::RecordRegistration { function, label, revision, unshown } => {
                self.record_registration(function, label, revision, unshown).await
            }
        }
    }

    /// Patience until the run's deadline, or for a shorter time.
    fn patience(&self, at_most: Duration) -> Patience<'a> {
        let soon = Instant::now() + at_most;
        Patience { deadline: self.deadline.min(soon), interrupt: self.interrupt }
    }

    fn waiting(&self) -> impl FnMut(&str) + use<'a> {
        let (report, last_wait) = (self.report, Rc::clone(&self.last_wait));
        move |reason| {
            report.event(&Event::Waiting(reason));
            last_wait.replace(reason.to_owned());
        }
    }

    /// The time was up in the middle of a call or a pause.
    fn cut_off(&self, step: &PlannedStep) -> RegistrarError {
        let message = format!("the time was up before this was done: {}", step.action.description());
        let error = RegistrarError::new(ErrorKind::TimedOut, message)
            .with_hint("run again to go on from here, with a longer --timeout if need be");
        match self.last_wait.take() {
            reason if reason.is_empty() => error,
            reason => error.with_source(reason),
        }
    }

    fn artefact(&self, sha256: &str) -> Result<&'a Artefact, RegistrarError> {
        self.artefact
            .filter(|artefact| artefact.sha256 == sha256)
            .ok_or_else(|| RegistrarError::bug("the plan names code that was not built"))
    }
}

/// Who interrupts means to go on later; and where somebody else is at work, taking back would undo what they did.
fn is_ours_to_take_back(error: &RegistrarError) -> bool {
    !matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::Conflict | ErrorKind::Foreign)
}

/// Says where an interrupted run stands.
fn located(error: RegistrarError, index: usize, total: usize, step: &PlannedStep) -> RegistrarError {
    if error.kind() != ErrorKind::Interrupted {
        return error;
    }
    let message = format!("interrupted with {index} of {total} steps done; next is to {}", step.action.description());
    RegistrarError::new(ErrorKind::Interrupted, message).with_hint("run the same command again to go on from here")
}
