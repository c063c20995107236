//! What holds for any text that comes as a filter, and for any record that is tested with it.

use std::collections::HashMap;

use appflow_sdk::filter::{Condition, Escapes, Evaluator, Filter};
use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition};
use serde_json::value::RawValue;

/// Whichever way backslashes are read, the text is refused at a place inside of it, or read as a filter that is written
/// and read again as the same; and a test of a record does what the tests of its parts do.
///
/// The filter ends at the first zero byte; what follows is the record.
pub(crate) fn holds(input: &[u8]) {
    let (filter, record) = match input.iter().position(|byte| *byte == 0) {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, &b"{}"[..]),
    };
    let Ok(text) = std::str::from_utf8(filter) else { return };
    for escapes in [Escapes::Decode, Escapes::Verbatim] {
        match Filter::parse_with(text, escapes) {
            Ok(filter) => {
                let written = filter.to_string();
                assert_eq!(Filter::parse(&written).as_ref(), Ok(&filter), "written as {written}");
                if let Some(condition) = &filter.condition {
                    tests_a_record(condition, record);
                }
            }
            Err(error) => {
                assert!(text.get(error.span()).is_some(), "{error}");
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

fn tests_a_record(condition: &Condition, record: &[u8]) {
    let Ok(members) = serde_json::from_slice::<HashMap<String, &RawValue>>(record) else { return };
    let definition = definition(condition);
    let test = |condition: &Condition| {
        let evaluator = Evaluator::new(condition, &definition).map_err(|error| error.to_string())?;
        let matched = evaluator.matches(|field| members.get(field).copied());
        matched.map_err(|error| error.to_string())
    };
    let matched = test(condition);
    assert_eq!(test(&Condition::Not(Box::new(condition.clone()))), matched.clone().map(|matched| !matched));
    let (parts, of_all) = match condition {
        Condition::Or(parts) => (parts.as_slice(), false),
        other => (other.conjuncts(), true),
    };
    let parts: Result<Vec<bool>, String> = parts.iter().map(test).collect();
    if let Ok(parts) = parts {
        let combined = if of_all { parts.iter().all(|part| *part) } else { parts.iter().any(|part| *part) };
        assert_eq!(matched, Ok(combined));
    }
}

/// An entity that has the fields of the condition. A field's type is chosen by its name, so that every type occurs.
fn definition(condition: &Condition) -> EntityDefinition {
    let fields = condition.fields().map(|name| {
        let choice: usize = name.bytes().map(usize::from).sum();
        FieldDefinition::new(name, FieldDataType::ALL[choice % FieldDataType::ALL.len()].clone())
    });
    EntityDefinition::new("things", fields.collect())
}
