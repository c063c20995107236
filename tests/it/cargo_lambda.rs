//! A function that `cargo lambda deploy` made, registered by us.

use appflow_tests::{Laptop, binaries, peers_or_skip};

#[test]
fn a_function_that_cargo_lambda_deployed_is_registered_and_read() {
    let Some(peers) = peers_or_skip("cargo lambda") else { return };
    let laptop = Laptop::new();
    let server = laptop.serve();
    let connector = binaries().connector.to_str().unwrap();
    let folder = laptop.folder().to_str().unwrap();
    let arguments = [
        "lambda",
        "deploy",
        "--binary-path",
        connector,
        "--timeout",
        "30",
        "--memory",
        "256",
        "--lambda-dir",
        folder,
        "by-hand",
    ];
    drop(laptop.against(&server, peers.program("cargo-lambda"), &arguments).expect(0));

    let register = ["register", "--function-name", "by-hand", "--label", "by-hand", "--local", "--output", "json"];
    let document = laptop.registrar(&register).expect(0).json();
    assert!(document["functionArn"].as_str().unwrap().ends_with(":function:by-hand"), "{document}");
    assert!(document["connectorArn"].as_str().unwrap().ends_with(":connector/by-hand"), "{document}");

    let query =
        ["query", "accounts", "--label", "by-hand", "--function-name", "by-hand", "--local", "--output", "json"];
    let records = laptop.registrar(&query).expect(0).json();
    assert_eq!(records["records"].as_array().unwrap().len(), 20);

    let again = laptop.registrar(&register).expect(0).json();
    assert_eq!(crate::deploy::steps(&again), [""; 0]);
}
