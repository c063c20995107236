//! The manifest for OData services against one made with SAP CAP: entities from `$metadata`, `$filter`, server-driven pages.

use appflow_tests::{Api, Service};
use serde_json::json;

fn connect(service: &Service) -> Api {
    let (username, password) = Service::ODATA_CLERK;
    let setting = format!("baseUrl={}/odata/v4/shop", service.base_url());
    Api::connect("odata", &setting, &json!({"username": username, "password": password}))
}

#[test]
fn entities_are_those_of_the_metadata_and_every_row_comes_once() {
    let Some(service) = Service::odata("OData", 1_234) else { return };
    let api = connect(&service);
    let entities = api.ask(&["entities"]).expect(0).json();
    let entities = entities["entities"].as_array().unwrap();
    let writable = |name: &str| {
        let found = entities.iter().find(|entity| entity["entityIdentifier"] == name);
        found.unwrap_or_else(|| panic!("no {name}"))["isWritable"].as_bool().unwrap()
    };
    assert!(writable("Orders") && writable("Books") && !writable("Currencies"));

    let orders = api.definition("Orders");
    let kind = |name: &str| orders.field(name).unwrap_or_else(|| panic!("no {name}")).data_type.to_string();
    let kinds = ["ID", "customer", "total", "weight", "gift", "pieces", "orderedOn", "shippedAt"].map(kind);
    assert_eq!(kinds, ["Integer", "String", "BigDecimal", "Double", "Boolean", "Long", "Date", "DateTime"]);
    assert_eq!(orders.field("ID").unwrap().is_primary_key, Some(true));
    assert_eq!(
        api.definition("OrderItems").fields.iter().filter(|field| field.is_primary_key == Some(true)).count(),
        2
    );

    let all = api.query("Orders", &["--fields", "ID,status"]);
    assert!(all.iter().map(|record| record["ID"].as_u64().unwrap()).eq(1..=1_234), "every row once, in order");
    assert!(all.iter().all(|record| record.as_object().unwrap().len() == 2));
    let unknown = api.ask(&["query", "Order"]);
    assert!(unknown.stderr.contains("Orders"), "the nearest right name: {}", unknown.stderr);
}

#[test]
fn filters_mean_what_they_say() {
    let Some(service) = Service::odata("OData", 400) else { return };
    let api = connect(&service);
    let filters = [
        "status = 'open'",
        "status = 'OPEN'",
        "status != 'open' and gift = true",
        "not gift = true",
        "total > 990 or total = null",
        "not (total > 100 and gift = true)",
        "total between 10.5 and 20.35",
        "pieces = 9007199254740993",
        "weight < 1.25",
        "note = null",
        "note contains '100%'",
        "note contains \"it's\" or note contains '&b=2#c'",
        "customer = 'Künde 9' or customer = 'K+1'",
        "orderedOn >= 2026-02-02 and orderedOn < 2026-04-01",
        "orderedOn > 2026-02-02T12:00:00Z",
        "shippedAt >= 2026-03-03T02:02:14+01:00",
        "modifiedAt < 2020-01-01",
        "ID in (1, 2, 3, 400) and not ID = 2",
        "ID > 1.5 and ID <= 10.5",
    ];
    assert_eq!(api.misunderstood("Orders", &filters), Vec::<String>::new());
    let keys = ["order_ID = 2 and line = 1", "line in (1, 2) and order_ID < 5"];
    assert_eq!(api.misunderstood("OrderItems", &keys), Vec::<String>::new());
    let odd = ["code = \"o'clock\"", "code = 'a/b'", "code contains '%'"];
    assert_eq!(api.misunderstood("Labels", &odd), Vec::<String>::new());
}

#[test]
fn records_are_written_whatever_their_keys_are() {
    let Some(service) = Service::odata("OData", 20) else { return };
    let api = connect(&service);
    let order = |id: u32| json!({"ID": id, "customer": "Ü \"quoted\" & more", "total": 12.5, "status": "open"});
    let written = api.write("Orders", "insert", &[order(9_001), order(1), order(9_002)], &[]).expect(4).json();
    let statuses: Vec<_> = written["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, ["written", "failed", "written"], "{written}");
    assert!(written["results"][1]["message"].as_str().unwrap().contains("ENTITY_ALREADY_EXISTS"), "{written}");
    assert_eq!(written["results"][0]["recordId"], "9001");

    let update = [json!({"ID": 9_001, "total": 77.25}), json!({"ID": 88_888, "total": 1})];
    let updated = api.write("Orders", "update", &update, &[]).expect(4).json();
    assert_eq!(
        (&updated["results"][0]["status"], &updated["results"][1]["status"]),
        (&json!("written"), &json!("failed"))
    );
    let found = api.query("Orders", &["--fields", "ID,total,customer", "--filter", "ID = 9001"]);
    assert_eq!((&found[0]["total"], &found[0]["customer"]), (&json!("77.25"), &json!("Ü \"quoted\" & more")));

    let labels = ["new/one", "o'new", "a b?c#d", "100%"];
    let label = |code: &&str| json!({"code": code});
    drop(api.write("Labels", "upsert", &labels.iter().map(label).collect::<Vec<_>>(), &[]).expect(0));
    for code in labels {
        let literal = if code.contains('\'') { format!("code = \"{code}\"") } else { format!("code = '{code}'") };
        assert_eq!(api.query("Labels", &["--fields", "code", "--filter", &literal]).len(), 1, "{code}");
    }
    drop(api.write("Labels", "delete", &labels.iter().map(label).collect::<Vec<_>>(), &[]).expect(0));
    assert!(api.query("Labels", &["--fields", "code", "--filter", "code = 'new/one'"]).is_empty());

    let read_only = api.write("Currencies", "insert", &[json!({"code": "XXX"})], &[]);
    assert_eq!(read_only.code, Some(2), "{}", read_only.stderr);
}
