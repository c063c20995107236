//! Whether what a connector says of itself can be right: the rules of the official SDKs' verification tools.
//!
//! Those tools say that they mirror the service; AWS does not document what the service itself refuses.

use std::fmt::Display;

use appflow_sdk::protocol::{
    AuthenticationConfig, ConnectorMode, ConnectorOperator, DescribeConnectorConfigurationResponse, OAuth2Defaults,
    RuntimeSettingScope, RuntimeSettingType, TriggerFrequency, TriggerType, WriteOperationType,
};

use super::validate::Problems;

/// Beginnings that names and owners must not have.
const RESERVED: [&str; 3] = ["aws", "amazon", "appflow"];

/// Notes everything that is wrong with a configuration.
pub(super) fn check(configuration: &DescribeConnectorConfigurationResponse, problems: &mut Problems) {
    name("connectorName", &configuration.connector_name, problems);
    name("connectorOwner", &configuration.connector_owner, problems);
    lists(configuration, problems);
    spellings(configuration, problems);
    if let Some(url) = &configuration.logo_url {
        https("logoURL", [url], problems);
    }
    match &configuration.authentication_config {
        None => problems.add("authenticationConfig", "is missing"),
        Some(config) => authentication(config, problems),
    }
}

fn name(member: &str, name: &str, problems: &mut Problems) {
    let lower = name.to_ascii_lowercase();
    if let Some(reserved) = RESERVED.iter().find(|reserved| lower.starts_with(**reserved)) {
        problems.add(member, format!("must not begin with {reserved}"));
    }
    if name.trim().is_empty() {
        problems.add(member, "is empty");
    }
}

fn lists(configuration: &DescribeConnectorConfigurationResponse, problems: &mut Problems) {
    let modes = &configuration.connector_modes;
    let writes = &configuration.supported_write_operations;
    for (member, is_empty) in [
        ("connectorModes", modes.is_empty()),
        ("supportedApiVersions", configuration.supported_api_versions.is_empty()),
        ("operatorsSupported", configuration.operators_supported.is_empty()),
        ("supportedTriggerTypes", configuration.supported_trigger_types.is_empty()),
    ] {
        if is_empty {
            problems.add(member, "is empty");
        }
    }
    if modes.contains(&ConnectorMode::Destination) && writes.is_empty() {
        problems.add("supportedWriteOperations", "is empty, but connectorModes has DESTINATION");
    }
}

/// Spellings that the official Java reader does not know, and fails on.
fn spellings(configuration: &DescribeConnectorConfigurationResponse, problems: &mut Problems) {
    known("connectorModes", &configuration.connector_modes, ConnectorMode::ALL, problems);
    known("operatorsSupported", &configuration.operators_supported, ConnectorOperator::ALL, problems);
    known("supportedTriggerTypes", &configuration.supported_trigger_types, TriggerType::ALL, problems);
    let frequencies = &configuration.trigger_frequencies_supported;
    known("triggerFrequenciesSupported", frequencies, TriggerFrequency::ALL, problems);
    let writes = &configuration.supported_write_operations;
    known("supportedWriteOperations", writes, WriteOperationType::ALL, problems);
    for setting in configuration.settings() {
        let member = format!("connectorRuntimeSetting {:?}", setting.key);
        let (data_type, scope) = (&setting.data_type, &setting.scope);
        known(&format!("dataType of {member}"), [data_type], RuntimeSettingType::ALL, problems);
        known(&format!("scope of {member}"), [scope], RuntimeSettingScope::ALL, problems);
    }
}

fn known<'a, T: PartialEq + Display + 'a>(
    member: &str,
    values: impl IntoIterator<Item = &'a T>,
    all: &[T],
    problems: &mut Problems,
) {
    for value in values {
        if !all.contains(value) {
            problems.add(member, format!("has the unknown value \"{value}\""));
        }
    }
}

fn authentication(config: &AuthenticationConfig, problems: &mut Problems) {
    let custom = config.custom_auth_config.as_deref().unwrap_or_default();
    match (config.is_custom_auth_supported.unwrap_or(false), custom.is_empty()) {
        (true, true) => problems.add("customAuthConfig", "is missing, but isCustomAuthSupported"),
        (false, false) => problems.add("customAuthConfig", "is given, but not isCustomAuthSupported"),
        (true, false) | (false, true) => {}
    }
    match (config.is_oauth2_supported.unwrap_or(false), &config.oauth2_defaults) {
        (true, None) => problems.add("oAuth2Defaults", "is missing, but isOAuth2Supported"),
        (false, Some(_)) => problems.add("oAuth2Defaults", "is given, but not isOAuth2Supported"),
        (true, Some(defaults)) => urls(defaults, problems),
        (false, None) => {}
    }
}

fn urls(defaults: &OAuth2Defaults, problems: &mut Problems) {
    https("tokenURL", &defaults.token_url, problems);
    https("authURL", defaults.auth_url.iter().flatten(), problems);
}

/// Blank entries are skipped, and `{{NAME}}` may stand for a part that the user fills in: the SDKs document it.
fn https<'a>(member: &str, urls: impl IntoIterator<Item = &'a String>, problems: &mut Problems) {
    for url in urls {
        if !url.trim().is_empty() && !url.starts_with("https://") {
            problems.add(member, format!("{url:?} does not begin with https://"));
        }
    }
}

#[cfg(test)]
mod tests {
    use appflow_sdk::protocol::{CustomAuthConfig, OAuth2GrantType};

    use super::*;

    fn source() -> DescribeConnectorConfigurationResponse {
        DescribeConnectorConfigurationResponse::source("Acme CRM", "Acme", "1.0.0")
    }

    #[track_caller]
    fn problems(configuration: &DescribeConnectorConfigurationResponse) -> String {
        let mut problems = Problems::default();
        check(configuration, &mut problems);
        problems.finish().err().map(|error| error.message().to_owned()).unwrap_or_default()
    }

    #[test]
    fn takes_a_plain_source_and_a_templated_token_url() {
        let defaults = OAuth2Defaults::new("https://{{tenant}}.acme.example/token", OAuth2GrantType::ClientCredentials);
        let authentication = AuthenticationConfig::new().basic().none().oauth2(defaults);
        assert_eq!(problems(&source().authentication(authentication)), "");
    }

    #[test]
    fn names_every_problem_at_once() {
        let mut configuration = source();
        configuration.connector_name = "Amazonia".to_owned();
        configuration.connector_owner = "AWS fan".to_owned();
        configuration.connector_modes = vec![ConnectorMode::Destination, ConnectorMode::from("source")];
        configuration.supported_write_operations.clear();
        configuration.supported_api_versions.clear();
        configuration.operators_supported.clear();
        configuration.supported_trigger_types.clear();
        configuration.logo_url = Some("http://acme.example/logo.png".to_owned());
        let mut authentication = AuthenticationConfig::new();
        authentication.is_oauth2_supported = Some(true);
        authentication.custom_auth_config = Some(vec![CustomAuthConfig::new("Odd")]);
        configuration.authentication_config = Some(authentication);
        let text = problems(&configuration);
        for expected in [
            "connectorName must not begin with amazon",
            "connectorOwner must not begin with aws",
            "connectorModes has the unknown value \"source\"",
            "supportedWriteOperations is empty",
            "supportedApiVersions is empty",
            "operatorsSupported is empty",
            "supportedTriggerTypes is empty",
            "logoURL \"http:",
            "oAuth2Defaults is missing",
            "customAuthConfig is given",
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
}
