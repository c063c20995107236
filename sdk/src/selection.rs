//! Filter and projection of JSON records, without building a tree of each record.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::ConnectorError;
use crate::filter::{BetweenBounds, Comparison, Condition, Evaluator, Filter, Value};
use crate::page::steps;
use crate::protocol::{EntityDefinition, QueryDataRequest, Record, RetrieveDataRequest};

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
    members: Members,
    evaluator: Option<Evaluator>,
    limit: Option<u64>,
    /// Whether records are kept as they are.
    is_whole: bool,
    /// Whether the request named fields.
    has_projection: bool,
    /// Where the author said that fields stand, for a condition that replaces this one.
    locations: Vec<(String, String)>,
    bounds: BetweenBounds,
}

/// A field and where it stands in a source record.
#[derive(Debug)]
struct Located {
    name: String,
    /// The name as JSON text, quoted and escaped.
    key: String,
    place: Place,
    /// Which of the [`Members`] it is or begins with.
    member: usize,
    /// Which of them the part of the name before the first dot is.
    outer: Option<usize>,
}

#[derive(Debug)]
enum Place {
    /// The member of that name; if there is none, the dots in the name lead through nested objects.
    Name,
    /// The unescaped steps of a JSON pointer.
    Pointer(Vec<String>),
}

impl Selection {
    /// Selects records that meet the condition, with the named fields, or all that the definition has if none is named.
    ///
    /// # Errors
    /// `InvalidArgument` when a selected field or the condition does not fit the definition; the message says which and
    /// what would.
    pub fn new(
        definition: &EntityDefinition,
        selected_field_names: Option<&[String]>,
        condition: Option<&Condition>,
    ) -> Result<Self, ConnectorError> {
        let selected_field_names = selected_field_names.filter(|names| !names.is_empty());
        let mut names: Vec<&str> = match selected_field_names {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => definition.fields.iter().map(|field| field.field_name.as_str()).collect(),
        };
        // A field that is named twice is written once.
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(*name));
        let mut fields =
            names.into_iter().map(|name| Located::find(definition, name)).collect::<Result<Vec<_>, _>>()?;
        let evaluator = condition.map(|condition| Evaluator::new(condition, definition)).transpose()?;
        let needed = evaluator.as_ref().map_or(&[][..], Evaluator::fields);
        let mut tested = needed
            .iter()
            .filter(|name| !fields.iter().any(|field| field.name == **name))
            .map(|name| Located::find(definition, name))
            .collect::<Result<Vec<_>, _>>()?;
        let members = Members::of(fields.iter_mut().chain(&mut tested));
        Ok(Self {
            fields,
            tested,
            members,
            evaluator,
            limit: None,
            is_whole: false,
            has_projection: selected_field_names.is_some(),
            locations: Vec::new(),
            bounds: BetweenBounds::default(),
        })
    }

    /// The selection that a query asks for: its filter, its fields, and the filter's `LIMIT`.
    ///
    /// # Errors
    /// `InvalidArgument` when the filter cannot be read, and as [`new`](Self::new).
    pub fn for_query(definition: &EntityDefinition, request: &QueryDataRequest) -> Result<Self, ConnectorError> {
        let filter = Filter::from_request(request.filter_expression.as_deref())?;
        let selected = request.selected_field_names.as_deref();
        Ok(Self::new(definition, selected, filter.condition.as_ref())?.with_limit(filter.limit))
    }

    /// The selection that a look-up by id asks for: its fields, and the records whose id field, by default the primary key,
    /// has one of the ids. An id that is no value of the field's type belongs to no record and is passed over.
    ///
    /// # Errors
    /// `InvalidArgument` when no id field is named and the entity has not exactly one primary key, and as
    /// [`new`](Self::new).
    pub fn for_retrieve(definition: &EntityDefinition, request: &RetrieveDataRequest) -> Result<Self, ConnectorError> {
        let mut keys = definition.fields.iter().filter(|field| field.is_primary_key == Some(true));
        let key = keys.next().filter(|_| keys.next().is_none()).map(|key| key.field_name.as_str());
        let Some(field) = request.id_field_name.as_deref().or(key) else {
            return Err(ConnectorError::invalid_argument(format!(
                "idFieldName is missing, and the entity {:?} has no single primary key",
                definition.entity.entity_identifier
            )));
        };
        let equal = |id: &String| {
            let value = Value::String(id.clone());
            Condition::Compare { field: field.to_owned(), operator: Comparison::Equal, value }
        };
        let ids = request.ids.iter().flatten();
        let fitting: Vec<_> = ids.filter(|id| Evaluator::new(&equal(id), definition).is_ok()).collect();
        let values: Vec<_> = fitting.into_iter().map(|id| Value::String(id.clone())).collect();
        Located::find(definition, field)?;
        // Without a value that fits, no record is meant: one that is null and is not.
        let condition = if values.is_empty() {
            let test = |operator| Condition::Compare { field: field.to_owned(), operator, value: Value::Null };
            test(Comparison::Equal).and(test(Comparison::NotEqual))
        } else {
            Condition::In { field: field.to_owned(), values }
        };
        Self::new(definition, request.selected_field_names.as_deref(), Some(&condition))
    }

    /// Sets whether the bounds of a `between` belong to the range.
    #[must_use]
    pub fn with_bounds(mut self, bounds: BetweenBounds) -> Self {
        self.bounds = bounds;
        self.evaluator = self.evaluator.map(|evaluator| evaluator.with_bounds(bounds));
        self
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

    /// The same fields, places and limit with another condition.
    pub(crate) fn with_condition(
        self,
        definition: &EntityDefinition,
        selected_field_names: Option<&[String]>,
        condition: Option<&Condition>,
    ) -> Result<Self, ConnectorError> {
        let mut selection = Self::new(definition, selected_field_names, condition)?;
        selection = selection.with_limit(self.limit).with_bounds(self.bounds);
        selection.is_whole = self.is_whole;
        Ok(self.locations.iter().fold(selection, |selection, (field, pointer)| selection.locate(field, pointer)))
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
        self.locations.push((field.to_owned(), pointer.to_owned()));
        let steps = steps(pointer);
        for located in self.fields.iter_mut().chain(&mut self.tested) {
            if located.name == field {
                located.place = Place::Pointer(steps.clone());
            }
        }
        self.members = Members::of(self.fields.iter_mut().chain(&mut self.tested));
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
        let members = self.members.read(record).map_err(|error| {
            ConnectorError::server_error("the source sent a record that is not a JSON object").with_source(error)
        })?;
        let selected: Vec<_> = self.fields.iter().map(|field| field.value(&members)).collect();
        if let Some(evaluator) = &self.evaluator {
            let value_of = |name: &str| {
                let selected = self.fields.iter().zip(&selected).find(|(field, _)| field.name == name);
                match selected {
                    Some((_, value)) => *value,
                    None => self.tested.iter().find(|field| field.name == name).and_then(|field| field.value(&members)),
                }
            };
            let matches = evaluator.matches(value_of).map_err(|error| {
                // It names the field and the way out, and never the value.
                ConnectorError::server_error(error.to_string())
            })?;
            if !matches {
                return Ok(None);
            }
        }
        if self.is_whole {
            return Ok(Some(Record::from_trusted(record.to_owned())));
        }
        let written = self.fields.iter().zip(&selected).filter_map(|(field, value)| {
            let value = value.map(RawValue::get).filter(|value| *value != "null")?;
            Some((field.key.as_str(), value))
        });
        // Each member has a colon and a comma, except the first, for which there are two braces. A text that fills its
        // capacity becomes a record without being moved.
        let members = written.clone().map(|(key, value)| key.len() + value.len() + 2).sum::<usize>();
        let mut text = String::with_capacity((members + 1).max(2));
        text.push('{');
        for (key, value) in written {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(key);
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
        Ok(Self { name: name.to_owned(), key, place: Place::Name, member: 0, outer: None })
    }

    /// Its text in a record whose members were read.
    fn value<'a>(&self, members: &[Option<&'a RawValue>]) -> Option<&'a RawValue> {
        let member = |index: usize| members.get(index).copied().flatten();
        match &self.place {
            Place::Name => member(self.member).or_else(|| walk(member(self.outer?)?, self.name.split('.').skip(1))),
            Place::Pointer(steps) => walk(member(self.member)?, steps.iter().skip(1).map(String::as_str)),
        }
    }
}

/// The members of a record that are looked at.
#[derive(Debug, Default)]
struct Members {
    /// In the order of the fields.
    names: Vec<String>,
    /// Indices into the names, in the order of the alphabet.
    sorted: Vec<usize>,
}

impl Members {
    /// Those that the fields need, each once; the fields learn which are theirs.
    fn of<'f>(fields: impl Iterator<Item = &'f mut Located>) -> Self {
        let mut members = Self::default();
        for field in fields {
            (field.member, field.outer) = match &field.place {
                Place::Name => {
                    let outer = field.name.split_once('.').map(|(outer, _)| outer);
                    (members.add(&field.name), outer.map(|outer| members.add(outer)))
                }
                // A pointer without steps is the record itself, which is the value of no field.
                Place::Pointer(steps) => (steps.first().map_or(usize::MAX, |step| members.add(step)), None),
            };
        }
        members
    }

    fn add(&mut self, name: &str) -> usize {
        match self.search(name) {
            Ok(place) => self.sorted[place],
            Err(place) => {
                self.sorted.insert(place, self.names.len());
                self.names.push(name.to_owned());
                self.names.len() - 1
            }
        }
    }

    fn search(&self, name: &str) -> Result<usize, usize> {
        self.sorted.binary_search_by(|index| self.names[*index].as_str().cmp(name))
    }

    /// Their texts in a record. Of a member that occurs twice the last counts.
    fn read<'a>(&self, record: &'a str) -> serde_json::Result<Vec<Option<&'a RawValue>>> {
        // Records mostly have their members in one order, and often in that of the fields.
        let mut expected = 0;
        read(record, self.names.len(), |key| {
            let is_expected = self.names.get(expected).is_some_and(|name| name == key);
            let index = if is_expected { expected } else { self.sorted[self.search(key).ok()?] };
            expected = index + 1;
            Some(index)
        })
    }
}

/// The texts of an object's members that have an index, by that index.
fn read(
    object: &str,
    count: usize,
    index_of: impl FnMut(&str) -> Option<usize>,
) -> serde_json::Result<Vec<Option<&RawValue>>> {
    struct Collect<'a, F> {
        found: Vec<Option<&'a RawValue>>,
        index_of: F,
    }
    impl<'de, F: FnMut(&str) -> Option<usize>> Visitor<'de> for Collect<'de, F> {
        type Value = Vec<Option<&'de RawValue>>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
            while let Some(Key(key)) = map.next_key()? {
                match (self.index_of)(&key).and_then(|index| self.found.get_mut(index)) {
                    Some(found) => *found = Some(map.next_value()?),
                    None => drop(map.next_value::<IgnoredAny>()?),
                }
            }
            Ok(self.found)
        }
    }
    let collect = Collect { found: vec![None; count], index_of };
    serde_json::Deserializer::from_str(object).deserialize_map(collect)
}

/// Follows steps through nested objects and lists.
fn walk<'a, 's>(from: &'a RawValue, steps: impl Iterator<Item = &'s str>) -> Option<&'a RawValue> {
    let mut value = from;
    for step in steps {
        value = if value.get().starts_with('[') {
            let elements: Vec<&'a RawValue> = serde_json::from_str(value.get()).ok()?;
            *elements.get(step.parse::<usize>().ok()?)?
        } else {
            read(value.get(), 1, |key| (key == step).then_some(0)).ok()?.pop()??
        };
    }
    Some(value)
}

/// A key, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{ConnectorContext, FieldDataType, FieldDefinition};

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
    fn reads_members_in_any_order_and_between_others() {
        let record = r#"{"x":[1],"list":[{"y":0,"x/y":"z"}],"amount":2.50,"y":{"id":9},"a":{"b":"deep"},"id":7}"#;
        assert_eq!(
            apply(Some(&["id", "amount", "a.b", "first", "id"]), "", record).unwrap(),
            r#"{"id":7,"amount":2.50,"a.b":"deep","first":"z"}"#
        );
        assert_eq!(apply(Some(&[]), "", record), apply(None, "", record), "none named means all");
    }

    #[test]
    fn a_pointer_to_the_whole_record_is_the_value_of_no_field() {
        let selection = Selection::new(&definition(), None, None).unwrap().locate("id", "");
        let record = selection.apply(serde_json::from_str(r#"{"id":1,"amount":2}"#).unwrap()).unwrap().unwrap();
        assert_eq!(record.get(), r#"{"amount":2}"#);
    }

    #[test]
    fn a_look_up_finds_the_records_with_the_ids_and_passes_over_what_can_be_none() {
        let found = |id_field_name: &str, ids: &[&str], record: &str| {
            let ids = ids.iter().map(|id| (*id).to_owned()).collect();
            let request = RetrieveDataRequest::new("e", ConnectorContext::default(), id_field_name, ids);
            let selection = Selection::for_retrieve(&definition(), &request).unwrap();
            selection.apply_text(record).unwrap().is_some()
        };
        assert!(found("id", &["7", "nope"], r#"{"id":7}"#));
        assert!(!found("id", &["8"], r#"{"id":7}"#));
        assert!(!found("id", &["nope"], r#"{"id":7}"#) && !found("id", &[], "{}"));
        assert!(found("first", &["x"], r#"{"id":7,"first":"x"}"#));
        let mut request = RetrieveDataRequest::new("e", ConnectorContext::default(), "id", vec!["7".to_owned()]);
        request.id_field_name = None;
        let error = Selection::for_retrieve(&definition(), &request).unwrap_err();
        assert!(error.message().contains("primary key"), "{error}");
    }

    #[test]
    fn the_bounds_of_a_between_can_be_left_out() {
        let filter = Filter::parse("id between 1 and 3").unwrap();
        let selection = Selection::new(&definition(), None, filter.condition.as_ref()).unwrap();
        assert!(selection.apply_text(r#"{"id":1}"#).unwrap().is_some());
        let exclusive = selection.with_bounds(BetweenBounds::Exclusive);
        assert!(exclusive.apply_text(r#"{"id":1}"#).unwrap().is_none());
        assert!(exclusive.apply_text(r#"{"id":2}"#).unwrap().is_some());
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
