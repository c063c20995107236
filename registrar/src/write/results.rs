//! What became of each record, in the order in which they were given.

use std::fmt::Write as _;

use serde::Serialize;

use crate::error::RegistrarError;

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// The connector says that it was written.
    Written,
    /// The connector says that it was not.
    Failed,
    /// It was sent, and no answer tells what became of it.
    Unknown,
    /// It was not sent.
    NotSent,
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordResult {
    /// The line on which the record begins, or its place on the command line.
    pub line: u64,
    /// What became of it.
    pub status: Fate,
    /// Its id as the connector gave it; none if it gave none.
    pub record_id: Option<String>,
    /// Why it was not written, in the connector's words.
    pub message: Option<String>,
}

/// What became of all of them.
#[derive(Debug)]
pub struct Written {
    /// One result per record, in their order.
    pub results: Vec<RecordResult>,
    /// How many requests were sent.
    pub requests: usize,
    /// Why it stopped, or that some records failed; none if every record was written.
    pub error: Option<RegistrarError>,
}

impl Written {
    /// How many records had this fate.
    #[must_use]
    pub fn count(&self, fate: Fate) -> usize {
        self.results.iter().filter(|result| result.status == fate).count()
    }

    /// The counts in one line: `7 of 10 records were written in 2 requests; 3 failed`.
    #[must_use]
    pub fn counts(&self) -> String {
        let requests = if self.requests == 1 { "request" } else { "requests" };
        let written = self.count(Fate::Written);
        let mut text =
            format!("{written} of {} records were written in {} {requests}", self.results.len(), self.requests);
        for (fate, words) in [
            (Fate::Failed, "failed"),
            (Fate::Unknown, "may or may not have been written"),
            (Fate::NotSent, "were not sent"),
        ] {
            let count = self.count(fate);
            if count > 0 {
                // Writing to a string does not fail.
                let _ = write!(text, "; {count} {words}");
            }
        }
        text
    }
}
