//! Records against conditions, type by type.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::super::{BetweenBounds, EvaluateErrorKind, Evaluator};
use super::condition;
use crate::protocol::{EntityDefinition, FieldDataType, FieldDefinition};

/// An entity with one field of each type, named like the type in lower case.
pub(super) fn entity() -> EntityDefinition {
    let fields = FieldDataType::ALL
        .iter()
        .map(|data_type| FieldDefinition::new(data_type.as_str().to_lowercase(), data_type.clone()));
    EntityDefinition::new("things", fields.collect())
}

#[track_caller]
fn evaluator(filter: &str) -> Evaluator {
    match Evaluator::new(&condition(filter), &entity()) {
        Ok(evaluator) => evaluator,
        Err(error) => panic!("{filter}: {error}"),
    }
}

fn run(evaluator: &Evaluator, record: &str) -> Result<bool, super::super::EvaluateError> {
    let members: HashMap<&str, &RawValue> = serde_json::from_str(record).unwrap();
    evaluator.matches(|name| members.get(name).copied())
}

/// Checks each filter against each record: the records that match, by index.
#[track_caller]
fn selects(filter: &str, records: &[&str], expected: &[usize]) {
    let evaluator = evaluator(filter);
    let found: Vec<usize> = (0..records.len()).filter(|&index| run(&evaluator, records[index]).unwrap()).collect();
    assert_eq!(found, expected, "{filter}");
}

#[test]
fn numbers_compare_exactly() {
    let records = [
        r#"{"bigdecimal": 9.90}"#,
        r#"{"bigdecimal": 12321321431215498.1230129414039240234}"#,
        r#"{"bigdecimal": 12321321431215498.1230129414039240235}"#,
        r#"{"bigdecimal": -1e400}"#,
        r#"{"bigdecimal": "10"}"#,
        r#"{"bigdecimal": 1e999999999999}"#,
    ];
    selects("bigdecimal = 9.9", &records, &[0]);
    selects("bigdecimal != 9.9", &records, &[1, 2, 3, 4, 5]);
    selects("bigdecimal > 12321321431215498.1230129414039240234", &records, &[2, 5]);
    selects("bigdecimal <= 12321321431215498.1230129414039240234", &records, &[0, 1, 3, 4]);
    selects("bigdecimal < -1e399", &records, &[3]);
    selects("bigdecimal between 9.9 and 10", &records, &[0, 4]);
    selects("bigdecimal in (10, 9.900, '7')", &records, &[0, 4]);
    selects("bigdecimal = '010.0'", &records, &[4]);
    selects("bigdecimal >= 1e999999999999", &records, &[5]);
}

#[test]
fn every_numeric_type_compares_as_a_number() {
    for name in ["integer", "float", "double", "long", "short", "biginteger", "bigdecimal"] {
        let record = format!("{{\"{name}\": 10}}");
        selects(&format!("{name} > 9"), &[&record], &[0]);
        selects(&format!("{name} = 1e1"), &[&record], &[0]);
    }
}

#[test]
fn moments_compare_as_moments_whatever_their_offset() {
    let records = [
        r#"{"datetime": "2021-04-20T12:00:00Z"}"#,
        r#"{"datetime": "2021-04-20T14:00:00.000+02:00"}"#,
        r#"{"datetime": "2021-04-20T12:00:00"}"#,
        r#"{"datetime": "2021-04-20T12:00:00.001Z"}"#,
        r#"{"datetime": "2021-04-20"}"#,
        r#"{"datetime": "9999-12-31T23:59:59Z"}"#,
    ];
    selects("datetime = 2021-04-20T12:00:00Z", &records, &[0, 1, 2]);
    selects("datetime = 2021-04-20T07:00:00-05:00", &records, &[0, 1, 2]);
    selects("datetime > 2021-04-20T12:00:00Z", &records, &[3, 5]);
    selects("datetime = 2021-04-20", &records, &[4]);
    selects("datetime < 2021-04-21", &records, &[0, 1, 2, 3, 4]);
    selects("datetime = 1618920000000", &records, &[0, 1, 2]);
    selects("datetime between 1618920000000 and 1618920000001", &records, &[0, 1, 2, 3]);
    selects("datetime = '2021-04-20T12:00:00Z'", &records, &[0, 1, 2]);
    selects("datetime in (2021-04-20, 9999-12-31T23:59:59Z)", &records, &[4, 5]);
}

#[test]
fn dates_compare_with_dates_moments_and_milliseconds() {
    let records = [r#"{"date": "2021-04-19"}"#, r#"{"date": "2021-04-20"}"#, r#"{"date": "2021-04-21"}"#];
    selects("date = 2021-04-20", &records, &[1]);
    selects("date != 2021-04-20", &records, &[0, 2]);
    selects("date between 2021-04-19 and 2021-04-20", &records, &[0, 1]);
    selects("date > 2021-04-19T12:00:00Z", &records, &[1, 2]);
    selects("date >= 1618876800000", &records, &[1, 2]);
    selects("date in ('2021-04-21')", &records, &[2]);
}

#[test]
fn text_compares_by_code_point_and_case_matters() {
    let records = [
        r#"{"string": "Zebra"}"#,
        r#"{"string": "apple"}"#,
        r#"{"string": "\u00e4pfel"}"#,
        r#"{"string": "007"}"#,
        r#"{"string": 7}"#,
        r#"{"string": true}"#,
        r#"{"string": ""}"#,
        r#"{"string": "2021-04-20"}"#,
    ];
    selects("string = 'apple'", &records, &[1]);
    selects("string = 'APPLE'", &records, &[]);
    selects("string = 'äpfel'", &records, &[2]);
    selects("string > 'a'", &records, &[1, 2, 5]);
    selects("string between 'Z' and 'a'", &records, &[0]);
    selects("string = 007", &records, &[3]);
    selects("string = 7", &records, &[4]);
    selects("string = 'true'", &records, &[5]);
    selects("string = ''", &records, &[6]);
    selects("string = 2021-04-20", &records, &[7]);
    selects("string contains 'p'", &records, &[1, 2]);
    selects("string contains 'P'", &records, &[]);
    selects("string contains '%'", &records, &[]);
    selects("string contains ''", &records, &[0, 1, 2, 3, 4, 5, 6, 7]);
    selects("string contains 7", &records, &[3, 4]);
    selects("string in ('apple', 7)", &records, &[1, 4]);
}

#[test]
fn booleans_are_equal_or_not() {
    let records = [r#"{"boolean": true}"#, r#"{"boolean": false}"#, r#"{"boolean": "True"}"#, r#"{"boolean": null}"#];
    selects("boolean = true", &records, &[0, 2]);
    selects("boolean != true", &records, &[1]);
    selects("boolean = 'false'", &records, &[1]);
    selects("boolean in ('true', 'false')", &records, &[0, 1, 2]);
}

#[test]
fn a_list_contains_its_elements() {
    let records = [
        r#"{"list": ["red", "5"]}"#,
        r#"{"list": [5, 5.5, true]}"#,
        r#"{"list": [5.0]}"#,
        r#"{"list": [["red"], {"red": "red"}, null]}"#,
        r#"{"list": ["2021-04-20T14:00:00+02:00"]}"#,
        r#"{"list": []}"#,
    ];
    selects("list contains 'red'", &records, &[0]);
    selects("list contains 're'", &records, &[]);
    selects("list contains 5", &records, &[0, 1, 2]);
    selects("list contains '5'", &records, &[0, 1]);
    selects("list contains 'true'", &records, &[1]);
    selects("list contains 2021-04-20T12:00:00Z", &records, &[4]);
    selects("list contains 'null'", &records, &[]);
}

#[test]
fn a_map_contains_its_keys_and_its_values() {
    let records = [
        r#"{"map": {"colour": "red"}}"#,
        r#"{"map": {"red": null}}"#,
        r#"{"map": {"r\u0065d": 1}}"#,
        r#"{"map": {"inner": {"red": "red"}}}"#,
        r#"{"map": {"size": 5}}"#,
    ];
    selects("map contains 'red'", &records, &[0, 1, 2]);
    selects("map contains 5.0", &records, &[4]);
    selects("map contains 'inner'", &records, &[3]);
}

#[test]
fn a_missing_member_is_null_and_null_satisfies_no_test_but_its_own() {
    let records = ["{}", r#"{"integer": null}"#, r#"{"integer": 5}"#, r#"{"integer": 6}"#];
    selects("integer = null", &records, &[0, 1]);
    selects("integer != null", &records, &[2, 3]);
    selects("integer = 5", &records, &[2]);
    selects("integer != 5", &records, &[3]);
    selects("not integer = 5", &records, &[0, 1, 3]);
    selects("not integer = null", &records, &[2, 3]);
    selects("integer < 9", &records, &[2, 3]);
    selects("not integer < 9", &records, &[0, 1]);
    selects("integer between 0 and 9", &records, &[2, 3]);
    selects("integer in (5)", &records, &[2]);
    selects("integer in (5, null)", &records, &[0, 1, 2]);
    selects("not integer in (5, null)", &records, &[3]);
}

#[test]
fn every_type_can_be_tested_for_null() {
    for data_type in FieldDataType::ALL {
        let name = data_type.as_str().to_lowercase();
        let present = format!("{{\"{name}\": {{\"anything\": 1}}}}");
        selects(&format!("{name} = null"), &["{}", &present], &[0]);
        selects(&format!("{name} != null"), &["{}", &present], &[1]);
    }
}

#[test]
fn an_absent_text_contains_nothing_not_even_nothing() {
    selects("string contains ''", &[r#"{"string": null}"#, r#"{"string": ""}"#], &[1]);
    selects("list contains 'x'", &["{}"], &[]);
    selects("map contains 'x'", &["{}"], &[]);
}

#[test]
fn bounds_belong_to_the_range_unless_told_otherwise() {
    let inclusive = evaluator("integer between 1 and 3");
    let exclusive = inclusive.clone().with_bounds(BetweenBounds::Exclusive);
    for (value, inside, strictly_inside) in
        [(0, false, false), (1, true, false), (2, true, true), (3, true, false), (4, false, false)]
    {
        let record = format!("{{\"integer\": {value}}}");
        assert_eq!(run(&inclusive, &record), Ok(inside), "{value}");
        assert_eq!(run(&exclusive, &record), Ok(strictly_inside), "{value}");
    }
}

#[test]
fn connectives_combine_as_they_read() {
    let records = [
        r#"{"integer": 1, "string": "a"}"#,
        r#"{"integer": 1, "string": "b"}"#,
        r#"{"integer": 2, "string": "a"}"#,
        r#"{"integer": 2, "string": "b"}"#,
    ];
    selects("integer = 1 and string = 'a'", &records, &[0]);
    selects("integer = 1 or string = 'a'", &records, &[0, 1, 2]);
    selects("not (integer = 1 or string = 'a')", &records, &[3]);
    selects("not integer = 1 or string = 'a'", &records, &[0, 2, 3]);
    selects("integer = 2 or integer = 1 and string = 'b'", &records, &[1, 2, 3]);
    selects("(integer = 2 or integer = 1) and string = 'b'", &records, &[1, 3]);
    selects("not not integer = 1", &records, &[0, 1]);
}

#[test]
fn asks_for_no_member_that_the_condition_does_not_name() {
    let evaluator = evaluator("integer = 1 and (string = 'x' or integer = 2)");
    assert_eq!(evaluator.fields(), ["integer", "string"]);
    let matched = evaluator.matches(|name| {
        assert!(["integer", "string"].contains(&name), "{name}");
        None
    });
    assert_eq!(matched, Ok(false));
}

#[test]
fn a_member_that_is_not_what_its_type_says_is_an_error_that_names_the_field() {
    let wrong = |expected, found| EvaluateErrorKind::WrongType { expected, found };
    for (filter, record, kind) in [
        ("integer = 1", r#"{"integer": "many"}"#, wrong("a number", "text")),
        ("integer = 1", r#"{"integer": true}"#, wrong("a number", "a boolean")),
        ("integer = 1", r#"{"integer": [1]}"#, wrong("a number", "an array")),
        ("integer = 1", r#"{"integer": 1e99999999999999999999}"#, EvaluateErrorKind::ExtremeNumber),
        ("boolean = true", r#"{"boolean": 1}"#, wrong("true or false", "a number")),
        ("boolean = true", r#"{"boolean": "yes"}"#, wrong("true or false", "text")),
        ("string = 'x'", r#"{"string": {}}"#, wrong("text", "an object")),
        ("string = 'x'", r#"{"string": "\ud800"}"#, EvaluateErrorKind::InvalidText),
        (
            "datetime > 2021-04-20",
            r#"{"datetime": 1618920000}"#,
            wrong("text with a date or a date and time", "a number"),
        ),
        ("datetime > 2021-04-20", r#"{"datetime": "yesterday"}"#, EvaluateErrorKind::NotAMoment),
        ("date > 2021-04-20", r#"{"date": "20.04.2021"}"#, EvaluateErrorKind::NotAMoment),
        ("list contains 'x'", r#"{"list": "x"}"#, wrong("an array", "text")),
        ("map contains 'x'", r#"{"map": ["x"]}"#, wrong("an object", "an array")),
    ] {
        let error = run(&evaluator(filter), record).unwrap_err();
        assert_eq!(error.kind(), kind, "{filter} {record}");
        assert_eq!(error.field(), filter.split(' ').next().unwrap());
    }
}

#[test]
fn an_error_tells_the_type_and_not_the_content() {
    let error = run(&evaluator("integer = 1"), r#"{"integer": "confidential"}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the filter cannot test a record, because its `integer` is text where the entity's definition asks for a number; \
         correct the field's type"
    );
}

#[test]
fn members_that_others_have_decided_over_are_not_read() {
    let record = r#"{"integer": 1, "datetime": "yesterday"}"#;
    assert_eq!(run(&evaluator("integer = 2 and datetime > 2021-04-20"), record), Ok(false));
    assert_eq!(run(&evaluator("integer = 1 or datetime > 2021-04-20"), record), Ok(true));
}
