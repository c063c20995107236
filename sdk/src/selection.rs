//! Filter and projection of JSON records, without building a tree of each record.

use std::borrow::Cow;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::ConnectorError;
use crate::filter::{Condition, Evaluator, Filter};
use crate::page::steps;
use crate::protocol::{EntityDefinition, QueryDataRequest, Record};

/// Which records of an entity are wanted, and which of their fields.
///
/// Only the members that the filter and the projection name are looked at; their text is copied as it came, so no digit
/// is lost. Fields that are null or missing are left out, as AppFlow's data format asks.
///
/// ```
/// use appflow_sdk::Selection;
/// use appflow_sdk::filter::Filter;
/// use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition};
/// let orders = EntityDefinition::new("orders", vec![
///     FieldDefinition::new("id", FieldDataType::Integer).primary_key(),
///     FieldDefinition::new("total", FieldDataType::BigDecimal),
///     FieldDefinition::new("customer.city", FieldDataType::String),
/// ]);
/// let filter = Filter::parse("total > 100")?;
/// let fields = ["id".to_owned(), "customer.city".to_owned()];
/// let selection = Selection::new(&orders, Some(&fields), filter.condition.as_ref())?;
///
/// let kept = serde_json::from_str(r#"{"id": 1, "total": 100.01, "customer": {"city": "Zürich"}}"#)?;
/// let record = selection.apply(kept)?.expect("it matches");
/// assert_eq!(record.get(), r#"{"id":1,"customer.city":"Zürich"}"#);
/// let dropped = serde_json::from_str(r#"{"id": 2, "total": 100.00}"#)?;
/// assert_eq!(selection.apply(dropped)?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Selection {
    fields: Vec<Located>,
    /// Fields that only the filter needs.
    tested: Vec<Located>,
    evaluator: Option<Evaluator>,
    limit: Option<u64>,
    /// Whether records are kept as they are.
    is_whole: bool,
    /// Whether the request named fields.
    has_projection: bool,
}

/// A field and where it stands in a source record.
#[derive(Debug)]
struct Located {
    name: String,
    /// The name as JSON text, quoted and escaped.
    key: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// The member of that name; if there is none, the dots in the name lead through nested objects.
    Name,
    /// The unescaped steps of a JSON pointer.
    Pointer(Vec<String>),
}

impl Selection {
    /// Selects records that meet the condition, with the named fields, or all that the definition has.
    ///
    /// # Errors
    /// `InvalidArgument` when a selected field or the condition does not fit the definition; the message says which and
    /// what would.
    pub fn new(
        definition: &EntityDefinition,
        selected_field_names: Option<&[String]>,
        condition: Option<&Condition>,
    ) -> Result<Self, ConnectorError> {
        let names: Vec<&str> = match selected_field_names {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => definition.fields.iter().map(|field| field.field_name.as_str()).collect(),
        };
        let fields = names.into_iter().map(|name| Located::find(definition, name)).collect::<Result<Vec<_>, _>>()?;
        let evaluator = condition.map(|condition| Evaluator::new(condition, definition)).transpose()?;
        let needed = evaluator.as_ref().map_or(&[][..], Evaluator::fields);
        let tested = needed
            .iter()
            .filter(|name| !fields.iter().any(|field| field.name == **name))
            .map(|name| Located::find(definition, name))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            fields,
            tested,
            evaluator,
            limit: None,
            is_whole: false,
            has_projection: selected_field_names.is_some(),
        })
    }

    /// The selection that a query asks for: its filter, its fields, and the filter's `LIMIT`.
    ///
    /// # Errors
    /// `InvalidArgument` when the filter cannot be read, and as [`new`](Self::new).
    pub fn for_query(definition: &EntityDefinition, request: &QueryDataRequest) -> Result<Self, ConnectorError> {
        let filter = Filter::from_request(request.filter_expression.as_deref())?;
        let selected = request.selected_field_names.as_deref().filter(|names| !names.is_empty());
        Ok(Self::new(definition, selected, filter.condition.as_ref())?.with_limit(filter.limit))
    }

    /// Sets how many records the filter's `LIMIT` allows.
    #[must_use]
    pub fn with_limit(mut self, limit: Option<u64>) -> Self {
        self.limit = limit;
        self
    }

    /// Keeps records as they come, unknown members and nulls included, unless fields are named.
    #[must_use]
    pub fn whole_records(mut self) -> Self {
        self.is_whole = !self.has_projection;
        self
    }

    /// Whether some records are dropped here.
    pub(crate) fn has_filter(&self) -> bool {
        self.evaluator.is_some()
    }

    /// How many records the filter's `LIMIT` allows.
    #[must_use]
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Says where a field stands in the source's records, as a JSON pointer (RFC 6901). Without it, a field is the member
    /// of its name; failing that, the dots in its name lead through nested objects. A field that is not selected is
    /// left alone.
    #[must_use]
    pub fn locate(mut self, field: &str, pointer: &str) -> Self {
        let steps = steps(pointer);
        for located in self.fields.iter_mut().chain(&mut self.tested) {
            if located.name == field {
                located.place = Place::Pointer(steps.clone());
            }
        }
        self
    }

    /// The record with the selected fields, or nothing when it does not meet the condition.
    ///
    /// # Errors
    /// `ServerError` when the source's record is not a JSON object, or a tested value does not have the declared type.
    pub fn apply(&self, record: &RawValue) -> Result<Option<Record>, ConnectorError> {
        self.apply_text(record.get())
    }

    /// As [`apply`](Self::apply), of the text of a JSON object, such as a record of a [`JsonPage`](crate::JsonPage).
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn apply_text(&self, record: &str) -> Result<Option<Record>, ConnectorError> {
        if self.is_whole && self.evaluator.is_none() {
            return Ok(Some(Record::from_trusted(record.to_owned())));
        }
        let members = Members::of(record).map_err(|error| {
            ConnectorError::server_error("the source sent a record that is not a JSON object").with_source(error)
        })?;
        let selected: Vec<_> = self.fields.iter().map(|field| members.find(field)).collect();
        if let Some(evaluator) = &self.evaluator {
            let value_of = |name: &str| {
                let selected = self.fields.iter().zip(&selected).find(|(field, _)| field.name == name);
                match selected {
                    Some((_, value)) => *value,
                    None => self.tested.iter().find(|field| field.name == name).and_then(|field| members.find(field)),
                }
            };
            let matches = evaluator.matches(value_of).map_err(|error| {
                ConnectorError::server_error("the filter cannot be applied to a record of the source")
                    .with_source(error.to_string())
            })?;
            if !matches {
                return Ok(None);
            }
        }
        if self.is_whole {
            return Ok(Some(Record::from_trusted(record.to_owned())));
        }
        let mut text = String::with_capacity(record.len());
        text.push('{');
        for (field, value) in self.fields.iter().zip(selected) {
            let Some(value) = value.map(RawValue::get).filter(|value| *value != "null") else { continue };
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&field.key);
            text.push(':');
            text.push_str(value);
        }
        text.push('}');
        Ok(Some(Record::from_trusted(text)))
    }
}

impl Located {
    fn find(definition: &EntityDefinition, name: &str) -> Result<Self, ConnectorError> {
        let entity = &definition.entity.entity_identifier;
        if definition.field(name).is_none() {
            let known: Vec<_> = definition.fields.iter().map(|field| field.field_name.as_str()).collect();
            return Err(ConnectorError::invalid_argument(format!(
                "entity {entity:?} has no field {name:?}; it has {}",
                known.join(", ")
            )));
        }
        let key = serde_json::to_string(name).map_err(|error| {
            ConnectorError::unknown_error(format!("the field name {name:?} cannot be written")).with_source(error)
        })?;
        Ok(Self { name: name.to_owned(), key, place: Place::Name })
    }
}

/// The members of one object, as text.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    fn of(object: &'a str) -> serde_json::Result<Self> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    members.push((key, map.next_value()?));
                }
                Ok(members)
            }
        }
        serde_json::Deserializer::from_str(object).deserialize_map(Collect).map(Self)
    }

    /// Of a member that occurs twice the last counts.
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    fn find(&self, field: &Located) -> Option<&'a RawValue> {
        match &field.place {
            Place::Name => self.get(&field.name).or_else(|| self.walk(field.name.split('.'))),
            Place::Pointer(steps) => self.walk(steps.iter().map(String::as_str)),
        }
    }

    fn walk<'s>(&self, mut steps: impl Iterator<Item = &'s str>) -> Option<&'a RawValue> {
        let mut value = self.get(steps.next()?)?;
        for step in steps {
            value = if value.get().starts_with('[') {
                let elements: Vec<&'a RawValue> = serde_json::from_str(value.get()).ok()?;
                *elements.get(step.parse::<usize>().ok()?)?
            } else {
                Members::of(value.get()).ok()?.get(step)?
            };
        }
        Some(value)
    }
}

/// A key, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{FieldDataType, FieldDefinition};

    fn definition() -> EntityDefinition {
        EntityDefinition::new(
            "e",
            vec![
                FieldDefinition::new("id", FieldDataType::Integer),
                FieldDefinition::new("amount", FieldDataType::BigDecimal),
                FieldDefinition::new("a.b", FieldDataType::String),
                FieldDefinition::new("first", FieldDataType::String),
            ],
        )
    }

    #[track_caller]
    fn apply(fields: Option<&[&str]>, filter: &str, record: &str) -> Option<String> {
        let fields: Option<Vec<String>> = fields.map(|fields| fields.iter().map(|field| (*field).to_owned()).collect());
        let filter = (!filter.is_empty()).then(|| Filter::parse(filter).unwrap());
        let condition = filter.as_ref().and_then(|filter| filter.condition.as_ref());
        let selection =
            Selection::new(&definition(), fields.as_deref(), condition).unwrap().locate("first", "/list/0/x~1y");
        let record = selection.apply(serde_json::from_str(record).unwrap()).unwrap();
        record.map(|record| record.get().to_owned())
    }

    #[test]
    fn keeps_digits_escapes_and_the_order_of_the_selection() {
        let record = r#"{"a":{"b":"\u00e9\n"},"amount": 1.10000000000000000000000000001 ,"id":7,"list":[{"x/y":"z"}]}"#;
        assert_eq!(
            apply(Some(&["amount", "a.b", "first", "id"]), "", record).unwrap(),
            r#"{"amount":1.10000000000000000000000000001,"a.b":"\u00e9\n","first":"z","id":7}"#
        );
    }

    #[test]
    fn prefers_a_member_whose_name_has_dots_and_the_last_of_equal_members() {
        assert_eq!(apply(Some(&["a.b"]), "", r#"{"a.b":"flat","a":{"b":"deep"}}"#).unwrap(), r#"{"a.b":"flat"}"#);
        assert_eq!(apply(Some(&["id"]), "", r#"{"id":1,"id":2}"#).unwrap(), r#"{"id":2}"#);
    }

    #[test]
    fn leaves_null_and_missing_fields_out() {
        assert_eq!(apply(None, "", r#"{"id":null,"other":1}"#).unwrap(), "{}");
    }

    #[test]
    fn tests_fields_that_are_not_selected() {
        assert_eq!(
            apply(Some(&["id"]), "amount > 5 and first = 'z'", r#"{"id":1,"amount":6,"list":[{"x/y":"z"}]}"#).unwrap(),
            r#"{"id":1}"#
        );
        assert_eq!(apply(Some(&["id"]), "amount > 5", r#"{"id":1,"amount":5}"#), None);
    }

    #[test]
    fn refuses_an_unknown_field_and_a_record_that_is_no_object() {
        let unknown = ["nope".to_owned()];
        assert!(Selection::new(&definition(), Some(&unknown), None).unwrap_err().message().contains("nope"));
        let selection = Selection::new(&definition(), None, None).unwrap();
        assert!(selection.apply(serde_json::from_str("[1]").unwrap()).is_err());
    }
}
