//! How many requests one connection starts within a time, and has at a time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use appflow_sdk::ConnectorError;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::manifest::Limits;

/// Kept back of the time for the request that is waited with.
const RESERVE: Duration = Duration::from_secs(1);

/// What the requests of one connection pass through.
#[derive(Debug)]
pub(crate) struct Gate {
    /// How many requests may start within a window; without it there is no limit.
    window: Option<(usize, Duration)>,
    /// When the last requests started, or will, oldest first; as many as start within a window.
    starts: Mutex<VecDeque<Instant>>,
    places: Semaphore,
}

impl Gate {
    /// A gate with a manifest's limits.
    pub(crate) fn new(limits: &Limits) -> Self {
        let window = limits.requests_per_second.map(|rate| {
            // Whole requests, within as much time as keeps the average.
            let count = rate.max(1.0).floor();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to the check's limit")]
            let requests = count as usize;
            (requests, Duration::try_from_secs_f64(count / rate).unwrap_or(Duration::MAX))
        });
        Self { window, starts: Mutex::default(), places: Semaphore::new(limits.concurrency.max(1)) }
    }

    /// Waits for a place, which is free again when it is dropped.
    ///
    /// # Errors
    /// `RateLimitExceeded`, without effect, when none gets free by the deadline.
    pub(crate) async fn place(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, ConnectorError> {
        let latest = deadline.checked_sub(RESERVE).unwrap_or(deadline);
        match timeout_at(latest, self.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(ConnectorError::rate_limit_exceeded(
                "as many requests as `limits.concurrency` allows are under way, and none has ended in the time that is left",
            )
            .with_retry_after(Duration::from_secs(1))
            .without_effect()),
        }
    }

    /// Waits until a request may start.
    ///
    /// # Errors
    /// `RateLimitExceeded`, without effect and with how long to wait, when that is not before the deadline.
    pub(crate) async fn turn(&self, deadline: Instant) -> Result<(), ConnectorError> {
        let latest = deadline.checked_sub(RESERVE).unwrap_or(deadline);
        match self.reserve(Instant::now(), latest) {
            Ok(None) => Ok(()),
            Ok(Some(start)) => {
                sleep_until(start).await;
                Ok(())
            }
            Err(wait) => Err(ConnectorError::rate_limit_exceeded(
                "the connector has asked as much as `limits.requests_per_second` allows, and its time ends before it may ask \
                 again",
            )
            .with_retry_after(wait)
            .without_effect()),
        }
    }

    /// When a request may start, if not at once; or how long that is, if it is too late, and then nothing is reserved.
    fn reserve(&self, now: Instant, latest: Instant) -> Result<Option<Instant>, Duration> {
        let Some((count, window)) = self.window else { return Ok(None) };
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = match starts.front() {
            Some(oldest) if starts.len() >= count => oldest.checked_add(window).unwrap_or(*oldest),
            _ => now,
        };
        let start = earliest.max(now);
        if start > now && start > latest {
            return Err(start.saturating_duration_since(now));
        }
        if starts.len() >= count {
            starts.pop_front();
        }
        starts.push_back(start);
        Ok((start > now).then_some(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;

    fn gate(rate: Option<f64>, concurrency: usize) -> Gate {
        Gate::new(&Limits { requests_per_second: rate, concurrency, ..Limits::default() })
    }

    /// When so many requests start that are ready at once, in milliseconds; nothing for one that is refused.
    async fn starts(rate: f64, requests: usize, limit: Duration) -> Vec<Option<u128>> {
        let (gate, began) = (gate(Some(rate), 8), Instant::now());
        let start = async || gate.turn(began + limit).await.ok().map(|()| began.elapsed().as_millis());
        join_all((0..requests).map(|_| start())).await
    }

    #[tokio::test(start_paused = true)]
    async fn starts_no_more_within_a_second_than_it_may() {
        let at = |times: &[u128]| times.iter().map(|time| Some(*time)).collect::<Vec<_>>();
        let minute = Duration::from_mins(1);
        assert_eq!(starts(2.0, 5, minute).await, at(&[0, 0, 1000, 1000, 2000]));
        assert_eq!(starts(0.5, 3, minute).await, at(&[0, 2000, 4000]));
        assert_eq!(starts(2.5, 5, minute).await, at(&[0, 0, 800, 800, 1600]));
    }

    #[tokio::test(start_paused = true)]
    async fn refuses_at_once_what_could_not_start_in_time() {
        assert_eq!(starts(1.0, 4, Duration::from_secs(3)).await, [Some(0), Some(1000), Some(2000), None]);
        let gate = gate(Some(0.1), 8);
        let deadline = Instant::now() + Duration::from_secs(5);
        gate.turn(deadline).await.unwrap();
        let before = Instant::now();
        let error = gate.turn(deadline).await.unwrap_err();
        assert_eq!(before.elapsed(), Duration::ZERO);
        assert_eq!((error.code().as_str(), error.is_without_effect()), ("RateLimitExceeded", true));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(10)));
        tokio::time::advance(Duration::from_secs(10)).await;
        gate.turn(Instant::now() + Duration::from_secs(5)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn has_no_more_at_a_time_than_it_may() {
        let gate = gate(None, 2);
        let deadline = Instant::now() + Duration::from_secs(5);
        let first = gate.place(deadline).await.unwrap();
        let _second = gate.place(deadline).await.unwrap();
        let error = gate.place(deadline).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.is_without_effect()), ("RateLimitExceeded", true));
        drop(first);
        assert!(gate.place(Instant::now() + Duration::from_secs(5)).await.is_ok());
    }
}
