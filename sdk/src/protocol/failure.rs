//! How a failed operation is told to AppFlow.

use serde::{Deserialize, Serialize};

use super::lenient;
use super::wire_enum::wire_enum;

/// Longest error message that is sent, in characters.
///
/// AppFlow hides a longer one behind a complaint about its length (cdklabs/cdk-appflow issue 90).
pub const ERROR_MESSAGE_LIMIT: usize = 1024;

wire_enum! {
    /// What kind of failure it was. The eleven spellings are the same in both official SDKs.
    ErrorCode {
        /// Bad input: HTTP 400 and 413 of the source system, or a filter that cannot be read.
        InvalidArgument = "InvalidArgument",
        /// HTTP 401. For OAuth2, AppFlow refreshes the token and asks again.
        InvalidCredentials = "InvalidCredentials",
        /// HTTP 403.
        AccessDenied = "AccessDenied",
        /// HTTP 408, or the source system did not answer in time.
        RequestTimeout = "RequestTimeout",
        /// HTTP 429.
        RateLimitExceeded = "RateLimitExceeded",
        /// HTTP 503.
        ServiceUnavailable = "ServiceUnavailable",
        /// Any other 4xx.
        ClientError = "ClientError",
        /// Any other 5xx.
        ServerError = "ServerError",
        /// Nothing else fits.
        UnknownError = "UnknownError",
        /// Some records of a write failed; which ones is in the record results.
        PartialWriteFailure = "PartialWriteFailure",
        /// A resource on the AWS side is missing, such as the secret.
        ResourceNotFoundError = "ResourceNotFoundError",
    }
}

/// The failure of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ErrorDetails {
    /// The kind of failure.
    pub error_code: ErrorCode,
    /// Shown to the person who runs the flow: no secrets, no stack traces.
    #[serde(deserialize_with = "lenient::text")]
    pub error_message: String,
    /// Seconds after which trying again makes sense.
    #[serde(default, deserialize_with = "lenient::optional_integer")]
    pub retry_after_seconds: Option<i64>,
}

impl ErrorDetails {
    /// A failure with its message, cut to [`ERROR_MESSAGE_LIMIT`] characters.
    #[must_use]
    pub fn new(error_code: ErrorCode, error_message: impl Into<String>) -> Self {
        let mut error_message = error_message.into();
        if let Some((end, _)) = error_message.char_indices().nth(ERROR_MESSAGE_LIMIT) {
            error_message.truncate(end);
        }
        Self { error_code, error_message, retry_after_seconds: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_a_message_on_a_character_boundary() {
        let details = ErrorDetails::new(ErrorCode::ServerError, "ü".repeat(2000));
        assert_eq!(details.error_message.chars().count(), ERROR_MESSAGE_LIMIT);
    }

    #[test]
    fn keeps_a_message_of_exactly_the_limit() {
        let text = "x".repeat(ERROR_MESSAGE_LIMIT);
        assert_eq!(ErrorDetails::new(ErrorCode::ServerError, text.clone()).error_message, text);
    }
}
