//! Asks a connector's function something, within `AppFlow`'s limits, and says in `AppFlow`'s errors why there is no
//! answer.

use std::collections::BTreeMap;
use std::time::Duration;

use appflow_sdk::protocol::{DecodeError, ErrorCode, ErrorDetails, Operation, Request, Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::behaviour::MissingPermission;
use super::refusal::{access_denied, connector_authentication, connector_server, internal, not_found};
use super::state::Connector;
use crate::failure::ApiError;
use crate::lambda::{Lambda, ServiceCall, ServiceCallError};
use crate::scope::Scope;

/// The principal that `AppFlow` invokes functions as.
const PRINCIPAL: &str = "appflow.amazonaws.com";

/// How AWS begins its message when a function raised, timed out or answered something else than a response.
const NO_VALID_RESPONSE: &str = "Error while communicating to connector: Got error from connector. \
     No valid response and error details found";

/// Runs functions. Lambda does; tests put something simpler in its place.
pub(super) trait Invoker: Send + Sync {
    /// Invokes a function and waits for its answer.
    fn invoke<'a>(
        &'a self,
        function_arn: &'a str,
        call: ServiceCall<'a>,
        payload: Bytes,
        limit: Duration,
    ) -> BoxFuture<'a, Result<Bytes, ServiceCallError>>;
}

impl Invoker for Lambda {
    fn invoke<'a>(
        &'a self,
        function_arn: &'a str,
        call: ServiceCall<'a>,
        payload: Bytes,
        limit: Duration,
    ) -> BoxFuture<'a, Result<Bytes, ServiceCallError>> {
        Box::pin(self.call_as_service(function_arn, call, payload, limit))
    }
}

/// The function of one connector.
#[derive(Clone, Copy)]
pub(super) struct Function<'a> {
    invoker: &'a dyn Invoker,
    scope: &'a Scope,
    lambda_arn: &'a str,
    connector_arn: &'a str,
    /// What a missing permission is answered with, while the connector is being registered.
    registering: Option<MissingPermission>,
}

impl<'a> Function<'a> {
    /// Of a connector that is being registered.
    pub(super) fn registering(
        invoker: &'a dyn Invoker,
        scope: &'a Scope,
        lambda_arn: &'a str,
        connector_arn: &'a str,
        missing_permission: MissingPermission,
    ) -> Self {
        Self { invoker, scope, lambda_arn, connector_arn, registering: Some(missing_permission) }
    }

    /// Of a registered connector.
    pub(super) fn of(invoker: &'a dyn Invoker, scope: &'a Scope, connector: &'a Connector) -> Self {
        Self { invoker, scope, lambda_arn: &connector.lambda_arn, connector_arn: &connector.arn, registering: None }
    }

    /// Asks, and takes the successful answer that `take` recognises.
    pub(super) async fn ask<T>(
        self,
        request: impl Into<Request>,
        take: impl FnOnce(Response) -> Option<T>,
    ) -> Result<T, ApiError> {
        let request = request.into();
        let operation = request.operation();
        let payload = serde_json::to_vec(&request).map_err(|error| internal(&error))?;
        let call =
            ServiceCall { principal: PRINCIPAL, source_account: &self.scope.account, source_arn: self.connector_arn };
        let limit = Duration::from_secs(operation.timeout_seconds());
        let answer = self
            .invoker
            .invoke(self.lambda_arn, call, payload.into(), limit)
            .await
            .map_err(|error| self.unanswered(operation, error))?;
        let response = Response::decode(operation, &answer).map_err(|error| unreadable(operation, &error))?;
        if let Err(details) = response.outcome() {
            return Err(refused(operation, details, input_errors(&response)));
        }
        take(response).ok_or_else(|| {
            connector_server(format!(
                "{NO_VALID_RESPONSE}. The answer to {operation} says isSuccess but lacks its content"
            ))
        })
    }

    /// There was no answer.
    fn unanswered(&self, operation: Operation, error: ServiceCallError) -> ApiError {
        let arn = self.lambda_arn;
        match error {
            ServiceCallError::NoSuchFunction => {
                let message = format!("the function {arn} does not exist");
                if self.registering.is_some() { not_found(message) } else { connector_server(communicating(&message)) }
            }
            ServiceCallError::NotPermitted => {
                let message = format!(
                    "AppFlow may not invoke {arn}: its resource policy must allow {PRINCIPAL} \
                     lambda:InvokeFunction for source account {} and source ARN {}",
                    self.scope.account, self.connector_arn
                );
                match self.registering {
                    Some(MissingPermission::AccessDenied) => access_denied(message),
                    Some(MissingPermission::ConnectorServer) | None => connector_server(communicating(&message)),
                }
            }
            ServiceCallError::FunctionError { payload, .. } => connector_server(format!(
                "{NO_VALID_RESPONSE}. The function failed during {operation}{}",
                raised(&payload)
            )),
            ServiceCallError::TimedOut { after } => connector_server(format!(
                "{NO_VALID_RESPONSE}. The function did not answer {operation} within {} seconds",
                after.as_secs()
            )),
            error @ (ServiceCallError::NotActive { .. }
            | ServiceCallError::ResponseTooLarge { .. }
            | ServiceCallError::Unavailable { .. }) => {
                connector_server(communicating(&format!("{operation} of {arn}: {error}")))
            }
        }
    }
}

fn communicating(problem: &str) -> String {
    format!("Error while communicating to connector: {problem}")
}

/// What a function error's document says, as far as it can be read.
fn raised(payload: &[u8]) -> String {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Raised {
        #[serde(default)]
        error_type: Option<String>,
        #[serde(default)]
        error_message: Option<String>,
    }
    let Ok(raised) = serde_json::from_slice::<Raised>(payload) else {
        return String::new();
    };
    [raised.error_type, raised.error_message]
        .into_iter()
        .flatten()
        .fold(String::new(), |text, part| format!("{text}: {part}"))
}

/// There was an answer, but it is not the one that the protocol has.
fn unreadable(operation: Operation, error: &DecodeError) -> ApiError {
    connector_server(format!("{NO_VALID_RESPONSE}. The answer to {operation} cannot be read: {error}"))
}

/// Which settings the connector objected to.
fn input_errors(response: &Response) -> Option<&BTreeMap<String, String>> {
    match response {
        Response::ValidateConnectorRuntimeSettings(response) => response.errors_by_input_field.as_ref(),
        _ => None,
    }
}

/// The connector answered that it failed.
fn refused(operation: Operation, details: &ErrorDetails, fields: Option<&BTreeMap<String, String>>) -> ApiError {
    let ErrorDetails { error_code, error_message, .. } = details;
    let mut reason = format!("{error_code}: {error_message}");
    // The connector's message often lists the settings already.
    for (key, error) in fields.into_iter().flatten() {
        if !error_message.contains(error.as_str()) {
            reason.extend(["; ", key, ": ", error]);
        }
    }
    let validating = matches!(operation, Operation::ValidateCredentials | Operation::ValidateConnectorRuntimeSettings);
    match error_code {
        ErrorCode::InvalidCredentials | ErrorCode::AccessDenied if validating => connector_authentication(format!(
            "Error authenticating to connector: Failed to validate Connection while attempting \
                 \"{operation} with CustomConnector\": {reason}"
        )),
        ErrorCode::InvalidCredentials | ErrorCode::AccessDenied => {
            connector_authentication(communicating(&format!("{operation} failed with {reason}")))
        }
        ErrorCode::InvalidArgument
        | ErrorCode::RequestTimeout
        | ErrorCode::RateLimitExceeded
        | ErrorCode::ServiceUnavailable
        | ErrorCode::ClientError
        | ErrorCode::ServerError
        | ErrorCode::UnknownError
        | ErrorCode::PartialWriteFailure
        | ErrorCode::ResourceNotFoundError
        | ErrorCode::Unknown(_) => {
            let failed = if validating { "Failed to validate Connection" } else { "Got error from connector" };
            connector_server(communicating(&format!("{failed}: {operation} failed with {reason}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use appflow_sdk::protocol::ListEntitiesResponse;

    use super::*;

    fn function(registering: Option<MissingPermission>) -> (Scope, Option<MissingPermission>) {
        let scope = Scope { region: "eu-central-1".to_owned(), account: "000000000000".to_owned() };
        (scope, registering)
    }

    fn unanswered(error: ServiceCallError, registering: Option<MissingPermission>) -> ApiError {
        struct Nobody;
        impl Invoker for Nobody {
            fn invoke<'a>(
                &'a self,
                _: &'a str,
                _: ServiceCall<'a>,
                _: Bytes,
                _: Duration,
            ) -> BoxFuture<'a, Result<Bytes, ServiceCallError>> {
                Box::pin(async { Err(ServiceCallError::NoSuchFunction) })
            }
        }
        let (scope, registering) = function(registering);
        let function =
            Function { invoker: &Nobody, scope: &scope, lambda_arn: "arn:f", connector_arn: "arn:c", registering };
        function.unanswered(Operation::ListEntities, error)
    }

    #[test]
    fn a_missing_function_or_permission_is_told_apart_at_registration_only() {
        let registering = Some(MissingPermission::AccessDenied);
        let code = |error, registering| unanswered(error, registering).code().to_owned();
        assert_eq!(code(ServiceCallError::NoSuchFunction, registering), "ResourceNotFoundException");
        assert_eq!(code(ServiceCallError::NotPermitted, registering), "AccessDeniedException");
        let other = Some(MissingPermission::ConnectorServer);
        assert_eq!(code(ServiceCallError::NotPermitted, other), "ConnectorServerException");
        assert_eq!(code(ServiceCallError::NoSuchFunction, None), "ConnectorServerException");
        assert_eq!(code(ServiceCallError::NotPermitted, None), "ConnectorServerException");
    }

    #[test]
    fn a_function_that_raised_or_timed_out_gave_no_valid_response() {
        let payload = Bytes::from_static(br#"{"errorType":"Boom","errorMessage":"no manifest"}"#);
        let log_tail = "token=hunter2".to_owned();
        let raised = unanswered(ServiceCallError::FunctionError { payload, log_tail }, None);
        assert!(raised.message().starts_with(NO_VALID_RESPONSE), "{raised}");
        assert!(raised.message().ends_with("ListEntities: Boom: no manifest"), "{raised}");
        let after = Duration::from_secs(10);
        let late = unanswered(ServiceCallError::TimedOut { after }, None);
        assert!(late.message().starts_with(NO_VALID_RESPONSE), "{late}");
        assert!(late.message().contains("within 10 seconds"), "{late}");
    }

    #[test]
    fn a_connectors_own_failure_keeps_its_code_and_message() {
        for (code, expected) in [
            (ErrorCode::InvalidCredentials, "ConnectorAuthenticationException"),
            (ErrorCode::AccessDenied, "ConnectorAuthenticationException"),
            (ErrorCode::ServerError, "ConnectorServerException"),
            (ErrorCode::Unknown("Odd".to_owned()), "ConnectorServerException"),
        ] {
            let details = ErrorDetails::new(code.clone(), "acme is closed");
            let error = refused(Operation::DescribeEntity, &details, None);
            assert_eq!(error.code(), expected);
            assert!(error.message().starts_with("Error while communicating to connector: "));
            assert!(error.message().ends_with(&format!("{code}: acme is closed")), "{error}");
        }
    }

    #[test]
    fn settings_the_connector_objects_to_are_named() {
        let details = ErrorDetails::new(ErrorCode::InvalidArgument, "two settings are wrong");
        let fields = BTreeMap::from([("baseUrl".to_owned(), "is not a URL".to_owned())]);
        let operation = Operation::ValidateConnectorRuntimeSettings;
        let error = refused(operation, &details, Some(&fields));
        assert!(error.message().contains("Failed to validate Connection"), "{error}");
        assert!(error.message().ends_with("; baseUrl: is not a URL"), "{error}");
    }

    #[test]
    fn an_answer_that_breaks_the_protocol_is_described() {
        let error = Response::decode(Operation::ListEntities, b"{\"isSuccess\":false}").unwrap_err();
        let error = unreadable(Operation::ListEntities, &error);
        assert!(error.message().contains("errorDetails is missing"), "{error}");
        let response = Response::from(ListEntitiesResponse::new(Vec::new()));
        assert!(input_errors(&response).is_none());
    }
}
