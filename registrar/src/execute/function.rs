//! The function's steps.

use std::time::Duration;

use tokio::time::Instant;

use super::{BUSY_FOR, Executor, FUNCTION_APPEARS_WITHIN, NOT_VISIBLE_YET, ROLE_SPREADS_WITHIN, is_recent};
use crate::ask::Asker;
use crate::aws::{Code, Configuration, NewFunction, ServiceFailure};
use crate::configuration::SelfDescription;
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::observed::{Function, FunctionStatus, LABEL_TAG, owner};
use crate::retry::{Patience, Stopped, Verdict, retry};
use crate::wait::{Goal, Readiness, classify, until_ready};

/// How often a write of code is repeated because somebody else changed the function in between.
const ROUNDS_WITH_OTHERS: u32 = 2;

impl Executor<'_> {
    /// Lambda cannot use the role: worth waiting if the role changed a moment ago. EC2 may be slow for minutes.
    fn with_young_role(&self) -> impl Fn(&ServiceFailure) -> Verdict + use<> {
        let changed = self.memory.role_changed;
        move |failure| {
            let is_young = changed.is_some_and(|changed| changed.elapsed() < ROLE_SPREADS_WITHIN);
            if is_young && failure.is_role_not_ready() {
                Verdict::Retry("Lambda cannot use the new role yet")
            } else if failure.is_throttled_by_ec2() {
                Verdict::Retry("EC2 throttles Lambda")
            } else {
                Verdict::Stop
            }
        }
    }

    /// Some of Lambda's calls do not know a new function yet, and none changes one that is being changed.
    pub(super) fn with_new_function(&self) -> impl Fn(&ServiceFailure) -> Verdict + use<> {
        let created = self.memory.function_created;
        move |failure| {
            if failure.is_not_found() && is_recent(created) {
                Verdict::Retry(NOT_VISIBLE_YET)
            } else if failure.is_function_busy() {
                Verdict::Retry("the function is being changed")
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
            Err(Stopped::Failed(failure)) if failure.is_not_found() => Ok(()),
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
        let us = owner(&self.label);
        let create = async || match lambda.create(&new).await {
            // The reply to our own call may have been lost; otherwise somebody was faster.
            Err(failure) if failure.already_exists() => match lambda.function(function).await? {
                Some(found) if found.tags.get(LABEL_TAG) == Some(&us) && found.code_sha256 == code_sha256 => Ok(None),
                Some(_) => Ok(Some(failure)),
                None => Err(failure),
            },
            other => other.map(|()| None),
        };
        let role = self.with_young_role();
        let start = Instant::now();
        let verdict = |failure: &ServiceFailure| {
            if failure.already_exists() && start.elapsed() < FUNCTION_APPEARS_WITHIN {
                Verdict::Retry(NOT_VISIBLE_YET)
            } else {
                role(failure)
            }
        };
        let created = retry(&self.patience(BUSY_FOR), create, verdict, self.waiting()).await;
        let foreign = created.map_err(|stopped| stopped.during(format!("could not create the function {function}")))?;
        if let Some(failure) = foreign {
            return Err(RegistrarError::new(
                ErrorKind::Conflict,
                format!("the function {function} was made by somebody else meanwhile"),
            )
            .caused_by(Some(failure))
            .with_hint("run again to see the plan"));
        }
        self.memory.function_created = Some(Instant::now());
        Ok(())
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
        let doing = || format!("could not update the configuration of the function {function}");
        let mut rounds_with_others = 0;
        loop {
            self.wait_ready(function, Goal::Change).await?;
            let revision = match self.sight(function, planned_from, wanted).await? {
                Sight::AsPlanned(revision) => revision,
                // Perhaps by our own write, if the reply to it was lost.
                Sight::AsWanted => return Ok(()),
                Sight::Changed => return Err(changed_meanwhile(function)),
            };
            let call = async || lambda.update_configuration(function, planned_from, wanted, revision.clone()).await;
            match retry(&self.patience(BUSY_FOR), call, self.with_young_role(), self.waiting()).await {
                Ok(()) => return Ok(()),
                Err(Stopped::Failed(failure)) => self.after_refusal(failure, &mut rounds_with_others, doing).await?,
                Err(stopped) => return Err(stopped.during(doing())),
            }
        }
    }

    /// Whether a refused change is worth another look at the function, and a pause before that.
    async fn after_refusal(
        &self,
        failure: ServiceFailure,
        rounds_with_others: &mut u32,
        doing: impl Fn() -> String,
    ) -> Result<(), RegistrarError> {
        let is_busy = failure.is_function_busy();
        let may_look_again = failure.is_stale_revision() && *rounds_with_others < ROUNDS_WITH_OTHERS;
        if !(is_busy || may_look_again) {
            return Err(failure.during(doing()));
        }
        let pause = crate::retry::jittered(Duration::from_secs(2));
        if Instant::now() + pause > self.deadline {
            return Err(failure.out_of_time(doing()));
        }
        *rounds_with_others += u32::from(!is_busy);
        (self.waiting())(&format!("somebody else changes the function ({failure})"));
        self.interrupt.sleep(pause).await
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
        code_sha256: &str,
    ) -> Result<(), RegistrarError> {
        let lambda = &self.aws.lambda;
        let doing = || format!("could not update the code of the function {function}");
        let mut rounds_with_others = 0;
        let mut is_first = true;
        let found = self.observed.function.as_ref().map(|function| function.code_sha256.as_str());
        loop {
            let status = self.wait_ready(function, Goal::Change).await?;
            // Our own write, if the reply to it was lost; or that of somebody else.
            let there = status.code_sha256.as_deref();
            let is_wanted = there == Some(code_sha256);
            let is_other = there.is_some() && there != found && !is_wanted;
            if (is_wanted || !is_first) && self.has_code(function, architecture, code_sha256).await? {
                break;
            }
            if is_other {
                return Err(code_changed_meanwhile(function));
            }
            is_first = false;
            let revision = status.revision_id;
            let call = async || lambda.update_code(function, code, architecture, revision.clone()).await;
            match retry(&self.patience(BUSY_FOR), call, self.with_young_role(), self.waiting()).await {
                Ok(()) => break,
                Err(Stopped::Failed(failure)) => self.after_refusal(failure, &mut rounds_with_others, doing).await?,
                Err(stopped) => return Err(stopped.during(doing())),
            }
        }
        Ok(())
    }

    /// Whether the function has this code, as after a write whose reply was lost. A rejected update does not count.
    async fn has_code(&self, function: &str, architecture: &str, code_sha256: &str) -> Result<bool, RegistrarError> {
        let found = self.aws.lambda.function(function).await;
        let found = found.map_err(|failure| failure.during(format!("could not read the function {function}")))?;
        Ok(found.is_some_and(|found| {
            let is_rejected = classify(&found.status) == Readiness::UpdateFailed;
            found.code_sha256 == code_sha256 && found.architecture == architecture && !is_rejected
        }))
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

    /// Asks the function what it is, as AppFlow will, and compares it with what it said on this machine, if it was asked.
    pub(super) async fn smoke_test(&mut self, function: &str, tried: Option<&str>) -> Result<(), RegistrarError> {
        let asker = Asker::new(&self.aws.lambda, function);
        let patience =
            Patience { deadline: self.patience(FUNCTION_APPEARS_WITHIN).deadline, interrupt: self.interrupt };
        let is_new = self.memory.function_created.is_some();
        let (configuration, log) = asker.configuration_when_invocable(is_new, &patience, self.waiting()).await?;
        if configuration.connector_modes.is_empty() {
            return Err(RegistrarError::new(
                ErrorKind::Connector,
                format!("the connector in {function} offers no mode, so AppFlow could not use it"),
            )
            .with_hint("its configuration must name SOURCE, DESTINATION or both in connectorModes"));
        }
        self.memory.smoke_test_passed = true;
        let says = SelfDescription::of(&configuration);
        if tried.is_some_and(|tried| tried != says.digest) {
            return Err(RegistrarError::new(
                ErrorKind::Conflict,
                format!("the connector in {function} describes itself otherwise than it did when it was tried on this machine"),
            )
            .with_hint("run again: the new plan goes by what the deployed function says"));
        }
        self.memory.says = Some(says);
        if let Some(warning) = log.as_deref().and_then(super::headroom::warning) {
            self.report.event(&Event::Warning(&warning));
            self.memory.warnings.push(warning);
        }
        let (name, version) = (&configuration.connector_name, &configuration.connector_version);
        self.report.event(&Event::Detail(&format!("  it is {name} {version}")));
        Ok(())
    }
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

fn code_changed_meanwhile(function: &str) -> RegistrarError {
    RegistrarError::new(ErrorKind::Conflict, format!("the code of {function} changed while this ran"))
        .with_hint("somebody else deployed other code; run again to replace it with this one")
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
