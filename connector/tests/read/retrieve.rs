//! Look-ups by id.

use std::time::Duration;

use appflow_sdk::protocol::{ErrorDetails, Response, RetrieveDataRequest};

use crate::mock::Mock;
use crate::world::{World, manifest};

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
