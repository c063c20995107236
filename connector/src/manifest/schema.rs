//! The JSON Schema of manifests, made from their Rust types: what editors complete.

use std::borrow::Cow;

use appflow_sdk::protocol::{ErrorCode, FieldDataType, OAuth2GrantType, RuntimeSettingScope, RuntimeSettingType};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::Manifest;
use super::request::Parameter;

impl Manifest {
    /// The JSON Schema (draft 2020-12) of manifests. Descriptions are in Markdown.
    #[must_use]
    pub fn schema() -> Value {
        let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Self>().to_value();
        if let Some(members) = schema.as_object_mut() {
            members.insert("title".to_owned(), json!("A manifest of an AppFlow connector"));
        }
        tidy(&mut schema);
        schema
    }
}

/// Turns what is meant for readers of the code into what is meant for writers of manifests.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = paragraphs(text);
            }
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// One line for each paragraph, and no links into the code.
fn paragraphs(text: &str) -> String {
    let joined: Vec<_> = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect();
    joined.join("\n\n").replace("[`", "`").replace("`]", "`")
}

/// A table that may be a text as well.
pub(super) fn text_or_table(schema: &mut Schema) {
    let mut table = std::mem::take(schema.ensure_object());
    let description = table.remove("description");
    let choice = schema.ensure_object();
    choice.extend(description.map(|text| ("description".to_owned(), text)));
    choice.insert("anyOf".to_owned(), json!([{ "type": "string" }, table]));
}

/// As [`text_or_table`], with a key of which the Rust type has another form.
pub(super) fn test(schema: &mut Schema) {
    if let Some(Value::Object(properties)) = schema.ensure_object().get_mut("properties") {
        let equals = json!({ "description": "The value that it must be; the same as `any_of` with one value." });
        properties.insert("equals".to_owned(), equals);
    }
    text_or_table(schema);
}

impl JsonSchema for Parameter {
    fn schema_name() -> Cow<'static, str> {
        "Parameter".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "description": "Where a value goes in a request: `name` is a query parameter, `header:Name` a header, \
                `body:/pointer` a member of the JSON body, where `/-` at the end appends to an array.",
        })
    }
}

/// One of AppFlow's closed lists of names.
fn names<T: ToString>(description: &str, all: &[T]) -> Schema {
    let all: Vec<_> = all.iter().map(ToString::to_string).collect();
    let mut members = Map::new();
    members.insert("type".to_owned(), json!("string"));
    members.insert("description".to_owned(), json!(description));
    members.insert("enum".to_owned(), json!(all));
    members.into()
}

macro_rules! list_of_names {
    ($($(#[$about:meta])* $name:ident of $list:ty: $description:literal;)+) => {$(
        $(#[$about])*
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                names($description, <$list>::ALL)
            }
        }
    )+};
}

list_of_names! {
    /// The type of a field.
    FieldType of FieldDataType: "A type of AppFlow's.";
    /// The type of a setting.
    SettingType of RuntimeSettingType: "A type of AppFlow's for settings.";
    /// Where a setting is asked for.
    SettingScope of RuntimeSettingScope: "Where AppFlow asks for a setting.";
    /// How access tokens are obtained.
    Grant of OAuth2GrantType: "A grant of OAuth 2.";
    /// What a failure is.
    OneErrorCode of ErrorCode: "One of AppFlow's error codes.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_of_every_table_which_keys_it_has_and_of_every_key_what_it_is() {
        let schema = Manifest::schema();
        let mut tables = 0;
        visit(&schema, &mut |at| {
            let Some(Value::Object(properties)) = at.get("properties") else { return };
            tables += 1;
            assert_eq!(at.get("additionalProperties"), Some(&Value::Bool(false)), "{at}");
            for (name, property) in properties {
                let is_said = property.get("description").is_some() || property.get("const").is_some();
                assert!(is_said, "{name}: {property}");
            }
        });
        assert!(tables > 20, "{tables}");
    }

    fn visit(value: &Value, see: &mut dyn FnMut(&Value)) {
        see(value);
        match value {
            Value::Object(members) => members.values().for_each(|member| visit(member, see)),
            Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
            _ => {}
        }
    }

    #[test]
    fn names_the_choices() {
        let schema = Manifest::schema();
        assert_eq!(schema.pointer("/$defs/FieldType/enum/0"), Some(&json!("String")));
        assert_eq!(schema.pointer("/$defs/Request/anyOf/0"), Some(&json!({ "type": "string" })));
        assert_eq!(schema.pointer("/$defs/Request/anyOf/1/required"), Some(&json!(["path"])));
        let description = schema.pointer("/properties/entities/description").and_then(Value::as_str);
        assert_eq!(description, Some("Entities that the manifest describes, by the identifier that AppFlow uses."));
    }
}
