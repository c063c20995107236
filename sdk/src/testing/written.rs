//! What became of the records of a write.

use super::failure::CallError;
use crate::protocol::{ErrorDetails, Operation, WriteDataResponse, WriteRecordResult};

/// The result of a write: one entry per record, in the order in which they were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    sent: usize,
    results: Vec<WriteRecordResult>,
    failure: Option<ErrorDetails>,
}

impl Written {
    /// A failure without results is a failed call; one with results is a partial success.
    pub(super) fn read(response: WriteDataResponse, sent: usize) -> Result<Self, CallError> {
        let failure = response.outcome().err().cloned();
        match (response.write_record_results, failure) {
            (None | Some(_), Some(details)) if details.error_code.as_str() != "PartialWriteFailure" => {
                Err(CallError::declared(Operation::WriteData, &details))
            }
            (None, Some(details)) => Err(CallError::declared(Operation::WriteData, &details)),
            (None, None) => {
                Err(CallError::unusable(Operation::WriteData, "isSuccess is true, but writeRecordResults is missing"))
            }
            (Some(results), failure) => Ok(Self { sent, results, failure }),
        }
    }

    /// What became of each record.
    #[must_use]
    pub fn results(&self) -> &[WriteRecordResult] {
        &self.results
    }

    /// Why not all were written.
    #[must_use]
    pub fn failure(&self) -> Option<&ErrorDetails> {
        self.failure.as_ref()
    }

    /// Checks that every record was written.
    ///
    /// # Panics
    /// When one was not, or there are not as many results as records.
    #[track_caller]
    pub fn assert_all_written(&self) {
        let problem = if self.results.len() == self.sent {
            let failed = self.results.iter().enumerate().find(|(_, result)| !result.is_success);
            failed.map(|(index, result)| {
                let why = result.error_message.as_deref().unwrap_or("without a reason");
                format!("record {index} was not written: {why}")
            })
        } else {
            Some(format!("{} records were sent, and there are {} results", self.sent, self.results.len()))
        };
        super::records::verdict(problem);
    }
}
