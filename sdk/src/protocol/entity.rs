//! Entities and how long AppFlow may remember them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::field::FieldDefinition;
use super::lenient;
use super::wire_enum::wire_enum;

/// One entity: a table, an object, a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Entity {
    /// The name that later requests use. At most 128 characters, no white space (AppFlow's public API).
    #[serde(deserialize_with = "lenient::text")]
    pub entity_identifier: String,
    /// Whether there are entities below this one.
    #[serde(default, deserialize_with = "lenient::boolean")]
    pub has_nested_entities: bool,
    /// Whether records can be written to it. Absent means yes, null means no, as the Java SDK reads it.
    #[serde(default = "yes", deserialize_with = "lenient::boolean")]
    pub is_writable: bool,
    /// Shown instead of the identifier. At most 128 characters.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub label: Option<String>,
    /// What it holds. At most 1024 characters.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub description: Option<String>,
    /// Anything the connector wants back in later requests.
    #[serde(default, deserialize_with = "lenient::optional_text_map")]
    pub custom_properties: Option<BTreeMap<String, String>>,
}

fn yes() -> bool {
    true
}

impl Entity {
    /// A read-only entity without children; the label is the identifier.
    #[must_use]
    pub fn new(entity_identifier: impl Into<String>) -> Self {
        let entity_identifier = entity_identifier.into();
        Self {
            label: Some(entity_identifier.clone()),
            entity_identifier,
            has_nested_entities: false,
            is_writable: false,
            description: None,
            custom_properties: None,
        }
    }
}

/// An entity with its fields: the answer to `DescribeEntity`, and part of the context of later requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EntityDefinition {
    /// The entity.
    pub entity: Entity,
    /// Its fields, in the order in which they are shown.
    #[serde(default, deserialize_with = "lenient::null_default")]
    pub fields: Vec<FieldDefinition>,
    /// Anything the connector wants back in later requests.
    #[serde(default, deserialize_with = "lenient::optional_text_map")]
    pub custom_properties: Option<BTreeMap<String, String>>,
}

impl EntityDefinition {
    /// A read-only entity with these fields.
    #[must_use]
    pub fn new(entity_identifier: impl Into<String>, fields: Vec<FieldDefinition>) -> Self {
        Self { entity: Entity::new(entity_identifier), fields, custom_properties: None }
    }

    /// Sets the label that AppFlow shows.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.entity.label = Some(label.into());
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.entity.description = Some(description.into());
        self
    }

    /// Says that records can be written to the entity.
    #[must_use]
    pub fn writable(mut self) -> Self {
        self.entity.is_writable = true;
        self
    }

    /// The field with this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldDefinition> {
        self.fields.iter().find(|field| field.field_name == name)
    }
}

wire_enum! {
    /// The unit of a time to live.
    TimeUnit {
        /// 10⁻⁹ s.
        Nanoseconds = "NANOSECONDS",
        /// 10⁻⁶ s.
        Microseconds = "MICROSECONDS",
        /// 10⁻³ s.
        Milliseconds = "MILLISECONDS",
        /// Seconds.
        Seconds = "SECONDS",
        /// Minutes.
        Minutes = "MINUTES",
        /// Hours.
        Hours = "HOURS",
        /// Days.
        Days = "DAYS",
    }
}

/// How long AppFlow may remember metadata. Without one it is an hour (READMEs of both official SDKs).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CacheControl {
    /// How many units. The Python SDK may leave it out or null, which is read as 0, as the Java reader does with null.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub time_to_live: i64,
    /// The unit. What AppFlow takes it to be without one is not documented.
    #[serde(default)]
    pub time_to_live_unit: Option<TimeUnit>,
}

impl CacheControl {
    /// A time to live in seconds. The official SDKs' comments ask for at least 600; nothing enforces it there.
    #[must_use]
    pub fn seconds(time_to_live: i64) -> Self {
        Self { time_to_live, time_to_live_unit: Some(TimeUnit::Seconds) }
    }
}
