//! The sample API as a destination: records go there and come back.

use appflow_tests::Laptop;
use serde_json::{Value, json};

#[test]
fn records_are_written_to_the_sample_api_and_read_again() {
    let laptop = Laptop::new();
    drop(laptop.deploy(&[]).expect(0));
    let server = laptop.serve();
    let write = |entity: &str, operation: &str, code: i32, records: &[&str]| -> Value {
        let mut arguments = vec!["write", entity, "--local", "--output", "json", "--operation", operation];
        for record in records {
            arguments.extend(["--record", record]);
        }
        laptop.registrar(&arguments).expect(code).json()
    };
    let read = |entity: &str, filter: &str| -> Vec<Value> {
        let arguments = ["query", entity, "--local", "--output", "json", "--filter", filter];
        laptop.registrar(&arguments).expect(0).json()["records"].as_array().unwrap().clone()
    };

    // One request for each; one with an e-mail that another has.
    let person = |email: &str| {
        let record = json!({"account_id": "ACC-00001", "first_name": "Ada", "last_name": "Lovelace", "email": email});
        record.to_string()
    };
    let (new, taken) = (person("ada@example.com"), person("contact1@example.com"));
    let written = write("contacts", "insert", 4, &[&new, &taken]);
    assert_eq!((&written["written"], &written["failed"]), (&json!(1), &json!(1)), "{written}");
    let id = written["results"][0]["recordId"].as_str().unwrap().to_owned();
    assert!(written["results"][1]["message"].as_str().unwrap().contains("409"), "{written}");
    let change = json!({"id": id, "phone": "+49 1"}).to_string();
    drop(write("contacts", "update", 0, &[&change]));
    let found = read("contacts", "email = 'ada@example.com'");
    assert_eq!((&found[0]["id"], &found[0]["phone"], found.len()), (&json!(id), &json!("+49 1"), 1));
    drop(write("contacts", "delete", 0, &[&json!({"id": id}).to_string()]));
    assert_eq!(read("contacts", "email = 'ada@example.com'"), Vec::<Value>::new());

    // Many in one request, with a result for each.
    let order = r#"{"account_id":"ACC-00001","currency":"EUR","exchange_rate":1.000000000000000000000001,"lines":[{"sku":"a","quantity":2,"price":1.50}]}"#;
    let nowhere = order.replace("ACC-00001", "ACC-99999");
    let written = write("orders", "insert", 4, &[order, &nowhere, order]);
    let results = written["results"].as_array().unwrap();
    let statuses: Vec<_> = results.iter().map(|result| result["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["written", "failed", "written"], "{written}");
    assert!(results[1]["message"].as_str().unwrap().contains("(invalid)"), "{written}");
    assert_ne!(results[0]["recordId"], results[2]["recordId"], "two equal records are two records");
    let id: u64 = results[0]["recordId"].as_str().unwrap().parse().unwrap();
    let paid = json!({"id": id, "status": "paid"}).to_string();
    drop(write("orders", "update", 0, &[&paid]));
    let found = read("orders", &format!("id = {id}"));
    assert_eq!((&found[0]["status"], &found[0]["total"]), (&json!("paid"), &json!(3.0)));
    drop(write("orders", "delete", 0, &[&json!({"id": id}).to_string()]));
    assert_eq!(read("orders", &format!("id = {id}")), Vec::<Value>::new());
    drop(server);
}
