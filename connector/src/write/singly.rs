//! One request for each record, several at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use appflow_sdk::protocol::{ErrorCode, WriteOperationType, WriteRecordResult};
use appflow_sdk::{ConnectorError, InvocationContext};
use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use super::answer;
use super::ledger::Ledger;
use super::record::{Outgoing, call};
use super::sender::{Sender, message_of};
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
        let (stop, open) = (&halt, ledger.open());
        let sent = open.into_iter().map(|place| async move {
            if stop.is_set() {
                return;
            }
            if let Some(error) = self.lateness(context) {
                return stop.set(error);
            }
            let Some(record) = ledger.records(&[place]).first().copied() else { return };
            let started = Instant::now();
            let outcome = self.one(connection, record, all_or_none, context).await;
            self.took(started.elapsed());
            match outcome {
                Ok(result) => ledger.set(place, result),
                Err(error) => {
                    if *error.code() != ErrorCode::InvalidCredentials {
                        ledger.fail(&[place], &message_of(&error));
                    }
                    stop.set(error);
                }
            }
        });
        stream::iter(sent).buffer_unordered(connection.concurrency()).collect::<()>().await;
        let failure = halt.slot().take();
        failure.map_or(Ok(()), Err)
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
        context: &InvocationContext,
    ) -> Result<WriteRecordResult, ConnectorError> {
        let call = match call(self.plan, connection, &[record], all_or_none) {
            Ok(call) => call,
            Err(error) => return Ok(WriteRecordResult::failed(record.id.as_str(), error.message())),
        };
        let is_repeated = AtomicBool::new(false);
        let send = || async {
            let may_be_done = is_repeated.swap(true, Ordering::Relaxed);
            let answer = connection.send_once(&call, context).await?;
            if self.is_success(&answer) || (may_be_done && self.is_gone(&answer)) {
                return Ok(self.written(&answer, record));
            }
            let error = self.failed(connection, &answer, context)?;
            let hint = if answer.status == 404 { "there is no such record, or no such path: " } else { "" };
            Ok(WriteRecordResult::failed(record.id.as_str(), format!("{hint}{}", error.message())))
        };
        connection.repeat(self.plan.repeat(), context, send).await
    }

    /// Whether a record that was to be deleted is not there. Where an earlier attempt may have deleted it, that is success.
    fn is_gone(&self, answer: &Answer) -> bool {
        self.plan.operation == WriteOperationType::Delete && matches!(answer.status, 404 | 410)
    }

    /// The result of a record that was written, under the id that the API gave it, if it gives one.
    fn written(&self, answer: &Answer, record: &Outgoing) -> WriteRecordResult {
        let pointer = self.plan.rule.id.as_deref();
        let given = pointer.and_then(|pointer| answer::at(answer::document(&answer.body)?, pointer));
        let given = given.and_then(answer::text_of);
        WriteRecordResult::written(given.unwrap_or_else(|| record.id.clone()))
    }
}
