//! Rules about runtime settings and credentials.

use super::Check;
use super::rule::Rule;
use crate::protocol::{ConnectorMode, DescribeConnectorConfigurationResponse, RuntimeSettingScope};
use crate::testing::appflow::AppFlow;

impl Check {
    pub(super) async fn settings(&mut self, configuration: &DescribeConnectorConfigurationResponse) {
        let mut scopes = vec![RuntimeSettingScope::ConnectorProfile];
        for (mode, scope) in [
            (ConnectorMode::Source, RuntimeSettingScope::Source),
            (ConnectorMode::Destination, RuntimeSettingScope::Destination),
        ] {
            if configuration.connector_modes.contains(&mode) {
                scopes.push(scope);
            }
        }
        for scope in &scopes {
            let answer = self.appflow.validate_settings(scope.clone()).await;
            if self.outcome(Rule::GivenSettings, scope.as_str(), answer).is_some() {
                self.report.passed(Rule::GivenSettings);
            }
            let required =
                configuration.settings().iter().filter(|setting| setting.required && setting.applies_to(scope));
            for setting in required {
                self.missing(&setting.key, scope).await;
            }
        }
        self.report.skipped(Rule::RequiredSettings, "the connector declares no mandatory setting");
        if self.appflow.credential.is_none() {
            self.report.skipped(Rule::GivenCredentials, "no credentials were given");
            return;
        }
        let answer = self.appflow.validate_credentials().await;
        if self.outcome(Rule::GivenCredentials, "ValidateCredentials", answer).is_some() {
            self.report.passed(Rule::GivenCredentials);
        }
    }

    async fn missing(&mut self, key: &str, scope: &RuntimeSettingScope) {
        let subject = format!("{scope} without {key}");
        let answer = without(&self.appflow, key).refused_settings(scope.clone()).await;
        let Some(errors) = self.outcome(Rule::RequiredSettings, &subject, answer) else { return };
        let problem = match (errors.is_empty(), errors.contains_key(key)) {
            (true, _) => Some("is answered as valid".to_owned()),
            (false, true) => None,
            (false, false) => {
                let keys: Vec<_> = errors.into_keys().collect();
                Some(format!("errorsByInputField names {} only", keys.join(", ")))
            }
        };
        self.report.check(Rule::RequiredSettings, &subject, problem);
    }
}

fn without(appflow: &AppFlow, key: &str) -> AppFlow {
    let mut settings = appflow.settings.clone();
    settings.remove(key);
    appflow.clone().only_settings(settings)
}
