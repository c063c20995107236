//! Tests of the precedence and the rules of settings.

mod extras;

use super::*;
use crate::cli::Architecture;
use crate::project::Metadata;

fn project(metadata: Metadata) -> Project {
    Project { package: "acme-connector".to_owned(), metadata, ..Project::default() }
}

fn environment(variables: &[(&str, &str)]) -> ProcessEnvironment {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn deploy(
    connector: &ConnectorArgs,
    function: &FunctionArgs,
    variables: &[(&str, &str)],
    metadata: Metadata,
) -> Result<Settings, RegistrarError> {
    let environment = environment(variables);
    let project = project(metadata);
    let inputs = Inputs { environment: &environment, project: Some(&project), local: false };
    Settings::for_deploy(connector, function, inputs)
}

#[test]
fn prefers_flag_over_variable_over_metadata_over_default() {
    let metadata = || Metadata { label: Some("metadata".to_owned()), ..Metadata::default() };
    let flag = ConnectorArgs { label: Some("flag".to_owned()), ..ConnectorArgs::default() };
    let none = ConnectorArgs::default();
    let variable = [("REGISTRAR_LABEL", "variable")];
    let function = FunctionArgs::default();
    let rows = [
        (deploy(&flag, &function, &variable, metadata()), "flag", "--label"),
        (deploy(&none, &function, &variable, metadata()), "variable", "$REGISTRAR_LABEL"),
        (deploy(&none, &function, &[], metadata()), "metadata", "[package.metadata.appflow]"),
        (deploy(&none, &function, &[], Metadata::default()), "acme-connector", "default"),
    ];
    for (settings, label, source) in rows {
        let settings = settings.unwrap();
        assert_eq!((settings.label.value.as_str(), settings.label.source.to_string().as_str()), (label, source));
    }
}

#[test]
fn takes_the_label_from_the_manifest_that_is_packaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acme.toml");
    std::fs::write(&path, "[connector]\nname = \"Acme CRM\"\n").unwrap();
    let connector = ConnectorArgs { manifest: Some(path.clone()), ..ConnectorArgs::default() };
    let settings = deploy(&connector, &FunctionArgs::default(), &[], Metadata::default()).unwrap();
    assert_eq!((settings.label.value.as_str(), settings.label.source), ("acme-crm", Source::Manifest));
    assert_eq!(settings.function_name.value, "appflow-connector-acme-crm");

    std::fs::write(&path, "[connector]\nname = \n").unwrap();
    let error = deploy(&connector, &FunctionArgs::default(), &[], Metadata::default()).unwrap_err();
    assert!(error.to_string().contains("acme.toml is not TOML (line 2)"), "{error}");
}

#[test]
fn derives_names_that_lambda_and_iam_take() {
    let long = "a.b".repeat(30);
    let connector = ConnectorArgs { label: Some(long), ..ConnectorArgs::default() };
    let settings = deploy(&connector, &FunctionArgs::default(), &[], Metadata::default()).unwrap();
    let function = settings.function.unwrap();
    let RoleSettings::Ours(role) = function.role else { panic!("expected a role of ours") };
    assert_eq!((settings.function_name.value.len(), role.value.len()), (64, 64));
    assert_ne!(settings.function_name.value, role.value);
}

#[test]
fn tells_every_problem_at_once_and_exits_with_2() {
    let connector = ConnectorArgs { label: Some("-bad".to_owned()), ..ConnectorArgs::default() };
    let function = FunctionArgs {
        description: Some("a, b".to_owned()),
        memory: Some(64),
        function_timeout: Some(0),
        role_arn: Some("role".to_owned()),
        environment: vec!["AWS_REGION=x".to_owned(), "novalue".to_owned()],
        ..FunctionArgs::default()
    };
    let error = deploy(&connector, &function, &[("REGISTRAR_FUNCTION_NAME", "a b")], Metadata::default()).unwrap_err();
    let text = error.to_string();
    for part in ["-bad", "','", "64 MB", "0 s", "\"role\"", "AWS_REGION", "NAME=VALUE", "\"a b\""] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert_eq!(error.exit_code().code(), 2);
}

#[test]
fn does_not_show_the_value_of_a_malformed_variable() {
    let function = FunctionArgs { environment: vec!["s3cret".to_owned()], ..FunctionArgs::default() };
    let error = deploy(&ConnectorArgs::default(), &function, &[], Metadata::default()).unwrap_err();
    assert!(!error.to_string().contains("s3cret"));
}

#[test]
fn lets_a_role_name_on_the_command_line_win_over_an_arn_in_the_metadata() {
    let metadata = Metadata { role_arn: Some("arn:aws:iam::123456789012:role/r".to_owned()), ..Metadata::default() };
    let function = FunctionArgs { role_name: Some("mine".to_owned()), ..FunctionArgs::default() };
    let settings = deploy(&ConnectorArgs::default(), &function, &[], metadata.clone()).unwrap();
    assert!(matches!(settings.function.unwrap().role, RoleSettings::Ours(name) if name.value == "mine"));
    let settings = deploy(&ConnectorArgs::default(), &FunctionArgs::default(), &[], metadata).unwrap();
    assert!(matches!(settings.function.unwrap().role, RoleSettings::Existing(_)));
}

#[test]
fn builds_for_arm_on_aws_and_for_this_machine_locally() {
    let environment = environment(&[]);
    let project = project(Metadata::default());
    for (local, expected) in [(false, "arm64"), (true, Architecture::of_this_machine().as_str())] {
        let inputs = Inputs { environment: &environment, project: Some(&project), local };
        let settings = Settings::for_deploy(&ConnectorArgs::default(), &FunctionArgs::default(), inputs).unwrap();
        assert_eq!(settings.function.unwrap().architecture.value, expected);
    }
}

#[test]
fn takes_the_function_name_out_of_an_arn() {
    let environment = environment(&[]);
    let inputs = Inputs { environment: &environment, project: None, local: false };
    let connector = ConnectorArgs { label: Some("acme".to_owned()), ..ConnectorArgs::default() };
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:f";
    let settings = Settings::for_register(&connector, Some(arn), None, false, inputs).unwrap();
    assert_eq!(settings.function_name.value, "f");
    let error = Settings::for_register(&connector, Some(&format!("{arn}:1")), None, false, inputs).unwrap_err();
    assert!(error.to_string().contains("version or alias"), "{error}");
}
