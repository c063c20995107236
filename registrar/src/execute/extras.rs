//! The steps of what a function may have besides the necessary: its place in a bucket, tags, log, version, alias.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::Executor;
use crate::aws::Code;
use crate::error::{ErrorKind, RegistrarError};
use crate::retry::{Stopped, Verdict, retry};
use crate::step::Upload;
use crate::wait::Goal;

/// How often a version is published again because the function changed between reading and publishing.
const ROUNDS_WITH_OTHERS: u32 = 2;

/// How long an alias is waited for that is being changed.
const ALIAS_BUDGET: Duration = Duration::from_mins(1);

impl<'a> Executor<'a> {
    /// Stores the zip under the digest of its content, unless it is there: then an earlier run stored it.
    pub(super) async fn upload_artefact(&mut self, upload: &Upload, code_sha256: &str) -> Result<(), RegistrarError> {
        let artefact = self.artefact(code_sha256)?;
        let Upload { bucket, key } = upload;
        let (s3, owner) = (&self.aws.s3, &self.observed.account);
        let doing = || format!("could not store the code as {key} in the bucket {bucket}");
        if s3.has(owner, bucket, key).await.map_err(|failure| of_bucket(failure, doing()))? {
            return Ok(());
        }
        s3.put(owner, bucket, key, artefact.zip.clone(), code_sha256)
            .await
            .map_err(|failure| of_bucket(failure, doing()))
    }

    /// The code as Lambda is to get it.
    pub(super) fn code(&self, upload: Option<&'a Upload>, code_sha256: &str) -> Result<Code<'a>, RegistrarError> {
        let artefact = self.artefact(code_sha256)?;
        Ok(match upload {
            Some(Upload { bucket, key }) => Code::Object { bucket, key },
            None => Code::Zip(&artefact.zip),
        })
    }

    /// Takes tags away before it sets the others, among which is the record of what is ours: a run that is killed in
    /// between leaves a record that names too much rather than tags that nobody knows of.
    pub(super) async fn tag_function(
        &mut self,
        arn: &str,
        set: &BTreeMap<String, String>,
        remove: &[String],
    ) -> Result<(), RegistrarError> {
        let lambda = &self.aws.lambda;
        let doing = || format!("could not change the tags of {arn}");
        if !remove.is_empty() {
            lambda.untag(arn, remove).await.map_err(|failure| failure.during(doing()))?;
        }
        if !set.is_empty() {
            lambda.tag_all(arn, set).await.map_err(|failure| failure.during(doing()))?;
        }
        Ok(())
    }

    pub(super) async fn set_log_retention(
        &mut self,
        group: &str,
        create: bool,
        days: u32,
    ) -> Result<(), RegistrarError> {
        let logs = &self.aws.logs;
        if create {
            let created = logs.create(group).await;
            created.map_err(|failure| failure.during(format!("could not make the log group {group}")))?;
        }
        // CloudWatch refuses a second change of a group at the same time.
        let busy = |failure: &crate::aws::ServiceFailure| match failure.code.as_deref() {
            Some("OperationAbortedException") => Verdict::Retry("somebody else changes the log group"),
            _ => Verdict::Stop,
        };
        let call = async || logs.retain(group, days).await;
        retry(&self.patience(ALIAS_BUDGET), call, busy, self.waiting())
            .await
            .map_err(|stopped| stopped.during(format!("could not say how long the log group {group} is kept")))?;
        let read = logs.group(group).await;
        let read = read.map_err(|failure| failure.during(format!("could not read the log group {group} back")))?;
        if read.is_some_and(|read| read.retention == days) {
            return Ok(());
        }
        Err(RegistrarError::new(ErrorKind::Conflict, format!("the log group {group} changed while this ran"))
            .with_hint("run again to see the plan"))
    }

    /// Publishes the function if it still has the code that was planned.
    pub(super) async fn publish_version(&mut self, function: &str, code_sha256: &str) -> Result<(), RegistrarError> {
        let lambda = &self.aws.lambda;
        let doing = format!("could not publish the function {function} as a version");
        let mut rounds_with_others = 0;
        loop {
            let revision = self.wait_ready(function, Goal::Use).await?.revision_id;
            match lambda.publish(function, code_sha256, revision).await {
                Ok(version) => {
                    self.memory.published_version = Some(version);
                    return Ok(());
                }
                Err(failure) if failure.is_other_code() => {
                    let message = format!("the code of {function} changed while this ran");
                    return Err(RegistrarError::new(ErrorKind::Conflict, message)
                        .with_source(failure)
                        .with_hint("somebody else deploys it too; run again once they are done"));
                }
                Err(failure) if failure.is_stale_revision() && rounds_with_others < ROUNDS_WITH_OTHERS => {
                    rounds_with_others += 1;
                }
                Err(failure) if failure.is_function_busy() && Instant::now() < self.deadline => {
                    self.pause_for_others().await?;
                }
                Err(failure) => return Err(failure.during(doing)),
            }
        }
    }

    /// Points the alias at the version of this run, and reads it back.
    pub(super) async fn point_alias(&mut self, function: &str, alias: &str) -> Result<(), RegistrarError> {
        let Some(version) = self.memory.published_version.clone() else {
            return Err(RegistrarError::bug("the plan points an alias at no version"));
        };
        let lambda = &self.aws.lambda;
        let doing = || format!("could not point the alias {alias} of {function} at version {version}");
        // What is written depends on a read right before it; both are repeated while somebody else is at it.
        let call = async || match lambda.alias(function, alias).await? {
            Some(found) if found.version == version => Ok(()),
            Some(found) => lambda.update_alias(function, alias, &version, found.revision_id).await,
            None => lambda.create_alias(function, alias, &version).await,
        };
        let by_others = |failure: &crate::aws::ServiceFailure| {
            if failure.is_stale_revision() || failure.already_exists() || failure.is_function_busy() {
                Verdict::Retry("somebody else changes the alias")
            } else {
                Verdict::Stop
            }
        };
        let pointed = retry(&self.patience(ALIAS_BUDGET), call, by_others, self.waiting()).await;
        pointed.map_err(|stopped: Stopped| stopped.during(doing()))?;
        let read = lambda.alias(function, alias).await.map_err(|failure| failure.during(doing()))?;
        if read.is_some_and(|read| read.version == version) {
            return Ok(());
        }
        Err(RegistrarError::new(ErrorKind::Conflict, format!("the alias {alias} of {function} changed while this ran"))
            .with_hint("run again to see the plan"))
    }
}

/// A bucket's failure, with the way out that only buckets have.
fn of_bucket(failure: crate::aws::ServiceFailure, doing: String) -> RegistrarError {
    let hint = match (failure.status, failure.code.as_deref()) {
        (_, Some("NoSuchBucket")) => "make the bucket first, or name another one with --s3-bucket",
        (Some(301), _) => "Lambda takes code from buckets of its own region only; name one with --s3-bucket",
        _ => return failure.during(doing),
    };
    failure.during(doing).with_hint(hint)
}
