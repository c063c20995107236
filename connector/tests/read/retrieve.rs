//! Look-ups by id.

use std::time::Duration;

use appflow_sdk::protocol::{ErrorDetails, Response, RetrieveDataRequest};

use crate::mock::Mock;
use crate::world::{World, manifest, manifest_with};

async fn retrieve(world: &World, path: &str, field: &str, ids: &[&str]) -> Result<Vec<String>, ErrorDetails> {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    let mut request = RetrieveDataRequest::new("all", world.connection(path), field, ids);
    request.selected_field_names = Some(vec!["id".to_owned(), "total".to_owned()]);
    match world.ask(request, Duration::from_secs(30)).await {
        Response::RetrieveData(response) => match response.outcome() {
            Ok(()) => Ok(response.records.unwrap_or_default().iter().map(|record| record.get().to_owned()).collect()),
            Err(details) => Err(details.clone()),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn finds_records_by_their_key_in_the_order_asked_and_skips_the_missing() {
    let world = World::open(10).await;
    let records = retrieve(&world, "/n/9", "id", &["7", "99", "2", "7"]).await.unwrap();
    assert_eq!(records, [r#"{"id":7,"total":7.10}"#, r#"{"id":2,"total":2.10}"#]);
    assert_eq!(world.mock.seen().len(), 3, "each id is asked for once");
}

#[tokio::test]
async fn finds_records_by_a_filter_where_the_api_has_no_path_for_the_field() {
    let world = World::open(10).await;
    let records = retrieve(&world, "/n/9", "status", &["paid"]).await.unwrap();
    assert_eq!(records.len(), 3);
    assert_eq!(world.mock.seen()[0].parameter("status").as_deref(), Some("paid"));
}

#[tokio::test]
async fn stops_asking_when_the_records_do_not_fit_into_a_response() {
    let world = World::open(10).await;
    let ids: Vec<_> = (1..=100).map(|id: usize| id.to_string()).collect();
    let mut request = RetrieveDataRequest::new("all", world.connection("/big/100"), "id", ids);
    request.selected_field_names = None;
    let response = world.ask(request, Duration::from_secs(30)).await;
    let error = response.outcome().unwrap_err();
    assert_eq!(error.error_code.as_str(), "InvalidArgument");
    assert!(error.error_message.contains("ask for fewer ids"), "{error:?}");
    assert!(world.mock.seen().len() < 50);
}

#[tokio::test]
async fn refuses_a_field_that_the_api_cannot_look_up() {
    let world = World::open(10).await;
    let error = retrieve(&world, "/n/9", "total", &["7.1"]).await.unwrap_err();
    assert_eq!(error.error_code.as_str(), "InvalidArgument");
    assert!(error.error_message.contains("total"), "{error:?}");
    assert!(retrieve(&world, "/n/9", "nope", &["7"]).await.unwrap_err().error_message.contains("nope"));
    assert!(retrieve(&world, "/n/9", "status", &[""]).await.unwrap_err().error_message.contains("status"));
}

#[tokio::test]
async fn a_failure_other_than_not_found_is_a_failure() {
    let world = World::with(Mock::start().await, manifest(5, "none = true"), "");
    let error = retrieve(&world, "/status/403", "id", &["1"]).await.unwrap_err();
    assert_eq!(error.error_code.as_str(), "AccessDenied");
    assert_eq!(retrieve(&world, "/n/9", "id", &[]).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_record_between_the_budget_and_the_limit_of_a_response_is_returned_alone() {
    let world = World::open(10).await;
    for (path, ids, expected) in [
        ("/sized/3/5850000", vec!["2"], Ok(vec!["2"])),
        ("/sized/3/5850000", vec!["2", "3"], Err("the first 1 records found have 58")),
        ("/sized/3/6300000", vec!["2"], Err("a record has more than the")),
    ] {
        let ids = ids.into_iter().map(str::to_owned).collect();
        let request = RetrieveDataRequest::new("all", world.connection(path), "id", ids);
        let response = world.ask(request, Duration::from_secs(30)).await;
        match (response.outcome(), expected) {
            (Ok(()), Ok(expected)) => {
                let Response::RetrieveData(response) = response else { panic!("{response:?}") };
                let records = response.records.unwrap_or_default();
                assert_eq!(records.len(), expected.len());
                assert!(records[0].get().starts_with("{\"id\":2,") && records[0].get().len() > 5_800_000);
            }
            (Err(details), Err(expected)) => assert!(details.error_message.starts_with(expected), "{details:?}"),
            (outcome, _) => panic!("{outcome:?}"),
        }
    }
}

#[tokio::test]
async fn addresses_are_no_longer_than_the_manifest_allows() {
    let short = |text: String| format!("{text}[limits]\naddress_bytes = 400\n");
    let world = World::with(Mock::start().await, manifest_with(100, "none = true", short), "");
    let ids: Vec<_> = (1000..1200).map(|id: usize| id.to_string()).collect();
    let filter = format!("id in ({})", ids.join(", "));
    let (found, _) = world.drain(world.request("/n/1300", "offset", &filter)).await;
    assert_eq!(found, (1000..1200).collect::<Vec<_>>(), "what has no room is done here");
    // By `status`, which has a path of its own nowhere, so that it is looked up with a filter.
    let statuses: Vec<_> = (0..100).map(|id: usize| format!("{}-{id}", "s".repeat(30))).collect();
    let statuses: Vec<_> = statuses.iter().map(String::as_str).chain(["paid"]).collect();
    assert_eq!(retrieve(&world, "/n/9", "status", &statuses).await.unwrap().len(), 3);
    for seen in world.mock.seen() {
        assert!(seen.path.len() + 1 + seen.query.len() <= 400, "{seen:?}");
    }
    let long = "x".repeat(500);
    let error = retrieve(&world, "/n/9", "id", &[&long]).await.unwrap_err();
    assert_eq!(error.error_code.as_str(), "InvalidArgument");
    assert!(error.error_message.contains("has 509 bytes, and `limits.address_bytes` allows 400"), "{error:?}");
    assert!(world.mock.seen().is_empty());
}
