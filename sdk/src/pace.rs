//! How the time of an invocation is divided among calls of one kind.

use std::time::Duration;

use tokio::time::Instant;

use crate::invocation::InvocationContext;

/// Time that is kept for a last call and the response, by default.
pub(crate) const RESERVE: Duration = Duration::from_secs(2);

/// The slowest call so far, and the time that must be left beside it.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    reserve: Duration,
    slowest: Duration,
}

impl Pace {
    pub(crate) fn new(reserve: Duration) -> Self {
        Self { reserve, slowest: Duration::ZERO }
    }

    /// Notes how long a call took.
    pub(crate) fn took(&mut self, time: Duration) {
        self.slowest = self.slowest.max(time);
    }

    /// Whether too little time is left for another call: twice the slowest so far, and the reserve.
    pub(crate) fn is_late(&self, context: &InvocationContext) -> bool {
        context.remaining() < self.slowest.saturating_mul(2).saturating_add(self.reserve)
    }

    /// When to give up waiting for a call: early enough to return what there is.
    pub(crate) fn latest(&self, context: &InvocationContext) -> Instant {
        let kept = self.reserve.min(context.remaining() / 2);
        context.deadline().checked_sub(kept).unwrap_or_else(Instant::now)
    }
}
