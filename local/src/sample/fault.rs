//! Answers that go wrong in a chosen way.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimePrinter};

use super::rejection::Rejection;

/// `/{fault}`, to be nested below `/fault`.
pub(super) fn routes() -> Router {
    Router::new().route("/{fault}", get(answer))
}

async fn answer(Path(fault): Path<String>) -> Response {
    let refuse = |status| Rejection::new(status, format!("/fault/{fault} was asked for"));
    match fault.as_str() {
        "429" => {
            let wait = HeaderValue::from_static("7");
            retry_after(refuse(StatusCode::TOO_MANY_REQUESTS), Some(wait))
        }
        "503" => retry_after(refuse(StatusCode::SERVICE_UNAVAILABLE), half_a_minute_ahead()),
        "500" => refuse(StatusCode::INTERNAL_SERVER_ERROR).into_response(),
        "401" => {
            let challenge = r#"Bearer realm="sample", error="invalid_token""#;
            Rejection::unauthorized(challenge, "/fault/401 was asked for").into_response()
        }
        "403" => refuse(StatusCode::FORBIDDEN).into_response(),
        "404" => refuse(StatusCode::NOT_FOUND).into_response(),
        "html" => typed("text/html; charset=utf-8", "<!doctype html><title>Sign in</title><p>Please sign in.</p>"),
        "truncated" => typed("application/json", r#"{"data":[{"id":"ACC-00001","name":"Mül"#),
        "redirect" => {
            let elsewhere = [(header::LOCATION, "https://elsewhere.invalid/")];
            (StatusCode::FOUND, elsewhere).into_response()
        }
        _ => Rejection::new(StatusCode::NOT_FOUND, format!("there is no fault {fault:?}")).into_response(),
    }
}

fn typed(content_type: &'static str, body: &'static str) -> Response {
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

fn retry_after(rejection: Rejection, wait: Option<HeaderValue>) -> Response {
    let mut response = rejection.into_response();
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}

/// The other form of `Retry-After`: an HTTP date (RFC 9110, 5.6.7).
fn half_a_minute_ahead() -> Option<HeaderValue> {
    let instant = Timestamp::now().checked_add(SignedDuration::from_secs(30)).ok()?;
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&instant).ok()?;
    HeaderValue::from_str(&date).ok()
}
