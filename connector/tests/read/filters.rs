//! What reaches the API of a filter, a selection and a hostile value.

use std::time::Duration;

use appflow_sdk::protocol::{Record, RetrieveDataRequest};

use crate::world::World;

#[tokio::test]
async fn sends_what_the_api_can_filter_and_applies_the_rest_here() {
    let world = World::open(50).await;
    let filter = "status = 'paid' and at > 2026-01-05T00:00:04Z and total < 20";
    let (ids, _) = world.drain(world.request("/n/40", "cursor", filter)).await;
    assert_eq!(ids, [7, 10, 13, 16, 19]);
    let seen = &world.mock.seen()[0];
    assert_eq!(seen.parameter("status").as_deref(), Some("paid"));
    assert_eq!(seen.parameter("since").as_deref(), Some("2026-01-05T00:00:04Z"));
}

#[tokio::test]
async fn asks_only_for_the_fields_that_are_needed_and_returns_only_those_selected() {
    let world = World::open(50).await;
    let mut request = world.request("/n/2", "offset", "total > 1.5");
    request.selected_field_names = Some(vec!["id".to_owned(), "city".to_owned(), "note".to_owned()]);
    let response = world.query(request).await.unwrap();
    assert_eq!(world.mock.seen()[0].parameter("fields").as_deref(), Some("id,address,note,total"));
    let records: Vec<_> = response.records().iter().map(Record::get).collect();
    assert_eq!(records, [r#"{"id":2,"city":"Zürich"}"#]);
}

#[tokio::test]
async fn keeps_every_digit_and_escape() {
    let world = World::open(50).await;
    let response = world.query(world.request("/n/4", "all", "id = 4")).await.unwrap();
    let record = response.records()[0].get();
    assert!(record.contains(r#""total":4.10"#) && record.contains(r#""note":"a \"quoted\" \n note""#), "{record}");
}

#[tokio::test]
async fn refuses_what_does_not_fit_the_entity() {
    let world = World::open(50).await;
    for filter in ["nope = 1", "total = 'x'", "status >", "total", "status in ()", "id = 1 or nope = 2"] {
        let error = world.query(world.request("/n/4", "all", filter)).await.unwrap_err();
        assert_eq!(error.error_code.as_str(), "InvalidArgument", "{filter}");
    }
    let mut request = world.request("/n/4", "all", "");
    request.selected_field_names = Some(vec!["nope".to_owned()]);
    assert!(world.query(request).await.unwrap_err().error_message.contains("nope"));
    let unknown = world.query(world.request("/n/4", "nothing", "")).await.unwrap_err();
    assert!(unknown.error_message.contains("page, offset, cursor"), "{unknown:?}");
    assert!(world.mock.seen().is_empty(), "nothing is sent before the request is understood");
}

#[tokio::test]
async fn a_value_can_never_change_the_request() {
    let world = World::open(50).await;
    for value in [
        "a&status=open",
        "a=b",
        "a/b",
        "../../admin",
        "a#b?c",
        "a%26b",
        "a+b c",
        "a\u{e9}\u{1f600}\u{4e2d}",
        "a\"b\\\\c",
        "{id}",
    ] {
        let filter = format!("note = '{value}'");
        world.query(world.request("/n/4", "offset", &filter)).await.unwrap();
        let seen = world.mock.seen().remove(0);
        assert_eq!((seen.path.as_str(), seen.headers.get("x-evil")), ("/n/4/offset", None));
        assert_eq!(seen.parameter("q").as_deref(), Some(value.replace("\\\\", "\\").as_str()), "{value}");
        assert_eq!(seen.parameter("status"), None);
    }
    let split = "note = 'a\r\nX-Evil: 1'";
    world.query(world.request("/n/4", "offset", split)).await.unwrap();
    let seen = world.mock.seen().remove(0);
    assert_eq!(seen.parameter("q").as_deref(), Some("a\r\nX-Evil: 1"));
    assert_eq!(seen.headers.get("x-evil"), None);
}

#[tokio::test]
async fn an_id_can_never_leave_its_segment() {
    let world = World::open(50).await;
    for (id, path) in [
        ("1/../2", "/n/4/all/1%2F..%2F2"),
        ("1?status=open#x", "/n/4/all/1%3Fstatus%3Dopen%23x"),
        ("1\r\nX-Evil: 1", "/n/4/all/1%0D%0AX-Evil%3A%201"),
        ("%2e%2e", "/n/4/all/%252e%252e"),
        ("é", "/n/4/all/%C3%A9"),
    ] {
        let request = RetrieveDataRequest::new("all", world.connection("/n/4"), "id", vec![id.to_owned()]);
        let response = world.ask(request, Duration::from_secs(30)).await;
        assert!(response.outcome().is_ok(), "{response:?}");
        let seen = world.mock.seen().remove(0);
        assert_eq!((seen.path.as_str(), seen.query.as_str()), (path, ""));
        assert_eq!(seen.headers.get("x-evil"), None);
    }
    for id in ["..", ".", ""] {
        let request = RetrieveDataRequest::new("all", world.connection("/n/4"), "id", vec![id.to_owned()]);
        let response = world.ask(request, Duration::from_secs(30)).await;
        assert_eq!(response.outcome().unwrap_err().error_code.as_str(), "InvalidArgument");
        assert!(world.mock.seen().is_empty());
    }
}
