//! `logs`: what the function printed.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::json;

use super::ask::target;
use crate::aws::{LogEvent, ServiceFailure, default_log_group};
use crate::cli::{LogsArgs, Output};
use crate::error::RegistrarError;
use crate::event::Event;
use crate::outcome::Outcome;
use crate::report::{is_reader_gone, print_unless_gone};
use crate::session::{Opened, Session};

/// Pause between two looks with `--follow`.
const PAUSE: Duration = Duration::from_secs(2);

/// How far back each look goes with `--follow`: lines arrive in CloudWatch later than they were written, and not in order.
const OVERLAP_MILLISECONDS: i64 = 30_000;

/// `logs`
///
/// # Errors
/// When there is no such function, or its log cannot be read. With `--follow`, Ctrl-C is the ordinary end.
pub async fn logs(session: &Session, args: &LogsArgs) -> Result<Outcome, RegistrarError> {
    let target = target(session, &args.connector).await?;
    let function = target.function_name().to_owned();
    let result = tokio::select! {
        result = read(session, args, &target.opened, &function) => result,
        // Nobody waits for the end of a log that is followed: that it was stopped is how it ends.
        () = session.interrupt.pressed(1) => {
            if args.follow { Ok(printed_already()) } else { Err(RegistrarError::interrupted()) }
        }
    };
    target.opened.close().await;
    result
}

/// What was followed stands on standard output already.
fn printed_already() -> Outcome {
    let mut outcome = Outcome::new("logs", "");
    outcome.raw = Some(Vec::new());
    outcome
}

async fn read(session: &Session, args: &LogsArgs, opened: &Opened, function: &str) -> Result<Outcome, RegistrarError> {
    let group = group(opened, function).await?;
    session.report.event(&Event::Detail(&format!("reading the log group {group}")));
    let since = i64::try_from(args.since.as_millis()).unwrap_or(i64::MAX);
    let mut from = jiff::Timestamp::now().as_millisecond().saturating_sub(since).max(0);
    let pattern = args.filter.as_deref().map(pattern);
    let look = async |from: i64| match opened.aws.logs.events(&group, from, pattern.as_deref()).await {
        Ok(events) => Ok(Some(events)),
        // It is made with the first line.
        Err(failure) if failure.is_not_found() => Ok(None),
        Err(failure) => Err(failure.during(format!("could not read the log {group}"))),
    };
    if !args.follow {
        let found = look(from).await?;
        let text = match found.as_deref() {
            None => format!(
                "nothing was ever logged in {group}: {function} was not invoked yet, or there is no such function \
                 (\"registrar list\" shows the labels that are registered)"
            ),
            Some([]) => nothing(args, &group),
            Some(events) => events.iter().map(line).collect::<Vec<_>>().concat(),
        };
        let events = found.unwrap_or_default();
        let events: Vec<_> = events.iter().map(as_json).collect();
        return Ok(Outcome::new("logs", text)
            .with("logGroup", group)
            .with("function", function)
            .with("events", events));
    }
    let mut seen: HashSet<String> = HashSet::new();
    loop {
        let events = look(from).await?.unwrap_or_default();
        for event in events.iter().filter(|event| seen.insert(event.id.clone())) {
            if !print(session.global.output, event)? {
                return Ok(printed_already());
            }
        }
        if let Some(newest) = events.last() {
            from = from.max(newest.written_at.saturating_sub(OVERLAP_MILLISECONDS));
            // What is too old to come again need not be remembered.
            let recent: HashSet<_> = events.into_iter().map(|event| event.id).collect();
            seen.retain(|id| recent.contains(id));
        }
        tokio::time::sleep(PAUSE).await;
        if is_reader_gone() {
            return Ok(printed_already());
        }
    }
}

/// Says that no line of the log is as it was asked for, and what to ask for instead.
fn nothing(args: &LogsArgs, group: &str) -> String {
    match &args.filter {
        Some(filter) => {
            format!("nothing was logged in {group} within that time that fits {filter:?}; --since looks further back")
        }
        None => format!("nothing was logged in {group} within that time; --since looks further back"),
    }
}

/// The group that the function writes to.
async fn group(opened: &Opened, function: &str) -> Result<String, RegistrarError> {
    match opened.aws.lambda.log_group(function).await {
        Ok(Some(group)) => Ok(group),
        // Its log outlives a function.
        Ok(None) => Ok(default_log_group(function)),
        // Most functions write where functions write by default.
        Err(failure) if ServiceFailure::is_access_denied(&failure) => Ok(default_log_group(function)),
        Err(failure) => Err(failure.during(format!("could not read the configuration of {function}"))),
    }
}

/// A text to look for, as CloudWatch wants it: in quotes, unless it is a pattern already.
fn pattern(text: &str) -> String {
    if text.starts_with(['"', '{', '[', '%', '?', '-']) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn line(event: &LogEvent) -> String {
    format!("{}  {}\n", time(event), event.message.trim_end())
}

fn time(event: &LogEvent) -> String {
    jiff::Timestamp::from_millisecond(event.written_at).map(|time| format!("{time:.3}")).unwrap_or_default()
}

fn as_json(event: &LogEvent) -> serde_json::Value {
    json!({"time": time(event), "stream": event.stream, "message": event.message.trim_end()})
}

/// Prints one event as it comes: in JSON one object per line.
///
/// False when nobody reads any more.
fn print(form: Output, event: &LogEvent) -> Result<bool, RegistrarError> {
    let text = match form {
        Output::Text => line(event),
        Output::Json | Output::Ndjson => {
            let mut object = as_json(event);
            object["schema"] = json!(crate::outcome::SCHEMA);
            object["type"] = json!("log");
            object.to_string()
        }
    };
    print_unless_gone(text.as_bytes())
        .map_err(|error| RegistrarError::usage("cannot write to standard output").with_source(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_for_a_text_literally_and_takes_patterns_as_they_are() {
        assert_eq!(pattern("two words"), "\"two words\"");
        assert_eq!(pattern("say \"no\""), "\"say \\\"no\\\"\"");
        for ready in ["\"ERROR\"", "{ $.level = \"ERROR\" }", "?ERROR ?WARN", "-INFO"] {
            assert_eq!(pattern(ready), ready);
        }
    }

    #[test]
    fn shows_when_and_what() {
        let event = LogEvent {
            id: "1".to_owned(),
            written_at: 1_767_225_600_123,
            message: "START\n".to_owned(),
            stream: "s".to_owned(),
        };
        assert_eq!(line(&event), "2026-01-01T00:00:00.123Z  START\n");
        assert_eq!(as_json(&event)["time"], "2026-01-01T00:00:00.123Z");
    }
}
