//! Conditions that mean nothing for their entity, and what the error tells.

use super::super::{
    BetweenBounds, Condition, Evaluator, Filter, Instant, Moment, Operand, Operators, Predicate, ResolveErrorKind,
    TypedCondition, TypedFilter, TypedValue, Value,
};
use super::condition;
use super::evaluation::entity;
use crate::protocol::{ConnectorOperator, EntityDefinition, FieldDataType, FieldDefinition};

#[track_caller]
fn refuses(filter: &str, message: &str) {
    let error = Evaluator::new(&condition(filter), &entity()).unwrap_err();
    assert_eq!(error.to_string(), message, "{filter}");
}

#[test]
fn names_the_field_that_does_not_exist_and_the_one_that_may_be_meant() {
    refuses("strin = 'x'", "the entity `things` has no field `strin`; did you mean `string`?");
    refuses("String = 'x'", "the entity `things` has no field `String`; did you mean `string`?");
    refuses("colour = 'x'", "the entity `things` has no field `colour`; name one of its own");
    let error = Evaluator::new(&condition("integer = 1 and dat = null"), &entity()).unwrap_err();
    let nearest = Some("date".to_owned());
    assert_eq!(error.kind(), &ResolveErrorKind::UnknownField { entity: "things".to_owned(), nearest });
    assert_eq!(error.subject(), "dat");
}

#[test]
fn refuses_a_lone_operand() {
    let rest = "stands alone and tests nothing; write a comparison such as state = 'open'";
    refuses("string", &format!("`string` {rest}"));
    refuses("integer = 1 or not 5", &format!("`5` {rest}"));
    let bare = Condition::Bare(Operand::Value(Value::Boolean(true)));
    assert_eq!(Evaluator::new(&bare, &entity()).unwrap_err().kind(), &ResolveErrorKind::BareOperand);
}

#[test]
fn refuses_an_operator_that_the_type_has_no_meaning_for() {
    let numeric = "=, !=, <, <=, >, >=, between or in";
    for (filter, operator, field, data_type, ways_out) in [
        ("integer contains 5", "contains", "integer", "Integer", numeric),
        ("datetime contains '2021'", "contains", "datetime", "DateTime", numeric),
        ("boolean > 'true'", ">", "boolean", "Boolean", "=, != or in"),
        ("boolean contains 'true'", "contains", "boolean", "Boolean", "=, != or in"),
        ("boolean between 'false' and 'true'", "between", "boolean", "Boolean", "=, != or in"),
        ("list = 'x'", "=", "list", "List", "contains, `= null` or `!= null`"),
        ("map in ('x')", "in", "map", "Map", "contains, `= null` or `!= null`"),
        ("list between 1 and 2", "between", "list", "List", "contains, `= null` or `!= null`"),
        ("struct contains 'x'", "contains", "struct", "Struct", "`= null` or `!= null`"),
        ("bytearray = 'x'", "=", "bytearray", "ByteArray", "`= null` or `!= null`"),
    ] {
        refuses(
            filter,
            &format!("`{operator}` has no meaning for the field `{field}` of type {data_type}; use {ways_out}"),
        );
    }
}

#[test]
fn a_type_that_is_not_known_can_only_be_tested_for_null() {
    let later = FieldDefinition::new("place", FieldDataType::from("Point"));
    let entity = EntityDefinition::new("things", vec![later]);
    assert!(Evaluator::new(&condition("place != null"), &entity).is_ok());
    let error = Evaluator::new(&condition("place = 'x'"), &entity).unwrap_err();
    assert_eq!(error.to_string(), "`=` has no meaning for the field `place` of type Point; use `= null` or `!= null`");
}

#[test]
fn refuses_null_where_it_cannot_be_tested() {
    for (filter, operator) in [
        ("integer > null", ">"),
        ("string contains null", "contains"),
        ("list contains null", "contains"),
        ("integer between null and 5", "between"),
        ("integer between 5 and null", "between"),
    ] {
        let field = filter.split(' ').next().unwrap();
        let way_out = "use `= null` or `!= null`";
        refuses(filter, &format!("`{operator}` cannot test the field `{field}` against null; {way_out}"));
    }
}

#[test]
fn refuses_a_value_that_does_not_fit_and_says_what_to_write() {
    let moment = "a date and time such as 2021-04-20T12:30:45Z, a date, or whole milliseconds since 1970";
    for (filter, value, data_type, way_out) in [
        ("integer = 'many'", "'many'", "Integer", "a number such as -12.5"),
        ("integer = true", "true", "Integer", "a number such as -12.5"),
        ("integer > 2021-04-20", "2021-04-20", "Integer", "a number such as -12.5"),
        ("integer in (1, 'x')", "'x'", "Integer", "a number such as -12.5"),
        ("double = 1e99999999999999999999", "1e99999999999999999999", "Double", "a number such as -12.5"),
        ("boolean = 1", "1", "Boolean", "true or false"),
        ("boolean = 'yes'", "'yes'", "Boolean", "true or false"),
        ("date = 'today'", "'today'", "Date", moment),
        ("datetime > 1.5", "1.5", "DateTime", moment),
        ("datetime > 99999999999999999999", "99999999999999999999", "DateTime", moment),
        ("datetime = true", "true", "DateTime", moment),
        ("string = true", "true", "String", "text in quotes"),
        ("string contains 2021-04-20T12:30:45Z", "2021-04-20T12:30:45Z", "String", "text in quotes"),
    ] {
        let field = filter.split(' ').next().unwrap();
        refuses(filter, &format!("{value} does not fit the field `{field}` of type {data_type}; write {way_out}"));
    }
}

#[test]
fn refuses_reversed_bounds() {
    refuses(
        "integer between 10 and 9",
        "the bounds of the `between` on the field `integer` are reversed; write `integer between 9 and 10`",
    );
    assert!(Evaluator::new(&condition("integer between 9 and 9.0"), &entity()).is_ok());
    assert!(Evaluator::new(&condition("datetime between 2021-04-21 and 1618876800000"), &entity()).is_err());
}

fn declared(filter: &str, entity: &EntityDefinition) -> Result<TypedFilter, String> {
    TypedFilter::new(&Filter::parse(filter).unwrap(), entity, Operators::Declared).map_err(|error| error.to_string())
}

#[test]
fn declared_operators_are_those_of_the_definition() {
    let entity = entity();
    for filter in [
        "integer != 5 and integer in (1, 2)",
        "date between 2021-04-20 and 2021-04-21",
        "string contains 'x' or string = null",
        "not boolean = true",
        "list contains 'x'",
        "map != null",
    ] {
        assert!(declared(filter, &entity).is_ok(), "{filter}");
        assert!(Evaluator::new(&condition(filter), &entity).is_ok(), "{filter}");
    }
    for (filter, message) in [
        ("integer between 1 and 2", "the field `integer` does not offer `between`; it offers !=, =, <, <=, >, >="),
        ("date != 2021-04-20", "the field `date` does not offer `!=`; it offers =, <, <=, >, >=, between"),
        ("string < 'x'", "the field `string` does not offer `<`; it offers contains, =, !="),
        ("struct = null", "the field `struct` cannot be filtered on; its definition says `isQueryable: false`"),
    ] {
        assert_eq!(declared(filter, &entity).unwrap_err(), message);
        assert!(Evaluator::new(&condition(filter), &entity).is_ok(), "{filter}");
    }
}

#[test]
fn a_definition_that_offers_nothing_still_lets_null_be_tested() {
    let mut field = FieldDefinition::new("state", FieldDataType::String);
    field.filter_operators = vec![ConnectorOperator::Projection];
    field.read_properties = None;
    let entity = EntityDefinition::new("things", vec![field]);
    assert!(declared("state = null", &entity).is_ok());
    let error = declared("state in ('x')", &entity).unwrap_err();
    assert_eq!(error, "the field `state` does not offer `in`; use `= null` or `!= null`");
}

#[test]
fn a_typed_filter_carries_types_bounds_and_limit() {
    let filter =
        Filter::parse("datetime between 1618876800000 and 2021-04-21 and integer in ('7', null) limit 5").unwrap();
    let typed = TypedFilter::new(&filter, &entity(), Operators::Meaningful).unwrap();
    assert_eq!(typed.limit(), Some(5));
    assert_eq!(typed.fields().map(|field| field.field_name.as_str()).collect::<Vec<_>>(), ["datetime", "integer"]);
    let parts = typed.condition().unwrap().conjuncts();
    let predicates: Vec<_> = parts
        .iter()
        .map(|part| match part {
            TypedCondition::Test(test) => test.predicate().clone(),
            other => panic!("{other:?} is no test"),
        })
        .collect();
    let day = |day| TypedValue::Moment(Moment::from(jiff::civil::date(2021, 4, day)));
    assert_eq!(predicates[0], Predicate::Between { lower: day(20), upper: day(21) });
    let seven = TypedValue::Number("7".parse().unwrap());
    assert_eq!(predicates[1], Predicate::In { values: vec![seven], or_null: true });

    let exclusive = typed.clone().with_bounds(BetweenBounds::Exclusive).evaluator().unwrap();
    let inclusive = typed.evaluator().unwrap();
    let value: Box<serde_json::value::RawValue> = serde_json::from_str("\"2021-04-21\"").unwrap();
    let record = |name: &str| (name == "datetime").then_some(&*value);
    assert_eq!((inclusive.matches(record), exclusive.matches(record)), (Ok(true), Ok(false)));
}

#[test]
fn a_moment_is_a_day_only_at_its_beginning() {
    let day = jiff::civil::date(2021, 4, 20);
    assert_eq!(Moment::from(day).to_date(), Some(day));
    let noon: Instant = "2021-04-20T12:00:00Z".parse().unwrap();
    assert_eq!((Moment::from(noon).to_date(), Moment::from(noon).to_instant()), (None, Some(noon)));
    assert_eq!(Moment::new(jiff::SignedDuration::MAX).to_instant(), None);
}
