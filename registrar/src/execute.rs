//! Runs a plan: step by step, telling each, stopping at the first failure and keeping what was done.
//!
//! Every write is conditional on a read of the same run: the plan's own, and for what may have changed since a fresh
//! one right before the write. So a run that was killed anywhere is repaired by running again.

mod extras;
mod function;
mod headroom;
mod permission;
mod registration;
mod role;

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;
use uuid::Uuid;

use crate::artefact::Artefact;
use crate::aws::{Aws, NewFunction};
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::interrupt::Interrupt;
use crate::observed::REGISTRATION_PENDING;
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
}

/// How long a changed role may take until Lambda can use it.
const ROLE_SPREADS_WITHIN: Duration = Duration::from_mins(2);

/// How long a new function may be invisible to some of Lambda's calls.
const FUNCTION_APPEARS_WITHIN: Duration = Duration::from_mins(1);

/// What this run did and when: decides how patient it is.
#[derive(Debug, Default)]
struct Memory {
    role_changed: Option<Instant>,
    function_created: Option<Instant>,
    permission_added: Option<Instant>,
    smoke_test_passed: bool,
    published_version: Option<String>,
    warnings: Vec<String>,
    connector_arn: Option<String>,
}

/// Runs plans.
#[derive(Debug)]
pub struct Executor<'a> {
    aws: &'a Aws,
    artefact: Option<&'a Artefact>,
    report: &'a Report,
    interrupt: &'a Interrupt,
    deadline: Instant,
    stop_after: Option<&'a str>,
    run: Uuid,
    label: String,
    revision: String,
    memory: Memory,
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
    /// Name of the step after which the process dies. For tests of recovery only: see `REGISTRAR_TEST_STOP_AFTER`.
    pub stop_after: Option<&'a str>,
    /// How old the role is, in case it was made a moment ago by a run that did not finish.
    pub role_age: Option<Duration>,
}

impl<'a> Executor<'a> {
    /// Prepares a run.
    #[must_use]
    pub fn new(tools: &Tools<'a>) -> Self {
        let &Tools { aws, artefact, report, interrupt, deadline, stop_after, role_age } = tools;
        let role_changed =
            role_age.filter(|age| *age < ROLE_SPREADS_WITHIN).and_then(|age| Instant::now().checked_sub(age));
        Self {
            aws,
            artefact,
            report,
            interrupt,
            deadline,
            stop_after,
            run: Uuid::new_v4(),
            label: String::new(),
            revision: String::new(),
            memory: Memory { role_changed, ..Memory::default() },
        }
    }

    /// Runs a plan.
    pub async fn run(mut self, plan: &'a Plan) -> Execution {
        self.label.clone_from(&plan.label);
        self.revision = plan
            .steps
            .iter()
            .rev()
            .find_map(|step| match &step.action {
                Step::RecordRegistration { revision, .. } => Some(revision.clone()),
                _ => None,
            })
            .unwrap_or_default();
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
        Execution { steps: results, connector_arn: self.memory.connector_arn, warnings: self.memory.warnings, error }
    }

    async fn run_step(&mut self, position: usize, total: usize, step: &'a PlannedStep) -> Result<(), RegistrarError> {
        self.interrupt.check()?;
        self.report.event(&Event::StepStarted { position, total, step });
        let start = Instant::now();
        if let Err(error) = self.perform(&step.action).await {
            self.report.event(&Event::StepFailed { step });
            return Err(error);
        }
        if self.stop_after == Some(step.action.name()) {
            // As if the machine had lost power: nothing is cleaned up.
            std::process::abort();
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
            Step::CreateFunction { function, configuration, architecture, code_sha256, upload, tags } => {
                let code = self.code(upload.as_ref(), code_sha256)?;
                let tags = tags.clone();
                let new = NewFunction { name: function, configuration, architecture, code, tags };
                self.create_function(new, code_sha256).await
            }
            Step::AdoptFunction { function } => self.adopt_function(function).await,
            Step::UpdateConfiguration { function, found, configuration } => {
                self.update_configuration(function, found, configuration).await
            }
            Step::UpdateCode { function, architecture, code_sha256, upload } => {
                let code = self.code(upload.as_ref(), code_sha256)?;
                self.update_code(function, architecture, code).await
            }
            Step::TagFunction { function, set, remove } => self.tag_function(function, set, remove).await,
            Step::SetLogRetention { group, create, days } => self.set_log_retention(group, *create, *days).await,
            Step::PublishVersion { function, code_sha256 } => self.publish_version(function, code_sha256).await,
            Step::PointAlias { function, alias } => self.point_alias(function, alias).await,
            Step::WaitReady { function } => self.wait_ready(function, crate::wait::Goal::Use).await.map(drop),
            Step::GrantInvoke { function, grant, obsolete } => {
                self.grant_invoke(function, grant.as_ref(), obsolete).await
            }
            Step::SmokeTest { function } => self.smoke_test(function).await,
            Step::InvalidateRegistration { function, label } => {
                self.record_registration(function, label, REGISTRATION_PENDING).await
            }
            Step::RegisterConnector { registration } => {
                self.register(crate::registration::Call::Register, registration).await
            }
            Step::UpdateRegistration { registration } => {
                self.register(crate::registration::Call::Update, registration).await
            }
            Step::Verify { registration } => self.verify(registration).await,
            Step::RecordRegistration { function, label, revision } => {
                self.record_registration(function, label, revision).await
            }
        }
    }

    /// Patience until the run's deadline, or for a shorter time.
    fn patience(&self, at_most: Duration) -> Patience<'a> {
        let soon = Instant::now() + at_most;
        Patience { deadline: self.deadline.min(soon), interrupt: self.interrupt }
    }

    fn waiting(&self) -> impl FnMut(&str) + use<'a> {
        let report = self.report;
        move |reason| report.event(&Event::Waiting(reason))
    }

    fn artefact(&self, sha256: &str) -> Result<&'a Artefact, RegistrarError> {
        self.artefact
            .filter(|artefact| artefact.sha256 == sha256)
            .ok_or_else(|| RegistrarError::bug("the plan names code that was not built"))
    }
}

/// Says where an interrupted run stands.
fn located(error: RegistrarError, index: usize, total: usize, step: &PlannedStep) -> RegistrarError {
    if error.kind() != ErrorKind::Interrupted {
        return error;
    }
    let message = format!("interrupted with {index} of {total} steps done; next is to {}", step.action.description());
    RegistrarError::new(ErrorKind::Interrupted, message).with_hint("run the same command again to go on from here")
}
