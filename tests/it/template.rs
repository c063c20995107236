//! template.yaml and the registrar agree. cfn-lint checks the template itself.

use std::fs;

use appflow_tests::{Laptop, peers_or_skip, workspace};
use serde_json::{Value, json};

/// The template as JSON, intrinsic functions as `{"Fn::…": …}`.
fn template() -> Option<Value> {
    let peers = peers_or_skip("template")?;
    let laptop = Laptop::new();
    let output = laptop
        .command(peers.program("python"))
        .arg("tests/peers/template.py")
        .arg(workspace().join("template.yaml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn the_sam_translator_turns_the_template_into_the_same_function_permission_and_registration() {
    let Some(translated) = template() else { return };
    let resources = &translated["Resources"];

    let function = &resources["ConnectorFunction"]["Properties"];
    assert_eq!(function["Runtime"], "provided.al2023");
    assert_eq!(function["Handler"], "bootstrap");
    assert_eq!(function["Architectures"], json!(["arm64"]));
    assert_eq!(function["Timeout"], 30);

    let permission = &resources["AppFlowMayInvoke"]["Properties"];
    assert_eq!(permission["Principal"], "appflow.amazonaws.com");
    assert_eq!(permission["Action"], "lambda:InvokeFunction");
    assert_eq!(permission["SourceAccount"], json!({"Ref": "AWS::AccountId"}));
    let source = "arn:${AWS::Partition}:appflow:${AWS::Region}:${AWS::AccountId}:*";
    assert_eq!(permission["SourceArn"], json!({"Fn::Sub": source}));

    let connector = &resources["Connector"];
    assert_eq!(connector["DependsOn"], json!(["AppFlowMayInvoke", "ConnectorLogs"]));
    assert_eq!(connector["Properties"]["ConnectorProvisioningType"], "LAMBDA");

    let role = resources["ConnectorFunctionRole"]["Properties"].to_string();
    assert!(role.contains("AWSLambdaBasicExecutionRole"), "{role}");
    let secrets = "secret:appflow!${AWS::AccountId}-${ConnectorLabel}-*";
    assert!(role.contains(secrets), "{role}");
    assert_eq!(role.matches("secretsmanager:").count(), 2, "one action on one resource: {role}");
}

#[test]
fn the_binary_it_builds_is_the_connectors() {
    let template = fs::read_to_string(workspace().join("template.yaml")).unwrap();
    assert!(template.contains("Binary: appflow-connector"));
    assert!(template.contains("CodeUri: connector/"));
}
