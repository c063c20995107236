//! Remembers secrets for a while, so that a warm function does not read Secrets Manager for every page.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::credentials::SecretStore;
use crate::error::ConnectorError;
use crate::secret::Secret;

/// A store that remembers each secret of another store for a limited time. Failures are not remembered.
///
/// `lambda::run` reads Secrets Manager through one. Calls for secrets queue up, so that many calls at once read a secret
/// once.
///
/// ```
/// use appflow_sdk::{CachedSecrets, Secret, SecretStore};
/// use std::{collections::BTreeMap, time::Duration};
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let store = BTreeMap::from([("arn:1".to_owned(), Secret::new("{}"))]);
/// let cached = CachedSecrets::new(store, Duration::from_mins(1));
/// assert_eq!(cached.secret("arn:1").await?.expose(), "{}");
/// # Ok::<(), appflow_sdk::ConnectorError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CachedSecrets<S> {
    store: S,
    lifetime: Duration,
    read: Mutex<HashMap<String, (Instant, Secret)>>,
}

impl<S: SecretStore> CachedSecrets<S> {
    /// Remembers each secret for `lifetime` after it was read.
    #[must_use]
    pub fn new(store: S, lifetime: Duration) -> Self {
        Self { store, lifetime, read: Mutex::default() }
    }

    async fn get(&self, secret_arn: &str) -> Result<Secret, ConnectorError> {
        let mut read = self.read.lock().await;
        read.retain(|_, (at, _)| at.elapsed() < self.lifetime);
        if let Some((_, secret)) = read.get(secret_arn) {
            return Ok(secret.clone());
        }
        let secret = self.store.secret(secret_arn).await?;
        read.insert(secret_arn.to_owned(), (Instant::now(), secret.clone()));
        Ok(secret)
    }
}

impl<S: SecretStore> SecretStore for CachedSecrets<S> {
    fn secret<'a>(
        &'a self,
        secret_arn: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, ConnectorError>> + Send + 'a>> {
        Box::pin(self.get(secret_arn))
    }

    fn forget<'a>(&'a self, secret_arn: &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            self.read.lock().await.remove(secret_arn);
            self.store.forget(secret_arn).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts how often it is read; the secret `missing` is not there.
    #[derive(Debug, Default)]
    struct Counting(AtomicUsize);

    impl SecretStore for Counting {
        fn secret<'a>(
            &'a self,
            secret_arn: &'a str,
        ) -> Pin<Box<dyn Future<Output = Result<Secret, ConnectorError>> + Send + 'a>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            let found = if secret_arn == "missing" {
                Err(ConnectorError::resource_not_found("there is no secret"))
            } else {
                Ok(Secret::new("s"))
            };
            Box::pin(std::future::ready(found))
        }
    }

    fn cached() -> CachedSecrets<Counting> {
        CachedSecrets::new(Counting::default(), Duration::from_mins(1))
    }

    fn reads(cached: &CachedSecrets<Counting>) -> usize {
        cached.store.0.load(Ordering::Relaxed)
    }

    #[tokio::test(start_paused = true)]
    async fn a_secret_is_read_once_within_its_lifetime_and_again_after_it() {
        let cached = cached();
        for (pause, expected) in [(0, 1), (59, 1), (1, 2), (59, 2)] {
            tokio::time::advance(Duration::from_secs(pause)).await;
            cached.secret("a").await.unwrap();
            assert_eq!(reads(&cached), expected, "after {pause} s more");
        }
        cached.secret("b").await.unwrap();
        assert_eq!(reads(&cached), 3);
    }

    #[tokio::test]
    async fn a_forgotten_secret_and_a_failure_are_read_anew() {
        let cached = cached();
        cached.secret("a").await.unwrap();
        cached.forget("a").await;
        cached.secret("a").await.unwrap();
        assert_eq!(reads(&cached), 2);
        for expected in [3, 4] {
            assert!(cached.secret("missing").await.is_err());
            assert_eq!(reads(&cached), expected);
        }
    }
}
