//! A fresh clone: deploy, read, deploy again; the state survives between commands.

use appflow_tests::{Binaries, Laptop, Run};
use serde_json::{Value, json};

const FILTER: &str = "total > 100 and updated_at > 2026-01-01T00:00:00Z";

/// The steps of a plan or a deployment, by name.
#[track_caller]
pub(crate) fn steps(document: &Value) -> Vec<&str> {
    let steps = document["steps"].as_array().unwrap_or_else(|| panic!("no steps in {document}"));
    steps.iter().map(|step| step["step"].as_str().unwrap()).collect()
}

#[test]
fn the_first_deployment_registers_and_the_second_has_nothing_to_do() {
    let laptop = Laptop::new();
    let first = laptop.deploy(&[]).expect(0);
    let document = first.json();
    assert_eq!(document["schema"], "registrar/1");
    assert!(document["functionArn"].as_str().unwrap().starts_with("arn:aws:lambda:us-east-1:"), "{document}");
    assert!(document["connectorArn"].as_str().unwrap().contains(":connector/"), "{document}");
    assert!(first.stderr.contains("register the connector"), "progress goes to standard error:\n{}", first.stderr);

    let second = laptop.deploy(&[]).expect(0);
    assert_eq!(steps(&second.json()), [""; 0], "{}", second.stdout);
    assert_eq!(second.json()["status"], "nothingToDo");
}

#[test]
fn the_plan_is_what_deploy_then_does() {
    let laptop = Laptop::new();
    let connector = appflow_tests::binaries().connector.to_str().unwrap();
    let plan = laptop.registrar(&["plan", "--local", "--output", "json", "--binary-path", connector]).expect(0).json();
    let planned = steps(&plan["plan"]);
    for step in ["create-role", "create-function", "wait-ready", "grant-invoke", "smoke-test", "register-connector"] {
        assert!(planned.contains(&step), "{planned:?}");
    }
    let deployed = laptop.deploy(&[]).expect(0).json();
    assert_eq!(steps(&deployed), planned);
}

#[test]
fn records_are_filtered_and_projected_across_pages() {
    let laptop = Laptop::new();
    drop(laptop.deploy(&[]).expect(0));
    let query = |further: &[&str]| -> Value {
        let mut arguments = vec!["query", "orders", "--local", "--output", "json", "--fields", "id,total,updated_at"];
        arguments.extend(further);
        laptop.registrar(&arguments).expect(0).json()
    };
    let some = query(&["--filter", FILTER, "--limit", "20"]);
    let records = some["records"].as_array().unwrap();
    assert_eq!(records.len(), 20);
    for record in records {
        assert_eq!(record.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "total", "updated_at"]);
        assert!(record["total"].as_f64().unwrap() > 100.0, "{record}");
        assert!(record["updated_at"].as_str().unwrap() > "2026-01-01T00:00:00", "{record}");
    }

    let ids = |document: &Value| -> Vec<i64> {
        document["records"].as_array().unwrap().iter().map(|record| record["id"].as_i64().unwrap()).collect()
    };
    let every = ids(&query(&["--all"]));
    assert_eq!(every, (100_001..=105_000).collect::<Vec<_>>(), "every order once, in order");
    let matching = ids(&query(&["--all", "--filter", FILTER]));
    let others = ids(&query(&["--all", "--filter", &format!("not ({FILTER})")]));
    let mut both = [matching.clone(), others].concat();
    both.sort_unstable();
    assert_eq!(both, every, "a filter and its negation part the orders");
    assert_eq!(matching[..20], ids(&some));
}

#[test]
fn every_entity_of_the_sample_can_be_read_whole() {
    let laptop = Laptop::new();
    drop(laptop.deploy(&[]).expect(0));
    for (entity, count) in [("accounts", 500), ("contacts", 2000), ("orders", 5000)] {
        let fields = laptop.registrar(&["fields", entity, "--local", "--output", "json"]).expect(0).json();
        assert!(fields.to_string().contains("updated_at"), "{fields}");
        let all = laptop.registrar(&["query", entity, "--all", "--local", "--output", "json"]).expect(0).json();
        let records = all["records"].as_array().unwrap();
        assert_eq!(records.len(), count, "{entity}");
        let mut ids: Vec<_> = records.iter().map(|record| record["id"].to_string()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{entity}: every record once");
    }
}

#[test]
fn text_output_names_the_arns_and_the_next_command() {
    let laptop = Laptop::new();
    let connector = appflow_tests::binaries().connector.to_str().unwrap();
    let run = laptop.registrar(&["deploy", "--local", "--binary-path", connector]).expect(0);
    for part in ["arn:aws:lambda:", "arn:aws:appflow:", "next: registrar query"] {
        assert!(run.stdout.contains(part), "{part} is missing in\n{}", run.stdout);
    }
    let again = laptop.registrar(&["deploy", "--local", "--binary-path", connector]).expect(0);
    assert!(format!("{}{}", again.stdout, again.stderr).contains("nothing to do"), "it says so");
}

#[test]
fn status_tells_differences_and_unregister_takes_everything_back() {
    let laptop = Laptop::new();
    let connector = appflow_tests::binaries().connector.to_str().unwrap();
    let status = || -> Run {
        laptop.registrar(&["status", "--check", "--local", "--output", "json", "--binary-path", connector])
    };
    drop(status().expect(6));
    drop(laptop.deploy(&[]).expect(0));
    drop(status().expect(0));
    let unregister = ["unregister", "--local", "--output", "json", "--delete-function", "--yes"];
    drop(laptop.registrar(&unregister).expect(0));
    drop(status().expect(6));
    drop(laptop.registrar(&unregister).expect(0));
    let listed = laptop.registrar(&["list", "--local", "--output", "json"]).expect(0).json();
    assert_eq!(listed["connectors"], json!([]), "{listed}");
}

#[test]
fn source_code_is_built_packaged_and_deployed_by_one_command() {
    let laptop = Laptop::new();
    let document = laptop.registrar(&["deploy", "--local", "--output", "json"]).expect(0).json();
    assert!(steps(&document).contains(&"create-function"), "{document}");
    assert_eq!(document["preview"]["records"].as_array().unwrap().len(), 5, "{document}");
    // The same sources make the same artefact, so the binary built beforehand is already there.
    assert_eq!(laptop.deploy(&[]).expect(0).json()["status"], "nothingToDo");
}

#[test]
fn ordinary_credentials_and_an_endpoint_take_the_same_way() {
    let laptop = Laptop::new();
    let server = laptop.serve();
    let Binaries { registrar, connector } = appflow_tests::binaries();
    let connector = connector.to_str().unwrap();
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let deploy =
        ["deploy", "--output", "json", "--binary-path", connector, "--architecture", architecture, "--label", "cloud"];
    let document = laptop.against(&server, registrar, &deploy).expect(0).json();
    assert!(document["connectorArn"].as_str().unwrap().ends_with(":connector/cloud"), "{document}");
    let again = laptop.against(&server, registrar, &deploy).expect(0).json();
    assert_eq!(again["status"], "nothingToDo", "{again}");
    let base_url = format!("baseUrl={}/sample/open", server.endpoint_url);
    let query = ["query", "orders", "--label", "cloud", "--setting", &base_url, "--limit", "2", "--output", "json"];
    let records = laptop.against(&server, registrar, &query).expect(0).json();
    assert_eq!(records["records"].as_array().unwrap().len(), 2);
}

#[test]
fn a_running_server_is_used_instead_of_one_in_process() {
    let laptop = Laptop::new();
    let server = laptop.serve();
    drop(laptop.deploy(&[]).expect(0));
    let listed = laptop.registrar(&["list", "--local", "--output", "json"]).expect(0);
    assert_eq!(listed.json()["connectors"].as_array().unwrap().len(), 1);
    drop(server);
    let afterwards = laptop.registrar(&["list", "--local", "--output", "json"]).expect(0);
    assert_eq!(afterwards.json()["connectors"].as_array().unwrap().len(), 1, "the state survives");
}
