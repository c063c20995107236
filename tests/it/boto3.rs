//! Python's AWS SDK against the local AWS, with nothing but `AWS_ENDPOINT_URL`.

use std::io::Write;
use std::process::{Command, Stdio};

use appflow_tests::{Laptop, peers_or_skip, workspace};
use serde_json::{Value, json};

#[test]
fn boto3_registers_connects_describes_and_unregisters() {
    let Some(peers) = peers_or_skip("boto3") else { return };
    let laptop = Laptop::new();
    let server = laptop.serve();
    let deployed = laptop.deploy(&["--env", "CONNECTOR_METRICS_NAMESPACE=Sample"]).expect(0).json();
    let function = deployed["functionArn"].as_str().unwrap();
    // A function that AppFlow may not invoke: one whose registration was taken back, permission included.
    let forbidden = laptop.deploy(&["--label", "forbidden"]).expect(0).json();
    drop(laptop.registrar(&["unregister", "--local", "--label", "forbidden", "--yes"]).expect(0));
    let forbidden = forbidden["functionArn"].as_str().unwrap();

    let mut command: Command = laptop.command(peers.program("python"));
    let mut python = command
        .arg(workspace().join("tests/peers/boto3_journey.py"))
        .args([function, forbidden])
        .env("AWS_ENDPOINT_URL", &server.endpoint_url)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (kind, parameters) = ("SampleToken", json!({"tenant": "acme", "token": "sample-token"}));
    writeln!(python.stdin.take().unwrap(), "{kind}\n{parameters}").unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();

    let code = |key: &str| said[key][0].as_str().unwrap_or_else(|| panic!("{key} in {said}"));
    assert_eq!(code("badLabel"), "ValidationException");
    assert_eq!(code("missingFunction"), "ResourceNotFoundException");
    assert_eq!(code("forbidden"), "AccessDeniedException");
    assert_eq!(code("notRegistered"), "ResourceNotFoundException");
    assert_eq!(code("conflict"), "ConflictException");
    assert_eq!(code("wrongPassword"), "ConnectorAuthenticationException");
    assert_eq!(code("inUse"), "ConflictException");
    assert_eq!(code("gone"), "ResourceNotFoundException");
    assert!(!said["wrongPassword"].to_string().contains("hunter2"), "{said}");

    let log = said["log"].as_array().unwrap();
    let [line] = &log.iter().filter(|line| line["message"] == "answered").collect::<Vec<_>>()[..] else {
        panic!("one line an invocation: {log:?}")
    };
    assert_eq!(
        (&line["operation"], &line["entity"], &line["flow"]),
        (&json!("QueryData"), &json!("orders"), &json!("nightly"))
    );
    assert_eq!(
        (&line["outcome"], &line["records"], &line["upstream_calls"]),
        (&json!("success"), &json!(5), &json!(1))
    );
    assert_eq!(line["bytes"], said["answerBytes"]);
    let metrics = log.iter().find(|line| line.get("_aws").is_some()).unwrap();
    assert_eq!((&metrics["Operation"], &metrics["Records"]), (&json!("QueryData"), &json!(5)));
    assert_eq!(metrics["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Sample");

    assert!(said["connectorArn"].as_str().unwrap().ends_with(":connector/python"));
    let described = &said["described"];
    assert_eq!(described["canUseAsSource"], true);
    assert_eq!(described["connectorProvisioningConfig"]["lambda"]["lambdaArn"], function);
    assert_eq!(described["authenticationConfig"]["isBasicAuthSupported"], true);
    assert_eq!(described["connectorRuntimeSettings"][0]["key"], "baseUrl");
    assert!(said["listed"].as_array().unwrap().contains(&json!("python")));

    for (guard, entities) in said["kinds"].as_object().unwrap() {
        let entities = entities.as_array().unwrap();
        assert!(entities.contains(&json!("orders")), "{guard}: {entities:?}");
    }
    assert_eq!(said["kinds"].as_object().unwrap().len(), 5);
    assert_eq!(said["profiles"].as_array().unwrap().len(), 5);
    assert!(!said["profiles"].to_string().contains("sample-password"), "profiles never show credentials");
    assert_eq!(said["secretKeys"], json!(["password", "username"]));

    assert_eq!(said["fields"]["id"]["isPrimaryKey"], true);
    let updated = &said["fields"]["updated_at"];
    assert_eq!(updated["supportedFieldTypeDetails"]["v1"]["fieldType"], "DateTime");
    assert_eq!(updated["sourceProperties"]["isTimestampFieldForIncrementalQueries"], true);
}
