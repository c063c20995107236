//! What the AWS SDK does not look at: whether an answer arrived in full, and which failures are worth repeating besides those
//! that it knows.

use std::time::Duration;

use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, InterceptorContext, Output,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::timeout::TimeoutConfig;
use serde::de::IgnoredAny;

/// Time for one try of a call that only the service has to do with. Its slowest answers take a few seconds.
pub(super) const ATTEMPT: Duration = Duration::from_secs(25);

/// Time for one try of a call during which AppFlow asks the connector, which has 10 seconds, and perhaps starts first.
pub(super) const ATTEMPT_WITH_CONNECTOR: Duration = Duration::from_secs(45);

/// Time for one try of an invocation of any length: Lambda's own limit of 15 minutes, and a little for the way.
pub(super) const ATTEMPT_OF_INVOCATION: Duration = Duration::from_secs(930);

/// Slowest upload that is waited for, in bytes per second.
const SLOWEST_UPLOAD: usize = 64 * 1024;

/// Time for one try of a call that uploads this much.
pub(super) fn attempt_with_upload(bytes: usize) -> Duration {
    // A function's code has 50 MB at most, which fits.
    ATTEMPT + Duration::from_secs(u64::try_from(bytes / SLOWEST_UPLOAD).unwrap_or_default())
}

/// The time limit of each try. Without one, a connection that stalls is waited for without end.
pub(super) fn within(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(attempt).build()
}

/// Whether a body is one whole document, JSON or XML. The SDK's XML parser takes the first half of one for all of it.
pub(super) fn is_whole(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    if body.first() == Some(&b'<') {
        return is_whole_xml(&String::from_utf8_lossy(body));
    }
    body.is_empty() || serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

/// Whether the last tag closes the first one.
fn is_whole_xml(text: &str) -> bool {
    let root = match text.strip_prefix("<?") {
        Some(declared) => declared.split_once("?>").map_or("", |(_, rest)| rest.trim_start()),
        None => text,
    };
    let name: String = root.chars().skip(1).take_while(char::is_ascii_alphanumeric).collect();
    !name.is_empty() && (text.ends_with(&format!("</{name}>")) || (root.ends_with("/>") && !root[1..].contains('<')))
}

/// Whether a response arrived in full. What a function answered is its own affair.
fn arrived(output: Result<&Output, ()>, response: &HttpResponse) -> bool {
    let is_from_function = output.is_ok_and(|output| output.downcast_ref::<InvokeOutput>().is_some());
    is_from_function || response.body().bytes().is_none_or(is_whole)
}

/// Refuses answers that did not arrive in full, before anybody believes them.
#[derive(Debug)]
pub(super) struct WholeAnswers;

#[dyn_dispatch_hint]
impl Intercept for WholeAnswers {
    fn name(&self) -> &'static str {
        "WholeAnswers"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if arrived(context.output_or_error().map_err(drop), context.response()) {
            return Ok(());
        }
        Err("the answer is cut off, or is not the service's".into())
    }
}

/// Repeats calls whose answer cannot be read, and does not repeat what a key's owner has to mend.
#[derive(Debug)]
pub(super) struct Repeatable;

impl ClassifyRetry for Repeatable {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let (Some(Err(_)), Some(response)) = (context.output_or_error(), context.response()) else {
            return RetryAction::NoActionIndicated;
        };
        let code = response.headers().get("x-amzn-errortype").unwrap_or_default();
        // Lambda answers these with 502, which by itself would be worth another try.
        if super::failure::KEY_TROUBLE.iter().any(|trouble| code.starts_with(trouble)) {
            return RetryAction::RetryForbidden;
        }
        let is_readable = arrived(Err(()), response);
        if response.status().is_success() || !(is_readable || response.status().as_u16() == 413) {
            return RetryAction::transient_error();
        }
        RetryAction::NoActionIndicated
    }

    fn name(&self) -> &'static str {
        "Repeatable"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::http_status_code_classifier())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_whole_documents_from_cut_ones() {
        for whole in [
            "",
            "{}",
            r#"{"a": [1]}"#,
            "<A><B>1</B></A>",
            "<?xml version=\"1.0\"?>\n<A x=\"y\"><B/></A>\n",
            "<A/>",
            "<A xmlns=\"urn:x\"/>",
        ] {
            assert!(is_whole(whole.as_bytes()), "{whole}");
            for end in 1..whole.trim_end().len() {
                let cut = whole[..end].trim();
                assert!(!is_whole(cut.as_bytes()), "{cut}");
            }
        }
        for other in ["Service Unavailable", "<html><body>Please sign in", "<", "<>", "<A></B>"] {
            assert!(!is_whole(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn gives_uploads_time_by_their_size() {
        assert_eq!(attempt_with_upload(0), ATTEMPT);
        assert_eq!(attempt_with_upload(64 * 1024 * 100), ATTEMPT + Duration::from_secs(100));
    }
}
