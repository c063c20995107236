//! What a warm process does not do again.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use appflow_sdk::protocol::RetrieveDataRequest;
use appflow_sdk::{CachedSecrets, ConnectorError, Secret, SecretStore};

use crate::mock::Mock;
use crate::world::{World, manifest, manifest_with};

/// A store that counts how often it is read.
#[derive(Debug, Clone, Default)]
struct Counted(Arc<AtomicUsize>);

impl SecretStore for Counted {
    fn secret<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = Result<Secret, ConnectorError>> + Send + 'a>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(Ok(Secret::from(r#"{"username":"u","password":"hunter2"}"#.to_owned()))))
    }
}

#[tokio::test]
async fn a_warm_process_opens_no_new_connection_and_reads_no_secret_again() {
    let counted = Counted::default();
    // As the Lambda function has it.
    let secrets = CachedSecrets::new(counted.clone(), Duration::from_mins(5));
    let world = World::with_store(Mock::start().await, manifest(5, "basic = true"), secrets);
    let is_used = |calls: &str| {
        assert_eq!((world.mock.connections(), counted.0.load(Ordering::Relaxed)), (1, 1), "after {calls}");
    };
    world.query(world.request("/n/3", "all", "")).await.unwrap();
    is_used("one query");
    world.drain(world.request("/n/23", "cursor", "")).await;
    is_used("a query of many pages");
    world.drain(world.request("/body/gzip", "all", "")).await;
    is_used("a compressed answer");
    world.failure("/status/404", "all").await;
    is_used("a failure");
    world.drain(world.request("/redirect/inside", "all", "")).await;
    is_used("a redirect");
    let request = RetrieveDataRequest::new("all", world.connection("/n/9"), "id", vec!["7".to_owned()]);
    assert!(world.ask(request, Duration::from_secs(30)).await.outcome().is_ok());
    is_used("a look-up");
    let ids: Vec<_> = (1..=9).map(|id: usize| id.to_string()).collect();
    let request = RetrieveDataRequest::new("all", world.connection("/n/9"), "id", ids);
    assert!(world.ask(request, Duration::from_secs(30)).await.outcome().is_ok());
    let connections = world.mock.connections();
    assert!((2..=8).contains(&connections), "look-ups at a time have a connection each, at most `limits.concurrency`");
    world.drain(world.request("/n/23", "offset", "")).await;
    assert_eq!((world.mock.connections(), counted.0.load(Ordering::Relaxed)), (connections, 1));
}

#[tokio::test]
async fn as_many_requests_are_under_way_as_the_manifest_allows() {
    let one = |text: String| format!("{text}[limits]\nconcurrency = 1\n");
    let world = World::with(Mock::start().await, manifest_with(5, "none = true", one), "");
    let ids: Vec<_> = (1..=9).map(|id: usize| id.to_string()).collect();
    let request = RetrieveDataRequest::new("all", world.connection("/n/9"), "id", ids);
    assert!(world.ask(request, Duration::from_secs(30)).await.outcome().is_ok());
    assert_eq!(world.mock.connections(), 1);
}

#[tokio::test]
async fn what_the_manifest_allows_within_a_time_is_told_with_how_long_to_wait() {
    let slow = |text: String| format!("{text}[limits]\nrequests_per_second = 0.02\n");
    let world = World::with(Mock::start().await, manifest_with(5, "none = true", slow), "");
    world.query(world.request("/n/3", "all", "")).await.unwrap();
    let error = world.failure("/n/3", "all").await;
    assert_eq!(error.error_code.as_str(), "RateLimitExceeded");
    assert!(error.retry_after_seconds.is_some_and(|seconds| (40..=50).contains(&seconds)), "{error:?}");
    assert!(error.error_message.contains("`limits.requests_per_second`"), "{error:?}");
    assert_eq!(world.mock.seen().len(), 1);
}
