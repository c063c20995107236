//! What AppFlow holds of a connector, brought into the form in which it is compared.

use aws_sdk_appflow::types::{AuthParameter, AuthenticationConfig, ConnectorConfiguration as Held, OAuth2Defaults};

use crate::configuration::{AUTHENTICATION_TYPES, ConnectorConfiguration, Parameter, RUNTIME_SETTINGS};

/// Takes what `DescribeConnector` answers.
pub(super) fn configuration(held: &Held) -> ConnectorConfiguration {
    let mut shown = ConnectorConfiguration::default();
    shown.text("connectorOwner", held.connector_owner());
    shown.text("connectorName", held.connector_name());
    shown.text("connectorVersion", held.connector_version());
    shown.text("logoURL", held.logo_url());
    shown.set("connectorModes", held.connector_modes.as_ref());
    shown.set("supportedApiVersions", held.supported_api_versions.as_ref());
    shown.set("supportedOperators", texts(held.supported_operators.as_ref()));
    shown.set("supportedTriggerTypes", texts(held.supported_trigger_types.as_ref()));
    shown.set("supportedSchedulingFrequencies", texts(held.supported_scheduling_frequencies.as_ref()));
    shown.set("supportedWriteOperations", texts(held.supported_write_operations.as_ref()));
    shown.set("supportedDataTransferTypes", texts(held.supported_data_transfer_types.as_ref()));
    // No list is an empty one: what is asked for in addition must not go unnoticed.
    let settings = held.connector_runtime_settings().iter().map(|setting| {
        let texts = [
            ("dataType", setting.data_type()),
            ("scope", setting.scope()),
            ("label", setting.label()),
            ("description", setting.description()),
        ];
        let options = setting.connector_supplied_value_options.as_deref();
        (setting.key().unwrap_or_default().to_owned(), Parameter::new(setting.is_required(), texts, options))
    });
    shown.group(RUNTIME_SETTINGS, settings);
    if let Some(config) = held.authentication_config() {
        authentication(config, &mut shown);
    }
    shown
}

fn authentication(config: &AuthenticationConfig, shown: &mut ConnectorConfiguration) {
    let kinds = [
        ("BasicAuth", config.is_basic_auth_supported()),
        ("ApiKey", config.is_api_key_auth_supported()),
        ("OAuth2", config.is_o_auth2_supported()),
    ];
    let custom = || config.custom_auth_configs().iter();
    let offered = kinds.into_iter().filter(|(_, is_offered)| *is_offered).map(|(kind, _)| kind);
    let own = custom().filter_map(|kind| kind.custom_authentication_type());
    shown.set(AUTHENTICATION_TYPES, Some(offered.chain(own)));
    for kind in custom() {
        let name = kind.custom_authentication_type().unwrap_or_default();
        shown.group(format!("customAuthConfigs.{name}"), kind.auth_parameters().iter().map(credential));
    }
    if let Some(defaults) = config.o_auth2_defaults() {
        oauth2(defaults, shown);
    }
}

fn oauth2(defaults: &OAuth2Defaults, shown: &mut ConnectorConfiguration) {
    shown.set("oauthScopes", defaults.oauth_scopes.as_ref());
    shown.set("tokenUrls", defaults.token_urls.as_ref());
    shown.set("authCodeUrls", defaults.auth_code_urls.as_ref());
    shown.set("oauth2GrantTypesSupported", texts(defaults.oauth2_grant_types_supported.as_ref()));
    if let Some(properties) = &defaults.oauth2_custom_properties {
        let properties = properties.iter().map(|property| {
            let texts = [
                ("type", property.r#type().map(aws_sdk_appflow::types::OAuth2CustomPropType::as_str)),
                ("label", property.label()),
                ("description", property.description()),
                ("isSensitiveField", property.is_sensitive_field().then_some("true")),
            ];
            let options = property.connector_supplied_values.as_deref();
            (property.key().unwrap_or_default().to_owned(), Parameter::new(property.is_required(), texts, options))
        });
        shown.group("oauth2CustomProperties", properties);
    }
}

fn credential(part: &AuthParameter) -> (String, Parameter) {
    let texts = [
        ("label", part.label()),
        ("description", part.description()),
        ("isSensitiveField", part.is_sensitive_field().then_some("true")),
    ];
    let parameter = Parameter::new(part.is_required(), texts, part.connector_supplied_values.as_deref());
    (part.key().unwrap_or_default().to_owned(), parameter)
}

/// The spellings of a list of values, if it is shown at all.
fn texts<T: AsRef<str>>(values: Option<&Vec<T>>) -> Option<Vec<String>> {
    values.map(|values| values.iter().map(|value| value.as_ref().to_owned()).collect())
}
