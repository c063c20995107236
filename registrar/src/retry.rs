//! Our own retries, above those of the AWS SDK: for races between services, by code and text, with a deadline rather
//! than a count. Whoever gives up passes the last failure on.

use std::time::Duration;

use tokio::time::Instant;

use crate::aws::ServiceFailure;
use crate::error::RegistrarError;
use crate::interrupt::Interrupt;

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Try again, for this reason.
    Retry(&'static str),
    /// Give up.
    Stop,
}

/// Why a call was given up.
#[derive(Debug)]
pub enum Stopped {
    /// It failed; this is the last failure.
    Failed(ServiceFailure),
    /// Ctrl-C.
    Interrupted(RegistrarError),
}

impl Stopped {
    /// Makes an error of it, saying what was being done to which resource.
    #[must_use]
    pub fn during(self, doing: impl Into<String>) -> RegistrarError {
        match self {
            Self::Failed(failure) => failure.during(doing),
            Self::Interrupted(error) => error,
        }
    }
}

/// Until when to try, and whom to listen to.
#[derive(Debug)]
pub struct Patience<'a> {
    /// No try begins after this.
    pub deadline: Instant,
    /// Ctrl-C.
    pub interrupt: &'a Interrupt,
}

/// Shortest and longest pause between two tries.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// Calls until it works, the verdict is to stop, or patience ends.
///
/// # Errors
/// The last failure, or Ctrl-C.
pub async fn retry<T>(
    patience: &Patience<'_>,
    mut call: impl AsyncFnMut() -> Result<T, ServiceFailure>,
    mut verdict: impl FnMut(&ServiceFailure) -> Verdict,
    mut tell: impl FnMut(&str),
) -> Result<T, Stopped> {
    let (mut pause, longest) = PAUSE;
    loop {
        let failure = match call().await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let Verdict::Retry(reason) = verdict(&failure) else { return Err(Stopped::Failed(failure)) };
        let jittered = jittered(pause);
        if Instant::now() + jittered > patience.deadline {
            return Err(Stopped::Failed(failure));
        }
        tell(&format!("{reason} ({failure})"));
        patience.interrupt.sleep(jittered).await.map_err(Stopped::Interrupted)?;
        pause = longest.min(pause * 2);
    }
}

/// Between half of a pause and all of it, so that two runs do not stay in step.
pub(crate) fn jittered(pause: Duration) -> Duration {
    let random = uuid::Uuid::new_v4().as_bytes()[0];
    pause / 2 + pause.mul_f64(f64::from(random) / 510.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::answered;

    async fn run(failures: Vec<ServiceFailure>, seconds: u64) -> (Result<u32, Stopped>, u32) {
        let interrupt = Interrupt::never();
        let patience = Patience { deadline: Instant::now() + Duration::from_secs(seconds), interrupt: &interrupt };
        let (mut failures, mut calls) = (failures.into_iter(), 0);
        let result = retry(
            &patience,
            async || {
                calls += 1;
                failures.next().map_or(Ok(7), Err)
            },
            |failure| if failure.is_role_not_ready() { Verdict::Retry("role") } else { Verdict::Stop },
            |_| (),
        )
        .await;
        (result, calls)
    }

    fn not_ready(text: &str) -> ServiceFailure {
        answered(
            "lambda:CreateFunction",
            "InvalidParameterValueException",
            &format!("cannot be assumed by Lambda {text}"),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn goes_on_until_it_works() {
        let (result, calls) = run(vec![not_ready("1"), not_ready("2")], 60).await;
        assert!(matches!(result, Ok(7)));
        assert_eq!(calls, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn passes_the_last_failure_on_when_patience_ends() {
        let failures = (0..1000).map(|number| not_ready(&number.to_string())).collect();
        let (result, calls) = run(failures, 30).await;
        let Err(Stopped::Failed(last)) = result else { panic!("expected a failure") };
        assert_eq!(last, not_ready(&(calls - 1).to_string()));
        assert!(calls > 3, "{calls}");
    }

    #[tokio::test(start_paused = true)]
    async fn does_not_retry_what_it_does_not_know() {
        let (result, calls) = run(vec![answered("lambda:CreateFunction", "ServiceException", "")], 60).await;
        assert!(matches!(result, Err(Stopped::Failed(_))));
        assert_eq!(calls, 1);
    }

    #[test]
    fn keeps_the_pause_between_half_and_whole() {
        for _ in 0..200 {
            let pause = jittered(Duration::from_secs(8));
            assert!((Duration::from_secs(4)..=Duration::from_secs(8)).contains(&pause), "{pause:?}");
        }
    }
}
