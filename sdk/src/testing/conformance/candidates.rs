//! Filters made of the values that records have.

use jiff::SignedDuration;
use serde_json::value::RawValue;

use super::Subject;
use crate::filter::{Comparison, Condition, Date, Filter, Instant, Value};
use crate::protocol::{ConnectorOperator, FieldDataType, FieldDefinition};
use crate::testing::incremental::moment;
use crate::testing::records::{members, plain};

/// A condition for each field that can be filtered and each operator it declares.
pub(super) fn single(subject: &Subject) -> Vec<Condition> {
    let fields = subject.definition.fields.iter().filter(|field| field.is_queryable());
    fields.flat_map(|field| of_field(subject, field)).filter(is_writable).collect()
}

/// Conditions that join two fields, the other way round, and several values of one.
pub(super) fn combined(singles: &[Condition]) -> Vec<Condition> {
    let mut combined = Vec::new();
    let first = singles.first();
    let other = first
        .and_then(|first| singles.iter().rev().find(|condition| condition.fields().next() != first.fields().next()));
    if let Some((first, other)) = first.zip(other.or(first)) {
        combined.push(first.clone().and(other.clone()));
        combined.push(first.clone().or(other.clone()));
        combined.push(Condition::Not(Box::new(first.clone())));
        combined.push(Condition::Not(Box::new(first.clone().or(other.clone()))));
    }
    for condition in singles.iter().take(2) {
        if let Condition::Compare { field, operator: Comparison::Equal, value } = condition
            && !matches!(value, Value::Boolean(_))
        {
            combined.push(Condition::In { field: field.clone(), values: vec![value.clone()] });
        }
    }
    combined.retain(is_writable);
    combined
}

/// What the language has no text for is not asked.
fn is_writable(condition: &Condition) -> bool {
    let filter = Filter { condition: Some(condition.clone()), limit: None };
    Filter::parse(&filter.to_string()).is_ok_and(|read| read == filter)
}

fn of_field(subject: &Subject, field: &FieldDefinition) -> Vec<Condition> {
    let name = field.field_name.as_str();
    let mut values: Vec<Value> = subject
        .reference
        .iter()
        .filter_map(|record| value_of(field, members(record).get(name)?, moment(record, name)))
        .collect();
    let Some(low) = values.first().cloned() else { return Vec::new() };
    let middle = values.swap_remove(values.len() / 2);
    let compare =
        |operator, value: &Value| Condition::Compare { field: name.to_owned(), operator, value: value.clone() };
    let declared = |operator: &ConnectorOperator| field.filter_operators.contains(operator);
    let mut conditions: Vec<_> = Comparison::ALL
        .into_iter()
        .filter(|operator| declared(&operator.connector_operator()))
        .filter_map(|operator| match operator {
            Comparison::Contains => part_of(&middle).map(|part| compare(operator, &part)),
            _ => Some(compare(operator, &middle)),
        })
        .collect();
    let beside = beside(&middle).into_iter().filter(|(operator, _)| declared(&operator.connector_operator()));
    conditions.extend(beside.map(|(operator, value)| compare(operator, &value)));
    if declared(&ConnectorOperator::Between) {
        // The bounds may be the wrong way round: then the evaluator has no opinion, and the other order is tried.
        for (lower, upper) in [(&low, &middle), (&middle, &low)] {
            let (lower, upper) = (lower.clone(), upper.clone());
            conditions.push(Condition::Between { field: name.to_owned(), lower, upper });
            if low == middle {
                break;
            }
        }
    }
    conditions
}

/// Moments half a second and a millisecond beside one that a record has, each with the operators that give it another
/// result when the fraction is cut off or rounded.
fn beside(value: &Value) -> Vec<(Comparison, Value)> {
    let Value::DateTime(moment) = value else { return Vec::new() };
    let moved = |milliseconds| {
        let moved = moment.to_utc().checked_add(SignedDuration::from_millis(milliseconds)).ok()?;
        Instant::from_utc(moved).map(Value::DateTime)
    };
    let mut beside = Vec::new();
    for milliseconds in [500, 1] {
        for (operator, milliseconds) in [
            (Comparison::GreaterOrEqual, milliseconds),
            (Comparison::Less, milliseconds),
            (Comparison::LessOrEqual, -milliseconds),
            (Comparison::Greater, -milliseconds),
        ] {
            beside.extend(moved(milliseconds).map(|value| (operator, value)));
        }
    }
    beside
}

/// A value of the filter language for a value of a record; none where the type has none.
fn value_of(field: &FieldDefinition, value: &RawValue, moment: Option<Instant>) -> Option<Value> {
    if value.get() == "null" {
        return None;
    }
    let text = plain(value);
    match &field.data_type {
        FieldDataType::String => Some(Value::String(text)).filter(|_| value.get().starts_with('"')),
        FieldDataType::Boolean => text.parse().ok().map(Value::Boolean),
        FieldDataType::Date => text.get(..10)?.parse::<Date>().ok().map(Value::Date),
        FieldDataType::DateTime => moment.map(Value::DateTime),
        FieldDataType::List => {
            serde_json::from_str::<Vec<&RawValue>>(value.get()).ok()?.first().and_then(|first| element(first))
        }
        FieldDataType::Map => {
            let map: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(value.get()).ok()?;
            map.into_keys().next().map(Value::String)
        }
        numeric if numeric.is_numeric() => text.parse().ok().map(Value::Number),
        _ => None,
    }
}

fn element(value: &RawValue) -> Option<Value> {
    let text = plain(value);
    match value.get().as_bytes().first() {
        Some(b'"') => Some(Value::String(text)),
        Some(b'-' | b'0'..=b'9') => text.parse().ok().map(Value::Number),
        _ => None,
    }
}

/// The middle of a text; an element or key as it is.
fn part_of(value: &Value) -> Option<Value> {
    let Value::String(text) = value else { return Some(value.clone()) };
    let length = text.chars().count();
    let part: String = text.chars().skip(length / 4).take((length / 2).max(1)).collect();
    (!part.is_empty()).then_some(Value::String(part))
}
