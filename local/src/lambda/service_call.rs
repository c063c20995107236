//! How another service of this AWS invokes a function: under its own principal, checked against the function's policy.

use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;
use tokio::time::timeout;

use super::Lambda;
use super::execution::{FailureKind, Outcome};
use super::name::FunctionName;
use crate::scope::Scope;

/// On whose behalf a service invokes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServiceCall<'a> {
    /// The service, as in `appflow.amazonaws.com`.
    pub(crate) principal: &'a str,
    /// The account whose resource causes the call.
    pub(crate) source_account: &'a str,
    /// The resource that causes the call.
    pub(crate) source_arn: &'a str,
}

/// Why a service got no answer.
#[derive(Debug, Error)]
pub(crate) enum ServiceCallError {
    /// There is no function, version or alias of that ARN.
    #[error("there is no such function")]
    NoSuchFunction,
    /// The function exists but cannot be invoked yet, or any more.
    #[error("the function's state is {state}, not Active: {reason}")]
    NotActive {
        /// The state, as in `Pending`.
        state: String,
        /// Lambda's words for it.
        reason: String,
    },
    /// No statement of the function's policy lets this principal in.
    #[error("the function's resource policy does not let this service invoke it")]
    NotPermitted,
    /// The function ran and failed.
    #[error("the function failed")]
    FunctionError {
        /// The error document, `{"errorType": …, "errorMessage": …}`.
        payload: Bytes,
        /// The last 4 KB of what it logged.
        log_tail: String,
    },
    /// The service stopped waiting.
    #[error("the function did not answer within {after:?}")]
    TimedOut {
        /// The service's own limit.
        after: Duration,
    },
    /// The answer is larger than Lambda passes on.
    #[error("the function's answer has {bytes} bytes, more than Lambda's 6 MB")]
    ResponseTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The function could not be run at all.
    #[error("the function could not be run: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
}

impl Lambda {
    /// Invokes a function as a service does: its resource policy must let the service in, the function must be active,
    /// and the service waits no longer than `limit`. The function runs on when the service has stopped waiting, as in
    /// AWS.
    pub(crate) async fn call_as_service(
        &self,
        function_arn: &str,
        call: ServiceCall<'_>,
        payload: Bytes,
        limit: Duration,
    ) -> Result<Bytes, ServiceCallError> {
        let scope = scope_of(function_arn).ok_or(ServiceCallError::NoSuchFunction)?;
        let name = FunctionName::parse(function_arn, None, &scope).map_err(|_| ServiceCallError::NoSuchFunction)?;
        let spec = {
            let functions = self.0.functions.lock().await;
            let now = self.0.clock.now();
            let function = functions.get(&scope, &name).map_err(|_| ServiceCallError::NoSuchFunction)?;
            // Functions are kept by region and name; the account is in their ARN.
            if !function_arn.starts_with(&function.latest.arn) {
                return Err(ServiceCallError::NoSuchFunction);
            }
            let configuration = function.resolve(&scope, &name).map_err(|_| ServiceCallError::NoSuchFunction)?;
            let permitted = function
                .policies
                .get(name.published().unwrap_or_default())
                .is_some_and(|policy| policy.permits(&call, function_arn));
            if !permitted {
                return Err(ServiceCallError::NotPermitted);
            }
            if configuration.is_pending(now, self.0.settle) {
                return Err(ServiceCallError::NotActive {
                    state: "Pending".to_owned(),
                    reason: "The function is being created.".to_owned(),
                });
            }
            self.spec(&scope, function, &name, now).map_err(|_| ServiceCallError::NoSuchFunction)?
        };
        let Ok(report) = timeout(limit, self.0.executor.run(spec, payload)).await else {
            return Err(ServiceCallError::TimedOut { after: limit });
        };
        match report.outcome {
            Outcome::Answered(answer) => Ok(answer),
            Outcome::Failed(failure) => Err(match failure.kind {
                FailureKind::Function => ServiceCallError::FunctionError {
                    payload: failure.payload,
                    log_tail: String::from_utf8_lossy(&report.log_tail).into_owned(),
                },
                FailureKind::TooLarge { bytes } => ServiceCallError::ResponseTooLarge { bytes },
                FailureKind::Service { reason } => ServiceCallError::Unavailable { reason },
            }),
        }
    }
}

/// Region and account of a function ARN.
fn scope_of(function_arn: &str) -> Option<Scope> {
    let mut parts = function_arn.split(':').skip(3);
    Some(Scope { region: parts.next()?.to_owned(), account: parts.next()?.to_owned() })
}
