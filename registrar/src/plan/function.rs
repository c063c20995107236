//! The function: made or updated, its configuration before its code, each followed by a wait.

use super::{Change, Planner, RowState, Subject, WantedCode};
use crate::attachments::Attachments;
use crate::aws::Configuration;
use crate::observed::{Function, LABEL_TAG, owner};
use crate::settings::{FunctionSettings, HANDLER, RUNTIME};
use crate::step::Step;
use crate::wait::{Readiness, classify};

impl Planner<'_> {
    pub(super) fn function(&mut self) {
        match (&self.settings.function, &self.observed.function) {
            (None, None) => self.absent_function(),
            (None, Some(function)) => self.function_of_others(function),
            (Some(wanted), None) => self.missing_function(wanted),
            (Some(wanted), Some(function)) => self.found_function(wanted, function),
        }
    }

    fn name(&self) -> String {
        self.settings.function_name.value.clone()
    }

    /// Somebody else deploys the function, but has not.
    fn absent_function(&mut self) {
        let name = self.name();
        self.row(Subject::Function, RowState::Missing, name.clone());
        self.refuse(
            format!("there is no function {name} in {}", self.observed.region),
            "deploy it first, or let \"registrar deploy\" make it",
        );
    }

    /// Somebody else deploys the function: it only has to be ready.
    fn function_of_others(&mut self, function: &Function) {
        let name = self.name();
        if matches!(classify(&function.status), Readiness::Ready | Readiness::Asleep) {
            self.row(Subject::Function, RowState::InSync, format!("{name}, deployed by other means"));
        } else {
            self.row(Subject::Function, RowState::Differs, format!("{name} is not ready"));
            self.wait("the function is not ready");
        }
    }

    fn missing_function(&mut self, wanted: &FunctionSettings) {
        let name = self.name();
        self.row(Subject::Function, RowState::Missing, name.clone());
        match self.code {
            Some(code) => {
                self.row(Subject::Code, RowState::Missing, size(code));
                self.create(wanted, code, "there is no such function");
            }
            None => self.row(Subject::Code, RowState::Unknown, "not built"),
        }
        self.log_retention(wanted);
    }

    fn create(&mut self, wanted: &FunctionSettings, code: &WantedCode, reason: &str) {
        self.upload(code);
        let step = Step::CreateFunction {
            function: self.name(),
            configuration: self.configuration(wanted, None),
            architecture: wanted.architecture.value.clone(),
            code_sha256: code.sha256.clone(),
            upload: code.upload.clone(),
            tags: Self::tags_of_new(wanted),
        };
        self.step(step, reason, Vec::new());
        self.function_is_new = true;
        self.function_changes = true;
        self.wait("a new function is pending at first");
    }

    /// Stores code that is too large to send along where Lambda fetches it.
    fn upload(&mut self, code: &WantedCode) {
        if let Some(upload) = code.upload.clone() {
            let change = Change::new("object", None, Some(&upload.key));
            let step = Step::UploadArtefact { upload, code_sha256: code.sha256.clone() };
            self.step(step, "the code is too large to send along", vec![change]);
        }
    }

    fn wait(&mut self, reason: &str) {
        let function = self.name();
        self.step(Step::WaitReady { function }, reason, Vec::new());
    }

    pub(super) fn configuration(&self, wanted: &FunctionSettings, found: Option<&Function>) -> Configuration {
        let there = found.map(|function| function.environment.clone()).unwrap_or_default();
        let mut attachments = found.map(|function| function.attachments.clone()).unwrap_or_default();
        let extras = &wanted.extras;
        if let Some(network) = &extras.network {
            attachments.network = network.value.clone();
        }
        if let Some(layers) = &extras.layers {
            attachments.layers.clone_from(&layers.value);
        }
        if let Some(tracing) = &extras.tracing {
            attachments.tracing = Some(tracing.value.clone());
        }
        if let Some(key) = &extras.kms_key {
            attachments.kms_key = Some(key.value.clone()).filter(|key| !key.is_empty());
        }
        Configuration {
            role: self.role_arn(&wanted.role),
            runtime: RUNTIME.to_owned(),
            handler: HANDLER.to_owned(),
            memory: wanted.memory.value,
            timeout: wanted.timeout.value,
            environment: there.overlaid(&wanted.environment.value),
            attachments,
        }
    }

    fn found_function(&mut self, wanted: &FunctionSettings, function: &Function) {
        let name = self.name();
        let us = owner(&self.settings.label.value);
        let owner = function.tags.get(LABEL_TAG);
        let is_ours = owner == Some(&us);
        if !is_ours && !self.settings.adopt {
            let whose = owner.map_or_else(|| "made by somebody else".to_owned(), |owner| format!("made for {owner:?}"));
            self.row(Subject::Function, RowState::Foreign, format!("{name}, {whose}"));
            self.refuse(
                format!("the function {name} was {whose}"),
                "take it over with --adopt, choose another name with --function-name, or leave it alone and use \
                 \"registrar register\"",
            );
            return;
        }
        if function.status.state.as_deref() == Some("Failed") {
            self.failed_function(wanted, function);
            self.log_retention(wanted);
            return;
        }
        let before = self.plan.steps.len();
        if !is_ours {
            let change = Change::new(LABEL_TAG, owner.map(String::as_str), Some(&us));
            self.step(Step::AdoptFunction { function: function.arn.clone() }, "--adopt", vec![change]);
        }
        if classify(&function.status) == Readiness::Pending {
            self.wait("an earlier change is still in progress");
        }
        self.update_configuration(wanted, function);
        self.update_tags(wanted, function);
        let state = if self.plan.steps.len() == before { RowState::InSync } else { RowState::Differs };
        self.row(Subject::Function, state, name);
        self.update_code(wanted, function);
        self.log_retention(wanted);
    }

    /// Creation failed: such a function cannot be updated, only made again.
    fn failed_function(&mut self, wanted: &FunctionSettings, function: &Function) {
        let name = self.name();
        let why = function.status.state_reason_code.as_deref().unwrap_or("no reason given");
        self.row(Subject::Function, RowState::Differs, format!("{name} could not be created: {why}"));
        let Some(code) = self.code else {
            self.row(Subject::Code, RowState::Unknown, "not built");
            return;
        };
        self.row(Subject::Code, RowState::Missing, size(code));
        let reason = format!("its creation failed: {why}");
        self.step(Step::DeleteFailedFunction { function: name, adopt: self.settings.adopt }, reason, Vec::new());
        self.create(wanted, code, "the failed one is deleted");
    }

    fn update_configuration(&mut self, wanted: &FunctionSettings, function: &Function) {
        let configuration = self.configuration(wanted, Some(function));
        let changes = changes(function, &configuration);
        if changes.is_empty() {
            return;
        }
        let fields: Vec<_> = changes.iter().map(|change| change.field.as_str()).collect();
        let reason = format!("{} differs", fields.join(", "));
        self.function_changes |= function.environment != configuration.environment
            || function.attachments.layers != configuration.attachments.layers
            || function.attachments.network != configuration.attachments.network;
        let found = function.configuration();
        self.step(Step::UpdateConfiguration { function: self.name(), found, configuration }, reason, changes);
        self.wait("the update takes a moment");
    }

    fn update_code(&mut self, wanted: &FunctionSettings, function: &Function) {
        let Some(code) = self.code else {
            self.row(Subject::Code, RowState::Unknown, "not built");
            return;
        };
        let architecture = &wanted.architecture.value;
        let mut changes = Vec::new();
        if function.code_sha256 != code.sha256 {
            changes.push(Change::new("codeSha256", Some(&function.code_sha256), Some(&code.sha256)));
        }
        if function.architecture != *architecture {
            changes.push(Change::new("architecture", Some(&function.architecture), Some(architecture)));
        }
        let last_failed = function.status.last_update.as_deref() == Some("Failed");
        if changes.is_empty() && !last_failed {
            self.row(Subject::Code, RowState::InSync, size(code));
            return;
        }
        let reason = if changes.is_empty() {
            let why = function.status.last_update_reason_code.as_deref().unwrap_or("no reason given");
            format!("the last update failed: {why}")
        } else {
            "the code differs".to_owned()
        };
        self.row(Subject::Code, RowState::Differs, size(code));
        self.function_changes = true;
        self.upload(code);
        let step = Step::UpdateCode {
            function: self.name(),
            architecture: architecture.clone(),
            code_sha256: code.sha256.clone(),
            upload: code.upload.clone(),
        };
        self.step(step, reason, changes);
        self.wait("the update takes a moment");
    }
}

fn changes(function: &Function, wanted: &Configuration) -> Vec<Change> {
    let (memory, timeout) = (wanted.memory.to_string(), wanted.timeout.to_string());
    let (memory_there, timeout_there) = (function.memory.to_string(), function.timeout.to_string());
    let fields = [
        ("role", Some(function.role.as_str()), wanted.role.as_str()),
        ("runtime", function.runtime.as_deref(), wanted.runtime.as_str()),
        ("handler", function.handler.as_deref(), wanted.handler.as_str()),
        ("memory", Some(memory_there.as_str()), memory.as_str()),
        ("timeout", Some(timeout_there.as_str()), timeout.as_str()),
    ];
    let fields = fields.into_iter().filter(|(_, there, wanted)| *there != Some(*wanted));
    let variables = wanted.environment.iter().filter(|(name, value)| function.environment.get(name) != Some(value));
    fields
        .map(|(field, there, wanted)| Change::new(field, there, Some(wanted)))
        .chain(variables.map(|(name, _)| {
            let there = function.environment.get(name).map(|_| "(another value)");
            Change::new(format!("variable {name}"), there, Some("(a value)"))
        }))
        .chain(attachment_changes(&function.attachments, &wanted.attachments))
        .collect()
}

fn attachment_changes(there: &Attachments, wanted: &Attachments) -> impl Iterator<Item = Change> + use<> {
    fn joined<'a>(list: impl IntoIterator<Item = &'a String>) -> Option<String> {
        let text = list.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        Some(text).filter(|text| !text.is_empty())
    }
    let fields = [
        ("subnets", joined(&there.network.subnets), joined(&wanted.network.subnets)),
        ("security groups", joined(&there.network.security_groups), joined(&wanted.network.security_groups)),
        ("layers", joined(&there.layers), joined(&wanted.layers)),
        ("tracing", there.tracing.clone(), wanted.tracing.clone()),
        ("key", there.kms_key.clone(), wanted.kms_key.clone()),
    ];
    fields
        .into_iter()
        .filter(|(_, there, wanted)| there != wanted)
        .map(|(field, there, wanted)| Change::new(field, there.as_deref(), wanted.as_deref()))
}

fn size(code: &WantedCode) -> String {
    format!("{} KB, sha256 {}", code.size.div_ceil(1024), code.sha256)
}
