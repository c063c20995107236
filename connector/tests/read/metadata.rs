//! What the connector says of itself, through the bytes that AppFlow exchanges with it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use appflow_connector::{HttpConnector, Manifest, Misconfigured};
use appflow_sdk::{Connector, InvocationContext, Secret, handle};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn shipped(name: &str) -> HttpConnector {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    HttpConnector::new(Manifest::read(&path).unwrap()).allow_loopback(true)
}

async fn ask(connector: &impl Connector, request: Value) -> Value {
    let secrets = Arc::new(BTreeMap::<String, Secret>::new());
    let context = InvocationContext::new("r-1", Duration::from_secs(10), secrets);
    let response = handle(connector, request.to_string().as_bytes(), context).await.unwrap();
    serde_json::from_str(response.get()).unwrap()
}

#[tokio::test]
async fn the_shipped_manifests_describe_themselves() {
    for (file, name, modes, entities) in [
        (
            "connector.toml",
            "Sample API",
            json!(["SOURCE", "DESTINATION"]),
            vec!["accounts", "contacts", "orders", "orders_linked"],
        ),
        ("manifests/datasette.toml", "Datasette", json!(["SOURCE", "DESTINATION"]), vec!["orders"]),
    ] {
        let connector = shipped(file);
        let described = ask(&connector, json!({"type": "DescribeConnectorConfigurationRequest"})).await;
        assert_eq!(described["connectorName"], name);
        assert_eq!(described["connectorModes"], modes);
        assert_eq!(described["connectorRuntimeSetting"][0]["key"], "baseUrl");
        let listed = ask(&connector, json!({"type": "ListEntitiesRequest", "connectorContext": {}})).await;
        let names: Vec<_> =
            listed["entities"].as_array().unwrap().iter().map(|entity| &entity["entityIdentifier"]).collect();
        assert_eq!(names, entities);
        for entity in entities {
            let request = json!({"type": "DescribeEntityRequest", "entityIdentifier": entity, "connectorContext": {}});
            let fields = ask(&connector, request).await["entityDefinition"]["fields"].take();
            let fields = fields.as_array().unwrap();
            let incremental = "isTimestampFieldForIncrementalQueries";
            assert!(fields.iter().any(|field| field["readProperties"][incremental] == true), "{file} {entity}");
            assert!(fields.iter().any(|field| field["isPrimaryKey"] == true), "{file} {entity}");
        }
    }
}

#[tokio::test]
async fn the_sample_offers_five_ways_of_authenticating() {
    let described = ask(&shipped("connector.toml"), json!({"type": "DescribeConnectorConfigurationRequest"})).await;
    let offered = &described["authenticationConfig"];
    for flag in ["isBasicAuthSupported", "isApiKeyAuthSupported", "isOAuth2Supported", "isCustomAuthSupported"] {
        assert_eq!(offered[flag], true, "{flag}");
    }
    let kinds: Vec<_> =
        offered["customAuthConfig"].as_array().unwrap().iter().map(|kind| &kind["authenticationType"]).collect();
    assert_eq!(kinds, ["NoAuth", "SampleToken"]);
}

#[tokio::test]
async fn settings_are_checked_for_the_connection() {
    let connector = shipped("connector.toml");
    let validate = |url: &str| {
        json!({"type": "ValidateConnectorRuntimeSettingsRequest", "scope": "CONNECTOR_PROFILE",
               "connectorRuntimeSettings": {"baseUrl": url}})
    };
    assert_eq!(ask(&connector, validate("http://127.0.0.1:8000/sample/open")).await["isSuccess"], true);
    assert_eq!(ask(&connector, validate("https://api.example.com")).await["isSuccess"], true);
    for (url, problem) in [
        ("", "is required"),
        ("http://api.example.com", "must begin with https://; http:// is for loopback addresses only"),
        (
            "https://u:p@api.example.com",
            "must not hold a user name or password; they belong to the connection's credentials",
        ),
        ("nonsense", "must be a URL such as https://api.example.com"),
        ("https://169.254.169.254", "leads to 169.254.169.254, an address where no API can be"),
    ] {
        let answer = ask(&connector, validate(url)).await;
        assert_eq!(answer["isSuccess"], false);
        assert_eq!(answer["errorsByInputField"]["baseUrl"], problem, "{url}");
    }
    let source =
        json!({"type": "ValidateConnectorRuntimeSettingsRequest", "scope": "SOURCE", "connectorRuntimeSettings": {}});
    assert_eq!(ask(&connector, source).await["isSuccess"], true);
}

#[tokio::test]
async fn a_manifest_that_cannot_be_used_is_told_in_every_answer() {
    let error = Manifest::parse("[connector]\nname = 7", Path::new("connector.toml")).unwrap_err();
    let connector = Misconfigured::new(&error);
    for request in [
        json!({"type": "DescribeConnectorConfigurationRequest"}),
        json!({"type": "ValidateConnectorRuntimeSettingsRequest", "scope": "CONNECTOR_PROFILE"}),
        json!({"type": "ValidateCredentialsRequest", "credentials": {}}),
        json!({"type": "ListEntitiesRequest", "connectorContext": {}}),
        json!({"type": "DescribeEntityRequest", "entityIdentifier": "x", "connectorContext": {}}),
        json!({"type": "QueryDataRequest", "entityIdentifier": "x", "connectorContext": {}}),
        json!({"type": "RetrieveDataRequest", "entityIdentifier": "x", "connectorContext": {}}),
        json!({"type": "WriteDataRequest", "entityIdentifier": "x", "connectorContext": {}, "records": []}),
    ] {
        let answer = ask(&connector, request.clone()).await;
        assert_eq!(answer["isSuccess"], false, "{request}");
        let message = answer["errorDetails"]["errorMessage"].as_str().unwrap();
        assert!(message.contains("connector.toml:2:1: connector.name: "), "{message}");
    }
}
