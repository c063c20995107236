//! The properties of a profile: checked against the settings that the connector declares.

use std::collections::BTreeMap;

use appflow_sdk::protocol::{DescribeConnectorConfigurationResponse, RuntimeSettingScope};
use serde::Deserialize;

use super::behaviour::Behaviour;
use super::state::OAuth2Properties;
use super::validate::{Problems, VALUE};

/// Where problems with the properties are.
const PATH: &str = "connectorProfileConfig.connectorProfileProperties.CustomConnector";

/// Grants of the public API.
const GRANTS: [&str; 3] = ["CLIENT_CREDENTIALS", "AUTHORIZATION_CODE", "JWT_BEARER"];

/// `connectorProfileProperties.CustomConnector`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PropertiesInput {
    profile_properties: Option<BTreeMap<String, String>>,
    #[serde(rename = "oAuth2Properties")]
    oauth2_properties: Option<OAuth2Properties>,
}

/// Properties that keep to the model.
#[derive(Debug)]
pub(super) struct Properties {
    /// Values of the connector's settings.
    pub(super) settings: BTreeMap<String, String>,
    /// How tokens are obtained.
    pub(super) oauth2: Option<OAuth2Properties>,
}

impl Properties {
    /// Reads them, noting what is wrong.
    pub(super) fn read(input: Option<PropertiesInput>, problems: &mut Problems) -> Self {
        let input = input.unwrap_or_default();
        let settings = input.profile_properties.unwrap_or_default();
        problems.map(&format!("{PATH}.profileProperties"), &settings, &VALUE);
        if let Some(oauth2) = &input.oauth2_properties {
            let member = |name: &str| format!("{PATH}.oAuth2Properties.{name}");
            match oauth2.token_url.as_deref() {
                None => problems.add(&member("tokenUrl"), "is missing"),
                Some(url) if is_url(url) => {}
                Some(_) => problems.add(&member("tokenUrl"), "is not a URL of at most 256 characters"),
            }
            let grant = oauth2.grant_type.as_deref();
            problems.choice(&member("oAuth2GrantType"), grant, &GRANTS);
            if let Some(custom) = &oauth2.token_url_custom_properties {
                problems.map(&member("tokenUrlCustomProperties"), custom, &VALUE);
            }
        }
        Self { settings, oauth2: input.oauth2_properties }
    }

    /// Notes settings that the connector does not declare for profiles, and those that it requires and are not given.
    pub(super) fn check(
        &self,
        said: &DescribeConnectorConfigurationResponse,
        behaviour: &Behaviour,
        problems: &mut Problems,
    ) {
        let member = format!("{PATH}.profileProperties");
        let scope = RuntimeSettingScope::ConnectorProfile;
        let declared: Vec<_> = said.settings().iter().filter(|setting| setting.applies_to(&scope)).collect();
        if behaviour.require_profile_settings {
            for setting in declared.iter().filter(|setting| setting.required) {
                if !self.settings.contains_key(&setting.key) {
                    problems.add(&member, format!("lacks {:?}, which the connector requires", setting.key));
                }
            }
        }
        if behaviour.refuse_undeclared_settings {
            for key in self.settings.keys() {
                if !declared.iter().any(|setting| setting.key == *key) {
                    let problem = format!("has {key:?}, which the connector does not declare for profiles");
                    problems.add(&member, problem);
                }
            }
        }
    }
}

/// The characters of the model's `TokenUrl` pattern, which has no braces.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-+&@#/%?=~_|!:,.;".contains(character);
    rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(allowed)) && text.len() <= 256
}
