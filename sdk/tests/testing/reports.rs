//! What a report says, to people and to machines.

use appflow_sdk::testing::{Rule, Verdict, assert_connector};

use crate::shop::{Defect, Shop};

#[tokio::test]
async fn a_report_names_rule_place_finding_and_fix() {
    let report = Shop::conformance(Defect::NumberAsText).entities(["customers"]).run().await;
    let text = report.to_string();
    for part in [
        "conformance of Shop, ",
        "├─ FAILED  AF-Q08  Values fit the type of their field",
        "│    customers, record 0 (id = 1): field \"total\" must be a number within the range of a double, found a string",
        "│    fix: Convert the value or declare the type that it has.",
        "├─ skipped AF-W02  There is one result for each record, in the order of the request: no sample records",
        " 1 failed, ",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(matches!(report.verdict(Rule::Values), Verdict::Failed(findings) if findings.len() == 4));
    assert!(matches!(report.verdict(Rule::ReadAll), Verdict::Passed { .. }));
    assert!(matches!(report.verdict(Rule::NoWrites), Verdict::Skipped { reason } if reason.contains("destination")));
}

#[tokio::test]
async fn a_report_turns_into_json() {
    let report = Shop::conformance(Defect::NumberAsText).entities(["customers"]).max_records(3).run().await;
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["connector"], &json["success"]), (&"Shop".into(), &false.into()));
    let rules = json["rules"].as_array().unwrap();
    assert_eq!(rules.len(), Rule::ALL.len());
    let values = rules.iter().find(|rule| rule["code"] == "AF-Q08").unwrap();
    assert_eq!(
        (&values["verdict"], &values["findings"][0]["subject"]),
        (&"failed".into(), &"customers, record 0 (id = 1)".into())
    );
    assert_eq!(values["checks"], 3, "no more records than allowed are read");
}

#[tokio::test]
async fn the_number_of_filters_is_bounded() {
    let some = Shop::conformance(None).entities(["customers"]).run().await;
    let none = Shop::conformance(None).entities(["customers"]).max_filters(0).run().await;
    let calls =
        |report: &appflow_sdk::testing::Report| serde_json::to_value(report).unwrap()["calls"].as_u64().unwrap();
    assert!(calls(&none) + 20 < calls(&some), "{} and {}", calls(&none), calls(&some));
    assert!(matches!(none.verdict(Rule::Filters), Verdict::Skipped { .. }));
}

#[tokio::test]
async fn a_check_can_run_on_any_thread() {
    let check = tokio::spawn(Shop::conformance(None).entities(["customers"]).max_filters(1).run());
    assert!(check.await.unwrap().is_success());
}

#[tokio::test]
async fn an_entity_that_is_asked_for_and_not_listed_is_a_finding() {
    let report = Shop::conformance(None).entities(["nope"]).run().await;
    assert_eq!(report.broken().collect::<Vec<_>>(), [Rule::ListEntities]);
}

#[tokio::test]
#[should_panic(expected = "AF-S02")]
async fn the_assertion_fails_with_the_report() {
    assert_connector(Shop::new(None)).await;
}
