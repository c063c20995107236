//! Each rule of writing is broken once.

use super::tests::problems;

const RIGHT: &str = r#"
[connector]
name = "Acme"
owner = "Acme"
version = "1.0"
[connection]
base_url = "https://api.acme.example"
[authentication]
none = true
[settings.list]
label = "List"
required = true
scope = "DESTINATION"
[entities.orders.fields]
id = { type = "Integer", primary_key = true }
name = { type = "String" }
[entities.orders.write.insert]
request = { path = "/{list}/orders", body = { atomic = "{allOrNone}", rows = [] } }
records = "/rows"
record = { attributes = { type = "{entity}" } }
batch = 100
batch_bytes = 100000
all_or_none = true
idempotency_key = "header:Idempotency-Key"
id = "/id"
results = { at = "/results", success = "/ok", message = "/error" }
[entities.orders.write.update]
request = "/orders/{id}"
[entities.orders.write.upsert]
request = "PUT /orders"
[entities.orders.write.delete]
request = "/orders"
batch = 10
ids = { parameter = "ids", separator = "," }
also_success = [404]
"#;

#[test]
fn finds_nothing_wrong_with_a_right_manifest() {
    assert_eq!(problems(RIGHT), Vec::<String>::new());
}

/// A part of the right manifest, what it becomes, and the problem that follows.
const FAULTS: &[(&str, &str, &str)] = &[
    ("batch = 100\n", "batch = 0\n", "insert.batch: must be at least 1"),
    ("batch_bytes = 100000", "batch_bytes = 0", "insert.batch_bytes: must be at least 1"),
    (r#""PUT /orders""#, "\"PUT /orders\"\nbatch_bytes = 9", "upsert.batch_bytes: needs `batch`"),
    (
        r#""PUT /orders""#,
        "\"PUT /orders\"\nresults = { success = \"/ok\" }",
        "upsert.results: needs `batch`: the answer for one record is its result",
    ),
    (r#""PUT /orders""#, r#""GET /orders""#, "upsert.request: must not be a GET, which only reads"),
    ("\"/ok\"", "\"ok\"", "insert.results.success: must be a JSON pointer: empty, or beginning with /"),
    ("\"/error\"", "\"error\"", "insert.results.message: must be a JSON pointer: empty, or beginning with /"),
    ("\"/rows\"", "\"rows\"", "insert.records: must be a JSON pointer: empty, or beginning with /"),
    ("records = \"/rows\"\n", "", "insert.records: must say where in `request.body` the records stand"),
    ("{ attributes = { type = \"{entity}\" } }", "\"{entity}\"", "insert.record: must be a table of members"),
    (
        "{ attributes = { type",
        "{ name = { type",
        "insert.record.name: is a field of the entity, whose value would be lost",
    ),
    (
        "/{list}/orders",
        "/{list}/orders/{id}",
        "insert.request: there is no setting \"id\"; declare it as [settings.id]",
    ),
    ("header:Idempotency-Key", "header:Idempotency Key", "insert.idempotency_key: is no name of an HTTP header"),
    ("[404]", "[500]", "delete.also_success: must hold statuses from 300 to 499"),
    (
        "parameter = \"ids\", separator = \",\"",
        "parameter = \"header:X\"",
        "delete.ids: needs `separator`: a header is sent once",
    ),
    ("separator = \",\"", "separator = \"\"", "delete.ids: `separator` must not be empty"),
    (
        "batch = 10\nids = { parameter = \"ids\", separator = \",\" }\n",
        "",
        "delete.request: must hold {id} or {key}, unless there is `ids`, or the body holds the id (`id_in_body`)",
    ),
    (
        r#""PUT /orders""#,
        "\"PUT /orders\"\nid_in_body = false",
        "upsert.id_in_body: must not be false where nothing else holds the id",
    ),
    (
        r#"name = { type = "String" }"#,
        r#"name = { type = "String", primary_key = true }"#,
        "update.request: {id} and `ids` are for a primary key of one field; use {key}",
    ),
    (
        "scope = \"DESTINATION\"",
        "scope = \"SOURCE\"",
        "insert.request: the setting \"list\" has no value here; its `scope` must not be SOURCE",
    ),
];

#[test]
fn finds_each_fault_at_its_key() {
    for (right, wrong, expected) in FAULTS {
        assert!(RIGHT.contains(right), "{right}");
        let found = problems(&RIGHT.replace(right, wrong));
        assert_eq!(
            found.first().map(String::as_str),
            Some(format!("entities.orders.write.{expected}").as_str()),
            "{wrong}"
        );
    }
}

#[test]
fn what_needs_an_id_needs_a_key() {
    let found = problems(&RIGHT.replace(", primary_key = true", ""));
    assert_eq!(found.len(), 3, "update, upsert and delete: {found:?}");
    assert!(found.iter().all(|problem| problem.ends_with("needs a field with `primary_key = true`")), "{found:?}");
}
