//! The rules of the wire, each in a test that names it. Equality is that of JSON values.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops, and says why")]

use appflow_sdk::protocol::*;
use appflow_sdk::{ConnectionCredentials, Secret};
use serde_json::{Value, json};

#[path = "wire/differences.rs"]
mod differences;
#[path = "wire/fixtures.rs"]
mod fixtures;
#[path = "wire/lenience.rs"]
mod lenience;

#[track_caller]
fn request(json: &Value) -> Request {
    Request::decode(json.to_string().as_bytes()).unwrap()
}

#[track_caller]
fn refused(json: &Value) -> String {
    Request::decode(json.to_string().as_bytes()).unwrap_err().to_string()
}

#[track_caller]
fn written<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap()
}

fn full_context() -> Value {
    json!({
        "apiVersion": "v1",
        "connectorRuntimeSettings": {"baseUrl": "https://example.com"},
        "credentials": {"secretArn": "arn:aws:secretsmanager:us-east-1:111122223333:secret:appflow!x", "authenticationType": "OAuth2"},
        "entityDefinition": {
            "entity": {"entityIdentifier": "Account", "hasNestedEntities": false, "isWritable": true, "label": "Account",
                       "description": null, "customProperties": {"a": "b"}},
            "fields": [{
                "fieldName": "Id", "dataType": "String", "dataTypeLabel": "Text", "label": null, "description": null,
                "isPrimaryKey": true, "defaultValue": null, "isDeprecated": null,
                "constraints": {"allowedLengthRange": {"minRange": 1, "maxRange": 18}, "allowedValueRange": null,
                                "allowedValues": ["a"], "allowedValuesRegexPattern": "a+", "allowedDateFormat": null},
                "readProperties": {"isRetrievable": true, "isNullable": false, "isQueryable": true,
                                   "isTimestampFieldForIncrementalQueries": false},
                "writeProperties": {"isCreatable": true, "isUpdatable": false, "isNullable": null, "isUpsertable": true,
                                    "isDefaultedOnCreate": null, "supportedWriteOperations": ["UPSERT"]},
                "filterOperators": ["EQUAL_TO"], "customProperties": null
            }],
            "customProperties": null
        },
        "flowName": "f", "executionId": "e", "connectorProfileLabel": "p"
    })
}

/// One full example of each request, every property given.
fn full_requests() -> Vec<Value> {
    let context = full_context();
    vec![
        json!({"type": "DescribeConnectorConfigurationRequest", "locale": "de-DE", "connectorLabel": "acme"}),
        json!({"type": "ValidateConnectorRuntimeSettingsRequest", "scope": "SOURCE_AND_DESTINATION",
               "connectorRuntimeSettings": {"a": "1"}, "authenticationType": "CustomAuth"}),
        json!({"type": "ValidateCredentialsRequest", "credentials": context["credentials"],
               "connectorRuntimeSettings": {"a": "1"}}),
        json!({"type": "ListEntitiesRequest", "connectorContext": context, "entitiesPath": "a/b", "maxResult": 5,
               "nextToken": "t"}),
        json!({"type": "DescribeEntityRequest", "entityIdentifier": "Account", "connectorContext": context}),
        json!({"type": "QueryDataRequest", "entityIdentifier": "Account", "connectorContext": context,
               "selectedFieldNames": ["Id"], "filterExpression": "Id = 'x'", "maxResults": 7, "nextToken": "t"}),
        json!({"type": "RetrieveDataRequest", "entityIdentifier": "Account", "connectorContext": context,
               "selectedFieldNames": ["Id"], "idFieldName": "Id", "ids": ["1", "2"]}),
        json!({"type": "WriteDataRequest", "entityIdentifier": "Account", "connectorContext": context,
               "operation": "UPSERT", "idFieldNames": ["Id"], "records": ["{\"Id\":1}"], "allOrNone": true}),
    ]
}

#[test]
fn every_request_survives_reading_and_writing() {
    let requests = full_requests();
    assert_eq!(requests.len(), Operation::ALL.len());
    for (json, operation) in requests.into_iter().zip(Operation::ALL) {
        let decoded = request(&json);
        assert_eq!(decoded.operation(), operation);
        assert_eq!(written(&decoded), json);
    }
}

#[test]
fn unknown_properties_are_ignored_at_every_level() {
    fn add_everywhere(value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (key, member) in members.iter_mut() {
                    // In maps of the user's own keys every key is known.
                    if !matches!(key.as_str(), "connectorRuntimeSettings" | "customProperties") {
                        add_everywhere(member);
                    }
                }
                members.insert("addedLater".to_owned(), json!({"x": [1]}));
            }
            Value::Array(elements) => elements.iter_mut().for_each(add_everywhere),
            _ => {}
        }
    }
    for json in full_requests() {
        let mut grown = json.clone();
        add_everywhere(&mut grown);
        assert_eq!(request(&grown), request(&json));
    }
}

#[test]
fn null_and_absent_mean_the_same_for_optional_properties_of_requests() {
    let optional = [
        ("DescribeConnectorConfigurationRequest", &["locale", "connectorLabel"][..]),
        ("ValidateConnectorRuntimeSettingsRequest", &["connectorRuntimeSettings", "authenticationType"]),
        ("ValidateCredentialsRequest", &["connectorRuntimeSettings"]),
        ("ListEntitiesRequest", &["entitiesPath", "maxResult", "nextToken"]),
        ("DescribeEntityRequest", &[]),
        ("QueryDataRequest", &["selectedFieldNames", "filterExpression", "maxResults", "nextToken"]),
        ("RetrieveDataRequest", &["selectedFieldNames", "idFieldName", "ids"]),
        ("WriteDataRequest", &["operation", "idFieldNames", "records", "allOrNone"]),
    ];
    for (json, (name, keys)) in full_requests().into_iter().zip(optional) {
        assert_eq!(json["type"], name);
        for key in keys {
            let (mut null, mut absent) = (json.clone(), json.clone());
            null[key] = Value::Null;
            absent.as_object_mut().unwrap().remove(*key);
            assert_eq!(request(&null), request(&absent), "{name}.{key}");
        }
    }
}

#[test]
fn mandatory_properties_of_requests_are_missed_by_name() {
    for (index, key) in [
        (1, "scope"),
        (2, "credentials"),
        (3, "connectorContext"),
        (4, "entityIdentifier"),
        (5, "entityIdentifier"),
        (6, "connectorContext"),
        (7, "entityIdentifier"),
    ] {
        let mut json = full_requests().swap_remove(index);
        json.as_object_mut().unwrap().remove(key);
        assert!(refused(&json).contains(key), "{}", refused(&json));
    }
}

#[test]
fn defaults_are_those_of_the_official_sdks() {
    let Request::DescribeConnectorConfiguration(describe) =
        request(&json!({"type": "DescribeConnectorConfigurationRequest"}))
    else {
        panic!()
    };
    assert_eq!(describe.locale, "en-US");
    let Request::ListEntities(list) =
        request(&json!({"type": "ListEntitiesRequest", "connectorContext": {}, "maxResults": 3}))
    else {
        panic!()
    };
    assert_eq!(list.max_result, 1000, "the plural belongs to QueryData");
    let Request::QueryData(query) =
        request(&json!({"type": "QueryDataRequest", "entityIdentifier": "a", "connectorContext": {}, "maxResult": 3}))
    else {
        panic!()
    };
    assert_eq!(query.max_results, 1000, "the singular belongs to ListEntities");
    let Request::WriteData(write) =
        request(&json!({"type": "WriteDataRequest", "entityIdentifier": "a", "connectorContext": {}}))
    else {
        panic!()
    };
    assert_eq!((write.operation, write.records.len()), (None, 0));
}

#[test]
fn scalars_are_coerced_as_jackson_does() {
    let Request::QueryData(query) = request(&json!({
        "type": "QueryDataRequest", "entityIdentifier": 51, "maxResults": "50", "nextToken": true,
        "connectorContext": {"connectorRuntimeSettings": {"n": 5.50, "b": true, "s": "x", "gone": null},
            "entityDefinition": {"entity": {"entityIdentifier": "a", "hasNestedEntities": "true"}, "fields": null}}
    })) else {
        panic!()
    };
    assert_eq!(
        (query.entity_identifier.as_str(), query.max_results, query.next_token.as_deref()),
        ("51", 50, Some("true"))
    );
    let settings = query.connector_context.connector_runtime_settings.unwrap();
    assert_eq!(
        settings.into_iter().collect::<Vec<_>>(),
        [("b", "true"), ("n", "5.5"), ("s", "x")].map(|(k, v)| (k.to_owned(), v.to_owned()))
    );
    assert!(query.connector_context.entity_definition.unwrap().entity.has_nested_entities);

    let truncated =
        json!({"type": "QueryDataRequest", "entityIdentifier": "a", "connectorContext": {}, "maxResults": 50.9});
    let Request::QueryData(query) = request(&truncated) else { panic!() };
    assert_eq!(query.max_results, 50);
}

#[test]
fn what_cannot_be_coerced_is_refused_with_its_path() {
    for (wrong, place) in [
        (json!({"entityIdentifier": {}}), "entityIdentifier"),
        (json!({"entityIdentifier": ["a"]}), "entityIdentifier"),
        (json!({"entityIdentifier": null}), "entityIdentifier"),
        (json!({"maxResults": "many"}), "maxResults"),
        (json!({"selectedFieldNames": "Id"}), "selectedFieldNames"),
        (json!({"selectedFieldNames": [null]}), "selectedFieldNames"),
        (
            json!({"connectorContext": {"connectorRuntimeSettings": {"a": {}}}}),
            "connectorContext.connectorRuntimeSettings",
        ),
        (json!({"connectorContext": {"entityDefinition": {"entity": {}}}}), "connectorContext.entityDefinition.entity"),
    ] {
        let mut json = json!({"type": "QueryDataRequest", "entityIdentifier": "a", "connectorContext": {}});
        json.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let error = refused(&json);
        assert!(error.contains(place), "{error}");
    }
    let object_record =
        json!({"type": "WriteDataRequest", "entityIdentifier": "a", "connectorContext": {}, "records": [{"a": 1}]});
    assert!(refused(&object_record).contains("records[0]"));
}

#[test]
fn enum_texts_of_a_later_version_are_kept() {
    let Request::DescribeEntity(describe) = request(&json!({
        "type": "DescribeEntityRequest", "entityIdentifier": "a", "connectorContext": {
            "credentials": {"secretArn": "s", "authenticationType": "JwtAuth"},
            "entityDefinition": {"entity": {"entityIdentifier": "a"}, "fields": [{"fieldName": "f", "dataType": "Vector", "filterOperators": ["NEAR"]}]}}
    })) else {
        panic!()
    };
    let context = describe.connector_context;
    assert_eq!(
        context.credentials.unwrap().authentication_type,
        Some(AuthenticationType::Unknown("JwtAuth".to_owned()))
    );
    let field = &context.entity_definition.unwrap().fields[0];
    assert_eq!(field.data_type, FieldDataType::Unknown("Vector".to_owned()));
    assert_eq!(field.data_type_label, "Vector");
    assert_eq!(field.filter_operators, [ConnectorOperator::Unknown("NEAR".to_owned())]);
}

#[test]
fn an_entity_is_writable_unless_it_says_otherwise_and_null_says_otherwise() {
    for (json, writable) in [
        (json!({"entityIdentifier": "a"}), true),
        (json!({"entityIdentifier": "a", "isWritable": null}), false),
        (json!({"entityIdentifier": "a", "isWritable": false}), false),
    ] {
        let entity: Entity = serde_json::from_str(&json.to_string()).unwrap();
        assert_eq!(entity.is_writable, writable, "{json}");
    }
}

#[test]
fn responses_write_every_property_and_no_type() {
    assert_eq!(written(&ValidateCredentialsResponse::valid()), json!({"isSuccess": true, "errorDetails": null}));
    assert_eq!(
        written(&Response::failure(Operation::ValidateCredentials, ErrorDetails::new(ErrorCode::ServerError, "m"))),
        json!({"isSuccess": false, "errorDetails": {"errorCode": "ServerError", "errorMessage": "m", "retryAfterSeconds": null}})
    );
    let mut entity = Entity::new("Account");
    entity.label = None;
    let mut list = ListEntitiesResponse::new(vec![entity]);
    list.cache_control = Some(CacheControl::seconds(600));
    assert_eq!(
        written(&list),
        json!({"isSuccess": true, "errorDetails": null, "nextToken": null,
               "entities": [{"entityIdentifier": "Account", "hasNestedEntities": false, "isWritable": false, "label": null,
                             "description": null, "customProperties": null}],
               "cacheControl": {"timeToLive": 600, "timeToLiveUnit": "SECONDS"}})
    );
    let record = Record::parse(r#"{"a":1}"#).unwrap();
    assert_eq!(
        written(&QueryDataResponse::new(vec![record.clone()], Some("t".to_owned()))),
        json!({"isSuccess": true, "errorDetails": null, "nextToken": "t", "records": ["{\"a\":1}"]})
    );
    assert_eq!(
        written(&RetrieveDataResponse::new(vec![record])),
        json!({"isSuccess": true, "errorDetails": null, "records": ["{\"a\":1}"]})
    );
    for operation in Operation::ALL {
        let failure = written(&Response::failure(operation, ErrorDetails::new(ErrorCode::AccessDenied, "m")));
        assert_eq!(failure["isSuccess"], false);
        assert!(failure.get("type").is_none());
    }
}

#[test]
fn a_partly_failed_write_says_so_and_keeps_every_result() {
    let results = vec![WriteRecordResult::written("1"), WriteRecordResult::failed("", "too long")];
    assert_eq!(
        written(&WriteDataResponse::new(results)),
        json!({"isSuccess": false,
               "errorDetails": {"errorCode": "PartialWriteFailure", "errorMessage": "1 of 2 records failed; the first: too long", "retryAfterSeconds": null},
               "writeRecordResults": [{"isSuccess": true, "recordId": "1", "errorMessage": null},
                                      {"isSuccess": false, "recordId": "", "errorMessage": "too long"}]})
    );
}

#[test]
fn a_field_has_the_operators_of_its_type_and_they_are_never_null() {
    for (data_type, operators) in [
        ("String", json!(["CONTAINS", "EQUAL_TO", "NOT_EQUAL_TO"])),
        (
            "BigDecimal",
            json!([
                "NOT_EQUAL_TO",
                "EQUAL_TO",
                "LESS_THAN",
                "LESS_THAN_OR_EQUAL_TO",
                "GREATER_THAN",
                "GREATER_THAN_OR_EQUAL_TO"
            ]),
        ),
        (
            "DateTime",
            json!([
                "EQUAL_TO",
                "LESS_THAN",
                "LESS_THAN_OR_EQUAL_TO",
                "GREATER_THAN",
                "GREATER_THAN_OR_EQUAL_TO",
                "BETWEEN"
            ]),
        ),
        ("Boolean", json!(["EQUAL_TO", "NOT_EQUAL_TO"])),
        ("Map", json!(["CONTAINS"])),
        ("Struct", json!([])),
        ("ByteArray", json!([])),
    ] {
        let field: FieldDefinition =
            serde_json::from_str(&format!(r#"{{"fieldName":"f","dataType":"{data_type}","filterOperators":null}}"#))
                .unwrap();
        assert_eq!(written(&field)["filterOperators"], operators, "{data_type}");
        assert_eq!(written(&FieldDefinition::new("f", FieldDataType::from(data_type)))["filterOperators"], operators);
    }
}

#[test]
fn the_configuration_is_written_with_its_odd_names_and_full_lists() {
    let mut oauth2 = OAuth2Defaults::new("https://t", OAuth2GrantType::ClientCredentials);
    oauth2.oauth2_custom_properties =
        Some(vec![OAuth2CustomParameter::new("k", OAuth2CustomPropertyType::AuthUrl, "l", "d")]);
    let configuration = DescribeConnectorConfigurationResponse::source("n", "o", "1")
        .authentication(AuthenticationConfig::new().oauth2(oauth2))
        .setting(
            ConnectorRuntimeSetting::new("k", RuntimeSettingType::Url, RuntimeSettingScope::ConnectorProfile, "l", "d")
                .required(),
        )
        .build()
        .unwrap();
    let json = written(&configuration);
    assert_eq!(
        json["connectorRuntimeSetting"],
        json!([{"key": "k", "dataType": "Url", "required": true, "label": "l",
        "description": "d", "scope": "CONNECTOR_PROFILE", "connectorSuppliedValueOptions": null}])
    );
    assert_eq!(
        json["authenticationConfig"],
        json!({
            "isBasicAuthSupported": false, "isApiKeyAuthSupported": false, "isOAuth2Supported": true, "isCustomAuthSupported": false,
            "customAuthConfig": null,
            "oAuth2Defaults": {"oAuthScopes": null, "tokenURL": ["https://t"], "authURL": null,
                "oAuth2GrantTypesSupported": ["CLIENT_CREDENTIALS"], "oAuth2ContentType": "URL_ENCODED", "oAuth2MethodType": "HTTP_POST",
                "oauth2CustomProperties": [{"key": "k", "required": false, "type": "AUTH_URL", "label": "l", "description": "d",
                                            "sensitiveField": null, "connectorSuppliedValues": null}],
                "addBasicAuthHeader": false}
        })
    );
    assert_eq!(json["logoURL"], Value::Null);
    assert_eq!(json["operatorsSupported"].as_array().unwrap().len(), 21);
    assert_eq!(json["supportedTriggerTypes"], json!(["SCHEDULED", "ONDEMAND"]));
    assert_eq!(
        json["triggerFrequenciesSupported"],
        json!(["BYMINUTE", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "ONCE"])
    );
    assert_eq!(json["supportedWriteOperations"], json!(["INSERT", "UPDATE", "UPSERT", "DELETE"]));
    assert_eq!(json["supportedDataTransferTypes"], json!(["RECORD"]));
}

#[test]
fn a_configuration_of_either_official_sdk_can_be_read() {
    let minimal = br#"{"isSuccess":true,"connectorOwner":"o","connectorName":"n","connectorVersion":1,
        "connectorModes":["SOURCE"],"supportedApiVersions":["v1"],"operatorsSupported":null,
        "authenticationConfig":{"isOAuth2Supported":true,"oAuth2Defaults":{"loginURL":["https://t"],
        "oAuth2CustomProperties":[{"key":"k","required":true,"type":"TOKEN_URL","label":"l","description":"d"}]}}}"#;
    let Response::DescribeConnectorConfiguration(configuration) =
        Response::decode(Operation::DescribeConnectorConfiguration, minimal).unwrap()
    else {
        panic!()
    };
    assert_eq!(configuration.connector_version, "1");
    assert_eq!(configuration.operators_supported.len(), 21);
    let oauth2 = configuration.authentication_config.unwrap().oauth2_defaults.unwrap();
    assert_eq!(oauth2.token_url, ["https://t"]);
    assert_eq!(oauth2.oauth2_custom_properties.unwrap()[0].property_type, OAuth2CustomPropertyType::TokenUrl);
}

#[test]
fn responses_survive_writing_and_reading() {
    let definition = EntityDefinition::new("a", vec![FieldDefinition::new("id", FieldDataType::Long).primary_key()]);
    let responses: Vec<Response> = vec![
        DescribeConnectorConfigurationResponse::source("n", "o", "1").build().unwrap().into(),
        ValidateConnectorRuntimeSettingsResponse::from_errors([("k".to_owned(), "bad".to_owned())].into()).into(),
        ValidateCredentialsResponse::valid().into(),
        ListEntitiesResponse::new(vec![Entity::new("a")]).into(),
        DescribeEntityResponse::new(definition).into(),
        QueryDataResponse::new(vec![Record::parse("{\"ü\":\"\\u0000\"}").unwrap()], None).into(),
        RetrieveDataResponse::new(Vec::new()).into(),
        WriteDataResponse::new(vec![WriteRecordResult::written("1")]).into(),
    ];
    for (response, operation) in responses.into_iter().zip(Operation::ALL) {
        let text = serde_json::to_string(&response).unwrap();
        assert_eq!(Response::decode(operation, text.as_bytes()).unwrap(), response);
    }
}
