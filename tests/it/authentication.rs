//! Every kind of authentication, through a connection of AppFlow's.

use appflow_tests::{Connection, Laptop};

#[tokio::test(flavor = "multi_thread")]
async fn records_are_read_through_a_connection_of_every_kind() {
    let laptop = Laptop::new();
    let server = laptop.serve();
    let label = laptop.deploy(&[]).expect(0).json()["label"].as_str().unwrap().to_owned();
    let sample = format!("{}/sample", server.endpoint_url);

    for (guard, right, wrong) in [
        ("open", Connection::custom("NoAuth", []), None),
        ("basic", Connection::basic("sample", "sample-password"), Some(Connection::basic("sample", "hunter2"))),
        ("api-key", Connection::api_key("sample-api-key"), Some(Connection::api_key("hunter2"))),
        ("bearer", Connection::bearer("sample-access-token"), Some(Connection::bearer("hunter2"))),
        (
            "header",
            Connection::custom("SampleToken", [("tenant", "acme"), ("token", "sample-token")]),
            Some(Connection::custom("SampleToken", [("tenant", "acme"), ("token", "hunter2")])),
        ),
    ] {
        let base_url = format!("{sample}/{guard}");
        right.create(&server, &label, guard, &base_url).await.unwrap();
        let arguments =
            ["query", "contacts", "--connector-profile", guard, "--limit", "3", "--local", "--output", "json"];
        let records = laptop.registrar(&arguments).expect(0).json();
        assert_eq!(records["records"].as_array().unwrap().len(), 3, "{guard}");

        if let Some(wrong) = wrong {
            let refused = wrong.create(&server, &label, &format!("{guard}-wrong"), &base_url).await.unwrap_err();
            assert!(refused.contains("ConnectorAuthenticationException"), "{guard}: {refused}");
            assert!(!refused.contains("hunter2"), "{guard}: {refused}");
        }
    }

    let arguments = ["entities", "--local"];
    let ambiguous = laptop.registrar(&arguments);
    assert!(ambiguous.code == Some(0) || ambiguous.stderr.contains("--connector-profile"), "{}", ambiguous.stderr);
}
