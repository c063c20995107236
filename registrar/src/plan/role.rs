//! The role: made, marked, trusted by Lambda, allowed to log and to read the secrets of its connections.

use super::{Change, Planner, RowState, Subject};
use crate::attachments::TRACING_ACTIVE;
use crate::observed::{LABEL_TAG, Role, owner};
use crate::policy;
use crate::settings::RoleSettings;
use crate::step::Step;

impl Planner<'_> {
    pub(super) fn role(&mut self) {
        let Some(function) = &self.settings.function else { return };
        match &function.role {
            RoleSettings::Existing(arn) => {
                self.row(Subject::Role, RowState::Unknown, format!("{} (used as it is)", arn.value));
            }
            RoleSettings::Ours(name) => match &self.observed.role {
                None => self.missing_role(&name.value),
                Some(role) => self.found_role(&name.value, role),
            },
        }
    }

    fn missing_role(&mut self, name: &str) {
        self.row(Subject::Role, RowState::Missing, name);
        let trust = policy::trust();
        self.step(Step::CreateRole { role: name.to_owned(), trust }, "there is no such role", Vec::new());
        self.attach_policies(name, &[]);
        self.put_secret_policy(name, "the role is new");
    }

    fn found_role(&mut self, name: &str, role: &Role) {
        let us = owner(&self.settings.label.value);
        let owner = role.tags.get(LABEL_TAG);
        let is_ours = owner == Some(&us);
        if !is_ours && !self.settings.adopt {
            let whose = owner.map_or_else(|| "made by somebody else".to_owned(), |owner| format!("made for {owner:?}"));
            self.row(Subject::Role, RowState::Foreign, format!("{name}, {whose}"));
            self.refuse(
                format!("the role {name} was {whose}"),
                "take it over with --adopt, use it as it is with --role-arn, or choose another name with --role-name",
            );
            return;
        }
        let before = self.plan.steps.len();
        if !is_ours {
            let change = Change::new(LABEL_TAG, owner.map(String::as_str), Some(&us));
            self.step(Step::AdoptRole { role: name.to_owned() }, "--adopt", vec![change]);
        }
        let trust = policy::trust();
        if role.trust.as_ref() != Some(&trust) {
            let from = role.trust.as_ref().map(ToString::to_string);
            let change = Change::new("trust policy", from.as_deref(), Some(&trust.to_string()));
            self.step(Step::UpdateTrust { role: name.to_owned(), trust }, "the trust policy differs", vec![change]);
        }
        self.attach_policies(name, &role.attached);
        if role.inline.as_ref() != Some(&self.secrets_policy()) {
            let reason = if role.inline.is_some() { "the policy differs" } else { "the policy is missing" };
            self.put_secret_policy(name, reason);
        }
        let state = if self.plan.steps.len() == before { RowState::InSync } else { RowState::Differs };
        self.row(Subject::Role, state, name);
    }

    /// Attaches the managed policies that the function needs and the role does not have. None is taken away: whoever
    /// attached another one had a reason.
    fn attach_policies(&mut self, name: &str, attached: &[String]) {
        let partition = &self.observed.partition;
        let extras = self.settings.function.as_ref().map(|function| &function.extras);
        let network = extras.and_then(|extras| extras.network.as_ref());
        let tracing = extras.and_then(|extras| extras.tracing.as_ref());
        let needed = [
            Some((policy::logging_policy_arn(partition), "the function must be able to write its log")),
            network
                .filter(|network| !network.value.is_empty())
                .map(|_| (policy::network_policy_arn(partition), "the function must be able to join its network")),
            tracing
                .filter(|mode| mode.value == TRACING_ACTIVE)
                .map(|_| (policy::tracing_policy_arn(partition), "the function must be able to send its traces")),
        ];
        for (policy_arn, reason) in needed.into_iter().flatten().filter(|(arn, _)| !attached.contains(arn)) {
            let change = Change::new("attached policies", None, Some(&policy_arn));
            let step = Step::AttachPolicy { role: name.to_owned(), policy_arn };
            self.step(step, reason, vec![change]);
        }
    }

    fn put_secret_policy(&mut self, name: &str, reason: &str) {
        let policy = self.secrets_policy();
        let from = self.observed.role.as_ref().and_then(|role| role.inline.as_ref()).map(ToString::to_string);
        let change = Change::new("secrets policy", from.as_deref(), Some(&policy.to_string()));
        self.step(Step::PutSecretPolicy { role: name.to_owned(), policy }, reason, vec![change]);
    }

    fn secrets_policy(&self) -> serde_json::Value {
        let observed = self.observed;
        policy::secrets(&observed.partition, &observed.region, &observed.account, &self.settings.label.value)
    }
}
