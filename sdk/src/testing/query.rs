//! A query, page by page or to its end.

use std::time::{Duration, Instant};

use super::appflow::AppFlow;
use super::calls::mixed_up;
use super::failure::CallError;
use super::records::Records;
use super::tokens::Tokens;
use crate::protocol::{DEFAULT_MAX_RESULTS, Operation, QueryDataRequest, Request, Response};

/// A query for the records of an entity; [`AppFlow::query`] begins one.
#[derive(Debug, Clone)]
#[must_use = "a query asks nothing until page, pages or all is awaited"]
pub struct Query<'a> {
    appflow: &'a AppFlow,
    entity: String,
    fields: Option<Vec<String>>,
    filter: Option<String>,
    page_size: i64,
    limit: Option<usize>,
    token: Option<String>,
    with_definition: bool,
}

impl<'a> Query<'a> {
    pub(super) fn new(appflow: &'a AppFlow, entity: String) -> Self {
        Self {
            appflow,
            entity,
            fields: None,
            filter: None,
            page_size: DEFAULT_MAX_RESULTS,
            limit: None,
            token: None,
            with_definition: true,
        }
    }

    /// Selects fields; all otherwise.
    pub fn fields(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.fields = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the filter, in AppFlow's language.
    pub fn filter(mut self, expression: impl Into<String>) -> Self {
        self.filter = Some(expression.into());
        self
    }

    /// Asks for at most so many records to a page; 1000 otherwise.
    pub fn page_size(mut self, records: i64) -> Self {
        self.page_size = records;
        self
    }

    /// Stops asking for pages once there are so many records, and drops those beyond. The connector is not told.
    pub fn limit(mut self, records: usize) -> Self {
        self.limit = Some(records);
        self
    }

    /// Begins where a page ended.
    pub fn from_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sends no entity definition along, and so does not ask for one.
    pub fn without_definition(mut self) -> Self {
        self.with_definition = false;
        self
    }

    async fn request(&self) -> Result<QueryDataRequest, CallError> {
        let mut context = self.appflow.connector_context();
        if self.with_definition {
            context.entity_definition = Some(self.appflow.definition(&self.entity).await?);
        }
        let mut request = QueryDataRequest::new(self.entity.clone(), context);
        request.selected_field_names.clone_from(&self.fields);
        request.filter_expression.clone_from(&self.filter);
        request.max_results = self.page_size;
        request.next_token.clone_from(&self.token);
        Ok(request)
    }

    /// One page, and the token of the next.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn page(&self) -> Result<Page, CallError> {
        self.ask(self.request().await?).await
    }

    async fn ask(&self, request: QueryDataRequest) -> Result<Page, CallError> {
        let operation = Operation::QueryData;
        let request = serde_json::to_vec(&Request::from(request))
            .map_err(|error| CallError::unusable(operation, format!("the request cannot be written: {error}")))?;
        let started = Instant::now();
        let answer = self.appflow.invoke(Some(operation), &request).await?;
        let took = started.elapsed();
        let response =
            Response::decode(operation, &answer).map_err(|error| CallError::unreadable(operation, &error))?;
        if let Err(details) = response.outcome() {
            return Err(CallError::declared(operation, details));
        }
        let Response::QueryData(response) = response else { return Err(mixed_up(operation, &response)) };
        let records = response
            .records
            .ok_or_else(|| CallError::unusable(operation, "isSuccess is true, but records is missing"))?;
        Ok(Page {
            records: Records::new(self.entity.clone(), records),
            next_token: response.next_token,
            bytes: answer.len(),
            took,
        })
    }

    /// Every page, from token to token.
    ///
    /// # Errors
    /// [`CallError`]; endless when a token comes a second time, or after 10 000 pages.
    pub async fn pages(&self) -> Result<Vec<Page>, CallError> {
        let mut request = self.request().await?;
        let mut pages: Vec<Page> = Vec::new();
        let mut tokens = Tokens::default();
        let mut read = 0;
        loop {
            let page = self.ask(request.clone()).await?;
            read += page.records.len();
            let next = page.next_token.clone();
            pages.push(page);
            if self.limit.is_some_and(|limit| read >= limit) {
                return Ok(pages);
            }
            request.next_token = tokens.follow(Operation::QueryData, next)?;
            if request.next_token.is_none() {
                return Ok(pages);
            }
        }
    }

    /// Every record.
    ///
    /// # Errors
    /// As [`pages`](Self::pages).
    pub async fn all(&self) -> Result<Records, CallError> {
        let pages = self.pages().await?;
        let mut statistics = Statistics { pages: pages.len(), ..Statistics::default() };
        let mut records = Vec::new();
        for page in pages {
            statistics.bytes += page.bytes;
            statistics.largest_page_bytes = statistics.largest_page_bytes.max(page.bytes);
            statistics.largest_page_records = statistics.largest_page_records.max(page.records.len());
            statistics.slowest_page = statistics.slowest_page.max(page.took);
            records.extend(page.records.into_vec());
        }
        records.truncate(self.limit.unwrap_or(usize::MAX));
        statistics.records = records.len();
        Ok(Records::new(self.entity.clone(), records).with_statistics(statistics))
    }
}

/// One page of a query.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page {
    /// Its records.
    pub records: Records,
    /// Where the next page begins, as the connector said it.
    pub next_token: Option<String>,
    /// The size of the answer, in bytes.
    pub bytes: usize,
    /// How long it took.
    pub took: Duration,
}

/// What a query to its end was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// How many pages there were.
    pub pages: usize,
    /// How many records.
    pub records: usize,
    /// The size of all answers, in bytes. AppFlow takes at most 6 MB at a time.
    pub bytes: usize,
    /// The size of the largest answer, in bytes.
    pub largest_page_bytes: usize,
    /// The most records in one answer.
    pub largest_page_records: usize,
    /// The longest that one answer took. AppFlow waits 30 s.
    pub slowest_page: Duration,
}
