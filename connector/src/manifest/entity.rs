//! `[entities.NAME]`: a list of records, its fields, and which filters the API knows.

use std::fmt;

use appflow_sdk::protocol::FieldDataType;
use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::paging::Paging;

/// A list of records.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entity {
    /// Shown instead of the identifier.
    #[serde(default)]
    pub(crate) label: Option<String>,
    /// What it holds.
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// Where the list is read.
    pub(crate) path: String,
    /// Where the array of records stands in the answer; empty when the answer is the array.
    #[serde(default)]
    pub(crate) records: String,
    /// Where the answer says how many records there are in all.
    #[serde(default)]
    pub(crate) total: Option<String>,
    /// The header that says how many records there are in all.
    #[serde(default)]
    pub(crate) total_header: Option<String>,
    /// Query parameters of every request for the list, such as a sort order; a value may hold `{setting}`.
    #[serde(default)]
    pub(crate) parameters: IndexMap<String, String>,
    /// How the list continues.
    #[serde(default)]
    pub(crate) paging: Paging,
    /// Where one record is read: a path in which `{id}` stands for the primary key.
    #[serde(default)]
    pub(crate) retrieve: Option<String>,
    /// Where the record stands in that answer; empty when the answer is the record.
    #[serde(default)]
    pub(crate) retrieve_record: String,
    /// How the API is told which fields are wanted.
    #[serde(default)]
    pub(crate) projection: Option<Projection>,
    /// By name, in the order in which they are shown.
    pub(crate) fields: IndexMap<String, Field>,
    /// By field and operator: the parameter that filters in the API.
    #[serde(default)]
    pub(crate) filters: IndexMap<String, IndexMap<String, FilterParameter>>,
}

impl Entity {
    /// The field that identifies a record, if exactly one does.
    pub(crate) fn primary_key(&self) -> Option<&str> {
        let mut keys = self.fields.iter().filter(|(_, field)| field.primary_key);
        match (keys.next(), keys.next()) {
            (Some((name, _)), None) => Some(name),
            _ => None,
        }
    }

    /// The parameter for an operator on a field, if the API has one.
    pub(crate) fn filter(&self, field: &str, operator: &str) -> Option<&FilterParameter> {
        self.filters.get(field)?.get(operator)
    }
}

/// A field of an entity.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    /// One of AppFlow's types.
    #[serde(rename = "type")]
    pub(crate) data_type: FieldDataType,
    /// Shown instead of the name.
    #[serde(default)]
    pub(crate) label: Option<String>,
    /// What it holds.
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// Whether it identifies a record.
    #[serde(default)]
    pub(crate) primary_key: bool,
    /// Whether it may be null: yes unless said otherwise. AppFlow fails a flow that meets a null in a field that may not.
    #[serde(default)]
    pub(crate) nullable: Option<bool>,
    /// Whether it drives incremental pulls: a `Date` or `DateTime` that grows with every change of a record.
    #[serde(default)]
    pub(crate) incremental: bool,
    /// Where it stands in a record; the member of its name unless said otherwise.
    #[serde(default)]
    pub(crate) pointer: Option<String>,
    /// What the projection parameter calls it; the pointer's first step, or the name up to its first dot, unless said
    /// otherwise.
    #[serde(default)]
    pub(crate) select: Option<String>,
}

/// How the API is told which fields are wanted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Projection {
    /// The parameter.
    pub(crate) parameter: String,
    /// What stands between the names; without it the parameter is repeated.
    #[serde(default)]
    pub(crate) separator: Option<String>,
}

/// A parameter that filters in the API: `"name"`, or a table with particulars.
#[derive(Debug, Clone)]
pub(crate) struct FilterParameter {
    /// The parameter.
    pub(crate) parameter: String,
    /// Whether the API lets more records through than the operator means; then the filter is applied here once more.
    pub(crate) wider: bool,
    /// How dates and times are written; as the field's type is unless said otherwise.
    pub(crate) format: Option<ValueFormat>,
    /// For `in`: what stands between the values; without it the parameter is repeated.
    pub(crate) separator: Option<String>,
}

/// How dates and times are written in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
            parameter: String,
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
                Ok(FilterParameter { parameter: name.to_owned(), wider: false, format: None, separator: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FilterParameter, A::Error> {
                let Table { parameter, wider, format, separator } =
                    Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(FilterParameter { parameter, wider, format, separator })
            }
        }
        deserializer.deserialize_any(NameOrTable)
    }
}
