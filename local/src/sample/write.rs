//! Writes of single records: `POST`, `PATCH`, `PUT` and `DELETE`.

use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use super::change::{Changes, Target, Written, given_id, malformed_id};
use super::member::Given;
use super::rejection::Rejection;
use super::repetition::Answer;
use super::store::Store;
use super::table::Entity;

/// Largest body, in bytes.
pub(super) const LARGEST_BODY: usize = 1024 * 1024;

/// A body within the limit, or why there is none.
pub(super) type Body = Result<Bytes, BytesRejection>;

/// `POST /contacts`: a new record.
pub(super) async fn create<E: Entity>(
    State(store): State<Store>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Rejection> {
    let body = whole(body)?;
    store.lock().once(E::NAME, &headers, body, |records, body| {
        let given = object(body)?;
        if given.contains_key("id") {
            return Err(Rejection::invalid("id", "id is set by the API and cannot be written"));
        }
        let changes = Changes::read::<E>(&given)?;
        records.save::<E>(Target::New, &changes, Timestamp::now()).map(answer)
    })
}

/// `PATCH /contacts/{id}`: changes the members that are given.
pub(super) async fn update<E: Entity>(
    State(store): State<Store>,
    Path(id): Path<String>,
    body: Body,
) -> Result<Response, Rejection> {
    let number = E::number(&id).ok_or_else(|| Rejection::not_found(E::NAME, &id))?;
    save::<E>(&store, Target::Existing(number), number, body)
}

/// `PUT /contacts/{id}`: changes the members that are given, or makes the record.
pub(super) async fn upsert<E: Entity>(
    State(store): State<Store>,
    Path(id): Path<String>,
    body: Body,
) -> Result<Response, Rejection> {
    let number = E::number(&id).ok_or_else(malformed_id::<E>)?;
    save::<E>(&store, Target::Either(number), number, body)
}

/// `DELETE /contacts/{id}`
pub(super) async fn delete<E: Entity>(
    State(store): State<Store>,
    Path(id): Path<String>,
) -> Result<StatusCode, Rejection> {
    let number = E::number(&id).ok_or_else(|| Rejection::not_found(E::NAME, &id))?;
    store.lock().records.delete::<E>(number)?;
    Ok(StatusCode::NO_CONTENT)
}

fn save<E: Entity>(store: &Store, target: Target, number: u32, body: Body) -> Result<Response, Rejection> {
    let body = whole(body)?;
    let given = object(&body)?;
    if given_id::<E>(&given)?.is_some_and(|given| given != number) {
        return Err(Rejection::invalid("id", "the id in the body is not the one in the path"));
    }
    let changes = Changes::read::<E>(&given)?;
    let written = store.lock().records.save::<E>(target, &changes, Timestamp::now())?;
    Ok(answer(written).into_response())
}

fn answer(written: Written) -> Answer {
    let status = if written.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Answer { status, body: written.json }
}

/// The body, if all of it came and it is not too large.
pub(super) fn whole(body: Body) -> Result<Bytes, Rejection> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("the body has more than {LARGEST_BODY} bytes");
            Rejection::new(StatusCode::PAYLOAD_TOO_LARGE, message)
        }
        _ => Rejection::bad_request("the body broke off"),
    })
}

fn object(body: &[u8]) -> Result<Given<'_>, Rejection> {
    serde_json::from_slice(body)
        .map_err(|error| Rejection::bad_request(format!("the body must be a JSON object: {error}")))
}
