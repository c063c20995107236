//! What the sample API answers when it refuses.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

/// A refusal: `{"error":{"code":…,"message":…}}`, and `field` where one member of a record is to blame.
#[derive(Debug)]
pub(super) struct Rejection {
    status: StatusCode,
    code: &'static str,
    message: String,
    field: Option<String>,
    challenge: Option<&'static str>,
}

impl Rejection {
    /// A refusal of this kind.
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let code = match status {
            StatusCode::UNAUTHORIZED => "unauthorized",
            StatusCode::FORBIDDEN => "forbidden",
            StatusCode::NOT_FOUND => "not_found",
            StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
            StatusCode::CONFLICT => "conflict",
            StatusCode::PAYLOAD_TOO_LARGE => "payload_too_large",
            StatusCode::TOO_MANY_REQUESTS => "rate_limited",
            StatusCode::INTERNAL_SERVER_ERROR => "internal",
            StatusCode::SERVICE_UNAVAILABLE => "unavailable",
            _ => "bad_request",
        };
        Self { status, code, message: message.into(), field: None, challenge: None }
    }

    /// The request cannot be understood.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// A member of a record is not as it must be.
    pub(super) fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self { code: "invalid", field: Some(field.to_owned()), ..Self::bad_request(message) }
    }

    /// There is no such record.
    pub(super) fn not_found(entity: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no {entity} {id:?}"))
    }

    /// The record would be right, but another one of its batch was not.
    pub(super) fn rolled_back() -> Self {
        let message = "not written, because another record of the batch could not be";
        Self { code: "rolled_back", ..Self::new(StatusCode::CONFLICT, message) }
    }

    /// The value of a member is taken already.
    pub(super) fn conflict(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(StatusCode::CONFLICT, message) }
    }

    /// The status.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, as a JSON object.
    pub(super) fn error(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(field) = &self.field {
            error["field"] = field.as_str().into();
        }
        error
    }

    /// The body of the answer.
    pub(super) fn body(&self) -> String {
        json!({"error": self.error()}).to_string()
    }

    /// The credentials are missing or wrong; `challenge` says which are wanted.
    pub(super) fn unauthorized(challenge: &'static str, message: impl Into<String>) -> Self {
        Self { challenge: Some(challenge), ..Self::new(StatusCode::UNAUTHORIZED, message) }
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let content_type = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (self.status, content_type, self.body()).into_response();
        if let Some(challenge) = self.challenge {
            let challenge = HeaderValue::from_static(challenge);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
