//! One request for each record, several at a time.

use std::sync::{Mutex, PoisonError};

use appflow_sdk::protocol::{ErrorCode, WriteOperationType, WriteRecordResult};
use appflow_sdk::{ConnectorError, InvocationContext};
use futures_util::{StreamExt as _, stream};
use indexmap::IndexMap;
use tokio::time::Instant;

use super::answer;
use super::doubt::Doubt;
use super::ledger::Ledger;
use super::record::{Outgoing, call};
use super::sender::{Sender, refusal};
use crate::client::Answer;
use crate::connection::Connection;

/// The first failure that concerns more than one record. Behind it nothing is begun.
#[derive(Debug, Default)]
struct Halt(Mutex<Option<ConnectorError>>);

impl Halt {
    fn slot(&self) -> std::sync::MutexGuard<'_, Option<ConnectorError>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_set(&self) -> bool {
        self.slot().is_some()
    }

    fn set(&self, error: ConnectorError) {
        self.slot().get_or_insert(error);
    }
}

impl Sender<'_, '_> {
    /// Writes what is open. What is open afterwards was not attempted, or refused together with the credentials.
    pub(super) async fn singly(
        &self,
        connection: &Connection<'_>,
        ledger: &Ledger,
        all_or_none: bool,
        context: &InvocationContext,
    ) -> Result<(), ConnectorError> {
        let halt = Halt::default();
        let stop = &halt;
        // Records of one id go one after the other, so that the last of them has the last word.
        let mut rows: IndexMap<(&str, Option<usize>), Vec<usize>> = IndexMap::new();
        for place in ledger.open() {
            let id = ledger.id(place);
            rows.entry((id, id.is_empty().then_some(place))).or_default().push(place);
        }
        let sent = rows.into_values().map(|row| async move {
            for place in row {
                self.at(connection, ledger, place, all_or_none, stop, context).await;
            }
        });
        stream::iter(sent).buffer_unordered(connection.concurrency()).collect::<()>().await;
        let failure = halt.slot().take();
        failure.map_or(Ok(()), Err)
    }

    /// Writes the record at a place, unless everything has come to a halt.
    async fn at(
        &self,
        connection: &Connection<'_>,
        ledger: &Ledger,
        place: usize,
        all_or_none: bool,
        stop: &Halt,
        context: &InvocationContext,
    ) {
        if stop.is_set() {
            return;
        }
        if let Some(error) = self.lateness(context) {
            return stop.set(error);
        }
        let Some(record) = ledger.records(&[place]).first().copied() else { return };
        let started = Instant::now();
        let doubt = ledger.doubt();
        let outcome = self.one(connection, record, all_or_none, &doubt, context).await;
        self.took(started.elapsed());
        match outcome {
            Ok(result) => ledger.set(place, result),
            Err(error) => {
                if *error.code() != ErrorCode::InvalidCredentials || doubt.is_there() {
                    ledger.fail(&[place], &doubt.message(error.message()));
                }
                stop.set(error);
            }
        }
    }

    /// Writes one record.
    ///
    /// # Errors
    /// What concerns more than this record.
    async fn one(
        &self,
        connection: &Connection<'_>,
        record: &Outgoing,
        all_or_none: bool,
        doubt: &Doubt<'_>,
        context: &InvocationContext,
    ) -> Result<WriteRecordResult, ConnectorError> {
        let call = match call(self.plan, connection, &[record], all_or_none) {
            Ok(call) => call,
            Err(error) => return Ok(WriteRecordResult::failed(record.id.as_str(), error.message())),
        };
        let attempt = || async {
            let answer = connection.send_once(&call, context).await?;
            if self.is_success(&answer) || (doubt.is_there() && self.is_gone(&answer)) {
                return Ok(self.written(&answer, record));
            }
            let error = refusal(connection, &answer, context)?;
            let hint = if answer.status == 404 { "there is no such record, or no such path: " } else { "" };
            let message = doubt.message(&format!("{hint}{}", error.message()));
            Ok(WriteRecordResult::failed(record.id.as_str(), message))
        };
        let send = || async { doubt.after(attempt().await) };
        connection.repeat(self.plan.repeat(), context, send).await
    }

    /// Whether a record that was to be deleted is not there. Where an earlier attempt may have deleted it, that is success.
    fn is_gone(&self, answer: &Answer) -> bool {
        self.plan.operation == WriteOperationType::Delete && matches!(answer.status, 404 | 410)
    }

    /// The result of a record that was written, under the id that the API gave it, if it gives one.
    fn written(&self, answer: &Answer, record: &Outgoing) -> WriteRecordResult {
        let text = |pointer: &str| answer::at(answer::document(&answer.body)?, pointer).and_then(answer::text_of);
        let given = match self.plan.rule.id.as_deref() {
            Some(pointer) => text(pointer),
            None if record.id.is_empty() => self.key_in(&text),
            None => None,
        };
        WriteRecordResult::written(given.unwrap_or_else(|| record.id.clone()))
    }

    /// The key of a record that the answer repeats, where the API has made the key up and the manifest cannot know its name.
    fn key_in(&self, text: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let known = self.plan.known;
        let parts = known.primary_keys().map(|field| {
            let own = format!("/{}", field.replace('~', "~0").replace('/', "~1"));
            text(known.pointer(field).unwrap_or(&own))
        });
        let key = parts.collect::<Option<Vec<_>>>()?.join(",");
        (!key.is_empty()).then_some(key)
    }
}
