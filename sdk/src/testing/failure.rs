//! Why a call brought nothing that AppFlow could use.

use std::fmt;
use std::time::Duration;

use crate::protocol::{ErrorCode, ErrorDetails, Operation};

/// A call that failed, from AppFlow's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    operation: Option<Operation>,
    kind: CallErrorKind,
}

/// The kinds of [`CallError`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallErrorKind {
    /// The connector answered `isSuccess: false`: what AppFlow's user would read.
    Declared(ErrorDetails),
    /// The call ended without an answer: the request could not be read, or the connector panicked.
    FunctionError {
        /// What the function said.
        reason: String,
        /// Whether it could not read the request.
        refused_the_request: bool,
    },
    /// There is an answer that AppFlow cannot read.
    Unreadable(String),
    /// There is an answer that AppFlow cannot go on with: what was asked for is not in it, or is not on offer.
    Unusable(String),
    /// The answer has more bytes than Lambda returns.
    TooLarge {
        /// The size of the answer, in bytes.
        bytes: usize,
    },
    /// There was no answer in time.
    TooLate {
        /// How long AppFlow waits.
        limit: Duration,
    },
    /// The pages do not come to an end.
    Endless(String),
}

impl CallError {
    pub(super) fn new(operation: impl Into<Option<Operation>>, kind: CallErrorKind) -> Self {
        Self { operation: operation.into(), kind }
    }

    pub(super) fn declared(operation: Operation, details: &ErrorDetails) -> Self {
        Self::new(operation, CallErrorKind::Declared(details.clone()))
    }

    pub(super) fn unreadable(operation: impl Into<Option<Operation>>, reason: &impl ToString) -> Self {
        Self::new(operation, CallErrorKind::Unreadable(reason.to_string()))
    }

    pub(super) fn unusable(operation: Operation, reason: impl Into<String>) -> Self {
        Self::new(operation, CallErrorKind::Unusable(reason.into()))
    }

    /// The operation, as far as the request named one.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        self.operation
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &CallErrorKind {
        &self.kind
    }

    /// The code, of a failure that the connector declared.
    #[must_use]
    pub fn code(&self) -> Option<&ErrorCode> {
        match &self.kind {
            CallErrorKind::Declared(details) => Some(&details.error_code),
            _ => None,
        }
    }

    /// The message of a declared failure, else what went wrong.
    #[must_use]
    pub fn message(&self) -> String {
        match &self.kind {
            CallErrorKind::Declared(details) => details.error_message.clone(),
            CallErrorKind::FunctionError { reason, .. } => format!("function error: {reason}"),
            CallErrorKind::Unreadable(reason) => format!("AppFlow cannot read the answer: {reason}"),
            CallErrorKind::Unusable(reason) => format!("AppFlow cannot go on: {reason}"),
            CallErrorKind::TooLarge { bytes } => {
                format!(
                    "the answer has {bytes} bytes; Lambda returns at most {}",
                    crate::protocol::RESPONSE_LIMIT_BYTES
                )
            }
            CallErrorKind::TooLate { limit } => format!("no answer within {} s", limit.as_secs_f64()),
            CallErrorKind::Endless(reason) => format!("the pages do not end: {reason}"),
        }
    }

    /// Whether the connector declared a failure, as it should for everything foreseeable.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        matches!(self.kind, CallErrorKind::Declared(_))
    }

    /// Whether it is a declared `InvalidArgument`: the connector refuses what it was asked.
    #[must_use]
    pub fn is_invalid_argument(&self) -> bool {
        self.code() == Some(&ErrorCode::InvalidArgument)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation {
            write!(f, "{operation}: ")?;
        }
        if let Some(code) = self.code() {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message())
    }
}

impl std::error::Error for CallError {}
