//! Takes back what a run did that failed (`--rollback-on-failure`): the last first, and nothing that was there before.
//!
//! What was deleted is not had back, and what was replaced is only as far as it was read before: code is kept for that, in
//! memory, before it is replaced.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use uuid::Uuid;

use super::Executor;
use crate::aws::{Code, Configuration, Registration, ServiceFailure};
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::observed::{Function, LABEL_TAG, SECRETS_POLICY, owner, registered_tag};
use crate::package::ZIP_LIMIT_BYTES;
use crate::registration::Call;
use crate::retry::{Verdict, retry};
use crate::step::Step;
use crate::wait::Goal;

/// How long taking back may take.
const TIME_TO_UNDO: Duration = Duration::from_mins(5);

/// How long Lambda may refuse to delete or change what it is still busy with.
const BUSY_FOR: Duration = Duration::from_mins(2);

/// One thing to take back.
#[derive(Debug, Clone)]
pub(super) enum Undo {
    DeleteRole {
        role: String,
    },
    RestoreTrust {
        role: String,
        trust: Value,
    },
    DetachPolicy {
        role: String,
        policy_arn: String,
    },
    RestoreSecretsPolicy {
        role: String,
        policy: Option<Value>,
    },
    DeleteFunction {
        function: String,
    },
    RestoreConfiguration {
        function: String,
        changed: Box<Configuration>,
        before: Box<Configuration>,
    },
    RestoreCode {
        function: String,
        architecture: String,
        zip: Vec<u8>,
        sent: String,
    },
    RemoveStatement {
        function: String,
        statement_id: String,
    },
    RestoreTags {
        function: String,
        set: BTreeMap<String, String>,
        remove: Vec<String>,
    },
    RestoreRetention {
        group: String,
        days: u32,
    },
    RestoreAlias {
        function: String,
        alias: String,
        version: String,
    },
    Unregister {
        label: String,
        lambda_arn: String,
    },
    RestoreRegistration {
        registration: Registration,
    },
    RestoreRecord {
        function: String,
        record: Option<String>,
    },
    /// What is left, because it does no harm or may be needed to find out what went wrong.
    Leave {
        what: String,
    },
}

/// What became of taking back.
#[derive(Debug, Default)]
pub struct Undone {
    /// What is as it was before.
    pub done: Vec<String>,
    /// What stays on purpose.
    pub left: Vec<String>,
    /// What could not be taken back, and why.
    pub failed: Vec<String>,
}

impl Undo {
    fn description(&self) -> String {
        match self {
            Self::DeleteRole { role } => format!("the role {role} is deleted"),
            Self::RestoreTrust { role, .. } => format!("the trust policy of the role {role} is as before"),
            Self::DetachPolicy { role, policy_arn } => format!("{policy_arn} is detached from the role {role}"),
            Self::RestoreSecretsPolicy { role, .. } => format!("the secrets policy of the role {role} is as before"),
            Self::DeleteFunction { function } => format!("the function {function} is deleted"),
            Self::RestoreConfiguration { function, .. } => format!("the configuration of {function} is as before"),
            Self::RestoreCode { function, .. } => format!("the code of {function} is as before"),
            Self::RemoveStatement { function, statement_id } => {
                format!("the permission {statement_id} of {function} is removed")
            }
            Self::RestoreTags { function, .. } => format!("the tags of {function} are as before"),
            Self::RestoreRetention { group, .. } => format!("the log group {group} is kept as long as before"),
            Self::RestoreAlias { function, alias, version } => {
                format!("the alias {alias} of {function} points at version {version} again")
            }
            Self::Leave { what } => format!("{what} stays"),
            Self::Unregister { label, .. } => format!("{label} is not registered any more"),
            Self::RestoreRecord { .. } => "it is recorded as before what AppFlow read".to_owned(),
            Self::RestoreRegistration { registration } => {
                format!("AppFlow has read {} again as it was before", registration.label)
            }
        }
    }
}

impl Executor<'_> {
    /// Keeps the code that is about to be replaced.
    pub(super) async fn keep_code(&mut self, function: &str) -> Result<(), RegistrarError> {
        if !self.rolls_back {
            return Ok(());
        }
        let doing = || format!("could not keep the code of {function} before it is replaced, so nothing was replaced");
        let code = self.aws.lambda.code(function).await.map_err(|failure| {
            failure.during(doing()).with_hint("without --rollback-on-failure the code before is not needed")
        })?;
        if code.len() > ZIP_LIMIT_BYTES {
            return Err(RegistrarError::usage(doing())
                .with_source(format!("it has {} bytes, more than can be sent back", code.len()))
                .with_hint("go on without --rollback-on-failure; --alias keeps versions to go back to"));
        }
        self.memory.code_before = Some(code);
        Ok(())
    }

    /// Notes how a step that was done is taken back. One whose outcome is not known counts if it made something: what was
    /// not made cannot be deleted.
    pub(super) fn note_undo(&mut self, step: &Step, outcome: Result<(), &RegistrarError>) {
        if !self.rolls_back {
            return;
        }
        let is_creation =
            matches!(step, Step::CreateRole { .. } | Step::CreateFunction { .. } | Step::RegisterConnector { .. })
                || matches!(step, Step::UpdateRegistration { .. });
        let may_have_happened = match outcome {
            Ok(()) => true,
            Err(error) => is_creation && !matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Foreign),
        };
        if may_have_happened {
            let undo = self.undo_of(step);
            self.memory.undo.extend(undo);
        }
    }

    fn undo_of(&mut self, step: &Step) -> Option<Undo> {
        let before = self.observed;
        Some(match step.clone() {
            Step::CreateRole { role, .. } => Undo::DeleteRole { role },
            Step::UpdateTrust { role, .. } => Undo::RestoreTrust { role, trust: before.role.as_ref()?.trust.clone()? },
            // They go with a role that was made.
            Step::AttachPolicy { role, policy_arn } if before.role.is_some() => Undo::DetachPolicy { role, policy_arn },
            Step::PutSecretPolicy { role, .. } => {
                Undo::RestoreSecretsPolicy { role, policy: before.role.as_ref()?.inline.clone() }
            }
            Step::CreateFunction { function, .. } => Undo::DeleteFunction { function },
            Step::UpdateConfiguration { function, found, configuration } => {
                Undo::RestoreConfiguration { function, changed: Box::new(configuration), before: Box::new(found) }
            }
            Step::UpdateCode { function, code_sha256, .. } => Undo::RestoreCode {
                function,
                sent: code_sha256,
                architecture: before.function.as_ref()?.architecture.clone(),
                zip: self.memory.code_before.take()?,
            },
            // Where an older statement went, the new one is all that lets AppFlow in.
            Step::GrantInvoke { function, grant: Some(grant), obsolete } if obsolete.is_empty() => {
                Undo::RemoveStatement { function, statement_id: grant.statement_id }
            }
            Step::RegisterConnector { registration } => {
                Undo::Unregister { label: registration.label, lambda_arn: registration.lambda_arn }
            }
            Step::UpdateRegistration { registration } => {
                let found = before.registration.as_ref()?;
                let lambda_arn = found.lambda_arn.clone()?;
                let registration = Registration { lambda_arn, description: found.description.clone(), ..registration };
                Undo::RestoreRegistration { registration }
            }
            Step::InvalidateRegistration { function, label } | Step::RecordRegistration { function, label, .. }
                if !self.has_made_function() =>
            {
                let record = before.function.as_ref()?.tags.get(&registered_tag(&label)).cloned();
                Undo::RestoreRecord { function, record }
            }
            Step::AdoptFunction { function } => {
                let owner = self.label_owner();
                restored_tags(function, before.function.as_ref()?, &BTreeMap::from([owner]), &[])
            }
            Step::TagFunction { function, set, remove } if !self.has_made_function() => {
                restored_tags(function, before.function.as_ref()?, &set, &remove)
            }
            Step::SetLogRetention { group, create: false, .. } => {
                Undo::RestoreRetention { group, days: before.log_group.as_ref()?.retention }
            }
            Step::SetLogRetention { group, .. } => {
                Undo::Leave { what: format!("the log group {group}, which was made,") }
            }
            Step::AdoptRole { role } => {
                Undo::Leave { what: format!("the tag by which the role {role} was taken over") }
            }
            Step::UploadArtefact { upload, .. } => {
                Undo::Leave { what: format!("the object {} in the bucket {}", upload.key, upload.bucket) }
            }
            Step::PointAlias { function, alias } if !self.has_made_function() => match &before.alias {
                Some(found) => Undo::RestoreAlias { function, alias, version: found.version.clone() },
                None => Undo::Leave { what: format!("the alias {alias} of {function}, which was made,") },
            },
            _ => return None,
        })
    }

    fn has_made_function(&self) -> bool {
        self.memory.function_created.is_some()
    }

    fn label_owner(&self) -> (String, String) {
        (LABEL_TAG.to_owned(), owner(&self.label))
    }

    /// Takes everything back, the last first. A failure does not keep the others from being taken back.
    pub(super) async fn undo_all(&mut self) -> Undone {
        // What failed may have failed because the time was up.
        self.deadline = Instant::now() + TIME_TO_UNDO;
        let mut all = std::mem::take(&mut self.memory.undo);
        all.reverse();
        // AppFlow must read the function as it was before, so that comes when the function is; then the record is true again.
        all.sort_by_key(|undo| match undo {
            Undo::RestoreRegistration { .. } => 1,
            Undo::RestoreRecord { .. } => 2,
            _ => 0,
        });
        let mut undone = Undone::default();
        for undo in all {
            let what = undo.description();
            if matches!(undo, Undo::RestoreRecord { .. }) && !undone.failed.is_empty() {
                // Without a record the next run looks again.
                continue;
            }
            if let Undo::Leave { .. } = undo {
                self.report.event(&Event::Note(&what));
                undone.left.push(what);
                continue;
            }
            self.report.event(&Event::Working("taking back what was done"));
            match self.undo(undo).await {
                Ok(()) => {
                    self.report.event(&Event::Note(&format!("taken back: {what}")));
                    undone.done.push(what);
                }
                Err(error) => {
                    let causes: Vec<_> = error.causes().into_iter().map(|cause| format!(": {cause}")).collect();
                    let text = format!("not taken back, though it should be that {what}: {error}{}", causes.concat());
                    self.report.event(&Event::Warning(&text));
                    undone.failed.push(text);
                }
            }
        }
        undone
    }

    async fn undo(&mut self, undo: Undo) -> Result<(), RegistrarError> {
        let (iam, lambda) = (&self.aws.iam, &self.aws.lambda);
        let result = match &undo {
            Undo::DeleteRole { role } => return self.delete_role(role).await,
            Undo::RestoreTrust { role, trust } => iam.update_trust(role, trust).await,
            Undo::DetachPolicy { role, policy_arn } => iam.detach_policy(role, policy_arn).await,
            Undo::RestoreSecretsPolicy { role, policy: Some(policy) } => {
                iam.put_policy(role, SECRETS_POLICY, policy).await
            }
            Undo::RestoreSecretsPolicy { role, policy: None } => iam.delete_policy(role, SECRETS_POLICY).await,
            Undo::DeleteFunction { function } => {
                let found = lambda.function(function).await.map_err(|failure| failure.during("it cannot be read"))?;
                let us = owner(&self.label);
                if found.is_some_and(|found| found.tags.get(LABEL_TAG) != Some(&us)) {
                    return Err(by_others(&format!("the function {function}")));
                }
                return self.when_free(function, async || lambda.delete(function).await).await;
            }
            Undo::RestoreConfiguration { function, changed, before } => {
                let found = lambda.function(function).await.map_err(|failure| failure.during("it cannot be read"))?;
                if found.is_none_or(|found| found.configuration() != **changed) {
                    return Err(by_others(&format!("the configuration of {function}")));
                }
                let revision = self.wait_ready(function, Goal::Change).await?.revision_id;
                let call = async || lambda.update_configuration(function, changed, before, revision.clone()).await;
                self.when_free(function, call).await?;
                return self.wait_ready(function, Goal::Use).await.map(drop);
            }
            Undo::RestoreCode { function, architecture, zip, sent } => {
                let status = self.wait_ready(function, Goal::Change).await?;
                if status.code_sha256.as_ref() != Some(sent) {
                    return Err(by_others(&format!("the code of {function}")));
                }
                let revision = status.revision_id;
                let call = async || lambda.update_code(function, Code::Zip(zip), architecture, revision.clone()).await;
                self.when_free(function, call).await?;
                return self.wait_ready(function, Goal::Use).await.map(drop);
            }
            Undo::RemoveStatement { function, statement_id } => lambda.forbid(function, statement_id, None).await,
            Undo::RestoreTags { function, set, remove } => return self.tag_function(function, set, remove).await,
            Undo::RestoreRetention { group, days } => self.aws.logs.retain(group, *days).await,
            Undo::RestoreAlias { function, alias, version } => {
                let found =
                    lambda.alias(function, alias).await.map_err(|failure| failure.during("it cannot be read"))?;
                let revision = found.and_then(|found| found.revision_id);
                lambda.update_alias(function, alias, version, revision).await
            }
            Undo::RestoreRecord { function, record: Some(record) } => {
                let label = self.label.clone();
                return self.tag_registration(function, &label, record).await;
            }
            Undo::RestoreRecord { function, record: None } => {
                lambda.untag(function, &[registered_tag(&self.label)]).await
            }
            Undo::Leave { .. } => return Ok(()),
            // Never by force: a connection made meanwhile is somebody's.
            Undo::Unregister { label, lambda_arn } => {
                let found = self.aws.appflow.registration(label).await;
                let found = found.map_err(|failure| failure.during("the registration cannot be read"))?;
                if found.is_some_and(|found| found.lambda_arn.as_ref() != Some(lambda_arn)) {
                    return Err(by_others(&format!("the registration of {label}")));
                }
                self.aws.appflow.unregister(label, false).await
            }
            Undo::RestoreRegistration { registration } => {
                self.run = Uuid::new_v4();
                return Box::pin(self.register(Call::Update, registration)).await;
            }
        };
        match result {
            Err(failure) if failure.is_not_found() => Ok(()),
            result => result.map_err(|failure| failure.during("it could not be taken back")),
        }
    }

    async fn delete_role(&self, role: &str) -> Result<(), RegistrarError> {
        let iam = &self.aws.iam;
        let doing = || format!("the role {role} could not be deleted");
        let Some(found) = iam.role(role, SECRETS_POLICY).await.map_err(|failure| failure.during(doing()))? else {
            return Ok(());
        };
        let gone = |result: Result<(), ServiceFailure>| match result {
            Err(failure) if !failure.is_not_found() => Err(failure.during(doing())),
            _ => Ok(()),
        };
        if found.tags.get(LABEL_TAG) != Some(&owner(&self.label)) {
            return Err(by_others(&format!("the role {role}")));
        }
        for arn in &found.attached {
            gone(iam.detach_policy(role, arn).await)?;
        }
        if found.inline.is_some() {
            gone(iam.delete_policy(role, SECRETS_POLICY).await)?;
        }
        gone(iam.delete_role(role).await)
    }

    /// Calls once Lambda is no longer busy with the function. That it is gone is fine.
    async fn when_free(
        &self,
        function: &str,
        call: impl AsyncFnMut() -> Result<(), ServiceFailure>,
    ) -> Result<(), RegistrarError> {
        let busy = |failure: &ServiceFailure| match failure.code.as_deref() {
            Some("ResourceConflictException") => Verdict::Retry("Lambda is still busy with the function"),
            _ => Verdict::Stop,
        };
        match retry(&self.patience(BUSY_FOR), call, busy, self.waiting()).await {
            Err(crate::retry::Stopped::Failed(failure)) if failure.is_not_found() => Ok(()),
            result => result.map_err(|stopped| stopped.during(format!("the function {function} could not be changed"))),
        }
    }
}

/// What is there is not what this run left.
fn by_others(what: &str) -> RegistrarError {
    RegistrarError::new(ErrorKind::Conflict, format!("{what} is somebody else's by now, and stays"))
}

/// The tags as they were before some were set and others removed.
fn restored_tags(arn: String, before: &Function, set: &BTreeMap<String, String>, removed: &[String]) -> Undo {
    let keys: Vec<_> = set.keys().chain(removed).cloned().collect();
    let (there, new): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| before.tags.contains_key(key));
    let there = there.into_iter().filter_map(|key| before.tags.get(&key).cloned().map(|value| (key, value)));
    Undo::RestoreTags { function: arn, set: there.collect(), remove: new }
}
