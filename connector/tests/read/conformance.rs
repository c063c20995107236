//! The connector keeps the rules of the SDK's conformance check, with every kind of paging.

use appflow_connector::HttpConnector;
use appflow_sdk::testing::{Conformance, Credential, Rule, Verdict};

use crate::mock::Mock;
use crate::world::manifest;

#[tokio::test]
async fn keeps_the_rules_with_every_kind_of_paging() {
    let mock = Mock::start().await;
    let report = Conformance::new(HttpConnector::new(manifest(5, "basic = true")).allow_loopback(true))
        .setting("baseUrl", mock.url("/n/23"))
        .credentials(Credential::basic("ada", "hunter2-hunter2"))
        .sample_filter("cursor", "status = 'paid' and at > 2026-01-05T00:00:04Z and total < 20")
        .max_filters(12)
        .run()
        .await;
    assert!(report.is_success(), "{report}");
    for rule in
        [Rule::PageSize, Rule::ForeignToken, Rule::Filters, Rule::IncrementalRuns, Rule::Retrieve, Rule::Secrets]
    {
        assert!(matches!(report.verdict(rule), Verdict::Passed { .. }), "{rule} was not checked: {report}");
    }
}
