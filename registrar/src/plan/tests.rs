//! Tests of the planner: what it plans for each state of affairs, and that a plan carried out leaves nothing to do.

use std::collections::BTreeMap;

mod extras;

use proptest::prelude::*;
use serde_json::json;

use self::world::{carry_out, carry_out_in_part, describe, function, plan_of, plan_untried, status};
use super::*;
use crate::configuration::digest;
use crate::environment::FunctionEnvironment;
use crate::observed::{LABEL_TAG, Record, Said, registered_tag};
use crate::policy::{self, Grant, Statement};
use crate::setting::{Setting, Source};
use crate::settings::{Extras, FunctionSettings};

mod world;

const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-west-1";
const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f";

fn default<T>(value: T) -> Setting<T> {
    Setting::new(value, Source::Default)
}

fn settings() -> Settings {
    Settings {
        label: default("acme".to_owned()),
        description: default(None),
        function_name: default("f".to_owned()),
        function: Some(FunctionSettings {
            role: RoleSettings::Ours(default("r".to_owned())),
            memory: default(256),
            timeout: default(30),
            architecture: default("arm64".to_owned()),
            environment: default(FunctionEnvironment::default()),
            extras: Extras::default(),
        }),
        adopt: false,
        allow_breaking: false,
    }
}

fn code() -> WantedCode {
    WantedCode { sha256: "sha-1".to_owned(), size: 1000, upload: None }
}

fn nothing() -> Observed {
    Observed {
        account: ACCOUNT.to_owned(),
        partition: "aws".to_owned(),
        region: REGION.to_owned(),
        role: None,
        function: None,
        permissions: Vec::new(),
        registration: None,
        other_function_label: None,
        says: Said::NotAsked,
        will_say: Said::NotAsked,
        connections: None,
        log_group: None,
        alias: None,
    }
}

fn tags(label: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(LABEL_TAG.to_owned(), label.to_owned())])
}

/// What is there after everything was deployed.
fn everything() -> Observed {
    let mut observed = nothing();
    carry_out(&plan_of(&settings(), Some(&code()), &nothing()), &mut observed);
    observed
}

fn names(plan: &Plan) -> Vec<&'static str> {
    plan.steps.iter().map(|step| step.action.name()).collect()
}

#[track_caller]
fn planned(change: impl FnOnce(&mut Observed)) -> Vec<&'static str> {
    let mut observed = everything();
    change(&mut observed);
    let plan = plan_of(&settings(), Some(&code()), &observed);
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    names(&plan)
}

#[track_caller]
fn refused(settings: &Settings, change: impl FnOnce(&mut Observed)) -> Plan {
    let mut observed = everything();
    change(&mut observed);
    let plan = plan_of(settings, Some(&code()), &observed);
    assert_eq!(plan.refuse().unwrap_err().exit_code().code(), 4);
    plan
}

#[test]
fn makes_everything_where_there_is_nothing() {
    let plan = plan_of(&settings(), Some(&code()), &nothing());
    assert_eq!(
        names(&plan),
        [
            "create-role",
            "attach-policy",
            "put-secret-policy",
            "create-function",
            "wait-ready",
            "grant-invoke",
            "smoke-test",
            "register-connector",
            "verify",
            "record-registration",
        ]
    );
    assert!(plan.rows.iter().all(|row| row.state == RowState::Missing));
}

#[test]
fn plans_nothing_where_everything_is_as_wanted() {
    let plan = plan_of(&settings(), Some(&code()), &everything());
    assert!(plan.is_empty(), "{:?}", names(&plan));
    assert!(plan.is_in_sync());
}

#[test]
fn puts_right_each_part_of_the_role_and_nothing_else() {
    assert_eq!(planned(|there| there.role.as_mut().unwrap().trust = Some(json!({}))), ["update-trust"]);
    assert_eq!(planned(|there| there.role.as_mut().unwrap().attached.clear()), ["attach-policy"]);
    assert_eq!(planned(|there| there.role.as_mut().unwrap().inline = None), ["put-secret-policy"]);
}

#[test]
fn updates_the_configuration_without_touching_the_registration() {
    let expected = ["update-configuration", "wait-ready"];
    assert_eq!(planned(|there| function(there).memory = 128), expected);
    assert_eq!(planned(|there| function(there).runtime = None), expected);
    assert_eq!(planned(|there| function(there).role = "other".to_owned()), expected);
}

/// A function that runs other code than is wanted, and what AppFlow read of it.
fn runs(code: &'static str) -> impl FnOnce(&mut Observed) {
    move |there| {
        let mut observed = nothing();
        carry_out(&plan_of(&settings(), Some(&code_of(code)), &nothing()), &mut observed);
        *there = observed;
    }
}

#[test]
fn renews_the_registration_after_code_that_describes_itself_otherwise() {
    let expected = [
        "update-code",
        "wait-ready",
        "smoke-test",
        "invalidate-registration",
        "update-registration",
        "verify",
        "reset-metadata",
        "record-registration",
    ];
    assert_eq!(planned(runs("sha-0")), expected);
}

#[test]
fn leaves_the_registration_alone_after_code_that_describes_itself_as_before() {
    let expected = ["update-code", "wait-ready", "smoke-test", "reset-metadata", "record-registration"];
    assert_eq!(planned(runs("sha-1+fix")), expected);
}

#[test]
fn compares_on_the_way_where_the_new_code_could_not_be_tried() {
    let expected = [
        "update-code",
        "wait-ready",
        "smoke-test",
        "compare-configuration",
        "invalidate-registration",
        "update-registration",
        "verify",
        "reset-metadata",
        "record-registration",
    ];
    for (before, renewed) in [("sha-0", true), ("sha-1+fix", false)] {
        let mut observed = nothing();
        runs(before)(&mut observed);
        let before = observed.registration.clone();
        let plan = plan_untried(&settings(), Some(&code()), &observed);
        assert_eq!(names(&plan), expected);
        let conditional: Vec<_> =
            plan.steps.iter().filter(|step| step.is_conditional).map(|step| step.action.name()).collect();
        assert_eq!(conditional, ["invalidate-registration", "update-registration", "verify"]);
        carry_out(&plan, &mut observed);
        assert_eq!(observed.registration != before, renewed);
        assert!(plan_of(&settings(), Some(&code()), &observed).is_empty());
    }
}

#[test]
fn has_entities_forgotten_that_were_read_with_the_code_before() {
    // Killed after the code was sent, before AppFlow's memory was emptied.
    let mut observed = nothing();
    runs("sha-1+fix")(&mut observed);
    carry_out_in_part(&plan_of(&settings(), Some(&code()), &observed), &mut observed, 2);
    let again = plan_of(&settings(), Some(&code()), &observed);
    assert_eq!(names(&again), ["smoke-test", "reset-metadata", "record-registration"]);
}

#[test]
fn renews_the_registration_when_it_is_not_known_what_appflow_read() {
    let expected = ["smoke-test", "update-registration", "verify", "reset-metadata", "record-registration"];
    assert_eq!(planned(|there| drop(function(there).tags.remove(&registered_tag("acme")))), expected);
}

#[test]
fn renews_a_registration_that_somebody_else_made_of_other_code() {
    let steps = planned(|there| {
        let registration = there.registration.as_mut().unwrap();
        registration.configuration.text("connectorVersion", Some("sha-9"));
    });
    assert!(steps.contains(&"update-registration"), "{steps:?}");
}

#[test]
fn does_not_renew_for_ever_what_appflow_shows_otherwise() {
    let difference = |there: &mut Observed| {
        there.registration.as_mut().unwrap().configuration.text("logoURL", Some("https://example.com"));
    };
    assert!(planned(difference).contains(&"update-registration"));
    let steps = planned(|there| {
        difference(there);
        let configuration = there.registration.as_ref().unwrap().configuration.clone();
        let tag = registered_tag("acme");
        let function = function(there);
        let unshown = digest(&configuration.differences(&describe(function).configuration));
        let record = Record { unshown, ..Record::read(&function.tags[&tag]).unwrap() };
        function.tags.insert(tag, record.to_string());
    });
    assert_eq!(steps, [""; 0]);
}

#[test]
fn refuses_what_breaks_connections_unless_told_to_go_on() {
    let change = |there: &mut Observed| {
        there.registration.as_mut().unwrap().configuration.set("connectorModes", Some(["SOURCE", "DESTINATION"]));
    };
    let mut observed = everything();
    change(&mut observed);
    assert!(plan_of(&settings(), Some(&code()), &observed).needs_connections);
    observed.connections = Some(Vec::new());
    assert!(plan_of(&settings(), Some(&code()), &observed).refuse().is_ok(), "nothing uses it");

    observed.connections = Some(vec!["crm".to_owned()]);
    let error = plan_of(&settings(), Some(&code()), &observed).refuse().unwrap_err();
    assert_eq!((error.kind(), error.exit_code().code()), (ErrorKind::Breaking, 4));
    insta::assert_snapshot!(error, @"
    the connector changes in a way that breaks what uses its connections crm:
      connectorModes: DESTINATION, SOURCE -> SOURCE: flows that use the connector that way stop working
    ");
    assert!(error.hint().unwrap().contains("--allow-breaking"));
    let allowing = Settings { allow_breaking: true, ..settings() };
    let plan = plan_of(&allowing, Some(&code()), &observed);
    assert!(plan.refuse().is_ok() && names(&plan).contains(&"update-registration"));
}

fn code_of(sha256: &str) -> WantedCode {
    WantedCode { sha256: sha256.to_owned(), size: 1000, upload: None }
}

/// What AppFlow read.
fn read(observed: &Observed) -> Option<&str> {
    observed.registration.as_ref()?.configuration.version()
}

#[test]
fn renews_the_registration_when_a_killed_run_is_rolled_back() {
    let mut observed = everything();
    let newer = plan_of(&settings(), Some(&code_of("sha-2")), &observed);
    let killed_after = names(&newer).iter().position(|name| *name == "verify").unwrap();
    carry_out_in_part(&newer, &mut observed, killed_after);
    assert_eq!(read(&observed), Some("sha-2"));
    let rollback = plan_of(&settings(), Some(&code()), &observed);
    let expected = [
        "update-code",
        "wait-ready",
        "smoke-test",
        "update-registration",
        "verify",
        "reset-metadata",
        "record-registration",
    ];
    assert_eq!(names(&rollback), expected);
    carry_out(&rollback, &mut observed);
    assert_eq!(read(&observed), Some("sha-1"));
    assert!(plan_of(&settings(), Some(&code()), &observed).is_empty());
}

#[test]
fn registers_again_under_a_label_that_was_unregistered() {
    let expected = ["smoke-test", "invalidate-registration", "register-connector", "verify", "record-registration"];
    assert_eq!(planned(|there| there.registration = None), expected);
}

#[test]
fn keeps_the_records_of_two_labels_on_one_function_apart() {
    let second = Settings { label: default("second".to_owned()), function: None, ..settings() };
    let mut observed = everything();
    let first_registration = observed.registration.take();
    let plan = plan_of(&second, None, &observed);
    assert!(!names(&plan).contains(&"invalidate-registration"), "nothing is recorded for the second label");
    carry_out(&plan, &mut observed);
    assert!(plan_of(&second, None, &observed).is_empty());

    // The first label is renewed with new code: what was recorded for the second one is no longer true.
    let second_registration = std::mem::replace(&mut observed.registration, first_registration);
    assert!(plan_of(&settings(), Some(&code()), &observed).is_empty());
    let newer = plan_of(&settings(), Some(&code_of("sha-2")), &observed);
    carry_out(&newer, &mut observed);
    assert!(plan_of(&settings(), Some(&code_of("sha-2")), &observed).is_empty());
    observed.registration = second_registration;
    assert!(names(&plan_of(&second, None, &observed)).contains(&"update-registration"));
}

#[test]
fn names_each_step_that_a_run_can_be_stopped_after_once() {
    let mut observed = everything();
    function(&mut observed).memory = 128;
    let mut names = names(&plan_of(&settings(), Some(&code_of("sha-2")), &observed));
    names.retain(|name| *name != "wait-ready");
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
}

#[test]
fn sends_the_architecture_with_the_code() {
    let steps = planned(|there| function(there).architecture = "x86_64".to_owned());
    assert_eq!(steps[..3], ["update-code", "wait-ready", "smoke-test"]);
}

#[test]
fn waits_for_an_update_in_progress_before_it_changes_anything() {
    let steps = planned(|there| {
        function(there).status = status("Active", Some("InProgress"));
        function(there).memory = 128;
    });
    assert_eq!(steps[..3], ["wait-ready", "update-configuration", "wait-ready"]);
}

#[test]
fn sends_the_code_again_after_a_rejected_update() {
    let steps = planned(|there| function(there).status = status("Active", Some("Failed")));
    assert_eq!(steps[..2], ["update-code", "wait-ready"]);
}

#[test]
fn makes_a_function_again_whose_creation_failed_and_needs_consent_for_it() {
    let mut observed = everything();
    function(&mut observed).status = status("Failed", None);
    let plan = plan_of(&settings(), Some(&code()), &observed);
    assert_eq!(names(&plan)[..4], ["delete-failed-function", "create-function", "wait-ready", "grant-invoke"]);
    assert!(plan.steps[0].action.is_destructive());
    carry_out(&plan, &mut observed);
    assert!(plan_of(&settings(), Some(&code()), &observed).is_empty());
}

#[test]
fn adds_the_new_permission_and_names_the_old_ones_to_remove() {
    let mut observed = everything();
    let old = Grant::new("aws", "us-east-1", ACCOUNT, "acme");
    observed.permissions = vec![Statement::of_grant(&old, ARN)];
    let plan = plan_of(&settings(), Some(&code()), &observed);
    let [step] = plan.steps.as_slice() else { panic!("{:?}", names(&plan)) };
    let Step::GrantInvoke { grant: Some(grant), obsolete, .. } = &step.action else { panic!("{step:?}") };
    assert_eq!(obsolete, &[old.statement_id]);
    assert_ne!(grant.statement_id, obsolete[0]);
}

#[test]
fn is_content_with_an_equal_permission_of_another_name() {
    let steps = planned(|there| there.permissions[0].id = "by-hand".to_owned());
    assert!(steps.is_empty(), "{steps:?}");
}

#[test]
fn refuses_what_somebody_else_made_unless_told_to_adopt_it() {
    let changes: [fn(&mut Observed); 4] = [
        |there| there.role.as_mut().unwrap().tags.clear(),
        |there| function(there).tags.clear(),
        |there| drop(function(there).tags.insert(LABEL_TAG.to_owned(), "other".to_owned())),
        |there| there.registration.as_mut().unwrap().lambda_arn = Some(format!("{ARN}2")),
    ];
    let adopting = Settings { adopt: true, ..settings() };
    for change in changes {
        let plan = refused(&settings(), change);
        assert_eq!(plan.rows.iter().filter(|row| row.state == RowState::Foreign).count(), 1);
        let mut observed = everything();
        change(&mut observed);
        let plan = plan_of(&adopting, Some(&code()), &observed);
        assert!(plan.refusals.is_empty() && !plan.is_empty());
        carry_out(&plan, &mut observed);
        assert!(plan_of(&settings(), Some(&code()), &observed).is_empty());
    }
}

#[test]
fn moves_a_label_from_another_function_of_ours() {
    let steps = planned(|there| {
        there.registration.as_mut().unwrap().lambda_arn = Some(format!("{ARN}2"));
        there.other_function_label = Some("acme".to_owned());
    });
    let expected = [
        "smoke-test",
        "invalidate-registration",
        "update-registration",
        "verify",
        "reset-metadata",
        "record-registration",
    ];
    assert_eq!(steps, expected);
}

#[test]
fn never_takes_over_a_label_that_is_no_lambda_connector() {
    let adopting = Settings { adopt: true, ..settings() };
    refused(&adopting, |there| there.registration.as_mut().unwrap().lambda_arn = None);
}

#[test]
fn leaves_code_configuration_and_role_of_others_alone() {
    let others = Settings { function: None, ..settings() };
    let mut observed = everything();
    observed.role = None;
    observed.permissions.clear();
    observed.registration = None;
    function(&mut observed).tags.clear();
    function(&mut observed).memory = 1024;
    let plan = plan_of(&others, None, &observed);
    let expected = ["grant-invoke", "smoke-test", "register-connector", "verify", "record-registration"];
    assert_eq!(names(&plan), expected);
    carry_out(&plan, &mut observed);
    assert!(plan_of(&others, None, &observed).is_empty());

    observed.function = None;
    let error = plan_of(&others, None, &observed).refuse().unwrap_err();
    assert!(error.to_string().contains("there is no function f"), "{error}");
}

#[test]
fn does_not_compare_code_that_was_not_built() {
    let plan = plan_of(&settings(), None, &everything());
    assert!(plan.is_empty() && plan.is_in_sync());
    assert!(plan.rows.iter().any(|row| row.subject == Subject::Code && row.state == RowState::Unknown));
}

#[test]
fn shows_no_value_of_a_variable() {
    let mut wanted = settings();
    let variables = FunctionEnvironment::from_iter([("TOKEN".to_owned(), "s3cret".to_owned())]);
    wanted.function.as_mut().unwrap().environment = default(variables);
    let mut observed = everything();
    let plan = plan_of(&wanted, Some(&code()), &observed);
    assert_eq!(names(&plan)[..2], ["update-configuration", "wait-ready"]);
    assert!(names(&plan).contains(&"update-registration"), "variables decide how a function answers");
    let shown = format!("{plan:?} {} {}", serde_json::to_string(&plan).unwrap(), crate::plan_text::plan(&plan));
    assert!(shown.contains("TOKEN") && !shown.contains("s3cret"), "{shown}");
    carry_out(&plan, &mut observed);
    assert!(plan_of(&wanted, Some(&code()), &observed).is_empty());
}

#[test]
fn reads_well() {
    let mut observed = everything();
    function(&mut observed).memory = 128;
    let plan = plan_of(&settings(), Some(&code()), &observed);
    insta::assert_snapshot!(crate::plan_text::plan(&plan), @r#"
    connector acme in account 123456789012, eu-west-1

      role          in sync       r
      function      differs       f
      code          in sync       1 KB, sha256 sha-1
      permission    in sync       AppFlow in eu-west-1 may invoke it
      registration  in sync       acme, version sha-1

      1. update the configuration of f (memory differs)
           memory: 128 -> 256
      2. wait until f is ready (the update takes a moment)

    nothing is changed yet; "registrar deploy" with the same options does this
    "#);
}

/// Any state that a run killed anywhere, a person in the console, or AWS itself may leave behind.
fn disorder() -> impl Strategy<Value = Observed> {
    let steps = plan_of(&settings(), Some(&code()), &nothing()).steps.len();
    let policies =
        prop::sample::select(vec![None, Some(json!({})), Some(policy::secrets("aws", REGION, ACCOUNT, "acme"))]);
    let updates = prop::sample::select(vec!["Successful", "InProgress", "Failed"]);
    let states = prop::sample::select(vec!["Active", "Pending", "Inactive", "Failed"]);
    let shas = prop::sample::select(vec!["sha-0", "sha-1"]);
    let recorded = prop::sample::select(vec![None, Some("sha-0"), Some("sha-1"), Some("pending")]);
    let described = prop::sample::select(vec![None, Some("x".to_owned())]);
    (0..=steps, policies, updates, states, shas, recorded, described, 0..3_usize).prop_map(
        move |(done, inline, update, state, sha, recorded, description, grants)| {
            let mut observed = nothing();
            carry_out_in_part(&plan_of(&settings(), Some(&code()), &nothing()), &mut observed, done);
            if let Some(role) = &mut observed.role {
                role.inline = inline;
            }
            if let Some(function) = &mut observed.function {
                function.status = status(state, Some(update));
                function.code_sha256 = sha.to_owned();
                let record = |said: &str| match said {
                    "pending" => said.to_owned(),
                    said => Record { said: said.to_owned(), unshown: String::new(), revision: function.revision() }
                        .to_string(),
                };
                let recorded = recorded.map(|said| (registered_tag("acme"), record(said)));
                function.tags.extend(recorded);
            }
            if let Some(registration) = &mut observed.registration {
                registration.description = description;
            }
            if observed.function.is_some() {
                let regions = ["us-east-1", "us-west-2"];
                observed.permissions.extend(
                    regions[..grants.min(2)]
                        .iter()
                        .map(|region| Statement::of_grant(&Grant::new("aws", region, ACCOUNT, "acme"), ARN)),
                );
            }
            observed
        },
    )
}

proptest! {
    #[test]
    fn leaves_nothing_to_do_once_a_plan_is_carried_out(mut observed in disorder(), description in prop::option::of("[a-z]{1,5}")) {
        let wanted = Settings { description: default(description), ..settings() };
        let plan = plan_of(&wanted, Some(&code()), &observed);
        prop_assert!(plan.refusals.is_empty());
        carry_out(&plan, &mut observed);
        let rest = plan_of(&wanted, Some(&code()), &observed);
        prop_assert!(rest.is_empty(), "{:?}", names(&rest));
        prop_assert!(rest.is_in_sync());
    }

    #[test]
    fn has_appflow_read_the_last_code_after_any_number_of_killed_runs(
        runs in prop::collection::vec((0..3_usize, 0..16_usize), 0..5),
    ) {
        let codes = ["sha-1", "sha-2", "sha-3"].map(code_of);
        let mut observed = nothing();
        for (code, killed_after) in runs {
            let plan = plan_of(&settings(), Some(&codes[code]), &observed);
            carry_out_in_part(&plan, &mut observed, killed_after);
        }
        carry_out(&plan_of(&settings(), Some(&codes[0]), &observed), &mut observed);
        prop_assert_eq!(read(&observed), Some("sha-1"));
        prop_assert!(plan_of(&settings(), Some(&codes[0]), &observed).is_empty());
    }

    #[test]
    fn converges_from_wherever_a_run_was_killed(mut observed in disorder(), killed_after in 0..16_usize) {
        let plan = plan_of(&settings(), Some(&code()), &observed);
        carry_out_in_part(&plan, &mut observed, killed_after);
        let again = plan_of(&settings(), Some(&code()), &observed);
        carry_out(&again, &mut observed);
        prop_assert!(plan_of(&settings(), Some(&code()), &observed).is_empty());
    }
}
