//! `[entities.NAME]`: an entity that the manifest describes.

use appflow_sdk::protocol::FieldDataType;
use indexmap::IndexMap;
use serde::Deserialize;

use super::reading::{Read, Retrieve};
use super::writing::Write;

/// An entity.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Entity {
    /// Shown instead of the identifier.
    #[serde(default)]
    pub(crate) label: Option<String>,
    /// What it holds.
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// The entity below which this one is listed.
    #[serde(default)]
    pub(crate) parent: Option<String>,
    /// By name, in the order in which they are shown. Those of a `schema` come after these.
    #[serde(default)]
    pub(crate) fields: IndexMap<String, Field>,
    /// A file that describes the fields as well.
    #[serde(default)]
    pub(crate) schema: Option<SchemaFile>,
    /// How records are read. Without it, the entity is a destination only.
    #[serde(default)]
    pub(crate) read: Option<Read>,
    /// How single records are read.
    #[serde(default)]
    pub(crate) retrieve: Option<Retrieve>,
    /// How records are written.
    #[serde(default)]
    pub(crate) write: Write,
}

/// A JSON Schema or OpenAPI document, in JSON, beside the manifest, where `deploy` packages it too.
///
/// Integers become `Long`, or `Short`, `Integer` and `BigInteger` where their `format` says how long they are; numbers
/// `BigDecimal`, or `Double` and `Float`; texts `String`, or `Date`, `DateTime` and `ByteArray`; arrays `List`; objects `Struct`,
/// or `Map` where the names of their members are open; what may be several of these, `String`. A member that is `required` and
/// not nullable is never null; `readOnly` ones are not written, `writeOnly` ones not read; `enum`, `title`, `description` and
/// `default` are taken over. `$ref` within the document, `allOf`, `oneOf` and `anyOf` are followed. Which field is the key and
/// which one drives incremental pulls, no such document says: give those in `fields`, where a field of the same name wins.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct SchemaFile {
    /// The file, relative to the manifest.
    pub(crate) file: String,
    /// Where the schema of one record stands in it, such as `/components/schemas/Order`; empty for the whole document.
    #[serde(default)]
    pub(crate) pointer: String,
    /// What stands between the names of a nested member's field, such as `.` for `address.city`; without it nested objects
    /// are one field of type `Struct`.
    #[serde(default)]
    pub(crate) flatten: Option<String>,
}

/// A field of an entity.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    /// One of AppFlow's types.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::DataType"))]
    pub(crate) data_type: FieldDataType,
    /// Shown instead of the name.
    #[serde(default)]
    pub(crate) label: Option<String>,
    /// What it holds.
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// Whether it identifies a record, or is part of what does.
    #[serde(default)]
    pub(crate) primary_key: bool,
    /// Whether it may be null: yes unless said otherwise. AppFlow fails a flow that meets a null in a field that may not.
    #[serde(default)]
    pub(crate) nullable: Option<bool>,
    /// Whether it drives incremental pulls: a `Date` or `DateTime` that grows with every change of a record.
    #[serde(default)]
    pub(crate) incremental: bool,
    /// Whether it may be read: yes unless said otherwise.
    #[serde(default)]
    pub(crate) readable: Option<bool>,
    /// Whether it may be set on insert: yes unless said otherwise, where the entity can be written to.
    #[serde(default)]
    pub(crate) creatable: Option<bool>,
    /// Whether it may be changed: yes unless said otherwise or it is the key.
    #[serde(default)]
    pub(crate) updatable: Option<bool>,
    /// Whether the API fills it in when a new record lacks it.
    #[serde(default)]
    pub(crate) defaulted: bool,
    /// Whether it may serve as the id of an upsert, beside the primary key.
    #[serde(default)]
    pub(crate) external_id: bool,
    /// Whether AppFlow offers filters on it: yes unless said otherwise. What the API cannot filter by is filtered here.
    #[serde(default)]
    pub(crate) filterable: Option<bool>,
    /// The values to choose from, when the choice is closed. AppFlow shows them; the API refuses others.
    #[serde(default)]
    pub(crate) values: Vec<String>,
    /// Where it stands in a record; the member of its name unless said otherwise.
    #[serde(default)]
    pub(crate) pointer: Option<String>,
    /// What the API calls it in projections and queries; the pointer's first step, or the name up to its first dot, unless
    /// said otherwise.
    #[serde(default)]
    pub(crate) select: Option<String>,
    /// The API's own name of the type, such as `Edm.Guid`. It decides how OData keys and filters write values.
    #[serde(default)]
    pub(crate) native: Option<String>,
}
