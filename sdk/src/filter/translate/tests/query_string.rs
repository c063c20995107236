//! Parameters of an address: exact pairs, and a reference service that takes each parameter at its word.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{QueryParameter, QueryString, QueryTest, TimeFormat};
use super::world::{Cell, NAMES, World, world};
use super::{left, typed};
use crate::filter::{Comparison, Condition, Filter, Moment, Quantity, Value};
use crate::protocol::FieldDataType;

/// The query, and what remains.
#[track_caller]
fn divide(query: &QueryString, filter: &str) -> (String, String) {
    let translation = query.translate(&typed(filter));
    let pairs = translation.pushed.clone().unwrap_or_default();
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    (pairs.join("&"), left(&translation))
}

fn comparison(comparison: Comparison) -> QueryTest {
    QueryTest::Comparison(comparison)
}

fn query() -> QueryString {
    use Comparison::{Contains, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    QueryString::new()
        .parameter("integer", QueryTest::In, QueryParameter::new("ids").separator(","))
        .parameter("integer", comparison(Equal), QueryParameter::new("id"))
        .parameter("integer", comparison(Greater), QueryParameter::new("after"))
        .parameter("string", comparison(Equal), QueryParameter::new("status"))
        .parameter("string", comparison(NotEqual), QueryParameter::new("not"))
        .parameter("string", comparison(Contains), QueryParameter::new("like").wider())
        .parameter("string", QueryTest::In, QueryParameter::new("any"))
        .parameter("bigdecimal", comparison(GreaterOrEqual), QueryParameter::new("min"))
        .parameter("bigdecimal", comparison(Less), QueryParameter::new("below"))
        .parameter("double", comparison(GreaterOrEqual), QueryParameter::new("score"))
        .parameter("boolean", comparison(Equal), QueryParameter::new("paid"))
        .parameter("list", comparison(Contains), QueryParameter::new("tag"))
        .parameter("date", comparison(Equal), QueryParameter::new("day"))
        .parameter("datetime", comparison(GreaterOrEqual), QueryParameter::new("since"))
        .parameter("datetime", comparison(Less), QueryParameter::new("before").format(TimeFormat::EpochSeconds))
        .parameter("long", comparison(LessOrEqual), QueryParameter::new("most"))
}

#[test]
fn sends_each_declared_test_and_keeps_the_others() {
    for (filter, pairs, remainder) in [
        ("integer = 7", "id=7", ""),
        ("integer = 7.5", "", "integer = 7.5"),
        ("integer in (7, 8, 8.5)", "ids=7,8", ""),
        ("integer in (7)", "id=7", ""),
        ("integer in (7, null)", "", "integer in (7, null)"),
        ("integer > 7", "after=7", ""),
        ("integer >= 7", "after=6", ""),
        ("integer >= 6.5", "after=6", ""),
        ("long < 7", "most=6", ""),
        ("string = 'a&b'", "status=a&b", ""),
        ("string = ''", "", "string = ''"),
        ("string in ('a', 'b')", "any=a&any=b", ""),
        ("string contains 'x'", "like=x", "string contains 'x'"),
        ("string = 'a' and string = 'b'", "status=a", "string = 'b'"),
        ("not string = 'a'", "", "not string = 'a'"),
        ("string = 'a' or integer = 7", "", "string = 'a' or integer = 7"),
        ("string != null", "", "string != null"),
        ("bigdecimal >= 9.90", "min=9.9", ""),
        ("bigdecimal > 9.90", "min=9.9", "bigdecimal > 9.90"),
        ("bigdecimal <= 9.90", "", "bigdecimal <= 9.90"),
        ("bigdecimal between 1 and 2", "min=1", "bigdecimal between 1 and 2"),
        ("double >= 0.1234567890123456", "", "double >= 0.1234567890123456"),
        ("boolean = true", "paid=true", ""),
        ("list contains 'x'", "tag=x", ""),
        ("list contains 5", "", "list contains 5"),
        ("date = 2021-04-20", "day=2021-04-20", ""),
        ("date = 2021-04-20T12:00:00Z", "", "date = 2021-04-20T12:00:00Z"),
        ("datetime >= 2021-04-20T12:00:00.5+02:00", "since=2021-04-20T10:00:00.5Z", ""),
        ("datetime > 2021-04-20", "since=2021-04-20T00:00:00Z", "datetime > 2021-04-20"),
        ("datetime < 1970-01-01T00:01:40Z", "before=100", ""),
        ("datetime < 1970-01-01T00:01:40.5Z", "before=101", "datetime < 1970-01-01T00:01:40.5Z"),
        ("datetime <= 1970-01-01T00:01:40Z", "before=101", "datetime <= 1970-01-01T00:01:40Z"),
    ] {
        assert_eq!(divide(&query(), filter), (pairs.to_owned(), remainder.to_owned()), "{filter}");
    }
}

#[test]
fn a_bound_that_the_parameter_leaves_out_is_moved_outward() {
    use Comparison::{Greater, Less};
    for (format, filter, pairs) in [
        (TimeFormat::Rfc3339, "datetime >= 2021-04-20T00:00:00.5Z", "from=2021-04-20T00:00:00Z"),
        (TimeFormat::Rfc3339, "datetime >= 2021-04-20", "from=2021-04-19T23:59:59Z"),
        (TimeFormat::Rfc3339, "datetime <= 2021-04-20", "to=2021-04-20T00:00:01Z"),
        (TimeFormat::Date, "datetime >= 2021-04-20", "from=2021-04-19"),
        (TimeFormat::Date, "datetime >= 2021-04-20T12:00:00Z", "from=2021-04-20"),
        (TimeFormat::Date, "datetime < 2021-04-20T12:00:00Z", "to=2021-04-21"),
        (TimeFormat::EpochSeconds, "datetime >= 1970-01-01T00:01:40Z", "from=99"),
        (TimeFormat::EpochMilliseconds, "datetime <= 1970-01-01T00:01:40Z", "to=100001"),
    ] {
        let query = QueryString::new()
            .parameter("datetime", comparison(Greater), QueryParameter::new("from").format(format))
            .parameter("datetime", comparison(Less), QueryParameter::new("to").format(format));
        assert_eq!(divide(&query, filter), (pairs.to_owned(), filter.to_owned()));
    }
}

#[test]
fn bounds_of_moments_that_are_compared_as_text_move_outward_and_the_test_remains() {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    for (format, tested, filter, pairs) in [
        (TimeFormat::DayPrefix, GreaterOrEqual, "datetime >= 2021-04-20T00:00:00Z", "p=2021-04-20"),
        (TimeFormat::DayPrefix, GreaterOrEqual, "datetime > 2021-04-20T12:00:00Z", "p=2021-04-20"),
        (TimeFormat::DayPrefix, Greater, "datetime > 2021-04-20T12:00:00Z", "p=2021-04-20"),
        (TimeFormat::DayPrefix, LessOrEqual, "datetime < 2021-04-20T12:00:00Z", "p=2021-04-21"),
        (TimeFormat::DayPrefix, Less, "datetime <= 2021-04-20T00:00:00Z", "p=2021-04-21"),
        (TimeFormat::DayPrefix, Equal, "datetime = 2021-04-20T00:00:00Z", ""),
        (TimeFormat::SecondPrefix, GreaterOrEqual, "datetime >= 2021-04-20T12:00:00.5Z", "p=2021-04-20T12:00:00"),
        (TimeFormat::SecondPrefix, GreaterOrEqual, "datetime > 2021-04-20", "p=2021-04-20T00:00:00"),
        (TimeFormat::SecondPrefix, LessOrEqual, "datetime <= 2021-04-20", "p=2021-04-20T00:00:01"),
        (TimeFormat::SecondPrefix, Less, "datetime < 2021-04-20T12:00:00.5Z", "p=2021-04-20T12:00:01"),
        (TimeFormat::SecondPrefix, Equal, "datetime = 2021-04-20", ""),
        (TimeFormat::SecondPrefix, LessOrEqual, "datetime <= 9999-12-31T23:59:59Z", ""),
    ] {
        let query =
            QueryString::new().parameter("datetime", comparison(tested), QueryParameter::new("p").format(format));
        assert_eq!(divide(&query, filter), (pairs.to_owned(), filter.to_owned()), "{format:?} {tested:?}");
    }
}

#[test]
fn parameters_are_sent_as_long_as_they_fit_together() {
    let filter = "string = 'a b' and integer = 7 and boolean = true";
    for (longest, pairs) in [
        (100, "status=a b&id=7&paid=true"),
        ("&status=a%20b&id=7&paid=true".len(), "status=a b&id=7&paid=true"),
        ("&status=a%20b&id=7&paid=tru".len(), "status=a b&id=7"),
        ("&status=a%20".len(), "id=7"),
        (0, ""),
    ] {
        let (sent, remainder) = divide(&query().with_longest(longest), filter);
        assert_eq!(sent, pairs, "{longest}");
        assert_eq!(remainder.split(" and ").filter(|part| !part.is_empty()).count(), 3 - pairs.matches('=').count());
    }
}

#[test]
fn a_value_with_the_separator_in_it_is_not_sent() {
    let query = QueryString::new().parameter("string", QueryTest::In, QueryParameter::new("any").separator(","));
    assert_eq!(divide(&query, "string in ('a,b', 'c')"), (String::new(), "string in ('a,b', 'c')".to_owned()));
    assert_eq!(divide(&query, "string in ('a', 'c')").0, "any=a,c");
}

#[test]
fn a_long_value_is_not_sent() {
    let filter = format!("string = '{}'", "x".repeat(2_000));
    assert_eq!(divide(&query(), &filter), (String::new(), filter));
}

/// What a parameter of the reference service means.
#[derive(Debug, Clone)]
struct Declared {
    column: usize,
    test: QueryTest,
    is_wider: bool,
    format: TimeFormat,
}

const TESTS: [QueryTest; 8] = [
    QueryTest::Comparison(Comparison::Equal),
    QueryTest::Comparison(Comparison::NotEqual),
    QueryTest::Comparison(Comparison::Less),
    QueryTest::Comparison(Comparison::LessOrEqual),
    QueryTest::Comparison(Comparison::Greater),
    QueryTest::Comparison(Comparison::GreaterOrEqual),
    QueryTest::Comparison(Comparison::Contains),
    QueryTest::In,
];

fn declared() -> impl Strategy<Value = Vec<Declared>> {
    let format = select(vec![
        TimeFormat::Rfc3339,
        TimeFormat::Date,
        TimeFormat::EpochSeconds,
        TimeFormat::EpochMilliseconds,
        TimeFormat::DayPrefix,
        TimeFormat::SecondPrefix,
    ]);
    let one = (0..NAMES.len(), select(&TESTS[..]), prop::bool::weighted(0.2), format)
        .prop_map(|(column, test, is_wider, format)| Declared { column, test, is_wider, format });
    prop::collection::vec(one, 8..40)
}

fn value(text: &str, data_type: &FieldDataType, format: TimeFormat) -> Cell {
    let moment = |seconds: i128| i64::try_from(seconds).unwrap();
    match (data_type, format) {
        (FieldDataType::Boolean, _) => Cell::Boolean(text == "true"),
        (FieldDataType::Date | FieldDataType::DateTime, TimeFormat::EpochSeconds) => {
            Cell::Moment(text.parse::<i64>().unwrap().saturating_mul(1000))
        }
        (FieldDataType::Date | FieldDataType::DateTime, TimeFormat::EpochMilliseconds) => {
            Cell::Moment(text.parse().unwrap())
        }
        (FieldDataType::Date | FieldDataType::DateTime, _) => {
            let instant = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
            let instant: crate::filter::Instant = instant.parse().unwrap();
            Cell::Moment(moment(Moment::from(instant).since_epoch().as_millis()))
        }
        _ => Cell::Text(text.to_owned()),
    }
}

fn order(cell: &Cell, text: &str, data_type: &FieldDataType, format: TimeFormat) -> std::cmp::Ordering {
    let number = |left: &str| left.parse::<Quantity>().unwrap().cmp(&text.parse().unwrap());
    if let (Cell::Moment(left), TimeFormat::DayPrefix | TimeFormat::SecondPrefix) = (cell, format) {
        // The system compares what it wrote down, character by character.
        let left = Moment::new(SignedDuration::from_millis(*left)).to_instant().unwrap().to_string();
        let written = if *data_type == FieldDataType::Date { &left[..10] } else { &left };
        return written.cmp(text);
    }
    match (cell, value(text, data_type, format)) {
        (Cell::Boolean(left), Cell::Boolean(right)) => left.cmp(&right),
        // To the nanosecond, which the text may have.
        (Cell::Moment(left), Cell::Moment(_)) if text.ends_with('Z') => {
            let right = Moment::from(text.parse::<crate::filter::Instant>().unwrap());
            Moment::new(SignedDuration::from_millis(*left)).cmp(&right)
        }
        (Cell::Moment(left), Cell::Moment(right)) => left.cmp(&right),
        (Cell::Integer(left), _) => number(&left.to_string()),
        (Cell::Double(left), _) => number(&serde_json::to_string(left).unwrap()),
        (Cell::Decimal(left), _) => number(left),
        (Cell::Text(left), _) => left.as_str().cmp(text),
        (cell, other) => panic!("{cell:?} is not compared with {other:?}"),
    }
}

fn passes(world: &World, row: &[Option<Cell>], declared: &Declared, values: &[&str]) -> bool {
    if declared.is_wider {
        return true;
    }
    let Some(cell) = &row[declared.column] else { return false };
    let data_type = world.data_type(declared.column);
    let ordering = |text: &&str| order(cell, text, data_type, declared.format);
    match declared.test {
        QueryTest::In => values.iter().any(|text| ordering(text).is_eq()),
        QueryTest::Comparison(comparison) => {
            let [text] = values else { panic!("{values:?} for one comparison") };
            match (comparison, cell) {
                (Comparison::Contains, Cell::Text(found)) => found.contains(text),
                (Comparison::Contains, other) => panic!("{other:?} contains nothing"),
                (Comparison::Equal, _) => ordering(text).is_eq(),
                (Comparison::NotEqual, _) => ordering(text).is_ne(),
                (Comparison::Less, _) => ordering(text).is_lt(),
                (Comparison::LessOrEqual, _) => ordering(text).is_le(),
                (Comparison::Greater, _) => ordering(text).is_gt(),
                (Comparison::GreaterOrEqual, _) => ordering(text).is_ge(),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_is_pushed_and_what_is_left_is_the_whole(world in world(), declared in declared()) {
        let Some(typed) = world.typed() else { return Ok(()) };
        let mut meanings = BTreeMap::new();
        let mut query = QueryString::new();
        for declared in declared.into_iter().filter(|declared| declared.column < world.definition.fields.len()) {
            let name = format!("{}-{:?}", declared.column, declared.test);
            let mut parameter = QueryParameter::new(name.as_str()).format(declared.format);
            if declared.is_wider {
                parameter = parameter.wider();
            }
            query = query.parameter(NAMES[declared.column], declared.test, parameter);
            meanings.insert(name, declared);
        }
        let translation = query.translate(&typed);
        let pairs = translation.pushed.clone().unwrap_or_default();
        let mut sent: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in &pairs {
            sent.entry(name).or_default().push(value);
        }
        let is_sent = |index: &usize| {
            sent.iter().all(|(name, values)| passes(&world, &world.rows[*index], &meanings[*name], values))
        };
        let rows: Vec<_> = world.all().into_iter().filter(is_sent).collect();
        world.agrees(&rows, translation.remainder.as_ref(), &format!("{pairs:?}"))?;
    }
}

#[test]
fn one_place_takes_one_value_and_text_of_a_language_only_what_is_harmless() {
    let query = QueryString::new()
        .parameter("integer", comparison(Comparison::GreaterOrEqual), QueryParameter::new("from").place("range"))
        .parameter("integer", comparison(Comparison::LessOrEqual), QueryParameter::new("to").place("range"))
        .parameter("string", comparison(Comparison::Equal), QueryParameter::new("q").plain());
    assert_eq!(divide(&query, "integer >= 5 and integer <= 9").0, "from=5");
    assert_eq!(divide(&query, "string = 'open-1'"), ("q=open-1".to_owned(), String::new()));
    for risky in ["open OR x", "a'b", "a\"", "ü", "(a)", "a*"] {
        let filter = Filter {
            condition: Some(Condition::Compare {
                field: "string".to_owned(),
                operator: Comparison::Equal,
                value: Value::String(risky.to_owned()),
            }),
            limit: None,
        };
        assert_eq!(divide(&query, &filter.to_string()).0, "", "{risky}");
    }
}
