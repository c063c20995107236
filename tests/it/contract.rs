//! Garbage, oversized and unknown requests to the deployed function: never a crash, always the channel of the contract.

use std::fs;

use appflow_tests::Laptop;
use serde_json::{Value, json};

#[test]
fn whatever_is_sent_the_function_answers_in_the_right_channel_and_lives_on() {
    let laptop = Laptop::new();
    drop(laptop.deploy(&[]).expect(0));
    let server = laptop.serve();
    let invoke = |request: &str| {
        let file = laptop.folder().join("request.json");
        fs::write(&file, request).unwrap();
        laptop.registrar(&["invoke", "--local", file.to_str().unwrap()])
    };

    // Cannot be read: a function error of our own type that says what is wrong.
    for (request, says) in [
        ("{}", "type"),
        ("null", "not a JSON object"),
        ("[1,2]", "not a JSON object"),
        (r#"{"type":"UnknownRequest"}"#, "UnknownRequest"),
        (r#"{"type":"QueryDataRequest"}"#, "entityIdentifier"),
        (
            r#"{"type":"QueryDataRequest","entityIdentifier":"orders","connectorContext":{"credentials":5}}"#,
            "connectorContext.credentials",
        ),
    ] {
        let run = invoke(request).expect(4);
        assert!(run.stdout.contains("AppFlowSdk.InvalidRequest"), "{request}\n{}\n{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(says), "{request}\n{}", run.stdout);
    }

    // Can be read, cannot be done: a response with details.
    let deep = format!("{}id = 1{}", "(".repeat(100_000), ")".repeat(100_000));
    for (request, code) in [
        (
            json!({"type": "DescribeEntityRequest", "entityIdentifier": "nope", "connectorContext": {}}),
            "InvalidArgument",
        ),
        (json!({"type": "QueryDataRequest", "entityIdentifier": "orders", "connectorContext": {}}), "InvalidArgument"),
        (
            json!({"type": "QueryDataRequest", "entityIdentifier": "orders", "filterExpression": deep,
                "connectorContext": {"connectorRuntimeSettings": {"baseUrl": "https://127.0.0.1:1"}}}),
            "InvalidArgument",
        ),
        (
            json!({"type": "QueryDataRequest", "entityIdentifier": "orders", "nextToken": "x".repeat(5_000_000),
                "connectorContext": {"connectorRuntimeSettings": {"baseUrl": "https://127.0.0.1:1"}}}),
            "InvalidArgument",
        ),
        (
            json!({"type": "QueryDataRequest", "entityIdentifier": "orders",
                "connectorContext": {"connectorRuntimeSettings": {"baseUrl": "http://example.com"}}}),
            "InvalidArgument",
        ),
        (
            json!({"type": "QueryDataRequest", "entityIdentifier": "orders",
                "connectorContext": {"connectorRuntimeSettings": {"baseUrl": "http://127.0.0.1:1"}}}),
            "ServiceUnavailable",
        ),
        (json!({"type": "WriteDataRequest", "entityIdentifier": "orders", "connectorContext": {}}), "InvalidArgument"),
    ] {
        let run = invoke(&request.to_string()).expect(0);
        let answer: Value = run.json();
        assert_eq!(answer["isSuccess"], false, "{answer}");
        assert_eq!(answer["errorDetails"]["errorCode"], code, "{answer}");
        assert!(!answer["errorDetails"]["errorMessage"].as_str().unwrap().is_empty());
    }

    let alive = invoke(r#"{"type":"DescribeConnectorConfigurationRequest"}"#).expect(0).json();
    assert_eq!(alive["isSuccess"], true);
    drop(server);
}
