//! The role's steps.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::Executor;
use crate::aws::ServiceFailure;
use crate::error::{ErrorKind, RegistrarError};
use crate::observed::{LABEL_TAG, SECRETS_POLICY, owner};
use crate::retry::{Verdict, retry};

/// IAM's own races: concurrent changes, and a role or principal that has not spread.
fn spreading(failure: &ServiceFailure) -> Verdict {
    if failure.is_stale_revision() {
        Verdict::Retry("somebody else changes the role")
    } else if failure.is_not_found() || failure.is_principal_not_spread() {
        Verdict::Retry("IAM has not spread the role yet")
    } else {
        Verdict::Stop
    }
}

/// Patience with those races.
const BUDGET: Duration = Duration::from_mins(1);

impl Executor<'_> {
    pub(super) async fn create_role(&mut self, role: &str, trust: &Value) -> Result<(), RegistrarError> {
        let description = format!("Runs the AppFlow connector {}", self.label);
        let iam = &self.aws.iam;
        let us = owner(&self.label);
        let create = async || match iam.create_role(role, &description, trust, (LABEL_TAG, &us)).await {
            // A reply to our own call may have been lost; otherwise somebody was faster.
            Err(failure) if failure.already_exists() => match iam.role(role, SECRETS_POLICY).await? {
                Some(found) if found.tags.get(LABEL_TAG) == Some(&us) => Ok(None),
                Some(_) => Ok(Some(failure)),
                None => Err(failure),
            },
            other => other.map(|()| None),
        };
        let verdict = |failure: &ServiceFailure| {
            if failure.already_exists() {
                Verdict::Retry("IAM has not spread the role yet")
            } else if failure.is_not_found() {
                Verdict::Stop
            } else {
                spreading(failure)
            }
        };
        let created = retry(&self.patience(BUDGET), create, verdict, self.waiting()).await;
        let foreign = created.map_err(|stopped| stopped.during(format!("could not create the role {role}")))?;
        if let Some(failure) = foreign {
            return Err(RegistrarError::new(
                ErrorKind::Foreign,
                format!("the role {role} was made by somebody else meanwhile"),
            )
            .caused_by(Some(failure))
            .with_hint("run again to see the plan; --adopt takes the role over"));
        }
        self.memory.role_changed = Some(Instant::now());
        Ok(())
    }

    pub(super) async fn adopt_role(&mut self, role: &str) -> Result<(), RegistrarError> {
        let iam = &self.aws.iam;
        let tagged = iam.tag_role(role, (LABEL_TAG, &owner(&self.label))).await;
        tagged.map_err(|failure| failure.during(format!("could not take over the role {role}")))
    }

    pub(super) async fn update_trust(&mut self, role: &str, trust: &Value) -> Result<(), RegistrarError> {
        let iam = &self.aws.iam;
        retry(&self.patience(BUDGET), async || iam.update_trust(role, trust).await, spreading, self.waiting())
            .await
            .map_err(|stopped| stopped.during(format!("could not update the trust policy of the role {role}")))?;
        self.memory.role_changed = Some(Instant::now());
        Ok(())
    }

    pub(super) async fn attach_policy(&mut self, role: &str, policy_arn: &str) -> Result<(), RegistrarError> {
        let iam = &self.aws.iam;
        retry(&self.patience(BUDGET), async || iam.attach_policy(role, policy_arn).await, spreading, self.waiting())
            .await
            .map_err(|stopped| stopped.during(format!("could not attach {policy_arn} to the role {role}")))?;
        // Lambda looks whether the role may do what the function's network and tracing need.
        self.memory.role_changed = Some(Instant::now());
        Ok(())
    }

    pub(super) async fn put_secret_policy(&mut self, role: &str, policy: &Value) -> Result<(), RegistrarError> {
        let iam = &self.aws.iam;
        let put = async || iam.put_policy(role, SECRETS_POLICY, policy).await;
        retry(&self.patience(BUDGET), put, spreading, self.waiting()).await.map_err(|stopped| {
            stopped.during(format!("could not write the policy {SECRETS_POLICY} of the role {role}"))
        })
    }
}
