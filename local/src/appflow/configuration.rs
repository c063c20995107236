//! What a connector says of itself, put into the words of the public API.

use appflow_sdk::protocol::{
    AuthParameter, AuthenticationConfig, ConnectorMode, CustomAuthConfig, DataTransferType,
    DescribeConnectorConfigurationResponse, OAuth2CustomParameter, OAuth2Defaults, TriggerType,
};
use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::state::Connector;

/// `connectorConfiguration` of `DescribeConnector`.
pub(super) fn configuration(connector: &Connector, behaviour: &Behaviour) -> Value {
    let said = &connector.configuration;
    let modes = &said.connector_modes;
    let mut configuration = json!({
        "authenticationConfig": authentication(said.authentication_config.as_ref()),
        "canUseAsDestination": modes.contains(&ConnectorMode::Destination),
        "canUseAsSource": modes.contains(&ConnectorMode::Source),
        "connectorArn": connector.arn,
        "connectorProvisioningConfig": {"lambda": {"lambdaArn": connector.lambda_arn}},
        "connectorRuntimeSettings": settings(said),
        "isPrivateLinkEnabled": false,
        "isPrivateLinkEndpointUrlRequired": false,
        "logoURL": said.logo_url,
        "supportedApiVersions": said.supported_api_versions,
        // As recorded from the service in December 2021.
        "supportedDestinationConnectors": ["S3", "CustomConnector", "Salesforce"],
        "supportedOperators": said.operators_supported,
        "supportedSchedulingFrequencies": said.trigger_frequencies_supported,
        "supportedTriggerTypes": triggers(&said.supported_trigger_types),
        "supportedWriteOperations": said.supported_write_operations,
    });
    merge(&mut configuration, detail(connector, behaviour));
    without_nulls(configuration)
}

/// One of `connectors` of `ListConnectors`.
pub(super) fn detail(connector: &Connector, behaviour: &Behaviour) -> Value {
    let said = &connector.configuration;
    let description = connector.description.as_ref();
    let by_record = vec![DataTransferType::Record];
    json!({
        // A connector registered without a description shows its name (recorded from the service).
        "connectorDescription": description.unwrap_or(&said.connector_name),
        "connectorLabel": connector.label,
        "connectorModes": said.connector_modes,
        "connectorName": said.connector_name,
        "connectorOwner": said.connector_owner,
        "connectorProvisioningType": "LAMBDA",
        "connectorType": behaviour.connector_type_spelling.as_str(),
        "connectorVersion": said.connector_version,
        "registeredAt": connector.registered_at.epoch_seconds(),
        // As recorded from the service.
        "registeredBy": "CUSTOM",
        // That the absence of the list means records is assumed.
        "supportedDataTransferTypes": said.supported_data_transfer_types.as_ref().unwrap_or(&by_record),
    })
}

fn authentication(config: Option<&AuthenticationConfig>) -> Value {
    let nothing = AuthenticationConfig::new();
    let config = config.unwrap_or(&nothing);
    let custom = config.custom_auth_config.as_ref();
    json!({
        "isBasicAuthSupported": config.is_basic_auth_supported.unwrap_or(false),
        "isApiKeyAuthSupported": config.is_api_key_auth_supported.unwrap_or(false),
        "isOAuth2Supported": config.is_oauth2_supported.unwrap_or(false),
        "isCustomAuthSupported": config.is_custom_auth_supported.unwrap_or(false),
        "oAuth2Defaults": config.oauth2_defaults.as_ref().map(oauth2),
        "customAuthConfigs": custom.map(|kinds| kinds.iter().map(custom_kind).collect::<Vec<_>>()),
    })
}

fn oauth2(defaults: &OAuth2Defaults) -> Value {
    let properties = defaults.oauth2_custom_properties.as_ref();
    json!({
        "oauthScopes": defaults.oauth_scopes,
        "tokenUrls": defaults.token_url,
        "authCodeUrls": defaults.auth_url,
        "oauth2GrantTypesSupported": defaults.oauth2_grant_types_supported,
        "oauth2CustomProperties": properties.map(|all| all.iter().map(oauth2_property).collect::<Vec<_>>()),
    })
}

fn oauth2_property(property: &OAuth2CustomParameter) -> Value {
    json!({
        "key": property.key,
        "isRequired": property.required,
        "label": property.label,
        "description": property.description,
        "isSensitiveField": property.sensitive_field.unwrap_or(false),
        "connectorSuppliedValues": property.connector_supplied_values,
        "type": property.property_type,
    })
}

fn custom_kind(kind: &CustomAuthConfig) -> Value {
    json!({
        "customAuthenticationType": kind.authentication_type,
        "authParameters": kind.auth_parameters.iter().map(auth_parameter).collect::<Vec<_>>(),
    })
}

fn auth_parameter(parameter: &AuthParameter) -> Value {
    json!({
        "key": parameter.key,
        "isRequired": parameter.required,
        "label": parameter.label,
        "description": parameter.description,
        "isSensitiveField": parameter.sensitive_field.unwrap_or(false),
        "connectorSuppliedValues": parameter.connector_supplied_values,
    })
}

fn settings(said: &DescribeConnectorConfigurationResponse) -> Vec<Value> {
    let setting = said.settings().iter();
    let setting = setting.map(|setting| {
        json!({
            "key": setting.key,
            "dataType": setting.data_type,
            "isRequired": setting.required,
            "label": setting.label,
            "description": setting.description,
            "scope": setting.scope,
            "connectorSuppliedValueOptions": setting.connector_supplied_value_options,
        })
    });
    setting.collect()
}

/// The public spelling, on-demand first as recorded from the service.
fn triggers(types: &[TriggerType]) -> Vec<&str> {
    let mut spelled: Vec<_> = types
        .iter()
        .map(|trigger| match trigger {
            TriggerType::OnDemand => "OnDemand",
            TriggerType::Scheduled => "Scheduled",
            TriggerType::Unknown(other) => other,
        })
        .collect();
    spelled.sort_unstable();
    spelled
}

fn merge(into: &mut Value, members: Value) {
    if let (Value::Object(into), Value::Object(members)) = (into, members) {
        into.extend(members);
    }
}

/// Members that are null are left out, as the service's protocol has it.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(elements) => elements.into_iter().map(without_nulls).collect(),
        scalar => scalar,
    }
}
