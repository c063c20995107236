//! Fields from documents as they are found.

use std::fmt::Write as _;

use super::*;
use crate::manifest::ManifestError;

const HEAD: &str = "[connector]\nname = \"Acme\"\nowner = \"Acme\"\nversion = \"1\"\n[authentication]\nnone = true\n\
                    [entities.orders]\nread.request = \"/orders\"\n";

/// The manifest with this table `schema`, and a file beside it.
fn manifest(schema: &str, document: &str) -> Result<Manifest, ManifestError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("api")).unwrap();
    std::fs::write(folder.path().join("api/acme.json"), document).unwrap();
    let path = folder.path().join("connector.toml");
    std::fs::write(&path, format!("{HEAD}{schema}\n")).unwrap();
    Manifest::read(&path)
}

/// The fields in their order, one a line: name, type, and what else is said.
#[track_caller]
fn fields(schema: &str, document: &str) -> String {
    let manifest = manifest(schema, document).unwrap();
    let mut text = String::new();
    for (name, field) in &manifest.entities["orders"].fields {
        write!(text, "{name} {}", field.data_type).unwrap();
        for (word, is_said) in [
            ("key", field.primary_key),
            ("not-null", field.nullable == Some(false)),
            ("not-readable", field.readable == Some(false)),
            ("not-creatable", field.creatable == Some(false)),
            ("not-updatable", field.updatable == Some(false)),
            ("defaulted", field.defaulted),
        ] {
            if is_said {
                write!(text, " {word}").unwrap();
            }
        }
        for said in [&field.label, &field.description, &field.pointer].into_iter().flatten() {
            write!(text, " {said:?}").unwrap();
        }
        if !field.values.is_empty() {
            write!(text, " {:?}", field.values).unwrap();
        }
        text.push('\n');
    }
    text
}

#[track_caller]
fn problem(schema: &str, document: &str) -> String {
    let ManifestError::Inconsistent { problems, .. } = manifest(schema, document).unwrap_err() else {
        panic!("another error")
    };
    let [problem] = &problems[..] else { panic!("{problems:?}") };
    problem.to_string()
}

const WHOLE: &str = r#"schema = { file = "api/acme.json" }"#;
const ORDER: &str = r#"schema = { file = "api/acme.json", pointer = "/components/schemas/Order" }"#;

#[test]
fn every_type_has_one_of_appflows() {
    let mut document = String::new();
    let mut expected = String::new();
    for (index, (schema, name)) in [
        (r#""type": "integer""#, "Long"),
        (r#""type": "integer", "format": "int32""#, "Integer"),
        (r#""type": "integer", "format": "int64""#, "Long"),
        (r#""type": "integer", "format": "int16""#, "Short"),
        (r#""type": "integer", "format": "uint64""#, "BigInteger"),
        (r#""type": "number""#, "BigDecimal"),
        (r#""type": "number", "format": "double""#, "Double"),
        (r#""type": "number", "format": "float""#, "Float"),
        (r#""type": ["integer", "number"]"#, "BigDecimal"),
        (r#""type": ["integer", "string"]"#, "String"),
        (r#""type": "boolean""#, "Boolean"),
        (r#""type": "string""#, "String"),
        (r#""type": "string", "format": "uuid""#, "String"),
        (r#""type": "string", "format": "date""#, "Date"),
        (r#""type": "string", "format": "date-time""#, "DateTime"),
        (r#""type": "string", "format": "byte""#, "ByteArray"),
        (r#""type": "string", "contentEncoding": "base64""#, "ByteArray"),
        (r#""type": "array", "items": {"type": "string"}"#, "List"),
        (r#""items": {"type": "string"}"#, "List"),
        (r#""type": "object""#, "Struct"),
        (r#""properties": {"a": {}}"#, "Struct"),
        (r#""type": "object", "additionalProperties": {"type": "string"}"#, "Map"),
        (r#""description": "anything""#, "String \"anything\""),
    ]
    .into_iter()
    .enumerate()
    {
        let separator = if index == 0 { "" } else { ", " };
        write!(document, "{separator}\"f{index}\": {{{schema}}}").unwrap();
        writeln!(expected, "f{index} {name}").unwrap();
    }
    assert_eq!(fields(WHOLE, &format!("{{\"properties\": {{{document}}}}}")), expected);
}

#[test]
fn an_openapi_3_0_document_with_references_and_rights() {
    let document = r##"{
        "openapi": "3.0.3",
        "components": {"schemas": {
            "Base": {"type": "object", "required": ["id"], "properties": {
                "id": {"type": "integer", "format": "int32", "readOnly": true}}},
            "State": {"type": "string", "enum": ["open", "closed"], "default": "open"},
            "Order": {
                "required": ["total", "note", "password"],
                "allOf": [{"$ref": "#/components/schemas/Base"}, {"type": "object", "properties": {
                    "total": {"type": "number", "title": "Total", "description": "With\n  tax"},
                    "note": {"type": "string", "nullable": true},
                    "state": {"$ref": "#/components/schemas/State"},
                    "password": {"type": "string", "writeOnly": true},
                    "a/b.c": {"type": "boolean"}}}]}
        }}
    }"##;
    assert_eq!(
        fields(ORDER, document),
        "id Integer not-null not-creatable not-updatable\n\
         total BigDecimal not-null \"Total\" \"With tax\"\n\
         note String\n\
         state String defaulted [\"open\", \"closed\"]\n\
         password String not-readable\n\
         a/b.c Boolean \"/a~1b.c\"\n"
    );
}

#[test]
fn a_json_schema_with_types_of_several_and_null() {
    let document = r##"{
        "$defs": {"when": {"type": "string", "format": "date-time"}},
        "type": "object",
        "required": ["a", "b", "c", "d", "e", "kind"],
        "properties": {
            "a": {"type": ["string", "null"]},
            "b": {"anyOf": [{"$ref": "#/$defs/when"}, {"type": "null"}]},
            "c": {"oneOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]},
            "d": {"oneOf": [{"type": "object", "required": ["x"], "properties": {"x": {"type": "integer"}}},
                            {"type": "object", "properties": {"y": {"type": "string"}}}]},
            "e": {"enum": [1, 2, null]},
            "kind": {"const": "order"}
        }
    }"##;
    assert_eq!(
        fields(r#"schema = { file = "api/acme.json", flatten = "_" }"#, document),
        "a String\nb DateTime\nc String not-null\nd_x Long \"/d/x\"\nd_y String \"/d/y\"\n\
         e Long [\"1\", \"2\"]\nkind String not-null [\"order\"]\n"
    );
}

#[test]
fn nested_objects_are_one_field_or_many_and_an_object_within_itself_ends() {
    let document = r##"{
        "$defs": {
            "person": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string"},
                "address": {"type": "object", "readOnly": true, "properties": {"city": {"type": "string"}}},
                "boss": {"$ref": "#/$defs/person"}}}
        },
        "required": ["buyer"],
        "properties": {"id": {"type": "string"}, "buyer": {"$ref": "#/$defs/person"}}
    }"##;
    assert_eq!(fields(WHOLE, document), "id String\nbuyer Struct not-null\n");
    assert_eq!(
        fields(r#"schema = { file = "api/acme.json", flatten = "." }"#, document),
        "id String\n\
         buyer.name String not-null \"/buyer/name\"\n\
         buyer.address.city String not-creatable not-updatable \"/buyer/address/city\"\n\
         buyer.boss Struct \"/buyer/boss\"\n"
    );
}

#[test]
fn the_manifests_own_fields_come_first_and_stand() {
    let own = format!("{WHOLE}\nfields = {{ z = {{ type = \"Integer\", primary_key = true }} }}");
    let document = r#"{"properties": {"b": {"type": "string"}, "z": {"type": "string"}, "a": {"type": "string"}}}"#;
    assert_eq!(fields(&own, document), "z Integer key\nb String\na String\n");
}

#[test]
fn rules_know_the_fields_of_a_file() {
    let filter = format!("{WHOLE}\nread.filters.at = {{ \">=\" = \"since\" }}");
    let document = r#"{"properties": {"at": {"type": "string", "format": "date-time"}}}"#;
    assert!(manifest(&filter, document).is_ok());
    assert_eq!(
        problem(&filter, &document.replace("\"at\"", "\"on\"")),
        "entities.orders.read.filters.at: the entity has no field \"at\""
    );
}

#[test]
fn says_what_is_wrong_with_a_file_and_where() {
    for (schema, document, expected) in [
        (
            r#"schema = { file = "../acme.json" }"#,
            "{}",
            "must be a path below the manifest's folder, with / between its steps",
        ),
        (WHOLE, "{\"a\": }", "api/acme.json is not JSON: expected value at line 1 column 7"),
        (WHOLE, "{}", "api/acme.json#: describes no object with `properties`"),
        (
            WHOLE,
            r#"{"openapi": "3.1.0"}"#,
            "api/acme.json#: is a description of a whole API; `pointer` must lead to the schema of a record, such as \
             /components/schemas/Order",
        ),
        (
            WHOLE,
            r#"{"type": "array", "items": {}}"#,
            "api/acme.json#: is an array; `pointer` must lead to the schema of one record, such as that at `items`",
        ),
        (
            ORDER,
            r#"{"components": {"schemas": {"Person": {}, "Ordr": {}}}}"#,
            "api/acme.json#/components/schemas/Order: there is no such place; at /components/schemas there are Person, \
             Ordr",
        ),
        (
            WHOLE,
            r#"{"properties": {"a": {"$ref": "other.json#/x"}}}"#,
            "api/acme.json#/properties/a: the reference \"other.json#/x\" leads out of the file; put its target into \
             the file",
        ),
        (
            WHOLE,
            r##"{"properties": {"a": {"$ref": "#/x"}}}"##,
            "api/acme.json#/properties/a: the reference \"#/x\" leads nowhere: there is no such place; at the top there \
             are properties",
        ),
        (
            WHOLE,
            r##"{"$defs": {"a": {"$ref": "#/$defs/a"}}, "properties": {"a": {"$ref": "#/$defs/a"}}}"##,
            "api/acme.json#/$defs/a: the reference \"#/$defs/a\" leads in a circle",
        ),
        (
            r#"schema = { file = "api/acme.json", flatten = "" }"#,
            r#"{"properties": {"ab": {}, "a": {"type": "object", "properties": {"b": {}}}}}"#,
            "api/acme.json#/properties/a/properties/b: two members become the field \"ab\"; choose another `flatten`",
        ),
    ] {
        assert_eq!(problem(schema, document), format!("entities.orders.schema: {expected}"), "{document}");
    }
    let missing = problem(r#"schema = { file = "none.json" }"#, "{}");
    assert!(missing.starts_with("entities.orders.schema: none.json cannot be read: "), "{missing}");
}

#[test]
fn a_schema_of_alternatives_within_itself_is_refused() {
    let document =
        r##"{"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "properties": {"a": {"$ref": "#/$defs/a"}}}"##;
    assert!(problem(WHOLE, document).ends_with("the schema leads in a circle"));
}

#[test]
fn texts_are_cut_where_appflow_would_refuse_them() {
    let document = format!(r#"{{"properties": {{"a": {{"title": "{}"}}}}}}"#, "ä".repeat(200));
    let manifest = manifest(WHOLE, &document).unwrap();
    let label = manifest.entities["orders"].fields["a"].label.clone().unwrap();
    assert!(label.chars().count() == LABEL && label.ends_with("ä…"), "{label}");
}
