//! Rules about what a connector says of itself.

use serde_json::json;

use super::Check;
use super::rule::Rule;
use crate::protocol::DescribeConnectorConfigurationResponse;

impl Check {
    pub(super) async fn configuration(&mut self) -> Option<DescribeConnectorConfigurationResponse> {
        let answer = self.appflow.describe().await;
        let configuration = self.outcome(Rule::Configuration, "DescribeConnectorConfiguration", answer)?;
        self.report.passed(Rule::Configuration);
        self.report.of(configuration.connector_name.clone());
        let problems = configuration.problems();
        if problems.is_empty() {
            self.report.passed(Rule::PlausibleConfiguration);
        }
        for problem in problems {
            self.report.failed(Rule::PlausibleConfiguration, problem.member().to_owned(), problem.text().to_owned());
        }
        self.locale().await;
        Some(configuration)
    }

    async fn locale(&mut self) {
        let operation = "DescribeConnectorConfigurationRequest";
        let named = self.appflow.raw(&json!({"type": operation, "locale": "en-US"})).await;
        let Some(named) = self.outcome(Rule::Locale, "en-US", named) else { return };
        for (subject, request) in [
            ("no locale", json!({"type": operation})),
            ("a null locale", json!({"type": operation, "locale": null})),
            ("de-DE", json!({"type": operation, "locale": "de-DE"})),
        ] {
            let answer = self.appflow.raw(&request).await;
            let Some(answer) = self.outcome(Rule::Locale, subject, answer) else { continue };
            let failed = answer.get("isSuccess") != Some(&serde_json::Value::Bool(true));
            // Another language may have other texts.
            let problem = if failed {
                Some("is answered with a failure")
            } else {
                (subject != "de-DE" && answer != named).then_some("is answered otherwise than en-US")
            };
            self.report.check(Rule::Locale, subject, problem.map(str::to_owned));
        }
    }
}
