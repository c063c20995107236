//! One result per record, in order, whatever happens to the batches.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use tokio::time::sleep;

use super::*;
use crate::protocol::{ConnectorContext, ErrorCode, RESPONSE_LIMIT_BYTES};
use crate::secret::Secret;

fn context(limit: Duration) -> InvocationContext {
    InvocationContext::new("r", limit, Arc::new(BTreeMap::<String, Secret>::new()))
}

fn request(records: &[&str]) -> WriteDataRequest {
    let mut request =
        WriteDataRequest::new("things", ConnectorContext::default(), WriteOperationType::Insert, Vec::new());
    request.records = records.iter().map(|record| (*record).to_owned()).collect();
    request
}

fn numbered(count: usize) -> WriteDataRequest {
    let records: Vec<_> = (0..count).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
    request(&records.iter().map(String::as_str).collect::<Vec<_>>())
}

fn written(batch: &WriteBatch) -> Vec<WriteRecordResult> {
    batch.records.iter().map(|record| WriteRecordResult::written(record.get())).collect()
}

/// What became of each record: `+` written, `!` failed, `-` not attempted, `?` not known.
fn fates(response: &WriteDataResponse) -> String {
    let results = response.write_record_results.iter().flatten();
    results
        .map(|result| match result.error_message.as_deref() {
            None => '+',
            Some(message) if message.starts_with("not attempted: ") => '-',
            Some(message) if message.ends_with("not known") => '?',
            Some(_) => '!',
        })
        .collect()
}

#[tokio::test]
async fn batches_have_at_most_so_many_records_and_bytes() {
    let request = request(&[r#"{"a":1}"#, r#"{"a":22222222222}"#, r#"{"a":3}"#, r#"{"a":4}"#, r#"{"a":5}"#]);
    let context = context(Duration::from_secs(30));
    let batches = RefCell::new(Vec::new());
    let response = BatchWriter::new(&request, &context)
        .batch_size(2)
        .batch_bytes(16)
        .run(|batch| {
            batches.borrow_mut().push(batch.records.len());
            std::future::ready(Ok(written(&batch)))
        })
        .await
        .unwrap();
    assert_eq!((fates(&response).as_str(), response.outcome().is_ok()), ("+++++", true));
    assert_eq!(batches.into_inner(), [1, 1, 2, 1]);
}

#[tokio::test]
async fn a_record_that_is_no_object_fails_alone_and_is_not_sent() {
    let request = request(&[r#"{"a":1}"#, "id=2", "[3]", r#"{"a":4}"#]);
    let context = context(Duration::from_secs(30));
    let response = BatchWriter::new(&request, &context)
        .run(|batch| {
            assert_eq!(batch.records.len(), 2);
            std::future::ready(Ok(written(&batch)))
        })
        .await
        .unwrap();
    assert_eq!(fates(&response), "+!!+");
    assert_eq!(response.outcome().unwrap_err().error_code, ErrorCode::PartialWriteFailure);
}

#[tokio::test]
async fn a_failure_before_anything_was_written_is_the_failure_of_the_operation() {
    let request = numbered(4);
    let context = context(Duration::from_secs(30));
    let error = BatchWriter::new(&request, &context)
        .batch_size(2)
        .run(|_| std::future::ready(Err(ConnectorError::invalid_credentials("401"))))
        .await
        .unwrap_err();
    assert_eq!(error.code(), &ErrorCode::InvalidCredentials, "AppFlow refreshes the token and asks again");
}

/// The fates of six records in batches of two, of which the second fails so.
async fn second_fails(error: fn() -> ConnectorError) -> String {
    let request = numbered(6);
    let context = context(Duration::from_secs(30));
    let mut batches = 0;
    let response = BatchWriter::new(&request, &context)
        .batch_size(2)
        .run(|batch| {
            batches += 1;
            std::future::ready(if batches == 2 { Err(error()) } else { Ok(written(&batch)) })
        })
        .await
        .unwrap();
    fates(&response)
}

#[tokio::test]
async fn a_later_failure_costs_its_batch_or_everything_behind_it() {
    assert_eq!(second_fails(|| ConnectorError::invalid_argument("a field is too long")).await, "++!!++");
    assert_eq!(second_fails(|| ConnectorError::service_unavailable("down")).await, "++!!--");
    assert_eq!(second_fails(|| ConnectorError::rate_limit_exceeded("slow down")).await, "++!!--");
}

#[tokio::test]
async fn results_that_do_not_match_the_records_are_not_believed() {
    for count in [0, 1, 3] {
        let request = numbered(4);
        let context = context(Duration::from_secs(30));
        let mut batches = 0;
        let response = BatchWriter::new(&request, &context)
            .batch_size(2)
            .run(|batch| {
                batches += 1;
                let results = if batches == 1 { vec![WriteRecordResult::written("1"); count] } else { written(&batch) };
                std::future::ready(Ok(results))
            })
            .await
            .unwrap();
        assert_eq!(fates(&response), "??++", "{count}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_written_is_reported_when_the_time_is_over() {
    let request = numbered(20);
    let context = context(Duration::from_secs(30));
    let response = BatchWriter::new(&request, &context)
        .batch_size(2)
        .run(|batch| async move {
            sleep(Duration::from_secs(5)).await;
            Ok(written(&batch))
        })
        .await
        .unwrap();
    // After four batches 10 s are left, and twice 5 s and the reserve are not there.
    assert_eq!(fates(&response), "++++++++------------");
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_hangs_is_a_timeout_or_a_batch_of_unknown_fate() {
    for (hanging, expected) in [(1, Err(ErrorCode::RequestTimeout)), (2, Ok("++??--".to_owned()))] {
        let request = numbered(6);
        let context = context(Duration::from_secs(30));
        let mut batches = 0;
        let outcome = BatchWriter::new(&request, &context)
            .batch_size(2)
            .run(|batch| {
                batches += 1;
                let hangs = batches == hanging;
                async move {
                    if hangs {
                        std::future::pending::<()>().await;
                    }
                    Ok(written(&batch))
                }
            })
            .await;
        assert!(context.remaining() >= Duration::from_secs(1), "there is time left for the response");
        assert_eq!(outcome.map(|response| fates(&response)).map_err(|error| error.code().clone()), expected);
    }
}

/// The outcome of a write of so many records, in batches of two, with all or none; the third record fails.
async fn all_or_none(records: &[&str], promise: AllOrNone) -> Result<(String, bool), String> {
    let mut request = request(records);
    request.all_or_none = Some(true);
    let context = context(Duration::from_secs(30));
    let told = RefCell::new(false);
    let outcome = BatchWriter::new(&request, &context)
        .batch_size(2)
        .all_or_none(promise)
        .run(|batch| {
            *told.borrow_mut() |= batch.all_or_none;
            let results = batch.records.iter().map(|record| match record.get() {
                "{\"id\":2}" => WriteRecordResult::failed("2", "locked"),
                id => WriteRecordResult::written(id),
            });
            std::future::ready(Ok(results.collect()))
        })
        .await;
    let outcome = outcome.map(|response| (fates(&response), told.into_inner()));
    outcome.map_err(|error| error.to_string())
}

#[tokio::test]
async fn all_or_none_is_kept_or_refused_and_never_ignored() {
    let two = [r#"{"id":0}"#, r#"{"id":1}"#];
    let six = [r#"{"id":0}"#, r#"{"id":1}"#, r#"{"id":2}"#, r#"{"id":3}"#, r#"{"id":4}"#, r#"{"id":5}"#];
    assert!(all_or_none(&two, AllOrNone::Refused).await.unwrap_err().contains("cannot promise"));
    assert_eq!(all_or_none(&two, AllOrNone::WithinBatch).await, Ok(("++".to_owned(), true)));
    assert!(all_or_none(&six, AllOrNone::WithinBatch).await.unwrap_err().contains("of which 3 would be needed"));
    assert!(all_or_none(&[two[0], "x"], AllOrNone::WithinBatch).await.unwrap_err().contains("record 1 of 2"));
    assert_eq!(all_or_none(&six, AllOrNone::StopsAtFailure).await, Ok(("++!+--".to_owned(), false)));
    let malformed = [six[0], "nonsense", six[1], six[2]];
    assert_eq!(all_or_none(&malformed, AllOrNone::StopsAtFailure).await, Ok(("+!--".to_owned(), false)));
}

#[tokio::test]
async fn an_operation_is_needed_and_records_are_not() {
    let context = context(Duration::from_secs(30));
    let send = |batch: WriteBatch| std::future::ready(Ok(written(&batch)));
    let mut request = numbered(0);
    let empty = BatchWriter::new(&request, &context).run(send).await.unwrap();
    assert_eq!((fates(&empty).as_str(), empty.outcome().is_ok()), ("", true));
    request.operation = None;
    assert!(BatchWriter::new(&request, &context).run(send).await.unwrap_err().message().contains("no write operation"));
    request.operation = Some(WriteOperationType::from("MERGE"));
    assert!(BatchWriter::new(&request, &context).run(send).await.unwrap_err().message().contains("MERGE"));
}

#[tokio::test]
async fn nothing_is_written_whose_results_would_not_fit() {
    let context = context(Duration::from_secs(30));
    let send = |_: WriteBatch| -> std::future::Ready<_> { panic!("nothing may be sent") };
    let error = BatchWriter::new(&numbered(150_000), &context).run(send).await.unwrap_err();
    assert!(error.message().contains("nothing was written"), "{error}");

    let request = numbered(40_000);
    let long = "x".repeat(400);
    let response = BatchWriter::new(&request, &context)
        .batch_size(1000)
        .run(|batch| {
            let results = batch.records.iter().map(|_| WriteRecordResult::written(long.as_str()));
            std::future::ready(Ok(results.collect()))
        })
        .await
        .unwrap();
    let fates = fates(&response);
    let written = fates.matches('+').count();
    assert!((5_000..40_000).contains(&written) && fates.starts_with(&"+".repeat(written)), "{written}");
    assert!(serde_json::to_vec(&response).unwrap().len() <= RESPONSE_LIMIT_BYTES);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_without_time() {
    let context = context(Duration::ZERO);
    let send = |_: WriteBatch| -> std::future::Ready<_> { panic!("nothing may be sent") };
    let error = BatchWriter::new(&numbered(1), &context).run(send).await.unwrap_err();
    assert_eq!(error.code(), &ErrorCode::RequestTimeout);
}

#[tokio::test]
async fn only_an_insert_needs_no_id_fields() {
    let context = context(Duration::from_secs(30));
    let send = |batch: WriteBatch| std::future::ready(Ok(written(&batch)));
    for operation in [WriteOperationType::Update, WriteOperationType::Upsert, WriteOperationType::Delete] {
        let mut request = numbered(1);
        request.operation = Some(operation.clone());
        for names in [None, Some(Vec::new())] {
            request.id_field_names = names;
            let error = BatchWriter::new(&request, &context).run(send).await.unwrap_err();
            assert!(error.message().contains("idFieldNames"), "{operation}: {error}");
            assert!(BatchWriter::new(&request, &context).knows_the_key().run(send).await.is_ok());
        }
        request.id_field_names = Some(vec!["id".to_owned()]);
        assert!(BatchWriter::new(&request, &context).run(send).await.is_ok());
    }
}

#[tokio::test]
async fn many_long_messages_fit_into_one_response() {
    let request = numbered(20_000);
    let context = context(Duration::from_secs(30));
    let response = BatchWriter::new(&request, &context)
        .run(|batch| {
            let failed = |_| WriteRecordResult::failed("id", "\u{1}ü".repeat(1000));
            std::future::ready(Ok(batch.records.iter().map(failed).collect()))
        })
        .await
        .unwrap();
    assert_eq!(fates(&response).len(), 20_000);
    assert!(serde_json::to_vec(&response).unwrap().len() <= RESPONSE_LIMIT_BYTES);
}

proptest! {
    #[test]
    fn every_record_has_its_own_result_in_its_place(
        kinds in prop::collection::vec(0..4_u8, 0..40),
        size in 1..9_usize,
        bytes in prop_oneof![Just(usize::MAX), 1..60_usize],
    ) {
        // 0 and 1 are written, 2 is refused by the destination, 3 is no record.
        let texts: Vec<_> = kinds.iter().enumerate().map(|(place, kind)| match kind {
            3 => format!("{place}"),
            kind => format!(r#"{{"place":{place},"kind":{kind}}}"#),
        }).collect();
        let request = request(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let context = context(Duration::from_secs(30));
        let send = |batch: WriteBatch| {
            let result = |record: &Record| if record.get().contains(r#""kind":2"#) {
                WriteRecordResult::failed(record.get(), "refused")
            } else {
                WriteRecordResult::written(record.get())
            };
            std::future::ready(Ok(batch.records.iter().map(result).collect()))
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let writer = BatchWriter::new(&request, &context).batch_size(size).batch_bytes(bytes);
        let response = runtime.block_on(writer.run(send)).unwrap();
        let results = response.write_record_results.unwrap();
        prop_assert_eq!(results.len(), kinds.len());
        for ((result, kind), text) in results.iter().zip(kinds).zip(texts) {
            prop_assert_eq!(result.is_success, kind < 2);
            prop_assert_eq!(result.record_id.as_str(), if kind == 3 { "" } else { text.as_str() });
        }
    }
}
