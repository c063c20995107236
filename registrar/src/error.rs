//! The one error of this program: what happened, to which resource, what to do next.

use std::error::Error;
use std::fmt;

use crate::exit_code::ExitCode;

/// What kind of trouble it is; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A fault of this program.
    Bug,
    /// The command line, a setting or a local file is wrong.
    Usage,
    /// There are no usable credentials.
    Credentials,
    /// The credentials lack a permission.
    Permission,
    /// The resource belongs to somebody else.
    Foreign,
    /// Connections or flows that exist would stop working.
    Breaking,
    /// Somebody changed the resource at the same time.
    Conflict,
    /// The service refused or failed.
    Service,
    /// The connector answered with a failure, or not as the protocol asks.
    Connector,
    /// A deadline passed.
    TimedOut,
    /// What is there differs from what is wanted (`--check`).
    Differences,
    /// Ctrl-C.
    Interrupted,
}

impl serde::Serialize for ErrorKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl ErrorKind {
    /// The kind as the JSON output spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bug => "bug",
            Self::Usage => "usage",
            Self::Credentials => "credentials",
            Self::Permission => "permission",
            Self::Foreign => "foreign",
            Self::Breaking => "breaking",
            Self::Conflict => "conflict",
            Self::Service => "service",
            Self::Connector => "connector",
            Self::TimedOut => "timedOut",
            Self::Differences => "differences",
            Self::Interrupted => "interrupted",
        }
    }

    /// The exit code it leads to.
    #[must_use]
    pub const fn exit_code(self) -> ExitCode {
        match self {
            Self::Bug => ExitCode::Bug,
            Self::Usage => ExitCode::Usage,
            Self::Credentials | Self::Permission => ExitCode::Permission,
            Self::Foreign | Self::Breaking | Self::Conflict | Self::Service | Self::Connector => ExitCode::StepFailed,
            Self::TimedOut => ExitCode::TimedOut,
            Self::Differences => ExitCode::Differences,
            Self::Interrupted => ExitCode::Interrupted,
        }
    }
}

/// Why a run stopped.
///
/// `Display` says what happened to which resource; [`hint`](Self::hint) says what to do; the causes are in `source`.
#[derive(Debug)]
pub struct RegistrarError {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    request_id: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl RegistrarError {
    /// An error with what happened to which resource: one lower-case fragment.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, request_id: None, source: None }
    }

    /// A fault in the command line, a setting or a local file.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// A fault of this program.
    #[must_use]
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, message)
            .with_hint("this should not happen; please report it with the command you ran")
    }

    /// Ctrl-C.
    #[must_use]
    pub fn interrupted() -> Self {
        Self::new(ErrorKind::Interrupted, "interrupted").with_hint("run the same command again to go on from here")
    }

    /// Adds what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds a service's failure as the cause, with the id of its request, if there is one.
    #[must_use]
    pub fn caused_by(self, failure: Option<crate::aws::ServiceFailure>) -> Self {
        match failure {
            Some(failure) => self.with_request_id(failure.request_id.clone()).with_source(failure),
            None => self,
        }
    }

    /// Adds the service's id of the request, which its support asks for.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The service's id of the request that failed.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The exit code.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        self.kind.exit_code()
    }

    /// The texts of the causes, outermost first.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        causes
    }

    /// The error as the JSON output shows it.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "kind": self.kind.as_str(),
            "exitCode": self.exit_code().code(),
            "message": self.message,
            "causes": self.causes(),
            "hint": self.hint,
            "requestId": self.request_id,
        })
    }
}

impl fmt::Display for RegistrarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for RegistrarError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
