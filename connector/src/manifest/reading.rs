//! `[….read]` and `[….retrieve]`: how records are read.

use std::fmt;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::paging::Paging;
use super::request::{Parameter, Request};

/// A list of records. `{entity}` stands for the entity's identifier.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    /// How the list is asked for.
    pub(crate) request: Request,
    /// Where the array of records stands in the answer; empty when the answer is the array.
    #[serde(default)]
    pub(crate) records: String,
    /// Where the answer says how many records there are in all.
    #[serde(default)]
    pub(crate) total: Option<String>,
    /// The header that says how many records there are in all.
    #[serde(default)]
    pub(crate) total_header: Option<String>,
    /// How the list continues.
    #[serde(default)]
    pub(crate) paging: Paging,
    /// How the API is told which fields are wanted.
    #[serde(default)]
    pub(crate) projection: Option<Projection>,
    /// By field and operator: the parameter that filters in the API.
    #[serde(default)]
    pub(crate) filters: IndexMap<String, IndexMap<String, FilterParameter>>,
    /// The API reads OData 4's `$filter` and `$select`. Instead of `filters` and `projection`.
    #[serde(default)]
    pub(crate) odata: Option<OData>,
    /// The API takes queries in SOQL. Instead of `filters` and `projection`.
    #[serde(default)]
    pub(crate) soql: Option<Soql>,
}

/// How single records are looked up by their primary key; other fields are looked up with a filter.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Retrieve {
    /// The request for one record, in which `{id}` stands for the primary key, and `{key}` for the key as OData writes it.
    pub(crate) request: Request,
    /// Where the record stands in the answer; empty when the answer is the record.
    #[serde(default)]
    pub(crate) record: String,
}

/// How the API is told which fields are wanted.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Projection {
    /// The parameter.
    pub(crate) parameter: Parameter,
    /// What stands between the names; without it the parameter is repeated, or the body has an array.
    #[serde(default)]
    pub(crate) separator: Option<String>,
}

/// `$filter` and `$select` of OData 4.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct OData {
    /// Whether the service compares text by code point, minding case. Without it, tests of text are sent where that lets
    /// more records through, and applied here once more.
    #[serde(default)]
    pub(crate) exact_text: bool,
    /// Whether the service knows the operator `in` (OData 4.01).
    #[serde(default, rename = "in")]
    pub(crate) has_in: bool,
    /// Whether `$select` is sent: yes unless said otherwise.
    #[serde(default = "yes")]
    pub(crate) select: bool,
    /// Longest `$filter` in bytes, percent-encoded.
    #[serde(default)]
    pub(crate) longest: Option<usize>,
}

/// Queries in SOQL, Salesforce's language.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Soql {
    /// The parameter that takes the query.
    pub(crate) parameter: Parameter,
    /// The object to select from.
    #[serde(default = "the_entity")]
    pub(crate) object: String,
    /// What to sort by, such as `Id`.
    #[serde(default)]
    pub(crate) order: Option<String>,
    /// Longest query in bytes, percent-encoded where it stands in the address.
    #[serde(default = "of_an_address")]
    pub(crate) longest: usize,
}

fn the_entity() -> String {
    "{entity}".to_owned()
}

/// Salesforce refuses addresses of more than 16,384 bytes; half of that leaves room for the names of many fields.
fn of_an_address() -> usize {
    12_000
}

fn yes() -> bool {
    true
}

/// A parameter that filters in the API: `"name"`, or a table with particulars.
#[derive(Debug, Clone)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields, transform = super::schema::text_or_table)
)]
pub(crate) struct FilterParameter {
    /// The parameter.
    pub(crate) parameter: Parameter,
    /// What is sent, in which `{value}` stands for the value; the value alone without it. In a body it may be a table.
    pub(crate) template: Option<Value>,
    /// Whether the API lets more records through than the operator means; then the filter is applied here once more.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(crate) wider: bool,
    /// How dates and times are written; as the field's type is unless said otherwise.
    pub(crate) format: Option<ValueFormat>,
    /// For `in`: what stands between the values; without it the parameter is repeated, or the body has an array.
    pub(crate) separator: Option<String>,
}

/// How dates and times are written in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ValueFormat {
    /// `2026-01-31T10:15:30.5Z`
    Rfc3339,
    /// `2026-01-31`. For a `DateTime` field the bound is rounded outward, and the filter applied here once more.
    Date,
    /// Milliseconds since 1970.
    EpochMs,
    /// Seconds since 1970.
    EpochS,
    /// `2026-01-31T10:15:30`, for systems that compare ISO 8601 in UTC as text. The bound is rounded outward, and the
    /// filter applied here once more.
    Second,
}

impl<'de> Deserialize<'de> for FilterParameter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            parameter: Parameter,
            #[serde(default)]
            template: Option<Value>,
            #[serde(default)]
            wider: bool,
            #[serde(default)]
            format: Option<ValueFormat>,
            #[serde(default)]
            separator: Option<String>,
        }

        struct NameOrTable;
        impl<'de> Visitor<'de> for NameOrTable {
            type Value = FilterParameter;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a parameter's name, or a table with `parameter`")
            }

            fn visit_str<E>(self, name: &str) -> Result<FilterParameter, E> {
                let parameter = Parameter::from(name);
                Ok(FilterParameter { parameter, template: None, wider: false, format: None, separator: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FilterParameter, A::Error> {
                let Table { parameter, template, wider, format, separator } =
                    Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(FilterParameter { parameter, template, wider, format, separator })
            }
        }
        deserializer.deserialize_any(NameOrTable)
    }
}
