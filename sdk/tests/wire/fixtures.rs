//! Each message of each operation, as files: what must be read, how it is written again, and what must be refused.
//!
//! `fixtures/OPERATION/{request,response}.NAME.json`, where NAME is
//! - `full`: every property is given; it is written again as the equal JSON value;
//! - `minimal`: only what must be given; it is written again as `minimal.written`, with every default and null;
//! - `invalid` or `invalid.WHAT`: a `message` that is refused, with an error at the `path`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::*;

pub(super) const DIRECTIONS: [&str; 2] = ["request", "response"];

/// Reads a message and writes it again.
pub(super) fn rewrite(direction: &str, operation: Operation, message: &str) -> Result<Value, DecodeError> {
    if direction == "request" {
        let request = Request::decode(message.as_bytes())?;
        assert_eq!(request.operation(), operation);
        Ok(written(&request))
    } else {
        Ok(written(&Response::decode(operation, message.as_bytes())?))
    }
}

/// The files of one operation, by name without ending.
#[track_caller]
pub(super) fn files(operation: Operation) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(operation.name());
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().strip_suffix(".json").unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

pub(super) fn parse(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

#[test]
fn there_are_files_for_every_operation_and_no_others() {
    let mut known = BTreeSet::new();
    for operation in Operation::ALL {
        known.insert(operation.name().to_owned());
        let names: BTreeSet<_> = files(operation).into_keys().collect();
        let mut expected = BTreeSet::new();
        for direction in DIRECTIONS {
            for name in ["minimal", "minimal.written", "full", "invalid"] {
                expected.insert(format!("{direction}.{name}"));
            }
        }
        let others = names.difference(&expected).filter(|name| !name.contains(".invalid."));
        assert_eq!(others.collect::<Vec<_>>(), Vec::<&String>::new(), "{operation}");
        assert_eq!(expected.difference(&names).collect::<Vec<_>>(), Vec::<&String>::new(), "{operation}");
    }
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")).unwrap();
    let folders: BTreeSet<_> = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(folders, known);
}

#[test]
fn full_messages_are_written_as_they_were_read() {
    for operation in Operation::ALL {
        let files = files(operation);
        for direction in DIRECTIONS {
            let full = &files[&format!("{direction}.full")];
            assert_eq!(rewrite(direction, operation, full).unwrap(), parse(full), "{operation} {direction}");
        }
    }
}

#[test]
fn minimal_messages_are_written_with_every_default_and_null() {
    for operation in Operation::ALL {
        let files = files(operation);
        for direction in DIRECTIONS {
            let minimal = &files[&format!("{direction}.minimal")];
            let expected = parse(&files[&format!("{direction}.minimal.written")]);
            assert_eq!(rewrite(direction, operation, minimal).unwrap(), expected, "{operation} {direction}");
            // What is written is itself a message, and means the same.
            assert_eq!(rewrite(direction, operation, &expected.to_string()).unwrap(), expected);
        }
    }
}

#[test]
fn invalid_messages_are_refused_at_their_path() {
    for operation in Operation::ALL {
        for (name, text) in files(operation) {
            let Some((direction, _)) = name.split_once(".invalid") else { continue };
            let fixture = parse(&text);
            let (expected, message) = (fixture["path"].as_str().unwrap(), fixture["message"].to_string());
            let error = rewrite(direction, operation, &message).unwrap_err();
            let path = match error.kind() {
                DecodeErrorKind::Invalid { path, .. } => path.as_str(),
                DecodeErrorKind::FailureWithoutDetails => "errorDetails",
                other => panic!("{operation} {name}: {other:?}"),
            };
            assert_eq!(path, expected, "{operation} {name}: {error}");
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.operation(), Some(operation));
        }
    }
}

/// Every property of every object of the protocol.
const PROPERTIES: &[(&str, &[&str])] = &[
    ("DescribeConnectorConfiguration request", &["type", "locale", "connectorLabel"]),
    (
        "DescribeConnectorConfiguration response",
        &[
            "isSuccess",
            "errorDetails",
            "connectorOwner",
            "connectorName",
            "connectorVersion",
            "connectorModes",
            "authenticationConfig",
            "connectorRuntimeSetting",
            "supportedApiVersions",
            "operatorsSupported",
            "supportedTriggerTypes",
            "triggerFrequenciesSupported",
            "supportedWriteOperations",
            "logoURL",
            "supportedDataTransferTypes",
        ],
    ),
    (
        "AuthenticationConfig",
        &[
            "isBasicAuthSupported",
            "isApiKeyAuthSupported",
            "isOAuth2Supported",
            "isCustomAuthSupported",
            "oAuth2Defaults",
            "customAuthConfig",
        ],
    ),
    (
        "OAuth2Defaults",
        &[
            "oAuthScopes",
            "tokenURL",
            "authURL",
            "oAuth2GrantTypesSupported",
            "oAuth2ContentType",
            "oAuth2MethodType",
            "oauth2CustomProperties",
            "addBasicAuthHeader",
        ],
    ),
    (
        "OAuth2CustomParameter",
        &["key", "required", "type", "label", "description", "sensitiveField", "connectorSuppliedValues"],
    ),
    (
        "CustomAuthConfig and AuthParameter",
        &[
            "authenticationType",
            "authParameters",
            "key",
            "required",
            "label",
            "description",
            "sensitiveField",
            "connectorSuppliedValues",
        ],
    ),
    (
        "ConnectorRuntimeSetting",
        &["key", "dataType", "required", "label", "description", "scope", "connectorSuppliedValueOptions"],
    ),
    ("ValidateConnectorRuntimeSettings request", &["scope", "connectorRuntimeSettings", "authenticationType"]),
    ("ValidateConnectorRuntimeSettings response", &["isSuccess", "errorsByInputField", "errorDetails"]),
    ("ValidateCredentials request", &["credentials", "connectorRuntimeSettings"]),
    ("ListEntities request", &["connectorContext", "entitiesPath", "maxResult", "nextToken"]),
    ("ListEntities response", &["isSuccess", "errorDetails", "entities", "nextToken", "cacheControl"]),
    ("Entity", &["entityIdentifier", "hasNestedEntities", "isWritable", "label", "description", "customProperties"]),
    ("CacheControl", &["timeToLive", "timeToLiveUnit"]),
    ("DescribeEntity", &["entityIdentifier", "connectorContext", "entityDefinition", "cacheControl"]),
    ("EntityDefinition", &["entity", "fields", "customProperties"]),
    (
        "FieldDefinition",
        &[
            "fieldName",
            "dataType",
            "dataTypeLabel",
            "label",
            "description",
            "isPrimaryKey",
            "defaultValue",
            "isDeprecated",
            "constraints",
            "readProperties",
            "writeProperties",
            "filterOperators",
            "customProperties",
        ],
    ),
    (
        "FieldConstraints",
        &[
            "allowedLengthRange",
            "allowedValueRange",
            "allowedValues",
            "allowedValuesRegexPattern",
            "allowedDateFormat",
            "minRange",
            "maxRange",
        ],
    ),
    ("ReadOperationProperty", &["isRetrievable", "isNullable", "isQueryable", "isTimestampFieldForIncrementalQueries"]),
    (
        "WriteOperationProperty",
        &[
            "isCreatable",
            "isUpdatable",
            "isNullable",
            "isUpsertable",
            "isDefaultedOnCreate",
            "supportedWriteOperations",
        ],
    ),
    (
        "QueryData request",
        &["entityIdentifier", "connectorContext", "selectedFieldNames", "filterExpression", "maxResults", "nextToken"],
    ),
    ("QueryData response", &["isSuccess", "errorDetails", "nextToken", "records"]),
    ("RetrieveData request", &["selectedFieldNames", "idFieldName", "ids"]),
    ("WriteData request", &["operation", "idFieldNames", "records", "allOrNone"]),
    ("WriteData response", &["isSuccess", "errorDetails", "writeRecordResults"]),
    ("WriteRecordResult", &["isSuccess", "recordId", "errorMessage"]),
    (
        "ConnectorContext",
        &[
            "apiVersion",
            "connectorRuntimeSettings",
            "credentials",
            "entityDefinition",
            "flowName",
            "executionId",
            "connectorProfileLabel",
        ],
    ),
    ("Credentials", &["secretArn", "authenticationType"]),
    ("ErrorDetails", &["errorCode", "errorMessage", "retryAfterSeconds"]),
];

/// The names of all properties in a message; keys that users choose are none.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                found.insert(name.clone());
                if !matches!(name.as_str(), "connectorRuntimeSettings" | "customProperties" | "errorsByInputField") {
                    names(member, found);
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| names(element, found)),
        _ => {}
    }
}

#[test]
fn every_property_of_the_protocol_occurs_in_a_full_message_and_nothing_else_does() {
    let mut found = BTreeSet::new();
    for operation in Operation::ALL {
        let files = files(operation);
        for direction in DIRECTIONS {
            names(&parse(&files[&format!("{direction}.full")]), &mut found);
        }
    }
    let known: BTreeSet<_> = PROPERTIES.iter().flat_map(|(_, names)| *names).map(|name| (*name).to_owned()).collect();
    assert_eq!(found, known);
}

/// Whether there is null inside a list or a map of text.
fn has_null_inside(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(|element| element.is_null() || has_null_inside(element)),
        Value::Object(members) => members.iter().any(|(name, member)| {
            let is_map =
                matches!(name.as_str(), "connectorRuntimeSettings" | "customProperties" | "errorsByInputField");
            let has_null = is_map && member.as_object().is_some_and(|map| map.values().any(Value::is_null));
            has_null || has_null_inside(member)
        }),
        _ => false,
    }
}

#[test]
fn what_is_written_holds_null_for_properties_only_and_never_for_the_five_lists() {
    const NEVER_NULL: [&str; 5] = [
        "operatorsSupported",
        "supportedTriggerTypes",
        "triggerFrequenciesSupported",
        "supportedWriteOperations",
        "filterOperators",
    ];
    let mut checked = 0;
    for operation in Operation::ALL {
        for (name, text) in files(operation) {
            if name.contains("invalid") {
                continue;
            }
            let direction = if name.starts_with("request") { "request" } else { "response" };
            let written = rewrite(direction, operation, &text).unwrap();
            assert!(!has_null_inside(&written), "{operation} {name}");
            // A destination's field may have no list of writes; that property only shares its name.
            let fields = written.pointer("/entityDefinition/fields").and_then(Value::as_array);
            for object in std::iter::once(&written).chain(fields.into_iter().flatten()) {
                for list in NEVER_NULL.iter().filter_map(|list| object.get(list)) {
                    assert!(list.is_array(), "{operation} {name}");
                    checked += 1;
                }
            }
        }
    }
    assert_eq!(checked, 3 * 4 + 3, "three configurations and three described entities");
}

#[test]
fn the_five_lists_are_lists_even_when_they_are_empty() {
    let configuration = DescribeConnectorConfigurationResponse::source("n", "o", "1")
        .operators([])
        .trigger_types([])
        .trigger_frequencies([])
        .write_operations([])
        .build_unchecked();
    let written = serde_json::to_value(&configuration).unwrap();
    for list in
        ["operatorsSupported", "supportedTriggerTypes", "triggerFrequenciesSupported", "supportedWriteOperations"]
    {
        assert_eq!(written[list], serde_json::json!([]), "{list}");
    }
    let field = FieldDefinition::new("f", FieldDataType::String).filter_operators([]);
    assert_eq!(serde_json::to_value(&field).unwrap()["filterOperators"], serde_json::json!([]));
}
