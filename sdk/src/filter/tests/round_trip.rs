//! Properties: what is written can be read back, and nothing that is read makes the parser fail otherwise than by error.

use jiff::civil::{Date, DateTime, Time};
use proptest::prelude::*;

use super::super::{Comparison, Condition, Filter, Instant, Operand, Value};

fn field() -> impl Strategy<Value = String> {
    // Any name is possible before an operator, but a keyword alone is no field.
    "[a-zA-Z_][a-zA-Z0-9_.-]{0,8}".prop_filter("keywords cannot stand alone", |name| {
        let keywords = ["and", "or", "not", "true", "false", "contains", "between", "null", "in", "limit"];
        !keywords.iter().any(|keyword| name.eq_ignore_ascii_case(keyword))
    })
}

fn date() -> impl Strategy<Value = Date> {
    (0..=9999i16, 1..=12i8, 1..=28i8).prop_map(|(year, month, day)| Date::new(year, month, day).unwrap())
}

fn instant() -> impl Strategy<Value = Instant> {
    (date(), 0..=23i8, 0..=59i8, 0..=59i8, prop_oneof![Just(0), 0..=999_999_999i32]).prop_map(
        |(date, hour, minute, second, nanosecond)| {
            let time = Time::new(hour, minute, second, nanosecond).unwrap();
            Instant::from_utc(DateTime::from_parts(date, time)).unwrap()
        },
    )
}

/// Text with every character that strings treat specially, often.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![r#"[a-z'"\\ \n\t]{0,6}"#, any::<String>()]
}

fn value_with(text: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Value> + Clone {
    prop_oneof![
        Just(Value::Null),
        "-?[0-9]{1,25}(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,9})?".prop_map(|text| Value::Number(text.parse().unwrap())),
        text.prop_map(Value::String),
        date().prop_map(Value::Date),
        instant().prop_map(Value::DateTime),
    ]
    .boxed()
}

fn leaf(value: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Condition> {
    let comparison = (field(), prop::sample::select(&Comparison::ALL[..]), value.clone())
        .prop_map(|(field, operator, value)| Condition::Compare { field, operator, value });
    let equality = (field(), prop_oneof![Just(Comparison::Equal), Just(Comparison::NotEqual)], any::<bool>())
        .prop_map(|(field, operator, value)| Condition::Compare { field, operator, value: Value::Boolean(value) });
    let between = (field(), value.clone(), value.clone()).prop_map(|(field, lower, upper)| Condition::Between {
        field,
        lower,
        upper,
    });
    let list = (field(), prop::collection::vec(value.clone(), 1..4))
        .prop_map(|(field, values)| Condition::In { field, values });
    let bare_field = field().prop_map(|field| Condition::Bare(Operand::Field(field)));
    let bare_value = value.prop_map(|value| Condition::Bare(Operand::Value(value)));
    prop_oneof![4 => comparison, 1 => equality, 1 => between, 1 => list, 1 => bare_field, 1 => bare_value]
}

/// Trees as the parser builds them: `and` and `or` flat, in any mixture with `not`.
fn condition_with(text: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Condition> {
    leaf(value_with(text)).prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| Condition::all(parts).unwrap()),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| Condition::any(parts).unwrap()),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
}

fn filter_with(text: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Filter> {
    let limit = prop_oneof![Just(None), (1..=u64::MAX).prop_map(Some)];
    prop_oneof![
        4 => (condition_with(text), limit).prop_map(|(condition, limit)| Filter { condition: Some(condition), limit }),
        1 => (1..=u64::MAX).prop_map(|limit| Filter { condition: None, limit: Some(limit) }),
    ]
}

fn writable_text() -> impl Strategy<Value = String> {
    any_text().prop_map(|text| text.trim_end_matches('\\').to_owned())
}

/// Text in which the language's own words and signs are frequent.
fn almost_a_filter() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "a",
        "_b",
        "and",
        "And",
        "or",
        "not",
        "Not",
        "(",
        ")",
        ",",
        "=",
        "!=",
        "<",
        ">=",
        "contains",
        "between",
        "in",
        "limit",
        "null",
        "NULL",
        "true",
        "1",
        "-2.5",
        "1e9",
        "10",
        "2021-04-20",
        "2021-04-20T12:30:45Z",
        "'x'",
        "\"y\"",
        "'it\\'s'",
        "'",
        "\"",
        "\\",
        "'c:\\'",
        "!",
        "é",
        "2021-02-31",
        ".",
    ]);
    let space = prop::sample::select(vec!["", " ", "\n"]);
    prop::collection::vec((word, space), 0..14)
        .prop_map(|words| words.into_iter().flat_map(|(word, space)| [word, space]).collect())
}

proptest! {
    #[test]
    fn a_filter_that_is_written_reads_back_as_itself(filter in filter_with(writable_text())) {
        let text = filter.to_string();
        prop_assert_eq!(Filter::parse(&text).map_err(|error| error.to_string()), Ok(filter), "{}", text);
    }

    #[test]
    fn a_filter_that_is_written_never_reads_back_as_another(filter in filter_with(any_text())) {
        if let Ok(parsed) = Filter::parse(&filter.to_string()) {
            prop_assert_eq!(parsed, filter);
        }
    }

    #[test]
    fn any_text_is_a_filter_or_an_error_inside_the_text(text in prop_oneof![almost_a_filter(), any::<String>()]) {
        match Filter::parse(&text) {
            Ok(filter) => prop_assert_eq!(Filter::parse(&filter.to_string()).map_err(|error| error.to_string()), Ok(filter)),
            Err(error) => {
                let span = error.span();
                prop_assert!(text.get(span.clone()).is_some(), "{:?} in {:?}", span, text);
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }

    #[test]
    fn a_condition_asks_for_each_of_its_fields_once(condition in condition_with(any_text())) {
        let mut fields: Vec<&str> = condition.fields().collect();
        let count = fields.len();
        fields.sort_unstable();
        fields.dedup();
        prop_assert_eq!(fields.len(), count);
    }
}
