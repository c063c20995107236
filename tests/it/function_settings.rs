//! Network, layers, tracing, key, tags, log retention and alias: set, read back, left alone, taken away.

use appflow_tests::{Call, Cloud, Relay, wait_for};
use serde_json::Value;

use crate::deploy::steps;
use crate::stage::{Code, FUNCTION, ONE, Stage, TWO};

const LAYER: &str = "arn:aws:lambda:us-east-1:000000000000:layer:certificates:3";
const KEY: &str = "arn:aws:kms:us-east-1:000000000000:key/1234";
const GROUP: &str = "/aws/lambda/appflow-connector-acme";

struct Deployer<'a> {
    stage: &'a Stage,
    relay: Relay,
}

impl Deployer<'_> {
    #[track_caller]
    fn deploy(&self, code: Code, further: &[&str]) -> (Value, Vec<Call>) {
        let run = self.stage.run(&self.relay, &self.stage.deploy(code, further));
        (run.expect(0).json(), self.relay.take())
    }
}

#[test]
fn everything_is_set_at_once_and_read_back() {
    let stage = Stage::new();
    let cloud = Cloud::copy_of(stage.deployed.path());
    let deployer = Deployer { stage: &stage, relay: cloud.relay() };
    let aws = cloud.aws();
    let function = || wait_for(aws.lambda.function(FUNCTION)).unwrap().unwrap();
    wait_for(aws.lambda.tag(&function().arn, "their", "tag")).unwrap();
    let all = [
        "--subnets=subnet-1,subnet-2",
        "--security-groups=sg-1",
        "--layers",
        LAYER,
        "--tracing=active",
        "--kms-key",
        KEY,
        "--tag=team=crm",
        "--log-retention=14",
        "--alias=live",
        "--function-timeout=60",
    ];
    let (first, _) = deployer.deploy(ONE, &all);
    let expected = [
        "attach-policy",
        "attach-policy",
        "update-configuration",
        "wait-ready",
        "tag-function",
        "set-log-retention",
        "smoke-test",
    ];
    assert_eq!(steps(&first)[..expected.len()], expected, "{first}");
    assert!(steps(&first).ends_with(&["publish-version", "point-alias"]), "what answered is published: {first}");
    assert!(first["warnings"][0].as_str().unwrap().contains("60 s (--function-timeout)"), "{first}");
    let there = function();
    assert_eq!(there.attachments.network.subnets.len(), 2);
    assert_eq!((there.attachments.layers, there.attachments.kms_key.as_deref()), (vec![LAYER.to_owned()], Some(KEY)));
    assert_eq!(there.attachments.tracing.as_deref(), Some("Active"));
    assert_eq!((there.tags["team"].as_str(), there.tags["their"].as_str()), ("crm", "tag"));
    assert_eq!(wait_for(aws.logs.group(GROUP)).unwrap().unwrap().retention, 14);
    let alias = || wait_for(aws.lambda.alias(FUNCTION, "live")).unwrap().unwrap();
    assert_eq!(alias().version, "1");
    let registration = wait_for(aws.appflow.registration("acme")).unwrap().unwrap();
    assert_eq!(registration.lambda_arn, Some(there.arn), "AppFlow keeps the ARN without the alias");

    let (again, calls) = deployer.deploy(ONE, &all);
    assert_eq!(again["status"], "nothingToDo", "{again}");
    assert!(!calls.iter().any(Call::is_write), "{calls:?}");

    // New code moves the alias on.
    let (newer, _) = deployer.deploy(TWO, &all);
    assert!(steps(&newer).contains(&"point-alias"), "{newer}");
    assert_eq!(alias().version, "2");

    // What is named no more is left alone, but for our own tags.
    let (plain, calls) = deployer.deploy(TWO, &["--function-timeout=60"]);
    assert_eq!(steps(&plain), ["tag-function"], "{plain}");
    assert!(!calls.iter().any(|call| call.service == "logs" || call.operation == "GetAlias"), "{calls:?}");
    let there = function();
    assert!(there.tags.contains_key("their") && !there.tags.contains_key("team"), "{:?}", there.tags);
    assert_eq!(there.attachments.layers.len(), 1);

    let gone = [
        "--subnets=none",
        "--layers=none",
        "--kms-key=none",
        "--tracing=PassThrough",
        "--log-retention=0",
        "--function-timeout=60",
    ];
    let (taken, _) = deployer.deploy(TWO, &gone);
    assert_eq!(steps(&taken)[..3], ["update-configuration", "wait-ready", "set-log-retention"], "{taken}");
    let there = function().attachments;
    assert!(there.network.is_empty() && there.layers.is_empty() && there.kms_key.is_none(), "{there:?}");
    assert_eq!(wait_for(aws.logs.group(GROUP)).unwrap().unwrap().retention, 0);
}
