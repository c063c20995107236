//! Tests of the planner: what it plans for each state of affairs, and that a plan carried out leaves nothing to do.

use std::collections::BTreeMap;

mod extras;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::environment::FunctionEnvironment;
use crate::observed::{
    Alias, Function, FunctionStatus, LABEL_TAG, LogGroup, REGISTRATION_PENDING, RegisteredConnector, Role,
    registered_tag,
};
use crate::policy::{self, Grant, Statement};
use crate::setting::{Setting, Source};
use crate::settings::{Extras, FunctionSettings};
use crate::wait::{Readiness, classify};

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
    carry_out(&Plan::new(&settings(), Some(&code()), &nothing()), &mut observed);
    observed
}

/// Plays AWS: what the steps of a plan make of what is there.
fn carry_out(plan: &Plan, observed: &mut Observed) {
    for step in &plan.steps {
        apply(&step.action, observed);
    }
}

fn apply(step: &Step, observed: &mut Observed) {
    match step.clone() {
        Step::CreateRole { role, trust } => {
            observed.role = Some(Role {
                arn: format!("arn:aws:iam::{ACCOUNT}:role/{role}"),
                tags: tags("acme"),
                trust: Some(trust),
                attached: Vec::new(),
                inline: None,
                created_at: 0,
            });
        }
        Step::AdoptRole { .. } => observed.role.as_mut().unwrap().tags.extend(tags("acme")),
        Step::UpdateTrust { trust, .. } => observed.role.as_mut().unwrap().trust = Some(trust),
        Step::AttachPolicy { policy_arn, .. } => observed.role.as_mut().unwrap().attached.push(policy_arn),
        Step::PutSecretPolicy { policy, .. } => observed.role.as_mut().unwrap().inline = Some(policy),
        Step::DeleteFailedFunction { .. } => {
            observed.function = None;
            observed.permissions.clear();
        }
        Step::UploadArtefact { .. } | Step::PublishVersion { .. } => {}
        Step::CreateFunction { configuration, architecture, code_sha256, tags: further, .. } => {
            assert!(observed.function.is_none());
            observed.function = Some(Function {
                arn: ARN.to_owned(),
                role: configuration.role,
                runtime: Some(configuration.runtime),
                handler: Some(configuration.handler),
                memory: configuration.memory,
                timeout: configuration.timeout,
                architecture,
                environment: configuration.environment,
                attachments: configuration.attachments,
                code_sha256,
                tags: tags("acme").into_iter().chain(further).collect(),
                status: status("Pending", None),
            });
        }
        Step::AdoptFunction { .. } => function(observed).tags.extend(tags("acme")),
        Step::UpdateConfiguration { configuration, found, .. } => {
            let function = function(observed);
            assert_eq!(function.configuration(), found);
            assert!(!is_busy(function), "changed while busy");
            function.role = configuration.role;
            function.runtime = Some(configuration.runtime);
            function.handler = Some(configuration.handler);
            function.memory = configuration.memory;
            function.timeout = configuration.timeout;
            function.environment = configuration.environment;
            function.attachments = configuration.attachments;
            function.status = status("Active", Some("InProgress"));
        }
        Step::UpdateCode { architecture, code_sha256, .. } => {
            let function = function(observed);
            assert!(!is_busy(function), "changed while busy");
            function.architecture = architecture;
            function.code_sha256 = code_sha256;
            function.status = status("Active", Some("InProgress"));
        }
        Step::TagFunction { set, remove, .. } => {
            let function = function(observed);
            function.tags.retain(|key, _| !remove.contains(key));
            function.tags.extend(set);
        }
        Step::SetLogRetention { days, create, .. } => {
            assert_eq!(create, observed.log_group.is_none());
            observed.log_group = Some(LogGroup { retention: days });
        }
        Step::PointAlias { .. } => {
            assert!(!is_busy(function(observed)), "published while busy");
            let function = function(observed);
            let published = Some((function.code_sha256.clone(), function.configuration()));
            observed.alias = Some(Alias { version: "7".to_owned(), revision_id: None, published });
        }
        Step::WaitReady { .. } => function(observed).status = status("Active", Some("Successful")),
        Step::GrantInvoke { grant, obsolete, .. } => {
            observed.permissions.retain(|statement| !obsolete.contains(&statement.id));
            observed.permissions.extend(grant.map(|grant| Statement::of_grant(&grant, ARN)));
        }
        // A function that fell asleep wakes up when it is asked.
        Step::SmokeTest { .. } if !is_busy(function(observed)) => {
            function(observed).status.state = Some("Active".to_owned());
        }
        Step::SmokeTest { .. } => panic!("asked while busy"),
        Step::Verify { .. } => {}
        Step::RegisterConnector { registration } | Step::UpdateRegistration { registration } => {
            assert_eq!(function(observed).status.state.as_deref(), Some("Active"), "registered before it is ready");
            observed.registration = Some(RegisteredConnector {
                arn: Some("arn:connector".to_owned()),
                lambda_arn: Some(registration.lambda_arn),
                description: registration.description,
                // A connector whose version is its revision: what AppFlow read.
                version: Some(function(observed).revision()),
            });
        }
        Step::InvalidateRegistration { label, .. } => {
            function(observed).tags.insert(registered_tag(&label), REGISTRATION_PENDING.to_owned());
        }
        Step::RecordRegistration { label, revision, .. } => {
            function(observed).tags.insert(registered_tag(&label), revision);
        }
    }
}

fn is_busy(function: &Function) -> bool {
    classify(&function.status) == Readiness::Pending
}

fn function(observed: &mut Observed) -> &mut Function {
    observed.function.as_mut().unwrap()
}

fn status(state: &str, last_update: Option<&str>) -> FunctionStatus {
    FunctionStatus {
        state: Some(state.to_owned()),
        last_update: last_update.map(str::to_owned),
        ..FunctionStatus::default()
    }
}

fn names(plan: &Plan) -> Vec<&'static str> {
    plan.steps.iter().map(|step| step.action.name()).collect()
}

#[track_caller]
fn planned(change: impl FnOnce(&mut Observed)) -> Vec<&'static str> {
    let mut observed = everything();
    change(&mut observed);
    let plan = Plan::new(&settings(), Some(&code()), &observed);
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    names(&plan)
}

#[track_caller]
fn refused(settings: &Settings, change: impl FnOnce(&mut Observed)) -> Plan {
    let mut observed = everything();
    change(&mut observed);
    let plan = Plan::new(settings, Some(&code()), &observed);
    assert_eq!(plan.refuse_foreign().unwrap_err().exit_code().code(), 4);
    plan
}

#[test]
fn makes_everything_where_there_is_nothing() {
    let plan = Plan::new(&settings(), Some(&code()), &nothing());
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
    let plan = Plan::new(&settings(), Some(&code()), &everything());
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

#[test]
fn renews_the_registration_after_new_code() {
    let expected = [
        "update-code",
        "wait-ready",
        "smoke-test",
        "invalidate-registration",
        "update-registration",
        "verify",
        "record-registration",
    ];
    let steps = planned(|there| {
        function(there).code_sha256 = "sha-0".to_owned();
        function(there).tags.insert(registered_tag("acme"), "sha-0".to_owned());
    });
    assert_eq!(steps, expected);
}

#[test]
fn leaves_the_registration_alone_when_code_goes_back_to_what_appflow_read() {
    let steps = planned(|there| function(there).code_sha256 = "sha-0".to_owned());
    assert_eq!(steps, ["update-code", "wait-ready", "smoke-test"]);
}

#[test]
fn renews_the_registration_when_it_is_not_known_what_appflow_read() {
    let expected = ["smoke-test", "update-registration", "verify", "record-registration"];
    assert_eq!(planned(|there| drop(function(there).tags.remove(&registered_tag("acme")))), expected);
}

fn code_of(sha256: &str) -> WantedCode {
    WantedCode { sha256: sha256.to_owned(), size: 1000, upload: None }
}

/// What AppFlow read.
fn read(observed: &Observed) -> Option<&str> {
    observed.registration.as_ref()?.version.as_deref()
}

#[test]
fn renews_the_registration_when_a_killed_run_is_rolled_back() {
    let mut observed = everything();
    let newer = Plan::new(&settings(), Some(&code_of("sha-2")), &observed);
    for step in newer.steps.iter().take_while(|step| step.action.name() != "verify") {
        apply(&step.action, &mut observed);
    }
    assert_eq!(read(&observed), Some("sha-2"));
    let rollback = Plan::new(&settings(), Some(&code()), &observed);
    let expected = ["update-code", "wait-ready", "smoke-test", "update-registration", "verify", "record-registration"];
    assert_eq!(names(&rollback), expected);
    carry_out(&rollback, &mut observed);
    assert_eq!(read(&observed), Some("sha-1"));
    assert!(Plan::new(&settings(), Some(&code()), &observed).is_empty());
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
    let plan = Plan::new(&second, None, &observed);
    assert!(!names(&plan).contains(&"invalidate-registration"), "nothing is recorded for the second label");
    carry_out(&plan, &mut observed);
    assert!(Plan::new(&second, None, &observed).is_empty());

    // The first label is renewed with new code: what was recorded for the second one is no longer true.
    let second_registration = std::mem::replace(&mut observed.registration, first_registration);
    assert!(Plan::new(&settings(), Some(&code()), &observed).is_empty());
    let newer = Plan::new(&settings(), Some(&code_of("sha-2")), &observed);
    carry_out(&newer, &mut observed);
    assert!(Plan::new(&settings(), Some(&code_of("sha-2")), &observed).is_empty());
    observed.registration = second_registration;
    assert!(names(&Plan::new(&second, None, &observed)).contains(&"update-registration"));
}

#[test]
fn names_each_step_that_a_run_can_be_stopped_after_once() {
    let mut observed = everything();
    function(&mut observed).memory = 128;
    let mut names = names(&Plan::new(&settings(), Some(&code_of("sha-2")), &observed));
    names.retain(|name| *name != "wait-ready");
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
}

#[test]
fn sends_the_architecture_with_the_code() {
    let steps = planned(|there| function(there).architecture = "x86_64".to_owned());
    assert_eq!(steps, ["update-code", "wait-ready", "smoke-test"]);
}

#[test]
fn waits_for_an_update_in_progress_before_it_changes_anything() {
    let steps = planned(|there| {
        function(there).status = status("Active", Some("InProgress"));
        function(there).memory = 128;
    });
    assert_eq!(steps, ["wait-ready", "update-configuration", "wait-ready"]);
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
    let plan = Plan::new(&settings(), Some(&code()), &observed);
    assert_eq!(names(&plan)[..4], ["delete-failed-function", "create-function", "wait-ready", "grant-invoke"]);
    assert!(plan.steps[0].action.is_destructive());
    carry_out(&plan, &mut observed);
    assert!(Plan::new(&settings(), Some(&code()), &observed).is_empty());
}

#[test]
fn adds_the_new_permission_and_names_the_old_ones_to_remove() {
    let mut observed = everything();
    let old = Grant::new("aws", "us-east-1", ACCOUNT, "acme");
    observed.permissions = vec![Statement::of_grant(&old, ARN)];
    let plan = Plan::new(&settings(), Some(&code()), &observed);
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
        let plan = Plan::new(&adopting, Some(&code()), &observed);
        assert!(plan.refusals.is_empty() && !plan.is_empty());
        carry_out(&plan, &mut observed);
        assert!(Plan::new(&settings(), Some(&code()), &observed).is_empty());
    }
}

#[test]
fn moves_a_label_from_another_function_of_ours() {
    let steps = planned(|there| {
        there.registration.as_mut().unwrap().lambda_arn = Some(format!("{ARN}2"));
        there.other_function_label = Some("acme".to_owned());
    });
    let expected = ["smoke-test", "invalidate-registration", "update-registration", "verify", "record-registration"];
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
    let plan = Plan::new(&others, None, &observed);
    let expected = ["grant-invoke", "smoke-test", "register-connector", "verify", "record-registration"];
    assert_eq!(names(&plan), expected);
    carry_out(&plan, &mut observed);
    assert!(Plan::new(&others, None, &observed).is_empty());

    observed.function = None;
    let error = Plan::new(&others, None, &observed).refuse_foreign().unwrap_err();
    assert!(error.to_string().contains("there is no function f"), "{error}");
}

#[test]
fn does_not_compare_code_that_was_not_built() {
    let plan = Plan::new(&settings(), None, &everything());
    assert!(plan.is_empty() && plan.is_in_sync());
    assert!(plan.rows.iter().any(|row| row.subject == Subject::Code && row.state == RowState::Unknown));
}

#[test]
fn shows_no_value_of_a_variable() {
    let mut wanted = settings();
    let variables = FunctionEnvironment::from_iter([("TOKEN".to_owned(), "s3cret".to_owned())]);
    wanted.function.as_mut().unwrap().environment = default(variables);
    let mut observed = everything();
    let plan = Plan::new(&wanted, Some(&code()), &observed);
    assert_eq!(names(&plan)[..2], ["update-configuration", "wait-ready"]);
    assert!(names(&plan).contains(&"update-registration"), "variables decide how a function answers");
    let shown = format!("{plan:?} {} {}", serde_json::to_string(&plan).unwrap(), crate::plan_text::plan(&plan));
    assert!(shown.contains("TOKEN") && !shown.contains("s3cret"), "{shown}");
    carry_out(&plan, &mut observed);
    assert!(Plan::new(&wanted, Some(&code()), &observed).is_empty());
}

#[test]
fn reads_well() {
    let mut observed = everything();
    function(&mut observed).memory = 128;
    let plan = Plan::new(&settings(), Some(&code()), &observed);
    insta::assert_snapshot!(crate::plan_text::plan(&plan), @"
    connector acme in account 123456789012, eu-west-1

      role          in sync       r
      function      differs       f
      code          in sync       1 KB, sha256 sha-1
      permission    in sync       AppFlow in eu-west-1 may invoke it
      registration  in sync       acme, version sha-1

      1. update the configuration of f (memory differs)
           memory: 128 -> 256
      2. wait until f is ready (the update takes a moment)
    ");
}

/// Any state that a run killed anywhere, a person in the console, or AWS itself may leave behind.
fn disorder() -> impl Strategy<Value = Observed> {
    let steps = Plan::new(&settings(), Some(&code()), &nothing()).steps.len();
    let policies =
        prop::sample::select(vec![None, Some(json!({})), Some(policy::secrets("aws", REGION, ACCOUNT, "acme"))]);
    let updates = prop::sample::select(vec!["Successful", "InProgress", "Failed"]);
    let states = prop::sample::select(vec!["Active", "Pending", "Inactive", "Failed"]);
    let shas = prop::sample::select(vec!["sha-0", "sha-1"]);
    let recorded = prop::sample::select(vec![None, Some("sha-0"), Some("sha-1")]);
    let described = prop::sample::select(vec![None, Some("x".to_owned())]);
    (0..=steps, policies, updates, states, shas, recorded, described, 0..3_usize).prop_map(
        move |(done, inline, update, state, sha, recorded, description, grants)| {
            let mut observed = nothing();
            for step in &Plan::new(&settings(), Some(&code()), &nothing()).steps[..done] {
                apply(&step.action, &mut observed);
            }
            if let Some(role) = &mut observed.role {
                role.inline = inline;
            }
            if let Some(function) = &mut observed.function {
                function.status = status(state, Some(update));
                function.code_sha256 = sha.to_owned();
                function.tags.extend(recorded.map(|sha| (registered_tag("acme"), sha.to_owned())));
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
        let plan = Plan::new(&wanted, Some(&code()), &observed);
        prop_assert!(plan.refusals.is_empty());
        carry_out(&plan, &mut observed);
        let rest = Plan::new(&wanted, Some(&code()), &observed);
        prop_assert!(rest.is_empty(), "{:?}", names(&rest));
        prop_assert!(rest.is_in_sync());
    }

    #[test]
    fn has_appflow_read_the_last_code_after_any_number_of_killed_runs(
        runs in prop::collection::vec((0..3_usize, 0..14_usize), 0..5),
    ) {
        let codes = ["sha-1", "sha-2", "sha-3"].map(code_of);
        let mut observed = nothing();
        for (code, killed_after) in runs {
            let plan = Plan::new(&settings(), Some(&codes[code]), &observed);
            for step in plan.steps.iter().take(killed_after) {
                apply(&step.action, &mut observed);
            }
        }
        carry_out(&Plan::new(&settings(), Some(&codes[0]), &observed), &mut observed);
        prop_assert_eq!(read(&observed), Some("sha-1"));
        prop_assert!(Plan::new(&settings(), Some(&codes[0]), &observed).is_empty());
    }

    #[test]
    fn converges_from_wherever_a_run_was_killed(mut observed in disorder(), killed_after in 0..14_usize) {
        let plan = Plan::new(&settings(), Some(&code()), &observed);
        for step in plan.steps.iter().take(killed_after) {
            apply(&step.action, &mut observed);
        }
        let again = Plan::new(&settings(), Some(&code()), &observed);
        carry_out(&again, &mut observed);
        prop_assert!(Plan::new(&settings(), Some(&code()), &observed).is_empty());
    }
}
