//! What holds for any record of a source.

use std::collections::BTreeMap;

use appflow_sdk::Selection;
use appflow_sdk::filter::Filter;
use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition, Record};
use serde_json::value::RawValue;

/// The record is refused, left out, or becomes a JSON object with each selected field at most once, whose values stand
/// in the source's record just so and are not null.
///
/// The input is a filter, a JSON pointer and the record, separated by zero bytes.
pub(crate) fn holds(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut parts = text.splitn(3, '\0');
    let (Some(filter), Some(pointer), Some(record)) = (parts.next(), parts.next(), parts.next()) else { return };
    let Ok(record) = serde_json::from_str::<&RawValue>(record) else { return };
    let condition = Filter::parse(filter).ok().and_then(|filter| filter.condition);
    let definition = EntityDefinition::new(
        "things",
        vec![
            FieldDefinition::new("id", FieldDataType::Integer),
            FieldDefinition::new("total", FieldDataType::BigDecimal),
            FieldDefinition::new("a.b", FieldDataType::String),
            FieldDefinition::new("day", FieldDataType::DateTime),
            FieldDefinition::new("tags", FieldDataType::List),
            FieldDefinition::new("place", FieldDataType::Map),
        ],
    );
    let Ok(selection) = Selection::new(&definition, None, condition.as_ref()) else { return };
    let selection = selection.locate("place", pointer);
    match selection.apply(record) {
        Ok(Some(selected)) => {
            assert_eq!(Record::parse(selected.get()).as_ref().ok(), Some(&selected));
            let members = members(&selected);
            for (name, value) in &members {
                assert!(definition.field(name).is_some(), "{name} is no field");
                assert!(record.get().contains(value.get()), "{name} was changed");
                assert_ne!(value.get(), "null", "{name}");
            }
            assert_eq!(selection.apply_text(record.get()).ok().flatten(), Some(selected));
        }
        Ok(None) => assert!(condition.is_some(), "only a filter leaves a record out"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The members, each name once.
fn members(record: &Record) -> BTreeMap<String, Box<RawValue>> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(record.get()).expect("a record is an object");
    let written = members.iter().map(|(name, value)| name.len() + value.get().len() + r#""":,"#.len()).sum::<usize>();
    assert!(members.is_empty() || written + 1 == record.get().len(), "a name occurs twice");
    members
}
