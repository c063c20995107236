//! Every path of the service, and bodies that are none.

use super::*;

/// Every operation with a fixed path, and whether the emulator has it.
const PATHS: [(&str, bool); 22] = [
    ("/register-connector", true),
    ("/update-connector-registration", true),
    ("/describe-connector", true),
    ("/list-connectors", true),
    ("/describe-connectors", false),
    ("/unregister-connector", true),
    ("/create-connector-profile", true),
    ("/describe-connector-profiles", true),
    ("/update-connector-profile", true),
    ("/delete-connector-profile", true),
    ("/list-connector-entities", true),
    ("/describe-connector-entity", true),
    ("/reset-connector-metadata-cache", true),
    ("/create-flow", false),
    ("/update-flow", false),
    ("/describe-flow", false),
    ("/list-flows", true),
    ("/start-flow", false),
    ("/stop-flow", false),
    ("/delete-flow", false),
    ("/describe-flow-execution-records", false),
    ("/cancel-flow-executions", false),
];

#[tokio::test]
async fn every_path_is_answered_or_said_not_to_be_emulated() {
    let world = World::new();
    for (path, emulated) in PATHS {
        match world.call(path, json!({})).await {
            Ok(_) => assert!(emulated, "{path}"),
            Err(refusal) => {
                let expected = if emulated { "ValidationException" } else { "UnsupportedOperationException" };
                assert_eq!(refusal.code, expected, "{path}: {}", refusal.message);
                assert_eq!(refusal.status, 400);
            }
        }
    }
    assert_eq!(world.ok("/list-flows", json!({})).await, json!({"flows": []}));
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let refusal = world.raw(&method, "/tags/arn:aws:appflow:x", "").await.unwrap_err();
        assert_eq!(refusal.code, "UnsupportedOperationException");
    }
}

#[tokio::test]
async fn an_unknown_path_or_method_is_no_operation() {
    let world = World::new();
    for (method, path) in [(Method::POST, "/nothing"), (Method::GET, "/list-connectors"), (Method::POST, "/")] {
        let refusal = world.raw(&method, path, "{}").await.unwrap_err();
        assert_eq!((refusal.status, refusal.code.as_str()), (404, "UnknownOperationException"));
    }
}

#[tokio::test]
async fn a_malformed_body_is_a_serialization_error_that_shows_no_value() {
    let world = World::new();
    for (path, emulated) in PATHS {
        if !emulated || path == "/list-flows" {
            continue;
        }
        for body in ["{", "[]", "\"hunter2\"", "{} x"] {
            let refusal = world.raw(&Method::POST, path, body).await.unwrap_err();
            assert_eq!((refusal.status, refusal.code.as_str()), (400, "SerializationException"), "{path} {body}");
            assert!(!refusal.message.contains("hunter2"), "{}", refusal.message);
        }
    }
    let wrong = r#"{"connectorProfileConfig":{"connectorProfileCredentials":{"CustomConnector":{"basic":{"password":["hunter2"]}}}}}"#;
    let refusal = world.raw(&Method::POST, "/create-connector-profile", wrong).await.unwrap_err();
    assert!(refusal.message.contains("CustomConnector.basic.password: expected a string"), "{}", refusal.message);
}

#[tokio::test]
async fn unknown_members_and_an_empty_body_are_fine() {
    let world = World::new();
    assert_eq!(world.ok("/list-connectors", json!({"colour": "red"})).await, json!({"connectors": []}));
    assert!(world.raw(&Method::POST, "/list-connectors", "").await.is_ok());
}

#[tokio::test]
async fn a_state_that_cannot_be_written_is_an_internal_error_and_changes_nothing() {
    let world = World::new();
    std::fs::remove_dir_all(world.dir.path()).unwrap();
    let refusal = world.refused("/register-connector", register()).await;
    assert_eq!((refusal.status, refusal.code.as_str()), (500, "InternalServerException"));
    assert!(refusal.message.contains("cannot write"), "{}", refusal.message);
    assert_eq!(world.ok("/list-connectors", json!({})).await, json!({"connectors": []}));
}
