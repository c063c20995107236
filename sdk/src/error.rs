//! A foreseeable failure, as the connector's author states it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::filter::FilterError;
use crate::protocol::{ConfigurationError, ErrorCode, ErrorDetails};

/// A foreseeable failure of one operation. AppFlow's user sees its code and message; the log also gets its source.
///
/// There is one constructor per code and no conversion from other errors: the author decides what the failure means to
/// AppFlow, which retries some codes, refreshes tokens on `InvalidCredentials`, and gives up on the rest.
///
/// ```
/// use appflow_sdk::ConnectorError;
/// let error = ConnectorError::from_http_status(429, "too many requests to /orders");
/// assert_eq!(error.code().as_str(), "RateLimitExceeded");
/// ```
#[derive(Debug)]
pub struct ConnectorError {
    code: ErrorCode,
    message: String,
    retry_after: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

macro_rules! constructors {
    ($($(#[$meta:meta])* $name:ident => $code:ident),+ $(,)?) => {
        $($(#[$meta])*
        #[must_use]
        pub fn $name(message: impl Into<String>) -> Self {
            Self::new(ErrorCode::$code, message)
        })+
    };
}

impl ConnectorError {
    /// A failure with a code and a message for the person who runs the flow: what happened, to what, what to do. No
    /// secrets and no personal data.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after: None, source: None }
    }

    constructors! {
        /// Bad input, or a filter that cannot be honoured.
        invalid_argument => InvalidArgument,
        /// The source system refused the credentials. For OAuth2, AppFlow refreshes the token and asks again.
        invalid_credentials => InvalidCredentials,
        /// The credentials are right but do not allow this.
        access_denied => AccessDenied,
        /// The source system did not answer in time.
        request_timeout => RequestTimeout,
        /// The source system asks to slow down; add [`with_retry_after`](Self::with_retry_after) if it says how much.
        rate_limit_exceeded => RateLimitExceeded,
        /// The source system is down for the moment.
        service_unavailable => ServiceUnavailable,
        /// The source system refused the request for another reason.
        client_error => ClientError,
        /// The source system failed.
        server_error => ServerError,
        /// Nothing else fits.
        unknown_error => UnknownError,
        /// An AWS resource, such as the secret, is missing.
        resource_not_found => ResourceNotFoundError,
    }

    /// `InvalidArgument` for a filter that cannot be read: what is wrong and where, on one line.
    #[must_use]
    pub fn invalid_filter(error: &FilterError) -> Self {
        Self::invalid_argument(format!("the filter cannot be read: {}", error.message()))
    }

    /// `InvalidArgument` for a configuration that cannot be right: every problem, by member.
    #[must_use]
    pub fn invalid_configuration(error: &ConfigurationError) -> Self {
        Self::invalid_argument(format!("the connector's configuration cannot be right: {error}"))
    }

    /// The code that an HTTP status of the source system stands for.
    ///
    /// The table is that of the official SDKs: 400 and 413 `InvalidArgument`, 401 `InvalidCredentials`, 403
    /// `AccessDenied`, 408 `RequestTimeout`, 429 `RateLimitExceeded`, 503 `ServiceUnavailable`, other 4xx
    /// `ClientError`, other 5xx `ServerError`. 414 (the address is too long) is `InvalidArgument`, 504 (a gateway gave
    /// up waiting) is `RequestTimeout`: both follow from those codes' descriptions. Anything else is `UnknownError`.
    #[must_use]
    pub fn from_http_status(status: u16, message: impl Into<String>) -> Self {
        let code = match status {
            400 | 413 | 414 => ErrorCode::InvalidArgument,
            401 => ErrorCode::InvalidCredentials,
            403 => ErrorCode::AccessDenied,
            408 | 504 => ErrorCode::RequestTimeout,
            429 => ErrorCode::RateLimitExceeded,
            503 => ErrorCode::ServiceUnavailable,
            400..=499 => ErrorCode::ClientError,
            500..=599 => ErrorCode::ServerError,
            _ => ErrorCode::UnknownError,
        };
        Self::new(code, message)
    }

    /// Says after how long trying again makes sense; sent in whole seconds, rounded up.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Keeps the cause for the log; it is never sent.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &ErrorCode {
        &self.code
    }

    /// The message that AppFlow's user sees.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// After how long trying again makes sense.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What is sent.
    #[must_use]
    pub fn details(&self) -> ErrorDetails {
        let mut details = ErrorDetails::new(self.code.clone(), self.message.clone());
        details.retry_after_seconds = self.retry_after.map(|delay| {
            let whole = delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0));
            i32::try_from(whole).unwrap_or(i32::MAX)
        });
        details
    }
}

impl fmt::Display for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl Error for ConnectorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::DescribeConnectorConfigurationResponse;

    #[test]
    fn maps_each_http_status_as_documented() {
        for (status, code) in [
            (400, ErrorCode::InvalidArgument),
            (401, ErrorCode::InvalidCredentials),
            (403, ErrorCode::AccessDenied),
            (404, ErrorCode::ClientError),
            (408, ErrorCode::RequestTimeout),
            (409, ErrorCode::ClientError),
            (413, ErrorCode::InvalidArgument),
            (414, ErrorCode::InvalidArgument),
            (429, ErrorCode::RateLimitExceeded),
            (500, ErrorCode::ServerError),
            (502, ErrorCode::ServerError),
            (503, ErrorCode::ServiceUnavailable),
            (504, ErrorCode::RequestTimeout),
            (302, ErrorCode::UnknownError),
        ] {
            assert_eq!(ConnectorError::from_http_status(status, "m").code(), &code, "{status}");
        }
    }

    #[test]
    fn rounds_a_delay_up_to_whole_seconds() {
        let error = ConnectorError::rate_limit_exceeded("m").with_retry_after(Duration::from_millis(1200));
        assert_eq!(error.details().retry_after_seconds, Some(2));
        let forever = ConnectorError::rate_limit_exceeded("m").with_retry_after(Duration::MAX);
        assert_eq!(forever.details().retry_after_seconds, Some(i32::MAX));
    }

    #[test]
    fn tells_every_problem_of_a_configuration() {
        let error = DescribeConnectorConfigurationResponse::source("aws", "", "1").build().unwrap_err();
        let error = ConnectorError::invalid_configuration(&error);
        assert_eq!(error.code(), &ErrorCode::InvalidArgument);
        assert!(error.message().contains("connectorName must not begin with aws; connectorOwner is empty"), "{error}");
    }

    #[test]
    fn keeps_its_source_out_of_what_is_sent() {
        let error = ConnectorError::server_error("the API failed").with_source("password=hunter2");
        assert!(!serde_json::to_string(&error.details()).unwrap().contains("hunter2"));
        assert!(!error.to_string().contains("hunter2"));
    }
}
