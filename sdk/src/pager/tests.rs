//! Every record once and in order, wherever a response is cut.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use proptest::prelude::*;
use tokio::time::sleep;

use super::*;
use crate::page::PageLayout;
use crate::protocol::{ConnectorContext, FieldDataType, FieldDefinition};
use crate::record_buffer::written_length;
use crate::secret::Secret;
use crate::token::TOKEN_LIMIT;

fn definition() -> EntityDefinition {
    let id = FieldDefinition::new("id", FieldDataType::Integer).primary_key();
    EntityDefinition::new("things", vec![id, FieldDefinition::new("text", FieldDataType::String)])
}

/// A record whose text takes about so many bytes, quotes among them.
fn record(id: usize, bytes: usize) -> String {
    format!(r#"{{"id":{id},"text":"{}"}}"#, "a\\\"".repeat(bytes / 3))
}

/// A source of records that is read in pages, some of which fail, and takes its time.
#[derive(Debug, Clone)]
struct Source {
    /// The size of each record.
    sizes: Vec<usize>,
    page_size: usize,
    /// How long a page takes.
    pace: Duration,
    /// The calls, counted from 1, that fail.
    failing: Vec<usize>,
}

impl Source {
    fn page(&self, number: usize) -> SourcePage<usize> {
        let start = number * self.page_size;
        let end = (start + self.page_size).min(self.sizes.len());
        let records: Vec<_> = (start..end).map(|id| record(id, self.sizes[id])).collect();
        let body = format!("[{}]", records.join(","));
        let page = JsonPage::read(body.into_bytes(), &PageLayout::new("")).unwrap();
        SourcePage::json(page).then((end < self.sizes.len()).then_some(number + 1)).next_count(self.page_size)
    }
}

fn context(limit: Duration) -> InvocationContext {
    InvocationContext::new("r", limit, Arc::new(BTreeMap::<String, Secret>::new()))
}

fn id_of(record: &Record) -> usize {
    let record: serde_json::Value = serde_json::from_str(record.get()).unwrap();
    usize::try_from(record["id"].as_u64().unwrap()).unwrap()
}

/// How a query is asked.
#[derive(Debug, Clone)]
struct Asking {
    filter: String,
    most: i64,
    budget: usize,
    limit: Duration,
}

/// Asks on as AppFlow does. Returns the ids and how many responses they came in.
async fn drain(source: &Source, asking: &Asking) -> (Vec<usize>, usize) {
    let definition = definition();
    let mut request = QueryDataRequest::new("things", ConnectorContext::default());
    request.filter_expression = (!asking.filter.is_empty()).then(|| asking.filter.clone());
    request.max_results = asking.most;
    let (mut ids, mut responses, mut calls) = (Vec::new(), 0, 0);
    loop {
        let context = context(asking.limit);
        let pager = Pager::new(&definition, &request, &context).unwrap().byte_budget(asking.budget);
        let answered = pager
            .pages(|number: Option<usize>| {
                calls += 1;
                let fails = source.failing.contains(&calls);
                async move {
                    sleep(source.pace).await;
                    if fails {
                        return Err(ConnectorError::service_unavailable("busy"));
                    }
                    Ok(source.page(number.unwrap_or(0)))
                }
            })
            .await;
        // A failure is asked again, as AppFlow's user would.
        let Ok(response) = answered else { continue };
        responses += 1;
        assert!(responses < 5000, "the query does not end");
        let bytes: usize = response.records().iter().map(|record| written_length(record.get())).sum();
        assert!(response.records().len() <= usize::try_from(asking.most.max(1)).unwrap());
        assert!(bytes <= asking.budget || response.records().len() == 1, "{bytes}");
        ids.extend(response.records().iter().map(id_of));
        let Some(token) = response.next_token else { return (ids, responses) };
        assert!(token.len() <= TOKEN_LIMIT && !token.contains(char::is_whitespace));
        request.next_token = Some(token);
    }
}

fn paused<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(test)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_record_comes_once_and_in_order(
        sizes in prop::collection::vec(prop_oneof![Just(0_usize), 0..300_usize, Just(2000)], 0..60),
        page_size in 1..20_usize,
        most in prop_oneof![1..8_i64, Just(1000), Just(0), Just(-5)],
        budget in prop_oneof![Just(1_usize), 50..3000_usize, Just(BYTE_BUDGET)],
        pace in prop_oneof![Just(0_u64), 1..4000_u64],
        limit in prop_oneof![Just(30_000_u64), 100..9000_u64],
        failing in prop::collection::vec(1..40_usize, 0..4),
        threshold in prop::option::of(0..60_usize),
        only in prop::option::of(1..30_usize),
    ) {
        let filter = threshold.map(|threshold| format!("id >= {threshold}"));
        let count = only.map(|only| format!("limit {only}"));
        let filter = [filter, count].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let expected: Vec<_> = (threshold.unwrap_or(0)..sizes.len()).take(only.unwrap_or(usize::MAX)).collect();
        let source = Source { sizes, page_size, pace: Duration::from_millis(pace), failing };
        let asking = Asking { filter, most, budget, limit: Duration::from_millis(limit) };
        prop_assert_eq!(paused(drain(&source, &asking)).0, expected);
    }

    #[test]
    fn a_stream_goes_on_behind_the_last_record(
        count in 0..60_usize,
        most in 1..9_i64,
        pace in prop_oneof![Just(0_u64), 1..3000_u64],
        failing in prop::option::of(0..60_usize),
    ) {
        prop_assert_eq!(paused(drain_stream(count, most, Duration::from_millis(pace), failing)), (0..count).collect::<Vec<_>>());
    }
}

/// Records from a place on, one after each pause; one of them fails the first time it is reached.
struct Rows {
    next: usize,
    count: usize,
    pace: Duration,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
    failing: Option<usize>,
}

impl Stream for Rows {
    type Item = Result<(Record, usize), ConnectorError>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let pace = self.pace;
        let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(pace)));
        if pause.as_mut().poll(task).is_pending() {
            return Poll::Pending;
        }
        self.pause = None;
        if self.failing == Some(self.next) {
            return Poll::Ready(Some(Err(ConnectorError::server_error("cut off"))));
        }
        let id = self.next;
        self.next += 1;
        Poll::Ready((id < self.count).then(|| Ok((Record::parse(&record(id, 10)).unwrap(), id))))
    }
}

async fn drain_stream(count: usize, most: i64, pace: Duration, mut failing: Option<usize>) -> Vec<usize> {
    let definition = definition();
    let mut request = QueryDataRequest::new("things", ConnectorContext::default());
    request.max_results = most;
    let mut ids = Vec::new();
    for _ in 0..1000 {
        let context = context(Duration::from_secs(10));
        let open =
            |after: Option<usize>| Rows { next: after.map_or(0, |id| id + 1), count, pace, pause: None, failing };
        match Pager::new(&definition, &request, &context).unwrap().stream(open).await {
            Ok(response) => {
                ids.extend(response.records().iter().map(id_of));
                let Some(token) = response.next_token else { return ids };
                request.next_token = Some(token);
            }
            Err(_) => failing = None,
        }
    }
    panic!("the query does not end");
}

async fn ask(source: &Source, most: i64, limit: Duration) -> Result<QueryDataResponse, ConnectorError> {
    let definition = definition();
    let mut request = QueryDataRequest::new("things", ConnectorContext::default());
    request.max_results = most;
    let context = context(limit);
    Pager::new(&definition, &request, &context)?
        .pages(|number: Option<usize>| async move {
            sleep(source.pace).await;
            Ok(source.page(number.unwrap_or(0)))
        })
        .await
}

fn source(count: usize, page_size: usize, pace: Duration) -> Source {
    Source { sizes: vec![1; count], page_size, pace, failing: Vec::new() }
}

#[tokio::test(start_paused = true)]
async fn returns_what_it_has_before_the_time_is_over() {
    let slow = source(100, 10, Duration::from_secs(4));
    let started = tokio::time::Instant::now();
    let response = ask(&slow, 1000, Duration::from_secs(30)).await.unwrap();
    // After five pages, 10 s are left, and twice 4 s and the 2 s of reserve are just there; after six, 6 s are too few.
    assert_eq!((response.records().len(), started.elapsed().as_secs()), (60, 24));
    assert!(response.next_token.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_page_that_does_not_come_in_time_is_left_to_the_next_request() {
    let definition = definition();
    let request = QueryDataRequest::new("things", ConnectorContext::default());
    let context = context(Duration::from_secs(30));
    let source = source(30, 10, Duration::ZERO);
    let response = Pager::new(&definition, &request, &context)
        .unwrap()
        .pages(|number: Option<usize>| {
            let page = source.page(number.unwrap_or(0));
            async move {
                if number == Some(1) {
                    std::future::pending::<()>().await;
                }
                Ok(page)
            }
        })
        .await
        .unwrap();
    assert_eq!(response.records().len(), 10);
    assert!(response.next_token.is_some() && context.remaining() >= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_would_be_cut_is_not_asked_for() {
    let calls = std::cell::Cell::new(0);
    let definition = definition();
    let mut request = QueryDataRequest::new("things", ConnectorContext::default());
    request.max_results = 25;
    let context = context(Duration::from_secs(30));
    let source = source(100, 10, Duration::ZERO);
    let pager = Pager::new(&definition, &request, &context).unwrap();
    let fetch = |number: Option<usize>| {
        calls.set(calls.get() + 1);
        std::future::ready(Ok(source.page(number.unwrap_or(0))))
    };
    let response = pager.pages(fetch).await.unwrap();
    assert_eq!((response.records().len(), calls.get()), (20, 2));
}

#[tokio::test]
async fn a_record_that_fits_into_no_response_is_named_by_its_key() {
    let mut source = source(3, 10, Duration::ZERO);
    source.sizes[1] = 5 * 1024 * 1024;
    let first = ask(&source, 1000, Duration::from_secs(30)).await.unwrap();
    assert_eq!(first.records().len(), 1, "what comes before it is not lost");
    source.sizes.remove(0);
    let error = ask(&source, 1000, Duration::from_secs(30)).await.unwrap_err();
    assert_eq!(error.code().as_str(), "ServerError");
    assert!(error.message().starts_with(r#"the record {"id":0} of "things" has "#), "{error}");
    assert!(!error.message().contains("aaa"));
}

#[tokio::test]
async fn a_record_beyond_the_budget_has_a_response_of_its_own_if_one_can_hold_it() {
    let mut source = source(3, 10, Duration::ZERO);
    source.sizes[1] = 3_600_000;
    let asking = Asking { filter: String::new(), most: 1000, budget: BYTE_BUDGET, limit: Duration::from_secs(30) };
    assert_eq!(drain(&source, &asking).await, (vec![0, 1, 2], 3));
}

#[tokio::test]
async fn a_page_that_leads_to_itself_is_an_error() {
    let definition = definition();
    let mut request = QueryDataRequest::new("things", ConnectorContext::default());
    let context = context(Duration::from_secs(30));
    let source = source(2, 2, Duration::ZERO);
    let circle = |number: Option<usize>| std::future::ready(Ok(source.page(0).then(Some(number.unwrap_or(7)))));
    let first = Pager::new(&definition, &request, &context).unwrap().pages(circle).await.unwrap();
    assert_eq!(first.records().len(), 4);
    request.next_token = first.next_token;
    let error = Pager::new(&definition, &request, &context).unwrap().pages(circle).await.unwrap_err();
    assert!(error.message().contains("itself"), "{error}");
}

#[tokio::test]
async fn positions_of_a_stream_must_move() {
    let definition = definition();
    let mut request = QueryDataRequest::new("things", ConnectorContext::default());
    request.max_results = 3;
    let context = context(Duration::from_secs(30));
    // Two records share each position, so that no token can lead between them.
    let open = |after: Option<usize>| Shared { next: after.map_or(0, |pair| 2 * pair + 2) };
    let error = Pager::new(&definition, &request, &context).unwrap().stream(open).await.unwrap_err();
    assert!(error.message().contains("has the position of the one before it"), "{error}");
    // A bound that takes the last record in once more.
    let open = |after: Option<usize>| Rows {
        next: after.unwrap_or(0),
        count: 9,
        pace: Duration::ZERO,
        pause: None,
        failing: None,
    };
    request.next_token = None;
    let first = Pager::new(&definition, &request, &context).unwrap().stream(open).await.unwrap();
    request.next_token = first.next_token;
    let error = Pager::new(&definition, &request, &context).unwrap().stream(open).await.unwrap_err();
    assert!(error.message().contains("has the position of the one before it"), "{error}");
}

/// Records of which two have the same position.
struct Shared {
    next: usize,
}

impl Stream for Shared {
    type Item = Result<(Record, usize), ConnectorError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let id = self.next;
        self.next += 1;
        Poll::Ready(Some(Ok((Record::parse(&record(id, 10)).unwrap(), id / 2))))
    }
}

#[tokio::test]
async fn the_pages_stay_the_same_when_another_request_wants_other_sizes() {
    let definition = definition();
    let mut request = QueryDataRequest::new("things", ConnectorContext::default());
    let context = context(Duration::from_secs(30));
    let mut ids = Vec::new();
    for most in [6, 5, 2, 9, 4].into_iter().cycle() {
        request.max_results = most;
        let size = usize::try_from(most).unwrap();
        // The first response is cut within the first page.
        let pager = Pager::new(&definition, &request, &context).unwrap().byte_budget(150);
        let response = pager
            .pages_from((0, size), async |(start, size): (usize, usize)| {
                let end = (start + size).min(40);
                let records = (start..end).map(|id| Record::parse(&record(id, 10)).unwrap());
                Ok(SourcePage::records(records).then((end < 40).then_some((end, size))))
            })
            .await
            .unwrap();
        ids.extend(response.records().iter().map(id_of));
        request.next_token = response.next_token;
        if request.next_token.is_none() {
            break;
        }
    }
    assert_eq!(ids, (0..40).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_position_that_is_null_is_not_the_first_page() {
    let definition = definition();
    let mut request = QueryDataRequest::new("things", ConnectorContext::default());
    request.max_results = 1;
    let context = context(Duration::from_secs(30));
    let mut ids = Vec::new();
    loop {
        let response = Pager::new(&definition, &request, &context)
            .unwrap()
            .pages(async |at: Option<Option<u8>>| {
                let (id, next) = match at {
                    None => (1, Some(None)),
                    Some(None) => (2, Some(Some(7))),
                    Some(Some(_)) => (3, None),
                };
                Ok(SourcePage::records([Record::parse(&record(id, 10)).unwrap()]).then(next))
            })
            .await
            .unwrap();
        ids.extend(response.records().iter().map(id_of));
        request.next_token = response.next_token;
        if request.next_token.is_none() {
            break;
        }
    }
    assert_eq!(ids, [1, 2, 3]);
}

#[tokio::test]
async fn a_failure_is_not_hidden_behind_a_token_that_does_not_fit() {
    let definition = definition();
    let request = QueryDataRequest::new("things", ConnectorContext::default());
    let context = context(Duration::from_secs(30));
    let error = Pager::new(&definition, &request, &context)
        .unwrap()
        .pages(async |at: Option<String>| match at {
            None => Ok(SourcePage::records([Record::parse(&record(1, 10)).unwrap()]).then(Some("x".repeat(3000)))),
            Some(_) => Err(ConnectorError::invalid_credentials("401")),
        })
        .await
        .unwrap_err();
    assert_eq!(error.code().as_str(), "InvalidCredentials");
}

#[tokio::test]
async fn tokens_of_another_query_or_version_and_garbage_are_refused() {
    let response = ask(&source(30, 10, Duration::ZERO), 10, Duration::from_secs(30)).await.unwrap();
    let context = context(Duration::from_secs(30));
    let definition = definition();
    let mut request = QueryDataRequest::new("things", ConnectorContext::default());
    request.next_token = response.next_token;
    let source = source(30, 10, Duration::ZERO);
    let fetch = |number: Option<usize>| std::future::ready(Ok(source.page(number.unwrap_or(0))));
    let newer = Pager::new(&definition, &request, &context).unwrap().token_version(1).pages(fetch).await.unwrap_err();
    assert!(newer.message().contains("version"), "{newer}");
    request.filter_expression = Some("id > 5".to_owned());
    let other = Pager::new(&definition, &request, &context).unwrap().pages(fetch).await.unwrap_err();
    assert!(other.message().contains("another request"), "{other}");
    request.next_token = Some("garbage".to_owned());
    let garbage = Pager::new(&definition, &request, &context).unwrap().pages(fetch).await.unwrap_err();
    assert_eq!(garbage.code().as_str(), "InvalidArgument");
}

#[tokio::test]
async fn what_the_source_system_filtered_is_not_filtered_again_and_its_limit_still_counts() {
    let definition = definition();
    let mut request = QueryDataRequest::new("things", ConnectorContext::default());
    request.filter_expression = Some("text = 'pushed' and id >= 2 limit 4".to_owned());
    request.selected_field_names = Some(vec!["id".to_owned()]);
    let context = context(Duration::from_secs(30));
    let source = source(30, 10, Duration::ZERO);
    let remainder = crate::filter::Filter::parse("id >= 2").unwrap().condition;
    let response = Pager::new(&definition, &request, &context)
        .unwrap()
        .pushed(remainder.as_ref())
        .unwrap()
        .pages(|number: Option<usize>| std::future::ready(Ok(source.page(number.unwrap_or(0)))))
        .await
        .unwrap();
    let records: Vec<_> = response.records().iter().map(Record::get).collect();
    assert_eq!(records, [r#"{"id":2}"#, r#"{"id":3}"#, r#"{"id":4}"#, r#"{"id":5}"#]);
    assert_eq!(response.next_token, None);
}

#[tokio::test]
async fn whole_records_are_passed_on_as_they_came() {
    let definition = definition();
    let request = QueryDataRequest::new("things", ConnectorContext::default());
    let context = context(Duration::from_secs(30));
    let body = r#"[{"id": 1.50, "text": null, "more": [ ]}]"#;
    for (is_whole, expected) in [(true, r#"{"id": 1.50, "text": null, "more": [ ]}"#), (false, r#"{"id":1.50}"#)] {
        let pager = Pager::new(&definition, &request, &context).unwrap();
        let pager = if is_whole { pager.whole_records() } else { pager };
        let page = JsonPage::read(body.as_bytes().to_vec(), &PageLayout::new("")).unwrap();
        let mut page = Some(SourcePage::json(page));
        let response = pager.pages(|_: Option<u8>| std::future::ready(Ok(page.take().unwrap()))).await.unwrap();
        assert_eq!(response.records()[0].get(), expected);
    }
}
