//! `Invoke`: by a caller with credentials, synchronously, as an event, or as a rehearsal.

use appflow_sdk::protocol::RESPONSE_LIMIT_BYTES;
use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use super::Lambda;
use super::api::Call;
use super::configuration::Change;
use super::execution::{Failure, FailureKind, Outcome, Report};
use super::name::constraint;
use crate::failure::{ApiError, REQUEST_ID};

impl Lambda {
    /// `Invoke`.
    pub(super) async fn invoke(&self, call: &Call<'_>, function: &str) -> Result<Response, ApiError> {
        let name = call.function(function)?;
        let header = |name: &str| call.headers.get(name).and_then(|value| value.to_str().ok());
        let invocation_type = header("x-amz-invocation-type").unwrap_or("RequestResponse");
        let wants_tail = header("x-amz-log-type") == Some("Tail");
        if !matches!(invocation_type, "RequestResponse" | "Event" | "DryRun") {
            return Err(constraint(
                invocation_type,
                "invocationType",
                "Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
            ));
        }
        let payload = payload(call.body.clone())?;
        let (spec, executed) = self
            .read(|functions, now| {
                let function = functions.get(call.scope, &name)?;
                let configuration = function.resolve(call.scope, &name)?;
                if configuration.change == Change::Create {
                    configuration.check_settled(now, self.0.settle)?;
                }
                let spec = self.spec(call.scope, function, &name, now)?;
                let executed = spec.version.clone();
                Ok((spec, executed))
            })
            .await?;
        let mut response = match invocation_type {
            "DryRun" => empty(StatusCode::NO_CONTENT),
            "Event" => {
                let executor = self.0.executor.clone();
                tokio::spawn(async move { executor.run(spec, payload).await });
                empty(StatusCode::ACCEPTED)
            }
            _ => answer(self.0.executor.run(spec, payload).await, wants_tail)?,
        };
        if let Ok(executed) = HeaderValue::from_str(&executed) {
            response.headers_mut().insert("x-amz-executed-version", executed);
        }
        Ok(response)
    }
}

/// The event: any JSON text; none at all counts as an empty object.
fn payload(body: Bytes) -> Result<Bytes, ApiError> {
    if body.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    if body.len() > RESPONSE_LIMIT_BYTES {
        return Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestTooLargeException",
            format!("Request must be smaller than {RESPONSE_LIMIT_BYTES} bytes for the InvokeFunction operation"),
        ));
    }
    serde_json::from_slice::<serde::de::IgnoredAny>(&body).map_err(|error| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            format!("Could not parse request body into json: {error}"),
        )
    })?;
    Ok(body)
}

fn answer(report: Report, wants_tail: bool) -> Result<Response, ApiError> {
    let (payload, failed) = match report.outcome {
        Outcome::Answered(payload) => (payload, false),
        Outcome::Failed(Failure { kind: FailureKind::Service { reason }, .. }) => {
            return Err(ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "ServiceException",
                format!("the local AWS could not run the function: {reason}"),
            ));
        }
        Outcome::Failed(failure) => (failure.payload, true),
    };
    let mut response = Response::new(Body::from(payload));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if failed {
        headers.insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
    }
    if let Ok(request_id) = HeaderValue::from_str(&report.request_id) {
        headers.insert(REQUEST_ID, request_id);
    }
    if wants_tail && let Ok(tail) = HeaderValue::from_str(&STANDARD.encode(&report.log_tail)) {
        headers.insert("x-amz-log-result", tail);
    }
    Ok(response)
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
