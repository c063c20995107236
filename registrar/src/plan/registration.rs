//! The registration: made, renewed when AppFlow would see a difference, or left alone.
//!
//! What decides is what the connector says of itself, not its code. If that cannot be known before the code is deployed, the
//! plan compares in between, and the steps behind are taken only if they are needed.

use super::{Change, Planner, RowState, Subject};
use crate::aws::Registration;
use crate::configuration::{Difference, unmarked};
use crate::error::ErrorKind;
use crate::observed::{REGISTRATION_PENDING, Record, RegisteredConnector, Said, owner, registered_tag};
use crate::step::{Comparison, Step};

/// What a registration that was found calls for.
#[derive(Debug, Default)]
struct Judgement {
    reasons: Vec<&'static str>,
    changes: Vec<Change>,
    /// What AppFlow is known to show otherwise for good.
    unshown: String,
    /// Whether it is known what the connector says of itself.
    is_known: bool,
}

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
                self.smoke_test("AppFlow will ask the same");
                self.invalidate();
                let step = Step::RegisterConnector { registration: registration.clone() };
                self.step(step, "nothing is registered under this label", Vec::new());
                self.verify(registration);
                self.remember(String::new());
            }
            Some(found) => self.found_registration(registration, found),
        }
    }

    fn found_registration(&mut self, wanted: Registration, found: &RegisteredConnector) {
        let label = wanted.label.clone();
        let Some(Judgement { reasons, changes, mut unshown, is_known }) = self.judge(&wanted, found) else { return };
        let record = self.record();
        let version = found.configuration.version().unwrap_or("unknown");
        if reasons.is_empty() && is_known {
            self.row(Subject::Registration, RowState::InSync, format!("{label}, version {version}"));
            let is_stale = record.is_some_and(|record| record.revision != self.wanted_revision());
            if is_stale || self.function_changes {
                self.smoke_test(if self.function_changes {
                    "the function changes"
                } else {
                    "AppFlow will ask the same"
                });
                self.reset_metadata("entities and fields may be others than AppFlow remembers");
                self.remember(unshown);
            }
            return;
        }
        if reasons.is_empty() {
            let (state, detail) = match &self.observed.says {
                Said::Unknown(why) | Said::Broken(why) if !self.function_changes => {
                    (RowState::Unknown, format!(": {why}"))
                }
                _ => (RowState::InSync, format!(", version {version}, so far as it is known now")),
            };
            self.row(Subject::Registration, state, format!("{label}{detail}"));
            self.compare(&wanted, record, found, &unshown);
            return;
        }
        let reason = reasons.join(", ");
        self.row(Subject::Registration, RowState::Differs, format!("{label}: {reason}"));
        self.smoke_test("AppFlow will ask the same");
        if !is_known {
            self.step(self.comparison(record, found), "nothing may break unnoticed", Vec::new());
            unshown.clear();
        }
        self.invalidate();
        self.step(Step::UpdateRegistration { registration: wanted.clone() }, reason, changes);
        self.verify(wanted);
        self.reset_metadata("entities and fields may be others than AppFlow remembers");
        self.remember(unshown);
    }

    /// Why the registration has to be renewed, if it has to; none if it is not ours to renew.
    fn judge(&mut self, wanted: &Registration, found: &RegisteredConnector) -> Option<Judgement> {
        let mut judgement = Judgement::default();
        self.judge_function(wanted, found, &mut judgement)?;
        if wanted.description.is_some() && wanted.description != found.description {
            judgement.reasons.push("the description differs");
            let (from, to) = (found.description.as_deref(), wanted.description.as_deref());
            judgement.changes.push(Change::new("description", from, to));
        }
        let record = self.record();
        judgement.unshown = record.as_ref().map(|record| record.unshown.clone()).unwrap_or_default();
        let says = if self.function_changes { &self.observed.will_say } else { &self.observed.says };
        let Some(says) = says.known() else { return Some(judgement) };
        judgement.is_known = true;
        let differences = unmarked(found.configuration.differences(&says.configuration), &judgement.unshown);
        let is_shown_otherwise = !differences.is_empty();
        match &record {
            None if self.is_being_registered() => {
                judgement.reasons.push("an earlier run may have ended before it recorded what AppFlow read");
            }
            None => judgement.reasons.push("it is not recorded what AppFlow read"),
            Some(record) if record.said != says.digest && !is_shown_otherwise => {
                judgement.reasons.push("the connector describes itself otherwise, in what AppFlow does not show");
            }
            Some(_) => {}
        }
        if is_shown_otherwise {
            judgement.reasons.push("AppFlow holds another description of the connector than it gives of itself");
            judgement.changes.extend(differences.iter().map(Change::from));
            let breaking: Vec<_> = differences.into_iter().filter(|difference| difference.breaks.is_some()).collect();
            self.refuse_breaking(&breaking);
        }
        Some(judgement)
    }

    /// Whose function is registered under the label.
    fn judge_function(
        &mut self,
        wanted: &Registration,
        found: &RegisteredConnector,
        judgement: &mut Judgement,
    ) -> Option<()> {
        let label = &wanted.label;
        let Some(registered_arn) = &found.lambda_arn else {
            self.row(Subject::Registration, RowState::Foreign, format!("{label} is no custom connector on Lambda"));
            self.refuse(
                format!("the label {label} belongs to something that is no custom connector on Lambda"),
                "choose another label with --label",
            );
            return None;
        };
        if *registered_arn == wanted.lambda_arn {
            return Some(());
        }
        let is_ours = self.observed.other_function_label.as_ref() == Some(&owner(label));
        if !is_ours && !self.settings.adopt {
            self.row(Subject::Registration, RowState::Foreign, format!("{label}, registered for {registered_arn}"));
            self.refuse(
                format!("the label {label} is registered for another function, {registered_arn}"),
                "take the label over with --adopt, or choose another one with --label",
            );
            return None;
        }
        judgement.reasons.push("it is registered for another function");
        judgement.changes.push(Change::new("lambdaArn", Some(registered_arn), Some(&wanted.lambda_arn)));
        Some(())
    }

    /// The steps behind the comparison are taken only if it finds a difference.
    fn compare(&mut self, wanted: &Registration, record: Option<Record>, found: &RegisteredConnector, unshown: &str) {
        self.smoke_test("AppFlow will ask the same");
        self.step(self.comparison(record, found), "only the deployed function can say it", Vec::new());
        let first = self.plan.steps.len();
        self.invalidate();
        let step = Step::UpdateRegistration { registration: wanted.clone() };
        self.step(step, "AppFlow must hold what the connector says of itself", Vec::new());
        self.verify(wanted.clone());
        for step in &mut self.plan.steps[first..] {
            step.is_conditional = true;
        }
        self.reset_metadata("entities and fields may be others than AppFlow remembers");
        self.remember(unshown.to_owned());
    }

    fn comparison(&self, record: Option<Record>, found: &RegisteredConnector) -> Step {
        Step::CompareConfiguration {
            function: self.settings.function_name.value.clone(),
            comparison: Comparison {
                held: found.configuration.clone(),
                record,
                allow_breaking: self.settings.allow_breaking,
            },
        }
    }

    /// Nothing breaks where no connection exists: a flow needs one.
    fn refuse_breaking(&mut self, breaking: &[Difference]) {
        if breaking.is_empty() || self.settings.allow_breaking {
            return;
        }
        match self.observed.connections.as_deref() {
            None => self.plan.needs_connections = true,
            Some([]) => {}
            Some(connections) => {
                let (message, hint) = breaking_change(breaking, connections);
                self.refuse_as(ErrorKind::Breaking, message, hint);
            }
        }
    }

    fn tag(&self) -> Option<&String> {
        let function = self.observed.function.as_ref().filter(|_| !self.function_is_new)?;
        function.tags.get(&registered_tag(&self.settings.label.value))
    }

    /// What is recorded of the last registration, unless it was on a function that is made again.
    fn record(&self) -> Option<Record> {
        self.tag().and_then(|tag| Record::read(tag))
    }

    fn is_being_registered(&self) -> bool {
        self.tag().is_some_and(|tag| tag == REGISTRATION_PENDING)
    }

    fn smoke_test(&mut self, reason: &str) {
        let function = self.settings.function_name.value.clone();
        // What was tried on this machine must be what is deployed.
        let tried = if self.function_changes { self.observed.will_say.known() } else { None };
        let digest = tried.map(|said| said.digest.clone());
        self.step(Step::SmokeTest { function, digest }, reason, Vec::new());
    }

    /// What is recorded must not be trusted any more from when AppFlow may read anew until that is verified.
    fn invalidate(&mut self) {
        if self.record().is_none() {
            return;
        }
        let function = self.plan.function_arn.clone();
        let step = Step::InvalidateRegistration { function, label: self.settings.label.value.clone() };
        self.step(step, "what is recorded no longer counts if this run is cut short", Vec::new());
    }

    fn verify(&mut self, registration: Registration) {
        self.step(Step::Verify { registration }, "what AppFlow holds must be what was sent", Vec::new());
    }

    fn reset_metadata(&mut self, reason: &str) {
        let label = self.settings.label.value.clone();
        self.step(Step::ResetMetadata { label }, reason, Vec::new());
    }

    fn remember(&mut self, unshown: String) {
        let step = Step::RecordRegistration {
            function: self.plan.function_arn.clone(),
            label: self.settings.label.value.clone(),
            revision: self.wanted_revision(),
            unshown,
        };
        self.step(step, "so that the next run knows what AppFlow read", Vec::new());
    }
}

/// Says what would break, for whom, and the ways out.
#[must_use]
pub(crate) fn breaking_change(breaking: &[Difference], connections: &[String]) -> (String, String) {
    let lines: Vec<_> = breaking
        .iter()
        .map(|difference| {
            let Difference { property, from, to, breaks } = difference;
            let (from, to) = (from.as_deref().unwrap_or("(none)"), to.as_deref().unwrap_or("(gone)"));
            format!("\n  {property}: {from} -> {to}: {}", breaks.unwrap_or_default())
        })
        .collect();
    let message = format!(
        "the connector changes in a way that breaks what uses its connections {}:{}",
        connections.join(", "),
        lines.concat()
    );
    let hint = "keep what they depend on, or register the new connector under another label; --allow-breaking goes on all \
                the same, and these connections and their flows must then be made anew";
    (message, hint.to_owned())
}
