//! The permission's step. Lambda's own call is neither idempotent nor safe beside another one, so: read, compare, write
//! under the revision that was read, read back.

use std::time::Duration;

use tokio::time::Instant;

use super::{BUSY_FOR, Executor, FUNCTION_APPEARS_WITHIN};
use crate::aws::ServiceFailure;
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::policy::Grant;
use crate::retry::{Stopped, Verdict, jittered, retry};

/// How often the policy is read again because somebody else changed it in between.
const ROUNDS: u32 = 3;

impl Executor<'_> {
    pub(super) async fn grant_invoke(
        &mut self,
        function: &str,
        grant: Option<&Grant>,
        obsolete: &[String],
    ) -> Result<(), RegistrarError> {
        if let Some(grant) = grant {
            self.permit(function, grant).await?;
        }
        // The old ones go last: the other way round there would be a moment in which AppFlow may not call.
        for statement_id in obsolete {
            self.forbid(function, statement_id).await?;
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
        let mut grant = grant.clone();
        let mut last: Option<ServiceFailure> = None;
        for round in 0..ROUNDS {
            if round > 0 {
                self.interrupt.sleep(jittered(Duration::from_secs(1))).await?;
            }
            let (statements, revision) =
                lambda.permissions(function).await.map_err(|failure| failure.during(doing()))?;
            let is_granted = statements.iter().any(|statement| {
                statement.equals(&grant, &arn) && !Grant::is_of_another_label(&statement.id, &self.label)
            });
            if is_granted {
                self.memory.permission_added = Some(Instant::now());
                return Ok(());
            }
            // A statement of this id with other content stays until the new one is there, under another id.
            while statements.iter().any(|statement| statement.id == grant.statement_id) {
                grant.statement_id.push_str("-again");
            }
            let call = async || lambda.permit(function, &grant, revision.clone()).await;
            match retry(&self.patience(BUSY_FOR), call, self.with_new_function(), self.waiting()).await {
                Ok(()) => {
                    self.memory.permission_added = Some(Instant::now());
                    return self.read_back(function, &grant, &arn).await;
                }
                Err(Stopped::Failed(failure)) if failure.already_exists() || failure.is_stale_revision() => {
                    self.report.event(&Event::Waiting("somebody else changes the permissions"));
                    last = Some(failure);
                }
                Err(Stopped::Failed(failure)) if failure.is_function_busy() => return Err(failure.out_of_time(doing())),
                Err(stopped) => return Err(stopped.during(doing())),
            }
        }
        let message = format!("the permissions of the function {function} keep changing");
        Err(RegistrarError::new(ErrorKind::Conflict, message)
            .with_hint("run again once nobody else changes them")
            .caused_by(last))
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
            self.interrupt.sleep(jittered(Duration::from_secs(1))).await?;
        }
    }

    /// Removes a statement of the policy that was read right before, so that nobody else's change is passed over.
    async fn forbid(&self, function: &str, statement_id: &str) -> Result<(), RegistrarError> {
        let lambda = &self.aws.lambda;
        let call = async || {
            let (statements, revision) = lambda.permissions(function).await?;
            if statements.iter().any(|statement| statement.id == statement_id) {
                lambda.forbid(function, statement_id, revision).await
            } else {
                Ok(())
            }
        };
        let mut stale = 0;
        let verdict = |failure: &ServiceFailure| {
            stale += u32::from(failure.is_stale_revision());
            if failure.is_function_busy() {
                Verdict::Retry("the function is being changed")
            } else if failure.is_stale_revision() && stale < ROUNDS {
                Verdict::Retry("somebody else changes the permissions")
            } else {
                Verdict::Stop
            }
        };
        let doing = || format!("could not remove the permission {statement_id} of the function {function}");
        match retry(&self.patience(BUSY_FOR), call, verdict, self.waiting()).await {
            Ok(()) => Ok(()),
            Err(Stopped::Failed(failure)) if failure.is_not_found() => Ok(()),
            Err(Stopped::Failed(failure)) if failure.is_function_busy() => Err(failure.out_of_time(doing())),
            Err(stopped) => Err(stopped.during(doing())),
        }
    }
}
