//! Rules about filters: honoured exactly, or refused.

use super::candidates::{combined, single};
use super::pages::shown;
use super::rule::Rule;
use super::{Check, Subject};
use crate::filter::{Comparison, Condition, Evaluator, Filter};
use crate::protocol::{DEFAULT_MAX_RESULTS, ErrorCode, Record};
use crate::testing::incremental::canonical;
use crate::testing::query::Page;
use crate::testing::records::members;

/// Text that is no filter.
const BROKEN: [&str; 4] = ["= = =", "(af_field = 1", "af_field >", "af_field ~~ 'x'"];

/// The count of a `limit`; the official grammar takes two digits or more.
const LIMIT: usize = 10;

/// How many filters are gone on with in another page size.
const RESUMED: usize = 3;

impl Check {
    pub(super) async fn filters(&mut self, subject: &Subject) {
        let singles = single(subject);
        let most = self.options.max_filters;
        let mut resumed = 0;
        for (index, condition) in singles.iter().take(most).enumerate() {
            let in_pages = index % 2 == 1 && !self.report.is_broken(Rule::PageSize);
            let found = self.honoured(Rule::Filters, subject, condition, in_pages).await;
            if resumed < RESUMED && found.len() > 2 && !self.pages_are_broken() {
                resumed += 1;
                self.resumed(subject, &condition.to_string(), &found).await;
            }
        }
        for (entity, text) in self.options.filters.clone() {
            if entity == subject.name() {
                self.sample(subject, &text).await;
            }
        }
        self.report.skipped(Rule::Filters, "no field of a record can be filtered");
        if self.report.is_broken(Rule::Filters) {
            for rule in [Rule::CombinedFilters, Rule::IncrementalRuns] {
                self.report.skipped(rule, format!("{} is broken", Rule::Filters));
            }
        } else {
            for condition in combined(&singles) {
                self.honoured(Rule::CombinedFilters, subject, &condition, false).await;
            }
            self.report.skipped(Rule::CombinedFilters, "no field of a record can be filtered");
        }
        self.limited(subject).await;
        self.broken(subject).await;
    }

    async fn sample(&mut self, subject: &Subject, text: &str) {
        match Filter::parse(text) {
            Ok(Filter { condition: Some(condition), limit: None }) => {
                self.honoured(Rule::Filters, subject, &condition, false).await;
            }
            Ok(_) => self.report.failed(Rule::Filters, text, "a sample filter must be a condition without a limit"),
            Err(error) => {
                self.report.failed(
                    Rule::Filters,
                    text,
                    format!("the sample filter cannot be read: {}", error.message()),
                );
            }
        }
    }

    /// Asks with the condition, and compares with what the evaluator makes of the reference. Returns what was found, if it
    /// is right.
    async fn honoured(&mut self, rule: Rule, subject: &Subject, condition: &Condition, in_pages: bool) -> Vec<Record> {
        let Ok(evaluator) = Evaluator::new(condition, &subject.definition) else { return Vec::new() };
        let evaluator = evaluator.with_bounds(self.options.bounds);
        let matches = |record: &Record| {
            let members = members(record);
            evaluator.matches(|field| members.get(field).copied())
        };
        let open = leaves_nulls_open(condition);
        let decided = |record: &&Record| {
            let members = members(record);
            let is_null = |field: &String| members.get(field).is_none_or(|value| value.get() == "null");
            !(open && evaluator.fields().iter().any(is_null))
        };
        // Where a value is not of its field's type, that is another rule's finding.
        let Ok(kept) = subject.reference.iter().map(matches).collect::<Result<Vec<_>, _>>() else {
            return Vec::new();
        };
        let kept = subject.reference.iter().zip(kept).filter(|(_, kept)| *kept).map(|(record, _)| record);
        let expected: Vec<_> = kept.filter(decided).collect();
        let text = condition.to_string();
        let place = format!("{}: {text}", subject.name());
        let size = if in_pages { i64::try_from(expected.len() / 2 + 1).unwrap_or(1) } else { DEFAULT_MAX_RESULTS };
        let query = self.appflow.query(subject.name()).filter(text).page_size(size).limit(self.options.max_records);
        let answer = query.all().await;
        if answer.as_ref().is_err_and(crate::testing::CallError::is_invalid_argument) {
            self.report.passed(rule);
            return Vec::new();
        }
        let Some(all) = self.outcome(rule, &place, answer) else { return Vec::new() };
        let found: Vec<_> = all.iter().filter(decided).cloned().collect();
        let problem = found
            .iter()
            .find(|record| !matches(record).unwrap_or(true))
            .map(|record| format!("{} does not match and is returned", shown(record, &subject.keys())))
            .or_else(|| subject.complete.then(|| missing(subject, &expected, &found)).flatten());
        let is_right = problem.is_none();
        self.report.check(rule, &place, problem);
        if is_right { all.into_vec() } else { Vec::new() }
    }

    /// Whether pages of one size are wrong already, and so those of two sizes would be.
    pub(super) fn pages_are_broken(&self) -> bool {
        self.report.is_broken(Rule::PageSize) || self.report.is_broken(Rule::TokenAgain)
    }

    /// Reads one page of what the filter finds, and the rest with pages of another size.
    async fn resumed(&mut self, subject: &Subject, filter: &str, found: &[Record]) {
        let half = found.len() / 2 + 1;
        let size = i64::try_from(half).unwrap_or(1);
        let other = if half == 2 { 1 } else { 2 };
        let place = format!("{}: {filter}, one page of {half} and the rest with pages of {other}", subject.name());
        let query = self.appflow.query(subject.name()).filter(filter);
        let first = query.clone().page_size(size).page().await;
        let rest = match &first {
            Ok(Page { next_token: Some(token), records, .. }) if records.len() < found.len() => {
                query.from_token(token.as_str()).page_size(other).limit(found.len()).all().await
            }
            _ => return,
        };
        let (Ok(first), false) = (first, rest.as_ref().is_err_and(crate::testing::CallError::is_invalid_argument))
        else {
            return self.report.passed(Rule::TokenResized);
        };
        let Some(rest) = self.outcome(Rule::TokenResized, &place, rest) else { return };
        let both: Vec<_> = first.records.iter().chain(&rest).map(canonical).collect();
        let all: Vec<_> = found.iter().map(canonical).collect();
        let is_whole = if subject.complete { both == all } else { both.starts_with(&all) || all.starts_with(&both) };
        let problem = (!is_whole).then(|| format!("{} records, not the {} of one reading", both.len(), all.len()));
        self.report.check(Rule::TokenResized, &place, problem);
    }

    async fn limited(&mut self, subject: &Subject) {
        let total = subject.reference.len();
        let count = if total > LIMIT { LIMIT } else { total.saturating_sub(1) };
        if count == 0 {
            self.report.skipped(Rule::LimitedFilters, "no entity has two records");
            return;
        }
        let small = (!self.report.is_broken(Rule::PageSize)).then_some(3);
        for size in [DEFAULT_MAX_RESULTS].into_iter().chain(small) {
            let place = format!("{}: limit {count}, pages of {size}", subject.name());
            let query = self.appflow.query(subject.name()).filter(format!("limit {count}")).page_size(size);
            let answer = query.limit(total.max(count + 1)).all().await;
            if answer.as_ref().is_err_and(crate::testing::CallError::is_invalid_argument) {
                self.report.passed(Rule::LimitedFilters);
                continue;
            }
            let Some(found) = self.outcome(Rule::LimitedFilters, &place, answer) else { continue };
            let problem = (found.len() != count).then(|| format!("{} records", found.len()));
            self.report.check(Rule::LimitedFilters, &place, problem);
        }
    }

    async fn broken(&mut self, subject: &Subject) {
        let entity = subject.name();
        let invalid = Some(&ErrorCode::InvalidArgument);
        for text in ["af_no_such_field = 'x'", "af_no_such_field > 1 or af_no_such_field <= 1"] {
            let answer = self.appflow.query(entity).filter(text).page().await;
            self.refusal(Rule::UnknownField, &format!("{entity}: {text}"), invalid, answer);
        }
        for text in BROKEN {
            let answer = self.appflow.query(entity).filter(text).page().await;
            self.refusal(Rule::BrokenFilter, &format!("{entity}: {text}"), invalid, answer);
        }
    }

    /// Two scheduled runs, one after the other.
    pub(super) async fn incremental(&mut self, subject: &Subject) {
        let rule = Rule::IncrementalRuns;
        let Some(field) = subject.definition.fields.iter().find(|field| field.is_incremental()) else {
            return self.report.skipped(rule, "no entity has a field for incremental runs");
        };
        if !subject.complete || subject.reference.len() < 2 || self.report.is_broken(Rule::Filters) {
            return self.report.skipped(rule, "it takes two records, all of them read, and filters that are honoured");
        }
        let place = format!("{}.{}", subject.name(), field.field_name);
        let runs = self.appflow.run_incrementally(subject.name(), &field.field_name, self.options.window).await;
        if let Some(runs) = self.outcome(rule, &place, runs) {
            self.report.check(rule, &place, runs.problem());
        }
    }
}

/// Whether `not` or `!=` may or may not let a null pass: the language does not say, and SQL says otherwise than this crate.
fn leaves_nulls_open(condition: &Condition) -> bool {
    match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.iter().any(leaves_nulls_open),
        Condition::Not(_) => true,
        Condition::Compare { operator, .. } => *operator == Comparison::NotEqual,
        Condition::Between { .. } | Condition::In { .. } | Condition::Bare(_) => false,
    }
}

/// A record that should be among those found, or comes too often.
fn missing(subject: &Subject, expected: &[&Record], found: &[Record]) -> Option<String> {
    let mut left: Vec<_> = found.iter().map(canonical).collect();
    left.sort_unstable();
    for record in expected {
        match left.binary_search(&canonical(record)) {
            Ok(at) => drop(left.remove(at)),
            Err(_) => return Some(format!("{} matches and is not returned", shown(record, &subject.keys()))),
        }
    }
    (!left.is_empty()).then(|| format!("{} records, expected {}", found.len(), expected.len()))
}
