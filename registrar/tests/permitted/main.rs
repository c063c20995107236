//! What the commands make of an AWS that denies some reads, belongs to another account, or lost things meanwhile: they run
//! in this process, and a stand-in answers in place of AWS.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic, and so may what it is made of")]

mod stand_in;

use appflow_registrar::cli::{Cli, Command};
use appflow_registrar::command::{deploy, status, unregister};
use appflow_registrar::environment::ProcessEnvironment;
use appflow_registrar::error::RegistrarError;
use appflow_registrar::interrupt::Interrupt;
use appflow_registrar::outcome::Outcome;
use appflow_registrar::session::Session;
use clap::Parser as _;
use serde_json::{Value, json};
use stand_in::StandIn;

/// Runs a command before a stand-in.
async fn run(aws: &StandIn, line: &str) -> Result<Outcome, RegistrarError> {
    let cli = Cli::try_parse_from(
        format!("registrar --quiet {line} --label acme").split(' ').filter(|word| !word.is_empty()),
    );
    let Cli { command, global } = cli.unwrap_or_else(|error| panic!("{error}"));
    let mut session = Session::new(global, ProcessEnvironment::default(), Interrupt::never()).unwrap();
    session.clients = Some(aws.clients());
    match &command {
        Command::Status(args) => status::status(&session, args).await,
        Command::List => status::list(&session).await,
        Command::Register(args) => deploy::register(&session, args).await,
        Command::Unregister(args) => unregister::unregister(&session, args).await,
        other => panic!("{}", other.name()),
    }
}

async fn document(aws: &StandIn, line: &str) -> (u8, Value) {
    let outcome = run(aws, line).await.unwrap_or_else(|error| Outcome::failed("?", error));
    (outcome.exit_code().code(), serde_json::to_value(&outcome).unwrap())
}

fn states(document: &Value) -> Vec<(&str, &str)> {
    let rows = document["rows"].as_array().unwrap_or_else(|| panic!("no rows in {document}"));
    rows.iter().map(|row| (row["subject"].as_str().unwrap(), row["state"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn status_shows_what_may_not_be_read_as_unknown_and_goes_on() {
    let aws = StandIn::empty().denying(&["GetRole"]);
    let (code, document) = document(&aws, "status --no-build").await;
    assert_eq!(code, 0);
    let expected =
        [("role", "unknown"), ("function", "missing"), ("permission", "missing"), ("registration", "missing")];
    for row in expected {
        assert!(states(&document).contains(&row), "{row:?} in {document}");
    }
    assert_eq!((&document["inSync"], &document["missingPermissions"]), (&json!(false), &json!(["iam:GetRole"])));
    assert!(document["rows"][0]["detail"].as_str().unwrap().contains("no permission: iam:GetRole"), "{document}");
}

#[tokio::test]
async fn a_difference_weighs_more_than_what_is_unknown() {
    let some = StandIn::empty().denying(&["GetRole"]);
    assert_eq!(document(&some, "status --no-build --check").await.0, 6);
    let all = StandIn::empty().denying(&["GetRole", "GetFunction", "DescribeConnector"]);
    let (code, document) = document(&all, "status --no-build --check").await;
    assert_eq!(code, 3, "{document}");
    assert!(states(&document).iter().all(|(_, state)| *state == "unknown"), "{document}");
    let hint = document["error"]["hint"].as_str().unwrap();
    for action in ["iam:GetRole", "lambda:GetFunction", "appflow:DescribeConnector"] {
        assert!(hint.contains(action), "{hint}");
    }
}

#[tokio::test]
async fn a_registration_is_not_renewed_from_half_of_what_is_there() {
    let aws = StandIn::empty().denying(&["DescribeConnector"]);
    let error = run(&aws, "register --function-name f").await.unwrap_err();
    assert_eq!(error.exit_code().code(), 3, "{error}");
    assert_eq!(aws.writes(), [""; 0]);
}

#[tokio::test]
async fn another_account_is_left_alone_after_one_call() {
    for line in ["status --no-build", "unregister --yes --delete-function"] {
        let aws = StandIn::empty();
        let error = run(&aws, &format!("{line} --account 210987654321")).await.unwrap_err();
        assert_eq!(error.exit_code().code(), 2, "{error}");
        assert_eq!(aws.calls(), ["GetCallerIdentity"], "{line}");
    }
    let aws = StandIn::empty();
    run(&aws, "status --no-build --account 123456789012").await.unwrap();
    assert_eq!(aws.calls()[..3], ["GetCallerIdentity", "GetCallerIdentity", "GetRole"]);
}

#[tokio::test]
async fn unregister_names_the_flows_on_all_pages_and_refuses() {
    let aws = StandIn::registered().with_flows(&[("daily", "acme"), ("other", "else"), ("hourly", "acme")]);
    let (code, document) = document(&aws, "unregister --yes").await;
    assert_eq!(code, 4);
    assert_eq!(document["flows"], json!(["daily", "hourly"]));
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("flows still use the connector acme: daily, hourly"), "{message}");
    assert_eq!(aws.writes(), [""; 0]);
}

#[tokio::test]
async fn unregister_goes_on_when_flows_may_not_be_listed() {
    let aws = StandIn::registered().denying(&["ListFlows"]);
    let (code, document) = document(&aws, "unregister --yes").await;
    assert_eq!((code, &document["flows"]), (0, &Value::Null), "{document}");
    assert_eq!(document["removed"], json!(["the registration of acme"]));
}

#[tokio::test]
async fn a_dry_run_and_missing_consent_show_what_would_go_and_touch_nothing() {
    let aws = StandIn::registered();
    let (code, dry) = document(&aws, "unregister --dry-run").await;
    assert_eq!((code, &dry["dryRun"], &dry["removed"]), (0, &json!(true), &json!([])));
    assert_eq!(dry["steps"][0]["step"], "unregister-connector");
    let (code, asked) = document(&aws, "unregister").await;
    assert_eq!((code, &asked["steps"]), (2, &dry["steps"]), "{asked}");
    assert_eq!(aws.writes(), [""; 0]);
}

#[tokio::test]
async fn what_is_gone_when_it_is_to_be_removed_counts_as_removed_by_others() {
    let aws = StandIn::registered().losing(&["UnregisterConnector"]);
    let (code, document) = document(&aws, "unregister --yes").await;
    assert_eq!((code, &document["removed"]), (0, &json!([])), "{document}");
    assert_eq!(aws.writes(), ["UnregisterConnector"]);
}

#[tokio::test]
async fn a_function_of_another_name_is_looked_for_once_the_registration_is_gone() {
    let aws = StandIn::empty();
    run(&aws, "unregister --yes --delete-function").await.unwrap();
    assert!(aws.calls().contains(&"ListFunctions".to_owned()), "{:?}", aws.calls());
    // Somebody who says which one is taken at their word.
    let aws = StandIn::empty();
    run(&aws, "unregister --yes --delete-function --function-name mine").await.unwrap();
    assert!(!aws.calls().contains(&"ListFunctions".to_owned()), "{:?}", aws.calls());
    // Whoever may not list functions is told, and the rest goes on.
    let aws = StandIn::empty().denying(&["ListFunctions"]);
    assert_eq!(document(&aws, "unregister --yes --delete-function").await.0, 0);
}
