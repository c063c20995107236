//! What can go wrong with a call, and how a service's errors look on the wire.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;

/// The request id that every error made here carries.
pub(crate) const REQUEST_ID: &str = "11111111-2222-3333-4444-555555555555";

/// How long an answer is late that is stalled.
pub(crate) const STALL: Duration = Duration::from_mins(1);

/// An error as a service answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The code; empty for an answer that is no error document, as proxies give.
    pub(crate) code: &'static str,
    /// The text.
    pub(crate) message: &'static str,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The service refuses, and does nothing.
    Refused(Answer),
    /// The service does it and then fails.
    DoneThenFailed(Answer),
    /// The connection breaks before the service has the request.
    ResetBefore,
    /// The service does it, and the connection breaks before the answer.
    ResetAfter,
    /// The service does it, and the connection breaks in the middle of the answer.
    Broken,
    /// The service does it, and half of the answer arrives as if it were all.
    Truncated,
    /// The service does it, and something else answers, with status 200.
    Garbage,
    /// The service does it, and its answer is a minute late.
    Stalled,
}

impl Fault {
    /// What goes wrong with any call, by the service's own words where it has some.
    pub(crate) fn with_any_call(service: &str) -> [(&'static str, Self); 9] {
        let (internal, throttled) = match service {
            "lambda" => ("ServiceException", (429, "TooManyRequestsException")),
            "appflow" => ("InternalServerException", (429, "ThrottlingException")),
            "iam" => ("ServiceFailure", (400, "Throttling")),
            _ => ("InternalFailure", (400, "Throttling")),
        };
        let failed = Answer { status: 500, code: internal, message: "An internal error occurred." };
        let unavailable = Answer { status: 503, code: "", message: "Service Unavailable" };
        let throttled = Answer { status: throttled.0, code: throttled.1, message: "Rate exceeded" };
        [
            ("500", Self::Refused(failed)),
            ("500 after it was done", Self::DoneThenFailed(failed)),
            ("503", Self::Refused(unavailable)),
            ("throttled", Self::Refused(throttled)),
            ("reset before", Self::ResetBefore),
            ("reset after", Self::ResetAfter),
            ("broken off", Self::Broken),
            ("truncated", Self::Truncated),
            ("garbage", Self::Garbage),
        ]
    }
}

impl Answer {
    /// The answer in the form of a service: REST with JSON, or the query protocol with XML.
    pub(crate) fn render(&self, service: &str) -> HttpResponse {
        let Self { status, code, message } = *self;
        let (kind, body) = match service {
            _ if code.is_empty() => ("text/plain", message.to_owned()),
            "lambda" => ("application/json", serde_json::json!({"Type": "User", "Message": message}).to_string()),
            "appflow" => ("application/json", serde_json::json!({"message": message}).to_string()),
            _ => ("text/xml", xml(code, message)),
        };
        let mut response = respond(status, body);
        let headers = response.headers_mut();
        headers.insert("content-type", kind);
        headers.insert("x-amzn-requestid", REQUEST_ID);
        if !code.is_empty() && matches!(service, "lambda" | "appflow") {
            headers.insert("x-amzn-errortype", code);
        }
        response
    }
}

fn xml(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
    )
}

/// A response of this status and body.
pub(crate) fn respond(status: u16, body: impl Into<SdkBody>) -> HttpResponse {
    HttpResponse::new(status.try_into().expect("it is a status"), body.into())
}
