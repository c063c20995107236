//! Every kind of authentication, through a connection of AppFlow's.

use appflow_tests::Laptop;
use serde_json::json;

#[test]
fn records_are_read_through_a_connection_of_every_kind() {
    let laptop = Laptop::new();
    let server = laptop.serve();
    let label = laptop.deploy(&[]).expect(0).json()["label"].as_str().unwrap().to_owned();
    let sample = format!("{}/sample", server.endpoint_url);

    for (guard, right, wrong) in [
        ("open", json!({}), None),
        (
            "basic",
            json!({"username": "sample", "password": "sample-password"}),
            Some(json!({"username": "sample", "password": "hunter2"})),
        ),
        ("api-key", json!({"apiKey": "sample-api-key"}), Some(json!({"apiKey": "hunter2"}))),
        ("bearer", json!({"accessToken": "sample-access-token"}), Some(json!({"accessToken": "hunter2"}))),
        (
            "header",
            json!({"tenant": "acme", "token": "sample-token"}),
            Some(json!({"tenant": "acme", "token": "hunter2"})),
        ),
    ] {
        let setting = format!("baseUrl={sample}/{guard}");
        let connected = laptop.connect(guard, &right, &["--label", &label, "--setting", &setting]).expect(0);
        assert_eq!(connected.json()["change"], "made", "{guard}");
        let arguments =
            ["query", "contacts", "--connector-profile", guard, "--limit", "3", "--local", "--output", "json"];
        let records = laptop.registrar(&arguments).expect(0).json();
        assert_eq!(records["records"].as_array().unwrap().len(), 3, "{guard}");

        if let Some(wrong) = wrong {
            let name = format!("{guard}-wrong");
            let refused = laptop.connect(&name, &wrong, &["--label", &label, "--setting", &setting]);
            assert_ne!(refused.code, Some(0), "{guard}");
            assert!(refused.stderr.contains("ConnectorAuthenticationException"), "{guard}: {}", refused.stderr);
            assert!(!refused.stderr.contains("hunter2") && !refused.stdout.contains("hunter2"), "{guard}");
        }
    }

    // Made again, a connection is renewed.
    let setting = format!("baseUrl={sample}/api-key");
    let renewed =
        laptop.connect("api-key", &json!({"apiKey": "sample-api-key"}), &["--label", &label, "--setting", &setting]);
    assert_eq!(renewed.expect(0).json()["change"], "renewed");

    let deleted =
        laptop.registrar(&["connect", "bearer", "--delete", "--label", &label, "--local", "--output", "json"]);
    assert_eq!(deleted.expect(0).json()["change"], "deleted");
    let gone = laptop.registrar(&["query", "contacts", "--connector-profile", "bearer", "--local", "--label", &label]);
    assert!(gone.code == Some(2) && gone.stderr.contains("there is no connection"), "{}", gone.stderr);

    let ambiguous = laptop.registrar(&["entities", "--local"]);
    assert!(ambiguous.code == Some(0) || ambiguous.stderr.contains("--connector-profile"), "{}", ambiguous.stderr);
}
