//! Whole flows, and two incremental runs in a row.

use appflow_sdk::protocol::WriteOperationType;
use appflow_sdk::testing::{AppFlow, Credential, Flow, WindowForm};

use crate::shop::{Defect, PASSWORD, Shop, samples};

fn connection(defect: impl Into<Option<Defect>>) -> AppFlow {
    AppFlow::new(Shop::new(defect))
        .setting("baseUrl", "https://shop.example")
        .credentials(Credential::basic("ada", PASSWORD))
}

#[tokio::test]
async fn a_flow_reads_every_record_with_appflows_calls() {
    let appflow = connection(None);
    let run = appflow.run_flow(&Flow::read("orders").fields(["id", "placed"]).filter("id > 20")).await.unwrap();
    assert_eq!(run.configuration.connector_name, "Shop");
    assert_eq!(run.records.ids("id"), ["21", "22", "23"]);
    run.records.assert_fields(&["id", "placed"]);
    run.records.assert_sorted_by("id");
    assert_eq!(appflow.calls(), 7, "describe, settings, credentials, list, describe, settings, query");
}

#[tokio::test]
async fn a_flow_reads_a_nested_entity_and_writes_records() {
    let nested = connection(None).run_flow(&Flow::read("archive.orders").below("archive")).await.unwrap();
    nested.records.assert_count(4);
    let write = Flow::write("orders", WriteOperationType::Upsert, samples());
    let run = connection(None).run_flow(&write).await.unwrap();
    assert!(run.records.is_empty());
    run.written.unwrap().assert_all_written();
}

#[tokio::test]
async fn a_flow_ends_where_appflow_or_its_user_could_not_go_on() {
    let mode = Flow::write("orders", WriteOperationType::Insert, samples());
    for (appflow, flow, reason) in [
        (connection(None), Flow::read("nope"), "is not listed"),
        (connection(None), Flow::read("orders").fields(["nope"]), "has no field \"nope\""),
        (connection(None).api_version("v9"), Flow::read("orders"), "API version \"v9\""),
        (connection(None).credentials(Credential::oauth2("token")), Flow::read("orders"), "does not offer OAuth2"),
        (connection(Defect::PretendsToWrite), mode, "mode DESTINATION"),
        (
            connection(Defect::TakesAnyOperation),
            Flow::write("orders", WriteOperationType::Delete, samples()),
            "does not offer the operation DELETE but INSERT, UPDATE, UPSERT",
        ),
        (
            connection(Defect::NothingIsWritable),
            Flow::write("orders", WriteOperationType::Upsert, samples()),
            "ListEntities: AppFlow cannot go on: the entity \"orders\" takes no records: isWritable is not true",
        ),
        (
            connection(Defect::NumberAsText),
            Flow::read("orders"),
            "record 0: field \"total\" must be a number within the range of a double, found a string",
        ),
        (
            connection(Defect::IgnoresTheSelection),
            Flow::read("orders").fields(["id"]),
            "record 0: field \"status\" is no field of the entity",
        ),
        (connection(Defect::RefusesItsCredentials), Flow::read("orders"), "InvalidCredentials: never"),
        (AppFlow::new(Shop::new(None)), Flow::read("orders"), "baseUrl: is required"),
    ] {
        let error = appflow.run_flow(&flow).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[tokio::test]
async fn two_runs_in_a_row_lose_nothing_and_double_nothing() {
    for form in [WindowForm::Between, WindowForm::HalfOpen] {
        let runs = connection(None).run_incrementally("orders", "placed", form).await.unwrap();
        runs.assert_no_gap_and_no_double();
        assert_eq!(runs.border.to_string(), "2026-01-01T00:00:12Z");
        let on_the_border = if form == WindowForm::Between { 3 } else { 0 };
        assert_eq!(runs.first.len() + runs.second.len(), 23 + on_the_border, "{form:?}");
    }
}

#[tokio::test]
async fn a_gap_between_two_runs_is_found() {
    let appflow = connection(Defect::LeavesTheLowerBoundOut);
    let runs = appflow.run_incrementally("orders", "placed", WindowForm::HalfOpen).await.unwrap();
    let lost: Vec<_> = runs.lost.iter().map(|record| record.get().split(',').next().unwrap()).collect();
    assert_eq!(lost, ["{\"id\":1", "{\"id\":11", "{\"id\":12", "{\"id\":13"].map(str::to_owned));
    assert!(runs.doubled.is_empty());
}

#[tokio::test]
async fn an_entity_without_moments_cannot_be_read_incrementally() {
    let error = connection(None).run_incrementally("orders", "status", WindowForm::Between).await.unwrap_err();
    assert!(error.message().contains("no record has a moment"), "{error}");
}
