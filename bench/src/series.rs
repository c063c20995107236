//! Times of one contestant, and the ratio of two that ran in turns.

use std::time::Duration;

/// Times in the order in which they were taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series(Vec<Duration>);

impl Series {
    /// Adds a time.
    pub(crate) fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// The time that half of them do not exceed.
    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// The time that so many percent of them do not exceed (nearest rank); zero when there is none.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }

    /// How many times the other's time this one takes: the median over the rounds, each compared with itself, so that a
    /// machine that is slow for a while slows both.
    pub(crate) fn ratio_to(&self, other: &Self) -> f64 {
        let rounds = self.0.iter().zip(&other.0);
        let mut ratios: Vec<_> = rounds
            .filter(|(_, other)| !other.is_zero())
            .map(|(own, other)| own.as_secs_f64() / other.as_secs_f64())
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Processor time that this thread has used. On a machine that does other things too it says more of the work than the
/// clock on the wall, which stands in for it where the system does not tell.
pub(crate) fn thread_time() -> Duration {
    #[cfg(unix)]
    {
        use rustix::time::{ClockId, clock_gettime};
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
        Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), nanoseconds)
    }
    #[cfg(not(unix))]
    {
        static STARTED: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        STARTED.get_or_init(std::time::Instant::now).elapsed()
    }
}

/// A time in milliseconds.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(milliseconds: &[u64]) -> Series {
        Series(milliseconds.iter().map(|time| Duration::from_millis(*time)).collect())
    }

    #[test]
    fn percentiles_are_times_that_were_taken() {
        let hundred: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(series(&hundred).median(), Duration::from_millis(50));
        assert_eq!(series(&hundred).percentile(99), Duration::from_millis(99));
        assert_eq!(series(&[3, 1, 2]).percentile(99), Duration::from_millis(3));
        assert_eq!(series(&[]).median(), Duration::ZERO);
    }

    #[test]
    fn work_takes_processor_time() {
        let before = thread_time();
        let sum = (0..3_000_000_u64).fold(0, |sum: u64, number| std::hint::black_box(sum ^ number));
        assert!(thread_time() > before, "{sum}");
    }

    #[test]
    fn a_ratio_compares_round_by_round() {
        let (own, other) = (series(&[20, 200, 40]), series(&[10, 100, 20]));
        assert!((own.ratio_to(&other) - 2.0).abs() < 1e-9);
        assert!(own.ratio_to(&series(&[])).is_nan());
    }
}
