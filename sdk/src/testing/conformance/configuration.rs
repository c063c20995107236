//! Rules about what a connector says of itself.

use serde_json::json;

use super::Check;
use super::rule::Rule;
use crate::protocol::{DescribeConnectorConfigurationResponse, OAuth2GrantType};

/// Names must not begin with these, in whatever case (verification tools of both official SDKs).
const RESERVED: [&str; 3] = ["aws", "amazon", "appflow"];

impl Check {
    pub(super) async fn configuration(&mut self) -> Option<DescribeConnectorConfigurationResponse> {
        let answer = self.appflow.describe().await;
        let configuration = self.outcome(Rule::Configuration, "DescribeConnectorConfiguration", answer)?;
        self.report.passed(Rule::Configuration);
        self.report.of(configuration.connector_name.clone());
        let problems = problems(&configuration);
        if problems.is_empty() {
            self.report.passed(Rule::PlausibleConfiguration);
        }
        for (subject, found) in problems {
            self.report.failed(Rule::PlausibleConfiguration, subject, found);
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

/// What keeps AppFlow from registering the connector: each property with what is wrong with it.
fn problems(configuration: &DescribeConnectorConfigurationResponse) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    let mut note = |property: &str, problem: String| problems.push((property.to_owned(), problem));
    for (property, name) in
        [("connectorName", &configuration.connector_name), ("connectorOwner", &configuration.connector_owner)]
    {
        let lower = name.to_lowercase();
        if name.trim().is_empty() || name.chars().count() > 256 {
            note(property, format!("{name:?} must have 1 to 256 characters"));
        } else if let Some(reserved) = RESERVED.iter().find(|reserved| lower.starts_with(**reserved)) {
            note(property, format!("{name:?} must not begin with {reserved:?}"));
        }
    }
    let versions = configuration.supported_api_versions.iter().map(|version| ("supportedApiVersions", version));
    for (property, version) in std::iter::once(("connectorVersion", &configuration.connector_version)).chain(versions) {
        if version.is_empty() || version.chars().count() > 256 || version.contains(char::is_whitespace) {
            note(property, format!("{version:?} must have 1 to 256 characters and no white space"));
        }
    }
    for (property, empty) in [
        ("connectorModes", configuration.connector_modes.is_empty()),
        ("supportedApiVersions", configuration.supported_api_versions.is_empty()),
        ("operatorsSupported", configuration.operators_supported.is_empty()),
        ("supportedTriggerTypes", configuration.supported_trigger_types.is_empty()),
        ("triggerFrequenciesSupported", configuration.trigger_frequencies_supported.is_empty()),
        ("supportedWriteOperations", configuration.supported_write_operations.is_empty()),
    ] {
        if empty {
            note(property, "is empty".to_owned());
        }
    }
    let mut keys: Vec<_> = configuration.settings().iter().map(|setting| setting.key.as_str()).collect();
    for key in &keys {
        if key.is_empty() || key.contains(char::is_whitespace) {
            note("connectorRuntimeSetting", format!("the key {key:?} is empty or has white space"));
        }
    }
    keys.sort_unstable();
    if let Some(twice) = keys.windows(2).find(|pair| pair.first() == pair.last()).and_then(<[_]>::first) {
        note("connectorRuntimeSetting", format!("the key {twice:?} is declared twice"));
    }
    if let Some(url) = &configuration.logo_url {
        https("logoURL", url, &mut note);
    }
    authentication(configuration, &mut note);
    problems
}

fn https(property: &str, url: &str, note: &mut impl FnMut(&str, String)) {
    if !url.trim().is_empty() && !url.starts_with("https://") {
        note(property, format!("{url:?} must begin with https://"));
    }
}

fn authentication(configuration: &DescribeConnectorConfigurationResponse, note: &mut impl FnMut(&str, String)) {
    let Some(offered) = &configuration.authentication_config else { return };
    if offered.is_oauth2_supported == Some(true) && offered.oauth2_defaults.is_none() {
        note("oAuth2Defaults", "must be given, because isOAuth2Supported is true".to_owned());
    }
    if offered.is_oauth2_supported != Some(true) && offered.oauth2_defaults.is_some() {
        note("oAuth2Defaults", "is given, but isOAuth2Supported is not true".to_owned());
    }
    let custom = offered.custom_auth_config.as_deref().unwrap_or_default();
    if offered.is_custom_auth_supported == Some(true) && custom.is_empty() {
        note("customAuthConfig", "must be given, because isCustomAuthSupported is true".to_owned());
    }
    if offered.is_custom_auth_supported != Some(true) && !custom.is_empty() {
        note("customAuthConfig", "is given, but isCustomAuthSupported is not true".to_owned());
    }
    let Some(defaults) = &offered.oauth2_defaults else { return };
    if defaults.token_url.is_empty() {
        note("tokenURL", "is empty".to_owned());
    }
    let code = defaults.oauth2_grant_types_supported.contains(&OAuth2GrantType::AuthorizationCode);
    if code && defaults.auth_url.as_deref().unwrap_or_default().is_empty() {
        note("authURL", "must be given for the grant AUTHORIZATION_CODE".to_owned());
    }
    if defaults.oauth2_grant_types_supported.is_empty() {
        note("oAuth2GrantTypesSupported", "is empty".to_owned());
    }
    for url in &defaults.token_url {
        https("tokenURL", url, note);
    }
    for url in defaults.auth_url.iter().flatten() {
        https("authURL", url, note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{
        AuthenticationConfig, ConnectorRuntimeSetting, OAuth2Defaults, RuntimeSettingScope, RuntimeSettingType,
    };

    fn found(change: impl FnOnce(&mut DescribeConnectorConfigurationResponse)) -> Vec<String> {
        let mut configuration = DescribeConnectorConfigurationResponse::source("Shop", "Tests", "1");
        change(&mut configuration);
        problems(&configuration).into_iter().map(|(property, _)| property).collect()
    }

    #[test]
    fn a_plain_source_has_no_problem() {
        assert_eq!(found(|_| {}), [""; 0]);
    }

    #[test]
    fn each_property_is_named_that_keeps_appflow_from_registering() {
        assert_eq!(found(|it| it.connector_name = "aMaZoN things".to_owned()), ["connectorName"]);
        assert_eq!(found(|it| it.connector_owner = " ".to_owned()), ["connectorOwner"]);
        assert_eq!(found(|it| it.connector_version = "1 beta".to_owned()), ["connectorVersion"]);
        assert_eq!(found(|it| it.connector_modes.clear()), ["connectorModes"]);
        assert_eq!(found(|it| it.supported_api_versions.clear()), ["supportedApiVersions"]);
        assert_eq!(found(|it| it.logo_url = Some("http://shop.example/logo.png".to_owned())), ["logoURL"]);
        let setting = || {
            let scope = RuntimeSettingScope::ConnectorProfile;
            ConnectorRuntimeSetting::new("a", RuntimeSettingType::String, scope, "A", "A")
        };
        assert_eq!(
            found(|it| it.connector_runtime_settings = Some(vec![setting(), setting()])),
            ["connectorRuntimeSetting"]
        );
    }

    #[test]
    fn authentication_must_be_consistent() {
        let offering = |offer: AuthenticationConfig| found(|it| it.authentication_config = Some(offer));
        let mut oauth2 = AuthenticationConfig::new();
        oauth2.is_oauth2_supported = Some(true);
        assert_eq!(offering(oauth2), ["oAuth2Defaults"]);
        let mut custom = AuthenticationConfig::new();
        custom.is_custom_auth_supported = Some(true);
        assert_eq!(offering(custom), ["customAuthConfig"]);
        let code = OAuth2Defaults::new("http://shop.example/token", OAuth2GrantType::AuthorizationCode);
        let mut unused = AuthenticationConfig::new();
        unused.oauth2_defaults = Some(code.clone());
        assert_eq!(offering(unused), ["oAuth2Defaults", "authURL", "tokenURL"]);
        assert_eq!(offering(AuthenticationConfig::new().oauth2(code)), ["authURL", "tokenURL"]);
    }
}
