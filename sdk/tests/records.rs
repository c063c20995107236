//! Which records the data format takes, and that what is built is taken.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says why")]

use appflow_sdk::protocol::*;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use proptest::prelude::*;
use serde_json::{Value, json};

use FieldDataType as Type;

/// An entity with one field, `f`.
fn entity(data_type: FieldDataType) -> EntityDefinition {
    EntityDefinition::new("e", vec![FieldDefinition::new("f", data_type)])
}

/// Whether a record whose `f` is this JSON is taken, and otherwise the rules that it breaks.
#[track_caller]
fn check(validator: &RecordValidator, value: &str) -> Result<(), Vec<RecordRule>> {
    let record = Record::parse(&format!("{{\"f\":{value}}}")).unwrap();
    validator.validate(&record).map_err(|errors| errors.violations().iter().map(|each| each.rule().clone()).collect())
}

/// The vectors of the official Java SDK's validator, and the limits of each type.
const ACCEPTED: &[(Type, &[&str])] = &[
    (Type::String, &[r#""""#, r#""text""#, r#""\ud800""#]),
    (Type::ByteArray, &[r#""aGVsbG8=""#, r#""not base64!""#]),
    (Type::Boolean, &["true", "false"]),
    (Type::Short, &["-32768", "32767", "0", "-0"]),
    (Type::Integer, &["1090908", "-2147483648", "2147483647"]),
    (Type::Long, &["-9223372036854775808", "9223372036854775807"]),
    (Type::BigInteger, &["143280943252083043243942039410904234090000000", "-923482390423492354906325234314"]),
    (Type::Float, &["12132432.12312432", "1.4E-45", "3.4028235E38", "-3.4028235E38", "1", "1e400"]),
    (Type::Double, &["4.9E-324", "1.7976931348623157E308", "-1.7976931348623157E308", "1e400"]),
    (
        Type::BigDecimal,
        &[
            "1",
            "-1",
            "1.212312124125543623243242423423432423423423234242343",
            "12321321431215498.1230129414039240234",
            "10000000000000000000000000000000000000",
            "-10000000000000000000000000000000000000",
            "14328094325208304324394203941090423409E23",
        ],
    ),
    (Type::Date, &[r#""2022-12-16""#, r#""2023-12-03Z""#, r#""2023-12-03+01:00""#, r#""2023\u002d12-03""#]),
    (
        Type::DateTime,
        &[
            r#""2022-12-16T12:06:33+00:00""#,
            r#""2011-12-03T10:15:30.000+01:00""#,
            r#""2011-12-03T10:15""#,
            r#""2011-12-03T10:15:30+01:00[Europe/Paris]""#,
        ],
    ),
    (Type::Struct, &["{}", r#"{"test":"test2"}"#, r#"{"a":null}"#]),
    (Type::Map, &[r#"{"test":"test2"}"#]),
    (Type::List, &["[]", "[1,2]", r#"["1","2"]"#, "[null]"]),
];

const REFUSED: &[(Type, &[&str])] = &[
    (Type::String, &["1", "true", "[]", "{}"]),
    (Type::ByteArray, &["1", "true", "[1]", "{}"]),
    (Type::Boolean, &["1", r#""asdas""#, r#""true""#, "[]", "{}"]),
    (Type::Short, &["2147483647", "-2147483648", "32768", "1.0", "1e2", "true", r#""1""#, "[]", "{}"]),
    (Type::Integer, &["1.1", "1.0", "1e2", "2.147483648E9", "2147483648", "true", r#""1""#, "[1]", "{}"]),
    (Type::Long, &["9223372036854775808", "1.0", "false", r#""1""#, "[]", "{}"]),
    (Type::BigInteger, &["1.1", "1.0", "1e2", "1E2", "true", r#""1""#, "[]", "{}"]),
    (Type::Float, &["true", r#""1""#, "[]", "{}"]),
    (Type::Double, &["true", r#""NaN""#, "[]", "{}"]),
    (Type::BigDecimal, &["1e400", "-1e400", "true", r#""1""#, "[]", "{}"]),
    (
        Type::Date,
        &[r#""2022-02-30""#, r#""16.12.2022""#, r#""2022-12-16T00:00:00Z""#, r#""\ud800""#, "20221216", "true"],
    ),
    (
        Type::DateTime,
        &[
            r#""2022-12-16""#,
            r#""2022-12-16 12:06:33""#,
            r#""2022-12-16T12:06:33+0530""#,
            r#""2022-12-16T24:00:00""#,
            "1671192393",
            "{}",
        ],
    ),
    (Type::Struct, &["true", "1", r#""1-1-1""#, "[]"]),
    (Type::Map, &["true", "1", r#""{}""#, "[]"]),
    (Type::List, &["true", "1", r#""1-1-1""#, "{}"]),
];

#[test]
fn every_type_accepts_what_the_official_validator_accepts() {
    assert_eq!(ACCEPTED.len(), FieldDataType::ALL.len());
    for (data_type, values) in ACCEPTED {
        let validator = RecordValidator::new(&entity(data_type.clone()));
        for value in *values {
            assert_eq!(check(&validator, value), Ok(()), "{data_type} {value}");
        }
    }
}

#[test]
fn every_type_refuses_what_the_official_validator_refuses() {
    assert_eq!(REFUSED.len(), FieldDataType::ALL.len());
    for (data_type, values) in REFUSED {
        let validator = RecordValidator::new(&entity(data_type.clone()));
        for value in *values {
            assert_eq!(check(&validator, value), Err(vec![RecordRule::Type(data_type.clone())]), "{data_type} {value}");
        }
    }
}

#[test]
fn null_is_refused_and_a_missing_field_passes_for_every_type() {
    for data_type in FieldDataType::ALL.iter().cloned().chain([Type::Unknown("Vector".to_owned())]) {
        let validator = RecordValidator::new(&entity(data_type.clone()));
        assert_eq!(check(&validator, "null"), Err(vec![RecordRule::NotNull]), "{data_type}");
        assert_eq!(validator.validate(&Record::parse("{}").unwrap()), Ok(()), "{data_type}");
        assert_eq!(
            validator.validate(&Record::parse(r#"{"g":null}"#).unwrap()),
            Ok(()),
            "an unknown field is left alone"
        );
    }
    let unknown = RecordValidator::new(&entity(Type::Unknown("Vector".to_owned())));
    assert_eq!(check(&unknown, "[1]"), Ok(()));
}

#[test]
fn every_violation_is_told_with_field_rule_and_kind_but_never_with_the_value() {
    let fields = [("a", Type::Integer), ("b", Type::Date), ("c", Type::Boolean), ("d", Type::String)];
    let fields = fields.map(|(name, data_type)| FieldDefinition::new(name, data_type));
    let validator = RecordValidator::new(&EntityDefinition::new("e", fields.into())).refuse_unknown_fields();
    let record = Record::parse(r#"{"x":"hunter2","d":null,"c":"hunter2","b":"hunter2","a":27182.8182}"#).unwrap();
    let errors = validator.validate(&record).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "field \"a\" must be an integer of 32 bits, without fraction and exponent, found a number; \
         field \"b\" must be a string with a date such as 2026-01-31, found a string; \
         field \"c\" must be true or false, without quotes, found a string; \
         field \"d\" must have a value or be left out, found null; \
         field \"x\" is no field of the entity, found a string"
    );
    assert!(!format!("{errors:?}{errors}").contains("hunter2") && !format!("{errors:?}{errors}").contains("27182"));
    assert_eq!((errors.violations()[0].field(), errors.violations()[0].found()), ("a", "a number"));
}

#[test]
fn of_a_member_that_occurs_twice_the_last_counts() {
    let validator = RecordValidator::new(&entity(Type::Integer));
    assert_eq!(validator.validate(&Record::parse(r#"{"f":"x","\u0066":1}"#).unwrap()), Ok(()));
    assert!(validator.validate(&Record::parse(r#"{"f":1,"f":"x"}"#).unwrap()).is_err());
}

#[test]
fn a_name_that_is_no_text_is_an_error_and_no_panic() {
    let validator = RecordValidator::new(&entity(Type::Integer));
    let errors = validator.validate(&Record::parse(r#"{"\ud800":1}"#).unwrap()).unwrap_err();
    assert_eq!(errors.violations()[0].rule(), &RecordRule::Json);
}

#[test]
fn hostile_nesting_is_passed_over() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(check(&RecordValidator::new(&entity(Type::List)), &deep), Ok(()));
}

#[test]
fn missing_fields_are_refused_on_request_where_they_are_keys_or_never_null() {
    let definition = EntityDefinition::new(
        "e",
        vec![
            FieldDefinition::new("id", Type::Integer).primary_key(),
            FieldDefinition::new("never_null", Type::String).required(),
            FieldDefinition::new("optional", Type::String),
        ],
    );
    let validator = RecordValidator::new(&definition).refuse_missing_fields();
    let errors = validator.validate(&Record::parse("{}").unwrap()).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "field \"id\" must be there, found nothing; field \"never_null\" must be there, found nothing"
    );
    assert_eq!(validator.validate(&Record::parse(r#"{"id":1,"never_null":""}"#).unwrap()), Ok(()));
}

/// An entity whose field has this constraint.
fn constrained(data_type: FieldDataType, constraint: &Value) -> EntityDefinition {
    let mut definition = entity(data_type);
    definition.fields[0].constraints = Some(serde_json::from_str(&constraint.to_string()).unwrap());
    definition
}

#[test]
fn constraints_are_checked_on_request() {
    let length = json!({"allowedLengthRange": {"minRange": 2, "maxRange": "3.0"}});
    let range = json!({"allowedValueRange": {"minRange": "-0.1000000000000000000001", "maxRange": "1E+3"}});
    let extreme = json!({"allowedValueRange": {"minRange": 0, "maxRange": "1e99999999999999999999"}});
    let words = json!({"allowedValues": ["a", "1.50"]});
    let unchecked = json!({"allowedValuesRegexPattern": "^x$", "allowedDateFormat": "yyyy"});
    for (data_type, constraint, right, wrong) in [
        (
            Type::String,
            &length,
            &[r#""ab""#, r#""🚀🚀🚀""#, r#""\u0061\n""#][..],
            &[r#""a""#, r#""abcd""#, r#""\ud800""#][..],
        ),
        (Type::ByteArray, &length, &[r#""a""#], &[]),
        (
            Type::BigDecimal,
            &range,
            &["-0.1000000000000000000001", "1000.000", "1e3", "0"],
            &["-0.1000000000000000000002", "1000.0000000000000000000000001", "1001"],
        ),
        (Type::Integer, &range, &["0", "1000"], &["-1", "1001"]),
        (Type::Double, &extreme, &["1e400", "0"], &["-1", "1e99999999999999999999"]),
        (Type::String, &range, &[r#""5000""#], &[]),
        (Type::String, &words, &[r#""a""#, r#""1.50""#], &[r#""b""#, r#""1.5""#]),
        (Type::Double, &words, &["1.5", "15e-1"], &["1.51"]),
        (Type::String, &unchecked, &[r#""y""#], &[]),
    ] {
        let definition = constrained(data_type.clone(), constraint);
        let (plain, checked) =
            (RecordValidator::new(&definition), RecordValidator::new(&definition).check_constraints());
        for value in right {
            assert_eq!(check(&checked, value), Ok(()), "{data_type} {constraint} {value}");
        }
        for value in wrong {
            assert_eq!(check(&plain, value), Ok(()), "not without being asked: {value}");
            assert_eq!(check(&checked, value).unwrap_err().len(), 1, "{data_type} {constraint} {value}");
        }
    }
    let both = constrained(
        Type::String,
        &json!({"allowedLengthRange": {"minRange": 2, "maxRange": 3}, "allowedValues": ["ab"]}),
    );
    let rules = check(&RecordValidator::new(&both).check_constraints(), r#""abcd""#).unwrap_err();
    assert!(matches!(&rules[..], [RecordRule::Length(_), RecordRule::Allowed]), "{rules:?}");
}

#[test]
fn a_builder_writes_every_kind_of_value() {
    let fields = FieldDataType::ALL.iter().map(|data_type| FieldDefinition::new(data_type.as_str(), data_type.clone()));
    let definition = EntityDefinition::new("e", fields.collect());
    let decimal: Decimal = "12321321431215498.1230129414039240234".parse().unwrap();
    let record = RecordBuilder::new(&definition)
        .set("String", "a \"b\" \u{1} ü")
        .set("Integer", i32::MIN)
        .set("Float", 1.5_f32)
        .set("Double", 0.1)
        .set("Long", i64::MAX)
        .set("Short", -7_i8)
        .set("BigInteger", u64::MAX)
        .set("BigDecimal", &decimal)
        .set("ByteArray", &b"hello\xff"[..])
        .set("Boolean", true)
        .set("Date", Date::constant(2024, 2, 29))
        .set("DateTime", "2026-01-31T10:15:30.5Z".parse::<Timestamp>().unwrap())
        .set_json("Struct", &json!({"a": 1}))
        .set_json("Map", &json!({}))
        .set_json("List", &[1, 2])
        .build()
        .unwrap();
    assert_eq!(
        record.get(),
        r#"{"String":"a \"b\" \u0001 ü","Integer":-2147483648,"Float":1.5,"Double":0.1,"Long":9223372036854775807,"Short":-7,"BigInteger":18446744073709551615,"BigDecimal":12321321431215498.1230129414039240234,"ByteArray":"aGVsbG//","Boolean":true,"Date":"2024-02-29","DateTime":"2026-01-31T10:15:30.5Z","Struct":{"a":1},"Map":{},"List":[1,2]}"#
    );
    assert_eq!(RecordValidator::new(&definition).refuse_unknown_fields().validate(&record), Ok(()));
}

#[test]
fn a_builder_leaves_null_out_and_takes_fields_in_any_order() {
    let definition = EntityDefinition::new(
        "e",
        vec![FieldDefinition::new("a", Type::Integer), FieldDefinition::new("b \"c\"", Type::String)],
    );
    let record = RecordBuilder::new(&definition).set("b \"c\"", "x").set("a", None::<i64>).set_json("a", &None::<i64>);
    assert_eq!(record.set("a", Some(1)).build().unwrap().get(), r#"{"b \"c\"":"x","a":1}"#);
    assert_eq!(RecordBuilder::new(&definition).build().unwrap().get(), "{}");
}

#[test]
fn a_builder_refuses_everything_that_does_not_fit_at_once() {
    let fields = FieldDataType::ALL.iter().map(|data_type| FieldDefinition::new(data_type.as_str(), data_type.clone()));
    let definition = EntityDefinition::new("e", fields.collect());
    let clock = DateTime::constant(2024, 2, 29, 1, 2, 3, 0);
    let errors = RecordBuilder::new(&definition)
        .set("string", "wrong case")
        .set("Nothing", None::<i32>)
        .set("Integer", 2_147_483_648_i64)
        .set("Integer", 5.0)
        .set("Long", "5")
        .set("Double", f64::NAN)
        .set("Float", f32::INFINITY)
        .set("Boolean", "true")
        .set("ByteArray", "not base64!")
        .set("String", &b"bytes"[..])
        .set("String", Date::constant(2024, 2, 29))
        .set("Date", clock)
        .set("Date", "tomorrow")
        .set("DateTime", Date::constant(2024, 2, 29))
        .set("Date", Date::constant(-44, 3, 15))
        .set_json("Struct", &[1])
        .set_json("List", &std::collections::BTreeMap::from([((1, 2), 3)]))
        .set("Short", 1)
        .set("Short", 2)
        .build()
        .unwrap_err();
    let told: Vec<_> = errors.violations().iter().map(|each| (each.field(), each.found())).collect();
    assert_eq!(
        told,
        [
            ("string", "a string"),
            ("Nothing", "null"),
            ("Integer", "a number"),
            ("Integer", "a number"),
            ("Long", "a string"),
            ("Double", "a number"),
            ("Float", "a number"),
            ("Boolean", "a string"),
            ("ByteArray", "a string"),
            ("String", "bytes"),
            ("String", "a date"),
            ("Date", "a date and time"),
            ("Date", "a string"),
            ("DateTime", "a date"),
            ("Date", "a string"),
            ("Struct", "an array"),
            ("List", "what does not serialise"),
            ("Short", "a number"),
        ]
    );
    assert_eq!(errors.violations().last().unwrap().rule(), &RecordRule::Once);
}

/// One value for each type, or none.
fn values() -> impl Strategy<Value = Vec<Option<Generated>>> {
    let text = any::<String>().prop_map(Generated::Text);
    let day = (0_i16..=9999, 1_i8..=12, 1_i8..=28).prop_map(|(y, m, d)| Generated::Date(Date::constant(y, m, d)));
    let instant = (-62_000_000_000_i64..253_000_000_000, 0_i32..1_000_000_000)
        .prop_map(|(second, nano)| Generated::Timestamp(Timestamp::new(second, nano).unwrap()));
    let decimal = "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?";
    let strategies: Vec<BoxedStrategy<Generated>> = vec![
        text.boxed(),
        any::<i32>().prop_map(|number| Generated::Integer(number.into())).boxed(),
        any::<f32>()
            .prop_filter("JSON has no such number", |number| number.is_finite())
            .prop_map(Generated::Single)
            .boxed(),
        any::<f64>()
            .prop_filter("JSON has no such number", |number| number.is_finite())
            .prop_map(Generated::Double)
            .boxed(),
        any::<i64>().prop_map(|number| Generated::Integer(number.into())).boxed(),
        any::<i16>().prop_map(|number| Generated::Integer(number.into())).boxed(),
        any::<i128>().prop_map(Generated::Integer).boxed(),
        decimal.prop_map(|text| Generated::Decimal(text.parse().unwrap())).boxed(),
        any::<Vec<u8>>().prop_map(Generated::Bytes).boxed(),
        any::<bool>().prop_map(Generated::Boolean).boxed(),
        day.boxed(),
        instant.boxed(),
        any::<(String, i32)>().prop_map(|(key, value)| Generated::Json(json!({key: value}))).boxed(),
        any::<(String, String)>().prop_map(|(key, value)| Generated::Json(json!({key: value}))).boxed(),
        any::<Vec<Option<String>>>().prop_map(|list| Generated::Json(json!(list))).boxed(),
    ];
    strategies.into_iter().map(proptest::option::of).collect::<Vec<_>>()
}

#[derive(Debug, Clone)]
enum Generated {
    Text(String),
    Integer(i128),
    Single(f32),
    Double(f64),
    Decimal(Decimal),
    Bytes(Vec<u8>),
    Boolean(bool),
    Date(Date),
    Timestamp(Timestamp),
    Json(Value),
}

proptest! {
    #[test]
    fn what_a_builder_builds_is_valid(values in values(), name in any::<String>()) {
        let types = FieldDataType::ALL;
        prop_assert_eq!(values.len(), types.len());
        let name = |data_type: &FieldDataType| format!("{name}{data_type}");
        let fields = types.iter().map(|data_type| FieldDefinition::new(name(data_type), data_type.clone()));
        let definition = EntityDefinition::new("e", fields.collect());
        let mut builder = RecordBuilder::new(&definition);
        for (data_type, value) in types.iter().zip(values.clone()) {
            let field = name(data_type);
            builder = match value {
                None => builder.set(&field, None::<&str>),
                Some(Generated::Text(value)) => builder.set(&field, value),
                Some(Generated::Integer(value)) => builder.set(&field, value),
                Some(Generated::Single(value)) => builder.set(&field, value),
                Some(Generated::Double(value)) => builder.set(&field, value),
                Some(Generated::Decimal(value)) => builder.set(&field, value),
                Some(Generated::Bytes(value)) => builder.set(&field, value),
                Some(Generated::Boolean(value)) => builder.set(&field, value),
                Some(Generated::Date(value)) => builder.set(&field, value),
                Some(Generated::Timestamp(value)) => builder.set(&field, value),
                Some(Generated::Json(value)) => builder.set_json(&field, &value),
            };
        }
        let record = builder.build().unwrap();
        let read: Value = serde_json::from_str(record.get()).unwrap();
        prop_assert_eq!(read.as_object().unwrap().len(), values.iter().flatten().count());
        let validator = RecordValidator::new(&definition).refuse_unknown_fields().check_constraints();
        prop_assert_eq!(validator.validate(&Record::parse(record.get()).unwrap()), Ok(()));
    }
}
