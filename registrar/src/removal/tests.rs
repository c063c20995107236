//! What is taken away, in which order, and what stays.

use serde_json::json;

use super::*;
use crate::attachments::Attachments;
use crate::configuration::ConnectorConfiguration;
use crate::observed::FunctionStatus;

const EVERYTHING: Extent = Extent { force: false, function: true, logs: true };

fn function(tags: &[(&str, String)]) -> Function {
    Function {
        arn: "arn:aws:lambda:eu-west-1:123456789012:function:f".to_owned(),
        role: "arn:aws:iam::123456789012:role/r".to_owned(),
        runtime: None,
        handler: None,
        memory: 256,
        attachments: Attachments::default(),
        timeout: 30,
        architecture: "arm64".to_owned(),
        environment: crate::environment::FunctionEnvironment::default(),
        code_sha256: String::new(),
        tags: tags.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
        status: FunctionStatus::default(),
    }
}

fn role(label: &str) -> Role {
    Role {
        arn: "arn:aws:iam::123456789012:role/r".to_owned(),
        tags: [(LABEL_TAG.to_owned(), owner(label))].into(),
        trust: None,
        attached: vec!["arn:aws:iam::aws:policy/log".to_owned()],
        inline: Some(json!({})),
        created_at: 0,
    }
}

/// All that a deployment leaves behind.
fn remains() -> Remains {
    let grant = Grant::new("aws", "eu-west-1", "123456789012", "acme");
    let foreign = json!({"Statement": [{"Sid": "somebody-else"}]});
    let mut permissions = Statement::parse_all(&foreign);
    permissions.push(Statement::of_grant(&grant, "arn"));
    Remains {
        registration: Some(RegisteredConnector {
            arn: None,
            lambda_arn: None,
            description: None,
            configuration: ConnectorConfiguration::default(),
        }),
        flows: Some(Vec::new()),
        function_name: "f".to_owned(),
        function: Some(function(&[(LABEL_TAG, owner("acme"))])),
        permissions,
        role: Some(("r".to_owned(), role("acme"))),
        log_group: Some("/aws/lambda/f".to_owned()),
        ..Remains::default()
    }
}

fn names(extent: Extent, found: &Remains) -> Vec<&'static str> {
    RemovalPlan::new("acme", extent, found).steps.iter().map(Removal::name).collect()
}

#[test]
fn takes_the_registration_first_and_the_function_last() {
    let steps = names(EVERYTHING, &remains());
    let expected = [
        "unregister-connector",
        "revoke-invoke",
        "detach-policy",
        "delete-secret-policy",
        "delete-role",
        "delete-log",
        "delete-function",
    ];
    assert_eq!(steps, expected);
}

#[test]
fn takes_only_registration_and_permission_unless_more_is_wanted() {
    assert_eq!(names(Extent::default(), &remains()), ["unregister-connector", "revoke-invoke"]);
    let no_logs = names(Extent { logs: false, ..EVERYTHING }, &remains());
    assert!(!no_logs.contains(&"delete-log") && no_logs.contains(&"delete-function"), "{no_logs:?}");
}

#[test]
fn goes_on_wherever_an_earlier_run_was_stopped() {
    let all = names(EVERYTHING, &remains());
    let mut found = remains();
    found.registration = None;
    assert_eq!(names(EVERYTHING, &found), all[1..]);
    found.permissions.retain(|statement| statement.id == "somebody-else");
    assert_eq!(names(EVERYTHING, &found), all[2..]);
    found.role = None;
    assert_eq!(names(EVERYTHING, &found), all[5..]);
    found.log_group = None;
    assert_eq!(names(EVERYTHING, &found), all[6..]);
    found.function = None;
    assert_eq!(names(EVERYTHING, &found), [""; 0]);
}

#[test]
fn keeps_what_others_made() {
    let mut found = remains();
    found.function = Some(function(&[(registered_tag("acme").as_str(), "sha".to_owned())]));
    // What it runs on stays with it, though we made that.
    found.role = Some(("r".to_owned(), role("acme")));
    let plan = RemovalPlan::new("acme", EVERYTHING, &found);
    assert!(plan.refusal.is_none(), "it is registered by us");
    assert_eq!(
        plan.steps.iter().map(Removal::name).collect::<Vec<_>>(),
        ["unregister-connector", "revoke-invoke", "forget-registration"]
    );
    assert_eq!(plan.kept, ["the function f was not made by this program and stays, with its role"]);

    found.function = Some(function(&[(LABEL_TAG, owner("acme")), (registered_tag("other").as_str(), "x".to_owned())]));
    let plan = RemovalPlan::new("acme", EVERYTHING, &found);
    assert!(plan.kept[0].contains("under another label"), "{:?}", plan.kept);
    assert!(!plan.steps.iter().any(|step| matches!(step, Removal::Function(_) | Removal::Role(_))));

    found.function = Some(function(&[(LABEL_TAG, owner("acme"))]));
    found.role = Some(("r".to_owned(), role("another")));
    found.log_group = Some("/shared".to_owned());
    let plan = RemovalPlan::new("acme", EVERYTHING, &found);
    assert_eq!(plan.steps.last().map(Removal::name), Some("delete-function"));
    assert_eq!(plan.kept.len(), 2, "{:?}", plan.kept);
}

#[test]
fn refuses_foreign_registrations_and_those_in_use() {
    let mut foreign = remains();
    foreign.function = Some(function(&[]));
    let mut used = remains();
    used.connections = vec!["crm".to_owned()];
    let mut flowing = remains();
    flowing.flows = Some(vec!["daily".to_owned()]);
    let mut both = used.clone();
    both.flows = Some(vec!["daily".to_owned()]);
    for (found, kind, part) in [
        (foreign, ErrorKind::Foreign, "somebody else"),
        (used, ErrorKind::Conflict, "connections still use the connector acme: crm"),
        (flowing, ErrorKind::Conflict, "flows still use the connector acme: daily"),
        (both, ErrorKind::Conflict, "connections crm; flows daily"),
    ] {
        let refusal = RemovalPlan::new("acme", EVERYTHING, &found).refusal.unwrap();
        assert_eq!(refusal.kind(), kind);
        assert!(refusal.to_string().contains(part), "{refusal}");
        let forced = RemovalPlan::new("acme", Extent { force: true, ..EVERYTHING }, &found);
        assert!(forced.refusal.is_none());
        assert_eq!(forced.steps[0], Removal::Registration { label: "acme".to_owned(), force: true });
    }
}
