//! Tests of the planner: network, layers, tracing, key, tags, log, version and alias, and code that is too large.

use super::*;
use crate::attachments::{Attachments, Network};
use crate::observed::LogGroup;
use crate::tags::OWN_TAGS;

fn network() -> Network {
    Network { subnets: ["subnet-1".to_owned()].into(), security_groups: ["sg-1".to_owned()].into() }
}

fn extras() -> Extras {
    Extras {
        network: Some(default(network())),
        layers: Some(default(vec!["arn:layer:1".to_owned()])),
        tracing: Some(default("Active".to_owned())),
        kms_key: Some(default("arn:key".to_owned())),
        tags: Some(default(BTreeMap::from([("team".to_owned(), "crm".to_owned())]))),
        log_retention: Some(default(14)),
        alias: Some(default("live".to_owned())),
        ..Extras::default()
    }
}

fn with(extras: Extras) -> Settings {
    let mut settings = settings();
    settings.function.as_mut().unwrap().extras = extras;
    settings
}

fn changes(plan: &Plan, step: &str) -> Vec<String> {
    let step = plan.steps.iter().find(|planned| planned.action.name() == step);
    let step = step.unwrap_or_else(|| panic!("{:?}", names(plan)));
    step.changes.iter().map(|change| format!("{}: {:?} -> {:?}", change.field, change.from, change.to)).collect()
}

#[test]
fn a_new_function_is_made_with_all_of_it_in_one_call() {
    let plan = plan_of(&with(extras()), Some(&code()), &nothing());
    let expected = [
        "create-role",
        "attach-policy",
        "attach-policy",
        "attach-policy",
        "put-secret-policy",
        "create-function",
        "wait-ready",
        "set-log-retention",
        "grant-invoke",
        "smoke-test",
        "register-connector",
        "verify",
        "record-registration",
        "publish-version",
        "point-alias",
    ];
    assert_eq!(names(&plan), expected);
    let mut observed = nothing();
    carry_out(&plan, &mut observed);
    let rest = plan_of(&with(extras()), Some(&code()), &observed);
    assert!(rest.is_empty() && rest.is_in_sync(), "{:?}", names(&rest));
    let function = observed.function.unwrap();
    assert_eq!(function.attachments.network, network());
    assert_eq!(function.tags["team"], "crm");
}

#[test]
fn what_is_not_set_is_neither_compared_nor_changed() {
    let theirs = Attachments {
        network: network(),
        layers: vec!["arn:layer:9".to_owned()],
        tracing: Some("Active".to_owned()),
        kms_key: Some("arn:their-key".to_owned()),
        log_group: None,
    };
    let steps = planned(|there| {
        function(there).attachments = theirs.clone();
        function(there).tags.insert("their".to_owned(), "tag".to_owned());
        there.log_group = Some(LogGroup { retention: 3 });
    });
    assert!(steps.is_empty(), "{steps:?}");

    // Another change leaves it as it is.
    let mut observed = everything();
    function(&mut observed).attachments = theirs.clone();
    function(&mut observed).memory = 128;
    carry_out(&plan_of(&settings(), Some(&code()), &observed), &mut observed);
    assert_eq!(function(&mut observed).attachments, theirs);
}

#[test]
fn each_difference_is_told_from_what_to_what() {
    let mut observed = everything();
    observed.log_group = Some(LogGroup { retention: 3 });
    function(&mut observed).tags.insert("team".to_owned(), "erp".to_owned());
    let plan = plan_of(&with(extras()), Some(&code()), &observed);
    assert_eq!(
        changes(&plan, "update-configuration"),
        [
            r#"subnets: None -> Some("subnet-1")"#,
            r#"security groups: None -> Some("sg-1")"#,
            r#"layers: None -> Some("arn:layer:1")"#,
            r#"tracing: None -> Some("Active")"#,
            r#"key: None -> Some("arn:key")"#,
        ]
    );
    assert_eq!(changes(&plan, "tag-function"), [r#"tag team: Some("erp") -> Some("crm")"#]);
    assert_eq!(changes(&plan, "set-log-retention"), [r#"retention: Some("for 3 days") -> Some("for 14 days")"#]);
    assert_eq!(changes(&plan, "point-alias"), [r#"version: None -> Some("(the one published)")"#]);
}

#[test]
fn what_is_taken_out_of_the_settings_goes_if_it_was_ours() {
    let mut observed = nothing();
    carry_out(&plan_of(&with(extras()), Some(&code()), &nothing()), &mut observed);
    function(&mut observed).tags.insert("their".to_owned(), "tag".to_owned());
    let without = Extras {
        network: Some(default(Network::default())),
        layers: Some(default(Vec::new())),
        kms_key: Some(default(String::new())),
        ..Extras::default()
    };
    let plan = plan_of(&with(without.clone()), Some(&code()), &observed);
    assert_eq!(changes(&plan, "tag-function"), [r#"tag team: Some("crm") -> None"#]);
    assert_eq!(changes(&plan, "update-configuration").len(), 4, "{plan:?}");
    carry_out(&plan, &mut observed);
    assert!(plan_of(&with(without), Some(&code()), &observed).is_empty());
    let left = function(&mut observed);
    assert_eq!(left.attachments, Attachments { tracing: Some("Active".to_owned()), ..Attachments::default() });
    assert!(left.tags.contains_key("their") && !left.tags.contains_key(OWN_TAGS), "{:?}", left.tags);
}

#[test]
fn a_role_gets_the_policies_that_network_and_tracing_need_and_keeps_others() {
    let mut observed = everything();
    observed.role.as_mut().unwrap().attached.push("arn:their-policy".to_owned());
    let plan = plan_of(&with(extras()), Some(&code()), &observed);
    let attached: Vec<_> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Step::AttachPolicy { policy_arn, .. } => Some(policy_arn.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        attached,
        [
            "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
            "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
        ]
    );
}

#[test]
fn an_alias_follows_code_and_configuration_and_nothing_else() {
    let only = with(Extras { alias: Some(default("live".to_owned())), ..Extras::default() });
    let mut observed = nothing();
    carry_out(&plan_of(&only, Some(&code()), &nothing()), &mut observed);
    assert!(plan_of(&only, Some(&code()), &observed).is_empty());

    let newer = plan_of(&only, Some(&code_of("sha-2")), &observed);
    let steps = names(&newer);
    let place = |name| steps.iter().position(|step| *step == name).unwrap_or_else(|| panic!("{steps:?}"));
    assert!(place("update-code") < place("publish-version") && place("publish-version") < place("point-alias"));
    let mut faster = only.clone();
    faster.function.as_mut().unwrap().memory = default(512);
    let steps = names(&plan_of(&faster, Some(&code()), &observed));
    assert_eq!(steps, ["update-configuration", "wait-ready", "publish-version", "point-alias"]);

    // A run that was killed between publishing and pointing.
    observed.alias.as_mut().unwrap().published.as_mut().unwrap().0 = "sha-0".to_owned();
    assert_eq!(names(&plan_of(&only, Some(&code()), &observed)), ["publish-version", "point-alias"]);
    assert_eq!(names(&plan_of(&only, None, &observed)), ["publish-version", "point-alias"]);
    function(&mut observed).tags.insert("their".to_owned(), "tag".to_owned());
    observed.alias = None;
    let steps = names(&plan_of(&only, Some(&code()), &observed));
    assert_eq!(steps, ["publish-version", "point-alias"]);
}

#[test]
fn code_that_is_too_large_is_stored_before_it_is_named() {
    let upload = Upload { bucket: "b".to_owned(), key: "p/x.zip".to_owned() };
    let large = WantedCode { upload: Some(upload), ..code_of("sha-2") };
    for observed in [nothing(), everything()] {
        let plan = plan_of(&settings(), Some(&large), &observed);
        let steps = names(&plan);
        let stored = steps.iter().position(|step| *step == "upload-artefact").unwrap();
        assert!(["create-function", "update-code"].contains(&steps[stored + 1]), "{steps:?}");
        let written = serde_json::to_value(&plan.steps[stored + 1]).unwrap();
        assert_eq!(written["action"]["upload"], json!({"bucket": "b", "key": "p/x.zip"}));
    }
    let same = WantedCode { upload: large.upload, ..code() };
    assert!(plan_of(&settings(), Some(&same), &everything()).is_empty(), "code that is there is not stored again");
}

/// Some of what may be set.
fn some_extras() -> impl Strategy<Value = Extras> {
    let network = prop::option::of(prop::sample::select(vec![Network::default(), network()]));
    let layers = prop::option::of(prop::collection::vec("arn:[ab]", 0..3));
    let tracing = prop::option::of(prop::sample::select(vec!["Active".to_owned(), "PassThrough".to_owned()]));
    let key = prop::option::of(prop::sample::select(vec![String::new(), "arn:key".to_owned()]));
    let tags = prop::option::of(prop::collection::btree_map("[a-c]", "[xy]", 0..3));
    let days = prop::option::of(prop::sample::select(vec![0, 14]));
    let alias = prop::option::of(Just("live".to_owned()));
    (network, layers, tracing, key, tags, days, alias).prop_map(|(network, layers, tracing, key, tags, days, alias)| {
        Extras {
            network: network.map(default),
            layers: layers.map(default),
            tracing: tracing.map(default),
            kms_key: key.map(default),
            tags: tags.map(default),
            log_retention: days.map(default),
            alias: alias.map(default),
            ..Extras::default()
        }
    })
}

proptest! {
    #[test]
    fn converges_between_any_two_settings_wherever_a_run_was_killed(
        mut observed in disorder(),
        first in some_extras(),
        second in some_extras(),
        killed_after in 0..20_usize,
    ) {
        let plan = plan_of(&with(first), Some(&code()), &observed);
        carry_out_in_part(&plan, &mut observed, killed_after);
        let wanted = with(second);
        carry_out(&plan_of(&wanted, Some(&code()), &observed), &mut observed);
        let rest = plan_of(&wanted, Some(&code()), &observed);
        prop_assert!(rest.is_empty(), "{:?}", names(&rest));
        prop_assert!(rest.is_in_sync());
    }
}
