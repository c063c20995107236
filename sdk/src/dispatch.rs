//! From the bytes of a request to the bytes of its response.

use std::error::Error;
use std::time::{Duration, Instant};

use serde_json::value::{RawValue, to_raw_value};

use crate::connector::{Connector, InvocationContext};
use crate::error::ConnectorError;
use crate::protocol::{DecodeError, ErrorCode, Operation, RESPONSE_LIMIT_BYTES, Request, Response};

/// What is kept back of the time for writing the answer and its way to AppFlow.
const MARGIN: Duration = Duration::from_millis(500);

/// Reads a request, lets the connector answer it, and writes the response.
///
/// Every decoded request gets a response: a [`ConnectorError`], a connector that does not finish in time and an answer
/// beyond Lambda's 6 MB all become `isSuccess: false` with details.
///
/// # Errors
/// [`DecodeError`] when the request cannot be read. There is no schema to answer in, so the caller reports it as a Lambda
/// function error.
pub async fn handle<C: Connector>(
    connector: &C,
    request: &[u8],
    context: InvocationContext,
) -> Result<Box<RawValue>, DecodeError> {
    let request = Request::decode(request)?;
    let operation = request.operation();
    Ok(encode(operation, &dispatch(connector, request, context).await))
}

/// Lets the connector answer a request, within the time that AppFlow gives the operation.
pub async fn dispatch<C: Connector>(connector: &C, request: Request, context: InvocationContext) -> Response {
    let operation = request.operation();
    let started = Instant::now();
    let context = context.at_most(Duration::from_secs(operation.timeout_seconds()));
    let connection = request.connector_context().cloned().unwrap_or_default();
    let entity = request.entity_identifier().unwrap_or_default().to_owned();

    let secret_arn = request.secret_arn().map(str::to_owned);
    if let (Operation::ValidateCredentials, Some(secret_arn)) = (operation, &secret_arn) {
        // AppFlow asks after credentials were changed: a remembered copy would be judged instead.
        context.forget_secret(secret_arn).await;
    }
    let limit = tokio::time::Instant::from_std(context.deadline()).checked_sub(MARGIN);
    let limit = limit.unwrap_or_else(tokio::time::Instant::now);
    let response = match tokio::time::timeout_at(limit, answer(connector, request, &context)).await {
        Ok(response) => response,
        Err(_) => failure(operation, &ran_out_of_time(operation, started.elapsed())),
    };

    let outcome = match response.outcome() {
        Ok(()) => "success",
        Err(details) => details.error_code.as_str(),
    };
    if let (true, Some(secret_arn)) = (outcome == ErrorCode::InvalidCredentials.as_str(), &secret_arn) {
        // AppFlow refreshes an OAuth2 token under the same ARN and asks again.
        context.forget_secret(secret_arn).await;
    }
    tracing::info!(
        operation = operation.name(),
        entity,
        flow = connection.flow_name.unwrap_or_default(),
        execution = connection.execution_id.unwrap_or_default(),
        connection = connection.connector_profile_label.unwrap_or_default(),
        request_id = context.request_id(),
        milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        outcome,
        "answered"
    );
    response
}

async fn answer<C: Connector>(connector: &C, request: Request, context: &InvocationContext) -> Response {
    let operation = request.operation();
    let answered: Result<Response, ConnectorError> = match request {
        Request::DescribeConnectorConfiguration(request) => {
            connector.describe_connector_configuration(request, context).await.map(Into::into)
        }
        Request::ValidateConnectorRuntimeSettings(request) => {
            connector.validate_connector_runtime_settings(request, context).await.map(Into::into)
        }
        Request::ValidateCredentials(request) => connector.validate_credentials(request, context).await.map(Into::into),
        Request::ListEntities(request) => connector.list_entities(request, context).await.map(Into::into),
        Request::DescribeEntity(request) => connector.describe_entity(request, context).await.map(Into::into),
        Request::QueryData(request) => connector.query_data(request, context).await.map(Into::into),
        Request::RetrieveData(request) => connector.retrieve_data(request, context).await.map(Into::into),
        Request::WriteData(request) => connector.write_data(request, context).await.map(Into::into),
    };
    answered.unwrap_or_else(|error| failure(operation, &error))
}

/// A failure: the code and message go to AppFlow, the chain of causes to the log.
fn failure(operation: Operation, error: &ConnectorError) -> Response {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    tracing::warn!(
        operation = operation.name(),
        code = error.code().as_str(),
        reason = error.message(),
        causes = causes.join(": "),
        "the operation failed"
    );
    Response::failure(operation, error.details())
}

fn ran_out_of_time(operation: Operation, elapsed: Duration) -> ConnectorError {
    ConnectorError::request_timeout(format!(
        "{operation} did not finish within {:.1} s; AppFlow waits {} s and the function's own timeout may be shorter",
        elapsed.as_secs_f64(),
        operation.timeout_seconds()
    ))
}

fn encode(operation: Operation, response: &Response) -> Box<RawValue> {
    let problem = match to_raw_value(response) {
        Ok(json) if json.get().len() <= RESPONSE_LIMIT_BYTES => return json,
        Ok(json) => ConnectorError::invalid_argument(format!(
            "the answer to {operation} has {} bytes, and Lambda returns at most {RESPONSE_LIMIT_BYTES}; ask for fewer \
             records or fields",
            json.get().len()
        )),
        Err(error) => ConnectorError::unknown_error(format!("the answer to {operation} cannot be written as JSON"))
            .with_source(error),
    };
    // A failure holds a code and at most 1024 characters: it always fits and always serialises.
    to_raw_value(&failure(operation, &problem)).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
