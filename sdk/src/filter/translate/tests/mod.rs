//! Translations against the evaluator: what is pushed and what is left select the same records as the whole.

mod injection;
mod odata;
mod query_string;
mod reference;
mod soql;
mod sql;
mod sqlite;
mod tokens;
mod world;

use super::{Handling, Translation};
use crate::filter::{Filter, Operators, TypedFilter};
use crate::protocol::{EntityDefinition, FieldDataType, FieldDefinition};

/// An entity with one field of each type, named like the type in lower case, and two with names of their own.
fn entity() -> EntityDefinition {
    let mut fields: Vec<_> = FieldDataType::ALL
        .iter()
        .map(|data_type| FieldDefinition::new(data_type.as_str().to_lowercase(), data_type.clone()))
        .collect();
    fields.push(FieldDefinition::new("owner.name", FieldDataType::String));
    fields.push(FieldDefinition::new("owner.active", FieldDataType::Boolean));
    EntityDefinition::new("things", fields)
}

#[track_caller]
fn typed(filter: &str) -> TypedFilter {
    let filter = Filter::parse(filter).unwrap();
    TypedFilter::new(&filter, &entity(), Operators::Meaningful).unwrap()
}

/// What is left, as text.
fn left<P>(translation: &Translation<P>) -> String {
    translation.remainder.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// Checks each filter: the text that is pushed, and what is left of the filter; `""` for nothing.
#[track_caller]
fn says(translate: impl Fn(&TypedFilter) -> Translation<String>, table: &[(&str, &str, &str)]) {
    for (filter, pushed, remainder) in table {
        let translation = translate(&typed(filter));
        assert_eq!(translation.pushed.as_deref().unwrap_or_default(), *pushed, "{filter}");
        assert_eq!(left(&translation), *remainder, "{filter}");
    }
}

#[test]
fn a_limit_is_passed_on_only_if_nothing_remains() {
    let soql = super::Soql::new();
    for (filter, limit) in [
        ("integer = 1 limit 5", Some(5)),
        ("limit 5", Some(5)),
        ("integer = 1", None),
        ("integer = 1 and string = 'x' limit 5", None),
        ("list contains 'x' limit 5", None),
    ] {
        assert_eq!(soql.translate(&typed(filter)).limit, limit, "{filter}");
    }
}

#[test]
fn says_what_became_of_each_part() {
    let translation =
        super::Soql::new().translate(&typed("string = 'x' and integer = 1 and (list contains 'y' or long = 2)"));
    let handling: Vec<_> = translation.parts.iter().map(|(_, handling)| *handling).collect();
    assert_eq!(handling, [Handling::Wider, Handling::Exact, Handling::Left]);
    assert_eq!(translation.parts[2].0.to_string(), "list contains 'y' or long = 2");
    assert_eq!(left(&translation), "string = 'x' and (list contains 'y' or long = 2)");
}
