//! What has to be done: a pure function of what is wanted and what is there.
//!
//! `plan` prints the very value that `deploy` executes, and `status` shows its rows. An empty plan sends no write.

mod extras;
mod function;
mod permission;
mod registration;
mod role;
#[cfg(test)]
mod tests;

pub(crate) use registration::breaking_change;

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::configuration::Difference;
use crate::error::{ErrorKind, RegistrarError};
use crate::observed::{Observed, revision};
use crate::settings::{RoleSettings, Settings};
use crate::step::{Step, Upload};

/// The code that is wanted: what the planner needs to know of the artefact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedCode {
    /// Base64 of the SHA-256 of the zip.
    pub sha256: String,
    /// Size of the zip in bytes.
    pub size: usize,
    /// Where it is to be stored first, if it is too large to send along.
    pub upload: Option<Upload>,
}

/// What a row of a plan is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// The function's role.
    Role,
    /// The function and its configuration.
    Function,
    /// The function's code.
    Code,
    /// How long the function's log is kept.
    LogGroup,
    /// The alias of what is deployed.
    Alias,
    /// AppFlow's right to invoke it.
    Permission,
    /// The registration.
    Registration,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Role => "role",
            Self::Function => "function",
            Self::Code => "code",
            Self::LogGroup => "log",
            Self::Alias => "alias",
            Self::Permission => "permission",
            Self::Registration => "registration",
        })
    }
}

/// How what is there compares with what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RowState {
    /// As wanted.
    InSync,
    /// There, but otherwise than wanted.
    Differs,
    /// Not there.
    Missing,
    /// Made by somebody else.
    Foreign,
    /// Not compared.
    Unknown,
}

impl fmt::Display for RowState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::InSync => "in sync",
            Self::Differs => "differs",
            Self::Missing => "missing",
            Self::Foreign => "foreign",
            Self::Unknown => "not compared",
        })
    }
}

/// One resource: how it compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Which one.
    pub subject: Subject,
    /// How it compares.
    pub state: RowState,
    /// Its name, or what is the matter with it.
    pub detail: String,
}

/// One field that changes. Values that may be secret are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The field.
    pub field: String,
    /// What is there; none if nothing is.
    pub from: Option<String>,
    /// What is wanted.
    pub to: Option<String>,
    /// What it does to connections and flows that exist, if it breaks any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaks: Option<&'static str>,
}

impl From<&Difference> for Change {
    fn from(difference: &Difference) -> Self {
        let Difference { property, from, to, breaks } = difference.clone();
        Self { field: property, from, to, breaks }
    }
}

impl Change {
    /// A field that changes from one value to another.
    pub fn new(field: impl Into<String>, from: Option<&str>, to: Option<&str>) -> Self {
        Self { field: field.into(), from: from.map(str::to_owned), to: to.map(str::to_owned), breaks: None }
    }
}

/// A step, why it is needed and what it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// The step.
    pub action: Step,
    /// Why.
    pub reason: String,
    /// What it changes.
    pub changes: Vec<Change>,
    /// Whether it is taken only if the comparison before it finds a difference.
    pub is_conditional: bool,
}

impl Serialize for PlannedStep {
    /// Begins as the steps that `deploy` reports.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut step = serializer.serialize_struct("PlannedStep", 6)?;
        step.serialize_field("step", self.action.name())?;
        step.serialize_field("description", &self.action.description())?;
        step.serialize_field("reason", &self.reason)?;
        step.serialize_field("changes", &self.changes)?;
        step.serialize_field("conditional", &self.is_conditional)?;
        step.serialize_field("action", &self.action)?;
        step.end()
    }
}

/// Something in the way that this program does not remove on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// What kind of trouble it is.
    pub kind: ErrorKind,
    /// What is in the way.
    pub message: String,
    /// The way out.
    pub hint: String,
}

/// What has to be done, and how each resource compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The label.
    pub label: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// ARN of the function, which may not exist yet.
    pub function_arn: String,
    /// The rows, in dependency order.
    pub rows: Vec<Row>,
    /// The steps, in dependency order: AppFlow must be able to call the function before it can be registered.
    pub steps: Vec<PlannedStep>,
    /// What is in the way. A plan with any is not executed.
    pub refusals: Vec<Refusal>,
    /// Whether it depends on which connections there are, and those were not read.
    #[serde(skip)]
    pub needs_connections: bool,
    /// Whether the function will run with other code or variables.
    #[serde(skip)]
    pub function_changes: bool,
}

impl Plan {
    /// Plans.
    ///
    /// Without `code` the code is not compared, and a missing function cannot be made.
    #[must_use]
    pub fn new(settings: &Settings, code: Option<&WantedCode>, observed: &Observed) -> Self {
        let mut planner = Planner::new(settings, code, observed);
        planner.role();
        planner.function();
        planner.permission();
        planner.registration();
        // Last: an alias is to lead to what has answered.
        if let Some(function) = settings.function.as_ref().filter(|_| planner.plan.refusals.is_empty()) {
            planner.alias(function);
        }
        planner.plan.function_changes = planner.function_changes;
        planner.plan
    }

    /// Whether the function will answer otherwise while something is registered: then it matters what it will say.
    #[must_use]
    pub fn changes_what_is_registered(&self) -> bool {
        self.function_changes
            && self.rows.iter().any(|row| row.subject == Subject::Registration && row.state != RowState::Missing)
    }

    /// Whether nothing has to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether everything is as wanted, so far as it was compared.
    #[must_use]
    pub fn is_in_sync(&self) -> bool {
        self.rows.iter().all(|row| matches!(row.state, RowState::InSync | RowState::Unknown))
    }

    /// Refuses a plan that something is in the way of.
    ///
    /// # Errors
    /// [`ErrorKind::Foreign`] or [`ErrorKind::Breaking`], naming everything that is in the way.
    pub fn refuse(&self) -> Result<(), RegistrarError> {
        let Some(first) = self.refusals.first() else { return Ok(()) };
        let messages: Vec<_> = self.refusals.iter().map(|refusal| refusal.message.as_str()).collect();
        Err(RegistrarError::new(first.kind, messages.join("; ")).with_hint(first.hint.clone()))
    }
}

/// Builds a plan row by row.
struct Planner<'a> {
    settings: &'a Settings,
    code: Option<&'a WantedCode>,
    observed: &'a Observed,
    plan: Plan,
    /// Whether the function will answer otherwise than it does now.
    function_changes: bool,
    /// Whether the function is made (again), so that nothing attached to it counts.
    function_is_new: bool,
}

impl<'a> Planner<'a> {
    fn new(settings: &'a Settings, code: Option<&'a WantedCode>, observed: &'a Observed) -> Self {
        let Observed { account, partition, region, .. } = observed;
        let name = &settings.function_name.value;
        let function_arn = match &observed.function {
            Some(function) => function.arn.clone(),
            None => format!("arn:{partition}:lambda:{region}:{account}:function:{name}"),
        };
        Self {
            settings,
            code,
            observed,
            plan: Plan {
                label: settings.label.value.clone(),
                account: account.clone(),
                region: region.clone(),
                function_arn,
                rows: Vec::new(),
                steps: Vec::new(),
                refusals: Vec::new(),
                needs_connections: false,
                function_changes: false,
            },
            function_changes: false,
            function_is_new: observed.function.is_none(),
        }
    }

    fn row(&mut self, subject: Subject, state: RowState, detail: impl Into<String>) {
        self.plan.rows.push(Row { subject, state, detail: detail.into() });
    }

    fn step(&mut self, action: Step, reason: impl Into<String>, changes: Vec<Change>) {
        self.plan.steps.push(PlannedStep { action, reason: reason.into(), changes, is_conditional: false });
    }

    fn refuse(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.refuse_as(ErrorKind::Foreign, message, hint);
    }

    fn refuse_as(&mut self, kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) {
        self.plan.refusals.push(Refusal { kind, message: message.into(), hint: hint.into() });
    }

    /// The ARN of the role that the function is to have.
    fn role_arn(&self, role: &RoleSettings) -> String {
        match (role, &self.observed.role) {
            (RoleSettings::Existing(arn), _) => arn.value.clone(),
            (RoleSettings::Ours(_), Some(role)) => role.arn.clone(),
            (RoleSettings::Ours(name), None) => {
                format!("arn:{}:iam::{}:role/{}", self.observed.partition, self.observed.account, name.value)
            }
        }
    }

    /// What AppFlow is to have read, once everything is done.
    fn wanted_revision(&self) -> String {
        let found = self.observed.function.as_ref().filter(|_| !self.function_is_new);
        let there = found.map(|function| function.environment.clone()).unwrap_or_default();
        let environment = match &self.settings.function {
            Some(function) => there.overlaid(&function.environment.value),
            None => there,
        };
        let sha = match (self.code, &self.observed.function) {
            (Some(code), _) => code.sha256.as_str(),
            (None, Some(function)) => function.code_sha256.as_str(),
            (None, None) => "",
        };
        revision(sha, &environment)
    }
}
