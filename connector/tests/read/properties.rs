//! For every kind of paging: each record once and in order, and exactly those that the filter means, whatever the sizes of
//! pages and records, the deadlines and the failures in between.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use appflow_sdk::Retry;
use proptest::prelude::*;
use proptest::sample::select;
use tokio::runtime::Runtime;

use crate::mock::{Mock, at, note, status};
use crate::paging::LISTS;
use crate::world::{World, manifest, manifest_with};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static MOCK: LazyLock<Mock> = LazyLock::new(|| RUNTIME.block_on(Mock::start()));

/// Tells the shaky lists of all cases apart.
static CASES: AtomicUsize = AtomicUsize::new(0);

fn world(page: u64) -> World {
    World::with(MOCK.clone(), manifest(page, "none = true"), "")
}

/// A filter, which says for itself which records it means.
#[derive(Debug, Clone)]
enum Test {
    Id(&'static str, usize),
    Ids(Vec<usize>),
    /// In hundredths.
    Total(&'static str, usize),
    Status(&'static str, &'static str),
    At(&'static str, usize, &'static str),
    Between(usize, usize),
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
}

fn compare<T: PartialOrd + ?Sized>(left: &T, operator: &str, right: &T) -> bool {
    match operator {
        "=" => left == right,
        "!=" => left != right,
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        other => panic!("{other}"),
    }
}

impl Test {
    fn holds(&self, id: usize) -> bool {
        match self {
            Self::Id(operator, other) => compare(&id, operator, other),
            Self::Ids(ids) => ids.contains(&id),
            Self::Total(operator, hundredths) => compare(&(id * 100 + 10), operator, hundredths),
            Self::Status(operator, other) => compare(status(id), operator, other),
            // A fraction makes a moment later than its second, and no record has one.
            Self::At(operator, other, fraction) => {
                let (own, other) = ((at(id), ""), (at(*other), *fraction));
                compare(&own, operator, &other)
            }
            Self::Between(first, last) => (at(*first)..=at(*last)).contains(&at(id)),
            Self::Not(test) => !test.holds(id),
            Self::All(tests) => tests.iter().all(|test| test.holds(id)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(id)),
        }
    }

    fn text(&self) -> String {
        let joined = |tests: &[Self], word: &str| {
            let texts: Vec<_> = tests.iter().map(|test| format!("({})", test.text())).collect();
            texts.join(word)
        };
        match self {
            Self::Id(operator, other) => format!("id {operator} {other}"),
            Self::Ids(ids) => {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                format!("id in ({})", ids.join(", "))
            }
            Self::Total(operator, hundredths) => {
                format!("total {operator} {}.{:02}", hundredths / 100, hundredths % 100)
            }
            Self::Status(operator, other) => format!("status {operator} '{other}'"),
            Self::At(operator, other, fraction) => {
                format!("at {operator} {}", at(*other).replace('Z', &format!("{fraction}Z")))
            }
            Self::Between(first, last) => format!("at between {} and {}", at(*first), at(*last)),
            Self::Not(test) => format!("not ({})", test.text()),
            Self::All(tests) => joined(tests, " and "),
            Self::Any(tests) => joined(tests, " or "),
        }
    }
}

const OPERATORS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

fn test() -> impl Strategy<Value = Test> {
    let leaf = prop_oneof![
        (select(&OPERATORS[..]), 0_usize..50).prop_map(|(operator, id)| Test::Id(operator, id)),
        prop::collection::vec(0_usize..50, 1..30).prop_map(Test::Ids),
        (select(&OPERATORS[..]), 0_usize..5_000).prop_map(|(operator, hundredths)| Test::Total(operator, hundredths)),
        (select(&OPERATORS[..]), select(vec!["open", "paid", "shipped", "none"]))
            .prop_map(|(operator, status)| Test::Status(operator, status)),
        (select(&OPERATORS[..]), 0_usize..60, select(vec!["", ".5", ".000001"]))
            .prop_map(|(operator, id, fraction)| Test::At(operator, id, fraction)),
        (0_usize..60, 0_usize..60).prop_map(|(one, other)| {
            // Bounds in the wrong order are refused.
            if at(one) <= at(other) { Test::Between(one, other) } else { Test::Between(other, one) }
        }),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|test| Test::Not(Box::new(test))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Test::All),
            prop::collection::vec(inner, 1..4).prop_map(Test::Any),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// What the API filters and what is filtered here is what the filter means; the API's part is evaluated by the mock.
    #[test]
    fn the_records_are_those_that_the_filter_means(
        list in select(&LISTS[..]),
        tests in prop::collection::vec(test(), 1..4),
        wants_notes in any::<bool>(),
        page in 1_u64..25,
    ) {
        // A note may be null, of which a negation would have to decide; so it stands by itself.
        let mut text: Vec<_> = tests.iter().map(|test| format!("({})", test.text())).collect();
        if wants_notes {
            text.push("note = 'a \"quoted\" \n note'".to_owned());
        }
        let world = world(page);
        let (ids, _) = RUNTIME.block_on(world.drain(world.request("/n/48", list, &text.join(" and "))));
        let is_meant = |id: &usize| tests.iter().all(|test| test.holds(*id)) && (!wants_notes || note(*id).is_some());
        prop_assert_eq!(ids, (1..=48).filter(is_meant).collect::<Vec<_>>(), "{}: {}", list, text.join(" and "));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Failures are asked again here, or told to AppFlow, which asks again with the token it has.
    #[test]
    fn failures_and_deadlines_lose_and_repeat_nothing(
        list in select(&LISTS[..]),
        test in prop::option::of(test()),
        count in 0_usize..60,
        page in 1_u64..25,
        most in 1_i64..40,
        every in 2_usize..6,
        attempts in 1_u32..3,
        limit in select(vec![1_100_u64, 1_600, 2_100, 30_000]),
    ) {
        let mut world = world(page);
        let pause = Duration::from_millis(1);
        world.connector = world.connector.retry(Retry::default().attempts(attempts).pauses(pause, pause));
        let name = CASES.fetch_add(1, Ordering::Relaxed);
        let filter = test.as_ref().map(Test::text).unwrap_or_default();
        let mut request = world.request(&format!("/shaky/{name}/{every}/n/{count}"), list, &filter);
        request.max_results = most;
        let (ids, failures) = RUNTIME.block_on(world.drain_despite_failures(request, Duration::from_millis(limit)));
        let is_meant = |id: &usize| test.as_ref().is_none_or(|test| test.holds(*id));
        prop_assert_eq!(ids, (1..=count).filter(is_meant).collect::<Vec<_>>(), "{} after {} failures", list, failures);
    }
}

/// Sizes of records on either side of where a response is full.
const SIZES: [usize; 8] = [0, 1_000, 1_900_000, 2_899_960, 2_900_000, 5_799_000, 5_800_000, 6_000_000];

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_record_is_lost_where_a_response_is_full(
        list in select(&LISTS[..]),
        sizes in prop::collection::vec(select(&SIZES[..]), 1..7),
        page in 1_u64..4,
    ) {
        let manifest = manifest_with(page, "none = true", |text| format!("{text}[limits]\nanswer_mib = 64\n"));
        let world = World::with(MOCK.clone(), manifest, "");
        let path: Vec<_> = sizes.iter().map(ToString::to_string).collect();
        let request = world.request(&format!("/sizes/{}", path.join("-")), list, "");
        let (ids, calls) = RUNTIME.block_on(world.drain(request));
        prop_assert_eq!(ids, (1..=sizes.len()).collect::<Vec<_>>(), "{}", list);
        let bytes: usize = sizes.iter().sum();
        prop_assert!(calls >= bytes.div_ceil(6_291_556), "{} calls for {} bytes", calls, bytes);
    }
}
