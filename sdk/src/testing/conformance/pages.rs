//! Rules about reading an entity page by page.

use super::entities::FOREIGN_TOKEN;
use super::rule::Rule;
use super::{Check, Subject};
use crate::protocol::{DEFAULT_MAX_RESULTS, EntityDefinition, ErrorCode, Record};
use crate::testing::failure::CallError;
use crate::testing::incremental::canonical;
use crate::testing::query::Page;
use crate::testing::records::{members, plain};

/// Longest token of AppFlow's own paged calls, in characters.
const LONGEST_TOKEN: usize = 2048;

/// How many records are read one by one.
const SINGLES: usize = 12;

/// A size that divides nothing well, and how many records are read with it.
const SMALL: (usize, usize) = (7, 700);

/// Other sizes that a reading goes on with, and how many records are read with each.
const RESIZED: [(usize, usize); 2] = [(3, 60), (1000, 700)];

/// How many fields are selected on their own.
const PROJECTIONS: usize = 4;

impl Check {
    /// Reads the entity with pages of several sizes.
    pub(super) async fn pages(&mut self, definition: EntityDefinition) -> Option<Subject> {
        let entity = definition.entity.entity_identifier.clone();
        let max = self.options.max_records;
        let size = usize::try_from(DEFAULT_MAX_RESULTS).unwrap_or(usize::MAX).min(max);
        let pages = self.read(&entity, size, max).await?;
        self.report.passed(Rule::ReadAll);
        let ended = pages.last().is_none_or(|page| page.next_token.as_deref().unwrap_or_default().is_empty());
        let mut has_tokens = pages.len() > 1 || !ended;
        let mut reference = flat(pages);
        let complete = ended && reference.len() <= max;
        reference.truncate(max);
        let subject = Subject { definition, reference, complete };

        let total = subject.reference.len();
        // A last page that is exactly full is where an off-by-one hides.
        let whole = (total > 1 && complete && total < size).then_some((total, total + 1));
        let mut border = None;
        for (size, most) in [(1, SINGLES), SMALL].into_iter().chain(whole) {
            let Some(pages) = self.read(&entity, size, most.min(max)).await else { continue };
            has_tokens |= pages.iter().any(|page| page.next_token.is_some());
            if size == SMALL.0 {
                self.token_again(&entity, &pages).await;
                border = pages.first().and_then(|page| Some((page.next_token.clone()?, page.records.len())));
            }
            let found = flat(pages);
            let expected_all = complete && most >= total;
            let problem = difference(&subject, 0, &found, most.min(total), expected_all);
            self.report.check(Rule::PageSize, &entity, problem.map(|problem| format!("pages of {size}: {problem}")));
        }
        if let (Some((token, read)), false) = (border, self.pages_are_broken()) {
            self.resized(&subject, &token, read).await;
        }
        if has_tokens {
            let foreign = self.appflow.query(entity.clone()).from_token(FOREIGN_TOKEN).page().await;
            self.refusal(Rule::ForeignToken, &entity, Some(&ErrorCode::InvalidArgument), foreign);
        } else {
            self.report.skipped(Rule::ForeignToken, "no entity has more than one page");
        }
        self.report.skipped(Rule::TokenAgain, "no entity has more than one page");
        self.report.skipped(Rule::Tokens, "no entity has more than one page");
        self.report.skipped(Rule::TokenResized, "no entity has more than one page, or pages are not right anyway");
        Some(subject)
    }

    /// Goes on behind a small page with pages of another size. To refuse that is right: no record is lost unnoticed.
    async fn resized(&mut self, subject: &Subject, token: &str, read: usize) {
        for (size, most) in RESIZED {
            let place = format!("{}: pages of {size} behind one of {read}", subject.name());
            let wanted = i64::try_from(size).unwrap_or(i64::MAX);
            let most = most.min(self.options.max_records.saturating_sub(read).max(1));
            let query = self.appflow.query(subject.name()).page_size(wanted).from_token(token).limit(most);
            let answer = query.all().await;
            if answer.as_ref().is_err_and(CallError::is_invalid_argument) {
                self.report.passed(Rule::TokenResized);
                continue;
            }
            let Some(found) = self.outcome(Rule::TokenResized, &place, answer) else { continue };
            let left = subject.reference.len().saturating_sub(read);
            let to_the_end = subject.complete && most > left;
            let problem = difference(subject, read, found.as_slice(), most.min(left), to_the_end);
            self.report.check(Rule::TokenResized, &place, problem);
        }
    }

    /// Every page up to so many records, with what each page says of itself.
    async fn read(&mut self, entity: &str, size: usize, most: usize) -> Option<Vec<Page>> {
        let wanted = i64::try_from(size).unwrap_or(i64::MAX);
        let answer = self.appflow.query(entity).page_size(wanted).limit(most).pages().await;
        let pages = self.outcome(Rule::ReadAll, entity, answer)?;
        self.report.passed(Rule::PagesEnd);
        for (index, page) in pages.iter().enumerate() {
            let subject = format!("{entity}, page {index}");
            let found = page.records.len();
            let problem = (found > size).then(|| format!("{found} records, asked for {size}"));
            self.report.check(Rule::PageLimit, &subject, problem);
            if let Some(token) = &page.next_token {
                self.report.check(Rule::Tokens, &subject, token_problem(token));
            }
        }
        Some(pages)
    }

    async fn token_again(&mut self, entity: &str, pages: &[Page]) {
        let Some((first, second)) = pages.first().zip(pages.get(1)) else { return };
        let Some(token) = &first.next_token else { return };
        let size = i64::try_from(SMALL.0).unwrap_or(i64::MAX);
        let answer = self.appflow.query(entity).page_size(size).from_token(token.as_str()).page().await;
        let Some(again) = self.outcome(Rule::TokenAgain, entity, answer) else { return };
        let texts = |page: &Page| -> Vec<String> { page.records.into_iter().map(canonical).collect() };
        let problem = (texts(&again) != texts(second)).then(|| {
            let (before, after) = (second.records.len(), again.records.len());
            format!("page 1 had {before} records and has {after} others when its token is used again")
        });
        self.report.check(Rule::TokenAgain, entity, problem);
    }

    /// Selects single fields.
    pub(super) async fn projection(&mut self, subject: &Subject) {
        let entity = subject.name();
        let readable = subject
            .definition
            .fields
            .iter()
            .filter(|field| field.read_properties.as_ref().is_none_or(|read| read.is_retrievable != Some(false)));
        let names: Vec<_> = readable.map(|field| field.field_name.clone()).take(PROJECTIONS).collect();
        if subject.reference.is_empty() {
            self.report.skipped(Rule::Projection, "there are no records");
            return;
        }
        for name in names {
            let place = format!("{entity}.{name}");
            let answer = self.appflow.query(entity).fields([name.as_str()]).limit(subject.reference.len()).all().await;
            let Some(found) = self.outcome(Rule::Projection, &place, answer) else { continue };
            let problem = projected(subject, &name, found.as_slice());
            self.report.check(Rule::Projection, &place, problem);
        }
    }
}

fn projected(subject: &Subject, name: &str, found: &[Record]) -> Option<String> {
    let expected = subject.reference.len();
    if found.len() != expected {
        return Some(format!("{} records instead of {expected}", found.len()));
    }
    found.iter().zip(&subject.reference).enumerate().find_map(|(index, (found, whole))| {
        let (found, whole) = (members(found), members(whole));
        let value = |of: &std::collections::BTreeMap<String, &serde_json::value::RawValue>| {
            of.get(name).map(|value| plain(value)).filter(|value| value != "null")
        };
        match found.keys().find(|other| *other != name) {
            Some(other) => Some(format!("record {index} has {other:?} too")),
            None => (value(&found) != value(&whole)).then(|| format!("record {index} has another value than before")),
        }
    })
}

fn flat(pages: Vec<Page>) -> Vec<Record> {
    pages.into_iter().flat_map(|page| page.records.into_vec()).collect()
}

fn token_problem(token: &str) -> Option<String> {
    let length = token.chars().count();
    if token.is_empty() {
        Some("the token is empty and not null".to_owned())
    } else if length > LONGEST_TOKEN {
        Some(format!("the token has {length} characters"))
    } else {
        token.contains(char::is_whitespace).then(|| "the token has white space".to_owned())
    }
}

/// The first place where what was found is not the reference from a record on.
fn difference(subject: &Subject, from: usize, found: &[Record], expected: usize, to_the_end: bool) -> Option<String> {
    let keys = subject.keys();
    let pairs = found.iter().zip(subject.reference.iter().skip(from)).enumerate();
    let differing = pairs.take(expected).find(|(_, (found, expected))| canonical(found) != canonical(expected));
    if let Some((index, (found, expected))) = differing {
        return Some(format!("record {index} is {}, expected {}", shown(found, &keys), shown(expected, &keys)));
    }
    if found.len() < expected {
        return Some(format!("{} records, expected {expected}", found.len()));
    }
    (to_the_end && found.len() > expected).then(|| format!("{} records, expected {expected}", found.len()))
}

/// A record by its key; without one, by its beginning.
pub(super) fn shown(record: &Record, keys: &[&str]) -> String {
    if keys.is_empty() {
        return record.get().chars().take(60).collect();
    }
    let members = members(record);
    let parts: Vec<_> =
        keys.iter().map(|key| format!("{key} = {}", members.get(*key).map_or("null", |value| value.get()))).collect();
    parts.join(", ")
}
