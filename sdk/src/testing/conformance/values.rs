//! Rules about the content of records.

use std::collections::HashMap;

use super::pages::shown;
use super::rule::Rule;
use super::{Check, Subject};
use crate::protocol::FieldDefinition;
use crate::testing::misfit::misfit;
use crate::testing::records::members;

impl Check {
    pub(super) fn values(&mut self, subject: &Subject) {
        let entity = subject.name();
        let keys = subject.keys();
        let mut seen: HashMap<Vec<String>, usize> = HashMap::new();
        for (index, record) in subject.reference.iter().enumerate() {
            let place = format!("{entity}, record {index} ({})", shown(record, &keys));
            let members = members(record);
            let undeclared = members.keys().find(|name| subject.definition.field(name).is_none());
            self.report.check(Rule::DeclaredFields, &place, undeclared.map(|name| format!("has the field {name:?}")));
            let mut misfits = None;
            let mut null = None;
            for field in &subject.definition.fields {
                let value = members.get(field.field_name.as_str()).filter(|value| value.get() != "null");
                match value {
                    Some(value) => misfits = misfits.or_else(|| misfit(field, value)),
                    None if must_be_there(field) => null = null.or(Some(field.field_name.as_str())),
                    None => {}
                }
            }
            self.report.check(Rule::Values, &place, misfits);
            self.report.check(Rule::Nulls, &place, null.map(|name| format!("{name:?} is null or missing")));
            if keys.is_empty() {
                continue;
            }
            let key: Vec<_> =
                keys.iter().map(|key| members.get(*key).map_or("null", |value| value.get()).to_owned()).collect();
            let before = seen.insert(key, index);
            let problem = before.map(|before| format!("has the key of record {before}"));
            self.report.check(Rule::UniqueKeys, &place, problem);
        }
    }
}

fn must_be_there(field: &FieldDefinition) -> bool {
    let read = field.read_properties.as_ref();
    read.is_some_and(|read| read.is_nullable == Some(false) && read.is_retrievable != Some(false))
}
