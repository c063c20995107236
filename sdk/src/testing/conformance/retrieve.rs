//! Rules about looking records up by id.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::rule::Rule;
use super::{Check, Subject};
use crate::protocol::{FieldDataType, FieldDefinition, Record};
use crate::testing::failure::CallError;
use crate::testing::incremental::canonical;
use crate::testing::records::{members, plain};

/// Longest value that is looked up, in bytes.
const LONGEST_VALUE: usize = 256;

impl Check {
    pub(super) async fn retrieve(&mut self, subject: &Subject) {
        for rule in [Rule::Retrieve, Rule::RetrieveUnknown, Rule::RetrieveByField, Rule::RetrieveProjection] {
            self.report.skipped(rule, "no entity has records with a single primary key");
        }
        let keys = subject.keys();
        let [key] = keys.as_slice() else { return };
        let count = subject.reference.len();
        let places: BTreeSet<usize> = [0, count / 2, count.saturating_sub(1)].into();
        let picked: Vec<&Record> = places.into_iter().filter_map(|index| subject.reference.get(index)).collect();
        let ids: Vec<String> =
            picked.iter().filter_map(|record| members(record).get(*key).map(|value| plain(value))).collect();
        if ids.is_empty() || ids.len() != picked.len() {
            return;
        }
        let entity = subject.name();
        let answer = self.appflow.retrieve(entity, key, ids.clone()).await;
        if answer.as_ref().is_err_and(CallError::is_invalid_argument) {
            self.report.passed(Rule::Retrieve);
            for rule in [Rule::RetrieveUnknown, Rule::RetrieveByField, Rule::RetrieveProjection] {
                self.report.skipped(rule, "the connector does not support RetrieveData");
            }
            return;
        }
        let Some(found) = self.outcome(Rule::Retrieve, entity, answer) else { return };
        let problem = other_than(&picked, found.as_slice());
        self.report.check(Rule::Retrieve, entity, problem.map(|problem| format!("{}: {problem}", ids.join(", "))));
        if self.report.is_broken(Rule::Retrieve) {
            return;
        }
        let Some((first, known)) = picked.first().zip(ids.first()) else { return };
        let field = subject.definition.field(key).map(|field| &field.data_type);
        let unknown = if field.is_some_and(FieldDataType::is_numeric) { "2147483645" } else { "af-no-such-id" };
        let answer = self.appflow.retrieve(entity, key, [unknown, known.as_str()]).await;
        if let Some(found) = self.outcome(Rule::RetrieveUnknown, entity, answer) {
            let problem = other_than(&[first], found.as_slice());
            let problem = problem.map(|problem| format!("{unknown}, {known}: {problem}"));
            self.report.check(Rule::RetrieveUnknown, entity, problem);
        }
        self.retrieve_by_field(subject, key).await;
        self.retrieve_projection(subject, key, &picked, ids).await;
    }

    /// Looks up by a field that is not the key. To refuse that is right, and to answer with other records is not.
    async fn retrieve_by_field(&mut self, subject: &Subject, key: &str) {
        let Some((field, value)) = telling_value(subject, key) else {
            return self.report.skipped(Rule::RetrieveByField, "no other field tells records apart");
        };
        let place = format!("{}.{field}", subject.name());
        let answer = self.appflow.retrieve(subject.name(), field, [value.as_str()]).await;
        if answer.as_ref().is_err_and(CallError::is_invalid_argument) {
            return self.report.passed(Rule::RetrieveByField);
        }
        let Some(found) = self.outcome(Rule::RetrieveByField, &place, answer) else { return };
        let has_it = |record: &&Record| text_of(record, field).as_ref() == Some(&value);
        let expected: Vec<_> = subject.reference.iter().filter(has_it).collect();
        let problem = if subject.complete {
            other_than(&expected, found.as_slice())
        } else {
            // There may be more such records behind those that were read.
            let stranger = found.iter().any(|record| !has_it(&record));
            (stranger || found.len() < expected.len())
                .then(|| format!("{} records found, not those with the value", found.len()))
        };
        self.report.check(Rule::RetrieveByField, &place, problem.map(|problem| format!("{value:?}: {problem}")));
    }

    /// Looks up by the key, and selects one other field.
    async fn retrieve_projection(&mut self, subject: &Subject, key: &str, picked: &[&Record], ids: Vec<String>) {
        let has_value = |field: &&FieldDefinition| {
            picked.iter().any(|record| text_of(record, &field.field_name).is_some_and(|text| text != "null"))
        };
        let mut fields = others(subject, key);
        let Some(name) = fields.find(has_value).map(|field| field.field_name.as_str()) else {
            return self.report.skipped(Rule::RetrieveProjection, "no record has another field than its key");
        };
        let place = format!("{}.{name}", subject.name());
        let answer = self.appflow.retrieve_fields(subject.name(), [name], key, ids).await;
        if answer.as_ref().is_err_and(CallError::is_invalid_argument) {
            return self.report.passed(Rule::RetrieveProjection);
        }
        let Some(found) = self.outcome(Rule::RetrieveProjection, &place, answer) else { return };
        let too_much = found.iter().find_map(|record| members(record).into_keys().find(|field| field != name));
        let problem = too_much.map(|field| format!("a record has {field:?} too")).or_else(|| {
            let expected: Vec<_> = picked.iter().map(|record| only(record, name)).collect();
            let expected: Vec<_> = expected.iter().flatten().collect();
            other_than(&expected, found.as_slice())
        });
        self.report.check(Rule::RetrieveProjection, &place, problem);
    }
}

/// The fields that can be read and are not the key.
fn others<'a>(subject: &'a Subject, key: &str) -> impl Iterator<Item = &'a FieldDefinition> {
    let fields = subject.definition.fields.iter().filter(move |field| field.field_name != key);
    fields.filter(|field| field.read_properties.as_ref().is_none_or(|read| read.is_retrievable != Some(false)))
}

fn text_of(record: &Record, field: &str) -> Option<String> {
    members(record).get(field).map(|value| plain(value))
}

/// A field, and one of its values that as few records as possible have, and not all. The record with that value as its
/// key is another one, if there is a choice: so it shows when the key is looked up instead. Line breaks
/// come last: an id hardly has one.
fn telling_value<'a>(subject: &'a Subject, key: &str) -> Option<(&'a str, String)> {
    let mut best: Option<((bool, bool, usize), &str, String)> = None;
    for field in others(subject, key) {
        let name = field.field_name.as_str();
        let is_key = |record: &Record, text: &str| text_of(record, key).as_deref() == Some(text);
        let mut counts: BTreeMap<String, (usize, bool)> = BTreeMap::new();
        for record in &subject.reference {
            let Some(text) = members(record).get(name).and_then(|value| lookup_text(&field.data_type, value)) else {
                continue;
            };
            let own = is_key(record, &text);
            let seen = counts.entry(text).or_insert((0, false));
            *seen = (seen.0 + 1, seen.1 || own);
        }
        for (text, (count, is_own_key)) in counts {
            let rank = (is_own_key, text.contains(char::is_control), count);
            if count < subject.reference.len() && best.as_ref().is_none_or(|(least, ..)| rank < *least) {
                best = Some((rank, name, text));
            }
        }
    }
    best.map(|(_, name, text)| (name, text))
}

/// The value as an id is written, where there is one way to write it.
fn lookup_text(data_type: &FieldDataType, value: &RawValue) -> Option<String> {
    let is_text = *data_type == FieldDataType::String && value.get().starts_with('"');
    let is_integer = matches!(
        data_type,
        FieldDataType::Short | FieldDataType::Integer | FieldDataType::Long | FieldDataType::BigInteger
    ) && value.get().parse::<i64>().is_ok();
    let text = plain(value);
    ((is_text || is_integer) && !text.trim().is_empty() && text.len() <= LONGEST_VALUE).then_some(text)
}

/// The record with one field.
fn only(record: &Record, name: &str) -> Option<Record> {
    let mut members = members(record);
    members.retain(|field, _| field == name);
    Record::new(&members).ok()
}

/// What is found must be these records, in whatever order.
fn other_than(expected: &[&Record], found: &[Record]) -> Option<String> {
    let sorted = |texts: &mut Vec<String>| texts.sort_unstable();
    let (mut wanted, mut got): (Vec<_>, Vec<_>) =
        (expected.iter().map(|record| canonical(record)).collect(), found.iter().map(canonical).collect());
    sorted(&mut wanted);
    sorted(&mut got);
    if wanted.len() != got.len() {
        return Some(format!("{} records found, expected {}", got.len(), wanted.len()));
    }
    (wanted != got).then(|| "the records differ from those that a query brings".to_owned())
}
