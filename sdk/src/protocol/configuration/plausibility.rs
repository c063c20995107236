//! Whether what a connector says of itself can be right: every problem at once.

use std::collections::HashSet;
use std::fmt;

use super::{
    ConnectorMode, ConnectorOperator, DataTransferType, DescribeConnectorConfigurationResponse, TriggerFrequency,
    TriggerType, WriteOperationType,
};
use crate::protocol::auth::{
    AuthenticationConfig, CustomAuthConfig, OAuth2ContentType, OAuth2CustomParameter, OAuth2CustomPropertyType,
    OAuth2Defaults, OAuth2GrantType, OAuth2MethodType,
};
use crate::protocol::settings::{ConnectorRuntimeSetting, RuntimeSettingScope, RuntimeSettingType};

/// Beginnings that names and owners must not have (the official SDKs' verification tools).
const RESERVED: [&str; 3] = ["aws", "amazon", "appflow"];

/// Longest names, versions, URLs and values, in characters (AppFlow's public API; assumed).
const LONG: usize = 256;
/// Longest labels, keys and scopes, in characters (AppFlow's public API; assumed).
const SHORT: usize = 128;
/// Longest descriptions, in characters (AppFlow's public API; assumed). Its pattern is not applied: it has no comma and
/// no apostrophe, and is that of texts in requests to the public API.
const DESCRIPTION: usize = 1024;
/// Most settings of one scope, and most parameters of one kind of authentication (AppFlow's public API; assumed).
const ENTRIES: usize = 50;

/// One thing about a configuration that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationProblem {
    member: String,
    text: String,
}

impl ConfigurationProblem {
    /// The member as it is named on the wire, such as `connectorRuntimeSetting[0].key`.
    #[must_use]
    pub fn member(&self) -> &str {
        &self.member
    }

    /// What is wrong with it, such as "is empty".
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for ConfigurationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.member, self.text)
    }
}

/// A configuration cannot be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationError {
    /// Never empty.
    problems: Vec<ConfigurationProblem>,
}

impl ConfigurationError {
    /// The error of a configuration that has problems.
    pub(super) fn of(configuration: &DescribeConnectorConfigurationResponse) -> Option<Self> {
        let problems = problems(configuration);
        (!problems.is_empty()).then_some(Self { problems })
    }

    /// Everything that was found, at least one.
    #[must_use]
    pub fn problems(&self) -> &[ConfigurationProblem] {
        &self.problems
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigurationError {}

/// Everything that is wrong with a configuration, in the order of its members.
pub(super) fn problems(configuration: &DescribeConnectorConfigurationResponse) -> Vec<ConfigurationProblem> {
    let mut found = Found::default();
    found.name("connectorName", &configuration.connector_name);
    found.name("connectorOwner", &configuration.connector_owner);
    found.word("connectorVersion", &configuration.connector_version, LONG);
    found.lists(configuration);
    found.spellings(configuration);
    if let Some(url) = &configuration.logo_url {
        found.url("logoURL", url);
    }
    match &configuration.authentication_config {
        None => found.add("authenticationConfig", "is missing"),
        Some(config) => found.authentication(config),
    }
    found.settings(configuration.settings());
    found.0
}

#[derive(Default)]
struct Found(Vec<ConfigurationProblem>);

impl Found {
    fn add(&mut self, member: &str, text: impl Into<String>) {
        self.0.push(ConfigurationProblem { member: member.to_owned(), text: text.into() });
    }

    fn name(&mut self, member: &str, name: &str) {
        let lower = name.to_ascii_lowercase();
        if let Some(reserved) = RESERVED.iter().find(|reserved| lower.starts_with(**reserved)) {
            self.add(member, format!("must not begin with {reserved}"));
        }
        self.text(member, name, LONG);
    }

    fn lists(&mut self, configuration: &DescribeConnectorConfigurationResponse) {
        let modes = &configuration.connector_modes;
        for (member, is_empty) in [
            ("connectorModes", modes.is_empty()),
            ("supportedApiVersions", configuration.supported_api_versions.is_empty()),
            ("operatorsSupported", configuration.operators_supported.is_empty()),
            ("supportedTriggerTypes", configuration.supported_trigger_types.is_empty()),
        ] {
            if is_empty {
                self.add(member, "is empty");
            }
        }
        if modes.contains(&ConnectorMode::Destination) && configuration.supported_write_operations.is_empty() {
            self.add("supportedWriteOperations", "is empty, but connectorModes has DESTINATION");
        }
        for (index, version) in configuration.supported_api_versions.iter().enumerate() {
            self.word(&format!("supportedApiVersions[{index}]"), version, LONG);
        }
    }

    /// Spellings that the official Java reader does not know, and fails on.
    fn spellings(&mut self, configuration: &DescribeConnectorConfigurationResponse) {
        self.known("connectorModes", &configuration.connector_modes, ConnectorMode::ALL);
        self.known("operatorsSupported", &configuration.operators_supported, ConnectorOperator::ALL);
        self.known("supportedTriggerTypes", &configuration.supported_trigger_types, TriggerType::ALL);
        let frequencies = &configuration.trigger_frequencies_supported;
        self.known("triggerFrequenciesSupported", frequencies, TriggerFrequency::ALL);
        self.known("supportedWriteOperations", &configuration.supported_write_operations, WriteOperationType::ALL);
        let transfers = configuration.supported_data_transfer_types.iter().flatten();
        self.known("supportedDataTransferTypes", transfers, DataTransferType::ALL);
    }

    fn known<'a, T: PartialEq + fmt::Display + 'a>(
        &mut self,
        member: &str,
        values: impl IntoIterator<Item = &'a T>,
        all: &[T],
    ) {
        for value in values {
            if !all.contains(value) {
                self.add(member, format!("has the unknown value \"{value}\""));
            }
        }
    }

    fn authentication(&mut self, config: &AuthenticationConfig) {
        let custom = config.custom_auth_config.as_deref().unwrap_or_default();
        match (config.is_custom_auth_supported.unwrap_or(false), custom.is_empty()) {
            (true, true) => self.add("customAuthConfig", "is missing, but isCustomAuthSupported"),
            (false, false) => self.add("customAuthConfig", "is given, but not isCustomAuthSupported"),
            (true, false) => self.custom(custom),
            (false, true) => {}
        }
        match (config.is_oauth2_supported.unwrap_or(false), &config.oauth2_defaults) {
            (true, None) => self.add("oAuth2Defaults", "is missing, but isOAuth2Supported"),
            (false, Some(_)) => self.add("oAuth2Defaults", "is given, but not isOAuth2Supported"),
            (true, Some(defaults)) => self.oauth2(defaults),
            (false, None) => {}
        }
    }

    fn custom(&mut self, kinds: &[CustomAuthConfig]) {
        let mut names = HashSet::new();
        for (index, kind) in kinds.iter().enumerate() {
            let place = format!("customAuthConfig[{index}]");
            self.word(&format!("{place}.authenticationType"), &kind.authentication_type, LONG);
            if !names.insert(&kind.authentication_type) {
                self.add(&format!("{place}.authenticationType"), "is that of an earlier kind");
            }
            self.entries(&format!("{place}.authParameters"), kind.auth_parameters.iter().map(|each| each.key.as_str()));
            for (index, parameter) in kind.auth_parameters.iter().enumerate() {
                let place = format!("{place}.authParameters[{index}]");
                self.described(&place, &parameter.key, &parameter.label, &parameter.description);
                let values = parameter.connector_supplied_values.as_deref();
                self.values(&format!("{place}.connectorSuppliedValues"), values);
            }
        }
    }

    fn oauth2(&mut self, defaults: &OAuth2Defaults) {
        for (index, url) in defaults.token_url.iter().enumerate() {
            self.url(&format!("tokenURL[{index}]"), url);
        }
        for (index, url) in defaults.auth_url.iter().flatten().enumerate() {
            self.url(&format!("authURL[{index}]"), url);
        }
        for (index, scope) in defaults.oauth_scopes.iter().flatten().enumerate() {
            self.word(&format!("oAuthScopes[{index}]"), scope, SHORT);
        }
        let grants = &defaults.oauth2_grant_types_supported;
        if grants.contains(&OAuth2GrantType::AuthorizationCode) && defaults.auth_url.iter().flatten().next().is_none() {
            self.add("authURL", "is missing, but oAuth2GrantTypesSupported has AUTHORIZATION_CODE");
        }
        self.known("oAuth2GrantTypesSupported", grants, OAuth2GrantType::ALL);
        self.known("oAuth2ContentType", [&defaults.oauth2_content_type], OAuth2ContentType::ALL);
        self.known("oAuth2MethodType", [&defaults.oauth2_method_type], OAuth2MethodType::ALL);
        let properties = defaults.oauth2_custom_properties.as_deref().unwrap_or_default();
        for kind in OAuth2CustomPropertyType::ALL {
            let of_kind = properties.iter().filter(|property| property.property_type == *kind);
            self.entries("oauth2CustomProperties", of_kind.map(|property| property.key.as_str()));
        }
        for (index, property) in properties.iter().enumerate() {
            self.oauth2_property(&format!("oauth2CustomProperties[{index}]"), property);
        }
    }

    fn oauth2_property(&mut self, place: &str, property: &OAuth2CustomParameter) {
        self.described(place, &property.key, &property.label, &property.description);
        self.known(&format!("{place}.type"), [&property.property_type], OAuth2CustomPropertyType::ALL);
        self.values(&format!("{place}.connectorSuppliedValues"), property.connector_supplied_values.as_deref());
    }

    fn settings(&mut self, settings: &[ConnectorRuntimeSetting]) {
        for scope in RuntimeSettingScope::ALL {
            let of_scope = settings.iter().filter(|setting| setting.scope == *scope);
            self.entries("connectorRuntimeSetting", of_scope.map(|setting| setting.key.as_str()));
        }
        for (index, setting) in settings.iter().enumerate() {
            let place = format!("connectorRuntimeSetting[{index}]");
            self.described(&place, &setting.key, &setting.label, &setting.description);
            self.known(&format!("{place}.dataType"), [&setting.data_type], RuntimeSettingType::ALL);
            self.known(&format!("{place}.scope"), [&setting.scope], RuntimeSettingScope::ALL);
            let options = setting.connector_supplied_value_options.as_deref();
            self.values(&format!("{place}.connectorSuppliedValueOptions"), options);
        }
    }

    /// Things that are asked for together, by their keys.
    fn entries<'a>(&mut self, member: &str, keys: impl Iterator<Item = &'a str>) {
        let (mut seen, mut count) = (HashSet::new(), 0_usize);
        for key in keys {
            count += 1;
            if !seen.insert(key) {
                self.add(member, format!("has the key {key:?} twice"));
            }
        }
        if count > ENTRIES {
            self.add(member, format!("has {count} entries to fill in, and a connection or flow holds {ENTRIES}"));
        }
    }

    /// What AppFlow's user fills in. The values become maps of the public API, so its pattern for their keys holds.
    fn described(&mut self, place: &str, key: &str, label: &str, description: &str) {
        let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
        if key.is_empty() || key.chars().count() > SHORT || !key.chars().all(is_word) {
            self.add(&format!("{place}.key"), format!("must have 1 to {SHORT} letters, digits and _"));
        }
        self.length(&format!("{place}.label"), label, SHORT);
        self.length(&format!("{place}.description"), description, DESCRIPTION);
    }

    fn values(&mut self, member: &str, values: Option<&[String]>) {
        for (index, value) in values.unwrap_or_default().iter().enumerate() {
            self.word(&format!("{member}[{index}]"), value, LONG);
        }
    }

    fn length(&mut self, member: &str, text: &str, longest: usize) {
        if text.chars().count() > longest {
            self.add(member, format!("has more than {longest} characters"));
        }
    }

    fn text(&mut self, member: &str, text: &str, longest: usize) {
        if text.trim().is_empty() {
            self.add(member, "is empty");
        }
        self.length(member, text, longest);
    }

    fn word(&mut self, member: &str, word: &str, longest: usize) {
        self.text(member, word, longest);
        if !word.trim().is_empty() && word.contains(char::is_whitespace) {
            self.add(member, "has white space");
        }
    }

    /// Blank entries are skipped, and `{{NAME}}` may stand for a part that the user fills in: the SDKs document it.
    fn url(&mut self, member: &str, url: &str) {
        if url.trim().is_empty() {
            return;
        }
        match url.strip_prefix("https://") {
            None => self.add(member, format!("{url:?} does not begin with https://")),
            Some(rest) if rest.is_empty() || rest.starts_with(['/', '?', '#']) => {
                self.add(member, format!("{url:?} names no host"));
            }
            Some(_) => self.word(member, url, LONG),
        }
    }
}

#[cfg(test)]
mod tests;
