//! Where the two official SDKs differ: one test for each row of the comparison, in its order.
//!
//! Java is awslabs/aws-appflow-custom-connector-java 1.0.9, Python is awslabs/aws-appflow-custom-connector-python 1.0.5.

use super::*;

#[track_caller]
fn describe_entity(context: &Value) -> DescribeEntityRequest {
    let json = json!({"type": "DescribeEntityRequest", "entityIdentifier": "a", "connectorContext": context});
    let Request::DescribeEntity(request) = request(&json) else { panic!() };
    request
}

#[track_caller]
fn entity(json: &Value) -> Entity {
    serde_json::from_str(&json.to_string()).unwrap()
}

#[track_caller]
fn configuration(json: &Value) -> DescribeConnectorConfigurationResponse {
    let operation = Operation::DescribeConnectorConfiguration;
    let decoded = Response::decode(operation, json.to_string().as_bytes()).unwrap();
    let Response::DescribeConnectorConfiguration(configuration) = decoded else { panic!() };
    *configuration
}

/// A configuration whose OAuth2 defaults have these members besides.
fn with_oauth2(members: &Value) -> Value {
    let mut defaults = json!({"tokenURL": ["https://t"], "oAuth2GrantTypesSupported": ["CLIENT_CREDENTIALS"]});
    defaults.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    json!({"isSuccess": true, "connectorOwner": "o", "connectorName": "n", "connectorVersion": "1",
           "authenticationConfig": {"isOAuth2Supported": true, "oAuth2Defaults": defaults}})
}

#[track_caller]
fn oauth2(members: &Value) -> OAuth2Defaults {
    configuration(&with_oauth2(members)).authentication_config.unwrap().oauth2_defaults.unwrap()
}

#[test]
fn row_01_the_names_of_flow_run_and_connection_are_read() {
    let context = describe_entity(&json!({"flowName": "f", "executionId": "e", "connectorProfileLabel": "p"}));
    let ConnectorContext { flow_name, execution_id, connector_profile_label, .. } = context.connector_context;
    assert_eq!([flow_name, execution_id, connector_profile_label], ["f", "e", "p"].map(|text| Some(text.to_owned())));
}

#[test]
fn row_02_the_label_of_the_connector_is_read() {
    let json = json!({"type": "DescribeConnectorConfigurationRequest", "connectorLabel": "acme"});
    let Request::DescribeConnectorConfiguration(request) = request(&json) else { panic!() };
    assert_eq!(request.connector_label.as_deref(), Some("acme"));
}

#[test]
fn row_03_the_kind_of_authentication_is_read_when_settings_are_validated() {
    let json =
        json!({"type": "ValidateConnectorRuntimeSettingsRequest", "scope": "SOURCE", "authenticationType": "ApiKey"});
    let Request::ValidateConnectorRuntimeSettings(request) = request(&json) else { panic!() };
    assert_eq!(request.authentication_type, Some(AuthenticationType::ApiKey));
}

#[test]
fn row_04_custom_properties_of_an_entity_are_read_and_written_null_if_there_are_none() {
    let with = entity(&json!({"entityIdentifier": "a", "hasNestedEntities": false, "customProperties": {"k": "v"}}));
    assert_eq!(written(&with)["customProperties"], json!({"k": "v"}));
    assert_eq!(written(&Entity::new("a")).get("customProperties"), Some(&Value::Null));
}

#[test]
fn row_05_an_entity_without_is_writable_is_writable_and_a_boolean_is_always_written() {
    let absent = entity(&json!({"entityIdentifier": "a", "hasNestedEntities": false}));
    assert_eq!(written(&absent)["isWritable"], true);
    let null = entity(&json!({"entityIdentifier": "a", "hasNestedEntities": false, "isWritable": null}));
    assert_eq!(written(&null)["isWritable"], false);
}

#[test]
fn row_06_the_setting_type_url_is_read_and_written() {
    let setting = json!({"key": "k", "dataType": "Url", "required": true, "label": "l", "description": "d",
                         "scope": "SOURCE", "connectorSuppliedValueOptions": null});
    let decoded: ConnectorRuntimeSetting = serde_json::from_str(&setting.to_string()).unwrap();
    assert_eq!(decoded.data_type, RuntimeSettingType::Url);
    assert_eq!(written(&decoded), setting);
}

#[test]
fn row_07_records_are_the_form_of_transfer_when_none_is_named() {
    let mut json = with_oauth2(&json!({}));
    assert_eq!(written(&configuration(&json))["supportedDataTransferTypes"], json!(["RECORD"]));
    json["supportedDataTransferTypes"] = Value::Null;
    assert_eq!(
        written(&configuration(&json))["supportedDataTransferTypes"],
        Value::Null,
        "null is kept, as Java keeps it"
    );
    json["supportedDataTransferTypes"] = json!(["FILE", "RECORD"]);
    assert_eq!(written(&configuration(&json))["supportedDataTransferTypes"], json!(["FILE", "RECORD"]));
}

#[test]
fn row_08_oauth2_custom_properties_are_read_in_both_spellings_and_written_as_java_does() {
    let property =
        |key: &str| json!([{"key": key, "required": true, "type": "AUTH_URL", "label": "l", "description": "d"}]);
    for (members, key) in [
        (json!({"oauth2CustomProperties": property("java")}), Some("java")),
        (json!({"oAuth2CustomProperties": property("python")}), Some("python")),
        (
            json!({"oauth2CustomProperties": property("java"), "oAuth2CustomProperties": property("python")}),
            Some("java"),
        ),
        (json!({"oAuth2CustomProperties": property("python"), "oauth2CustomProperties": null}), Some("python")),
        (json!({"oAuth2CustomProperties": null}), None),
        (json!({}), None),
    ] {
        let written = written(&oauth2(&members));
        assert!(written.get("oAuth2CustomProperties").is_none(), "{written}");
        assert_eq!(written["oauth2CustomProperties"].get(0).and_then(|first| first["key"].as_str()), key, "{members}");
    }
}

#[test]
fn row_09_the_type_of_an_oauth2_custom_property_is_text() {
    for (kind, text) in
        [(OAuth2CustomPropertyType::TokenUrl, "TOKEN_URL"), (OAuth2CustomPropertyType::AuthUrl, "AUTH_URL")]
    {
        assert_eq!(written(&OAuth2CustomParameter::new("k", kind, "l", "d"))["type"], text);
    }
}

#[test]
fn row_10_the_basic_header_is_a_boolean_that_may_be_true() {
    let mut defaults = oauth2(&json!({"addBasicAuthHeader": true}));
    assert_eq!(written(&defaults)["addBasicAuthHeader"], true);
    defaults.add_basic_auth_header = false;
    assert_eq!(written(&defaults)["addBasicAuthHeader"], false);
    for absent in [json!({}), json!({"addBasicAuthHeader": null})] {
        assert_eq!(written(&oauth2(&absent))["addBasicAuthHeader"], false);
    }
}

#[test]
fn row_11_the_authorisation_urls_are_a_list_or_null() {
    for (members, expected) in [
        (json!({}), Value::Null),
        (json!({"authURL": null}), Value::Null),
        (json!({"authURL": []}), json!([])),
        (json!({"authURL": ["https://a"]}), json!(["https://a"])),
    ] {
        assert_eq!(written(&oauth2(&members)).get("authURL"), Some(&expected));
    }
}

#[test]
fn row_12_a_configuration_without_authentication_is_read_and_an_object_is_written() {
    let json = json!({"isSuccess": true, "connectorOwner": "o", "connectorName": "n", "connectorVersion": "1",
                      "authenticationConfig": null});
    assert_eq!(configuration(&json).authentication_config, None);
    for written in [
        written(&DescribeConnectorConfigurationResponse::source("n", "o", "1").build().unwrap()),
        written(&Response::failure(
            Operation::DescribeConnectorConfiguration,
            ErrorDetails::new(ErrorCode::ServerError, "m"),
        )),
    ] {
        assert_eq!(written["authenticationConfig"]["isBasicAuthSupported"], false, "{written}");
    }
}

#[test]
fn row_13_a_time_to_live_may_be_missing_and_an_integer_is_written() {
    for (json, expected) in [
        (
            json!({"timeToLive": 600, "timeToLiveUnit": "SECONDS"}),
            json!({"timeToLive": 600, "timeToLiveUnit": "SECONDS"}),
        ),
        (json!({"timeToLive": null, "timeToLiveUnit": null}), json!({"timeToLive": 0, "timeToLiveUnit": null})),
        (json!({}), json!({"timeToLive": 0, "timeToLiveUnit": null})),
    ] {
        let cache_control: CacheControl = serde_json::from_str(&json.to_string()).unwrap();
        assert_eq!(written(&cache_control), expected);
    }
    assert_eq!(written(&CacheControl::seconds(3600))["timeToLive"], 3600);
}

/// A write of these members.
#[track_caller]
fn write(members: &Value) -> WriteDataRequest {
    let mut json = json!({"type": "WriteDataRequest", "entityIdentifier": "a", "connectorContext": {}});
    json.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let Request::WriteData(request) = request(&json) else { panic!() };
    request
}

#[test]
fn row_14_a_write_without_an_operation_is_read() {
    assert_eq!(write(&json!({})).operation, None);
    assert_eq!(write(&json!({"operation": null})).operation, None);
    assert_eq!(write(&json!({"operation": "DELETE"})).operation, Some(WriteOperationType::Delete));
}

#[test]
fn row_15_records_that_are_null_are_none() {
    assert_eq!(write(&json!({"records": null})).records, Vec::<String>::new());
}

#[test]
fn row_16_settings_to_validate_that_are_missing_are_none() {
    for absent in [json!({}), json!({"connectorRuntimeSettings": null})] {
        let mut json = json!({"type": "ValidateConnectorRuntimeSettingsRequest", "scope": "SOURCE"});
        json.as_object_mut().unwrap().extend(absent.as_object().unwrap().clone());
        let Request::ValidateConnectorRuntimeSettings(request) = request(&json) else { panic!() };
        assert!(request.connector_runtime_settings.is_empty());
    }
}

#[test]
fn row_17_credentials_without_a_kind_are_read() {
    let json = json!({"type": "ValidateCredentialsRequest", "credentials": {"secretArn": "arn"}});
    let Request::ValidateCredentials(request) = request(&json) else { panic!() };
    assert_eq!(request.credentials, Credentials::new("arn", None));
}

#[test]
fn row_18_null_means_the_default_where_a_request_has_one() {
    let context =
        json!({"connectorContext": {}, "entityIdentifier": "a", "maxResult": null, "maxResults": null, "locale": null});
    let with_type = |name: &str| {
        let mut json = context.clone();
        json["type"] = name.into();
        request(&json)
    };
    let Request::ListEntities(list) = with_type("ListEntitiesRequest") else { panic!() };
    assert_eq!(list.max_result, DEFAULT_MAX_RESULTS);
    let Request::QueryData(query) = with_type("QueryDataRequest") else { panic!() };
    assert_eq!(query.max_results, DEFAULT_MAX_RESULTS);
    let Request::DescribeConnectorConfiguration(describe) = with_type("DescribeConnectorConfigurationRequest") else {
        panic!()
    };
    assert_eq!(describe.locale, "en-US");
}

#[test]
fn row_19_filter_operators_that_are_null_are_those_of_the_type_and_null_is_never_written() {
    for absent in [json!({}), json!({"filterOperators": null})] {
        let mut json = json!({"fieldName": "f", "dataType": "Boolean"});
        json.as_object_mut().unwrap().extend(absent.as_object().unwrap().clone());
        let field: FieldDefinition = serde_json::from_str(&json.to_string()).unwrap();
        assert_eq!(written(&field)["filterOperators"], json!(["EQUAL_TO", "NOT_EQUAL_TO"]));
    }
}

#[test]
fn row_20_fields_that_are_null_are_none_and_an_array_is_written() {
    for absent in [json!({}), json!({"fields": null})] {
        let mut json = json!({"entity": {"entityIdentifier": "a", "hasNestedEntities": false}});
        json.as_object_mut().unwrap().extend(absent.as_object().unwrap().clone());
        let definition: EntityDefinition = serde_json::from_str(&json.to_string()).unwrap();
        assert_eq!(written(&definition)["fields"], json!([]));
    }
}

#[test]
fn row_21_values_of_maps_are_text_and_other_scalars_become_text() {
    let settings = json!({"n": 51, "d": 1.50, "t": true, "s": "x", "gone": null});
    let context = describe_entity(&json!({"connectorRuntimeSettings": settings})).connector_context;
    assert_eq!(
        written(&context)["connectorRuntimeSettings"],
        json!({"n": "51", "d": "1.5", "t": "true", "s": "x"}),
        "an entry that is null is dropped, where Java refuses the request"
    );
}

#[test]
fn row_22_a_record_id_may_be_null_and_text_is_written() {
    for (json, expected) in [
        (json!({"isSuccess": true, "recordId": null}), ""),
        (json!({"isSuccess": true}), ""),
        (json!({"isSuccess": true, "recordId": 51}), "51"),
        (json!({"isSuccess": true, "recordId": "x"}), "x"),
    ] {
        let result: WriteRecordResult = serde_json::from_str(&json.to_string()).unwrap();
        assert_eq!(written(&result)["recordId"], expected);
    }
}

#[test]
fn row_23_secrets_are_read_with_the_keys_of_both() {
    use AuthenticationType::{ApiKey, BasicAuth, CustomAuth, OAuth2};
    for (kind, java, python) in [
        (BasicAuth, json!({"username": "u", "password": "p"}), json!({"userName": "u", "password": "p"})),
        (ApiKey, json!({"apiKey": "k", "apiSecretKey": "s"}), json!({"apiKey": "k", "secretKey": "s"})),
        (OAuth2, json!({"accessToken": "t", "refreshToken": "r"}), json!({"refreshToken": "r", "accessToken": "t"})),
        (
            CustomAuth,
            json!({"customAuthenticationType": "Mine", "a": "1", "b": "2"}),
            json!({"authenticationType": "Mine", "customCredentials": {"a": "1", "b": "2"}}),
        ),
    ] {
        let read =
            |secret: &Value| ConnectionCredentials::parse(&Secret::new(secret.to_string()), Some(&kind)).unwrap();
        assert_eq!(read(&java), read(&python), "{kind}");
        // Java's names win where a secret has both.
        let mut both = python;
        both.as_object_mut()
            .unwrap()
            .extend([("userName".to_owned(), "x".into()), ("secretKey".to_owned(), "x".into())]);
        both.as_object_mut().unwrap().extend(java.as_object().unwrap().clone());
        if kind != CustomAuth && kind != OAuth2 {
            assert_eq!(read(&java), read(&both), "{kind}");
        }
    }
}

#[test]
fn row_24_what_cannot_be_read_is_an_error_that_names_the_place_and_no_stack_trace() {
    let error = refused(&json!({"type": "QueryDataRequest", "entityIdentifier": "a", "connectorContext": 5}));
    let expected = "QueryData: at connectorContext: invalid type: integer `5`, expected struct ConnectorContext";
    assert!(error.starts_with(expected) && !error.contains('\n'), "{error}");
}

#[test]
fn row_25_the_order_of_properties_means_nothing() {
    fn reversed(value: &Value) -> String {
        match value {
            Value::Object(members) => {
                let members: Vec<_> =
                    members.iter().rev().map(|(key, member)| format!("{key:?}:{}", reversed(member))).collect();
                format!("{{{}}}", members.join(","))
            }
            Value::Array(elements) => {
                format!("[{}]", elements.iter().map(reversed).collect::<Vec<_>>().join(","))
            }
            scalar => scalar.to_string(),
        }
    }
    for json in full_requests() {
        let backwards = reversed(&json);
        assert_ne!(backwards, json.to_string());
        assert_eq!(Request::decode(backwards.as_bytes()).unwrap(), request(&json));
    }
}
