//! `registrar filter` as a caller meets it: no project, no AWS, no variables.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use std::path::Path;

use assert_cmd::Command;

const DEFINITION: &str = r#"{
  "isSuccess": true,
  "entityDefinition": {
    "entity": { "entityIdentifier": "orders", "hasNestedEntities": false, "isWritable": false },
    "fields": [
      { "fieldName": "id", "dataType": "Long" },
      { "fieldName": "state", "dataType": "String" },
      { "fieldName": "secret", "dataType": "String", "readProperties": { "isQueryable": false } },
      { "fieldName": "total", "dataType": "BigDecimal",
        "constraints": { "allowedValueRange": { "minRange": 0.1234567890123456789, "maxRange": 1E+3 } } },
      { "fieldName": "tags", "dataType": "List" }
    ]
  }
}"#;

#[track_caller]
fn run_in(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("registrar").unwrap();
    command.env_clear().env("HOME", folder).current_dir(folder).arg("filter").args(arguments);
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn run(arguments: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("orders.json"), DEFINITION).unwrap();
    run_in(folder.path(), arguments)
}

/// The result of a run that must succeed and say nothing else.
#[track_caller]
fn result(arguments: &[&str]) -> String {
    let (code, stdout, stderr) = run(arguments);
    assert_eq!((code, stderr.as_str()), (0, ""), "{arguments:?}");
    stdout
}

#[test]
fn explains_with_types_from_the_literals() {
    insta::assert_snapshot!(result(&["not (state='open') and total>007.50 LIMIT 9"]), @r#"
    not state = 'open' and total > 007.50 limit 9

    all of
      not
        state (String) = "open"
      total (BigDecimal) > 7.5
    at most 9 records

    types taken from the literals; --definition FILE gives those of the fields
    "#);
}

#[test]
fn takes_types_from_a_definition() {
    insta::assert_snapshot!(result(&["id = '7' or total = 1", "--definition", "orders.json"]), @r"
    id = '7' or total = 1

    any of
      id (Long) = 7
      total (BigDecimal) = 1

    types from orders.json
    ");
}

#[test]
fn writes_the_tree_as_json() {
    insta::assert_snapshot!(result(&["id = 7 limit 5", "--to", "json", "--definition", "orders.json"]), @r#"
    {
      "condition": {
        "field": "id",
        "operator": "=",
        "type": "Long",
        "value": "7"
      },
      "limit": 5
    }
    "#);
}

#[test]
fn translates_into_sql_of_each_dialect_and_shows_what_is_left() {
    let filter = "id > 5 and state contains 'x' and tags contains 'new' limit 5";
    let sql = |dialect| result(&[filter, "--to", "sql", "--dialect", dialect, "--definition", "orders.json"]);
    insta::assert_snapshot!(sql("postgresql"), @r#"
    WHERE
      "id" > CAST($1 AS bigint) AND strpos(CAST("state" AS text) COLLATE "C", CAST($2 AS text)) > 0
    parameters
      1 integer 5
      2 text "x"
    left to test on the records
      tags contains 'new'
    "#);
    insta::assert_snapshot!(sql("sqlite"), @r#"
    WHERE
      `id` > ?1 AND instr(`state`, ?2) > 0
    parameters
      1 integer 5
      2 text "x"
    left to test on the records
      tags contains 'new'
    "#);
    assert!(sql("mysql").contains("`id` > ? AND LOCATE("));
}

#[test]
fn translates_into_odata_and_soql() {
    insta::assert_snapshot!(result(&["not id < 5 limit 10", "--to", "odata", "--definition", "orders.json"]), @r"
    $filter
      (id eq null or id ge 5)
    $top=10
    nothing is left to test
    ");
    insta::assert_snapshot!(result(&["name = \"it's\" and ok = true", "--to", "soql"]), @r#"
    WHERE
      name = 'it\'s' AND ok = true
    left to test on the records
      name = "it's"   (asked for, but more comes)
    "#);
}

#[test]
fn gives_one_document_in_json() {
    let arguments =
        ["id = 7 and state = 'x' limit 5", "--to", "soql", "--definition", "orders.json", "--output", "json"];
    let document: serde_json::Value = serde_json::from_str(&result(&arguments)).unwrap();
    insta::assert_snapshot!(document, @r#"{"command":"filter","condition":{"and":[{"field":"id","operator":"=","type":"Long","value":"7"},{"field":"state","operator":"=","type":"String","value":"x"}]},"fields":[{"name":"id","type":"Long"},{"name":"state","type":"String"}],"filter":"id = 7 and state = 'x' limit 5","limit":5,"schema":"registrar/1","translation":{"limit":null,"parts":[{"condition":"id = 7","handling":"exact"},{"condition":"state = 'x'","handling":"wider"}],"pushed":"id = 7 AND state = 'x'","remainder":"state = 'x'"},"typesFrom":"definition"}"#);
}

#[test]
fn marks_the_place_where_a_filter_cannot_be_read_and_exits_with_2() {
    let (code, stdout, stderr) = run(&["state == 'open'"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    insta::assert_snapshot!(stderr, @r"
    error: the filter cannot be read
      caused by: expected a value, found `=` at line 1, column 8; write `=` once
          |
        1 | state == 'open'
          |        ^
    ");
    let (code, stdout, _) = run(&["state ==", "--output", "json"]);
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, document["error"]["exitCode"].as_i64()), (2, Some(2)));
}

#[test]
fn refuses_what_does_not_fit_the_definition() {
    let with = ["--definition", "orders.json", "--declared"];
    for (filter, message) in [
        ("stat = 'x'", "the entity `orders` has no field `stat`; did you mean `state`?"),
        ("id = 'many'", "'many' does not fit the field `id` of type Long; write a number such as -12.5"),
        ("state < 'x'", "the field `state` does not offer `<`; it offers contains, =, !="),
        ("secret = 'x'", "the field `secret` cannot be filtered on; its definition says `isQueryable: false`"),
    ] {
        let (code, _, stderr) = run(&[&[filter], &with[..]].concat());
        assert_eq!((code, stderr.trim_end()), (2, format!("error: {message}").as_str()));
    }
    let (code, _, stderr) = run(&["a = true or a = 5"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("hint: the types were taken from the literals"), "{stderr}");
}

#[test]
fn says_what_is_wrong_with_a_definition() {
    let folder = tempfile::tempdir().unwrap();
    for (content, message) in [
        (None, "definition.json cannot be read"),
        (Some("[1"), "definition.json is not JSON"),
        (Some(r#"{"entity": {}}"#), "definition.json has no definition of an entity"),
    ] {
        if let Some(content) = content {
            std::fs::write(folder.path().join("definition.json"), content).unwrap();
        }
        let (code, _, stderr) = run_in(folder.path(), &["a = 1", "--definition", "definition.json"]);
        assert_eq!(code, 2);
        assert!(stderr.contains(message), "{stderr}");
    }
    let (code, _, stderr) = run_in(folder.path(), &["a = 1", "--declared"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("--definition"), "{stderr}");
}
