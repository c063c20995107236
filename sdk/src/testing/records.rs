//! Records as a test wants to look at them.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use serde_json::value::RawValue;

use super::query::Statistics;
use crate::protocol::Record;

/// Records of one entity, in the order in which the connector gave them.
///
/// The methods named `assert_…` panic with the entity, the record's index and what was found; nothing else panics.
///
/// ```
/// use appflow_sdk::{protocol::Record, testing::Records};
/// let text = [r#"{"id":1,"city":"Zürich"}"#, r#"{"id":2}"#];
/// let records = Records::new("cities", text.iter().map(|text| Record::parse(text)).collect::<Result<_, _>>()?);
/// records.assert_unique("id");
/// records.assert_sorted_by("id");
/// records.assert_fields(&["id", "city"]);
/// assert_eq!(records.value(0, "city").unwrap(), "Zürich");
/// # Ok::<(), appflow_sdk::protocol::NotARecord>(())
/// ```
#[derive(Debug, Clone)]
pub struct Records {
    entity: String,
    rows: Vec<Record>,
    statistics: Statistics,
}

impl Records {
    /// These records.
    #[must_use]
    pub fn new(entity: impl Into<String>, records: Vec<Record>) -> Self {
        let statistics = Statistics { records: records.len(), ..Statistics::default() };
        Self { entity: entity.into(), rows: records, statistics }
    }

    pub(super) fn with_statistics(mut self, statistics: Statistics) -> Self {
        self.statistics = statistics;
        self
    }

    pub(super) fn into_vec(self) -> Vec<Record> {
        self.rows
    }

    /// The entity.
    #[must_use]
    pub fn entity(&self) -> &str {
        &self.entity
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The records themselves.
    #[must_use]
    pub fn as_slice(&self) -> &[Record] {
        &self.rows
    }

    /// The records, one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Record> {
        self.rows.iter()
    }

    /// What reading them was like.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// One record as JSON; nothing beyond the last. Numbers that no 64 bits hold lose digits: see
    /// [`text`](Self::text).
    #[must_use]
    pub fn json(&self, index: usize) -> Option<Value> {
        serde_json::from_str(self.rows.get(index)?.get()).ok()
    }

    /// The value of a field of one record; nothing when the record does not have it.
    #[must_use]
    pub fn value(&self, index: usize, field: &str) -> Option<Value> {
        serde_json::from_str(self.member(index, field)?.get()).ok()
    }

    /// The JSON text of a field of one record, with the digits as they came.
    #[must_use]
    pub fn text(&self, index: usize, field: &str) -> Option<String> {
        Some(self.member(index, field)?.get().to_owned())
    }

    fn member(&self, index: usize, field: &str) -> Option<&RawValue> {
        members(self.rows.get(index)?).remove(field)
    }

    /// The values of a field, record by record, as text without quotes; records that do not have it are left out.
    #[must_use]
    pub fn ids(&self, field: &str) -> Vec<String> {
        (0..self.len()).filter_map(|index| self.member(index, field)).map(plain).collect()
    }

    /// Checks how many there are.
    ///
    /// # Panics
    /// When there are more or fewer.
    #[track_caller]
    pub fn assert_count(&self, expected: usize) {
        let found = self.len();
        verdict((found != expected).then(|| format!("{}: {found} records, expected {expected}", self.entity)));
    }

    /// Checks that no record has another field than these.
    ///
    /// # Panics
    /// When one has.
    #[track_caller]
    pub fn assert_fields(&self, allowed: &[&str]) {
        verdict(self.rows.iter().enumerate().find_map(|(index, record)| {
            let found = members(record).into_keys().find(|name| !allowed.contains(&name.as_str()))?;
            Some(format!(
                "{}, record {index}: has the field {found:?}; expected only {}",
                self.entity,
                allowed.join(", ")
            ))
        }));
    }

    /// Checks that every record has the field, and none the same value as another.
    ///
    /// # Panics
    /// When one lacks it, or shares its value.
    #[track_caller]
    pub fn assert_unique(&self, field: &str) {
        let mut seen: HashMap<String, usize> = HashMap::new();
        verdict((0..self.len()).find_map(|index| {
            let Some(value) = self.member(index, field) else {
                return Some(format!("{}, record {index}: has no {field:?}", self.entity));
            };
            let before = seen.insert(plain(value), index)?;
            Some(format!("{}, record {index}: {field} is {}, as in record {before}", self.entity, value.get()))
        }));
    }

    /// Checks that the values of a field never go down: numbers by size, everything else as text.
    ///
    /// # Panics
    /// When a record lacks the field, or its value is smaller than that of the record before.
    #[track_caller]
    pub fn assert_sorted_by(&self, field: &str) {
        let mut before: Option<Value> = None;
        verdict((0..self.len()).find_map(|index| {
            let Some(value) = self.value(index, field) else {
                return Some(format!("{}, record {index}: has no {field:?}", self.entity));
            };
            let falls = before.as_ref().is_some_and(|before| is_greater(before, &value));
            let problem = falls.then(|| {
                let before = before.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("{}, record {index}: {field} is {value}, after {before}", self.entity)
            });
            before = Some(value);
            problem
        }));
    }
}

impl<'a> IntoIterator for &'a Records {
    type Item = &'a Record;
    type IntoIter = std::slice::Iter<'a, Record>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter()
    }
}

/// The members of a record by name.
pub(super) fn members(record: &Record) -> BTreeMap<String, &RawValue> {
    serde_json::from_str(record.get()).unwrap_or_default()
}

/// Text without its quotes, anything else as it is written.
pub(super) fn plain(value: &RawValue) -> String {
    serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

fn is_greater(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left > right,
        _ => {
            left.as_str().map_or_else(|| left.to_string(), str::to_owned)
                > right.as_str().map_or_else(|| right.to_string(), str::to_owned)
        }
    }
}

/// The end of every assertion.
#[expect(clippy::panic, reason = "an assertion that does not hold must fail the test that makes it")]
#[track_caller]
pub(super) fn verdict(problem: Option<String>) {
    if let Some(problem) = problem {
        panic!("{problem}");
    }
}
