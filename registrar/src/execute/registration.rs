//! The registration's steps.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::Executor;
use crate::aws::{Registration, ServiceFailure};
use crate::error::{ErrorKind, RegistrarError};
use crate::registration::{Call, Decision, Facts, client_token, decide, explain};

/// How long a registration may take to be readable.
const READABLE_WITHIN: Duration = Duration::from_secs(30);

/// How often a label is tried that is said to be taken, though nothing is registered under it.
const TRIES_OF_A_FREE_LABEL: u32 = 3;

/// Who holds a label.
enum Holder {
    /// Our function is registered under it.
    Us,
    /// Nothing is registered under it.
    Nobody,
}

impl Executor<'_> {
    /// Registers or renews, deciding about each failure by what it means.
    pub(super) async fn register(&mut self, call: Call, wanted: &Registration) -> Result<(), RegistrarError> {
        let mut call = call;
        let mut attempt = 0;
        let mut pause = Duration::from_secs(1);
        let mut has_switched = false;
        let mut answer_was_lost = false;
        let mut last: Option<(Call, ServiceFailure)> = None;
        let mut times_seen: BTreeMap<Option<String>, u32> = BTreeMap::new();
        loop {
            self.interrupt.check()?;
            if let Some((failed, failure)) = last.take().filter(|_| Instant::now() > self.deadline) {
                return Err(explain(failed, failure, wanted));
            }
            let says = self.memory.says.as_ref().map_or("", |says| says.digest.as_str());
            let token = client_token(self.run, call, wanted, says, attempt);
            let sent = match call {
                Call::Register => self.aws.appflow.register(wanted, &token).await,
                Call::Update => self.aws.appflow.update_registration(wanted, &token).await,
            };
            let failure = match sent {
                Ok(arn) => {
                    self.memory.connector_arn = arn;
                    return Ok(());
                }
                Err(failure) => failure,
            };
            let seen = times_seen.entry(failure.code.clone()).or_insert(0);
            *seen += 1;
            answer_was_lost |= failure.is_ambiguous();
            let facts = Facts { has_switched, answer_was_lost, ..self.facts(*seen) };
            let reason = match decide(call, &failure, &facts) {
                Decision::Fail => return Err(explain(call, failure, wanted)),
                Decision::RegisterInstead => {
                    (has_switched, answer_was_lost, last) = (true, false, Some((call, failure)));
                    (call, attempt) = (Call::Register, attempt + 1);
                    continue;
                }
                Decision::LookAgain => match self.holder(wanted, &failure).await? {
                    Holder::Us if answer_was_lost => return Ok(()),
                    Holder::Us => {
                        (has_switched, last) = (true, Some((call, failure)));
                        (call, attempt) = (Call::Update, attempt + 1);
                        continue;
                    }
                    Holder::Nobody if *times_seen.entry(failure.code.clone()).or_default() < TRIES_OF_A_FREE_LABEL => {
                        attempt += 1;
                        "the label is taken, though nothing is registered under it"
                    }
                    Holder::Nobody => return Err(explain(call, failure, wanted)),
                },
                Decision::SendSameAgain(reason) => reason,
                Decision::SendNewAgain(reason) => {
                    attempt += 1;
                    reason
                }
            };
            if Instant::now() + pause > self.deadline {
                return Err(explain(call, failure, wanted));
            }
            (self.waiting())(&format!("{reason} ({failure})"));
            self.interrupt.sleep(crate::retry::jittered(pause)).await?;
            pause = (pause * 2).min(Duration::from_secs(15));
            last = Some((call, failure));
        }
    }

    fn facts(&self, times_seen: u32) -> Facts {
        Facts {
            permission_age: self.memory.permission_added.map(|added| added.elapsed()),
            function_age: self.memory.function_created.map(|created| created.elapsed()),
            smoke_test_passed: self.memory.smoke_test_passed,
            times_seen,
            ..Facts::default()
        }
    }

    /// The label is taken: by whom. It may be ourselves, in a call whose answer was lost.
    async fn holder(&mut self, wanted: &Registration, conflict: &ServiceFailure) -> Result<Holder, RegistrarError> {
        let label = &wanted.label;
        let found = self.aws.appflow.registration(label).await.map_err(|failure| {
            failure.during(format!("could not read the registration of {label} that is in the way"))
        })?;
        let Some(found) = found else { return Ok(Holder::Nobody) };
        if found.lambda_arn.as_ref() == Some(&wanted.lambda_arn) {
            self.memory.connector_arn = found.arn;
            return Ok(Holder::Us);
        }
        let whose = found.lambda_arn.as_deref().unwrap_or("something that is no Lambda connector");
        let message = format!("the label {label} was registered for {whose} meanwhile");
        Err(RegistrarError::new(ErrorKind::Foreign, message)
            .with_request_id(conflict.request_id.clone())
            .with_source(conflict.clone())
            .with_hint("take the label over with --adopt, or choose another one with --label"))
    }

    /// Reads the registration back. Last writer wins in AppFlow, so this is where a race is found.
    pub(super) async fn verify(&mut self, wanted: &Registration) -> Result<(), RegistrarError> {
        let label = &wanted.label;
        let deadline = self.patience(READABLE_WITHIN).deadline;
        loop {
            let found = self
                .aws
                .appflow
                .registration(label)
                .await
                .map_err(|failure| failure.during(format!("could not read the registration of {label} back")))?;
            let difference = match found {
                None => "nothing is registered".to_owned(),
                Some(found) if found.lambda_arn.as_ref() != Some(&wanted.lambda_arn) => {
                    format!(
                        "it is registered for {}",
                        found.lambda_arn.as_deref().unwrap_or("another kind of connector")
                    )
                }
                Some(found) if wanted.description.is_some() && found.description != wanted.description => {
                    "it has another description".to_owned()
                }
                Some(found) => {
                    let difference = self.shown_otherwise(&found);
                    if difference.is_none() || Instant::now() > deadline {
                        self.note_unshown(&found);
                        self.memory.connector_arn = found.arn.or(self.memory.connector_arn.take());
                        return Ok(());
                    }
                    difference.unwrap_or_default()
                }
            };
            if Instant::now() > deadline {
                let message = format!("the registration of {label} is not as it was sent: {difference}");
                return Err(RegistrarError::new(ErrorKind::Conflict, message)
                    .with_hint("somebody else may have changed it; run again to put it right"));
            }
            (self.waiting())(&difference);
            self.interrupt.sleep(Duration::from_secs(1)).await?;
        }
    }
}
