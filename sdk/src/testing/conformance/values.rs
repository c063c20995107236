//! Rules about the content of records.

use std::collections::HashMap;

use super::pages::shown;
use super::rule::Rule;
use super::{Check, Subject};
use crate::protocol::{RecordRule, RecordValidator, RecordViolation};
use crate::testing::records::members;

impl Check {
    pub(super) fn values(&mut self, subject: &Subject) {
        let entity = subject.name();
        let keys = subject.keys();
        let rules = RecordValidator::new(&subject.definition).allow_null();
        let rules = rules.refuse_unknown_fields().refuse_missing_fields().check_constraints();
        let mut seen: HashMap<Vec<String>, usize> = HashMap::new();
        for (index, record) in subject.reference.iter().enumerate() {
            let place = format!("{entity}, record {index} ({})", shown(record, &keys));
            let members = members(record);
            let errors = rules.validate(record).err();
            let violations = errors.as_ref().map_or(&[][..], |errors| errors.violations());
            let first = |rule: Rule| violations.iter().find(|violation| rule_of(violation) == rule);
            for rule in [Rule::DeclaredFields, Rule::Nulls, Rule::Values] {
                self.report.check(rule, &place, first(rule).map(ToString::to_string));
            }
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

/// Which rule of the check a violation breaks.
fn rule_of(violation: &RecordViolation) -> Rule {
    match violation.rule() {
        RecordRule::Declared => Rule::DeclaredFields,
        RecordRule::NotNull | RecordRule::Present => Rule::Nulls,
        _ => Rule::Values,
    }
}
