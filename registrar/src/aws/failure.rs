//! A failed call, told apart by code and message. The `Display` of the AWS SDK's own error says only "service error".

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::error::{ErrorKind, RegistrarError};

/// How far the call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// No credentials could be had.
    NoCredentials,
    /// The request could not be built.
    Unusable,
    /// The service may or may not have done it: no answer came, or none that can be read.
    Lost,
    /// The service answered with an error.
    Answered,
}

/// A call that failed: which one, and what the service said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFailure {
    /// The call, spelled as the IAM action that allows it.
    pub action: &'static str,
    /// How far it came.
    pub reach: Reach,
    /// The error code, as in `ResourceConflictException`.
    pub code: Option<String>,
    /// The service's text, or that of the transport.
    pub message: String,
    /// The service's id of the request.
    pub request_id: Option<String>,
    /// The HTTP status.
    pub status: Option<u16>,
}

impl fmt::Display for ServiceFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.trim_end_matches('.');
        match (&self.code, self.status) {
            (Some(code), _) if message.is_empty() => write!(f, "{} answered {code}", self.action),
            (Some(code), _) => write!(f, "{} answered {code}: {message}", self.action),
            (None, Some(status)) => write!(f, "{} answered HTTP {status}: {message}", self.action),
            (None, None) => write!(f, "{} failed: {message}", self.action),
        }
    }
}

impl Error for ServiceFailure {}

/// Turns the SDK's error into ours, for use in `map_err`.
pub(super) fn failed<E>(action: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> ServiceFailure
where
    E: ProvideErrorMetadata + Error + 'static,
{
    move |error| {
        let raw = error.raw_response();
        let status = raw.map(|response| response.status().as_u16());
        let request_id = raw.and_then(|response| {
            let headers = response.headers();
            headers.get("x-amzn-requestid").or_else(|| headers.get("x-amz-request-id")).map(str::to_owned)
        });
        let code = error.code().map(str::to_owned);
        let reach = match &error {
            // A success that cannot be read. The SDK takes it for an error without a code.
            SdkError::ServiceError(_) if status.is_some_and(|status| status < 300) => Reach::Lost,
            SdkError::ServiceError(_) => Reach::Answered,
            SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) if has_credentials_cause(&error) => {
                Reach::NoCredentials
            }
            SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Reach::Lost,
            _ => Reach::Unusable,
        };
        let message = match error.message() {
            Some(message) => message.to_owned(),
            None if reach == Reach::Answered && code.is_some() => String::new(),
            None => match raw.filter(|_| status.is_some_and(|status| status >= 300)).and_then(excerpt) {
                Some(excerpt) => format!("{}: {excerpt:?}", innermost(&error)),
                None => innermost(&error),
            },
        };
        ServiceFailure { action, reach, code, message, request_id, status }
    }
}

/// A request that the SDK's own builder refused: our fault.
pub(super) fn unbuildable(action: &'static str, error: &(dyn Error + 'static)) -> ServiceFailure {
    let message = innermost(error);
    ServiceFailure { action, reach: Reach::Unusable, code: None, message, request_id: None, status: None }
}

/// The beginning of an answer in which there is no error document, such as a proxy's.
fn excerpt(response: &HttpResponse) -> Option<String> {
    let text = String::from_utf8_lossy(response.body().bytes()?);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().take(80).collect())
}

fn has_credentials_cause(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause.is::<CredentialsError>() {
            return true;
        }
        next = cause.source();
    }
    false
}

/// The text of the deepest cause: the outer ones say only "dispatch failure".
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    deepest.to_string()
}

/// Codes that mean the credentials are no good any more or never were.
const BAD_CREDENTIALS: [&str; 8] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
];

/// Codes that mean the key of the function's variables cannot be used. Lambda answers them with 502, though waiting is no help.
pub(super) const KEY_TROUBLE: [&str; 4] =
    ["KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException", "KMSNotFoundException"];

/// Fragments of an `InvalidParameterValueException` that go away once a fresh role or policy has spread.
///
/// AWS gives only text to tell these by (terraform-provider-aws `internal/service/lambda/function.go`).
const ROLE_NOT_READY: [&str; 3] = [
    "cannot be assumed by Lambda",
    "does not have permissions to call CreateNetworkInterface",
    "KMS key is invalid for CreateGrant",
];

impl ServiceFailure {
    fn has_code(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }

    pub(super) fn says(&self, fragment: &str) -> bool {
        self.message.to_ascii_lowercase().contains(&fragment.to_ascii_lowercase())
    }

    /// The resource is not there. IAM spells the code its own way.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.has_code(&["ResourceNotFoundException", "NoSuchEntity", "NoSuchEntityException"])
    }

    /// The caller may not do this.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        self.has_code(&["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"])
    }

    /// The credentials are missing, wrong or expired.
    #[must_use]
    pub fn is_bad_credentials(&self) -> bool {
        self.reach == Reach::NoCredentials || self.has_code(&BAD_CREDENTIALS)
    }

    /// The service asks for patience. The SDK has retried already.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.has_code(&["ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"])
    }

    /// Whether the request may have taken effect although no good answer came: no reply, or a 5xx.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        let failed = self.status.is_some_and(|status| status >= 500) && !self.is_key_trouble();
        self.reach == Reach::Lost || failed
    }

    /// The key of the function's variables cannot be used.
    #[must_use]
    pub fn is_key_trouble(&self) -> bool {
        self.has_code(&KEY_TROUBLE)
    }

    /// Lambda was asked to run a function and says that it cannot, because of the function.
    #[must_use]
    pub fn is_of_the_function(&self) -> bool {
        let is_of_the_caller = self.is_access_denied() || self.is_bad_credentials() || self.is_throttled();
        // Lambda answers with 502 what is wrong with a function's network, key or artefact, and names it by its code.
        let is_of_lambda = self.is_ambiguous() && (self.code.is_none() || self.has_code(&["ServiceException"]));
        self.reach == Reach::Answered && !is_of_the_caller && !is_of_lambda
    }

    /// EC2, of which Lambda asks network interfaces, asks for patience.
    #[must_use]
    pub fn is_throttled_by_ec2(&self) -> bool {
        self.has_code(&["InvalidParameterValueException"]) && self.says("throttled by EC2")
    }

    /// The role still has policies.
    #[must_use]
    pub fn is_delete_conflict(&self) -> bool {
        self.has_code(&["DeleteConflict", "DeleteConflictException"])
    }

    /// Lambda cannot use the role yet: it has not spread, or its trust policy is wrong.
    #[must_use]
    pub fn is_role_not_ready(&self) -> bool {
        self.has_code(&["InvalidParameterValueException"]) && ROLE_NOT_READY.iter().any(|text| self.says(text))
    }

    /// A function is being made or changed; waiting helps.
    #[must_use]
    pub fn is_function_busy(&self) -> bool {
        self.has_code(&["ResourceConflictException"])
            && (self.says("update is in progress")
                || self.says("following state: 'Pending'")
                || self.says("state: Pending"))
    }

    /// The thing to make is there already: a lost reply to our own call, or somebody else's.
    #[must_use]
    pub fn already_exists(&self) -> bool {
        self.has_code(&["EntityAlreadyExists", "EntityAlreadyExistsException"])
            || (self.has_code(&["ResourceConflictException"]) && self.says("already exist"))
    }

    /// Somebody changed the resource since it was read.
    #[must_use]
    pub fn is_stale_revision(&self) -> bool {
        self.has_code(&["PreconditionFailedException", "ConcurrentModification", "ConcurrentModificationException"])
    }

    /// The code to publish is not the function's code any more.
    #[must_use]
    pub fn is_other_code(&self) -> bool {
        self.has_code(&["InvalidParameterValueException"]) && self.says("CodeSHA256") && self.says("is different")
    }

    /// The function is not ready to be invoked; trying again helps.
    #[must_use]
    pub fn is_not_invocable_yet(&self) -> bool {
        self.is_function_busy() || self.has_code(&["ResourceNotReadyException", "SnapStartNotReadyException"])
    }

    /// A policy that names a principal made a moment ago, which IAM has not spread.
    #[must_use]
    pub fn is_principal_not_spread(&self) -> bool {
        self.has_code(&["MalformedPolicyDocument", "MalformedPolicyDocumentException"]) && self.says("principal")
    }

    /// Makes an error of it: what was being done to which resource, with the usual way out.
    #[must_use]
    pub fn during(self, doing: impl Into<String>) -> RegistrarError {
        let (kind, hint) = self.kind_and_hint();
        let request_id = self.request_id.clone();
        RegistrarError::new(kind, doing).with_hint(hint).with_request_id(request_id).with_source(self)
    }

    /// Makes an error of it when there is no time left to try again.
    #[must_use]
    pub fn out_of_time(self, doing: impl fmt::Display) -> RegistrarError {
        let request_id = self.request_id.clone();
        RegistrarError::new(ErrorKind::TimedOut, format!("{doing} in time"))
            .with_hint("run again to go on waiting, with a longer --timeout if need be")
            .with_request_id(request_id)
            .with_source(self)
    }

    fn kind_and_hint(&self) -> (ErrorKind, String) {
        if self.is_bad_credentials() {
            let hint = "sign in again (aws sso login, aws login), or name other credentials with --profile or AWS_PROFILE; \
                        no AWS account is needed with --local";
            return (ErrorKind::Credentials, hint.to_owned());
        }
        if self.is_access_denied() {
            return (ErrorKind::Permission, format!("the caller needs the IAM action {}", self.action));
        }
        let (kind, hint) = if self.is_stale_revision() {
            (ErrorKind::Conflict, "somebody else changes it at the same time; run again once they are done")
        } else if self.is_throttled() {
            (ErrorKind::Service, "the account's request rate is used up; run again in a minute")
        } else if self.reach == Reach::Lost && self.says("invalid peer certificate") {
            let hint = "if a proxy or an endpoint of your own has a certificate authority of its own, name its PEM file in \
                        AWS_CA_BUNDLE or in ca_bundle of the profile";
            (ErrorKind::Service, hint)
        } else if self.is_ambiguous() {
            let hint = "check the network and the endpoint, then run again: what was done is found and kept";
            (ErrorKind::Service, hint)
        } else {
            (ErrorKind::Service, super::way_out::of(self))
        };
        (kind, hint.to_owned())
    }
}

impl ServiceFailure {
    /// An answer that was a success, but lacks what it must hold.
    pub(super) fn incomplete(action: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { action, reach: Reach::Lost, code: None, message, request_id: None, status: Some(200) }
    }

    /// An answer that was a success, but says within that something failed.
    pub(super) fn answered(action: &'static str, code: &str, message: impl Into<String>) -> Self {
        Self {
            action,
            reach: Reach::Answered,
            code: Some(code.to_owned()),
            message: message.into(),
            request_id: None,
            status: None,
        }
    }
}

#[cfg(test)]
pub(crate) fn answered(action: &'static str, code: &str, message: &str) -> ServiceFailure {
    ServiceFailure {
        action,
        reach: Reach::Answered,
        code: Some(code.to_owned()),
        message: message.to_owned(),
        request_id: Some("r-1".to_owned()),
        status: Some(400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Predicate = fn(&ServiceFailure) -> bool;

    #[test]
    fn tells_failures_apart_by_code_and_fragment() {
        let table: [(&str, &str, Predicate); 12] = [
            ("ResourceNotFoundException", "Function not found: f", ServiceFailure::is_not_found),
            ("NoSuchEntity", "The role with name r cannot be found.", ServiceFailure::is_not_found),
            (
                "InvalidParameterValueException",
                "The role defined for the function cannot be assumed by Lambda.",
                ServiceFailure::is_role_not_ready,
            ),
            (
                "ResourceConflictException",
                "The operation cannot be performed at this time. An update is in progress for resource: f",
                ServiceFailure::is_function_busy,
            ),
            (
                "ResourceConflictException",
                "The function is currently in the following state: 'Pending'",
                ServiceFailure::is_function_busy,
            ),
            ("ResourceConflictException", "Function already exist: f", ServiceFailure::already_exists),
            (
                "ResourceConflictException",
                "The statement id (s) provided already exists.",
                ServiceFailure::already_exists,
            ),
            ("EntityAlreadyExists", "Role with name r already exists.", ServiceFailure::already_exists),
            (
                "PreconditionFailedException",
                "The RevisionId provided does not match",
                ServiceFailure::is_stale_revision,
            ),
            ("TooManyRequestsException", "Rate exceeded", ServiceFailure::is_throttled),
            ("ExpiredTokenException", "The security token is expired", ServiceFailure::is_bad_credentials),
            ("AccessDeniedException", "not authorized", ServiceFailure::is_access_denied),
        ];
        let predicates: [Predicate; 8] = [
            ServiceFailure::is_not_found,
            ServiceFailure::is_role_not_ready,
            ServiceFailure::is_function_busy,
            ServiceFailure::already_exists,
            ServiceFailure::is_stale_revision,
            ServiceFailure::is_throttled,
            ServiceFailure::is_bad_credentials,
            ServiceFailure::is_access_denied,
        ];
        for (code, message, expected) in table {
            let failure = answered("lambda:Test", code, message);
            assert!(expected(&failure), "{code}: {message}");
            let matching = predicates.iter().filter(|predicate| predicate(&failure)).count();
            assert_eq!(matching, 1, "{code}: {message}");
        }
    }

    #[test]
    fn takes_a_conflict_of_another_kind_for_none_of_these() {
        let failure = answered("lambda:Test", "ResourceConflictException", "something new");
        assert!(!failure.is_function_busy() && !failure.already_exists());
    }

    #[test]
    fn maps_kinds_to_exit_codes_and_names_the_action() {
        let denied = answered("iam:CreateRole", "AccessDenied", "no.").during("creating the role r");
        assert_eq!(denied.exit_code().code(), 3);
        assert_eq!(denied.hint(), Some("the caller needs the IAM action iam:CreateRole"));
        assert_eq!(denied.request_id(), Some("r-1"));
        assert_eq!(denied.causes(), ["iam:CreateRole answered AccessDenied: no"]);
        let conflict = answered("lambda:UpdateFunctionCode", "PreconditionFailedException", "").during("x");
        assert_eq!((conflict.kind(), conflict.exit_code().code()), (ErrorKind::Conflict, 4));
    }

    #[test]
    fn counts_lost_replies_and_5xx_as_ambiguous() {
        let mut failure = answered("appflow:RegisterConnector", "InternalServerException", "");
        assert!(!failure.is_ambiguous());
        failure.status = Some(500);
        assert!(failure.is_ambiguous());
        failure = ServiceFailure { reach: Reach::Lost, status: None, code: None, ..failure };
        assert!(failure.is_ambiguous());
    }
}
