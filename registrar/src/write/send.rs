//! Sends the requests one after the other and keeps account of every record.

use std::ops::Range;

use appflow_sdk::protocol::{Operation, WriteDataRequest, WriteDataResponse};

use super::requests::fill;
use super::{Fate, Given, RecordResult, Written};
use crate::ask::refused;
use crate::error::{ErrorKind, RegistrarError};

/// Sends the requests until one does not come to its end, or `may_go_on` says no.
///
/// Records that fail do not stop it, unless all or none was asked for: what AppFlow does then is not documented, and
/// whoever asks for all or none does not want the rest.
pub async fn send(
    template: &WriteDataRequest,
    given: &[Given],
    ranges: &[Range<usize>],
    mut may_go_on: impl FnMut(&Range<usize>) -> Result<(), RegistrarError>,
    mut ask: impl AsyncFnMut(WriteDataRequest) -> Result<WriteDataResponse, RegistrarError>,
) -> Written {
    let not_sent =
        |given: &Given| RecordResult { line: given.line, status: Fate::NotSent, record_id: None, message: None };
    let mut written = Written { results: given.iter().map(not_sent).collect(), requests: 0, error: None };
    for range in ranges {
        if let Err(error) = may_go_on(range) {
            written.error = Some(error);
            break;
        }
        let (Some(records), Some(results)) = (given.get(range.clone()), written.results.get_mut(range.clone())) else {
            written.error = Some(RegistrarError::bug("a request is made of records that are not there"));
            break;
        };
        written.requests += 1;
        match ask(fill(template, records)).await {
            Ok(answer) => written.error = account(&answer, results),
            Err(error) => {
                // Where the service refused the invocation, the function was not run.
                let never_arrived = matches!(
                    error.kind(),
                    ErrorKind::Usage | ErrorKind::Credentials | ErrorKind::Permission | ErrorKind::Bug
                );
                if !never_arrived {
                    settle(results, Fate::Unknown, None);
                }
                written.error = Some(error);
            }
        }
        let has_failure = template.all_or_none == Some(true) && written.count(Fate::Failed) > 0;
        if written.error.is_some() || has_failure {
            break;
        }
    }
    let short = written.results.len() - written.count(Fate::Written);
    if written.error.is_none() && short > 0 {
        let message = format!("{short} of {} records were not written", written.results.len());
        let hint = "mend what the table says of each, then write those again";
        written.error = Some(RegistrarError::new(ErrorKind::Connector, message).with_hint(hint));
    }
    written
}

/// Writes down what an answer says of its records; an error if it is no answer to build on.
fn account(answer: &WriteDataResponse, results: &mut [RecordResult]) -> Option<RegistrarError> {
    let told = answer.write_record_results.as_deref().unwrap_or_default();
    match answer.outcome() {
        Err(details) if told.is_empty() => {
            let message = format!("{}: {}", details.error_code, details.error_message);
            settle(results, Fate::Failed, Some(&message));
            return Some(refused(Operation::WriteData, details));
        }
        Ok(()) if told.is_empty() => {
            // The official SDKs allow a success without results.
            settle(results, Fate::Written, None);
            return None;
        }
        _ => {}
    }
    if told.len() != results.len() {
        settle(results, Fate::Unknown, None);
        let (few, many) = (told.len(), results.len());
        let message =
            format!("the connector answered with {few} results for {many} records: which is whose is not known");
        return Some(RegistrarError::new(ErrorKind::Connector, message));
    }
    for (result, told) in results.iter_mut().zip(told) {
        result.status = if told.is_success { Fate::Written } else { Fate::Failed };
        result.record_id = Some(told.record_id.clone()).filter(|id| !id.is_empty());
        result.message.clone_from(&told.error_message);
    }
    match answer.outcome() {
        // It says that something failed and that everything was written.
        Err(details) if told.iter().all(|told| told.is_success) => Some(refused(Operation::WriteData, details)),
        _ => None,
    }
}

fn settle(results: &mut [RecordResult], fate: Fate, message: Option<&str>) {
    for result in results {
        result.status = fate;
        result.message = message.map(str::to_owned);
    }
}

#[cfg(test)]
mod tests {
    use appflow_sdk::protocol::{ConnectorContext, ErrorCode, ErrorDetails, WriteOperationType, WriteRecordResult};

    use super::Fate::{Failed, NotSent, Unknown, Written as Done};
    use super::*;

    fn template() -> WriteDataRequest {
        WriteDataRequest::new("orders", ConnectorContext::default(), WriteOperationType::Insert, vec![])
    }

    /// Sends records with the ids 1 to 6, two to a request.
    async fn run(
        template: &WriteDataRequest,
        may_go_on: impl FnMut(&Range<usize>) -> Result<(), RegistrarError>,
        ask: impl AsyncFnMut(WriteDataRequest) -> Result<WriteDataResponse, RegistrarError>,
    ) -> (Written, Vec<Fate>) {
        let texts: Vec<_> = (1..=6).map(|id| format!("{{\"id\":{id}}}")).collect();
        let given = crate::write::read_records(&texts).unwrap();
        let written = send(template, &given, &[0..2, 2..4, 4..6], may_go_on, ask).await;
        let fates = written.results.iter().map(|result| result.status).collect();
        (written, fates)
    }

    /// Writes every record but the one with the id 3.
    async fn all_but_three(request: WriteDataRequest) -> Result<WriteDataResponse, RegistrarError> {
        let results = request.records.iter().map(|record| match record.as_str() {
            "{\"id\":3}" => WriteRecordResult::failed("", "there is one already"),
            other => WriteRecordResult::written(other),
        });
        Ok(WriteDataResponse::new(results.collect()))
    }

    #[tokio::test]
    async fn a_failed_record_does_not_stop_the_others() {
        let (written, fates) = run(&template(), |_| Ok(()), all_but_three).await;
        assert_eq!(fates, [Done, Done, Failed, Done, Done, Done]);
        assert_eq!(written.results[2].message.as_deref(), Some("there is one already"));
        assert_eq!((written.results[2].line, &written.results[2].record_id), (3, &None));
        assert_eq!(written.results[5].record_id.as_deref(), Some("{\"id\":6}"));
        let error = written.error.as_ref().unwrap();
        assert_eq!((error.to_string().as_str(), error.exit_code().code()), ("1 of 6 records were not written", 4));
        assert_eq!(written.counts(), "5 of 6 records were written in 3 requests; 1 failed");
    }

    #[tokio::test]
    async fn all_or_none_stops_at_the_first_failure() {
        let mut template = template();
        template.all_or_none = Some(true);
        let (written, fates) = run(&template, |_| Ok(()), all_but_three).await;
        assert_eq!(fates, [Done, Done, Failed, Done, NotSent, NotSent]);
        assert_eq!(written.counts(), "3 of 6 records were written in 2 requests; 1 failed; 2 were not sent");
        assert_eq!(written.error.unwrap().exit_code().code(), 4);
    }

    #[tokio::test]
    async fn a_refused_request_fails_its_records_and_a_lost_one_leaves_them_unknown() {
        let second = |answer: fn(usize) -> Result<WriteDataResponse, RegistrarError>| {
            let mut requests = 0;
            async move |request: WriteDataRequest| {
                requests += 1;
                if requests == 2 { answer(request.records.len()) } else { all_but_three(request).await }
            }
        };
        let limit = |_| {
            let details = ErrorDetails::new(ErrorCode::RateLimitExceeded, "slow down");
            Ok(WriteDataResponse::failure(details))
        };
        let (written, fates) = run(&template(), |_| Ok(()), second(limit)).await;
        assert_eq!(fates, [Done, Done, Failed, Failed, NotSent, NotSent]);
        assert_eq!(written.results[2].message.as_deref(), Some("RateLimitExceeded: slow down"));
        assert!(written.error.unwrap().to_string().contains("RateLimitExceeded"));

        let lost = |_| Err(RegistrarError::new(ErrorKind::Connector, "the function failed"));
        let (written, fates) = run(&template(), |_| Ok(()), second(lost)).await;
        assert_eq!(fates, [Done, Done, Unknown, Unknown, NotSent, NotSent]);
        assert!(written.counts().contains("2 may or may not have been written"), "{}", written.counts());

        let barred = |_| Err(RegistrarError::new(ErrorKind::Permission, "no"));
        let (written, fates) = run(&template(), |_| Ok(()), second(barred)).await;
        assert_eq!(fates, [Done, Done, NotSent, NotSent, NotSent, NotSent]);
        assert_eq!(written.error.unwrap().exit_code().code(), 3);

        let few = |_| Ok(WriteDataResponse::new(vec![WriteRecordResult::written("1")]));
        let (written, fates) = run(&template(), |_| Ok(()), second(few)).await;
        assert_eq!(fates[2..], [Unknown, Unknown, NotSent, NotSent]);
        assert!(written.error.unwrap().to_string().contains("1 results for 2 records"));
    }

    #[tokio::test]
    async fn an_answer_without_results_says_it_for_all() {
        let bare = async |_| Ok(serde_json::from_str(r#"{"isSuccess":true,"writeRecordResults":null}"#).unwrap());
        let (written, fates) = run(&template(), |_| Ok(()), bare).await;
        assert_eq!(fates, [Done; 6]);
        assert!(written.error.is_none());
    }

    #[tokio::test]
    async fn stops_between_two_requests_when_it_may_not_go_on() {
        let may_go_on =
            |range: &Range<usize>| if range.start >= 4 { Err(RegistrarError::interrupted()) } else { Ok(()) };
        let (written, fates) = run(&template(), may_go_on, all_but_three).await;
        assert_eq!(fates[3..], [Done, NotSent, NotSent]);
        assert_eq!((written.error.unwrap().exit_code().code(), written.requests), (130, 2));
    }
}
