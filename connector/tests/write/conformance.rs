//! The connector keeps the rules of the SDK's conformance check as a destination.

use std::path::Path;

use appflow_connector::{HttpConnector, Manifest};
use appflow_sdk::protocol::{Record, WriteOperationType};
use appflow_sdk::testing::{Conformance, Rule, Verdict};

use crate::store::Store;
use crate::world::MANIFEST;

#[tokio::test]
async fn keeps_the_rules_in_every_way_of_writing() {
    let store = Store::start().await;
    let manifest = Manifest::parse(MANIFEST, Path::new("store.toml")).unwrap();
    let records = |texts: &[&str]| texts.iter().map(|text| Record::parse(text).unwrap()).collect::<Vec<_>>();
    let report = Conformance::new(HttpConnector::new(manifest).allow_loopback(true))
        .setting("baseUrl", store.origin.clone())
        .sample_write("single", WriteOperationType::Upsert, records(&[r#"{"id":"a","name":"n"}"#, r#"{"id":"b"}"#]))
        .sample_write("batch", WriteOperationType::Upsert, records(&[r#"{"id":"c"}"#, r#"{"id":"d","total":1.5}"#]))
        .sample_write("atomic", WriteOperationType::Insert, records(&[r#"{"id":"e","name":"n"}"#]))
        .sample_write("keyed", WriteOperationType::Delete, records(&[r#"{"id":"a"}"#]))
        .run()
        .await;
    assert!(report.is_success(), "{report}");
    for rule in [Rule::WriteResults, Rule::WriteFailures, Rule::WritableEntities, Rule::EmptyWrites] {
        assert!(matches!(report.verdict(rule), Verdict::Passed { .. }), "{rule} was not checked: {report}");
    }
}
