//! Tests of what a function may have besides the necessary, and of cargo-lambda's settings.

use std::collections::BTreeMap;

use super::*;
use crate::project::LambdaDeploy;

fn lambda(source: Source) -> LambdaDeploy {
    LambdaDeploy {
        source,
        memory: None,
        timeout: None,
        role: None,
        env: BTreeMap::new(),
        tags: BTreeMap::new(),
        tracing: None,
        layers: None,
        subnets: None,
        security_groups: None,
        log_retention: None,
        s3_bucket: None,
        s3_key: None,
    }
}

fn settle(
    function: &FunctionArgs,
    variables: &[(&str, &str)],
    metadata: Metadata,
    lambda: Vec<LambdaDeploy>,
) -> Result<FunctionSettings, RegistrarError> {
    let environment = environment(variables);
    let project = Project { lambda, ..project(metadata) };
    let inputs = Inputs { environment: &environment, project: Some(&project), local: false };
    let settings = Settings::for_deploy(&ConnectorArgs::default(), function, inputs)?;
    Ok(settings.function.unwrap())
}

fn shown<T>(setting: Option<&Setting<T>>) -> (&T, String) {
    let setting = setting.unwrap();
    (&setting.value, setting.source.to_string())
}

#[test]
fn each_place_wins_over_those_behind_it() {
    let mut flags = FunctionArgs { log_retention: Some(1), ..FunctionArgs::default() };
    let mut variables = vec![("REGISTRAR_LOG_RETENTION", "3")];
    let mut metadata = Metadata { log_retention: Some(5), ..Metadata::default() };
    let mut places: Vec<_> =
        [(Source::LambdaMetadata, 7), (Source::WorkspaceMetadata, 14), (Source::CargoLambdaFile, 30)]
            .map(|(source, days)| LambdaDeploy { log_retention: Some(days), ..lambda(source) })
            .into();
    let mut seen = Vec::new();
    loop {
        let settings = settle(&flags, &variables, metadata.clone(), places.clone()).unwrap();
        let Some(setting) = settings.extras.log_retention else { break };
        seen.push((setting.value, setting.source.to_string()));
        match setting.source {
            Source::Flag(_) => flags.log_retention = None,
            Source::Variable(_) => variables.clear(),
            Source::Metadata => metadata.log_retention = None,
            _ => drop(places.remove(0)),
        }
    }
    let expected = [
        (1, "--log-retention"),
        (3, "$REGISTRAR_LOG_RETENTION"),
        (5, "[package.metadata.appflow]"),
        (7, "[package.metadata.lambda.deploy]"),
        (14, "[workspace.metadata.lambda.deploy]"),
        (30, "CargoLambda.toml"),
    ];
    assert_eq!(seen, expected.map(|(days, source)| (days, source.to_owned())));
}

#[test]
fn reads_cargo_lambdas_settings_where_nobody_says_otherwise() {
    let text = |text: &str| text.to_owned();
    let place = LambdaDeploy {
        memory: Some(512),
        timeout: Some(20),
        role: Some(text("arn:aws:iam::123456789012:role/r")),
        env: BTreeMap::from([(text("TEAM"), text("crm")), (text("MODE"), text("lambda"))]),
        tags: BTreeMap::from([(text("team"), text("crm"))]),
        tracing: Some(text("active")),
        layers: Some(vec![text("arn:aws:lambda:eu-west-1:123456789012:layer:name:1")]),
        subnets: Some(vec![text("subnet-1")]),
        security_groups: Some(vec![text("sg-1")]),
        s3_bucket: Some(text("artefacts")),
        s3_key: Some(text("team/crm/function.zip")),
        ..lambda(Source::LambdaMetadata)
    };
    let own = Metadata { env: BTreeMap::from([(text("MODE"), text("own"))]), ..Metadata::default() };
    let settings = settle(&FunctionArgs::default(), &[], own.clone(), vec![place.clone()]).unwrap();
    let source = "[package.metadata.lambda.deploy]".to_owned();
    assert_eq!(shown(Some(&settings.memory)), (&512, source.clone()));
    assert_eq!(shown(Some(&settings.timeout)), (&20, source.clone()));
    assert!(matches!(&settings.role, RoleSettings::Existing(arn) if arn.value.ends_with("role/r")));
    let variables: Vec<_> = settings.environment.value.iter().collect();
    assert_eq!(variables, [("MODE", "own"), ("TEAM", "crm")]);
    let extras = &settings.extras;
    assert_eq!(shown(extras.tracing.as_ref()), (&text("Active"), source.clone()));
    assert_eq!(shown(extras.s3_bucket.as_ref()), (&text("artefacts"), source.clone()));
    assert_eq!(shown(extras.s3_prefix.as_ref()).0, "team/crm");
    assert_eq!(shown(extras.network.as_ref()).0.subnets.len(), 1);
    assert_eq!(shown(extras.tags.as_ref()).0["team"], "crm");

    // A role name of ours is nearer than cargo-lambda's role, and the local AWS knows no role of an account.
    let named = Metadata { role_name: Some(text("mine")), ..Metadata::default() };
    let settings = settle(&FunctionArgs::default(), &[], named, vec![place.clone()]).unwrap();
    assert!(matches!(settings.role, RoleSettings::Ours(name) if name.value == "mine"));
    let (variables, project) = (environment(&[]), Project { lambda: vec![place], ..project(own) });
    let inputs = Inputs { environment: &variables, project: Some(&project), local: true };
    let settings = Settings::for_deploy(&ConnectorArgs::default(), &FunctionArgs::default(), inputs).unwrap();
    assert!(matches!(settings.function.unwrap().role, RoleSettings::Ours(_)));
}

#[test]
fn lists_are_written_with_commas_and_none_takes_them_away() {
    let flags = FunctionArgs {
        subnets: Some("subnet-1, subnet-2".to_owned()),
        layers: Some("none".to_owned()),
        kms_key: Some("none".to_owned()),
        tags: vec!["team=crm".to_owned(), "tier=a=b".to_owned()],
        ..FunctionArgs::default()
    };
    let variables = [("REGISTRAR_SECURITY_GROUPS", "sg-1,sg-2"), ("REGISTRAR_TAGS", "team=x,stage=test")];
    let extras = settle(&flags, &variables, Metadata::default(), Vec::new()).unwrap().extras;
    let network = extras.network.as_ref().unwrap();
    assert_eq!((network.value.subnets.len(), network.value.security_groups.len()), (2, 2));
    assert_eq!(shown(extras.layers.as_ref()), (&Vec::new(), "--layers".to_owned()));
    assert_eq!(shown(extras.kms_key.as_ref()).0, "");
    let tags: Vec<_> =
        extras.tags.as_ref().unwrap().value.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(tags, ["stage=test", "team=crm", "tier=a=b"]);
    let lines = extras.lines();
    let layers = lines.iter().find(|[name, ..]| name == "layers").unwrap();
    assert_eq!(layers[1..], ["(none)", "--layers"]);
}

#[test]
fn tells_what_is_wrong_with_each() {
    let flags = FunctionArgs {
        subnets: Some("vpc-1".to_owned()),
        tracing: Some("sometimes".to_owned()),
        log_retention: Some(2),
        alias: Some("1".to_owned()),
        s3_bucket: Some("B".to_owned()),
        tags: vec!["aws:x=1".to_owned(), "novalue".to_owned()],
        ..FunctionArgs::default()
    };
    let error = settle(&flags, &[], Metadata::default(), Vec::new()).unwrap_err().to_string();
    for part in
        ["vpc-1", "without security groups", "sometimes", "2 days", "alias \"1\"", "bucket \"B\"", "aws:x", "novalue"]
    {
        assert!(error.contains(part), "{part} is missing in {error}");
    }
}

#[test]
fn warns_of_time_limits_that_are_not_appflows() {
    for (timeout, says) in [(30, None), (31, Some("longer than AppFlow waits")), (29, Some("before AppFlow gives up"))]
    {
        let flags = FunctionArgs { function_timeout: Some(timeout), ..FunctionArgs::default() };
        let warnings = settle(&flags, &[], Metadata::default(), Vec::new()).unwrap().warnings();
        assert_eq!(warnings.len(), usize::from(says.is_some()), "{warnings:?}");
        assert!(
            says.is_none_or(|says| warnings[0].contains(says) && warnings[0].contains("--function-timeout")),
            "{warnings:?}"
        );
    }
}
