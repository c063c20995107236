//! How an invocation ended, and the error documents that Lambda makes up when the function cannot.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use appflow_sdk::protocol::RESPONSE_LIMIT_BYTES;
use bytes::Bytes;
use serde_json::json;

/// What came of an invocation.
#[derive(Debug)]
pub(crate) struct Report {
    /// Lambda's request id.
    pub(crate) request_id: String,
    /// The answer or the failure.
    pub(crate) outcome: Outcome,
    /// The last 4 KB of the invocation's log.
    pub(crate) log_tail: Vec<u8>,
}

/// The answer or the failure of an invocation.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The function answered.
    Answered(Bytes),
    /// The function failed, or could not be run.
    Failed(Failure),
}

/// A failed invocation.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// The error document that the caller sees.
    pub(crate) payload: Bytes,
    /// What kind of failure it was.
    pub(crate) kind: FailureKind,
}

/// Kinds of failure that callers treat differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The function's own doing: it reported an error, ended, or ran out of time or memory.
    Function,
    /// The answer was larger than Lambda passes on.
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// This server's doing: a full disk, or it is shutting down.
    Service {
        /// What happened.
        reason: String,
    },
}

impl Report {
    /// A report of an invocation that left no log.
    pub(crate) fn failed(request_id: &str, failure: Failure) -> Self {
        Self { request_id: request_id.to_owned(), outcome: Outcome::Failed(failure), log_tail: Vec::new() }
    }
}

impl Failure {
    /// The function's own error document, passed on as it is.
    pub(crate) fn reported(payload: Bytes) -> Self {
        Self { payload, kind: FailureKind::Function }
    }

    /// The process did not answer in time.
    pub(crate) fn timed_out(request_id: &str, after: Duration) -> Self {
        let message = format!("Task timed out after {:.2} seconds", after.as_secs_f64());
        Self::function("Sandbox.Timedout", request_id, &message)
    }

    /// The process ended without an answer. `how` is as in `exit status 1`.
    pub(crate) fn exited(request_id: &str, how: &str) -> Self {
        let message = format!("Runtime exited with error: {how}");
        Self::function("Runtime.ExitError", request_id, &message)
    }

    /// The process needed more memory than the function has. The error type is assumed.
    pub(crate) fn out_of_memory(request_id: &str, used: u64, limit: u64) -> Self {
        let message = format!("Runtime exited with error: signal: killed ({used} MB used of {limit} MB)");
        Self::function("Runtime.OutOfMemory", request_id, &message)
    }

    /// There is nothing that can be run.
    pub(crate) fn invalid_entry_point(request_id: &str, message: &str) -> Self {
        Self::function("Runtime.InvalidEntrypoint", request_id, message)
    }

    /// The process did not ask for work in time. AWS tries once more within the function's own timeout, and its wording is
    /// assumed.
    pub(crate) fn init_timed_out(request_id: &str, after: Duration) -> Self {
        let message = format!(
            "Init timed out after {:.2} seconds: the bootstrap did not ask the Runtime API for work",
            after.as_secs_f64()
        );
        Self::function("Sandbox.Timedout", request_id, &message)
    }

    /// The answer is larger than Lambda passes on.
    pub(crate) fn too_large(bytes: usize) -> Self {
        let document = json!({
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": format!(
                "Response payload size ({bytes} bytes) exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes)."
            ),
        });
        Self { payload: document.to_string().into(), kind: FailureKind::TooLarge { bytes } }
    }

    /// This server could not run the function.
    pub(crate) fn service(request_id: &str, reason: &str) -> Self {
        let mut failure = Self::function("Sandbox.Failure", request_id, reason);
        failure.kind = FailureKind::Service { reason: reason.to_owned() };
        failure
    }

    fn function(error_type: &str, request_id: &str, message: &str) -> Self {
        let document = json!({
            "errorType": error_type,
            "errorMessage": format!("RequestId: {request_id} Error: {message}"),
        });
        Self::reported(document.to_string().into())
    }
}

/// An error and everything that caused it, in one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Writing to a string does not fail.
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}
