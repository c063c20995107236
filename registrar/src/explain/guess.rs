//! An entity for a filter whose entity is not at hand: each field has the type that its literals have.

use std::collections::BTreeMap;

use appflow_sdk::filter::{Comparison, Condition, Operand, Value};
use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition};

/// What a filter does with one field.
#[derive(Debug, Default)]
struct Uses<'a> {
    values: Vec<&'a Value>,
    is_searched: bool,
}

/// An entity with the fields of a condition, typed by their literals: numbers are exact decimals, a field that is only
/// tested for null is text.
#[must_use]
pub fn guess(condition: Option<&Condition>) -> EntityDefinition {
    let mut uses = BTreeMap::new();
    if let Some(condition) = condition {
        collect(condition, &mut uses);
    }
    let names = condition.into_iter().flat_map(Condition::fields);
    let fields = names.map(|name| {
        let data_type = uses.get(name).map_or(FieldDataType::String, data_type);
        FieldDefinition::new(name, data_type)
    });
    EntityDefinition::new("filter", fields.collect())
}

fn collect<'a>(condition: &'a Condition, uses: &mut BTreeMap<&'a str, Uses<'a>>) {
    match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| collect(part, uses)),
        Condition::Not(inner) => collect(inner, uses),
        Condition::Compare { field, operator, value } => {
            let entry = uses.entry(field.as_str()).or_default();
            entry.values.push(value);
            entry.is_searched |= *operator == Comparison::Contains;
        }
        Condition::Between { field, lower, upper } => {
            uses.entry(field.as_str()).or_default().values.extend([lower, upper]);
        }
        Condition::In { field, values } => uses.entry(field.as_str()).or_default().values.extend(values),
        Condition::Bare(Operand::Field(field)) => {
            uses.entry(field.as_str()).or_default();
        }
        Condition::Bare(Operand::Value(_)) => {}
    }
}

fn data_type(uses: &Uses<'_>) -> FieldDataType {
    let has = |is: fn(&Value) -> bool| uses.values.iter().any(|value| is(value));
    let text = has(|value| matches!(value, Value::String(_)));
    let number = has(|value| matches!(value, Value::Number(_)));
    if has(|value| matches!(value, Value::Boolean(_))) {
        FieldDataType::Boolean
    } else if has(|value| matches!(value, Value::DateTime(_))) {
        FieldDataType::DateTime
    } else if uses.is_searched || text {
        FieldDataType::String
    } else if has(|value| matches!(value, Value::Date(_))) {
        if number { FieldDataType::DateTime } else { FieldDataType::Date }
    } else if number {
        FieldDataType::BigDecimal
    } else {
        FieldDataType::String
    }
}

#[cfg(test)]
mod tests {
    use appflow_sdk::filter::Filter;

    use super::*;

    #[test]
    fn takes_types_from_literals() {
        for (filter, expected) in [
            ("a = 1", "BigDecimal"),
            ("a = true", "Boolean"),
            ("a = 'x'", "String"),
            ("a = null", "String"),
            ("a in (1, 'x')", "String"),
            ("a contains 5", "String"),
            ("a between 2021-04-20 and 2021-04-21", "Date"),
            ("a > 2021-04-20 and not a > 1618876800000", "DateTime"),
            ("a > 2021-04-20 or a < 2021-04-20T00:00:00Z", "DateTime"),
        ] {
            let condition = Filter::parse(filter).unwrap().condition;
            let entity = guess(condition.as_ref());
            assert_eq!(entity.field("a").unwrap().data_type.as_str(), expected, "{filter}");
        }
        assert!(guess(None).fields.is_empty());
    }
}
