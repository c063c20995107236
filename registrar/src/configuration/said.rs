//! What a connector says of itself, in the words of AppFlow's public API.

use appflow_sdk::protocol::{
    AuthParameter, AuthenticationConfig, ConnectorRuntimeSetting, DataTransferType,
    DescribeConnectorConfigurationResponse, OAuth2CustomParameter, TriggerType,
};

use serde_json::Value;

use super::{AUTHENTICATION_TYPES, ConnectorConfiguration, Parameter, RUNTIME_SETTINGS};
use crate::digest::short_hex;

/// Digits of a digest that a tag keeps.
const DIGEST_DIGITS: usize = 16;

/// What a connector said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfDescription {
    /// What AppFlow will show of it.
    pub configuration: ConnectorConfiguration,
    /// Names the whole answer, with what AppFlow keeps but does not show.
    pub digest: String,
}

impl SelfDescription {
    /// Takes an answer.
    #[must_use]
    pub fn of(said: &DescribeConnectorConfigurationResponse) -> Self {
        // It came as JSON, so it can be written as JSON.
        let whole = serde_json::to_value(said).map(in_order).unwrap_or_default();
        Self { configuration: configuration(said), digest: short_hex(whole.to_string().as_bytes(), DIGEST_DIGITS) }
    }
}

/// The same with its lists in one order: a connector may keep them in no order, and answer otherwise each time it starts.
fn in_order(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(in_order).collect();
            items.sort_by_cached_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, in_order(value))).collect(),
        other => other,
    }
}

fn configuration(said: &DescribeConnectorConfigurationResponse) -> ConnectorConfiguration {
    let mut shown = ConnectorConfiguration::default();
    shown.text("connectorOwner", Some(&said.connector_owner));
    shown.text("connectorName", Some(&said.connector_name));
    shown.text("connectorVersion", Some(&said.connector_version));
    shown.text("logoURL", said.logo_url.as_deref());
    shown.set("connectorModes", Some(said.connector_modes.iter().map(appflow_sdk::protocol::ConnectorMode::as_str)));
    shown.set("supportedApiVersions", Some(&said.supported_api_versions));
    shown.set(
        "supportedOperators",
        Some(said.operators_supported.iter().map(appflow_sdk::protocol::ConnectorOperator::as_str)),
    );
    shown.set("supportedTriggerTypes", Some(said.supported_trigger_types.iter().map(trigger)));
    shown.set(
        "supportedSchedulingFrequencies",
        Some(said.trigger_frequencies_supported.iter().map(appflow_sdk::protocol::TriggerFrequency::as_str)),
    );
    shown.set(
        "supportedWriteOperations",
        Some(said.supported_write_operations.iter().map(appflow_sdk::protocol::WriteOperationType::as_str)),
    );
    let by_record = [DataTransferType::Record];
    let transfers = said.supported_data_transfer_types.as_deref().unwrap_or(&by_record);
    shown
        .set("supportedDataTransferTypes", Some(transfers.iter().map(appflow_sdk::protocol::DataTransferType::as_str)));
    shown.group(RUNTIME_SETTINGS, said.settings().iter().map(setting));
    authentication(said.authentication_config.as_ref(), &mut shown);
    shown
}

/// Requests and the public API spell it differently (AppFlow API reference, `TriggerType`).
fn trigger(trigger: &TriggerType) -> &str {
    match trigger {
        TriggerType::Scheduled => "Scheduled",
        TriggerType::OnDemand => "OnDemand",
        TriggerType::Unknown(other) => other,
    }
}

fn setting(setting: &ConnectorRuntimeSetting) -> (String, Parameter) {
    let texts = [
        ("dataType", Some(setting.data_type.as_str())),
        ("scope", Some(setting.scope.as_str())),
        ("label", Some(setting.label.as_str())),
        ("description", Some(setting.description.as_str())),
    ];
    let options = setting.connector_supplied_value_options.as_deref();
    (setting.key.clone(), Parameter::new(setting.required, texts, options))
}

fn authentication(config: Option<&AuthenticationConfig>, shown: &mut ConnectorConfiguration) {
    let nothing = AuthenticationConfig::new();
    let config = config.unwrap_or(&nothing);
    let kinds = [
        ("BasicAuth", config.is_basic_auth_supported),
        ("ApiKey", config.is_api_key_auth_supported),
        ("OAuth2", config.is_oauth2_supported),
    ];
    let custom = config.custom_auth_config.as_deref().unwrap_or_default();
    let offered = kinds.into_iter().filter(|(_, offered)| *offered == Some(true)).map(|(kind, _)| kind);
    shown.set(AUTHENTICATION_TYPES, Some(offered.chain(custom.iter().map(|kind| kind.authentication_type.as_str()))));
    for kind in custom {
        shown.group(
            format!("customAuthConfigs.{}", kind.authentication_type),
            kind.auth_parameters.iter().map(credential),
        );
    }
    let Some(defaults) = &config.oauth2_defaults else { return };
    shown.set("oauthScopes", Some(defaults.oauth_scopes.as_deref().unwrap_or_default()));
    shown.set("tokenUrls", Some(&defaults.token_url));
    shown.set("authCodeUrls", Some(defaults.auth_url.as_deref().unwrap_or_default()));
    shown.set(
        "oauth2GrantTypesSupported",
        Some(defaults.oauth2_grant_types_supported.iter().map(appflow_sdk::protocol::OAuth2GrantType::as_str)),
    );
    shown.group("oauth2CustomProperties", defaults.oauth2_custom_properties.iter().flatten().map(oauth2_property));
}

fn credential(part: &AuthParameter) -> (String, Parameter) {
    let texts = [
        ("label", Some(part.label.as_str())),
        ("description", Some(part.description.as_str())),
        ("isSensitiveField", part.sensitive_field.filter(|sensitive| *sensitive).map(|_| "true")),
    ];
    (part.key.clone(), Parameter::new(part.required, texts, part.connector_supplied_values.as_deref()))
}

fn oauth2_property(property: &OAuth2CustomParameter) -> (String, Parameter) {
    let texts = [
        ("type", Some(property.property_type.as_str())),
        ("label", Some(property.label.as_str())),
        ("description", Some(property.description.as_str())),
        ("isSensitiveField", property.sensitive_field.filter(|sensitive| *sensitive).map(|_| "true")),
    ];
    (property.key.clone(), Parameter::new(property.required, texts, property.connector_supplied_values.as_deref()))
}
