//! What is not known: whether a request that failed has written its records.

use std::sync::atomic::{AtomicBool, Ordering};

use appflow_sdk::ConnectorError;
use appflow_sdk::protocol::ErrorCode;

/// Whether what was sent so may have been written in spite of the failure.
pub(super) fn is_open(error: &ConnectorError) -> bool {
    let is_open = matches!(
        error.code(),
        ErrorCode::ServerError | ErrorCode::ServiceUnavailable | ErrorCode::RequestTimeout | ErrorCode::UnknownError
    );
    is_open && !error.is_without_effect()
}

/// Whether an attempt may have written its records, although no answer says so. Then no later failure says that they were
/// not written.
#[derive(Debug)]
pub(super) struct Doubt<'l> {
    own: AtomicBool,
    /// Whether there is doubt about any record of the batch.
    any: &'l AtomicBool,
}

impl<'l> Doubt<'l> {
    /// None yet.
    pub(super) fn new(any: &'l AtomicBool) -> Self {
        Self { own: AtomicBool::new(false), any }
    }

    /// Notes how an attempt ended.
    pub(super) fn after<T>(&self, outcome: Result<T, ConnectorError>) -> Result<T, ConnectorError> {
        if outcome.as_ref().is_err_and(is_open) {
            self.own.store(true, Ordering::Relaxed);
            self.any.store(true, Ordering::Relaxed);
        }
        outcome
    }

    /// Whether there is doubt.
    pub(super) fn is_there(&self) -> bool {
        self.own.load(Ordering::Relaxed)
    }

    /// What is said of a record that failed so.
    pub(super) fn message(&self, failure: &str) -> String {
        let doubt = if self.is_there() { "; whether the record was written is not known" } else { "" };
        format!("{failure}{doubt}")
    }
}
