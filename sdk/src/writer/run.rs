//! The loop of the writer.

use std::future::Future;

use tokio::time::{Instant, timeout_at};

use super::{AllOrNone, BatchWriter, WriteBatch};
use crate::error::ConnectorError;
use crate::pace::Pace;
use crate::protocol::{ErrorCode, Record, WriteDataResponse, WriteOperationType, WriteRecordResult};
use crate::record_buffer::{BYTE_BUDGET, written_length};

/// Why nothing is attempted behind a failure.
const A_RECORD_FAILED: &str = "a record before failed, and the request asks for all or none";

/// Bytes that a result takes beside its id and its message.
const RESULT_ENVELOPE: usize = 64;

pub(super) async fn run<F, C>(writer: BatchWriter<'_>, mut send: C) -> Result<WriteDataResponse, ConnectorError>
where
    C: FnMut(WriteBatch) -> F,
    F: Future<Output = Result<Vec<WriteRecordResult>, ConnectorError>>,
{
    let operation = operation(&writer)?;
    let ids = writer.request.id_field_names.as_deref().unwrap_or_default();
    if operation != WriteOperationType::Insert
        && ids.is_empty()
        && !writer.request.records.is_empty()
        && !writer.is_keyless
    {
        return Err(ConnectorError::invalid_argument(format!(
            "{operation} needs idFieldNames: without them nothing says which records are meant"
        )));
    }
    if writer.request.records.len().saturating_mul(RESULT_ENVELOPE) > BYTE_BUDGET {
        return Err(ConnectorError::invalid_argument(format!(
            "the results of {} records do not fit into a response; nothing was written; write fewer at a time",
            writer.request.records.len()
        )));
    }
    if writer.context.remaining().is_zero() {
        return Err(ConnectorError::request_timeout("there is no time left; nothing was written"));
    }
    let Division { batches, mut results, malformed } = divide(&writer);
    let is_atomic = promise(&writer, batches.len(), malformed)?;
    let context = writer.context;
    let mut pace = Pace::new(writer.reserve);
    // Why nothing more is attempted.
    let mut end: Option<String> = None;
    let mut has_sent = false;
    // What the results take at least: one for each record, and the ids that are known.
    let mut result_bytes = results.len() * RESULT_ENVELOPE;
    for places in batches {
        if end.is_none() && has_sent && pace.is_late(context) {
            end = Some("the time of the invocation is over".to_owned());
        }
        if let Some(reason) = &end {
            fail(&mut results, &places, &format!("not attempted: {reason}"));
            continue;
        }
        let batch = WriteBatch {
            operation: operation.clone(),
            id_field_names: ids.to_vec(),
            records: places.iter().map(|(_, record)| record.clone()).collect(),
            all_or_none: is_atomic,
        };
        let started = Instant::now();
        let outcome = timeout_at(pace.latest(context), send(batch)).await.unwrap_or_else(|_| {
            Err(ConnectorError::request_timeout(
                "the destination did not answer in time; whether the records were written is not known",
            ))
        });
        pace.took(started.elapsed());
        match outcome {
            Ok(answered) => answer(&mut results, &places, answered),
            Err(error) if !has_sent => return Err(error),
            Err(error) => {
                fail(&mut results, &places, error.message());
                if !concerns_one_batch(error.code()) {
                    tracing::warn!(error = %context.scrub(&error.to_string()), "the write is cut short by a failure");
                    end = Some(format!("a batch before failed: {}", error.message()));
                }
            }
        }
        has_sent = true;
        let ids = places.iter().filter_map(|(place, _)| results.get(*place));
        let id_bytes = ids.map(|result| written_length(&result.record_id)).sum::<usize>();
        result_bytes += id_bytes;
        // The next batch will have ids as long as these.
        if result_bytes + id_bytes > BYTE_BUDGET && end.is_none() {
            end = Some("the response has no room for more results".to_owned());
        }
        let has_failed = places.iter().any(|(place, _)| results.get(*place).is_some_and(|result| !result.is_success));
        if has_failed && end.is_none() && is_stopping(&writer) {
            end = Some(A_RECORD_FAILED.to_owned());
        }
    }
    // Before they are cut, so that no half of a secret is left.
    for message in results.iter_mut().filter_map(|result| result.error_message.as_mut()) {
        *message = context.scrub(message).into_owned();
    }
    shorten(&mut results);
    Ok(WriteDataResponse::new(results))
}

fn operation(writer: &BatchWriter<'_>) -> Result<WriteOperationType, ConnectorError> {
    match &writer.request.operation {
        Some(WriteOperationType::Unknown(text)) => {
            Err(ConnectorError::invalid_argument(format!("the write operation {text:?} is not known")))
        }
        Some(operation) => Ok(operation.clone()),
        None => Err(ConnectorError::invalid_argument("the request names no write operation")),
    }
}

/// A batch: the records with their places in the request.
type Places = Vec<(usize, Record)>;

/// The records of a request, divided.
struct Division {
    batches: Vec<Places>,
    /// A result for each record: a failure for what is no record, and one for the others that is replaced once they are
    /// answered for.
    results: Vec<WriteRecordResult>,
    /// The first that is no record.
    malformed: Option<usize>,
}

fn divide(writer: &BatchWriter<'_>) -> Division {
    let mut batches: Vec<Places> = Vec::new();
    let mut results = Vec::with_capacity(writer.request.records.len());
    let mut malformed = None;
    let mut bytes = 0_usize;
    for (place, record) in writer.request.parsed_records().enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                malformed.get_or_insert(place);
                results.push(WriteRecordResult::failed("", error.to_string()));
                continue;
            }
        };
        if is_stopping(writer) && malformed.is_some() {
            results.push(WriteRecordResult::failed("", format!("not attempted: {A_RECORD_FAILED}")));
            continue;
        }
        results.push(WriteRecordResult::failed("", "not attempted"));
        let length = record.get().len() + 1;
        match batches.last_mut() {
            Some(batch) if batch.len() < writer.batch_size && bytes.saturating_add(length) <= writer.batch_bytes => {
                bytes += length;
                batch.push((place, record));
            }
            _ => {
                bytes = length;
                batches.push(vec![(place, record)]);
            }
        }
    }
    Division { batches, results, malformed }
}

fn asks_for_all(writer: &BatchWriter<'_>) -> bool {
    writer.request.all_or_none == Some(true)
}

fn is_stopping(writer: &BatchWriter<'_>) -> bool {
    asks_for_all(writer) && writer.all_or_none == AllOrNone::StopsAtFailure
}

/// Whether the one batch must be written as a whole. An error if that is asked for and cannot be promised.
fn promise(writer: &BatchWriter<'_>, batches: usize, malformed: Option<usize>) -> Result<bool, ConnectorError> {
    if !asks_for_all(writer) {
        return Ok(false);
    }
    let count = writer.request.records.len();
    match writer.all_or_none {
        AllOrNone::StopsAtFailure => Ok(false),
        AllOrNone::Refused => Err(ConnectorError::invalid_argument(
            "the request asks for all or none of its records to be written, which this destination cannot promise; \
             nothing was written",
        )),
        AllOrNone::WithinBatch => match malformed {
            Some(place) => Err(ConnectorError::invalid_argument(format!(
                "the request asks for all or none, and record {place} of {count} is no JSON object; nothing was written"
            ))),
            None if batches > 1 => Err(ConnectorError::invalid_argument(format!(
                "the request asks for all or none of its {count} records, and the destination promises that within one \
                 batch only, of which {batches} would be needed; nothing was written"
            ))),
            None => Ok(true),
        },
    }
}

/// Whether the failure of one batch says nothing about the next.
fn concerns_one_batch(code: &ErrorCode) -> bool {
    matches!(code, ErrorCode::InvalidArgument | ErrorCode::ClientError | ErrorCode::PartialWriteFailure)
}

fn fail(results: &mut [WriteRecordResult], places: &Places, message: &str) {
    for (place, _) in places {
        if let Some(result) = results.get_mut(*place) {
            *result = WriteRecordResult::failed("", message);
        }
    }
}

/// Puts the results of a batch in their places. If there are not as many as records, nobody knows which is whose.
fn answer(results: &mut [WriteRecordResult], places: &Places, answered: Vec<WriteRecordResult>) {
    if answered.len() != places.len() {
        let (sent, found) = (places.len(), answered.len());
        let message = format!(
            "the connector gave {found} results for the {sent} records of a batch; whether they were written is not known"
        );
        tracing::error!(sent, found, "a batch was answered with the wrong number of results");
        return fail(results, places, &message);
    }
    for ((place, _), answer) in places.iter().zip(answered) {
        if let Some(result) = results.get_mut(*place) {
            *result = answer;
        }
    }
}

/// Cuts messages so that the response fits: with many records, each has its share.
fn shorten(results: &mut [WriteRecordResult]) {
    let length = |result: &WriteRecordResult| {
        let message = result.error_message.as_deref().map_or(0, written_length);
        RESULT_ENVELOPE + written_length(&result.record_id) + message
    };
    if results.iter().map(length).sum::<usize>() <= BYTE_BUDGET {
        return;
    }
    let ids: usize = results.iter().map(|result| RESULT_ENVELOPE + written_length(&result.record_id)).sum();
    let share = BYTE_BUDGET.saturating_sub(ids) / results.len().max(1);
    for message in results.iter_mut().filter_map(|result| result.error_message.as_mut()) {
        while written_length(message) > share && !message.is_empty() {
            let half = message.len() / 2;
            let end = (0..=half).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
            message.truncate(end);
        }
    }
}
