//! Hands the records of a write to the destination in batches, and keeps account of each.

mod run;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::time::Duration;

use crate::error::ConnectorError;
use crate::invocation::InvocationContext;
use crate::pace::RESERVE;
use crate::protocol::{Record, WriteDataRequest, WriteDataResponse, WriteOperationType, WriteRecordResult};

/// Answers `WriteData` batch by batch.
///
/// The author says how to write one batch; the writer takes care of the rest:
/// - the records go out in order, in batches of at most so many [records](Self::batch_size) and [bytes](Self::batch_bytes);
/// - the response has one result per record, in the order of the request; a record that is no JSON object fails alone;
/// - if some failed, the response is a `PartialWriteFailure` that says how many;
/// - a batch that fails before anything was written fails the whole operation, with its own error code. Later, its
///   records fail with its message, and the records before it keep their results;
/// - when the time is short, the records that are left are reported as not attempted instead of losing all results;
/// - `allOrNone` is [kept or refused](AllOrNone), never ignored.
///
/// # Writing twice
/// Whether and when AppFlow repeats a `WriteData` is not documented; after a timeout, nobody knows what was written. So
/// let a repetition do no harm where the destination allows it: upsert by a key of the record instead of inserting, or
/// send an idempotency key that depends on the record's content and the flow's `executionId` only.
/// [`Repeat::IfWithoutEffect`](crate::Repeat::IfWithoutEffect) keeps [`Retry`](crate::Retry) from repeating a write that
/// may have happened.
///
/// ```
/// # use std::{collections::BTreeMap, sync::Arc, time::Duration};
/// # use appflow_sdk::{BatchWriter, ConnectorError, InvocationContext, Secret, protocol::*};
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// # let context = InvocationContext::new("r", Duration::from_secs(30), Arc::new(BTreeMap::<String, Secret>::new()));
/// # let records = (1..=3).map(|id| Record::parse(&format!(r#"{{"id":{id}}}"#)).unwrap()).collect();
/// # let request = WriteDataRequest::new("orders", ConnectorContext::default(), WriteOperationType::Insert, records);
/// let response = BatchWriter::new(&request, &context)
///     .batch_size(2)
///     .run(async |batch| {
///         // … POST /orders/batch …
///         Ok(batch.records.iter().map(|record| match record.get() {
///             r#"{"id":2}"# => WriteRecordResult::failed("2", "there is one already"),
///             _ => WriteRecordResult::written("new"),
///         }).collect())
///     })
///     .await?;
/// let results = response.write_record_results.as_deref().unwrap_or_default();
/// assert_eq!(results.iter().map(|result| result.is_success).collect::<Vec<_>>(), [true, false, true]);
/// assert!(response.outcome().unwrap_err().error_message.starts_with("1 of 3 records failed"));
/// # Ok::<(), ConnectorError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct BatchWriter<'a> {
    request: &'a WriteDataRequest,
    context: &'a InvocationContext,
    batch_size: usize,
    batch_bytes: usize,
    all_or_none: AllOrNone,
    is_keyless: bool,
    reserve: Duration,
}

/// What becomes of a request with `allOrNone`.
///
/// The official SDKs describe the flag as stopping at the first failure, or as passed through to the application; what
/// AppFlow expects is not documented. So the connector says what it can promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AllOrNone {
    /// It is refused with `InvalidArgument` before anything is written: the destination cannot promise it.
    #[default]
    Refused,
    /// The destination writes all of a batch or nothing. A request that fits into one batch is handed over with
    /// [`WriteBatch::all_or_none`]; a larger one, or one with a record that is no JSON object, is refused before anything
    /// is written.
    WithinBatch,
    /// It means stopping: behind the first batch with a failure nothing is attempted any more. What was written stays.
    StopsAtFailure,
}

/// Records to write together.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WriteBatch {
    /// What to do with them.
    pub operation: WriteOperationType,
    /// The fields that identify a record, for update, upsert and delete.
    pub id_field_names: Vec<String>,
    /// The records.
    pub records: Vec<Record>,
    /// Whether the destination must write all of them or nothing.
    pub all_or_none: bool,
}

impl<'a> BatchWriter<'a> {
    /// Writes everything in one batch, until limits are set.
    #[must_use]
    pub fn new(request: &'a WriteDataRequest, context: &'a InvocationContext) -> Self {
        Self {
            request,
            context,
            batch_size: usize::MAX,
            batch_bytes: usize::MAX,
            all_or_none: AllOrNone::default(),
            is_keyless: false,
            reserve: RESERVE,
        }
    }

    /// Sets how many records a batch has at most; 0 counts as 1.
    #[must_use]
    pub fn batch_size(mut self, records: usize) -> Self {
        self.batch_size = records.max(1);
        self
    }

    /// Sets how many bytes the records of a batch have at most, each counted with a comma. A record that is larger has a
    /// batch of its own.
    #[must_use]
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = bytes;
        self
    }

    /// Sets what the connector can promise of `allOrNone`.
    #[must_use]
    pub fn all_or_none(mut self, promise: AllOrNone) -> Self {
        self.all_or_none = promise;
        self
    }

    /// Takes updates, upserts and deletes without `idFieldNames`: the connector knows by itself which field is the key. By
    /// default they are refused, because a statement made of no ids could mean every record.
    #[must_use]
    pub fn knows_the_key(mut self) -> Self {
        self.is_keyless = true;
        self
    }

    /// Sets how much time must be left to write another batch, beside twice the slowest batch so far; 2 seconds by
    /// default.
    #[must_use]
    pub fn reserve(mut self, reserve: Duration) -> Self {
        self.reserve = reserve;
        self
    }

    /// Writes: `send` gets a batch and returns one result per record, in their order.
    ///
    /// # Errors
    /// `InvalidArgument` when the request names no operation or one that this version does not know, when it names no id
    /// fields for another operation than an insert, and when it asks for all or none and that cannot be promised. What `send` fails with, if nothing was written before;
    /// `RequestTimeout` if it does not come back in time.
    pub async fn run<F, C>(self, send: C) -> Result<WriteDataResponse, ConnectorError>
    where
        C: FnMut(WriteBatch) -> F,
        F: Future<Output = Result<Vec<WriteRecordResult>, ConnectorError>>,
    {
        run::run(self, send).await
    }
}
