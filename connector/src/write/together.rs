//! One request for many records.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use appflow_sdk::protocol::{ErrorCode, WriteRecordResult};
use appflow_sdk::{ConnectorError, InvocationContext};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::answer;
use super::doubt::Doubt;
use super::ledger::Ledger;
use super::record::call;
use super::sender::{Sender, refusal};
use crate::client::Answer;
use crate::connection::Connection;
use crate::failure;
use crate::manifest::Results;

/// What is said of records when the answer does not tell what became of them.
const UNKNOWN: &str = "whether they were written is not known";

/// The API refuses a request because of its records.
struct Refusal {
    error: ConnectorError,
    /// Whether certainly none of them was written.
    is_without_effect: bool,
}

impl Sender<'_, '_> {
    /// Writes what is open. What is open afterwards was not attempted, or refused together with the credentials.
    ///
    /// Where the API refuses a whole request because of one record or its length, the halves are sent by themselves, so that the others
    /// are written: unless all or none was asked for.
    pub(super) async fn together(
        &self,
        connection: &Connection<'_>,
        ledger: &Ledger,
        all_or_none: bool,
        context: &InvocationContext,
    ) -> Result<(), ConnectorError> {
        let mut waiting = vec![ledger.open()];
        while let Some(places) = waiting.pop().filter(|places| !places.is_empty()) {
            if let Some(error) = self.lateness(context) {
                return Err(error);
            }
            let started = Instant::now();
            let doubt = ledger.doubt();
            let outcome = self.request(connection, ledger, &places, all_or_none, &doubt, context).await;
            self.took(started.elapsed());
            // Some of them may have been answered for before the others were sent once more.
            let open: Vec<_> = ledger.open().into_iter().filter(|place| places.contains(place)).collect();
            match outcome {
                Ok(None) => {}
                Ok(Some(refused))
                    if open.len() > 1 && refused.is_without_effect && !all_or_none && !doubt.is_there() =>
                {
                    let (first, second) = open.split_at(open.len() / 2);
                    waiting.extend([second.to_vec(), first.to_vec()]);
                }
                Ok(Some(refused)) => ledger.fail(&open, &doubt.message(refused.error.message())),
                Err(error) => {
                    if *error.code() != ErrorCode::InvalidCredentials || doubt.is_there() {
                        ledger.fail(&open, &doubt.message(error.message()));
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Sends one request for these records and notes what became of each. Those that the API asks to send again are, by
    /// themselves. Returns the refusal if the API refuses the request because of its records.
    ///
    /// # Errors
    /// What concerns more than these records.
    async fn request(
        &self,
        connection: &Connection<'_>,
        ledger: &Ledger,
        places: &[usize],
        all_or_none: bool,
        doubt: &Doubt<'_>,
        context: &InvocationContext,
    ) -> Result<Option<Refusal>, ConnectorError> {
        let pending = Mutex::new(places.to_vec());
        let left = || pending.lock().unwrap_or_else(PoisonError::into_inner);
        let attempt = || async {
            let places = left().clone();
            let call = match call(self.plan, connection, &ledger.records(&places), all_or_none) {
                // Fewer ids may fit into an address.
                Err(error) if error.is_without_effect() => {
                    return Ok(Some(Refusal { error, is_without_effect: true }));
                }
                call => call?,
            };
            ledger.reopen(&places);
            let answer = connection.send_once(&call, context).await?;
            if !self.is_success(&answer) {
                // What is too long was not read.
                let is_without_effect = answer.status == 413 || self.plan.is_always_atomic();
                let error = refusal(connection, &answer, context)?;
                return Ok(Some(Refusal { error, is_without_effect }));
            }
            let (again, error) = self.note(connection, ledger, &places, &answer, doubt, context);
            match error {
                Some(error) if !all_or_none => {
                    *left() = again;
                    Err(error.without_effect())
                }
                _ => Ok(None),
            }
        };
        let send = || async { doubt.after(attempt().await) };
        let outcome = connection.repeat(self.plan.repeat(), context, send).await;
        // Records that the API would have had once more are those that it has answered for.
        if outcome.is_err() && ledger.are_closed(&left()) { Ok(None) } else { outcome }
    }

    /// Notes what an answer says of each record. Returns those that may be sent again, and why the first of them failed.
    fn note(
        &self,
        connection: &Connection<'_>,
        ledger: &Ledger,
        places: &[usize],
        answer: &Answer,
        doubt: &Doubt<'_>,
        context: &InvocationContext,
    ) -> (Vec<usize>, Option<ConnectorError>) {
        let document = answer::document(&answer.body);
        let Some(results) = &self.plan.rule.results else {
            for (index, place) in places.iter().enumerate() {
                let pointer = self.plan.rule.id.as_deref().filter(|_| places.len() == 1 && index == 0);
                let given = pointer.and_then(|pointer| answer::at(document?, pointer)).and_then(answer::text_of);
                let id = given.unwrap_or_else(|| ledger.id(*place).to_owned());
                ledger.set(*place, WriteRecordResult::written(id));
            }
            return (Vec::new(), None);
        };
        let Some(said) = document.and_then(|document| answer::at(document, &results.at)).and_then(answer::items) else {
            ledger.fail(places, &format!("the answer to {} has no list of results; {UNKNOWN}", answer.request));
            return (Vec::new(), None);
        };
        if said.len() != places.len() {
            let (sent, found) = (places.len(), said.len());
            let request = &answer.request;
            let message = format!("the answer to {request} has {found} results for {sent} records; {UNKNOWN}");
            ledger.fail(places, &message);
            return (Vec::new(), None);
        }
        let mut again = Vec::new();
        let mut reason = None;
        for (place, said) in places.iter().zip(said) {
            let (mut result, error) = self.result(connection, results, ledger.id(*place), said, context);
            result.error_message = result.error_message.map(|message| doubt.message(&message));
            ledger.set(*place, result);
            if let Some(error) = error {
                again.push(*place);
                reason.get_or_insert(error);
            }
        }
        (again, reason)
    }

    /// What one result says. The error is there if the record may be sent again.
    fn result(
        &self,
        connection: &Connection<'_>,
        results: &Results,
        own_id: &str,
        said: &RawValue,
        context: &InvocationContext,
    ) -> (WriteRecordResult, Option<ConnectorError>) {
        let given =
            self.plan.rule.id.as_deref().and_then(|pointer| answer::at(said, pointer)).and_then(answer::text_of);
        let id = given.unwrap_or_else(|| own_id.to_owned());
        match answer::at(said, &results.success).and_then(answer::says_success) {
            Some(true) => return (WriteRecordResult::written(id), None),
            Some(false) => {}
            None => {
                let message = "the API's result does not say whether the record was written";
                return (WriteRecordResult::failed(id, message), None);
            }
        }
        let text = |pointer: &Option<String>| {
            let found = answer::at(said, pointer.as_deref()?)?;
            let text = answer::text_of(found).unwrap_or_else(|| found.get().to_owned());
            Some(failure::quote(&context.scrub(&text))).filter(|text| !text.is_empty())
        };
        let code = text(&results.code);
        let message = match (text(&results.message), &code) {
            (Some(message), Some(code)) => format!("{message} ({code})"),
            (Some(message), None) => message,
            (None, Some(code)) => format!("the API refuses the record with {code}"),
            (None, None) => "the API refuses the record and does not say why".to_owned(),
        };
        let error = code.and_then(|code| connection.meaning(&code)).and_then(|meaning| {
            let error = ConnectorError::new(meaning.error.clone(), message.as_str());
            let delay = meaning.retry_after_seconds.map(|seconds| Duration::from_secs(u64::from(seconds)));
            let error = match delay {
                Some(delay) => error.with_retry_after(delay),
                None => error,
            };
            (meaning.without_effect || error.is_without_effect()).then_some(error)
        });
        (WriteRecordResult::failed(id, message), error)
    }
}
