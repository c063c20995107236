//! A foreseeable failure, as the connector's author states it.

use std::error::Error;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use crate::filter::{FilterError, ResolveError};
use crate::page::PageError;
use crate::protocol::{ConfigurationError, ErrorCode, ErrorDetails, NotARecord, Operation, RecordErrors};

/// A foreseeable failure of one operation. AppFlow's user sees its code and message; the log also gets its source.
///
/// There is one constructor per code. Of other errors only the SDK's own convert, whose code is never in doubt: of the
/// rest, the author decides what it means to AppFlow, which refreshes tokens on `InvalidCredentials`, and shows code and
/// message to the person who runs the flow.
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
    is_without_effect: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Which code an HTTP status of the source system stands for: the first row whose range holds the status counts, and
/// [`ErrorCode::UnknownError`] if there is none.
///
/// The rows are those of the official SDKs: 400 and 413 `InvalidArgument`, 401, 403, 408, 429, 503, the other 4xx and the
/// other 5xx. 414 (the address is too long) and 504 (a gateway gave up waiting) follow from the descriptions of
/// `InvalidArgument` and `RequestTimeout`. 404 is not mentioned there, and so is a `ClientError`.
pub const HTTP_STATUS_CODES: &[(RangeInclusive<u16>, ErrorCode)] = &[
    (400..=400, ErrorCode::InvalidArgument),
    (401..=401, ErrorCode::InvalidCredentials),
    (403..=403, ErrorCode::AccessDenied),
    (408..=408, ErrorCode::RequestTimeout),
    (413..=414, ErrorCode::InvalidArgument),
    (429..=429, ErrorCode::RateLimitExceeded),
    (400..=499, ErrorCode::ClientError),
    (503..=503, ErrorCode::ServiceUnavailable),
    (504..=504, ErrorCode::RequestTimeout),
    (500..=599, ErrorCode::ServerError),
];

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
        Self { code, message: message.into(), retry_after: None, is_without_effect: false, source: None }
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
        /// Some records of a write failed, and it is not known which. Where it is known, answer with
        /// [`WriteDataResponse::new`](crate::protocol::WriteDataResponse::new) instead.
        partial_write_failure => PartialWriteFailure,
        /// An AWS resource, such as the secret, is missing.
        resource_not_found => ResourceNotFoundError,
    }

    /// `InvalidArgument` for an operation that the connector does not offer, and why.
    #[must_use]
    pub fn unsupported(operation: Operation, why: &str) -> Self {
        Self::invalid_argument(format!("this connector does not support {operation}: {why}"))
    }

    /// `ServerError` for an answer of the source system that is not what was expected. `request` says what was asked, as in
    /// `GET /orders`.
    #[must_use]
    pub fn unexpected_answer(request: &str, error: &PageError) -> Self {
        Self::server_error(format!("the answer to {request} {error}"))
    }

    /// The code that an HTTP status of the source system stands for, as [`HTTP_STATUS_CODES`] has it.
    #[must_use]
    pub fn from_http_status(status: u16, message: impl Into<String>) -> Self {
        let row = HTTP_STATUS_CODES.iter().find(|(range, _)| range.contains(&status));
        Self::new(row.map_or(ErrorCode::UnknownError, |(_, code)| code.clone()), message)
    }

    /// Says after how long trying again makes sense; sent in whole seconds, rounded up.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Says what an HTTP `Retry-After` header says, in seconds or as a date: more than a day counts as a day, and what cannot
    /// be read is left out.
    ///
    /// ```
    /// use appflow_sdk::ConnectorError;
    /// use std::time::{Duration, SystemTime, UNIX_EPOCH};
    /// let error = ConnectorError::from_http_status(429, "slow down").with_retry_after_header("7", SystemTime::now());
    /// assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    /// let error = error.with_retry_after_header("Thu, 01 Jan 1970 00:00:30 GMT", UNIX_EPOCH);
    /// assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    /// ```
    #[must_use]
    pub fn with_retry_after_header(self, value: &str, now: SystemTime) -> Self {
        let value = value.trim();
        let delay = match value.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => jiff::fmt::rfc2822::DateTimeParser::new()
                .parse_timestamp(value)
                .ok()
                .map(|until| SystemTime::from(until).duration_since(now).unwrap_or_default()),
        };
        match delay {
            Some(delay) => self.with_retry_after(delay.min(Duration::from_hours(24))),
            None => self,
        }
    }

    /// Says that the source system did nothing: the request never reached it, or was turned away unread. Then even a
    /// write can be [retried](crate::Retry). `RateLimitExceeded` always means so.
    #[must_use]
    pub fn without_effect(mut self) -> Self {
        self.is_without_effect = true;
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

    /// Whether the source system certainly did nothing.
    #[must_use]
    pub fn is_without_effect(&self) -> bool {
        self.is_without_effect || self.code == ErrorCode::RateLimitExceeded
    }

    /// What is sent.
    #[must_use]
    pub fn details(&self) -> ErrorDetails {
        self.details_with(self.message.clone())
    }

    /// What is sent, with another message: one that must be changed before it is cut.
    pub(crate) fn details_with(&self, message: String) -> ErrorDetails {
        let mut details = ErrorDetails::new(self.code.clone(), message);
        details.retry_after_seconds = self.retry_after.map(|delay| {
            let whole = delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0));
            i32::try_from(whole).unwrap_or(i32::MAX)
        });
        details
    }
}

/// `InvalidArgument`: what is wrong and where, on one line.
impl From<FilterError> for ConnectorError {
    fn from(error: FilterError) -> Self {
        Self::invalid_argument(format!("the filter cannot be read: {}", error.message()))
    }
}

/// `InvalidArgument`: the field and the way out.
impl From<ResolveError> for ConnectorError {
    fn from(error: ResolveError) -> Self {
        Self::invalid_argument(error.to_string())
    }
}

/// `InvalidArgument`: every problem, by member.
impl From<ConfigurationError> for ConnectorError {
    fn from(error: ConfigurationError) -> Self {
        Self::invalid_argument(format!("the connector's configuration cannot be right: {error}"))
    }
}

/// `ServerError`: the record that the connector built is not what its entity says.
impl From<RecordErrors> for ConnectorError {
    fn from(error: RecordErrors) -> Self {
        Self::server_error(format!("a record does not fit its entity: {error}"))
    }
}

/// `ServerError`: what the connector built is no record.
impl From<NotARecord> for ConnectorError {
    fn from(error: NotARecord) -> Self {
        Self::server_error(error.to_string())
    }
}

/// `ServerError`; [`ConnectorError::unexpected_answer`] also says what was asked.
impl From<PageError> for ConnectorError {
    fn from(error: PageError) -> Self {
        Self::server_error(format!("the answer of the source system {error}"))
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
        let error = ConnectorError::from(error);
        assert_eq!(error.code(), &ErrorCode::InvalidArgument);
        assert!(error.message().contains("connectorName must not begin with aws; connectorOwner is empty"), "{error}");
    }

    #[test]
    fn reads_a_delay_in_seconds_or_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_747);
        let delay = |value| ConnectorError::rate_limit_exceeded("m").with_retry_after_header(value, now).retry_after();
        assert_eq!(delay(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(delay("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(delay("Sun, 06 Nov 1994 08:49:00 GMT"), Some(Duration::ZERO));
        assert_eq!(delay("99999999999"), Some(Duration::from_hours(24)));
        assert_eq!([delay("soon"), delay("-1"), delay("")], [None, None, None]);
    }

    #[test]
    fn there_is_a_constructor_for_every_code() {
        type Constructor = fn(&'static str) -> ConnectorError;
        let constructors: [(Constructor, ErrorCode); 11] = [
            (ConnectorError::invalid_argument, ErrorCode::InvalidArgument),
            (ConnectorError::invalid_credentials, ErrorCode::InvalidCredentials),
            (ConnectorError::access_denied, ErrorCode::AccessDenied),
            (ConnectorError::request_timeout, ErrorCode::RequestTimeout),
            (ConnectorError::rate_limit_exceeded, ErrorCode::RateLimitExceeded),
            (ConnectorError::service_unavailable, ErrorCode::ServiceUnavailable),
            (ConnectorError::client_error, ErrorCode::ClientError),
            (ConnectorError::server_error, ErrorCode::ServerError),
            (ConnectorError::unknown_error, ErrorCode::UnknownError),
            (ConnectorError::partial_write_failure, ErrorCode::PartialWriteFailure),
            (ConnectorError::resource_not_found, ErrorCode::ResourceNotFoundError),
        ];
        assert_eq!(constructors.len(), ErrorCode::ALL.len());
        for (constructor, code) in constructors {
            assert_eq!(constructor("m").code(), &code);
        }
    }

    #[test]
    fn keeps_its_source_out_of_what_is_sent() {
        let error = ConnectorError::server_error("the API failed").with_source("password=hunter2");
        assert!(!serde_json::to_string(&error.details()).unwrap().contains("hunter2"));
        assert!(!error.to_string().contains("hunter2"));
    }
}
