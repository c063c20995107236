//! The JSON Schema of manifests, made from their types: editors complete and explain a manifest with it, and the reference is
//! written from it. For tools; the Lambda function does without.

use std::borrow::Cow;

use appflow_sdk::protocol::{ErrorCode, FieldDataType, OAuth2GrantType, RuntimeSettingScope, RuntimeSettingType};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::Manifest;

/// The JSON Schema (draft 2020-12) of manifests. Descriptions are Markdown, each paragraph on a line.
#[must_use]
pub fn schema() -> Value {
    let mut schema = SchemaGenerator::default().into_root_schema_for::<Manifest>().to_value();
    tidy(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), json!("AppFlow connector manifest"));
    }
    schema
}

/// Takes out what concerns Rust only: null, which TOML has not, formats of numbers, and the line breaks of comments.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(tidy);
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|each| each != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    members.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type").is_none_or(|each| each != "null"));
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    members.remove("anyOf");
                    // What is said of the key wins over what is said of its type.
                    for (name, value) in only {
                        members.entry(name).or_insert(value);
                    }
                }
            }
            if members.get("default").is_some_and(Value::is_null) {
                members.remove("default");
            }
            if members.get("format").is_some_and(Value::is_string) {
                members.remove("format");
            }
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = paragraphs(text);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A comment with each paragraph on one line, and names of types that are no links.
fn paragraphs(comment: &str) -> String {
    let unlinked = comment.replace("[`", "`").replace("`]", "`");
    let paragraphs = unlinked.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// What a text may stand for as well: the table's `description` is that of both.
pub(super) fn text_or_table(schema: &mut Schema) {
    let mut table = std::mem::take(schema);
    let description = table.remove("description");
    *schema = json_schema!({ "anyOf": [{ "type": "string", "minLength": 1 }, table] });
    if let Some(description) = description {
        schema.insert("description".to_owned(), description);
    }
}

/// A test of discovery: its table has `equals` for an `any_of` of one value.
pub(super) fn test(schema: &mut Schema) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert("equals".to_owned(), json!({ "description": "The value that it must be." }));
    }
    text_or_table(schema);
}

/// A text, whatever it is taken apart into.
pub(super) fn text(schema: &mut Schema) {
    let description = schema.remove("description");
    *schema = json_schema!({ "type": "string", "minLength": 1 });
    if let Some(description) = description {
        schema.insert("description".to_owned(), description);
    }
}

/// Stands for a type of the protocol, of which a manifest may have AppFlow's values.
macro_rules! values_of {
    ($($(#[$comment:meta])* $name:ident = $values:ty;)+) => {$(
        $(#[$comment])*
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let values: Vec<_> = <$values>::ALL.iter().map(ToString::to_string).collect();
                json_schema!({ "type": "string", "enum": values })
            }
        }
    )+};
}

values_of! {
    /// Types of fields.
    DataType = FieldDataType;
    /// Kinds of failures.
    Code = ErrorCode;
    /// Types of runtime settings.
    SettingType = RuntimeSettingType;
    /// Where runtime settings are asked for.
    Scope = RuntimeSettingScope;
    /// Ways to obtain a token.
    Grant = OAuth2GrantType;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every table and key says what it is.
    #[test]
    fn everything_is_described_and_closed() {
        fn walk(at: &str, schema: &Value, keys: &mut usize) {
            if let Some(Value::Object(properties)) = schema.get("properties") {
                let closed = schema.get("additionalProperties") == Some(&json!(false));
                assert!(closed, "{at} takes any key");
                for (name, property) in properties {
                    *keys += 1;
                    let is_said = property.get("description").is_some() || property.get("const").is_some();
                    assert!(is_said, "{at}.{name} says nothing");
                }
            }
            match schema {
                Value::Object(members) => {
                    members.iter().for_each(|(name, member)| walk(&format!("{at}/{name}"), member, keys));
                }
                Value::Array(items) => items.iter().for_each(|item| walk(at, item, keys)),
                _ => {}
            }
        }
        let mut keys = 0;
        walk("", &schema(), &mut keys);
        assert!(keys > 120, "{keys}");
        assert!(!schema().to_string().contains("\"null\""));
    }

    #[test]
    fn enums_have_the_values_of_the_protocol() {
        let schema = schema();
        let field = &schema["$defs"]["Field"]["properties"]["type"];
        assert_eq!(field["enum"].as_array().unwrap().len(), FieldDataType::ALL.len());
        assert_eq!(schema["$defs"]["Meaning"]["properties"]["error"]["enum"][0], ErrorCode::ALL[0].to_string());
        assert_eq!(schema["$defs"]["Setting"]["properties"]["scope"]["default"], "CONNECTOR_PROFILE");
    }
}
