//! A journey with Lambda, IAM and STS of moto, which others wrote; AppFlow, which moto does not have, is the local AWS.
//!
//! Where moto is not AWS, this is what follows:
//!
//! - It runs functions in containers only. Here it answers as it is told, with what the real function says of itself.
//! - AppFlow invokes the local AWS's function, so that one is deployed first, under the same ARN, and gets the same code.
//! - It has the policies that AWS manages only when it is told to load them, and one account that is named beforehand.
//! - Functions are ready at once, nobody needs a permission, and any signature will do.

use std::process::Command;

use appflow_registrar::aws::{Aws, Connection};
use appflow_tests::{Call, Cloud, Relay, Run, Service, registrar_against, wait_for};
use serde_json::{Value, json};

use crate::stage::{FUNCTION, LABEL, ONE, Stage, THREE, TWO};

/// The local AWS's account.
const ACCOUNT: &str = "000000000000";

/// One AWS made of two.
struct Both<'a> {
    stage: &'a Stage,
    moto: Relay,
    appflow: Relay,
}

impl Both<'_> {
    /// Runs the registrar with an endpoint for each service, and gives what it called.
    fn run(&self, arguments: &[String]) -> (Run, Vec<Call>) {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let mut command: Command = registrar_against("", self.stage.folder(), &arguments);
        command.env_remove("AWS_ENDPOINT_URL").env("AWS_ENDPOINT_URL_APPFLOW", self.appflow.base_url());
        for service in ["LAMBDA", "IAM", "STS", "S3"] {
            command.env(format!("AWS_ENDPOINT_URL_{service}"), self.moto.base_url());
        }
        // Every zip is too large to be sent along, so that code goes through the bucket.
        command.env("REGISTRAR_TEST_ZIP_LIMIT", "1000");
        let run = self.moto.start(&mut command).finish();
        let (mut calls, of_appflow) = (self.moto.take(), self.appflow.take());
        assert!(calls.iter().all(|call| call.service != "appflow"), "{calls:?}");
        assert!(of_appflow.iter().all(|call| call.service == "appflow"), "{of_appflow:?}");
        calls.extend(of_appflow);
        (run, calls)
    }
}

/// What the local AWS's function says of itself.
fn description(aws: &Aws) -> String {
    let question = json!({"type": "DescribeConnectorConfigurationRequest", "locale": "en-US"});
    let answer = wait_for(aws.lambda.invoke(FUNCTION, question.to_string().into_bytes())).unwrap();
    assert_eq!(answer.function_error, None);
    String::from_utf8(answer.payload).unwrap()
}

fn tell(moto: &Service, path: &str, what: &Value) {
    let (head, _) = moto.request(&format!("POST {path}"), &[], &what.to_string());
    assert!(head.contains(" 201 "), "{path}: {head}");
}

/// Has moto's functions answer so, one after the other, and forget what they were told before.
fn answers(moto: &Service, aws: &Aws, results: &[&str]) {
    // What they are not told, they answer with the question.
    let question = b"{}".to_vec();
    while wait_for(aws.lambda.function(FUNCTION)).unwrap().is_some()
        && wait_for(aws.lambda.invoke(FUNCTION, question.clone())).unwrap().payload != question
    {}
    let what = json!({"results": results, "account_id": ACCOUNT, "region": "us-east-1"});
    tell(moto, "/moto-api/static/lambda-simple/response", &what);
}

fn clients(endpoint_url: String) -> Aws {
    wait_for(Aws::connect(&Connection::Local { endpoint_url, region: "us-east-1".to_owned() })).unwrap()
}

#[test]
fn a_connector_lives_and_dies_on_an_aws_of_other_people() {
    let Some(moto) = Service::moto("moto", ACCOUNT) else { return };
    let stage = Stage::new();
    let cloud = Cloud::copy_of(stage.deployed.path());
    let (local, aws) = (cloud.aws(), clients(moto.base_url()));
    // What AppFlow needs to ask the function stays, and the registration goes.
    wait_for(local.appflow.unregister(LABEL, false)).unwrap();
    tell(&moto, "/moto-api/config", &json!({"lambda": {"use_docker": false}}));
    let one = description(&local);
    answers(&moto, &aws, &[one.as_str(); 4]);
    let both = Both { stage: &stage, moto: Relay::to(moto.address), appflow: cloud.relay() };
    let (refused, calls) = both.run(&stage.deploy(ONE, &[]));
    let refused = refused.expect(2).json();
    assert!(refused["error"]["hint"].as_str().unwrap().contains("--s3-bucket"), "{refused}");
    assert!(!calls.iter().any(Call::is_write), "{calls:?}");
    let in_bucket = ["--s3-bucket", "artefacts", "--s3-prefix", "acme"];
    let (refused, _) = both.run(&stage.deploy(ONE, &in_bucket));
    let refused = refused.expect(4).json();
    assert!(refused["error"]["hint"].as_str().unwrap().starts_with("make the bucket first"), "{refused}");
    let s3 = ("Authorization", "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request");
    let host = moto.address.to_string();
    let (head, _) = moto.request("PUT /artefacts", &[s3, ("Host", &host)], "");
    assert!(head.contains(" 200 "), "{head}");

    let mut plan = stage.deploy(ONE, &in_bucket);
    "plan".clone_into(&mut plan[0]);
    let (planned, calls) = both.run(&plan);
    let planned = planned.expect(0).json();
    assert!(!calls.iter().any(Call::is_write), "{calls:?}");
    let (deployed, _) = both.run(&stage.deploy(ONE, &in_bucket));
    let deployed = deployed.expect(0).json();
    assert_eq!(steps(&deployed), steps(&planned["plan"]));
    assert!(steps(&deployed).contains(&json!("upload-artefact")), "{deployed}");
    assert_eq!(deployed["functionArn"], format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:{FUNCTION}"));

    let (again, calls) = both.run(&stage.deploy(ONE, &in_bucket));
    assert_eq!(again.expect(0).json()["status"], "nothingToDo");
    assert!(!calls.iter().any(Call::is_write) && calls.len() <= 8, "{calls:?}");

    let changed = stage.deploy(TWO, &[&in_bucket[..], &["--memory", "512"]].concat());
    let zip = std::fs::read(&changed[changed.iter().position(|argument| argument == "--zip").unwrap() + 1]).unwrap();
    let function = wait_for(local.lambda.function(FUNCTION)).unwrap().unwrap();
    let code = appflow_registrar::aws::Code::Zip(&zip);
    wait_for(local.lambda.update_code(FUNCTION, code, &function.architecture, None)).unwrap();
    let two = description(&local);
    assert_ne!(one, two);
    let mut status = changed.clone();
    "status".clone_into(&mut status[0]);
    status.push("--check".to_owned());
    answers(&moto, &aws, &[&one]);
    drop(both.run(&status).0.expect(6));
    answers(&moto, &aws, &[&one, &two, &two, &two]);
    let updated = both.run(&changed).0.expect(0).json();
    for step in ["update-configuration", "upload-artefact", "update-code", "update-registration"] {
        assert!(steps(&updated).contains(&json!(step)), "{step} is missing in {updated}");
    }
    answers(&moto, &aws, &[&two]);
    drop(both.run(&status).0.expect(0));

    let unregister = ["unregister", "--label", LABEL, "--delete-function", "--yes"].map(str::to_owned);
    drop(both.run(&unregister).0.expect(0));
    for (code, is_there) in [(ONE, true), (TWO, true), (THREE, false)] {
        let zip = std::fs::read(stage.folder().join(format!("{}.zip", code.0))).unwrap();
        let key = format!("acme/{}.zip", appflow_registrar::digest::hex(&zip));
        assert_eq!(wait_for(aws.s3.has(ACCOUNT, "artefacts", &key)).unwrap(), is_there, "{key}");
    }
    assert_eq!(wait_for(aws.lambda.function(FUNCTION)).unwrap(), None);
    assert_eq!(wait_for(aws.iam.role(&format!("{FUNCTION}-role-us-east-1"), "none")).unwrap(), None);
    let scope = ("Authorization", "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/lambda/aws4_request");
    let (_, left) = moto.request("GET /2015-03-31/functions/", &[scope], "");
    assert_eq!(left["Functions"], json!([]));
}

fn steps(document: &Value) -> Vec<Value> {
    document["steps"].as_array().unwrap().iter().map(|step| step["step"].clone()).collect()
}
