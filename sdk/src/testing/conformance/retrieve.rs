//! Rules about looking records up by id.

use std::collections::BTreeSet;

use super::rule::Rule;
use super::{Check, Subject};
use crate::protocol::{FieldDataType, Record};
use crate::testing::failure::CallError;
use crate::testing::incremental::canonical;
use crate::testing::records::{members, plain};

impl Check {
    pub(super) async fn retrieve(&mut self, subject: &Subject) {
        for rule in [Rule::Retrieve, Rule::RetrieveUnknown] {
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
            return self.report.skipped(Rule::RetrieveUnknown, "the connector does not support RetrieveData");
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
    }
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
