//! The permission's step. Lambda's own call is neither idempotent nor safe beside another one, so: read, compare, write
//! under the revision that was read, read back.

use tokio::time::Instant;

use super::{Executor, FUNCTION_APPEARS_WITHIN};
use crate::aws::ServiceFailure;
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::policy::Grant;
use crate::retry::Stopped;
use crate::retry::{Verdict, retry};

/// How often the policy is read again because somebody else changed it in between.
const ROUNDS: u32 = 3;

impl Executor<'_> {
    pub(super) async fn grant_invoke(
        &mut self,
        function: &str,
        grant: Option<&Grant>,
        obsolete: &[String],
    ) -> Result<(), RegistrarError> {
        let mut gone = None;
        if let Some(grant) = grant {
            // A statement of the same id but other content is in the way of the new one: it must go first.
            if obsolete.contains(&grant.statement_id) {
                self.forbid(function, &grant.statement_id).await?;
                gone = Some(&grant.statement_id);
            }
            self.permit(function, grant).await?;
        }
        // The old ones go last: the other way round there would be a moment in which AppFlow may not call.
        for statement_id in obsolete {
            if Some(statement_id) != gone {
                self.forbid(function, statement_id).await?;
            }
        }
        Ok(())
    }

    async fn permit(&mut self, function: &str, grant: &Grant) -> Result<(), RegistrarError> {
        let doing = || format!("could not let AppFlow invoke the function {function}");
        let lambda = &self.aws.lambda;
        let arn = match lambda.function(function).await {
            Ok(Some(found)) => found.arn,
            // Not visible yet; the statement itself is then compared after the call that may wait.
            Ok(None) => String::new(),
            Err(failure) => return Err(failure.during(doing())),
        };
        let mut last: Option<ServiceFailure> = None;
        for _ in 0..ROUNDS {
            let (statements, revision) =
                lambda.permissions(function).await.map_err(|failure| failure.during(doing()))?;
            if statements.iter().any(|statement| statement.equals(grant, &arn)) {
                self.memory.permission_added = Some(Instant::now());
                return Ok(());
            }
            if statements.iter().any(|statement| statement.id == grant.statement_id) {
                self.forbid(function, &grant.statement_id).await?;
                continue;
            }
            let created = self.memory.function_created;
            let appearing = |failure: &ServiceFailure| {
                let is_recent = created.is_some_and(|created| created.elapsed() < FUNCTION_APPEARS_WITHIN);
                if failure.is_not_found() && is_recent {
                    Verdict::Retry("the new function is not visible everywhere yet")
                } else if failure.is_function_busy() {
                    Verdict::Retry("the function is being changed")
                } else {
                    Verdict::Stop
                }
            };
            let call = async || lambda.permit(function, grant, revision.clone()).await;
            match retry(&self.patience(FUNCTION_APPEARS_WITHIN), call, appearing, self.waiting()).await {
                Ok(()) => {
                    self.memory.permission_added = Some(Instant::now());
                    return self.read_back(function, grant, &arn).await;
                }
                Err(Stopped::Failed(failure)) if failure.already_exists() || failure.is_stale_revision() => {
                    self.report.event(&Event::Waiting("somebody else changes the permissions"));
                    last = Some(failure);
                }
                Err(stopped) => return Err(stopped.during(doing())),
            }
        }
        let message = format!("the permissions of the function {function} keep changing");
        let error =
            RegistrarError::new(ErrorKind::Conflict, message).with_hint("run again once nobody else changes them");
        Err(match last {
            Some(failure) => error.with_source(failure),
            None => error,
        })
    }

    /// Looks until the new statement is there.
    async fn read_back(&self, function: &str, grant: &Grant, arn: &str) -> Result<(), RegistrarError> {
        let patience = self.patience(FUNCTION_APPEARS_WITHIN);
        let mut waiting = self.waiting();
        loop {
            let (statements, _) = self
                .aws
                .lambda
                .permissions(function)
                .await
                .map_err(|failure| failure.during(format!("could not read the permissions of {function} back")))?;
            let is_there = |id: &str| statements.iter().any(|statement| statement.id == id);
            if statements.iter().any(|statement| statement.equals(grant, arn))
                || (arn.is_empty() && is_there(&grant.statement_id))
            {
                return Ok(());
            }
            if Instant::now() > patience.deadline {
                let what = if is_there(&grant.statement_id) { "reads otherwise than written" } else { "is not there" };
                return Err(RegistrarError::new(
                    ErrorKind::Conflict,
                    format!("the permission {} of the function {function} {what}", grant.statement_id),
                )
                .with_hint("look at the function's resource policy (aws lambda get-policy), then run again"));
            }
            waiting("the permission is not visible yet");
            self.interrupt.sleep(crate::retry::jittered(std::time::Duration::from_secs(1))).await?;
        }
    }

    async fn forbid(&self, function: &str, statement_id: &str) -> Result<(), RegistrarError> {
        match self.aws.lambda.forbid(function, statement_id).await {
            Ok(()) => Ok(()),
            Err(failure) if failure.is_not_found() => Ok(()),
            Err(failure) => {
                Err(failure
                    .during(format!("could not remove the permission {statement_id} of the function {function}")))
            }
        }
    }
}
