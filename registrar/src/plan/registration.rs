//! The registration: made, renewed when AppFlow would see a difference, or left alone.

use super::{Change, Planner, RowState, Subject};
use crate::aws::Registration;
use crate::observed::{REGISTRATION_PENDING, RegisteredConnector, owner, registered_tag};
use crate::step::Step;

impl Planner<'_> {
    pub(super) fn registration(&mut self) {
        let registration = Registration {
            label: self.settings.label.value.clone(),
            description: self.settings.description.value.clone(),
            lambda_arn: self.plan.function_arn.clone(),
        };
        match &self.observed.registration {
            None => {
                self.row(Subject::Registration, RowState::Missing, registration.label.clone());
                self.prepare(&registration);
                let step = Step::RegisterConnector { registration: registration.clone() };
                self.step(step, "nothing is registered under this label", Vec::new());
                self.conclude(registration);
            }
            Some(found) => self.found_registration(registration, found),
        }
    }

    fn found_registration(&mut self, wanted: Registration, found: &RegisteredConnector) {
        let label = wanted.label.clone();
        let Some(registered_arn) = &found.lambda_arn else {
            self.row(Subject::Registration, RowState::Foreign, format!("{label} is no custom connector on Lambda"));
            self.refuse(
                format!("the label {label} belongs to something that is no custom connector on Lambda"),
                "choose another label with --label",
            );
            return;
        };
        let mut reasons = Vec::new();
        let mut changes = Vec::new();
        if *registered_arn != wanted.lambda_arn {
            let is_ours = self.observed.other_function_label.as_ref() == Some(&owner(&label));
            if !is_ours && !self.settings.adopt {
                self.row(Subject::Registration, RowState::Foreign, format!("{label}, registered for {registered_arn}"));
                self.refuse(
                    format!("the label {label} is registered for another function, {registered_arn}"),
                    "take the label over with --adopt, or choose another one with --label",
                );
                return;
            }
            reasons.push("it is registered for another function");
            changes.push(Change::new("lambdaArn", Some(registered_arn), Some(&wanted.lambda_arn)));
        }
        if wanted.description.is_some() && wanted.description != found.description {
            reasons.push("the description differs");
            changes.push(Change::new("description", found.description.as_deref(), wanted.description.as_deref()));
        }
        let revision = self.wanted_revision();
        let recorded = self.recorded_revision();
        if recorded.as_ref() != Some(&revision) {
            reasons.push(match recorded.as_deref() {
                Some(REGISTRATION_PENDING) => {
                    "an earlier run may have ended before it recorded which revision AppFlow read"
                }
                Some(_) => "AppFlow read another revision of the function",
                None => "it is not recorded which revision AppFlow read",
            });
            changes.push(Change::new("revision", recorded.as_deref(), Some(&revision)));
        }
        let version = found.version.as_deref().unwrap_or("unknown");
        if reasons.is_empty() {
            self.row(Subject::Registration, RowState::InSync, format!("{label}, version {version}"));
            if self.function_changes {
                self.smoke_test("the function changes");
            }
            return;
        }
        let reason = reasons.join(", ");
        self.row(Subject::Registration, RowState::Differs, format!("{label}: {reason}"));
        self.prepare(&wanted);
        self.step(Step::UpdateRegistration { registration: wanted.clone() }, reason, changes);
        self.conclude(wanted);
    }

    /// The revision recorded at the last registration, unless it was on a function that is made again.
    fn recorded_revision(&self) -> Option<String> {
        let function = self.observed.function.as_ref().filter(|_| !self.function_is_new)?;
        function.tags.get(&registered_tag(&self.settings.label.value)).cloned()
    }

    fn smoke_test(&mut self, reason: &str) {
        let function = self.settings.function_name.value.clone();
        self.step(Step::SmokeTest { function }, reason, Vec::new());
    }

    /// What comes before AppFlow reads the function.
    fn prepare(&mut self, registration: &Registration) {
        self.smoke_test("AppFlow will ask the same");
        if self.recorded_revision().is_none_or(|recorded| recorded == REGISTRATION_PENDING) {
            return;
        }
        let Registration { label, lambda_arn, .. } = registration;
        let step = Step::InvalidateRegistration { function: lambda_arn.clone(), label: label.clone() };
        self.step(step, "the recorded revision no longer counts if this run is cut short", Vec::new());
    }

    fn conclude(&mut self, registration: Registration) {
        let (function, label) = (registration.lambda_arn.clone(), registration.label.clone());
        self.step(Step::Verify { registration }, "what AppFlow holds must be what was sent", Vec::new());
        let revision = self.wanted_revision();
        let step = Step::RecordRegistration { function, label, revision };
        self.step(step, "so that the next run knows what AppFlow read", Vec::new());
    }
}
