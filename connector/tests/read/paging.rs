//! Every record comes exactly once and in order, whatever the paging, the page sizes and the filter.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use appflow_connector::Manifest;
use appflow_sdk::protocol::Record;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::mock::{Mock, at, status};
use crate::world::{World, manifest};

pub(crate) const LISTS: [&str; 9] =
    ["page", "offset", "cursor", "search", "link", "bodylink", "keyset", "odata", "all"];

#[tokio::test]
async fn reads_each_kind_of_list_to_its_end() {
    let world = World::open(10).await;
    for list in LISTS {
        let (ids, _) = world.drain(world.request("/n/35", list, "")).await;
        assert_eq!(ids, (1..=35).collect::<Vec<_>>(), "{list}");
        let (none, calls) = world.drain(world.request("/n/0", list, "")).await;
        assert_eq!((none.len(), calls), (0, 1), "{list}");
    }
}

#[tokio::test]
async fn asks_for_pages_of_the_size_that_appflow_wants_or_the_api_allows() {
    let world = World::open(10).await;
    for (wanted, asked) in [(4, "4"), (10, "10"), (1000, "10")] {
        let mut request = world.request("/n/12", "offset", "");
        request.max_results = wanted;
        world.query(request).await.unwrap();
        assert_eq!(world.mock.seen()[0].parameter("limit").as_deref(), Some(asked));
    }
}

#[tokio::test]
async fn needs_no_request_past_a_known_total() {
    let world = World::open(10).await;
    world.drain(world.request("/n/20", "page", "")).await;
    assert_eq!(world.mock.seen().len(), 2);
    world.drain(world.request("/n/20", "offset", "")).await;
    assert_eq!(world.mock.seen().len(), 3, "without a total the empty page is the end");
}

#[tokio::test]
async fn stops_at_the_limit_across_pages_and_calls() {
    let world = World::open(10).await;
    for list in LISTS {
        for most in [3, 7, 1000] {
            let mut request = world.request("/n/35", list, "limit 24");
            request.max_results = most;
            assert_eq!(world.drain(request).await.0, (1..=24).collect::<Vec<_>>(), "{list} {most}");
        }
    }
    let (ids, _) = world.drain(world.request("/n/35", "offset", "total > 20 limit 4")).await;
    assert_eq!(ids, [20, 21, 22, 23]);
}

#[tokio::test]
async fn goes_on_past_pages_that_the_filter_empties() {
    let world = World::open(10).await;
    let (ids, calls) = world.drain(world.request("/n/100", "cursor", "total > 95")).await;
    assert_eq!((ids, calls), ((95..=100).collect(), 1));
}

#[tokio::test]
async fn cuts_a_page_before_the_response_is_too_large() {
    let world = World::open(30).await;
    for list in ["offset", "all"] {
        let (ids, calls) = world.drain(world.request("/big/30", list, "")).await;
        assert_eq!(ids, (1..=30).collect::<Vec<_>>(), "{list}");
        assert!(calls > 1);
    }
}

#[tokio::test]
async fn returns_what_it_has_when_the_time_is_short() {
    let world = World::open(10).await;
    let response = world.query_within(world.request("/n/35", "cursor", ""), Duration::from_millis(1900)).await.unwrap();
    assert_eq!(response.records().len(), 10);
    assert!(response.next_token.is_some());
}

#[tokio::test]
async fn returns_what_it_has_when_a_later_page_fails_and_the_failure_next_time() {
    let world = World::open(2).await;
    for (path, list, before, code) in [
        ("/flaky", "offset", 2, "ServiceUnavailable"),
        ("/flaky/html", "offset", 2, "ServerError"),
        ("/same", "offset", 2, "ServerError"),
        ("/stuck", "cursor", 2, "ServerError"),
    ] {
        let mut request = world.request(path, list, "");
        let response = world.query(request.clone()).await.unwrap();
        assert_eq!(response.records().len(), before, "{path}");
        request.next_token = response.next_token;
        assert_eq!(world.query(request).await.unwrap_err().error_code.as_str(), code, "{path}");
    }
}

#[tokio::test]
async fn pages_that_differ_only_in_a_key_that_is_not_selected_are_not_taken_for_the_same() {
    let world = World::open(2).await;
    let mut request = world.request("/uniform", "offset", "status = 'open'");
    request.selected_field_names = Some(vec!["status".to_owned()]);
    let response = world.query(request).await.unwrap();
    let records: Vec<_> = response.records().iter().map(Record::get).collect();
    assert_eq!((records, response.next_token.as_deref()), (vec![r#"{"status":"open"}"#; 4], None));
}

#[tokio::test]
async fn a_long_filter_fits_beside_the_links_that_repeat_it() {
    let world = World::open(50).await;
    let ids: Vec<_> = (100..=499).map(|id: usize| id.to_string()).collect();
    let mut request = world.request("/n/500", "link", &format!("id in ({})", ids.join(", ")));
    request.max_results = 100;
    assert_eq!(world.drain(request).await.0, (100..=499).collect::<Vec<_>>());
}

#[tokio::test]
async fn refuses_an_api_that_does_not_move_on() {
    let world = World::open(2).await;
    let mut request = world.request("/stuck", "cursor", "");
    request.next_token = world.query(request.clone()).await.unwrap().next_token;
    let error = world.query(request).await.unwrap_err();
    assert_eq!(error.error_code.as_str(), "ServerError");
    assert!(error.error_message.contains("leads to the page that it is itself"), "{error:?}");
}

#[tokio::test]
async fn refuses_links_to_elsewhere() {
    let world = World::open(2).await;
    let mut request = world.request("/links/elsewhere", "link", "");
    let first = world.query(request.clone()).await.unwrap();
    assert_eq!(first.records().len(), 1, "the page itself is good");
    request.next_token = first.next_token;
    let error = world.query(request).await.unwrap_err();
    assert_eq!(error.error_code.as_str(), "ServerError");
    assert!(error.error_message.contains("https://elsewhere.invalid"), "{error:?}");
}

#[tokio::test]
async fn refuses_a_token_that_is_not_its_own() {
    let world = World::open(2).await;
    let mut request = world.request("/n/9", "offset", "");
    request.next_token = Some("None".to_owned());
    assert_eq!(world.query(request).await.unwrap_err().error_code.as_str(), "InvalidArgument");
}

#[derive(Debug, Clone, Copy)]
enum Test {
    Everything,
    Pushed,
    Widened,
    Here,
    Both,
}

impl Test {
    fn filter(self) -> &'static str {
        match self {
            Self::Everything => "",
            Self::Pushed => "status = 'open'",
            Self::Widened => "at > 2026-01-15T00:00:14Z",
            Self::Here => "total > 17 and total != 23.1",
            Self::Both => "status != 'open' and at between 2026-01-05T00:00:00Z and 2026-01-20T00:00:00Z",
        }
    }

    fn holds(self, id: usize) -> bool {
        match self {
            Self::Everything => true,
            Self::Pushed => status(id) == "open",
            Self::Widened => at(id).as_str() > "2026-01-15T00:00:14Z",
            Self::Here => id >= 17 && id != 23,
            Self::Both => {
                let at = at(id);
                status(id) != "open" && ("2026-01-05T00:00:00Z"..="2026-01-20T00:00:00Z").contains(&at.as_str())
            }
        }
    }
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static MOCK: LazyLock<Mock> = LazyLock::new(|| RUNTIME.block_on(Mock::start()));

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_comes_exactly_once_and_in_order(
        list in prop::sample::select(LISTS.to_vec()),
        test in prop::sample::select(vec![Test::Everything, Test::Pushed, Test::Widened, Test::Here, Test::Both]),
        count in 0_usize..60,
        page in 1_u64..25,
        most in 1_i64..40,
        limit in prop::option::of(1_usize..50),
    ) {
        let world = World::with(MOCK.clone(), manifest(page, "none = true"), "");
        let limited = limit.map(|limit| format!("limit {limit}")).unwrap_or_default();
        let mut request = world.request(&format!("/n/{count}"), list, &format!("{} {limited}", test.filter()));
        request.max_results = most;
        let (ids, _) = RUNTIME.block_on(world.drain(request));
        let expected: Vec<_> = (1..=count).filter(|id| test.holds(*id)).take(limit.unwrap_or(usize::MAX)).collect();
        prop_assert_eq!(ids, expected);
    }
}

#[tokio::test]
async fn what_a_link_cannot_repeat_is_sent_with_every_page() {
    let text = "[connector]\nname = \"Mock\"\nowner = \"Tests\"\nversion = \"1\"\n[authentication]\nnone = true\n\
                [entities.link.fields]\nid = { type = \"Integer\", primary_key = true }\nstatus = { type = \"String\" }\n\
                [entities.link.read]\nrequest = \"/link\"\n\
                paging = { kind = \"link\", size = { parameter = \"limit\", max = 2 } }\n\
                filters.status = { \"=\" = \"header:X-Status\" }\n";
    let manifest = Manifest::parse(text, Path::new("mock.toml")).unwrap();
    let world = World::with(Mock::start().await, manifest, "");
    world.drain(world.request("/n/7", "link", "status = 'open'")).await;
    let seen = world.mock.seen();
    assert!(seen.len() >= 3, "{}", seen.len());
    assert!(seen.iter().all(|seen| seen.headers.get("x-status").is_some_and(|status| status == "open")), "{seen:?}");
}
