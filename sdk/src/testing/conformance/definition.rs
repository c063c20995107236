//! Rules about the definition of an entity.

use std::collections::BTreeSet;

use super::Check;
use super::entities::identifier_problem;
use super::rule::Rule;
use crate::protocol::{ConnectorOperator, EntityDefinition, FieldDataType, FieldDefinition};

impl Check {
    pub(super) fn definition(&mut self, definition: &EntityDefinition) {
        let entity = &definition.entity.entity_identifier;
        if definition.fields.is_empty() {
            self.report.failed(Rule::Fields, entity.as_str(), "has no fields");
        }
        let mut seen = BTreeSet::new();
        for field in &definition.fields {
            let subject = format!("{entity}.{}", field.field_name);
            let twice = !seen.insert(field.field_name.as_str());
            let problem = identifier_problem(&field.field_name)
                .or_else(|| twice.then(|| "is declared twice".to_owned()))
                .or_else(|| unknown_type(field));
            self.report.check(Rule::Fields, &subject, problem);
            self.report.check(Rule::FilterOperators, &subject, meaningless_operator(field));
            let read = field.read_properties.clone().unwrap_or_default();
            if field.is_primary_key == Some(true) {
                let problem = if read.is_nullable == Some(true) {
                    Some("may be null".to_owned())
                } else {
                    (read.is_retrievable == Some(false)).then(|| "cannot be read".to_owned())
                };
                self.report.check(Rule::PrimaryKey, &subject, problem);
            }
            if field.is_incremental() {
                let fits = matches!(field.data_type, FieldDataType::Date | FieldDataType::DateTime);
                let problem = if !fits {
                    Some(format!("is a {}", field.data_type))
                } else if read.is_queryable == Some(false) {
                    Some("cannot be filtered".to_owned())
                } else {
                    (read.is_retrievable == Some(false)).then(|| "cannot be read".to_owned())
                };
                self.report.check(Rule::IncrementalField, &subject, problem);
            }
        }
        self.report.skipped(Rule::PrimaryKey, "no entity declares a primary key");
        self.report.skipped(Rule::IncrementalField, "no entity has a field for incremental runs");
    }
}

fn unknown_type(field: &FieldDefinition) -> Option<String> {
    match &field.data_type {
        FieldDataType::Unknown(found) => Some(format!("has the unknown type {found:?}")),
        _ => None,
    }
}

/// Operators that make no filter, such as masks, are left alone.
fn meaningless_operator(field: &FieldDefinition) -> Option<String> {
    let wrong = field.filter_operators.iter().find(|operator| !has_meaning(operator, &field.data_type))?;
    Some(format!("{wrong} means nothing for a {}", field.data_type))
}

fn has_meaning(operator: &ConnectorOperator, data_type: &FieldDataType) -> bool {
    use ConnectorOperator::{
        Between, Contains, EqualTo, GreaterThan, GreaterThanOrEqualTo, LessThan, LessThanOrEqualTo, NotEqualTo, Unknown,
    };
    match operator {
        Contains => matches!(data_type, FieldDataType::String | FieldDataType::List | FieldDataType::Map),
        EqualTo | NotEqualTo => !matches!(
            data_type,
            FieldDataType::List | FieldDataType::Map | FieldDataType::Struct | FieldDataType::ByteArray
        ),
        LessThan | LessThanOrEqualTo | GreaterThan | GreaterThanOrEqualTo | Between => {
            data_type.is_numeric()
                || matches!(data_type, FieldDataType::Date | FieldDataType::DateTime | FieldDataType::String)
        }
        Unknown(_) => false,
        _ => true,
    }
}
