//! What a failure of the API means for the records before it, in it and behind it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use appflow_sdk::protocol::WriteOperationType::{Insert, Update, Upsert};
use appflow_sdk::{ConnectorError, Secret, SecretStore};
use serde_json::json;

use crate::store::Fault;
use crate::world::{World, fates};

const SIX: [&str; 6] =
    [r#"{"id":"a"}"#, r#"{"id":"b"}"#, r#"{"id":"c"}"#, r#"{"id":"d"}"#, r#"{"id":"e"}"#, r#"{"id":"f"}"#];

#[tokio::test]
async fn a_failure_before_anything_was_written_is_one_of_the_whole() {
    for (status, code) in
        [(401, "InvalidCredentials"), (403, "AccessDenied"), (429, "RateLimitExceeded"), (503, "ServiceUnavailable")]
    {
        for entity in ["single", "batch"] {
            let world = World::open().await;
            world.store.plan([Some(Fault::Status(status)); 40]);
            let error = world.write(entity, Upsert, &SIX).await.unwrap_err();
            assert_eq!(error.error_code.as_str(), code, "{entity} {error:?}");
            assert!(world.store.seen().len() <= 12, "what fails for all is not tried with each");
        }
    }
}

#[tokio::test]
async fn later_a_failure_leaves_what_was_written() {
    let world = World::open().await;
    world.store.plan([None].into_iter().chain([Some(Fault::Status(503)); 9]));
    let results = world.write("batch", Upsert, &SIX).await.unwrap();
    assert_eq!(fates(&results), "+++???");
    assert_eq!(world.store.records().len(), 3);
    let world = World::open().await;
    world.store.plan([None].into_iter().chain([Some(Fault::Status(403)); 9]));
    let results = world.write("single", Upsert, &SIX).await.unwrap();
    assert_eq!(results.iter().filter(|result| result.is_success).count(), 1);
    assert!(fates(&results).ends_with("---"), "{}", fates(&results));
    assert!(world.store.seen().len() <= 4, "no more than were under way");
}

#[tokio::test]
async fn a_busy_api_is_asked_again() {
    for entity in ["single", "batch"] {
        let world = World::open().await;
        world.store.plan([Some(Fault::Status(429)), None, Some(Fault::Status(429))]);
        assert_eq!(fates(&world.write(entity, Insert, &SIX).await.unwrap()), "++++++", "{entity}");
    }
}

#[tokio::test]
async fn a_lost_answer_to_an_update_is_asked_for_again() {
    let world = World::open().await;
    world.store.put(json!({"id": "a"}));
    world.store.plan([Some(Fault::Lost), Some(Fault::Dropped)]);
    assert_eq!(fates(&world.write("single", Update, &[r#"{"id":"a","name":"n"}"#]).await.unwrap()), "+");
}

#[tokio::test]
async fn a_lost_answer_to_an_insert_is_not_known_and_what_is_behind_it_not_attempted() {
    let world = World::open().await;
    world.store.plan([None, Some(Fault::Lost)]);
    let results = world.write("batch", Insert, &[SIX.as_slice(), &[r#"{"id":"g"}"#]].concat()).await.unwrap();
    assert_eq!(fates(&results), "+++???-");
    assert_eq!(world.store.records().len(), 6);
}

#[tokio::test]
async fn what_was_written_is_reported_when_the_api_hangs() {
    for entity in ["single", "batch"] {
        let mut world = World::open().await;
        world.limit = Duration::from_millis(4_500);
        world.store.plan([None, Some(Fault::Hangs), Some(Fault::Hangs), Some(Fault::Hangs)]);
        let results = world.write(entity, Upsert, &SIX).await.unwrap();
        let fates = fates(&results);
        let expected = if entity == "batch" { "+++???" } else { "+???--" };
        let mut sorted: Vec<_> = fates.chars().collect();
        if entity == "single" {
            sorted.sort_by_key(|fate| "+?-".find(*fate));
        }
        assert_eq!(sorted.iter().collect::<String>(), expected, "{entity}");
    }
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_does_not_say_that_nothing_was_written() {
    for status in [400, 401, 403, 429] {
        let world = World::open().await;
        world.store.plan([Some(Fault::Lost)].into_iter().chain([Some(Fault::Status(status)); 9]));
        let results = world.write("keyed", Insert, &[r#"{"id":"a","name":"n"}"#]).await.unwrap();
        assert_eq!(fates(&results), "?", "{status} {results:?}");
        assert_eq!(world.store.records().len(), 1);
    }
}

/// A secret that is another once it was refused.
#[derive(Debug, Default)]
struct Rotated(AtomicUsize);

impl SecretStore for Rotated {
    fn secret<'a>(
        &'a self,
        _: &'a str,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Secret, ConnectorError>> + Send + 'a>> {
        let count = self.0.load(Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(Secret::new(format!(r#"{{"accessToken":"token-number-{count}"}}"#)))))
    }

    fn forget<'a>(&'a self, _: &'a str) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test]
async fn renewed_credentials_go_on_where_the_old_ones_ended() {
    for entity in ["single", "batch"] {
        let world = World::open().await.secrets(Rotated::default());
        world.store.plan([None, Some(Fault::Status(401))]);
        let results = world.write(entity, Insert, &SIX).await.unwrap();
        assert_eq!(fates(&results), "++++++", "{entity} {results:?}");
        let seen = world.store.seen();
        assert!(seen.iter().any(|seen| seen.headers["authorization"] == "Bearer token-number-1"));
        assert_eq!(world.store.records().len(), 6);
    }
}
