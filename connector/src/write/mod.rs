//! Writes records: each is checked first, and becomes a request of its own or part of one for many.

mod answer;
mod doubt;
mod idempotency;
mod ledger;
mod plan;
mod record;
mod sender;
mod singly;
mod together;

use std::time::Duration;

use appflow_sdk::protocol::{WriteDataRequest, WriteDataResponse, WriteOperationType};
use appflow_sdk::{AllOrNone, BatchWriter, ConnectionCredentials, ConnectorError, InvocationContext};

use crate::connection::Connection;
use crate::known::Known;
use plan::Plan;
use sender::Sender;

/// Time that is kept for the response. What is not written by then is reported so.
const RESERVE: Duration = Duration::from_secs(2);

/// How many records are handed out together where each has a request of its own.
const GROUP: usize = 128;

/// Opens a connection with credentials.
pub(crate) type Connect<'c> = dyn Fn(&ConnectionCredentials) -> Result<Connection<'c>, ConnectorError> + Sync + 'c;

/// Writes the records of a request and says what became of each.
///
/// # Errors
/// `InvalidArgument` when the entity does not take the operation, the id fields are not what identifies its records, or all
/// or none is asked for and cannot be promised; what the API's failure stands for when nothing was written.
pub(crate) async fn write(
    connect: &Connect<'_>,
    offered: &[WriteOperationType],
    known: &Known,
    request: &WriteDataRequest,
    context: &InvocationContext,
) -> Result<WriteDataResponse, ConnectorError> {
    let is_offered = request.operation.as_ref().is_some_and(|operation| offered.contains(operation));
    if request.records.is_empty() && is_offered && !known.access.write.is_empty() {
        return Ok(WriteDataResponse::new(Vec::new()));
    }
    let plan = Plan::new(known, request)?;
    // A request for one record cannot promise anything about the next.
    let group = if request.all_or_none == Some(true) { 1 } else { GROUP };
    let promise = if plan.rule.all_or_none { AllOrNone::WithinBatch } else { AllOrNone::Refused };
    let writer = BatchWriter::new(request, context)
        .batch_size(plan.rule.batch.unwrap_or(group))
        .batch_bytes(plan.rule.batch_bytes.unwrap_or(usize::MAX))
        .all_or_none(promise)
        .reserve(RESERVE)
        .knows_the_key();
    let sender = Sender::new(&plan, connect, &request.connector_context, context);
    // What all of this holds is large, and connectors that do not write need not carry it.
    Box::pin(writer.run(|batch| sender.send(batch))).await
}
