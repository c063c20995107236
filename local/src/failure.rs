//! What a service answers when it refuses: status, AWS error code and message, in the spelling of its protocol.

use std::fmt;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use uuid::Uuid;

/// Header that carries the request id in the JSON and query protocols.
pub(crate) const REQUEST_ID: &str = "x-amzn-requestid";

/// Header that names the error code in the `rest-json` protocol.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// A refusal as AWS words it. There is no way to make one without a code and a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ApiError {
    /// A refusal. `code` is the AWS error code, such as `ResourceNotFoundException`.
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// A fault of this server, such as a full disk: 500 with the reason in it.
    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        let mut message = format!("the local AWS could not do this: {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", message)
    }

    /// The AWS error code.
    pub(crate) fn code(&self) -> &str {
        self.code
    }

    /// The message.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status.
    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer in the `rest-json` protocol (`AppFlow`, Lambda).
    pub(crate) fn rest_json(self) -> Response {
        let body = json!({ "Type": self.fault(), "message": self.message }).to_string();
        let mut response = self.response("application/json", body);
        response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(self.code));
        response
    }

    /// The answer in the `awsJson1.1` protocol (Secrets Manager).
    pub(crate) fn json_1_1(self) -> Response {
        let body = json!({ "__type": self.code, "message": self.message }).to_string();
        self.response("application/x-amz-json-1.1", body)
    }

    /// The answer in the query protocol (IAM, STS).
    pub(crate) fn query_xml(self) -> Response {
        let body = format!(
            "<ErrorResponse><Error><Type>{}</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>",
            if self.status.is_server_error() { "Receiver" } else { "Sender" },
            self.code,
            xml_text(&self.message)
        );
        self.response("text/xml", body)
    }

    fn fault(&self) -> &'static str {
        if self.status.is_server_error() { "Service" } else { "User" }
    }

    fn response(&self, content_type: &'static str, body: String) -> Response {
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(REQUEST_ID, new_request_id());
        response
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}

/// A request id of AWS's form.
pub(crate) fn new_request_id() -> HeaderValue {
    // A UUID is always a valid header value; the fallback keeps the function total.
    HeaderValue::from_str(&Uuid::new_v4().to_string())
        .unwrap_or_else(|_| HeaderValue::from_static("00000000-0000-0000-0000-000000000000"))
}

/// Text made safe for XML element content.
pub(crate) fn xml_text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn names_the_code_where_each_protocol_looks_for_it() {
        let error = ApiError::new(StatusCode::NOT_FOUND, "NoSuchEntity", "role <x> & co");

        let rest = error.clone().rest_json();
        assert_eq!(rest.status(), StatusCode::NOT_FOUND);
        assert_eq!(rest.headers()[ERROR_TYPE], "NoSuchEntity");
        assert!(rest.headers().contains_key(REQUEST_ID));

        let json = text(error.clone().json_1_1()).await;
        assert!(json.contains(r#""__type":"NoSuchEntity""#), "{json}");

        let xml = text(error.query_xml()).await;
        assert!(xml.contains("<Code>NoSuchEntity</Code>"), "{xml}");
        assert!(xml.contains("role &lt;x&gt; &amp; co"), "{xml}");
    }

    #[test]
    fn an_internal_failure_keeps_its_last_cause() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot save")]
        struct Outer(#[source] std::io::Error);
        let error = ApiError::internal(&Outer(std::io::Error::other("disk full")));
        assert!(error.message().ends_with("cannot save: disk full"));
    }
}
