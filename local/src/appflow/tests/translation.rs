//! The connector's words and the public API's, side by side.

use super::super::behaviour::{ConnectorTypeSpelling, FieldTypeSource};
use super::super::entity::field;
use super::*;

/// An answer as a connector may send it: every block filled, Python's spelling of one key, triggers in SDK order.
const CONFIGURATION: &str = r#"{
    "isSuccess": true, "errorDetails": null,
    "connectorOwner": "Acme", "connectorName": "Acme CRM", "connectorVersion": "1.2.3",
    "connectorModes": ["SOURCE", "DESTINATION"],
    "authenticationConfig": {
        "isBasicAuthSupported": true, "isApiKeyAuthSupported": null, "isOAuth2Supported": true, "isCustomAuthSupported": true,
        "oAuth2Defaults": {
            "oAuthScopes": ["read"], "tokenURL": ["https://acme.example/token"], "authURL": ["https://acme.example/auth"],
            "oAuth2GrantTypesSupported": ["AUTHORIZATION_CODE"], "oAuth2ContentType": "URL_ENCODED",
            "oAuth2MethodType": "HTTP_POST", "addBasicAuthHeader": true,
            "oAuth2CustomProperties": [{"key": "audience", "required": true, "type": "TOKEN_URL", "label": "Audience",
                "description": "Who", "sensitiveField": null, "connectorSuppliedValues": ["a"]}]
        },
        "customAuthConfig": [{"authenticationType": "Tenant", "authParameters": [{"key": "token", "required": true,
            "label": "Token", "description": "The token", "sensitiveField": true, "connectorSuppliedValues": null}]}]
    },
    "connectorRuntimeSetting": [{"key": "baseUrl", "dataType": "Url", "required": true, "label": "Base URL",
        "description": "Where", "scope": "CONNECTOR_PROFILE", "connectorSuppliedValueOptions": ["https://a.example"]}],
    "supportedApiVersions": ["v2", "v1"], "operatorsSupported": ["EQUAL_TO", "PROJECTION"],
    "supportedTriggerTypes": ["SCHEDULED", "ONDEMAND"], "triggerFrequenciesSupported": ["BYMINUTE", "ONCE"],
    "supportedWriteOperations": ["INSERT"], "logoURL": "https://acme.example/logo.png", "supportedDataTransferTypes": null
}"#;

async fn described(behaviour: Behaviour, registration: Value) -> Value {
    let world = World::behaving(behaviour);
    world.answers(|request| Ok(Response::decode(request.operation(), CONFIGURATION.as_bytes()).unwrap()));
    world.ok("/register-connector", registration).await;
    let input = json!({"connectorType": "CustomConnector", "connectorLabel": "acme"});
    world.ok("/describe-connector", input).await["connectorConfiguration"].take()
}

#[tokio::test]
async fn a_configuration_is_renamed_member_by_member() {
    let mut public = described(Behaviour::default(), register()).await;
    let registered_at = public.as_object_mut().unwrap().remove("registeredAt").unwrap();
    assert!(registered_at.as_f64().unwrap() > 1.7e9, "{registered_at} is in seconds");
    let expected = json!({
        "authenticationConfig": {
            "isBasicAuthSupported": true, "isApiKeyAuthSupported": false,
            "isOAuth2Supported": true, "isCustomAuthSupported": true,
            "oAuth2Defaults": {
                "oauthScopes": ["read"],
                "tokenUrls": ["https://acme.example/token"],
                "authCodeUrls": ["https://acme.example/auth"],
                "oauth2GrantTypesSupported": ["AUTHORIZATION_CODE"],
                "oauth2CustomProperties": [{
                    "key": "audience", "isRequired": true, "type": "TOKEN_URL", "label": "Audience",
                    "description": "Who", "isSensitiveField": false, "connectorSuppliedValues": ["a"],
                }],
            },
            "customAuthConfigs": [{
                "customAuthenticationType": "Tenant",
                "authParameters": [{
                    "key": "token", "isRequired": true, "label": "Token", "description": "The token",
                    "isSensitiveField": true,
                }],
            }],
        },
        "canUseAsDestination": true,
        "canUseAsSource": true,
        "connectorArn": "arn:aws:appflow:eu-central-1:000000000000:connector/acme",
        "connectorDescription": "Reads orders",
        "connectorLabel": "acme",
        "connectorModes": ["SOURCE", "DESTINATION"],
        "connectorName": "Acme CRM",
        "connectorOwner": "Acme",
        "connectorProvisioningConfig": {"lambda": {"lambdaArn": LAMBDA_ARN}},
        "connectorProvisioningType": "LAMBDA",
        "connectorRuntimeSettings": [{
            "key": "baseUrl", "dataType": "Url", "isRequired": true, "label": "Base URL", "description": "Where",
            "scope": "CONNECTOR_PROFILE", "connectorSuppliedValueOptions": ["https://a.example"],
        }],
        "connectorType": "CustomConnector",
        "connectorVersion": "1.2.3",
        "isPrivateLinkEnabled": false,
        "isPrivateLinkEndpointUrlRequired": false,
        "logoURL": "https://acme.example/logo.png",
        "registeredBy": "CUSTOM",
        "supportedApiVersions": ["v2", "v1"],
        "supportedDataTransferTypes": ["RECORD"],
        "supportedDestinationConnectors": ["S3", "CustomConnector", "Salesforce"],
        "supportedOperators": ["EQUAL_TO", "PROJECTION"],
        "supportedSchedulingFrequencies": ["BYMINUTE", "ONCE"],
        "supportedTriggerTypes": ["OnDemand", "Scheduled"],
        "supportedWriteOperations": ["INSERT"],
    });
    assert_eq!(public, expected);
}

#[tokio::test]
async fn a_connector_without_a_description_shows_its_name_and_the_type_can_be_spelled_as_of_old() {
    let behaviour = Behaviour { connector_type_spelling: ConnectorTypeSpelling::Upper, ..Behaviour::default() };
    let public = described(behaviour, with(register(), "description", Value::Null)).await;
    assert_eq!(public["connectorDescription"], "Acme CRM");
    assert_eq!(public["connectorType"], "CUSTOMCONNECTOR");
}

#[test]
fn a_field_is_renamed_member_by_member() {
    let full = r#"{
        "fieldName": "total", "dataType": "BigDecimal", "dataTypeLabel": "money", "label": "Total", "description": "Sum",
        "isPrimaryKey": true, "defaultValue": "0", "isDeprecated": null,
        "constraints": {"allowedLengthRange": {"minRange": 1, "maxRange": 20}, "allowedValueRange": {"minRange": -0.5, "maxRange": "1E+3"},
            "allowedValues": ["1", "2"], "allowedValuesRegexPattern": "[0-9]+", "allowedDateFormat": "yyyy"},
        "readProperties": {"isRetrievable": true, "isNullable": true, "isQueryable": true, "isTimestampFieldForIncrementalQueries": null},
        "writeProperties": {"isCreatable": true, "isUpdatable": false, "isNullable": true, "isUpsertable": null,
            "isDefaultedOnCreate": true, "supportedWriteOperations": ["UPSERT"]},
        "filterOperators": [], "customProperties": {"a": "b"}
    }"#;
    let definition: FieldDefinition = serde_json::from_str(full).unwrap();
    let expected = json!({
        "identifier": "total", "label": "Total", "description": "Sum", "isPrimaryKey": true, "isDeprecated": false,
        "defaultValue": "0", "customProperties": {"a": "b"},
        "supportedFieldTypeDetails": {"v1": {
            "fieldType": "BigDecimal", "filterOperators": [], "supportedValues": ["1", "2"],
            "valueRegexPattern": "[0-9]+", "supportedDateFormat": "yyyy",
            "fieldValueRange": {"minimum": -0.5, "maximum": 1000.0},
            "fieldLengthRange": {"minimum": 1.0, "maximum": 20.0},
        }},
        "sourceProperties": {"isRetrievable": true, "isQueryable": true, "isTimestampFieldForIncrementalQueries": false},
        "destinationProperties": {"isCreatable": true, "isUpdatable": false, "isUpsertable": false, "isNullable": true,
            "isDefaultedOnCreate": true, "supportedWriteOperations": ["UPSERT"]},
    });
    assert_eq!(field(&definition, FieldTypeSource::DataType), expected);
    let labelled = field(&definition, FieldTypeSource::DataTypeLabel);
    assert_eq!(labelled["supportedFieldTypeDetails"]["v1"]["fieldType"], "money");
}

#[tokio::test]
async fn a_bare_field_is_complete_in_the_public_api() {
    let world = World::connected().await;
    world.answers(|request| {
        let body = br#"{"isSuccess":true,"entityDefinition":{"entity":{"entityIdentifier":"x"},
            "fields":[{"fieldName":"raw","dataType":"ByteArray"}]}}"#;
        Ok(Response::decode(request.operation(), body).unwrap())
    });
    let input = json!({"connectorEntityName": "x", "connectorProfileName": "main"});
    let described = world.ok("/describe-connector-entity", input).await;
    let expected = json!({
        "identifier": "raw", "isPrimaryKey": false, "isDeprecated": false,
        "supportedFieldTypeDetails": {"v1": {"fieldType": "ByteArray", "filterOperators": [], "supportedValues": []}},
        "sourceProperties": {"isRetrievable": false, "isQueryable": false, "isTimestampFieldForIncrementalQueries": false},
        "destinationProperties": {"isCreatable": false, "isUpdatable": false, "isUpsertable": false, "isNullable": false,
            "isDefaultedOnCreate": false, "supportedWriteOperations": []},
    });
    assert_eq!(described["connectorEntityFields"], json!([expected]));
}
