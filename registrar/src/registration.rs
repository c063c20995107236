//! What to do when AppFlow refuses a registration: nine errors, each with its own meaning.

use std::time::Duration;

use uuid::Uuid;

use crate::aws::{Registration, ServiceFailure};
use crate::digest::hex;
use crate::error::{ErrorKind, RegistrarError};

/// How long a fresh permission may take to reach AppFlow. AWS publishes no number; this is a cautious cap.
pub const PERMISSION_SPREADS_WITHIN: Duration = Duration::from_mins(2);

/// How long a fresh function may be invisible to other services.
pub const FUNCTION_APPEARS_WITHIN: Duration = Duration::from_mins(1);

/// Tries of a call that was throttled or whose answer was lost.
const TRIES_WHEN_BUSY: u32 = 5;

/// Tries of a call during which the connector failed although it had just passed the smoke test.
const TRIES_WHEN_CONNECTOR_FAILS: u32 = 3;

/// The two calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// `RegisterConnector`
    Register,
    /// `UpdateConnectorRegistration`
    Update,
}

/// The nine errors that both calls can answer (AppFlow API reference).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AppFlowError {
    /// 400: a parameter is wrong, or AppFlow cannot use the function.
    Validation,
    /// 409: the label is taken, or being changed.
    Conflict,
    /// 403: the caller, or AppFlow itself, may not.
    AccessDenied,
    /// 404: no such function, or no such registration.
    ResourceNotFound,
    /// 402: too many connectors.
    ServiceQuotaExceeded,
    /// 429.
    Throttling,
    /// 500.
    InternalServer,
    /// 400: the connector failed, did not answer in time, or answered the wrong thing.
    ConnectorServer,
    /// 401: the connector refused credentials.
    ConnectorAuthentication,
}

impl AppFlowError {
    /// All nine.
    pub const ALL: [Self; 9] = [
        Self::Validation,
        Self::Conflict,
        Self::AccessDenied,
        Self::ResourceNotFound,
        Self::ServiceQuotaExceeded,
        Self::Throttling,
        Self::InternalServer,
        Self::ConnectorServer,
        Self::ConnectorAuthentication,
    ];

    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Validation => "ValidationException",
            Self::Conflict => "ConflictException",
            Self::AccessDenied => "AccessDeniedException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::ServiceQuotaExceeded => "ServiceQuotaExceededException",
            Self::Throttling => "ThrottlingException",
            Self::InternalServer => "InternalServerException",
            Self::ConnectorServer => "ConnectorServerException",
            Self::ConnectorAuthentication => "ConnectorAuthenticationException",
        }
    }

    /// The error in a failure, if it is one of these.
    #[must_use]
    pub fn of(failure: &ServiceFailure) -> Option<Self> {
        let code = failure.code.as_deref()?;
        Self::ALL.into_iter().find(|error| error.code() == code)
    }
}

/// What is known at the time of a failure.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts {
    /// How long ago this run let AppFlow invoke the function; none if it did not.
    pub permission_age: Option<Duration>,
    /// How long ago this run made the function; none if it did not.
    pub function_age: Option<Duration>,
    /// Whether the function has just answered well.
    pub smoke_test_passed: bool,
    /// How many times this failure has been seen, this time included.
    pub times_seen: u32,
    /// Whether this run has changed from one call to the other already.
    pub has_switched: bool,
    /// Whether an answer to the present call was lost, so that it may have taken effect.
    pub answer_was_lost: bool,
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The request may have arrived: send the very same again, with the same token.
    SendSameAgain(&'static str),
    /// The request was refused: send a new one later.
    SendNewAgain(&'static str),
    /// Look at what is registered, and decide by that.
    LookAgain,
    /// Nothing is registered: register instead of updating.
    RegisterInstead,
    /// Give up.
    Fail,
}

/// Decides what to do about a failure.
#[must_use]
pub fn decide(call: Call, failure: &ServiceFailure, facts: &Facts) -> Decision {
    let may_spread = facts.permission_age.is_some_and(|age| age < PERMISSION_SPREADS_WITHIN);
    let Some(error) = AppFlowError::of(failure) else {
        // No code of the nine: a lost answer is retried, everything else is final.
        return if failure.is_ambiguous() && facts.times_seen < TRIES_WHEN_BUSY {
            Decision::SendSameAgain("no answer came")
        } else {
            Decision::Fail
        };
    };
    match error {
        AppFlowError::Throttling | AppFlowError::InternalServer => {
            if facts.times_seen < TRIES_WHEN_BUSY {
                Decision::SendSameAgain("AppFlow is busy")
            } else {
                Decision::Fail
            }
        }
        AppFlowError::AccessDenied if may_spread => Decision::SendNewAgain("the permission may not have spread yet"),
        AppFlowError::Validation if may_spread && blames_the_function(failure) => {
            Decision::SendNewAgain("the permission may not have spread yet")
        }
        AppFlowError::ConnectorServer if facts.smoke_test_passed && facts.times_seen < TRIES_WHEN_CONNECTOR_FAILS => {
            Decision::SendNewAgain("the connector failed, though it answered well before")
        }
        AppFlowError::ResourceNotFound if facts.function_age.is_some_and(|age| age < FUNCTION_APPEARS_WITHIN) => {
            Decision::SendNewAgain("AppFlow may not see the new function yet")
        }
        AppFlowError::ResourceNotFound if call == Call::Update && !facts.has_switched => Decision::RegisterInstead,
        // Whoever finds the label now absent, now taken, would go to and fro for ever.
        AppFlowError::Conflict if call == Call::Register && facts.has_switched && !facts.answer_was_lost => {
            Decision::Fail
        }
        AppFlowError::Conflict if call == Call::Register => Decision::LookAgain,
        AppFlowError::Conflict if facts.times_seen < TRIES_WHEN_BUSY => {
            Decision::SendNewAgain("the registration is being changed")
        }
        AppFlowError::Validation
        | AppFlowError::Conflict
        | AppFlowError::AccessDenied
        | AppFlowError::ResourceNotFound
        | AppFlowError::ServiceQuotaExceeded
        | AppFlowError::ConnectorServer
        | AppFlowError::ConnectorAuthentication => Decision::Fail,
    }
}

/// AWS gives only text to tell a wrong parameter from a function that AppFlow may not use.
fn blames_the_function(failure: &ServiceFailure) -> bool {
    let message = failure.message.to_ascii_lowercase();
    ["lambda", "permission", "not authorized", "invoke"].iter().any(|word| message.contains(word))
}

/// Makes an error of the last failure: what happened, to which resource, what to do.
#[must_use]
pub fn explain(call: Call, failure: ServiceFailure, registration: &Registration) -> RegistrarError {
    let Registration { label, lambda_arn, .. } = registration;
    let verb = match call {
        Call::Register => "register",
        Call::Update => "renew the registration of",
    };
    let could_not = format!("could not {verb} the connector {label}");
    let Some(error) = AppFlowError::of(&failure) else { return failure.during(could_not) };
    let (kind, what, hint) = match error {
        AppFlowError::Validation => (
            ErrorKind::Service,
            "AppFlow finds the request invalid".to_owned(),
            format!("check label, description and {lambda_arn}; AppFlow takes ARNs of the partition aws only"),
        ),
        AppFlowError::Conflict => (
            ErrorKind::Conflict,
            "the label is taken or being changed".to_owned(),
            "run again; if it stays, take the label over with --adopt or choose another one with --label".to_owned(),
        ),
        AppFlowError::AccessDenied => (
            ErrorKind::Permission,
            "access was denied".to_owned(),
            format!(
                "the caller needs {} and lambda:InvokeFunction on {lambda_arn}; the function's resource policy must let \
                 appflow.amazonaws.com invoke it (\"registrar status\" shows whether it does)",
                failure.action
            ),
        ),
        AppFlowError::ResourceNotFound => (
            ErrorKind::Service,
            format!("AppFlow cannot find {lambda_arn}"),
            "the function must be in the same account and region as the registration".to_owned(),
        ),
        AppFlowError::ServiceQuotaExceeded => (
            ErrorKind::Service,
            "the account has too many connectors in this region".to_owned(),
            "unregister one (\"registrar list\" shows them) or ask for a higher quota".to_owned(),
        ),
        AppFlowError::Throttling => (
            ErrorKind::Service,
            "AppFlow throttles the account's requests".to_owned(),
            "run again in a minute".to_owned(),
        ),
        AppFlowError::InternalServer => (
            ErrorKind::Service,
            "AppFlow failed".to_owned(),
            "run again; if it stays, ask AWS support with the request id".to_owned(),
        ),
        AppFlowError::ConnectorServer => (
            ErrorKind::Connector,
            format!("AppFlow reached {lambda_arn}, but it failed, took over 10 seconds or answered wrongly"),
            "\"registrar describe\" asks the same; the function's log tells why".to_owned(),
        ),
        AppFlowError::ConnectorAuthentication => (
            ErrorKind::Connector,
            "the connector refused the credentials".to_owned(),
            "describing itself must not need credentials; check what the connector does when asked for its configuration"
                .to_owned(),
        ),
    };
    let request_id = failure.request_id.clone();
    RegistrarError::new(kind, format!("{could_not}: {what}"))
        .with_hint(hint)
        .with_request_id(request_id)
        .with_source(failure)
}

/// The token of one logical attempt. Sending it again means "the same attempt"; AppFlow remembers it for eight hours.
///
/// It holds a run id: a token made of the parameters alone would make AppFlow answer from memory when a connector is
/// registered again after it was unregistered, or renewed with new code under equal parameters.
#[must_use]
pub fn client_token(run: Uuid, call: Call, registration: &Registration, revision: &str, attempt: u32) -> String {
    let Registration { label, description, lambda_arn } = registration;
    hex(format!("{run}\n{call:?}\n{label}\n{description:?}\n{lambda_arn}\n{revision}\n{attempt}").as_bytes())
}

#[cfg(test)]
mod tests;
