//! Sends batches one after the other and decides what a failure is one of: a record, a request, or everything behind it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use appflow_sdk::protocol::{ConnectorContext, ErrorCode, WriteRecordResult};
use appflow_sdk::{ConnectorError, InvocationContext, WriteBatch};

use super::doubt::is_open;
use super::idempotency::Tokens;
use super::ledger::Ledger;
use super::plan::Plan;
use super::record::Outgoing;
use super::{Connect, RESERVE};
use crate::client::Answer;
use crate::connection::Connection;

/// Longest time between the last moment for a request and its answer, if none is known to be slower.
const QUICK: Duration = Duration::from_millis(500);

/// Why nothing more is sent when the time is short.
const TIME_IS_OVER: &str = "the time of the invocation is over";

/// One write on its way.
pub(super) struct Sender<'a, 'c> {
    pub(super) plan: &'a Plan<'a>,
    connect: &'a Connect<'c>,
    settings: &'a ConnectorContext,
    context: &'a InvocationContext,
    state: Mutex<State>,
}

/// What earlier batches leave for later ones.
struct State {
    tokens: Option<Tokens>,
    has_sent: bool,
    /// Why nothing more is attempted.
    end: Option<String>,
    /// The slowest request so far.
    slowest: Duration,
}

impl<'a, 'c> Sender<'a, 'c> {
    pub(super) fn new(
        plan: &'a Plan<'a>,
        connect: &'a Connect<'c>,
        settings: &'a ConnectorContext,
        context: &'a InvocationContext,
    ) -> Self {
        // Without the run's name, equal records of two runs must not be taken for repetitions of each other.
        let run = settings.execution_id.as_deref().unwrap_or(context.request_id());
        let tokens = plan.rule.idempotency_key.as_ref().map(|_| Tokens::new(plan.known.name(), &plan.operation, run));
        let state = State { tokens, has_sent: false, end: None, slowest: Duration::ZERO };
        Self { plan, connect, settings, context, state: Mutex::new(state) }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic while it was held leaves it whole: its members are independent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a batch: one result per record, in their order.
    ///
    /// # Errors
    /// What the API's failure stands for, if it is the first batch and nothing of it was written.
    pub(super) async fn send(&self, batch: WriteBatch) -> Result<Vec<WriteRecordResult>, ConnectorError> {
        let ledger = Ledger::new(batch.records.iter().map(|record| {
            let outgoing = Outgoing::new(self.plan, record);
            let token = self.state().tokens.as_mut().map(|tokens| tokens.next(record));
            outgoing.map(|outgoing| outgoing.with_token(token))
        }));
        let is_first = !std::mem::replace(&mut self.state().has_sent, true);
        let open = ledger.open();
        if batch.all_or_none && open.len() < batch.records.len() {
            ledger.fail(&open, "not attempted: another record cannot be written, and the request asks for all or none");
        } else if let Some(end) = self.end() {
            ledger.fail(&open, &format!("not attempted: {end}"));
        } else if !open.is_empty()
            && let Err(error) = self.exchange(&ledger, batch.all_or_none).await
        {
            let says_all = is_open(&error) || !ledger.is_any_in_doubt();
            if is_first && !ledger.is_any_written() && says_all {
                return Err(error);
            }
            ledger.fail(&ledger.open(), &format!("not attempted: {}", error.message()));
            tracing::warn!(error = %self.context.scrub(&error.to_string()), "the write is cut short by a failure");
            self.state().end.get_or_insert_with(|| format!("a request before failed: {}", error.message()));
        }
        Ok(ledger.into_results())
    }

    /// Sends what is open, again with other credentials if the API refuses these and there are others by now.
    async fn exchange(&self, ledger: &Ledger, all_or_none: bool) -> Result<(), ConnectorError> {
        // The writer gives up on a batch a little before the deadline, and then knows nothing of its records. So requests
        // must end before that.
        let context = self.context.clone().keep_back(RESERVE.min(self.context.remaining() / 2));
        let exchange = |credentials| {
            let connection = (self.connect)(&credentials);
            let context = &context;
            async move {
                let connection = connection?;
                match self.plan.rule.batch {
                    Some(_) => self.together(&connection, ledger, all_or_none, context).await,
                    None => self.singly(&connection, ledger, all_or_none, context).await,
                }
            }
        };
        context.with_credentials(self.settings, exchange).await
    }

    fn end(&self) -> Option<String> {
        self.state().end.clone()
    }

    /// Notes how long a request took.
    pub(super) fn took(&self, time: Duration) {
        let mut state = self.state();
        state.slowest = state.slowest.max(time);
    }

    /// The failure of what is not begun because the time is short, if it is. The first request is always made.
    pub(super) fn lateness(&self, context: &InvocationContext) -> Option<ConnectorError> {
        let slowest = self.state().slowest;
        let is_late = !slowest.is_zero() && context.remaining() < slowest.saturating_mul(2).saturating_add(QUICK);
        is_late.then(|| ConnectorError::request_timeout(TIME_IS_OVER))
    }

    /// Whether an answer is a success of this operation.
    pub(super) fn is_success(&self, answer: &Answer) -> bool {
        (200..300).contains(&answer.status) || self.plan.rule.also_success.contains(&answer.status)
    }
}

/// What an answer that is no success is a failure of: its records alone, or everything (the error).
///
/// # Errors
/// What concerns more than these records.
pub(super) fn refusal(
    connection: &Connection<'_>,
    answer: &Answer,
    context: &InvocationContext,
) -> Result<ConnectorError, ConnectorError> {
    let error = connection.failure(answer, context);
    let is_of_records = matches!(error.code(), ErrorCode::InvalidArgument | ErrorCode::ClientError);
    if is_of_records && answer.status >= 400 { Ok(error) } else { Err(error) }
}
