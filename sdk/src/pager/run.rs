//! The loops of the pager.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};

use futures_core::Stream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use super::{Bookmark, Pager, SourcePage};
use crate::error::ConnectorError;
use crate::invocation::InvocationContext;
use crate::pace::Pace;
use crate::protocol::{EntityDefinition, QueryDataResponse, Record};
use crate::record_buffer::{RECORD_LIMIT, RecordBuffer, written_length};
use crate::selection::Selection;
use crate::token::TokenCodec;

/// Longest key of a record that is quoted in a message, in characters.
const KEY_LIMIT: usize = 200;

/// What a response is filled with, and when it is full.
struct Filling<'a> {
    definition: &'a EntityDefinition,
    context: &'a InvocationContext,
    selection: Selection,
    tokens: TokenCodec,
    buffer: RecordBuffer,
    /// How many records the response may have.
    most: usize,
    /// How many records the filter's LIMIT allows from here on.
    remaining: Option<u64>,
    pace: Pace,
}

/// Whether there is room for more.
enum Room {
    Left,
    /// The record that was offered is not in the response.
    Full,
}

/// Reads the token, or starts at the beginning. Nothing is left to do when the LIMIT is reached.
fn begin<P: DeserializeOwned>(pager: Pager<'_>) -> Result<(Filling<'_>, Bookmark<P>), ConnectorError> {
    let Pager { definition, request, context, selection, tokens, byte_budget, reserve } = pager;
    let bookmark = match request.next_token.as_deref().filter(|token| !token.is_empty()) {
        Some(token) => tokens.decode(token)?,
        None => Bookmark { position: None, done: 0, remaining: selection.limit() },
    };
    let most = u64::try_from(request.max_results).unwrap_or(0).max(1);
    let most = bookmark.remaining.map_or(most, |remaining| most.min(remaining));
    let filling = Filling {
        definition,
        context,
        selection,
        tokens,
        buffer: RecordBuffer::new(byte_budget),
        most: usize::try_from(most).unwrap_or(usize::MAX),
        remaining: bookmark.remaining,
        pace: Pace::new(reserve),
    };
    Ok((filling, bookmark))
}

impl Filling<'_> {
    /// Takes a record of the source, if it is wanted and there is room.
    fn offer(&mut self, record: &str) -> Result<Room, ConnectorError> {
        if self.buffer.len() >= self.most {
            return Ok(Room::Full);
        }
        let Some(record) = self.selection.apply_text(record)? else { return Ok(Room::Left) };
        match self.buffer.push(record) {
            Ok(()) => Ok(Room::Left),
            Err(_) if !self.buffer.is_empty() => Ok(Room::Full),
            Err(record) => self.alone(record),
        }
    }

    /// A record beyond the budget has a response of its own, if one can hold it.
    fn alone(&mut self, record: Record) -> Result<Room, ConnectorError> {
        self.most = 1;
        match self.buffer.push_alone(record) {
            Ok(()) => Ok(Room::Left),
            Err(record) => Err(ConnectorError::server_error(format!(
                "the record {} of {:?} has {} bytes as it is written in a response, and a response holds {RECORD_LIMIT}; \
                 select fewer fields",
                key_of(self.definition, &record),
                self.definition.entity.entity_identifier,
                written_length(record.get()),
            ))),
        }
    }

    /// The response; without a position it is the last.
    fn end<P: Serialize>(self, next: Option<Bookmark<P>>) -> Result<QueryDataResponse, ConnectorError> {
        let returned = u64::try_from(self.buffer.len()).unwrap_or(u64::MAX);
        let remaining = self.remaining.map(|remaining| remaining.saturating_sub(returned));
        let next = next.filter(|_| remaining != Some(0)).map(|next| Bookmark { remaining, ..next });
        let token = next.map(|next| self.tokens.encode(&next)).transpose()?;
        Ok(QueryDataResponse::new(self.buffer.into_records(), token))
    }

    /// What a failure makes of the response: it fails if nothing was done before. Else what was done is returned, and the
    /// next request meets the failure first, if it lasts.
    fn cut_short<P: Serialize>(
        self,
        error: ConnectorError,
        has_progressed: bool,
        next: Bookmark<P>,
    ) -> Result<QueryDataResponse, ConnectorError> {
        if !has_progressed {
            return Err(error);
        }
        let shown = error.to_string();
        tracing::warn!(error = %self.context.scrub(&shown), "the query is cut short by a failure; the records before it are returned");
        // Where no token can lead on, the failure itself says more than that.
        self.end(Some(next)).map_err(|_| error)
    }
}

pub(super) async fn pages<P, F, C>(
    pager: Pager<'_>,
    start: Option<P>,
    mut fetch: C,
) -> Result<QueryDataResponse, ConnectorError>
where
    P: Serialize + DeserializeOwned + Clone + PartialEq,
    C: FnMut(Option<P>) -> F,
    F: Future<Output = Result<SourcePage<P>, ConnectorError>>,
{
    let (mut filling, mut at) = begin::<P>(pager)?;
    if filling.most == 0 {
        return filling.end::<P>(None);
    }
    at.position = at.position.or(start.map(|start| (start,)));
    let mut is_first = true;
    loop {
        let started = Instant::now();
        let fetched = if is_first {
            fetch(position(&at)).await
        } else {
            match timeout_at(filling.pace.latest(filling.context), fetch(position(&at))).await {
                Ok(fetched) => fetched,
                Err(_) => return filling.end(Some(at)),
            }
        };
        let page = match fetched {
            Ok(page) => page,
            Err(error) => return filling.cut_short(error, !is_first, at),
        };
        let records = page.texts();
        for (index, record) in records.iter().enumerate().skip(at.done) {
            let here = || Bookmark { done: index, ..at.clone() };
            match filling.offer(record) {
                Ok(Room::Left) => {}
                Ok(Room::Full) => return filling.end(Some(here())),
                Err(error) => {
                    let has_progressed = !is_first || !filling.buffer.is_empty();
                    return filling.cut_short(error, has_progressed, here());
                }
            }
        }
        let done = records.len();
        let following = match page.next {
            Ok(Some(next)) if is_at(&at, &next) => Err(ConnectorError::server_error(
                "the source system leads from a page to that page itself; reading on would never end",
            )),
            following => following,
        };
        let next = match following {
            Ok(Some(next)) => next,
            Ok(None) => return filling.end::<P>(None),
            Err(error) => {
                // The page itself is done: the next request meets the failure behind its last record.
                let has_progressed = !is_first || !filling.buffer.is_empty();
                return filling.cut_short(error, has_progressed, Bookmark { done, ..at });
            }
        };
        at = Bookmark { position: Some((next,)), done: 0, remaining: None };
        is_first = false;
        filling.pace.took(started.elapsed());
        let is_full = filling.buffer.len() >= filling.most;
        if is_full || filling.pace.is_late(filling.context) || would_be_cut(&filling, page.next_count) {
            return filling.end(Some(at));
        }
    }
}

fn position<P: Clone>(at: &Bookmark<P>) -> Option<P> {
    at.position.clone().map(|(position,)| position)
}

fn is_at<P: PartialEq>(at: &Bookmark<P>, position: &P) -> bool {
    at.position.as_ref().is_some_and(|(here,)| here == position)
}

/// Whether the next page would be cut, and so be asked for twice. With a filter here nobody knows.
fn would_be_cut(filling: &Filling<'_>, next_count: Option<usize>) -> bool {
    let count = filling.buffer.len();
    let next_count = next_count.unwrap_or(0);
    !filling.selection.has_filter() && count > 0 && count.saturating_add(next_count) > filling.most
}

pub(super) async fn stream<P, S, O>(pager: Pager<'_>, open: O) -> Result<QueryDataResponse, ConnectorError>
where
    P: Serialize + DeserializeOwned + Clone + PartialEq,
    O: FnOnce(Option<P>) -> S,
    S: Stream<Item = Result<(Record, P), ConnectorError>>,
{
    let (mut filling, mut at) = begin::<P>(pager)?;
    if filling.most == 0 {
        return filling.end::<P>(None);
    }
    let mut records = pin!(open(position(&at)));
    let mut has_progressed = false;
    loop {
        let next = if has_progressed {
            match timeout_at(filling.pace.latest(filling.context), next(records.as_mut())).await {
                Ok(next) => next,
                Err(_) => return filling.end(Some(at)),
            }
        } else {
            next(records.as_mut()).await
        };
        let (record, behind) = match next {
            None => return filling.end::<P>(None),
            Some(Ok(next)) => next,
            Some(Err(error)) => return filling.cut_short(error, has_progressed, at),
        };
        if is_at(&at, &behind) {
            // No token can lead between the two, so what was read so far cannot be returned either.
            return Err(ConnectorError::server_error(
                "a record of the stream has the position of the one before it; going on there would lose or repeat records",
            ));
        }
        match filling.offer(record.get()) {
            Ok(Room::Left) => {}
            Ok(Room::Full) => return filling.end(Some(at)),
            Err(error) => return filling.cut_short(error, has_progressed, at),
        }
        at.position = Some((behind,));
        has_progressed = true;
        // The end of the stream is not known yet, so a full response looks one record ahead; a late one does not.
        if filling.pace.is_late(filling.context) {
            return filling.end(Some(at));
        }
    }
}

async fn next<S: Stream>(mut stream: Pin<&mut S>) -> Option<S::Item> {
    poll_fn(|task| stream.as_mut().poll_next(task)).await
}

/// The values of a record's primary key, for messages.
fn key_of(definition: &EntityDefinition, record: &Record) -> String {
    let keys = definition.fields.iter().filter(|field| field.is_primary_key == Some(true));
    let names: Vec<String> = keys.map(|field| field.field_name.clone()).collect();
    let key = match Selection::new(definition, Some(&names), None) {
        Ok(selection) if !names.is_empty() => selection.apply_text(record.get()).ok().flatten(),
        Ok(_) | Err(_) => None,
    };
    match key {
        Some(key) if key.get() == "{}" => "without a key among its fields".to_owned(),
        Some(key) if key.get().chars().count() > KEY_LIMIT => {
            format!("{}…", key.get().chars().take(KEY_LIMIT).collect::<String>())
        }
        Some(key) => key.get().to_owned(),
        None => "without a primary key".to_owned(),
    }
}
