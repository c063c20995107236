//! What the registrar sends, judged by the models that AWS publishes of its services.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};

use appflow_registrar::aws::{Aws, Connection};
use appflow_registrar::digest::code_sha256;
use appflow_registrar::policy::trust;
use appflow_tests::{
    Call, Cloud, Laptop, Peers, Relay, Reply, StandIn, peers_or_skip, registrar_against, wait_for, workspace,
};
use serde_json::json;

use crate::stage::{FUNCTION, LABEL, ONE, Stage, TWO, say};

/// Where the judge is.
const JUDGE: &str = "tests/peers/service_models";
/// What the registrar calls by the IAM action that allows it, where the operation is called otherwise.
const ACTIONS: [(&str, &str); 3] = [
    ("lambda:Invoke", "lambda:InvokeFunction"),
    ("appflow:UnregisterConnector", "appflow:UnRegisterConnector"),
    ("s3:HeadObject", "s3:GetObject"),
];
/// Operations that no journey here leads to, each with the reason.
const UNSEEN: [(&str, &str); 0] = [];

#[test]
fn the_judge_of_requests_finds_what_it_claims_to_find() {
    let Some(peers) = peers_or_skip("the check of requests") else { return };
    let mut command = Laptop::new().command(peers.program("python"));
    command.args(["-B", "-m", "unittest", "discover", "--start-directory"]).arg(workspace().join(JUDGE));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_request_is_one_that_the_services_models_allow() {
    let Some(peers) = peers_or_skip("requests against AWS's service models") else { return };
    let stage = Stage::new();
    let mut calls = life(&stage);
    calls.extend(exchange(&stage));
    calls.extend(adoption(&stage));
    calls.extend(settings(&stage));
    calls.extend(flows());
    calls.extend(bucket());
    calls.extend(search(&stage));

    let output = judged(peers, &calls);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let seen: BTreeSet<_> = said.lines().filter_map(|line| line.split(' ').next()).map(action).collect();
    let unseen: BTreeSet<_> = UNSEEN.iter().map(|(action, _)| (*action).to_owned()).collect();
    assert_eq!(seen.union(&unseen).cloned().collect::<BTreeSet<_>>(), in_sources(), "what is called and what was seen");
    assert!(seen.is_disjoint(&unseen), "seen after all: {unseen:?}");
    say(&format!("{} requests of {} operations are as AWS's models ask", calls.len(), seen.len()));
}

#[test]
fn a_request_that_the_models_do_not_allow_is_found() {
    let Some(peers) = peers_or_skip("a wrong request against AWS's service models") else { return };
    let cloud = Cloud::new();
    let relay = cloud.relay();
    let folder = tempfile::tempdir().unwrap();
    let list = relay.start(&mut registrar_against(&relay.base_url(), folder.path(), &["list"])).finish();
    drop(list.expect(0));
    let mut calls = relay.take();
    assert_eq!(judged(peers, &calls).status.code(), Some(0));
    calls[0].body = r#"{"maxResults":1000}"#.into();
    let output = judged(peers, &calls);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("request 1: maxResults has 1000, more than 100"), "{said}");
}

/// From the first deployment to the removal, with a connection in between.
fn life(stage: &Stage) -> Vec<Call> {
    let cloud = Cloud::copy_of(stage.empty.path());
    let relay = cloud.relay();
    let run = |arguments: &[&str]| drop(stage.run(&relay, &owned(arguments)).expect(0));

    drop(stage.run(&relay, &stage.deploy(ONE, &[])).expect(0));
    let credentials = tempfile::NamedTempFile::new().unwrap();
    fs::write(&credentials, json!({"apiKey": "sample-api-key"}).to_string()).unwrap();
    let credentials = credentials.path().to_str().unwrap();
    let setting = format!("baseUrl={}/sample/api-key", cloud.endpoint_url());
    let connect = ["connect", "shop", "--label", LABEL, "--credentials", credentials, "--setting", &setting];
    run(&connect);
    let role = format!("{FUNCTION}-role-us-east-1");
    let mut anothers = trust();
    anothers["Statement"][0]["Principal"]["Service"] = json!("states.amazonaws.com");
    wait_for(cloud.aws().iam.update_trust(&role, &anothers)).unwrap();
    let differently = ["--memory", "512", "--env", "CONNECTOR_METRICS_NAMESPACE=Sample", "--description", "Orders"];
    drop(stage.run(&relay, &stage.deploy(TWO, &differently)).expect(0));
    assert_eq!(
        wait_for(cloud.aws().iam.role(&role, "none")).unwrap().unwrap().trust,
        Some(trust()),
        "the trust policy is mended"
    );

    let mut status = stage.deploy(TWO, &differently);
    "status".clone_into(&mut status[0]);
    drop(stage.run(&relay, &status).expect(0));
    // Made again, it is renewed.
    run(&connect);
    run(&["list"]);
    run(&["describe", "--label", LABEL]);
    run(&["entities", "--label", LABEL, "--setting", &setting]);
    run(&["connect", "shop", "--label", LABEL, "--delete", "--yes"]);
    run(&["logs", "--label", LABEL]);
    run(&["unregister", "--label", LABEL, "--delete-function", "--delete-logs", "--yes"]);
    relay.take()
}

/// The permission of an earlier version is replaced, and taken back without the function.
fn exchange(stage: &Stage) -> Vec<Call> {
    let cloud = Cloud::copy_of(stage.older.path());
    let relay = cloud.relay();
    drop(stage.run(&relay, &stage.deploy(ONE, &[])).expect(0));
    drop(stage.run(&relay, &owned(&["unregister", "--label", LABEL, "--yes"])).expect(0));
    relay.take()
}

/// Somebody else's role and function are taken over.
fn adoption(stage: &Stage) -> Vec<Call> {
    let cloud = Cloud::copy_of(stage.empty.path());
    let relay = cloud.relay();
    let others = [
        "--function-name",
        "appflow-connector-other",
        "--role-name",
        "appflow-connector-other-role-us-east-1",
        "--adopt",
    ];
    drop(stage.run(&relay, &stage.deploy(ONE, &others)).expect(0));
    relay.take()
}

/// Everything that a function may have is set, changed and taken away.
fn settings(stage: &Stage) -> Vec<Call> {
    let cloud = Cloud::copy_of(stage.empty.path());
    let relay = cloud.relay();
    let all = [
        "--subnets=subnet-1",
        "--security-groups=sg-1",
        "--layers=arn:aws:lambda:us-east-1:000000000000:layer:certificates:3",
        "--tracing=active",
        "--kms-key=arn:aws:kms:us-east-1:000000000000:key/1234",
        "--tag=team=crm",
        "--log-retention=14",
        "--alias=live",
    ];
    let none = ["--subnets=none", "--layers=none", "--kms-key=none", "--log-retention=0"];
    drop(stage.run(&relay, &stage.deploy(ONE, &all)).expect(0));
    drop(stage.run(&relay, &stage.deploy(TWO, &all)).expect(0));
    drop(stage.run(&relay, &stage.deploy(TWO, &none)).expect(0));
    relay.take()
}

/// What S3 is asked, which is not part of the local AWS.
fn bucket() -> Vec<Call> {
    let s3 = StandIn::http(|asked| Reply::of(if asked.line.starts_with("HEAD") { 404 } else { 200 }, ""));
    let relay = Relay::to(s3.address);
    let (endpoint_url, region) = (relay.base_url(), "us-east-1".to_owned());
    let aws = wait_for(Aws::connect(&Connection::Local { endpoint_url, region })).unwrap();
    assert!(!wait_for(aws.s3.has("000000000000", "artefacts", "acme/code.zip")).unwrap());
    wait_for(aws.s3.put("000000000000", "artefacts", "acme/code.zip", b"code".to_vec(), &code_sha256(b"code")))
        .unwrap();
    relay.take()
}

/// A function of another name, of which no registration tells any more, is found by its tags.
fn search(stage: &Stage) -> Vec<Call> {
    let cloud = Cloud::copy_of(stage.empty.path());
    let relay = cloud.relay();
    let elsewhere = ["--function-name", "elsewhere", "--role-name", "elsewhere-role"];
    drop(stage.run(&relay, &stage.deploy(ONE, &elsewhere)).expect(0));
    wait_for(cloud.aws().appflow.unregister(LABEL, false)).unwrap();
    drop(stage.run(&relay, &owned(&["unregister", "--label", LABEL, "--delete-function", "--yes"])).expect(0));
    assert_eq!(wait_for(cloud.aws().lambda.function("elsewhere")).unwrap(), None);
    relay.take()
}

/// What AppFlow is asked about flows, of which the local AWS has none.
fn flows() -> Vec<Call> {
    let appflow = StandIn::http(|asked| match asked.line.as_str() {
        "POST /list-flows" => {
            Reply::of(200, json!({"flows": [{"flowName": "nightly", "sourceConnectorLabel": LABEL}]}).to_string())
        }
        _ => Reply::of(200, "{}"),
    });
    let relay = Relay::to(appflow.address);
    let (endpoint_url, region) = (relay.base_url(), "us-east-1".to_owned());
    let aws = wait_for(Aws::connect(&Connection::Local { endpoint_url, region })).unwrap();
    assert_eq!(wait_for(aws.appflow.uses(LABEL)).unwrap(), []);
    relay.take()
}

fn owned(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|&argument| argument.to_owned()).collect()
}

fn judged(peers: &Peers, calls: &[Call]) -> Output {
    let mut command = Laptop::new().command(peers.program("python"));
    command.arg("-B").arg(workspace().join(JUDGE).join("check_requests.py"));
    let mut judge = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines: String = calls.iter().map(|call| call.to_json().to_string() + "\n").collect();
    judge.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    judge.wait_with_output().unwrap()
}

fn action(operation: &str) -> String {
    let other = ACTIONS.iter().find(|(name, _)| *name == operation).map(|(_, action)| *action);
    other.unwrap_or(operation).to_owned()
}

/// Every action that the calls are named by in the sources.
fn in_sources() -> BTreeSet<String> {
    let (mut actions, mut folders) = (BTreeSet::new(), vec![workspace().join("registrar/src/aws")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = fs::read_to_string(path).unwrap();
            let code = source.split("#[cfg(test)]\nmod ").next().unwrap();
            actions.extend(code.split('"').filter(|literal| is_action(literal)).map(str::to_owned));
        }
    }
    assert!(actions.len() > 25, "{actions:?}");
    actions
}

/// As in `lambda:GetFunction`.
fn is_action(literal: &str) -> bool {
    let (service, name) = literal.split_once(':').unwrap_or_default();
    !service.is_empty()
        && service.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        && name.starts_with(|letter: char| letter.is_ascii_uppercase())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric())
}
