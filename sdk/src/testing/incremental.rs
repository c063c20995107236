//! Two scheduled runs of an incremental flow, one after the other.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::appflow::AppFlow;
use super::failure::CallError;
use super::records::{Records, members, plain, verdict};
use crate::filter::Instant;
use crate::protocol::{Operation, Record};

/// How AppFlow asks for the window of an incremental run. AWS does not document the text, so both forms are assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WindowForm {
    /// `field between A and B`: the form of the one example in the official documentation. Whether the bounds belong to
    /// the range is open, so a record exactly on the border may come in both runs; in none, it would be lost.
    #[default]
    Between,
    /// `field >= A and field < B`: a record exactly on the border comes once.
    HalfOpen,
}

impl WindowForm {
    /// The filter for one window, as text.
    ///
    /// ```
    /// use appflow_sdk::testing::WindowForm;
    /// let (from, to) = ("2026-01-01T00:00:00Z".parse()?, "2026-01-02T00:00:00Z".parse()?);
    /// assert_eq!(WindowForm::Between.filter("at", from, to), "at between 2026-01-01T00:00:00Z and 2026-01-02T00:00:00Z");
    /// # Ok::<(), appflow_sdk::filter::NotAnInstant>(())
    /// ```
    #[must_use]
    pub fn filter(self, field: &str, from: Instant, to: Instant) -> String {
        match self {
            Self::Between => format!("{field} between {from} and {to}"),
            Self::HalfOpen => format!("{field} >= {from} and {field} < {to}"),
        }
    }
}

/// What two scheduled runs brought whose windows meet.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct IncrementalRuns {
    /// The field that drives the runs.
    pub field: String,
    /// Where the first window ends and the second begins: at a moment that some record has.
    pub border: Instant,
    /// What the first run read.
    pub first: Records,
    /// What the second run read.
    pub second: Records,
    /// Records that a full read has, and neither run.
    pub lost: Vec<Record>,
    /// Records that came more often than a full read has them, except those on the border where the form leaves it open.
    pub doubled: Vec<Record>,
}

impl IncrementalRuns {
    /// Checks that no record was lost and none came twice.
    ///
    /// # Panics
    /// When one was, or did.
    #[track_caller]
    pub fn assert_no_gap_and_no_double(&self) {
        verdict(self.problem());
    }

    pub(super) fn problem(&self) -> Option<String> {
        let (what, record) = match (self.lost.first(), self.doubled.first()) {
            (Some(record), _) => (format!("{} records are lost between two runs", self.lost.len()), record),
            (None, Some(record)) => (format!("{} records come twice", self.doubled.len()), record),
            (None, None) => return None,
        };
        let at = members(record).get(self.field.as_str()).map_or_else(|| "null".to_owned(), |value| plain(value));
        Some(format!(
            "{}: {what}; the first has {} = {at}, the border is {}",
            self.first.entity(),
            self.field,
            self.border
        ))
    }
}

impl AppFlow {
    /// Simulates two scheduled runs of an incremental flow, and compares them with a full read.
    ///
    /// The windows span every moment that the records have, and meet at the moment of the one in the middle. Records
    /// whose field is null are in no window, and not expected.
    ///
    /// # Errors
    /// [`CallError`] when a query fails, or no record has a moment in the field.
    pub async fn run_incrementally(
        &self,
        entity: &str,
        field: &str,
        form: WindowForm,
    ) -> Result<IncrementalRuns, CallError> {
        let everything = self.query(entity).all().await?;
        let mut moments: Vec<Instant> = everything.into_iter().filter_map(|record| moment(record, field)).collect();
        moments.sort_unstable();
        let window = moments.first().zip(moments.get(moments.len() / 2)).zip(moments.last());
        let Some(((&start, &border), &latest)) = window else {
            let reason = format!("no record has a moment in the field {field:?}, so there is no window to ask for");
            return Err(CallError::unusable(Operation::QueryData, reason));
        };
        let end = latest
            .to_utc()
            .checked_add(SignedDuration::from_secs(1))
            .ok()
            .and_then(Instant::from_utc)
            .unwrap_or(latest);
        let first = self.query(entity).filter(form.filter(field, start, border)).all().await?;
        let second = self.query(entity).filter(form.filter(field, border, end)).all().await?;

        let mut balance: BTreeMap<String, (i64, &Record)> = BTreeMap::new();
        for record in everything.into_iter().filter(|record| moment(record, field).is_some()) {
            balance.entry(canonical(record)).or_insert((0, record)).0 += 1;
        }
        for record in first.into_iter().chain(&second) {
            balance.entry(canonical(record)).or_insert((0, record)).0 -= 1;
        }
        let pick = |wanted: fn(i64) -> bool| -> Vec<Record> {
            balance.values().filter(|(count, _)| wanted(*count)).map(|(_, record)| (*record).clone()).collect()
        };
        let lost = pick(|count| count > 0);
        let mut doubled = pick(|count| count < 0);
        if form == WindowForm::Between {
            doubled.retain(|record| moment(record, field) != Some(border));
        }
        Ok(IncrementalRuns { field: field.to_owned(), border, first, second, lost, doubled })
    }
}

/// The moment in a field; a date is its first one, and without an offset it is UTC.
pub(super) fn moment(record: &Record, field: &str) -> Option<Instant> {
    let text: String = serde_json::from_str(members(record).get(field)?.get()).ok()?;
    let date = || format!("{text}T00:00:00Z").parse().ok();
    text.parse().ok().or_else(|| format!("{text}Z").parse().ok()).or_else(date)
}

/// The record's members in one order, without nulls: what makes two records the same.
pub(super) fn canonical(record: &Record) -> String {
    let members: Vec<_> = members(record)
        .into_iter()
        .filter(|(_, value)| value.get() != "null")
        .map(|(name, value)| {
            let value: Result<serde_json::Value, _> = serde_json::from_str(value.get());
            format!("{name:?}:{}", value.map_or_else(|_| String::new(), |value| value.to_string()))
        })
        .collect();
    members.join(",")
}
