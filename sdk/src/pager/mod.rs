//! Cuts the records of a source system into responses: by count, by bytes and by time, and goes on exactly there.

mod run;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::time::Duration;

use futures_core::Stream;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::ConnectorError;
use crate::filter::{BetweenBounds, Condition};
use crate::invocation::InvocationContext;
use crate::pace::RESERVE;
use crate::page::JsonPage;
use crate::protocol::{EntityDefinition, QueryDataRequest, QueryDataResponse, Record};
use crate::record_buffer::{BYTE_BUDGET, RECORD_LIMIT};
use crate::selection::Selection;
use crate::token::TokenCodec;

/// Answers `QueryData` from pages or a stream of records.
///
/// The author says how to get records from a position on; the pager takes care of the rest:
/// - filter, projection and the filter's `LIMIT` are applied, unless the author says what the source system did;
/// - the response ends at `maxResults` records, at the [byte budget](Self::byte_budget), or when the time is short;
/// - what comes next is kept in a token of the author's own position type, and the next request goes on exactly there:
///   every record comes once and in order, wherever it is cut;
/// - a failure behind the first records ends the response instead of losing them, and comes back with the next request
///   if it lasts;
/// - a page that leads to itself, and a record that fits into no response, are clear errors; a circle of several pages is
///   not noticed.
///
/// The same position must lead to the same records within one run of a flow. A page size that depends on `maxResults`
/// therefore belongs into the position, as with [`pages_from`](Self::pages_from): the next request may name another. Where the source system's data moves while it
/// is read, let positions be keys ("after id 17"), not counts ("skip 17").
///
/// # Pages
/// ```
/// # use std::{collections::BTreeMap, sync::Arc, time::Duration};
/// # use appflow_sdk::{ConnectorError, InvocationContext, JsonPage, PageLayout, Pager, Secret, SourcePage, protocol::*};
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// # let context = InvocationContext::new("r", Duration::from_secs(30), Arc::new(BTreeMap::<String, Secret>::new()));
/// # let orders = EntityDefinition::new("orders", vec![FieldDefinition::new("id", FieldDataType::Integer).primary_key()]);
/// # let mut request = QueryDataRequest::new("orders", ConnectorContext::default());
/// # request.max_results = 3;
/// let response = Pager::new(&orders, &request, &context)?
///     .pages(async |page: Option<u32>| {
///         let number = page.unwrap_or(1);
///         // … GET /orders?page={number} …
///         let body = format!(r#"{{"data": [{{"id": {number}1}}, {{"id": {number}2}}]}}"#);
///         let page = JsonPage::read(body.into_bytes(), &PageLayout::new("/data"))
///             .map_err(|error| ConnectorError::unexpected_answer("GET /orders", &error))?;
///         Ok(SourcePage::json(page).then((number < 3).then_some(number + 1)))
///     })
///     .await?;
/// assert_eq!(response.records().len(), 3);
/// assert!(response.next_token.is_some(), "the first record of page 2 is done, the second is not");
/// # Ok::<(), appflow_sdk::ConnectorError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # A stream
/// Where the source system hands over record after record, as a database cursor does, each comes with the position
/// *behind* it: see [`stream`](Self::stream).
#[derive(Debug)]
pub struct Pager<'a> {
    definition: &'a EntityDefinition,
    request: &'a QueryDataRequest,
    context: &'a InvocationContext,
    selection: Selection,
    tokens: TokenCodec,
    byte_budget: usize,
    reserve: Duration,
}

/// Records of the source system, and where to go on.
#[derive(Debug)]
pub struct SourcePage<P> {
    records: Body,
    next: Result<Option<P>, ConnectorError>,
    next_count: Option<usize>,
}

#[derive(Debug)]
enum Body {
    Json(JsonPage),
    Records(Vec<Record>),
}

impl<P> SourcePage<P> {
    /// The records of a JSON answer; the last page, unless [`then`](Self::then) says otherwise.
    #[must_use]
    pub fn json(page: JsonPage) -> Self {
        Self { records: Body::Json(page), next: Ok(None), next_count: None }
    }

    /// Records that are text of their own; the last page, unless [`then`](Self::then) says otherwise.
    #[must_use]
    pub fn records(records: impl IntoIterator<Item = Record>) -> Self {
        Self { records: Body::Records(records.into_iter().collect()), next: Ok(None), next_count: None }
    }

    /// Says where the next page is; none is the end.
    #[must_use]
    pub fn then(mut self, next: Option<P>) -> Self {
        self.next = Ok(next);
        self
    }

    /// Says that there is a next page that cannot be reached. This page's records are returned first.
    #[must_use]
    pub fn then_fails(mut self, error: ConnectorError) -> Self {
        self.next = Err(error);
        self
    }

    /// Says how many records the next page will have at most. The pager then leaves a page alone that it would have to
    /// cut, and so to ask for twice.
    #[must_use]
    pub fn next_count(mut self, count: usize) -> Self {
        self.next_count = Some(count);
        self
    }

    fn texts(&self) -> Vec<&str> {
        match &self.records {
            Body::Json(page) => page.records().collect(),
            Body::Records(records) => records.iter().map(Record::get).collect(),
        }
    }
}

/// What a token of the pager holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bookmark<P> {
    /// The page; none is the first. In a list of its own, so that a position that is null is not taken for none.
    #[serde(rename = "p")]
    position: Option<(P,)>,
    /// How many of its records are done.
    #[serde(rename = "i", default)]
    done: usize,
    /// How many records the filter's LIMIT still allows.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    remaining: Option<u64>,
}

impl<'a> Pager<'a> {
    /// For a query of an entity. The whole filter is applied here, until [`pushed`](Self::pushed) says otherwise.
    ///
    /// # Errors
    /// `InvalidArgument` when the filter cannot be read, or filter or fields do not fit the entity.
    pub fn new(
        definition: &'a EntityDefinition,
        request: &'a QueryDataRequest,
        context: &'a InvocationContext,
    ) -> Result<Self, ConnectorError> {
        Ok(Self {
            definition,
            request,
            context,
            selection: Selection::for_query(definition, request)?,
            tokens: TokenCodec::for_query(request),
            byte_budget: BYTE_BUDGET,
            reserve: RESERVE,
        })
    }

    /// Says that the source system applies the filter but for this remainder, which is applied here; none means that it
    /// does everything. The filter's `LIMIT` is counted here in any case.
    ///
    /// # Errors
    /// `InvalidArgument` when the remainder does not fit the entity.
    pub fn pushed(mut self, remainder: Option<&Condition>) -> Result<Self, ConnectorError> {
        let selected = self.request.selected_field_names.as_deref();
        self.selection = self.selection.with_condition(self.definition, selected, remainder)?;
        Ok(self)
    }

    /// Says where a field stands in the source system's records, as [`Selection::locate`].
    #[must_use]
    pub fn locate(mut self, field: &str, pointer: &str) -> Self {
        self.selection = self.selection.locate(field, pointer);
        self
    }

    /// Passes records on as they come when the request selects no fields, unknown members and nulls included. By default a
    /// record is reduced to the fields of the entity in any case.
    #[must_use]
    pub fn whole_records(mut self) -> Self {
        self.selection = self.selection.whole_records();
        self
    }

    /// Sets whether the bounds of a `between` belong to the range, where it is applied here.
    #[must_use]
    pub fn bounds(mut self, bounds: BetweenBounds) -> Self {
        self.selection = self.selection.with_bounds(bounds);
        self
    }

    /// Sets the version of the position's type, as [`TokenCodec::version`].
    #[must_use]
    pub fn token_version(mut self, version: u16) -> Self {
        self.tokens = self.tokens.version(version);
        self
    }

    /// Sets how many bytes of records a response has at most, as they are written in it; [`BYTE_BUDGET`] by default, of the
    /// 6 MB that Lambda returns.
    #[must_use]
    pub fn byte_budget(mut self, bytes: usize) -> Self {
        self.byte_budget = bytes.min(RECORD_LIMIT);
        self
    }

    /// Sets how much time must be left to ask for another page, beside twice the slowest page so far; 2 seconds by
    /// default.
    #[must_use]
    pub fn reserve(mut self, reserve: Duration) -> Self {
        self.reserve = reserve;
        self
    }

    /// Answers from pages: `fetch` gets the position of a page, none for the first, and returns its records and where the
    /// next page is.
    ///
    /// A page that is still on its way when the time is short is dropped and asked for again by the next request.
    ///
    /// # Errors
    /// `InvalidArgument` when the request's token is not one of this query. `ServerError` when a page leads to itself, the
    /// next position does not fit into a token, or a record fits into no response. What `fetch` fails with, if there is
    /// nothing to return before.
    pub async fn pages<P, F, C>(self, fetch: C) -> Result<QueryDataResponse, ConnectorError>
    where
        P: Serialize + DeserializeOwned + Clone + PartialEq,
        C: FnMut(Option<P>) -> F,
        F: Future<Output = Result<SourcePage<P>, ConnectorError>>,
    {
        run::pages(self, None, fetch).await
    }

    /// As [`pages`](Self::pages), from a position of the first page that depends on the request, as a page size does. It is
    /// kept in the token like any other, so that a later request with another `maxResults` goes on in the same pages.
    ///
    /// # Errors
    /// As [`pages`](Self::pages).
    pub async fn pages_from<P, F, C>(self, start: P, mut fetch: C) -> Result<QueryDataResponse, ConnectorError>
    where
        P: Serialize + DeserializeOwned + Clone + PartialEq,
        C: FnMut(P) -> F,
        F: Future<Output = Result<SourcePage<P>, ConnectorError>>,
    {
        let otherwise = start.clone();
        run::pages(self, Some(start), move |at| fetch(at.unwrap_or_else(|| otherwise.clone()))).await
    }

    /// Answers from one page that holds all the records there are.
    ///
    /// # Errors
    /// As [`pages`](Self::pages).
    pub async fn one_page(self, page: JsonPage) -> Result<QueryDataResponse, ConnectorError> {
        let mut page = Some(SourcePage::<()>::json(page));
        // The one page leads nowhere, so it is asked for once.
        self.pages(|_: Option<()>| std::future::ready(Ok(page.take().unwrap_or_else(|| SourcePage::records([]))))).await
    }

    /// Answers from a stream: `open` gets the position behind which to go on, none for the beginning, and returns the
    /// records from there on, each with the position behind it, which no other record may share.
    ///
    /// ```
    /// # use std::{collections::BTreeMap, pin::Pin, sync::Arc, task::Poll, time::Duration};
    /// # use appflow_sdk::{InvocationContext, Pager, Secret, protocol::*};
    /// # use futures_core::Stream;
    /// # fn iterate<I: Iterator + Unpin>(mut items: I) -> impl Stream<Item = I::Item> {
    /// #     struct Ready<I>(I);
    /// #     impl<I: Iterator + Unpin> Stream for Ready<I> {
    /// #         type Item = I::Item;
    /// #         fn poll_next(mut self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<Option<I::Item>> { Poll::Ready(self.0.next()) }
    /// #     }
    /// #     Ready(items)
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # let context = InvocationContext::new("r", Duration::from_secs(30), Arc::new(BTreeMap::<String, Secret>::new()));
    /// # let orders = EntityDefinition::new("orders", vec![FieldDefinition::new("id", FieldDataType::Integer).primary_key()]);
    /// # let request = QueryDataRequest::new("orders", ConnectorContext::default());
    /// let response = Pager::new(&orders, &request, &context)?
    ///     .stream(|after: Option<i64>| {
    ///         // … SELECT … WHERE id > $1 ORDER BY id …
    ///         let rows = after.unwrap_or(0) + 1..=3;
    ///         iterate(rows.map(|id| Ok((Record::parse(&format!(r#"{{"id":{id}}}"#)).unwrap(), id))))
    ///     })
    ///     .await?;
    /// assert_eq!(response.records().len(), 3);
    /// # Ok::<(), appflow_sdk::ConnectorError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`pages`](Self::pages).
    pub async fn stream<P, S, O>(self, open: O) -> Result<QueryDataResponse, ConnectorError>
    where
        P: Serialize + DeserializeOwned + Clone + PartialEq,
        O: FnOnce(Option<P>) -> S,
        S: Stream<Item = Result<(Record, P), ConnectorError>>,
    {
        run::stream(self, open).await
    }
}
