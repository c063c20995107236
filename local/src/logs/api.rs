//! The operations, in the `awsJson1.1` protocol.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::event::Event;
use super::group::{Group, check_name, check_retention, invalid};
use super::pattern::Pattern;
use super::{Logs, State};
use crate::failure::ApiError;
use crate::scope::Scope;

/// Header that names the operation.
const TARGET: &str = "x-amz-target";

/// Most groups or streams of one page.
const LIST_LIMIT: usize = 50;

/// Most events of one page.
const EVENT_LIMIT: usize = 10_000;

/// The input of every operation; each looks at its own members.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    log_stream_name: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    descending: bool,
    retention_in_days: Option<u32>,
    tags: BTreeMap<String, String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    start_from_head: bool,
    limit: Option<usize>,
    next_token: Option<String>,
}

impl Logs {
    /// Answers a request.
    pub(crate) fn handle(&self, scope: &Scope, headers: &HeaderMap, body: &Bytes) -> Response {
        let target = headers.get(TARGET).and_then(|value| value.to_str().ok());
        let operation = target.and_then(|target| target.rsplit('.').next()).unwrap_or_default();
        let result = serde_json::from_slice(if body.is_empty() { b"{}" } else { body })
            .map_err(|error| {
                ApiError::new(StatusCode::BAD_REQUEST, "SerializationException", format!("the input: {error}"))
            })
            .and_then(|input| self.call(scope, operation, input));
        match result {
            Ok(answer) => {
                let text = if answer.is_null() { String::new() } else { answer.to_string() };
                let mut response = Response::new(Body::from(text));
                let json = HeaderValue::from_static("application/x-amz-json-1.1");
                response.headers_mut().insert(header::CONTENT_TYPE, json);
                response
            }
            Err(error) => error.json_1_1(),
        }
    }

    fn call(&self, scope: &Scope, operation: &str, input: Input) -> Result<Value, ApiError> {
        let mut state = self.state();
        match operation {
            "CreateLogGroup" => self.create_group(&mut state, scope, input),
            "DeleteLogGroup" => self.delete_group(&mut state, scope, &input),
            "PutRetentionPolicy" => self.set_retention(&mut state, scope, &input, true),
            "DeleteRetentionPolicy" => self.set_retention(&mut state, scope, &input, false),
            "DescribeLogGroups" => self.describe_groups(&mut state, scope, &input),
            "DescribeLogStreams" => self.describe_streams(&mut state, scope, &input),
            "GetLogEvents" => self.get_events(&mut state, scope, &input),
            "FilterLogEvents" => self.filter_events(&mut state, scope, &input),
            other => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "UnknownOperationException",
                format!("the local AWS has no operation {other:?} of CloudWatch Logs"),
            )),
        }
    }

    fn create_group(&self, state: &mut State, scope: &Scope, input: Input) -> Result<Value, ApiError> {
        let name = required("logGroupName", input.log_group_name)?;
        check_name(&name)?;
        self.change(state, |groups| {
            if groups.get(&scope.region, &name).is_some() {
                let message = "The specified log group already exists";
                return Err(ApiError::new(StatusCode::BAD_REQUEST, "ResourceAlreadyExistsException", message));
            }
            let mut group = Group::new(Timestamp::now());
            group.tags = input.tags;
            groups.insert(&scope.region, &name, group);
            Ok(Value::Null)
        })
    }

    fn delete_group(&self, state: &mut State, scope: &Scope, input: &Input) -> Result<Value, ApiError> {
        let name = input.group()?;
        self.change(state, |groups| groups.remove(&scope.region, &name))?;
        self.events(state, &scope.region, &name).map_err(|error| ApiError::internal(&error))?;
        if let Some(events) = state.events.remove(&(scope.region.clone(), name)) {
            events.delete().map_err(|error| ApiError::internal(&error))?;
        }
        Ok(Value::Null)
    }

    fn set_retention(&self, state: &mut State, scope: &Scope, input: &Input, is_set: bool) -> Result<Value, ApiError> {
        let name = input.group()?;
        let days = if is_set { Some(required("retentionInDays", input.retention_in_days)?) } else { None };
        days.map_or(Ok(()), check_retention)?;
        self.change(state, |groups| {
            groups.find_mut(&scope.region, &name)?.retention = days;
            Ok(Value::Null)
        })
    }

    fn describe_groups(&self, state: &mut State, scope: &Scope, input: &Input) -> Result<Value, ApiError> {
        let is_meant = |name: &str| {
            input.log_group_name_prefix.as_deref().is_none_or(|prefix| name.starts_with(prefix))
                && input.log_group_name_pattern.as_deref().is_none_or(|part| name.contains(part))
        };
        let names: Vec<String> =
            state.groups.in_region(&scope.region).map(|(name, _)| name.clone()).filter(|name| is_meant(name)).collect();
        let (page, token) = input.page(names, LIST_LIMIT)?;
        let mut described = Vec::new();
        for name in page {
            let events = self.events(state, &scope.region, &name).map_err(|error| ApiError::internal(&error))?;
            let bytes = events.bytes();
            described.push(state.groups.find(&scope.region, &name)?.to_json(scope, &name, bytes));
        }
        Ok(answer("logGroups", &described, token))
    }

    fn describe_streams(&self, state: &mut State, scope: &Scope, input: &Input) -> Result<Value, ApiError> {
        let group = input.group()?;
        // Of each stream: the times of its first and of its last line.
        let mut streams: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
        for event in self.lines(state, scope, &group)?.filter(|event| event.stream.starts_with(prefix)) {
            let times = streams.entry(event.stream.clone()).or_insert((event.timestamp, event.timestamp));
            times.1 = event.timestamp;
        }
        let mut streams: Vec<_> = streams.into_iter().collect();
        match input.order_by.as_deref() {
            None | Some("LogStreamName") => {}
            Some("LastEventTime") => streams.sort_by_key(|(_, (_, last))| *last),
            Some(other) => return Err(invalid(format!("orderBy cannot be {other:?}"))),
        }
        if input.descending {
            streams.reverse();
        }
        let (page, token) = input.page(streams, LIST_LIMIT)?;
        let arn = format!("arn:aws:logs:{}:{}:log-group:{group}", scope.region, scope.account);
        let described = page.into_iter().map(|(name, (first, last))| {
            json!({
                "logStreamName": name,
                "creationTime": first,
                "firstEventTimestamp": first,
                "lastEventTimestamp": last,
                "lastIngestionTime": last,
                "arn": format!("{arn}:log-stream:{name}"),
                "storedBytes": 0,
            })
        });
        Ok(answer("logStreams", &described.collect::<Vec<_>>(), token))
    }

    fn get_events(&self, state: &mut State, scope: &Scope, input: &Input) -> Result<Value, ApiError> {
        let group = input.group()?;
        let stream = required("logStreamName", input.log_stream_name.clone())?;
        let lines = self.lines(state, scope, &group)?.filter(|event| event.stream == stream);
        let lines: Vec<_> = lines.collect();
        if lines.is_empty() {
            let message = "The specified log stream does not exist.";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "ResourceNotFoundException", message));
        }
        // A token is a direction and the number of the line that it leads away from; the same one comes back at an end.
        let limit = input.limit(EVENT_LIMIT)?;
        let meant = lines.into_iter().filter(|event| input.is_in_time(event));
        let mut page: Vec<Event> = match input.next_token.as_deref().map(direction).transpose()? {
            None if input.start_from_head => meant.take(limit).collect(),
            None => last(meant, limit),
            Some((true, edge)) => meant.filter(|event| event.number >= edge).take(limit).collect(),
            Some((false, edge)) => last(meant.filter(|event| event.number < edge), limit),
        };
        page.sort_by_key(|event| event.number);
        let edges = match (page.first(), page.last(), &input.next_token) {
            (Some(first), Some(last), _) => (first.number, last.number + 1),
            (_, _, Some(token)) => direction(token).map(|(_, edge)| (edge, edge))?,
            _ => (0, 0),
        };
        let events: Vec<_> = page.iter().map(|event| shown(event, false)).collect();
        Ok(json!({
            "events": events,
            "nextForwardToken": format!("f/{:056}", edges.1),
            "nextBackwardToken": format!("b/{:056}", edges.0),
        }))
    }

    fn filter_events(&self, state: &mut State, scope: &Scope, input: &Input) -> Result<Value, ApiError> {
        let group = input.group()?;
        let pattern = Pattern::parse(input.filter_pattern.as_deref().unwrap_or_default())?;
        let is_of_stream = |event: &Event| {
            input.log_stream_names.as_ref().is_none_or(|names| names.contains(&event.stream))
                && input.log_stream_name_prefix.as_deref().is_none_or(|prefix| event.stream.starts_with(prefix))
        };
        let lines = self.lines(state, scope, &group)?;
        let meant: Vec<_> = lines
            .filter(|event| input.is_in_time(event) && is_of_stream(event) && pattern.matches(&event.message))
            .collect();
        let start = match input.next_token.as_deref() {
            None => 0,
            Some(token) => token.parse().map_err(|_| invalid("The specified nextToken is invalid."))?,
        };
        let mut rest = meant.into_iter().filter(|event| event.number >= start);
        let page: Vec<_> = rest.by_ref().take(input.limit(EVENT_LIMIT)?).collect();
        let token = rest.next().map(|event| event.number.to_string());
        let events: Vec<_> = page.iter().map(|event| shown(event, true)).collect();
        let mut answer = answer("events", &events, token);
        answer["searchedLogStreams"] = json!([]);
        Ok(answer)
    }

    /// The lines of a group that exists, oldest first.
    fn lines(
        &self,
        state: &mut State,
        scope: &Scope,
        group: &str,
    ) -> Result<impl DoubleEndedIterator<Item = Event>, ApiError> {
        state.groups.find(&scope.region, group)?;
        let events = self.events(state, &scope.region, group).map_err(|error| ApiError::internal(&error))?;
        Ok(events.iter().cloned().collect::<Vec<_>>().into_iter())
    }
}

impl Input {
    /// The group's name, given as such or in an ARN.
    fn group(&self) -> Result<String, ApiError> {
        let given = self.log_group_name.clone().or_else(|| self.log_group_identifier.clone());
        let given = required("logGroupName", given)?;
        let name = match given.split_once(":log-group:") {
            Some((_, name)) => name.strip_suffix(":*").unwrap_or(name).to_owned(),
            None => given,
        };
        check_name(&name).map(|()| name)
    }

    fn limit(&self, most: usize) -> Result<usize, ApiError> {
        match self.limit {
            None => Ok(most),
            Some(limit) if (1..=most).contains(&limit) => Ok(limit),
            Some(limit) => Err(invalid(format!("limit must be between 1 and {most}, and is {limit}"))),
        }
    }

    /// A page of a list; its token is the place where the next one begins.
    fn page<T>(&self, list: Vec<T>, most: usize) -> Result<(Vec<T>, Option<String>), ApiError> {
        let limit = self.limit(most)?;
        let start: usize = match self.next_token.as_deref() {
            None => 0,
            Some(token) => token.parse().map_err(|_| invalid("The specified nextToken is invalid."))?,
        };
        let token = (list.len().saturating_sub(start) > limit).then(|| (start + limit).to_string());
        Ok((list.into_iter().skip(start).take(limit).collect(), token))
    }

    /// The start is inclusive, the end is not.
    fn is_in_time(&self, event: &Event) -> bool {
        self.start_time.is_none_or(|start| event.timestamp >= start)
            && self.end_time.is_none_or(|end| event.timestamp < end)
    }
}

fn required<T>(name: &str, value: Option<T>) -> Result<T, ApiError> {
    value.ok_or_else(|| {
        invalid(format!(
            "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// Whether a token leads forward, and from which line.
fn direction(token: &str) -> Result<(bool, u64), ApiError> {
    let (direction, edge) = token.split_once('/').unwrap_or_default();
    match (direction, edge.parse()) {
        ("f", Ok(edge)) => Ok((true, edge)),
        ("b", Ok(edge)) => Ok((false, edge)),
        _ => Err(invalid("The specified nextToken is invalid.")),
    }
}

/// The last few, newest first.
fn last(events: impl Iterator<Item = Event>, limit: usize) -> Vec<Event> {
    let mut events: Vec<_> = events.collect();
    events.sort_by_key(|event| Reverse(event.number));
    events.truncate(limit);
    events
}

fn shown(event: &Event, among_streams: bool) -> Value {
    let mut fields = Map::new();
    if among_streams {
        fields.insert("logStreamName".into(), json!(event.stream));
        fields.insert("eventId".into(), json!(event.id()));
    }
    fields.insert("timestamp".into(), json!(event.timestamp));
    fields.insert("message".into(), json!(event.message));
    fields.insert("ingestionTime".into(), json!(event.timestamp));
    Value::Object(fields)
}

fn answer(name: &str, entries: &[Value], token: Option<String>) -> Value {
    let mut answer = json!({ name: entries });
    if let Some(token) = token {
        answer["nextToken"] = json!(token);
    }
    answer
}
