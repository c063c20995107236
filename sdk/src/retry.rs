//! Calls the source system again when that may help, within the time that is left.

use std::future::Future;
use std::time::Duration;

use crate::error::ConnectorError;
use crate::invocation::InvocationContext;
use crate::protocol::ErrorCode;

/// How calls to the source system are repeated.
///
/// A call is repeated when its error says that trying again may help, when repeating does no harm, and when enough of the
/// invocation's time is left for the pause and another call. The pause is random between nothing and a bound that doubles
/// with each attempt ("full jitter"), so that many invocations do not come back in step. A `Retry-After` of the source
/// system is honoured: the pause is never shorter, and if it is longer than the time that is left, the call is not
/// repeated and AppFlow gets the delay as `retryAfterSeconds`.
///
/// The error of the last attempt is what the caller gets; earlier ones are in the log. An attempt that hangs is not ended
/// here: give the HTTP client a time limit.
///
/// | error code | repeated |
/// |---|---|
/// | `RateLimitExceeded` | always: the source system refused |
/// | `ServiceUnavailable`, `ServerError`, `RequestTimeout` | if repeating is safe, or the error is [without effect](ConnectorError::without_effect) |
/// | any other | never: it would fail again |
///
/// ```
/// # use appflow_sdk::{InvocationContext, Secret};
/// # use std::{collections::BTreeMap, sync::Arc, time::Duration};
/// use appflow_sdk::{ConnectorError, Repeat, Retry};
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?.block_on(async {
/// # let context = InvocationContext::new("r", Duration::from_secs(30), Arc::new(BTreeMap::<String, Secret>::new()));
/// let busy = std::cell::Cell::new(2);
/// let answer = Retry::default().run(&context, Repeat::Safe, async || {
///     // … GET /orders …
///     if busy.replace(busy.get() - 1) > 0 { Err(ConnectorError::from_http_status(503, "busy")) } else { Ok("the answer") }
/// }).await?;
/// assert_eq!(answer, "the answer");
/// # Ok::<(), ConnectorError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    attempts: u32,
    first_bound: Duration,
    last_bound: Duration,
    reserve: Duration,
}

/// Whether a call may be made again after it may have had an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Doing it twice is doing it once: reading, deleting by id, writing with an idempotency key.
    Safe,
    /// Doing it twice may do it twice, as inserting does: repeat only what certainly had no effect.
    IfWithoutEffect,
}

impl Default for Retry {
    /// At most 4 attempts, pauses below 250 ms, 500 ms and 1 s, and 1 second kept for the call after the pause.
    fn default() -> Self {
        Self {
            attempts: 4,
            first_bound: Duration::from_millis(250),
            last_bound: Duration::from_secs(5),
            reserve: Duration::from_secs(1),
        }
    }
}

impl Retry {
    /// Makes every call once.
    #[must_use]
    pub fn never() -> Self {
        Self::default().attempts(1)
    }

    /// Sets how many attempts there are in all; 0 counts as 1.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Sets the bound of the first pause and the greatest bound. Each bound is twice the one before.
    #[must_use]
    pub fn pauses(mut self, first: Duration, last: Duration) -> Self {
        (self.first_bound, self.last_bound) = (first.min(last), last);
        self
    }

    /// Sets how much of the invocation's time must be left after a pause for the call to be made again.
    #[must_use]
    pub fn reserve(mut self, reserve: Duration) -> Self {
        self.reserve = reserve;
        self
    }

    /// Makes a call, and again as long as that makes sense. Each attempt counts as one
    /// [upstream call](InvocationContext::upstream) in the log.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub async fn run<T, F, C>(
        &self,
        context: &InvocationContext,
        repeat: Repeat,
        mut call: C,
    ) -> Result<T, ConnectorError>
    where
        C: FnMut() -> F,
        F: Future<Output = Result<T, ConnectorError>>,
    {
        let mut attempt = 1;
        loop {
            let error = match context.upstream(call()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let pause = self.pause(attempt, &error, fastrand::f64());
            let is_left = context.remaining() > pause.saturating_add(self.reserve);
            if attempt >= self.attempts || !may_help(&error, repeat) || !is_left {
                return Err(error);
            }
            tracing::info!(
                attempt,
                error = %context.scrub(&error.to_string()),
                pause_milliseconds = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                "calling the source system again"
            );
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// The pause after an attempt; `chance` is from 0 to 1.
    fn pause(&self, attempt: u32, error: &ConnectorError, chance: f64) -> Duration {
        let doubled = self.first_bound.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
        let jitter = doubled.min(self.last_bound).mul_f64(chance);
        // After Retry-After, some jitter keeps those who were turned away together from coming back together.
        error.retry_after().map_or(jitter, |delay| delay.saturating_add(self.first_bound.mul_f64(chance)))
    }
}

fn may_help(error: &ConnectorError, repeat: Repeat) -> bool {
    let is_passing = matches!(
        error.code(),
        ErrorCode::RateLimitExceeded
            | ErrorCode::ServiceUnavailable
            | ErrorCode::ServerError
            | ErrorCode::RequestTimeout
    );
    is_passing && (repeat == Repeat::Safe || error.is_without_effect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::secret::Secret;

    fn context(limit: Duration) -> InvocationContext {
        InvocationContext::new("r", limit, Arc::new(BTreeMap::<String, Secret>::new()))
    }

    /// How many attempts are made of a call that always fails so, and how long that takes.
    async fn attempts(
        retry: &Retry,
        repeat: Repeat,
        limit: Duration,
        error: fn() -> ConnectorError,
    ) -> (u32, Duration) {
        let context = context(limit);
        let started = tokio::time::Instant::now();
        let mut count = 0;
        let outcome: Result<(), _> = retry
            .run(&context, repeat, || {
                count += 1;
                std::future::ready(Err(error()))
            })
            .await;
        assert_eq!(outcome.unwrap_err().message(), error().message(), "the last error is the caller's");
        assert_eq!(context.upstream_account().0, u64::from(count));
        (count, started.elapsed())
    }

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn repeats_what_may_help_and_nothing_else() {
        for code in ErrorCode::ALL {
            let passing = ["RateLimitExceeded", "ServiceUnavailable", "ServerError", "RequestTimeout"];
            let expected = if passing.contains(&code.as_str()) { 4 } else { 1 };
            let context = context(LONG);
            let mut count = 0;
            let outcome: Result<(), _> = Retry::default()
                .run(&context, Repeat::Safe, || {
                    count += 1;
                    std::future::ready(Err(ConnectorError::new(code.clone(), "m")))
                })
                .await;
            assert!(outcome.is_err());
            assert_eq!(count, expected, "{code}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_is_repeated_only_if_it_had_no_effect() {
        let retry = Retry::default();
        for (error, expected) in [
            ((|| ConnectorError::rate_limit_exceeded("429")) as fn() -> ConnectorError, 4),
            (|| ConnectorError::service_unavailable("503"), 1),
            (|| ConnectorError::service_unavailable("no connection").without_effect(), 4),
            (|| ConnectorError::client_error("400").without_effect(), 1),
        ] {
            assert_eq!(attempts(&retry, Repeat::IfWithoutEffect, LONG, error).await.0, expected, "{}", error());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_stay_below_their_doubling_bounds() {
        for _ in 0..50 {
            let (count, taken) =
                attempts(&Retry::default(), Repeat::Safe, LONG, || ConnectorError::server_error("500")).await;
            // The paused clock rounds each pause up to a millisecond.
            assert!(count == 4 && taken <= Duration::from_millis(250 + 500 + 1000 + 3), "{taken:?}");
        }
        let retry = Retry::default().pauses(Duration::from_millis(100), Duration::from_millis(300));
        let error = ConnectorError::server_error("500");
        let bounds: Vec<_> =
            [1, 2, 3, 4, 40, u32::MAX].map(|attempt| retry.pause(attempt, &error, 1.0).as_millis()).into();
        assert_eq!(bounds, [100, 200, 300, 300, 300, 300]);
        assert_eq!(retry.pause(3, &error, 0.0), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_as_long_as_the_source_system_asks_for() {
        let asked = || ConnectorError::rate_limit_exceeded("429").with_retry_after(Duration::from_secs(3));
        let (count, taken) = attempts(&Retry::default().attempts(3), Repeat::Safe, LONG, asked).await;
        assert_eq!(count, 3);
        assert!((6..=7).contains(&taken.as_secs()), "{taken:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_when_the_time_is_too_short_for_another_attempt() {
        let asked = || ConnectorError::rate_limit_exceeded("429").with_retry_after(Duration::from_secs(20));
        assert_eq!(attempts(&Retry::default(), Repeat::Safe, LONG, asked).await.0, 2, "the second pause does not fit");
        let soon = Duration::from_millis(900);
        let busy = || ConnectorError::service_unavailable("503");
        assert_eq!(attempts(&Retry::default(), Repeat::Safe, soon, busy).await.0, 1);
        assert_eq!(attempts(&Retry::default().reserve(Duration::ZERO), Repeat::Safe, LONG, busy).await.0, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn one_attempt_is_one_attempt() {
        for retry in [Retry::never(), Retry::default().attempts(0)] {
            assert_eq!(attempts(&retry, Repeat::Safe, LONG, || ConnectorError::server_error("500")).await.0, 1);
        }
    }
}
