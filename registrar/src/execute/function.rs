//! The function's steps.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::{Executor, FUNCTION_APPEARS_WITHIN, ROLE_SPREADS_WITHIN};
use crate::ask::Asker;
use crate::aws::{Configuration, NewFunction, ServiceFailure};
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::observed::{FunctionStatus, LABEL_TAG, REGISTERED_TAG, owner};
use crate::retry::{Patience, Verdict, retry};
use crate::wait::{Goal, until_ready};

/// How often a write is repeated because somebody else changed the function in between.
const ROUNDS_WITH_OTHERS: u32 = 2;

impl Executor<'_> {
    /// Lambda cannot use the role: worth waiting if the role changed a moment ago.
    fn with_young_role(&self) -> impl Fn(&ServiceFailure) -> Verdict + use<> {
        let changed = self.memory.role_changed;
        move |failure| {
            let is_young = changed.is_some_and(|changed| changed.elapsed() < ROLE_SPREADS_WITHIN);
            if is_young && failure.is_role_not_ready() {
                Verdict::Retry("Lambda cannot use the new role yet")
            } else {
                Verdict::Stop
            }
        }
    }

    pub(super) async fn delete_failed_function(&mut self, function: &str) -> Result<(), RegistrarError> {
        let lambda = &self.aws.lambda;
        // While Lambda cleans up, even a deletion is answered with a conflict.
        let busy = |failure: &ServiceFailure| match failure.code.as_deref() {
            Some("ResourceConflictException") => Verdict::Retry("Lambda is still cleaning up"),
            _ => Verdict::Stop,
        };
        match retry(&self.patience(ROLE_SPREADS_WITHIN), async || lambda.delete(function).await, busy, self.waiting())
            .await
        {
            Ok(()) => Ok(()),
            Err(crate::retry::Stopped::Failed(failure)) if failure.is_not_found() => Ok(()),
            Err(stopped) => Err(stopped.during(format!("could not delete the failed function {function}"))),
        }
    }

    pub(super) async fn create_function(
        &mut self,
        function: &str,
        configuration: &Configuration,
        architecture: &str,
        code_sha256: &str,
    ) -> Result<(), RegistrarError> {
        let artefact = self.artefact(code_sha256)?;
        let tags = BTreeMap::from([(LABEL_TAG.to_owned(), owner(&self.label))]);
        let new = NewFunction { name: function, configuration, architecture, zip: &artefact.zip, tags };
        let lambda = &self.aws.lambda;
        let patience = self.patience(ROLE_SPREADS_WITHIN);
        let created =
            retry(&patience, async || lambda.create(&new).await, self.with_young_role(), self.waiting()).await;
        match created {
            Ok(()) => {}
            Err(crate::retry::Stopped::Failed(failure)) if failure.already_exists() => {
                self.recognise(function, code_sha256, failure).await?;
            }
            Err(stopped) => return Err(stopped.during(format!("could not create the function {function}"))),
        }
        self.memory.function_created = Some(Instant::now());
        Ok(())
    }

    /// The function is there already: fine if the reply to our own call was lost.
    async fn recognise(&self, name: &str, sha256: &str, failure: ServiceFailure) -> Result<(), RegistrarError> {
        let found =
            self.aws.lambda.function(name).await.map_err(|failure| {
                failure.during(format!("could not read the function {name} that appeared meanwhile"))
            })?;
        let is_ours = found
            .is_some_and(|found| found.tags.get(LABEL_TAG) == Some(&owner(&self.label)) && found.code_sha256 == sha256);
        if is_ours {
            return Ok(());
        }
        Err(RegistrarError::new(
            ErrorKind::Conflict,
            format!("the function {name} was made by somebody else meanwhile"),
        )
        .with_source(failure)
        .with_hint("run again to see the plan"))
    }

    pub(super) async fn adopt_function(&mut self, arn: &str) -> Result<(), RegistrarError> {
        let tagged = self.aws.lambda.tag(arn, LABEL_TAG, &owner(&self.label)).await;
        tagged.map_err(|failure| failure.during(format!("could not take over the function {arn}")))
    }

    pub(super) async fn update_configuration(
        &mut self,
        function: &str,
        wanted: &Configuration,
    ) -> Result<(), RegistrarError> {
        let lambda = &self.aws.lambda;
        let doing = format!("could not update the configuration of the function {function}");
        self.change(function, &doing, async |revision| lambda.update_configuration(function, wanted, revision).await)
            .await
    }

    pub(super) async fn update_code(
        &mut self,
        function: &str,
        architecture: &str,
        code_sha256: &str,
    ) -> Result<(), RegistrarError> {
        let lambda = &self.aws.lambda;
        let zip = &self.artefact(code_sha256)?.zip;
        let doing = format!("could not update the code of the function {function}");
        self.change(function, &doing, async |revision| lambda.update_code(function, zip, architecture, revision).await)
            .await
    }

    /// Waits until the function may be changed, then changes it unless somebody else did since it was read.
    ///
    /// The revision comes from the read at the end of the wait: one kept from the reply to an update is stale as soon
    /// as the update's asynchronous part ends.
    async fn change(
        &self,
        function: &str,
        doing: &str,
        write: impl AsyncFn(Option<String>) -> Result<(), ServiceFailure>,
    ) -> Result<(), RegistrarError> {
        let mut rounds_with_others = 0;
        loop {
            let status = self.wait_ready(function, Goal::Change).await?;
            let revision = status.revision_id;
            let patience = self.patience(ROLE_SPREADS_WITHIN);
            let call = async || write(revision.clone()).await;
            match retry(&patience, call, self.with_young_role(), self.waiting()).await {
                Ok(()) => return Ok(()),
                Err(crate::retry::Stopped::Failed(failure)) => {
                    if failure.is_stale_revision() && rounds_with_others < ROUNDS_WITH_OTHERS {
                        rounds_with_others += 1;
                    } else if !(failure.is_function_busy() && Instant::now() < self.deadline) {
                        return Err(failure.during(doing));
                    }
                    self.report.event(&Event::Waiting("somebody else changes the function"));
                    self.interrupt.sleep(crate::retry::jittered(std::time::Duration::from_secs(1))).await?;
                }
                Err(stopped) => return Err(stopped.during(doing)),
            }
        }
    }

    pub(super) async fn wait_ready(&self, function: &str, goal: Goal) -> Result<FunctionStatus, RegistrarError> {
        let lambda = &self.aws.lambda;
        let created = self.memory.function_created;
        let look = async || match lambda.status(function).await {
            // Right after creation some of Lambda's readers do not know the function yet.
            Err(failure) if failure.is_not_found() && is_recent(created) => Ok(FunctionStatus {
                state: Some("Pending".to_owned()),
                state_reason_code: Some("NotVisibleYet".to_owned()),
                ..FunctionStatus::default()
            }),
            other => other,
        };
        until_ready(function, goal, self.deadline, self.interrupt, look, self.waiting()).await
    }

    pub(super) async fn smoke_test(&mut self, function: &str) -> Result<(), RegistrarError> {
        let asker = Asker::new(&self.aws.lambda, function);
        let patience =
            Patience { deadline: self.patience(FUNCTION_APPEARS_WITHIN).deadline, interrupt: self.interrupt };
        let configuration = asker.configuration_when_invocable(&patience, self.waiting()).await?;
        if configuration.connector_modes.is_empty() {
            return Err(RegistrarError::new(
                ErrorKind::Connector,
                format!("the connector in {function} offers no mode, so AppFlow could not use it"),
            )
            .with_hint("its configuration must name SOURCE, DESTINATION or both in connectorModes"));
        }
        self.memory.smoke_test_passed = true;
        let (name, version) = (&configuration.connector_name, &configuration.connector_version);
        self.report.event(&Event::Detail(&format!("  it is {name} {version}")));
        Ok(())
    }

    pub(super) async fn record_registration(&mut self, arn: &str, revision: &str) -> Result<(), RegistrarError> {
        let tagged = self.aws.lambda.tag(arn, REGISTERED_TAG, revision).await;
        tagged.map_err(|failure| failure.during(format!("could not note on {arn} what was registered")))
    }
}

fn is_recent(created: Option<Instant>) -> bool {
    created.is_some_and(|created| created.elapsed() < FUNCTION_APPEARS_WITHIN)
}
