//! What one invocation did, in one line of the log and optionally one line of metrics.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::invocation::InvocationContext;
use crate::protocol::{ErrorCode, Operation, Request, Response};

/// What one invocation did.
///
/// [`handle`](crate::handle) and [`dispatch`](crate::dispatch) log it; with [`handle_with_summary`](crate::handle_with_summary)
/// the caller gets it and decides.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvocationSummary {
    /// The operation.
    pub operation: Operation,
    /// Lambda's id of the invocation.
    pub request_id: String,
    /// The entity it was about, if it was about one.
    pub entity: Option<String>,
    /// The flow that AppFlow named.
    pub flow: Option<String>,
    /// The run of that flow.
    pub execution: Option<String>,
    /// The connection that AppFlow named.
    pub connection: Option<String>,
    /// Records returned, or records of a write that were answered for, or entities listed.
    pub records: usize,
    /// Records of a write that failed.
    pub failed_records: usize,
    /// Bytes of the response; nothing where it was not written as bytes.
    pub bytes: Option<usize>,
    /// Calls to the source system, as counted by [`InvocationContext::upstream`].
    pub upstream_calls: u64,
    /// Time of those calls together; calls made side by side count each.
    pub upstream_time: Duration,
    /// Time from the request to the response.
    pub time: Duration,
    /// Why it failed; nothing if it did not.
    pub error_code: Option<ErrorCode>,
}

impl InvocationSummary {
    /// Notes what the request says, before the connector takes it.
    pub(crate) fn of(request: &Request, context: &InvocationContext) -> Self {
        let connection = request.connector_context();
        Self {
            operation: request.operation(),
            request_id: context.request_id().to_owned(),
            entity: request.entity_identifier().map(str::to_owned),
            flow: connection.and_then(|connection| connection.flow_name.clone()),
            execution: connection.and_then(|connection| connection.execution_id.clone()),
            connection: connection.and_then(|connection| connection.connector_profile_label.clone()),
            records: 0,
            failed_records: 0,
            bytes: None,
            upstream_calls: 0,
            upstream_time: Duration::ZERO,
            time: Duration::ZERO,
            error_code: None,
        }
    }

    /// Notes what came of it.
    pub(crate) fn answered(&mut self, response: &Response, context: &InvocationContext, time: Duration) {
        (self.upstream_calls, self.upstream_time) = context.upstream_account();
        self.time = time;
        self.error_code = response.outcome().err().map(|details| details.error_code.clone());
        self.records = match response {
            Response::ListEntities(list) => list.entities().len(),
            Response::QueryData(query) => query.records().len(),
            Response::RetrieveData(retrieved) => retrieved.records.as_ref().map_or(0, Vec::len),
            Response::WriteData(write) => write.write_record_results.as_ref().map_or(0, Vec::len),
            Response::DescribeConnectorConfiguration(_)
            | Response::ValidateConnectorRuntimeSettings(_)
            | Response::ValidateCredentials(_)
            | Response::DescribeEntity(_) => 0,
        };
        if let Response::WriteData(write) = response {
            let results = write.write_record_results.iter().flatten();
            self.failed_records = results.filter(|result| !result.is_success).count();
        }
    }

    /// `success`, or the error code.
    #[must_use]
    pub fn outcome(&self) -> &str {
        self.error_code.as_ref().map_or("success", ErrorCode::as_str)
    }

    /// Writes the one line that each invocation has in the log, at the level `info`.
    pub fn log(&self) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        tracing::info!(
            operation = self.operation.name(),
            entity = text(&self.entity),
            flow = text(&self.flow),
            execution = text(&self.execution),
            connection = text(&self.connection),
            request_id = self.request_id,
            records = self.records,
            failed_records = self.failed_records,
            bytes = self.bytes.unwrap_or_default(),
            upstream_calls = self.upstream_calls,
            upstream_milliseconds = milliseconds(self.upstream_time),
            milliseconds = milliseconds(self.time),
            outcome = self.outcome(),
            "answered"
        );
    }

    /// The same as one line in CloudWatch's embedded metric format: written to the function's standard output, it becomes
    /// metrics of the namespace, without a call to CloudWatch.
    ///
    /// Metrics are counted by operation, and by operation and outcome. Entity, flow, execution and connection are
    /// properties of the line that CloudWatch Logs Insights can search, not dimensions: each of their values would be a
    /// metric of its own and cost accordingly.
    ///
    /// Source: CloudWatch user guide, "Specification: Embedded metric format".
    #[must_use]
    pub fn embedded_metrics(&self, namespace: &str, at: SystemTime) -> String {
        let since_epoch = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let metric = |name: &str, unit: &str| json!({"Name": name, "Unit": unit});
        json!({
            "_aws": {
                "Timestamp": milliseconds(since_epoch),
                "CloudWatchMetrics": [{
                    "Namespace": namespace,
                    "Dimensions": [["Operation"], ["Operation", "Outcome"]],
                    "Metrics": [
                        metric("Invocations", "Count"),
                        metric("Failures", "Count"),
                        metric("Duration", "Milliseconds"),
                        metric("Records", "Count"),
                        metric("FailedRecords", "Count"),
                        metric("ResponseBytes", "Bytes"),
                        metric("UpstreamCalls", "Count"),
                        metric("UpstreamDuration", "Milliseconds"),
                    ],
                }],
            },
            "Operation": self.operation.name(),
            "Outcome": self.outcome(),
            "Invocations": 1,
            "Failures": u8::from(self.error_code.is_some()),
            "Duration": milliseconds(self.time),
            "Records": self.records,
            "FailedRecords": self.failed_records,
            "ResponseBytes": self.bytes.unwrap_or_default(),
            "UpstreamCalls": self.upstream_calls,
            "UpstreamDuration": milliseconds(self.upstream_time),
            "entity": self.entity,
            "flow": self.flow,
            "execution": self.execution,
            "connection": self.connection,
            "requestId": self.request_id,
        })
        .to_string()
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::protocol::{ConnectorContext, ErrorDetails, WriteDataResponse, WriteRecordResult};
    use crate::secret::Secret;

    fn summary(response: &Response) -> InvocationSummary {
        let context =
            InvocationContext::new("r-1", Duration::from_secs(9), Arc::new(BTreeMap::<String, Secret>::new()));
        let connection = ConnectorContext { flow_name: Some("nightly".to_owned()), ..ConnectorContext::default() };
        let request = crate::protocol::QueryDataRequest::new("orders", connection);
        let mut summary = InvocationSummary::of(&request.into(), &context);
        summary.answered(response, &context, Duration::from_millis(1234));
        summary
    }

    #[test]
    fn every_metric_that_is_declared_has_a_value_and_every_dimension_a_text() {
        let line = summary(&Response::failure(Operation::QueryData, ErrorDetails::new(ErrorCode::ServerError, "m")))
            .embedded_metrics("Acme", UNIX_EPOCH + Duration::from_millis(5));
        assert!(!line.contains('\n'));
        let line: Value = serde_json::from_str(&line).unwrap();
        let declared = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&line["_aws"]["Timestamp"], &declared["Namespace"]), (&json!(5), &json!("Acme")));
        for metric in declared["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].is_u64(), "{metric}");
        }
        let sets = declared["Dimensions"].as_array().unwrap().iter().flat_map(|set| set.as_array().unwrap());
        let names: BTreeSet<_> = sets.map(|name| name.as_str().unwrap()).collect();
        let dimensions: Vec<_> = names.into_iter().map(|name| line[name].as_str().unwrap()).collect();
        assert_eq!(dimensions, ["QueryData", "ServerError"]);
        assert_eq!((&line["Failures"], &line["Duration"], &line["flow"]), (&json!(1), &json!(1234), &json!("nightly")));
    }

    #[test]
    fn records_of_a_write_are_counted_with_those_that_failed() {
        let results = vec![WriteRecordResult::written("1"), WriteRecordResult::failed("", "no")];
        let summary = summary(&WriteDataResponse::new(results).into());
        assert_eq!((summary.records, summary.failed_records, summary.outcome()), (2, 1, "PartialWriteFailure"));
    }
}
