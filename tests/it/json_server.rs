//! The manifest of json-server against json-server: linked pages, a key in a header, one request for each record.

use appflow_tests::{Api, Service};
use serde_json::{Value, json};

fn connect(service: &Service) -> Api {
    let setting = format!("baseUrl={}", service.base_url());
    Api::connect("json-server", &setting, &json!({"apiKey": Service::JSON_SERVER_KEY}))
}

#[test]
fn rows_come_once_and_filters_mean_what_they_say() {
    let Some(service) = Service::json_server("json-server", 5_000) else { return };
    let api = connect(&service);
    let all = api.query("orders", &["--fields", "id"]);
    assert!(all.iter().map(|record| record["id"].as_u64().unwrap()).eq(1..=5_000), "every row once, in order");

    let filters = [
        "status = 'open'",
        "status = 'OPEN'",
        "status != 'open' and total >= 990",
        "total > 990.5",
        "total = 0.37",
        "weight <= 3.5",
        "weight = null",
        "id in (1, 2, 5000)",
        "id = 5",
        "id > 4990",
        "gift = true and city = 'Ulm'",
        "not gift = true",
        "note = ''",
        "note contains '100%'",
        "note contains '&b=2#c'",
        "status = 'open' or status = 'paid'",
        "tags contains 'new' and status in ('open', 'paid')",
        "updatedAt >= 2026-06-01T00:00:00Z and updatedAt < 2026-07-01T00:00:00Z",
        "customer = 'C-7&status=open'",
    ];
    assert_eq!(api.misunderstood("orders", &filters), Vec::<String>::new());
}

#[test]
fn records_are_written_one_by_one_and_looked_up() {
    let Some(service) = Service::json_server("json-server", 20) else { return };
    let api = connect(&service);
    let records: Vec<_> =
        (0..40).map(|index| json!({"id": 1_000 + index, "customer": "C/1 ü\"", "total": 0.1, "gift": false})).collect();
    let written = api.write("orders", "insert", &records, &[]).expect(0).json();
    let ids: Vec<_> = written["results"].as_array().unwrap().iter().map(|result| result["recordId"].clone()).collect();
    let expected: Vec<Value> = (0..40).map(|index| json!((1_000 + index).to_string())).collect();
    assert_eq!(ids, expected, "in the order of the records, though several are sent at a time");
    assert_eq!(api.query("orders", &["--filter", "customer = 'C/1 ü\"'"]).len(), 40);

    let changed = [json!({"id": 1_000, "total": 12.5}), json!({"id": 77_777, "total": 1})];
    let updated = api.write("orders", "update", &changed, &[]).expect(4).json();
    assert_eq!(updated["results"][0]["status"], "written", "{updated}");
    assert_eq!(updated["results"][1]["status"], "failed", "{updated}");
    assert_eq!(api.query("orders", &["--filter", "id = 1000"])[0]["total"], 12.5);

    let deleted = [json!({"id": 1_000}), json!({"id": 1_000})];
    let gone = api.write("orders", "delete", &deleted, &[]).expect(0).json();
    assert_eq!(gone["written"], 2, "what is not there needs no deleting");
    let customer = json!({"id": "a/b c?d#e", "name": "odd", "email": null});
    drop(api.write("customers", "insert", &[customer], &[]).expect(0));
    drop(api.write("customers", "update", &[json!({"id": "a/b c?d#e", "name": "odd\n\"2\""})], &[]).expect(0));
    assert_eq!(api.query("customers", &["--filter", "id = 'a/b c?d#e'"])[0]["name"], "odd\n\"2\"");

    let upserts = api.write("orders", "upsert", &[json!({"id": 1})], &[]);
    assert_eq!(upserts.code, Some(2), "not offered: {}", upserts.stderr);
}
