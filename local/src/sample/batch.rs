//! `POST /orders/batch`: many writes in one request, each with a result of its own.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::change::{Changes, Target, given_id};
use super::member::Given;
use super::order::Order;
use super::rejection::Rejection;
use super::repetition::Answer;
use super::store::{Records, Store};
use super::write::{Body, whole};

/// Most records of one request.
const MOST_RECORDS: usize = 100;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Operation {
    Insert,
    Update,
    Upsert,
    Delete,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch<'a> {
    operation: Operation,
    #[serde(default)]
    all_or_none: bool,
    #[serde(borrow)]
    records: Vec<&'a RawValue>,
}

/// What became of one record: its id as JSON, as far as it is known, and whether it is new or why it failed.
struct Attempt {
    id: Option<String>,
    result: Result<bool, Rejection>,
}

/// `POST /orders/batch`
pub(super) async fn orders(State(store): State<Store>, headers: HeaderMap, body: Body) -> Result<Response, Rejection> {
    let body = whole(body)?;
    store.lock().once("orders/batch", &headers, body, write)
}

fn write(records: &mut Records, body: &[u8]) -> Result<Answer, Rejection> {
    let batch: Batch<'_> = serde_json::from_slice(body).map_err(|error| {
        Rejection::bad_request(format!("the body must be an object of operation, all_or_none and records: {error}"))
    })?;
    if batch.records.len() > MOST_RECORDS {
        let message = format!("a batch has at most {MOST_RECORDS} records, this one has {}", batch.records.len());
        return Err(Rejection::new(StatusCode::PAYLOAD_TOO_LARGE, message));
    }
    let before = records.orders.clone();
    let now = Timestamp::now();
    let mut attempts: Vec<_> =
        batch.records.iter().map(|record| attempt(records, batch.operation, record, now)).collect();
    if batch.all_or_none && attempts.iter().any(|attempt| attempt.result.is_err()) {
        records.orders = before;
        for attempt in attempts.iter_mut().filter(|attempt| attempt.result.is_ok()) {
            // The id of a new record leads nowhere any more.
            attempt.id = attempt.id.take().filter(|_| !matches!(batch.operation, Operation::Insert));
            attempt.result = Err(Rejection::rolled_back());
        }
    }
    let results: Vec<_> = attempts.iter().enumerate().map(|(index, attempt)| attempt.json(index)).collect();
    Ok(Answer { status: StatusCode::OK, body: json!({ "results": results }).to_string() })
}

fn attempt(records: &mut Records, operation: Operation, record: &RawValue, now: Timestamp) -> Attempt {
    let mut id = None;
    let result = one(records, operation, record, now, &mut id);
    Attempt { id, result }
}

fn one(
    records: &mut Records,
    operation: Operation,
    record: &RawValue,
    now: Timestamp,
    id: &mut Option<String>,
) -> Result<bool, Rejection> {
    let given: Given<'_> = serde_json::from_str(record.get())
        .map_err(|_| Rejection::bad_request("a record of a batch must be a JSON object"))?;
    let number = given_id::<Order>(&given)?;
    *id = number.map(|number| number.to_string());
    let named = || number.ok_or_else(|| Rejection::invalid("id", "id is missing"));
    let target = match operation {
        Operation::Insert if number.is_some() => {
            return Err(Rejection::invalid("id", "id is set by the API and cannot be written"));
        }
        Operation::Insert => Target::New,
        Operation::Update => Target::Existing(named()?),
        Operation::Upsert => Target::Either(named()?),
        // Whatever else a record to delete says does not matter.
        Operation::Delete => return records.delete::<Order>(named()?).map(|()| false),
    };
    let changes = Changes::read::<Order>(&given)?;
    let written = records.save::<Order>(target, &changes, now)?;
    *id = Some(written.id);
    Ok(written.is_new)
}

impl Attempt {
    fn json(&self, index: usize) -> Value {
        let mut json = json!({"index": index, "ok": self.result.is_ok()});
        if let Some(id) = self.id.as_deref().and_then(|id| serde_json::from_str::<Value>(id).ok()) {
            json["id"] = id;
        }
        match &self.result {
            Ok(is_new) => json["created"] = (*is_new).into(),
            Err(rejection) => json["error"] = rejection.error(),
        }
        json
    }
}
