//! `[discovery]`: entities that the API itself describes.

use std::fmt;

use appflow_sdk::protocol::FieldDataType;
use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::reading::{Read, Retrieve};
use super::request::Request;
use super::writing::Write;

/// Entities that are found by asking: with `list` and `describe`, or with `odata`. Those of `[entities]` come first and win
/// over one of the same name.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Discovery {
    /// How long descriptions are remembered, here and by AppFlow, in seconds.
    #[serde(default = "an_hour")]
    pub(crate) cache_seconds: u32,
    /// How entities are listed.
    #[serde(default)]
    pub(crate) list: Option<List>,
    /// How the fields of one entity are asked for.
    #[serde(default)]
    pub(crate) describe: Option<Describe>,
    /// The request for the metadata document of an OData 4 service, such as `"/$metadata"`, which describes everything at
    /// once. Instead of `list` and `describe`.
    #[serde(default)]
    pub(crate) odata: Option<Request>,
    /// AppFlow's types by the API's names of types; `"*"` is for all others, `String` without it.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "IndexMap<String, super::schema::DataType>"))]
    pub(crate) types: IndexMap<String, FieldDataType>,
    /// What stands between the names of a nested member's field, such as `.` for `address.city`; without it nested objects
    /// are one field of type `Struct`.
    #[serde(default)]
    pub(crate) flatten: Option<String>,
    /// How records are read.
    #[serde(default)]
    pub(crate) read: Option<Read>,
    /// How single records are read.
    #[serde(default)]
    pub(crate) retrieve: Option<Retrieve>,
    /// How records are written.
    #[serde(default)]
    pub(crate) write: Write,
}

fn an_hour() -> u32 {
    3600
}

/// How entities are listed.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    /// The request; the answer holds all entities.
    pub(crate) request: Request,
    /// Where the array of entities stands in the answer; empty when the answer is the array.
    #[serde(default)]
    pub(crate) items: String,
    /// Where an item has the identifier; empty when the item is the identifier.
    #[serde(default)]
    pub(crate) identifier: String,
    /// Where an item has the label.
    #[serde(default)]
    pub(crate) label: Option<String>,
    /// Where an item has the description.
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// Which items are entities: those that pass every test.
    #[serde(default)]
    pub(crate) only: Vec<Test>,
    /// Which entities can be written to, if the manifest says how: all unless said otherwise.
    #[serde(default)]
    pub(crate) writable: Option<Test>,
    /// Which entities have others below them, and the request for those, in which `{path}` stands for the entity's
    /// identifier.
    #[serde(default)]
    pub(crate) nested: Option<Nested>,
}

/// Entities below others.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Nested {
    /// Which entities have others below them.
    pub(crate) when: Test,
    /// The request for them, in which `{path}` stands for the identifier of the entity above.
    pub(crate) request: Request,
}

/// How the fields of one entity are asked for. `{entity}` stands for its identifier.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Describe {
    /// The request.
    pub(crate) request: Request,
    /// Where the array of fields stands in the answer; empty when the answer is the array.
    #[serde(default)]
    pub(crate) fields: String,
    /// Where a field has its name.
    pub(crate) name: String,
    /// Where a field has its type, a name of `types`.
    #[serde(default, rename = "type")]
    pub(crate) data_type: Option<String>,
    /// Where a field has its label.
    #[serde(default)]
    pub(crate) label: Option<String>,
    /// Where a field has its description.
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// Which fields are taken: those that pass every test.
    #[serde(default)]
    pub(crate) only: Vec<Test>,
    /// Which field identifies a record.
    #[serde(default)]
    pub(crate) primary_key: Option<Test>,
    /// Which fields may be null: all but the key unless said otherwise.
    #[serde(default)]
    pub(crate) nullable: Option<Test>,
    /// Which fields may be set on insert: all unless said otherwise.
    #[serde(default)]
    pub(crate) creatable: Option<Test>,
    /// Which fields may be changed: all unless said otherwise.
    #[serde(default)]
    pub(crate) updatable: Option<Test>,
    /// Which fields the API fills in when a new record lacks them.
    #[serde(default)]
    pub(crate) defaulted: Option<Test>,
    /// Which fields may serve as the id of an upsert, beside the primary key.
    #[serde(default)]
    pub(crate) external_id: Option<Test>,
    /// Which fields the API can filter: all unless said otherwise.
    #[serde(default)]
    pub(crate) filterable: Option<Test>,
    /// Which `Date` or `DateTime` fields drive incremental pulls.
    #[serde(default)]
    pub(crate) incremental: Option<Test>,
    /// Where a field has the values to choose from: an array of texts, or of objects with `value`.
    #[serde(default)]
    pub(crate) values: Option<String>,
}

/// A test of an item: `"/pointer"` asks for true there; a table asks for certain values.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields, transform = super::schema::test)
)]
pub(crate) struct Test {
    /// Where the tested value stands.
    pub(crate) pointer: String,
    /// The values of which it must be one.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(crate) any_of: Vec<Value>,
    /// Whether it must be none of them instead.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(crate) not: bool,
}

impl Test {
    /// Whether an item passes. What is not there is null.
    pub(crate) fn passes(&self, item: &Value) -> bool {
        let value = item.pointer(&self.pointer).unwrap_or(&Value::Null);
        self.any_of.contains(value) != self.not
    }
}

impl<'de> Deserialize<'de> for Test {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            pointer: String,
            #[serde(default)]
            equals: Option<Value>,
            #[serde(default)]
            any_of: Vec<Value>,
            #[serde(default)]
            not: bool,
        }

        struct PointerOrTable;
        impl<'de> Visitor<'de> for PointerOrTable {
            type Value = Test;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pointer to true, or a table with `pointer` and `equals` or `any_of`")
            }

            fn visit_str<E>(self, pointer: &str) -> Result<Test, E> {
                Ok(Test { pointer: pointer.to_owned(), any_of: vec![Value::Bool(true)], not: false })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Test, A::Error> {
                let Table { pointer, equals, any_of, not } = Table::deserialize(MapAccessDeserializer::new(map))?;
                let mut any_of: Vec<_> = any_of.into_iter().chain(equals).collect();
                if any_of.is_empty() {
                    any_of.push(Value::Bool(true));
                }
                Ok(Test { pointer, any_of, not })
            }
        }
        deserializer.deserialize_any(PointerOrTable)
    }
}
