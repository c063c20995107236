//! What the official Java SDK's reader forgives, this one forgives, at every place of every message.

use super::fixtures::{DIRECTIONS, files, parse, rewrite};
use super::*;

/// Properties that hold one of a closed choice of texts.
const ENUMS: &[&str] = &[
    "type",
    "scope",
    "authenticationType",
    "dataType",
    "timeToLiveUnit",
    "errorCode",
    "operation",
    "oAuth2ContentType",
    "oAuth2MethodType",
    "connectorModes",
    "operatorsSupported",
    "supportedTriggerTypes",
    "triggerFrequenciesSupported",
    "supportedWriteOperations",
    "supportedDataTransferTypes",
    "oAuth2GrantTypesSupported",
    "filterOperators",
];

/// Maps whose keys are the user's.
const MAPS: &[&str] = &["connectorRuntimeSettings", "customProperties", "errorsByInputField"];

/// Every full message, with a function that reads it and writes it again.
fn full_messages() -> impl Iterator<Item = (String, Value, impl Fn(&str) -> Result<Value, DecodeError>)> {
    Operation::ALL.into_iter().flat_map(|operation| {
        DIRECTIONS.into_iter().map(move |direction| {
            let full = parse(&files(operation)[&format!("{direction}.full")]);
            (format!("{operation} {direction}"), full, move |text: &str| rewrite(direction, operation, text))
        })
    })
}

/// The JSON pointers of all scalars, with the name of the property that each belongs to.
fn scalars(value: &Value, pointer: &str, name: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                scalars(member, &format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), key, found);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                scalars(element, &format!("{pointer}/{index}"), name, found);
            }
        }
        _ => found.push((pointer.to_owned(), name.to_owned())),
    }
}

/// Calls `check` with every scalar of every full message.
fn each_scalar(mut check: impl FnMut(&str, &str, &Value, &dyn Fn(Value) -> Result<Value, DecodeError>)) {
    for (message, full, rewrite) in full_messages() {
        let mut found = Vec::new();
        scalars(&full, "", "", &mut found);
        for (pointer, name) in found {
            let place = format!("{message} {pointer}");
            let with = |value: Value| {
                let mut changed = full.clone();
                *changed.pointer_mut(&pointer).unwrap() = value;
                // What it is afterwards at that place.
                rewrite(&changed.to_string()).map(|written| written.pointer(&pointer).cloned().unwrap_or_default())
            };
            check(&place, &name, full.pointer(&pointer).unwrap(), &with);
        }
    }
}

/// The two `type`s, the kind of authentication that is free text, and the records of responses are not like the rest.
fn is_text(place: &str, name: &str) -> bool {
    let is_free = place.contains("/customAuthConfig/") && name == "authenticationType";
    let is_record = name == "records" && place.contains(" response ");
    (is_free || !ENUMS.contains(&name)) && !is_record
}

#[test]
fn a_number_or_a_boolean_is_taken_wherever_text_is_expected_and_nothing_else_is() {
    let mut texts = 0;
    each_scalar(|place, name, right, with| {
        if right.is_string() && is_text(place, name) {
            texts += 1;
            for (scalar, text) in
                [(json!(51), "51"), (json!(-1.5), "-1.5"), (json!(true), "true"), (json!(false), "false")]
            {
                assert_eq!(with(scalar).unwrap(), text, "{place}");
            }
            assert!(with(json!({})).is_err() && with(json!([])).is_err(), "{place}");
        }
    });
    assert!(texts > 150, "{texts}");
}

#[test]
fn true_and_false_may_be_text() {
    let mut booleans = 0;
    each_scalar(|place, _, right, with| {
        if right.is_boolean() {
            booleans += 1;
            assert_eq!(with(json!(right.to_string())).unwrap(), *right, "{place}");
            for wrong in [json!("yes"), json!(""), json!({}), json!([])] {
                assert!(with(wrong).is_err(), "{place}");
            }
        }
    });
    assert!(booleans > 50, "{booleans}");
}

#[test]
fn integers_may_be_text_and_fractions_are_cut_off() {
    let mut integers = 0;
    each_scalar(|place, name, right, with| {
        if right.is_number() && !matches!(name, "minRange" | "maxRange") {
            integers += 1;
            for (scalar, integer) in [
                (json!("50"), 50),
                (json!(" 50 "), 50),
                (json!(50.9), 50),
                (json!("-50.9"), -50),
                (json!("5.09e1"), 50),
                (json!("5E+1"), 50),
                (json!("0.5"), 0),
                (json!("5e-400"), 0),
                (json!("0e400"), 0),
            ] {
                assert_eq!(with(scalar.clone()).unwrap(), integer, "{place} {scalar}");
            }
            for wrong in
                [json!("many"), json!(""), json!("1e99"), json!("1e"), json!("--1"), json!(true), json!({}), json!([])]
            {
                assert!(with(wrong.clone()).is_err(), "{place} {wrong}");
            }
        }
    });
    assert!(integers >= 6, "{integers}");
}

#[test]
fn an_enum_keeps_an_unknown_text_and_takes_no_ordinal() {
    let mut enums = 0;
    each_scalar(|place, name, _, with| {
        if !is_text(place, name) && !matches!(name, "type" | "records") {
            enums += 1;
            assert_eq!(with(json!("AddedLater")).unwrap(), "AddedLater", "{place}");
            for wrong in [json!(0), json!(true), json!({})] {
                assert!(with(wrong).is_err(), "{place}");
            }
        }
    });
    assert!(enums > 40, "{enums}");
}

#[test]
fn bounds_are_exact_decimals_whether_they_are_numbers_or_text() {
    let full = files(Operation::DescribeEntity)["response.full"].clone();
    for (bound, expected) in [
        ("12321321431215498.1230129414039240234", "12321321431215498.1230129414039240234"),
        ("-0.10000000000000000000000001", "-0.10000000000000000000000001"),
        ("1E+3", "1E+3"),
        ("1e999999", "1e999999"),
        ("\"1E+3\"", "1E+3"),
        ("\"99999999999999999999999999\"", "99999999999999999999999999"),
    ] {
        let changed = full.replace("\"minRange\": -7", &format!("\"minRange\": {bound}"));
        assert_ne!(changed, full);
        let Ok(Response::DescribeEntity(response)) = Response::decode(Operation::DescribeEntity, changed.as_bytes())
        else {
            panic!("{bound}")
        };
        let text = serde_json::to_string(&response).unwrap();
        assert!(text.contains(&format!("\"minRange\":{expected},")), "{text}");
    }
    for wrong in ["\"ten\"", "\"\"", "true", "null", "{}", "\" 1\"", "\"+1\"", "\"0x1\"", "\"NaN\""] {
        let changed = full.replace("\"minRange\": -7", &format!("\"minRange\": {wrong}"));
        assert!(Response::decode(Operation::DescribeEntity, changed.as_bytes()).is_err(), "{wrong}");
    }
}

/// The value as JSON text, with each member written twice: first as it must not be.
fn doubled(value: &Value, wrong: &str) -> String {
    match value {
        Value::Object(members) => {
            let twice = members.iter().map(|(key, member)| {
                let key = Value::from(key.as_str());
                format!("{key}:{wrong},{key}:{}", doubled(member, wrong))
            });
            format!("{{{}}}", twice.collect::<Vec<_>>().join(","))
        }
        Value::Array(elements) => {
            format!("[{}]", elements.iter().map(|element| doubled(element, wrong)).collect::<Vec<_>>().join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[test]
fn of_a_property_that_occurs_twice_the_last_counts_in_every_object() {
    for (message, full, rewrite) in full_messages() {
        for wrong in ["null", "\"x\"", "{\"x\":[1]}", "[[]]"] {
            assert_eq!(rewrite(&doubled(&full, wrong)).unwrap(), full, "{message} {wrong}");
        }
    }
}

#[test]
fn unknown_properties_are_ignored_in_every_object() {
    fn grow(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members
                    .iter_mut()
                    .filter(|(key, _)| !MAPS.contains(&key.as_str()))
                    .for_each(|(_, member)| grow(member));
                members.insert("addedLater".to_owned(), json!({"x": [1, null]}));
            }
            Value::Array(elements) => elements.iter_mut().for_each(grow),
            _ => {}
        }
    }
    for (message, full, rewrite) in full_messages() {
        let mut grown = full.clone();
        grow(&mut grown);
        assert_eq!(rewrite(&grown.to_string()).unwrap(), full, "{message}");
    }
}

#[test]
fn what_java_reads_beyond_json_is_refused() {
    for wrong in [
        "{'type':'DescribeConnectorConfigurationRequest'}",
        "{type:\"DescribeConnectorConfigurationRequest\"}",
        "{\"type\":\"DescribeConnectorConfigurationRequest\",}",
        "{\"type\":\"DescribeConnectorConfigurationRequest\"} x",
    ] {
        let error = Request::decode(wrong.as_bytes()).unwrap_err();
        assert!(matches!(error.kind(), DecodeErrorKind::NotAnObject { .. }), "{error}");
    }
}

#[test]
fn one_value_where_a_list_is_expected_is_refused() {
    for (message, full, rewrite) in full_messages() {
        for (key, member) in full.as_object().unwrap() {
            if let Some(elements) = member.as_array() {
                let mut changed = full.clone();
                changed[key] = elements[0].clone();
                assert!(rewrite(&changed.to_string()).is_err(), "{message} {key}");
                changed[key] = json!([null]);
                assert!(rewrite(&changed.to_string()).is_err(), "{message} {key}");
            }
        }
    }
}

#[test]
fn of_a_key_of_a_secret_that_occurs_twice_the_last_counts() {
    let secret = Secret::new(r#"{"username":"a","password":"b","username":"c","password":"d"}"#);
    let once = Secret::new(r#"{"username":"c","password":"d"}"#);
    assert_eq!(
        ConnectionCredentials::parse(&secret, None).unwrap(),
        ConnectionCredentials::parse(&once, None).unwrap()
    );
}
