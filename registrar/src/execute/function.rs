//! The function's steps.

use std::time::Duration;

use tokio::time::Instant;

use super::{Executor, FUNCTION_APPEARS_WITHIN, ROLE_SPREADS_WITHIN};
use crate::ask::Asker;
use crate::aws::{Code, Configuration, NewFunction, ServiceFailure};
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::observed::{Function, FunctionStatus, LABEL_TAG, owner, registered_tag};
use crate::retry::{Patience, Verdict, retry};
use crate::wait::{Goal, Readiness, classify, until_ready};

/// How often a write of code is repeated because somebody else changed the function in between.
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

    /// Deletes it if it still is what the plan saw: it may have been made again since, by somebody else.
    pub(super) async fn delete_failed_function(&mut self, function: &str, adopt: bool) -> Result<(), RegistrarError> {
        let lambda = &self.aws.lambda;
        let us = owner(&self.label);
        let call = async || match lambda.function(function).await? {
            None => Ok(true),
            Some(found) if !is_failed_one_of(&found, &us, adopt) => Ok(false),
            Some(_) => lambda.delete(function).await.map(|()| true),
        };
        // While Lambda cleans up, even a deletion is answered with a conflict.
        let busy = |failure: &ServiceFailure| match failure.code.as_deref() {
            Some("ResourceConflictException") => Verdict::Retry("Lambda is still cleaning up"),
            _ => Verdict::Stop,
        };
        match retry(&self.patience(ROLE_SPREADS_WITHIN), call, busy, self.waiting()).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(RegistrarError::new(
                ErrorKind::Conflict,
                format!("the function {function}, which had failed and was to be deleted, changed while this ran"),
            )
            .with_hint("run again to see the plan")),
            Err(crate::retry::Stopped::Failed(failure)) if failure.is_not_found() => Ok(()),
            Err(stopped) => Err(stopped.during(format!("could not delete the failed function {function}"))),
        }
    }

    pub(super) async fn create_function(
        &mut self,
        mut new: NewFunction<'_>,
        code_sha256: &str,
    ) -> Result<(), RegistrarError> {
        let function = new.name;
        new.tags.insert(LABEL_TAG.to_owned(), owner(&self.label));
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

    /// Replaces the configuration if it still is what the plan was made from.
    ///
    /// Lambda replaces all variables at once, so a plan made before somebody else's change would undo that change. What is
    /// compared and the revision that the write depends on come from one read, right before the write.
    pub(super) async fn update_configuration(
        &mut self,
        function: &str,
        planned_from: &Configuration,
        wanted: &Configuration,
    ) -> Result<(), RegistrarError> {
        let lambda = &self.aws.lambda;
        let doing = format!("could not update the configuration of the function {function}");
        loop {
            self.wait_ready(function, Goal::Change).await?;
            let revision = match self.sight(function, planned_from, wanted).await? {
                Sight::AsPlanned(revision) => revision,
                Sight::AsWanted => return Ok(()),
                Sight::Changed => return Err(changed_meanwhile(function)),
            };
            let call = async || lambda.update_configuration(function, planned_from, wanted, revision.clone()).await;
            match retry(&self.patience(ROLE_SPREADS_WITHIN), call, self.with_young_role(), self.waiting()).await {
                Ok(()) => return Ok(()),
                Err(crate::retry::Stopped::Failed(failure)) if failure.is_stale_revision() => {
                    // Our own write, if the reply to it was lost and it was sent again.
                    return match self.sight(function, planned_from, wanted).await? {
                        Sight::AsWanted => Ok(()),
                        Sight::AsPlanned(_) | Sight::Changed => Err(changed_meanwhile(function).with_source(failure)),
                    };
                }
                Err(crate::retry::Stopped::Failed(failure))
                    if failure.is_function_busy() && Instant::now() < self.deadline =>
                {
                    self.pause_for_others().await?;
                }
                Err(stopped) => return Err(stopped.during(doing)),
            }
        }
    }

    async fn sight(
        &self,
        function: &str,
        planned_from: &Configuration,
        wanted: &Configuration,
    ) -> Result<Sight, RegistrarError> {
        let found = self.aws.lambda.function(function).await;
        let found = found.map_err(|failure| failure.during(format!("could not read the function {function}")))?;
        Ok(Sight::of(found, planned_from, wanted))
    }

    /// Replaces the code once the function may be changed, unless somebody else changed it since it was read.
    ///
    /// The revision comes from the read at the end of the wait: one kept from the reply to an update is stale as soon
    /// as the update's asynchronous part ends.
    pub(super) async fn update_code(
        &mut self,
        function: &str,
        architecture: &str,
        code: Code<'_>,
    ) -> Result<(), RegistrarError> {
        let lambda = &self.aws.lambda;
        let doing = format!("could not update the code of the function {function}");
        let mut rounds_with_others = 0;
        loop {
            let revision = self.wait_ready(function, Goal::Change).await?.revision_id;
            let call = async || lambda.update_code(function, code, architecture, revision.clone()).await;
            match retry(&self.patience(ROLE_SPREADS_WITHIN), call, self.with_young_role(), self.waiting()).await {
                Ok(()) => return Ok(()),
                Err(crate::retry::Stopped::Failed(failure)) => {
                    if failure.is_stale_revision() && rounds_with_others < ROUNDS_WITH_OTHERS {
                        rounds_with_others += 1;
                    } else if !(failure.is_function_busy() && Instant::now() < self.deadline) {
                        return Err(failure.during(doing));
                    }
                    self.pause_for_others().await?;
                }
                Err(stopped) => return Err(stopped.during(doing)),
            }
        }
    }

    pub(super) async fn pause_for_others(&self) -> Result<(), RegistrarError> {
        self.report.event(&Event::Waiting("somebody else changes the function"));
        self.interrupt.sleep(crate::retry::jittered(Duration::from_secs(1))).await
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
        let (configuration, log) = asker.configuration_when_invocable(&patience, self.waiting()).await?;
        if configuration.connector_modes.is_empty() {
            return Err(RegistrarError::new(
                ErrorKind::Connector,
                format!("the connector in {function} offers no mode, so AppFlow could not use it"),
            )
            .with_hint("its configuration must name SOURCE, DESTINATION or both in connectorModes"));
        }
        self.memory.smoke_test_passed = true;
        if let Some(warning) = log.as_deref().and_then(super::headroom::warning) {
            self.report.event(&Event::Warning(&warning));
            self.memory.warnings.push(warning);
        }
        let (name, version) = (&configuration.connector_name, &configuration.connector_version);
        self.report.event(&Event::Detail(&format!("  it is {name} {version}")));
        Ok(())
    }

    pub(super) async fn record_registration(
        &mut self,
        arn: &str,
        label: &str,
        revision: &str,
    ) -> Result<(), RegistrarError> {
        let tagged = self.aws.lambda.tag(arn, &registered_tag(label), revision).await;
        tagged.map_err(|failure| failure.during(format!("could not note on {arn} what was registered")))
    }
}

fn is_recent(created: Option<Instant>) -> bool {
    created.is_some_and(|created| created.elapsed() < FUNCTION_APPEARS_WITHIN)
}

/// Whether it is a function that could not be created, and may be deleted: because it is ours, or all the same.
fn is_failed_one_of(found: &Function, us: &String, adopt: bool) -> bool {
    let is_ours = found.tags.get(LABEL_TAG) == Some(us);
    classify(&found.status) == Readiness::CreationFailed && (is_ours || adopt)
}

/// How a function's configuration compares with a plan, right before it is to be changed.
#[derive(Debug, PartialEq, Eq)]
enum Sight {
    /// The plan was made from this; with the revision to change.
    AsPlanned(Option<String>),
    /// There is nothing left to change.
    AsWanted,
    /// Neither: somebody else changed or deleted it.
    Changed,
}

impl Sight {
    fn of(found: Option<Function>, planned_from: &Configuration, wanted: &Configuration) -> Self {
        let Some(found) = found else { return Self::Changed };
        let configuration = found.configuration();
        if configuration == *wanted {
            Self::AsWanted
        } else if configuration == *planned_from {
            Self::AsPlanned(found.status.revision_id)
        } else {
            Self::Changed
        }
    }
}

fn changed_meanwhile(function: &str) -> RegistrarError {
    RegistrarError::new(ErrorKind::Conflict, format!("the configuration of {function} changed while this ran"))
        .with_hint("run again: the new plan keeps what somebody else changed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attachments::Attachments;
    use crate::environment::FunctionEnvironment;

    fn function(state: &str, owner: Option<&str>) -> Function {
        Function {
            arn: "arn:f".to_owned(),
            role: "arn:r".to_owned(),
            runtime: Some("provided.al2023".to_owned()),
            handler: Some("bootstrap".to_owned()),
            memory: 256,
            timeout: 30,
            architecture: "arm64".to_owned(),
            environment: FunctionEnvironment::default(),
            attachments: Attachments::default(),
            code_sha256: "sha".to_owned(),
            tags: owner.map(|owner| (LABEL_TAG.to_owned(), owner.to_owned())).into_iter().collect(),
            status: FunctionStatus {
                state: Some(state.to_owned()),
                revision_id: Some("revision".to_owned()),
                ..FunctionStatus::default()
            },
        }
    }

    #[test]
    fn deletes_only_a_function_that_still_is_failed_and_ours_or_adopted() {
        let table = [
            ("Failed", Some("acme"), false, true),
            ("Failed", Some("other"), false, false),
            ("Failed", None, false, false),
            ("Failed", Some("other"), true, true),
            ("Active", Some("acme"), false, false),
            ("Active", Some("acme"), true, false),
            ("Pending", Some("acme"), true, false),
        ];
        for (state, owner, adopt, expected) in table {
            let found = function(state, owner);
            assert_eq!(is_failed_one_of(&found, &"acme".to_owned(), adopt), expected, "{state} {owner:?} {adopt}");
        }
    }

    #[test]
    fn changes_a_configuration_only_if_the_plan_was_made_from_it() {
        let there = function("Active", Some("acme"));
        let planned_from = there.configuration();
        let wanted = Configuration { memory: 512, ..planned_from.clone() };
        let sight = |found: Option<Function>| Sight::of(found, &planned_from, &wanted);
        assert_eq!(sight(Some(there.clone())), Sight::AsPlanned(Some("revision".to_owned())));
        assert_eq!(sight(Some(Function { memory: 512, ..there.clone() })), Sight::AsWanted);
        let environment = FunctionEnvironment::from_iter([("A".to_owned(), "1".to_owned())]);
        for memory in [256, 512] {
            let changed = Function { memory, environment: environment.clone(), ..there.clone() };
            assert_eq!(sight(Some(changed)), Sight::Changed, "{memory}");
        }
        assert_eq!(sight(Some(Function { timeout: 31, ..there })), Sight::Changed);
        assert_eq!(sight(None), Sight::Changed);
    }

    #[test]
    fn tells_of_a_change_by_others_with_the_way_out() {
        let error = changed_meanwhile("f");
        assert_eq!(error.to_string(), "the configuration of f changed while this ran");
        assert_eq!(error.exit_code().code(), 4);
        assert!(error.hint().unwrap().starts_with("run again"));
    }
}
