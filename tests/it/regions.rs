//! Several regions in one call, and the account that a run is meant for.

use appflow_tests::{Laptop, Run, Server, binaries};
use serde_json::{Value, json};

/// Runs the registrar against a server as a person with an account would.
#[track_caller]
fn run(laptop: &Laptop, server: &Server, arguments: &[&str]) -> Run {
    laptop.against(server, &binaries().registrar, arguments)
}

#[track_caller]
fn regions(document: &Value) -> Vec<&str> {
    let regions = document["regions"].as_array().unwrap_or_else(|| panic!("no regions in {document}"));
    regions.iter().map(|region| region["region"].as_str().unwrap()).collect()
}

/// What deploys the tests' connector for this machine.
fn deploy<'a>(label: &'a str, region: &'a str) -> Vec<&'a str> {
    let connector = binaries().connector.to_str().unwrap();
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let mut arguments = vec!["deploy", "--output", "json", "--binary-path", connector, "--architecture", architecture];
    arguments.extend(["--label", label, "--region", region]);
    arguments
}

#[test]
fn two_regions_are_deployed_listed_and_removed_in_one_call_each() {
    let laptop = Laptop::new();
    let server = laptop.serve();
    let both = "eu-west-1,us-east-1";
    let deployed = run(&laptop, &server, &deploy("twins", both)).expect(0).json();
    assert_eq!(regions(&deployed), ["eu-west-1", "us-east-1"]);
    for one in deployed["regions"].as_array().unwrap() {
        assert_eq!(
            (&one["schema"], &one["command"], &one["status"]),
            (&json!("registrar/1"), &json!("deploy"), &json!("done"))
        );
        let region = one["region"].as_str().unwrap();
        assert!(one["functionArn"].as_str().unwrap().contains(region), "{one}");
    }
    // Neither takes from the other what it needs.
    let again = run(&laptop, &server, &deploy("twins", both)).expect(0).json();
    for one in again["regions"].as_array().unwrap() {
        assert_eq!(one["status"], "nothingToDo", "{one}");
    }
    let listed = run(&laptop, &server, &["list", "--region", both]).expect(0);
    let heads: Vec<_> = listed.stdout.lines().filter(|line| both.contains(line) && !line.is_empty()).collect();
    assert_eq!(heads, ["eu-west-1", "us-east-1"], "{}", listed.stdout);
    // Each region's part is what a call for it alone gives.
    let alone = run(&laptop, &server, &["list", "--region", "us-east-1", "--output", "json"]).expect(0).json();
    let together = run(&laptop, &server, &["list", "--region", both, "--output", "json"]).expect(0).json();
    assert_eq!(together["regions"][1], alone);

    let one = ["unregister", "--label", "twins", "--yes", "--region", "eu-west-1", "--delete-function"];
    drop(run(&laptop, &server, &one).expect(0));
    let other = run(&laptop, &server, &deploy("twins", "us-east-1")).expect(0).json();
    assert_eq!(other["status"], "nothingToDo", "the other region keeps its role: {other}");
    let unregister = ["unregister", "--label", "twins", "--yes", "--region", both, "--output", "json"];
    let removed = run(&laptop, &server, &unregister).expect(0).json();
    assert_eq!(regions(&removed), ["eu-west-1", "us-east-1"]);
    let left = run(&laptop, &server, &["list", "--region", both, "--output", "json"]).expect(0).json();
    assert_eq!((&left["regions"][0]["connectors"], &left["regions"][1]["connectors"]), (&json!([]), &json!([])));
}

#[test]
fn a_failure_ends_what_writes_and_is_told_with_what_was_not_begun() {
    let laptop = Laptop::new();
    let server = laptop.serve();
    let nowhere = ["register", "--label", "none", "--function-name", "nothing", "--region", "eu-west-1,us-east-1"];
    let failed = run(&laptop, &server, &[&nowhere[..], &["--output", "json"]].concat());
    let document = failed.json();
    assert_ne!(failed.code, Some(0));
    assert_eq!(regions(&document), ["eu-west-1"], "{document}");
    assert_eq!(document["error"]["hint"], "not begun: us-east-1");
    assert!(document["error"]["message"].as_str().unwrap().contains("fails in 1 of 2 regions: eu-west-1"));

    // What only reads goes on.
    let status = ["status", "--no-build", "--check", "--label", "none", "--region", "eu-west-1,us-east-1"];
    let compared = run(&laptop, &server, &[&status[..], &["--output", "json"]].concat()).expect(6).json();
    assert_eq!(regions(&compared), ["eu-west-1", "us-east-1"]);

    let role = [&deploy("one", "eu-west-1,us-east-1")[..], &["--role-name", "r"]].concat();
    let refused = run(&laptop, &server, &role).expect(2).json();
    assert!(refused["error"]["hint"].as_str().unwrap().contains("a role of its own"), "{refused}");
    let refused = run(&laptop, &server, &["entities", "--region", "eu-west-1,us-east-1"]).expect(2);
    assert!(refused.stderr.contains("entities works in one region"), "{}", refused.stderr);
}

#[test]
fn another_account_is_refused_before_anything_is_done() {
    let laptop = Laptop::new();
    let server = laptop.serve();
    let foreign = [&deploy("guarded", "us-east-1")[..], &["--account", "123456789012"]].concat();
    let refused = run(&laptop, &server, &foreign).expect(2);
    let error = &refused.json()["error"];
    assert_eq!(error["kind"], "usage");
    assert!(error["message"].as_str().unwrap().contains("account 000000000000"), "{error}");
    for command in [&["list"][..], &["describe", "--label", "guarded"], &["unregister", "--label", "guarded", "--yes"]]
    {
        let refused = run(&laptop, &server, &[command, &["--account", "123456789012"]].concat()).expect(2);
        assert!(refused.stderr.contains("--account allows account 123456789012 only"), "{}", refused.stderr);
    }
    let own = [&deploy("guarded", "us-east-1")[..], &["--account", "000000000000"]].concat();
    assert_eq!(run(&laptop, &server, &own).expect(0).json()["status"], "done");
    let malformed = run(&laptop, &server, &["list", "--account", "12"]).expect(2);
    assert!(malformed.stderr.contains("twelve digits"), "{}", malformed.stderr);
}
