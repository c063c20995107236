//! How a failed operation is told to AppFlow.

use serde::{Deserialize, Serialize};

use super::lenient;
use super::wire_enum::wire_enum;

/// Longest error message that is sent, in characters; one beyond U+FFFF counts as two, as it does in Java.
///
/// AppFlow hides a longer one behind a complaint about its length (cdklabs/cdk-appflow issue 90). The issue is about
/// `errorMessage` of `errorDetails`; that the messages for single settings and single records have the same limit is
/// assumed.
pub const ERROR_MESSAGE_LIMIT: usize = 1024;

/// Ends a message that was cut.
const CUT: char = '…';

/// The message, or as much of it as AppFlow takes, ending in `…`.
pub(super) fn within_limit(mut message: String) -> String {
    // No encoding has fewer bytes than UTF-16 has units.
    if message.len() <= ERROR_MESSAGE_LIMIT {
        return message;
    }
    let mut length = 0;
    let mut end = 0;
    for (position, character) in message.char_indices() {
        if length + CUT.len_utf16() <= ERROR_MESSAGE_LIMIT {
            end = position;
        }
        length += character.len_utf16();
        if length > ERROR_MESSAGE_LIMIT {
            message.truncate(end);
            message.push(CUT);
            break;
        }
    }
    message
}

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
    /// Seconds after which trying again makes sense; an integer of 32 bits in both SDKs.
    #[serde(default, deserialize_with = "lenient::optional_short_integer")]
    pub retry_after_seconds: Option<i32>,
}

impl ErrorDetails {
    /// A failure with its message, which is cut to [`ERROR_MESSAGE_LIMIT`] characters and then ends in `…`.
    #[must_use]
    pub fn new(error_code: ErrorCode, error_message: impl Into<String>) -> Self {
        Self { error_code, error_message: within_limit(error_message.into()), retry_after_seconds: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(text: &str) -> usize {
        text.encode_utf16().count()
    }

    #[test]
    fn cuts_a_message_on_a_character_boundary_and_marks_the_cut_within_the_limit() {
        for (character, filler) in [("x", ""), ("ü", ""), ("…", ""), ("🚀", ""), ("🚀", "x"), ("\u{10ffff}", "é")]
        {
            let text = format!("{filler}{}", character.repeat(2000));
            let cut = ErrorDetails::new(ErrorCode::ServerError, text.clone()).error_message;
            assert!((ERROR_MESSAGE_LIMIT - 1..=ERROR_MESSAGE_LIMIT).contains(&length(&cut)), "{}", length(&cut));
            assert!(text.starts_with(cut.strip_suffix('…').unwrap()), "{character}");
        }
    }

    #[test]
    fn keeps_a_message_of_exactly_the_limit() {
        for text in
            ["x".repeat(ERROR_MESSAGE_LIMIT), "ü".repeat(ERROR_MESSAGE_LIMIT), "🚀".repeat(ERROR_MESSAGE_LIMIT / 2)]
        {
            assert_eq!(ErrorDetails::new(ErrorCode::ServerError, text.clone()).error_message, text);
        }
    }
}
