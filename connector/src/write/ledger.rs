//! The account of a batch: what became of each record.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use appflow_sdk::protocol::WriteRecordResult;

use super::doubt::Doubt;
use super::record::Outgoing;

/// The records of a batch, each with its result once there is one.
#[derive(Debug)]
pub(super) struct Ledger {
    records: Vec<Option<Outgoing>>,
    results: Mutex<Vec<Option<WriteRecordResult>>>,
    is_in_doubt: AtomicBool,
}

impl Ledger {
    /// Takes records that may be sent, and the results of those that may not.
    pub(super) fn new(records: impl Iterator<Item = Result<Outgoing, WriteRecordResult>>) -> Self {
        let (records, results) = records
            .map(|record| match record {
                Ok(record) => (Some(record), None),
                Err(result) => (None, Some(result)),
            })
            .unzip();
        Self { records, results: Mutex::new(results), is_in_doubt: AtomicBool::new(false) }
    }

    fn results(&self) -> std::sync::MutexGuard<'_, Vec<Option<WriteRecordResult>>> {
        // A panic while it was held leaves it whole: results are replaced one by one.
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The places of the records without a result, in order.
    pub(super) fn open(&self) -> Vec<usize> {
        let results = self.results();
        results.iter().enumerate().filter(|(_, result)| result.is_none()).map(|(place, _)| place).collect()
    }

    /// Whether all of these have a result.
    pub(super) fn are_closed(&self, places: &[usize]) -> bool {
        let results = self.results();
        places.iter().all(|place| results.get(*place).is_some_and(Option::is_some))
    }

    /// The records at these places.
    pub(super) fn records(&self, places: &[usize]) -> Vec<&Outgoing> {
        places.iter().filter_map(|place| self.records.get(*place)?.as_ref()).collect()
    }

    /// The id of the record at a place, as far as it is known.
    pub(super) fn id(&self, place: usize) -> &str {
        self.records.get(place).and_then(Option::as_ref).map_or("", |record| &record.id)
    }

    /// Says what became of the record at a place.
    pub(super) fn set(&self, place: usize, result: WriteRecordResult) {
        if let Some(slot) = self.results().get_mut(place) {
            *slot = Some(result);
        }
    }

    /// Says that the records at these places failed.
    pub(super) fn fail(&self, places: &[usize], message: &str) {
        for place in places {
            self.set(*place, WriteRecordResult::failed(self.id(*place), message));
        }
    }

    /// Forgets what became of these: they are sent once more.
    pub(super) fn reopen(&self, places: &[usize]) {
        let mut results = self.results();
        for place in places {
            if let Some(slot) = results.get_mut(*place) {
                *slot = None;
            }
        }
    }

    /// What becomes known, or not, of a request for some of the records.
    pub(super) fn doubt(&self) -> Doubt<'_> {
        Doubt::new(&self.is_in_doubt)
    }

    /// Whether a record may have been written although no answer says so.
    pub(super) fn is_any_in_doubt(&self) -> bool {
        self.is_in_doubt.load(Ordering::Relaxed)
    }

    /// Whether any record was written.
    pub(super) fn is_any_written(&self) -> bool {
        self.results().iter().flatten().any(|result| result.is_success)
    }

    /// The results, in the order of the records.
    pub(super) fn into_results(self) -> Vec<WriteRecordResult> {
        let results = self.results.into_inner().unwrap_or_else(PoisonError::into_inner);
        let none = || WriteRecordResult::failed("", "not attempted");
        results.into_iter().map(|result| result.unwrap_or_else(none)).collect()
    }
}
