//! A deployment that is killed anywhere is repaired by running it again.

use appflow_tests::{Laptop, binaries};
use serde_json::Value;

use crate::deploy::steps;

/// Everything that an observer can see of a deployment, without what differs between any two runs.
fn state(laptop: &Laptop) -> Value {
    let connector = binaries().connector.to_str().unwrap();
    let status = laptop.registrar(&["status", "--check", "--local", "--output", "json", "--binary-path", connector]);
    let mut state = status.expect(0).json();
    let described = laptop.registrar(&["list", "--local", "--output", "json"]).expect(0).json();
    state["registered"] = described["connectors"].clone();
    for connector in state["registered"].as_array_mut().unwrap() {
        connector.as_object_mut().unwrap().retain(|key, _| key != "registeredAt");
    }
    state
}

#[test]
fn killing_deploy_after_any_step_and_running_it_again_ends_where_one_clean_run_does() {
    let clean = Laptop::new();
    let document = clean.deploy(&[]).expect(0).json();
    let expected = state(&clean);

    let connector = binaries().connector.to_str().unwrap();
    let mut killed = 0;
    for step in steps(&document) {
        let laptop = Laptop::new();
        let arguments = ["deploy", "--local", "--output", "json", "--binary-path", connector];
        let run = laptop.registrar_with("REGISTRAR_TEST_STOP_AFTER", step, &arguments);
        assert_eq!(run.code, None, "{step}: it was not killed\n{}\n{}", run.stdout, run.stderr);
        killed += 1;

        let repaired = laptop.deploy(&[]).expect(0).json();
        assert_eq!(repaired["functionArn"], document["functionArn"], "{step}");
        assert_eq!(repaired["connectorArn"], document["connectorArn"], "{step}");
        assert_eq!(state(&laptop), expected, "{step}");
        assert_eq!(steps(&laptop.deploy(&[]).expect(0).json()), [""; 0], "{step}: nothing is left to do");
    }
    assert!(killed >= 8, "only {killed} steps");
}
