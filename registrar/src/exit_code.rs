//! The exit codes of `registrar`, a part of its interface.

use std::fmt;

/// How a run ended, as the calling script sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExitCode {
    /// Done, or nothing to do.
    Done = 0,
    /// A fault of this program.
    Bug = 1,
    /// The command line, a setting or a local file is wrong; nothing was changed.
    Usage = 2,
    /// Credentials are missing or expired, or a permission is missing.
    Permission = 3,
    /// A step failed at the service, a foreign resource was refused, or the connector answered with a failure.
    StepFailed = 4,
    /// A deadline passed while waiting; running again goes on from there.
    TimedOut = 5,
    /// `--check` found differences.
    Differences = 6,
    /// Ctrl-C.
    Interrupted = 130,
}

impl ExitCode {
    /// Every code, in ascending order.
    pub const ALL: [Self; 8] = [
        Self::Done,
        Self::Bug,
        Self::Usage,
        Self::Permission,
        Self::StepFailed,
        Self::TimedOut,
        Self::Differences,
        Self::Interrupted,
    ];

    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What it means, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::Bug => "a fault of registrar itself",
            Self::Usage => "wrong usage, setting or local file",
            Self::Permission => "credentials or permission missing",
            Self::StepFailed => "a step failed, or the connector answered with a failure",
            Self::TimedOut => "timed out waiting; run again to go on",
            Self::Differences => "--check found differences",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for ExitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>3}  {}", self.code(), self.meaning())
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.code())
    }
}
