//! What functions printed, and log groups that nobody needs any more.

use std::collections::HashSet;

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use serde::Serialize;

use super::Logs;
use super::failure::{ServiceFailure, failed};

/// One line of a log, or several that were written at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEvent {
    /// Tells it from all others.
    #[serde(skip)]
    pub id: String,
    /// When it was written, in milliseconds since 1970.
    #[serde(skip)]
    pub written_at: i64,
    /// What was written.
    pub message: String,
    /// The stream, one for each instance of the function.
    pub stream: String,
}

impl Logs {
    /// Reads the events of a log group from an instant on, oldest first, each once.
    ///
    /// # Errors
    /// The service's failure, not found included.
    pub async fn events(
        &self,
        group: &str,
        since_milliseconds: i64,
        pattern: Option<&str>,
    ) -> Result<Vec<LogEvent>, ServiceFailure> {
        let (mut events, mut seen, mut token) = (Vec::new(), HashSet::new(), None);
        loop {
            let request = self
                .client
                .filter_log_events()
                .log_group_name(group)
                .start_time(since_milliseconds)
                .set_filter_pattern(pattern.map(str::to_owned))
                .set_next_token(token);
            let answer = request.send().await.map_err(failed("logs:FilterLogEvents"))?;
            let found = answer.events().iter().map(event);
            events.extend(found.filter(|event| seen.insert(event.id.clone())));
            // A page may be empty and still have a successor.
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        // The order among streams is not promised.
        events.sort_by_key(|event| event.written_at);
        Ok(events)
    }

    /// Deletes a log group with all that is in it.
    ///
    /// # Errors
    /// The service's failure, not found included.
    pub async fn delete_group(&self, group: &str) -> Result<(), ServiceFailure> {
        let request = self.client.delete_log_group().log_group_name(group);
        request.send().await.map(drop).map_err(failed("logs:DeleteLogGroup"))
    }
}

fn event(found: &FilteredLogEvent) -> LogEvent {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    LogEvent {
        id: text(found.event_id()),
        written_at: found.timestamp().unwrap_or_default(),
        message: text(found.message()),
        stream: text(found.log_stream_name()),
    }
}
