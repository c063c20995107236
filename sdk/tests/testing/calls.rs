//! The calls of AppFlow in memory, one by one.

use std::time::Duration;

use appflow_sdk::protocol::*;
use appflow_sdk::testing::{AppFlow, CallErrorKind, Credential, Records};
use serde_json::json;

use crate::shop::{Defect, PASSWORD, Shop, samples};

fn connection(defect: impl Into<Option<Defect>>) -> AppFlow {
    AppFlow::new(Shop::new(defect))
        .setting("baseUrl", "https://shop.example")
        .credentials(Credential::basic("ada", PASSWORD))
}

#[tokio::test]
async fn settings_are_refused_by_their_key() {
    let bare = AppFlow::new(Shop::new(None));
    let errors = bare.refused_settings(RuntimeSettingScope::ConnectorProfile).await.unwrap();
    assert_eq!(errors["baseUrl"], "is required");
    let error = bare.validate_settings(RuntimeSettingScope::ConnectorProfile).await.unwrap_err();
    assert_eq!(error.operation(), Some(Operation::ValidateConnectorRuntimeSettings));
    assert!(error.is_invalid_argument() && error.message().contains("baseUrl"), "{error}");
    let given = connection(None).refused_settings(RuntimeSettingScope::ConnectorProfile).await.unwrap();
    assert!(given.is_empty());
}

#[tokio::test]
async fn a_secret_reaches_the_connector_and_a_broken_one_is_refused() {
    connection(None).validate_credentials().await.unwrap();
    let broken = Credential::raw(AuthenticationType::BasicAuth, "no JSON".to_owned());
    let error = connection(None).credentials(broken).validate_credentials().await.unwrap_err();
    assert_eq!(error.code(), Some(&ErrorCode::InvalidCredentials));
}

#[tokio::test]
async fn nested_entities_are_listed_behind_their_folder() {
    let listed = connection(None).list_all_entities().await.unwrap();
    let names: Vec<_> = listed.iter().map(|entity| entity.entity_identifier.as_str()).collect();
    assert_eq!(names, ["orders", "archive", "archive.orders", "customers"]);
}

#[tokio::test]
async fn requests_carry_what_the_connection_was_given() {
    let appflow = connection(None).api_version("v2").flow("nightly", "run-7");
    let context = appflow.connector_context();
    assert_eq!(context.api_version.as_deref(), Some("v2"));
    assert_eq!(context.flow_name.as_deref(), Some("nightly"));
    assert_eq!(context.execution_id.as_deref(), Some("run-7"));
    assert_eq!(context.setting("baseUrl"), Some("https://shop.example"));
    assert!(!format!("{appflow:?}").contains(PASSWORD));
}

#[tokio::test]
async fn a_query_is_read_page_by_page_with_statistics() {
    let appflow = connection(None);
    let query = appflow.query("orders").fields(["id", "total"]).filter("paid = true").page_size(4);
    let page = query.page().await.unwrap();
    assert_eq!((page.records.len(), page.next_token.as_deref()), (4, Some("after-4")));
    let rest = query.clone().from_token("after-4").all().await.unwrap();
    assert_eq!(rest.ids("id"), ["10", "12", "14", "16", "18", "20", "22"]);
    let all = query.all().await.unwrap();
    let statistics = all.statistics();
    assert_eq!((statistics.pages, statistics.records, statistics.largest_page_records), (3, 11, 4));
    assert!(statistics.bytes > statistics.largest_page_bytes && statistics.largest_page_bytes > 100);
    assert_eq!(all.text(0, "total").as_deref(), Some("6.50"));
    assert_eq!(query.clone().limit(6).all().await.unwrap().len(), 6);
}

#[tokio::test]
async fn the_definition_is_asked_for_once_and_sent_with_each_query() {
    let appflow = connection(None);
    appflow.query("orders").page_size(20).all().await.unwrap();
    assert_eq!(appflow.calls(), 3, "one description, two pages");
    appflow.query("orders").page().await.unwrap();
    assert_eq!(appflow.calls(), 4);
    appflow.query("orders").without_definition().page().await.unwrap();
    assert_eq!(appflow.calls(), 5);
}

#[tokio::test]
async fn pages_that_do_not_end_are_an_error() {
    let error = connection(Defect::NeverEnds).query("customers").all().await.unwrap_err();
    assert!(matches!(error.kind(), CallErrorKind::Endless(reason) if reason.contains("after-4")), "{error}");
}

#[tokio::test]
async fn a_panic_is_a_function_error_and_ends_no_test() {
    let error = connection(Defect::PanicsInAQuery).query("customers").page().await.unwrap_err();
    let CallErrorKind::FunctionError { reason, refused_the_request } = error.kind() else { panic!("{error}") };
    assert!(reason.contains("on purpose") && !refused_the_request);
    assert!(!error.is_declared() && error.code().is_none());
}

#[tokio::test]
async fn what_cannot_be_read_is_a_function_error_of_its_own() {
    let error = connection(None).raw(&json!({"type": "NoSuchRequest"})).await.unwrap_err();
    let refused = matches!(error.kind(), CallErrorKind::FunctionError { refused_the_request: true, .. });
    assert!(refused && error.to_string().contains("NoSuchRequest"), "{error}");
    let answer = connection(None).raw(&json!({"type": "ListEntitiesRequest", "connectorContext": {}})).await.unwrap();
    assert_eq!(answer["entities"][0]["entityIdentifier"], "orders");
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_hangs_declares_it_before_the_time_is_over() {
    let started = tokio::time::Instant::now();
    let appflow = connection(Defect::HangsInAQuery).time_left(Duration::from_secs(3));
    let error = appflow.query("customers").page().await.unwrap_err();
    assert_eq!(error.code(), Some(&ErrorCode::RequestTimeout));
    assert!(started.elapsed() <= Duration::from_secs(3));
}

#[tokio::test]
async fn a_success_without_the_definition_is_unusable() {
    let error = connection(Defect::SuccessWithoutDefinition).describe_entity("archive.orders").await.unwrap_err();
    assert!(matches!(error.kind(), CallErrorKind::Unusable(_)), "{error}");
}

#[tokio::test]
async fn records_are_found_by_id() {
    let found = connection(None).retrieve("orders", "id", ["3", "99"]).await.unwrap();
    assert_eq!(found.ids("id"), ["3"]);
}

#[tokio::test]
async fn records_are_found_by_another_field_and_with_a_selection() {
    let found = connection(None).retrieve_fields("customers", ["id", "note"], "status", ["it's"]).await.unwrap();
    assert_eq!(found.ids("id"), ["2"]);
    found.assert_fields(&["id", "note"]);
}

#[tokio::test]
async fn a_write_tells_what_became_of_each_record() {
    let appflow = connection(None);
    appflow.write("orders", WriteOperationType::Upsert, samples()).await.unwrap().assert_all_written();
    let mixed = vec![samples().remove(0), Record::parse(r#"{"id":"?"}"#).unwrap()];
    let written = appflow.write("orders", WriteOperationType::Upsert, mixed).await.unwrap();
    assert_eq!(written.failure().unwrap().error_code, ErrorCode::PartialWriteFailure);
    assert_eq!(written.results().iter().map(|result| result.is_success).collect::<Vec<_>>(), [true, false]);
}

/// What an assertion on records says when it does not hold.
fn complaint(assertion: impl FnOnce(&Records) + std::panic::UnwindSafe) -> String {
    let records = [r#"{"id":2,"a":1}"#, r#"{"id":10}"#, r#"{"id":2}"#, "{}"];
    let records = Records::new("things", records.map(|text| Record::parse(text).unwrap()).to_vec());
    let panic = std::panic::catch_unwind(move || assertion(&records)).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn assertions_name_entity_record_and_value() {
    for (said, expected) in [
        (complaint(|records| records.assert_count(3)), "things: 4 records, expected 3"),
        (
            complaint(|records| records.assert_fields(&["id"])),
            "things, record 0: has the field \"a\"; expected only id",
        ),
        (complaint(|records| records.assert_unique("id")), "things, record 2: id is 2, as in record 0"),
        (complaint(|records| records.assert_unique("a")), "things, record 1: has no \"a\""),
        (complaint(|records| records.assert_sorted_by("id")), "things, record 2: id is 2, after 10"),
    ] {
        assert_eq!(said, expected);
    }
}
