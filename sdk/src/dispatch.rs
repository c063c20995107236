//! From the bytes of a request to the bytes of its response.

use std::error::Error;
use std::time::Duration;

use serde_json::value::{RawValue, to_raw_value};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::connector::Connector;
use crate::error::ConnectorError;
use crate::invocation::InvocationContext;
use crate::protocol::{DecodeError, ErrorCode, Operation, RESPONSE_LIMIT_BYTES, Request, Response};
use crate::summary::InvocationSummary;

/// What is kept back of the time for writing the answer and its way to AppFlow.
const MARGIN: Duration = Duration::from_millis(500);

/// Reads a request, lets the connector answer it, writes the response, and logs one line.
///
/// Every decoded request gets a response: a [`ConnectorError`], a connector that does not finish in time and an answer
/// beyond Lambda's 6 MB all become `isSuccess: false` with details. No message of the response or the log has a secret
/// that was [concealed](InvocationContext::conceal).
///
/// # Errors
/// [`DecodeError`] when the request cannot be read. There is no schema to answer in, so the caller reports it as a Lambda
/// function error.
pub async fn handle<C: Connector>(
    connector: &C,
    request: &[u8],
    context: InvocationContext,
) -> Result<Box<RawValue>, DecodeError> {
    let (answer, summary) = handle_with_summary(connector, request, context).await?;
    summary.log();
    Ok(answer)
}

/// As [`handle`], but tells the caller what the invocation did instead of logging it.
///
/// # Errors
/// As [`handle`].
pub async fn handle_with_summary<C: Connector>(
    connector: &C,
    request: &[u8],
    context: InvocationContext,
) -> Result<(Box<RawValue>, InvocationSummary), DecodeError> {
    let request = Request::decode(request)?;
    let (response, mut summary) = respond(connector, request, context).await;
    let answer = match encode(summary.operation, &response) {
        Ok(answer) => answer,
        Err(error) => {
            summary.error_code = Some(error.code().clone());
            (summary.records, summary.failed_records) = (0, 0);
            // A failure holds a code and at most 1024 characters: it always fits and always serialises.
            let failure = failure(summary.operation, &error, str::to_owned);
            to_raw_value(&failure).unwrap_or_else(|_| RawValue::NULL.to_owned())
        }
    };
    summary.bytes = Some(answer.get().len());
    Ok((answer, summary))
}

/// Lets the connector answer a request, within the time that AppFlow gives the operation, and logs one line.
pub async fn dispatch<C: Connector>(connector: &C, request: Request, context: InvocationContext) -> Response {
    let (response, summary) = respond(connector, request, context).await;
    summary.log();
    response
}

async fn respond<C: Connector>(
    connector: &C,
    request: Request,
    context: InvocationContext,
) -> (Response, InvocationSummary) {
    let started = Instant::now();
    let operation = request.operation();
    let context = context.at_most(Duration::from_secs(operation.timeout_seconds())).keep_back(MARGIN);
    let mut summary = InvocationSummary::of(&request, &context);
    let span = tracing::info_span!(
        "invocation",
        operation = operation.name(),
        request_id = context.request_id(),
        entity = summary.entity,
        flow = summary.flow,
        execution = summary.execution,
    );
    let response = within_time(connector, request, &context).instrument(span).await;
    summary.answered(&response, &context, started.elapsed());
    (response, summary)
}

async fn within_time<C: Connector>(connector: &C, request: Request, context: &InvocationContext) -> Response {
    let operation = request.operation();
    let started = Instant::now();
    let secret_arn = request.secret_arn().map(str::to_owned);
    if let (Operation::ValidateCredentials, Some(secret_arn)) = (operation, &secret_arn) {
        // AppFlow asks after credentials were changed: a remembered copy would be judged instead.
        context.forget_secret(secret_arn).await;
    }
    let response = match tokio::time::timeout_at(context.deadline(), answer(connector, request, context)).await {
        Ok(Ok(response)) => response.scrubbed(|text| context.scrub(text).into_owned()),
        Ok(Err(error)) => failure(operation, &error, |text| context.scrub(text).into_owned()),
        Err(_) => failure(operation, &ran_out_of_time(operation, started.elapsed()), str::to_owned),
    };
    let is_refused = response.outcome().is_err_and(|details| details.error_code == ErrorCode::InvalidCredentials);
    if let (true, Some(secret_arn)) = (is_refused, &secret_arn) {
        // AppFlow refreshes an OAuth2 token under the same ARN and asks again.
        context.forget_secret(secret_arn).await;
    }
    response
}

async fn answer<C: Connector>(
    connector: &C,
    request: Request,
    context: &InvocationContext,
) -> Result<Response, ConnectorError> {
    match request {
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
    }
}

/// A failure: the code and message go to AppFlow, the chain of causes to the log, secrets to neither.
fn failure(operation: Operation, error: &ConnectorError, scrub: impl Fn(&str) -> String) -> Response {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(scrub(&error.to_string()));
        cause = error.source();
    }
    tracing::warn!(
        operation = operation.name(),
        code = error.code().as_str(),
        reason = scrub(error.message()),
        causes = causes.join(": "),
        "the operation failed"
    );
    Response::failure(operation, error.details_with(scrub(error.message())))
}

fn ran_out_of_time(operation: Operation, elapsed: Duration) -> ConnectorError {
    ConnectorError::request_timeout(format!(
        "{operation} did not finish within {:.1} s; AppFlow waits {} s and the function's own timeout may be shorter",
        elapsed.as_secs_f64(),
        operation.timeout_seconds()
    ))
}

fn encode(operation: Operation, response: &Response) -> Result<Box<RawValue>, ConnectorError> {
    let json = to_raw_value(response).map_err(|error| {
        ConnectorError::unknown_error(format!("the answer to {operation} cannot be written as JSON")).with_source(error)
    })?;
    if json.get().len() <= RESPONSE_LIMIT_BYTES {
        return Ok(json);
    }
    let what = if operation == Operation::WriteData {
        "the records may have been written; write fewer at a time"
    } else {
        "ask for fewer records or fields"
    };
    Err(ConnectorError::invalid_argument(format!(
        "the answer to {operation} has {} bytes, and Lambda returns at most {RESPONSE_LIMIT_BYTES}; {what}",
        json.get().len()
    )))
}
