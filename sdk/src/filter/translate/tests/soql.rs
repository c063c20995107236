//! SOQL: exact texts, the vectors of the official examples done right, and a reference service.

use proptest::prelude::*;

use super::super::Soql;
use super::reference::{Convention, Service};
use super::world::{Cell, NAMES, world};
use super::{says, tokens};
use crate::filter::{Filter, Operators, TypedFilter};
use crate::protocol::{EntityDefinition, FieldDataType, FieldDefinition};

#[test]
fn writes_literals_by_type() {
    says(
        |filter| Soql::new().translate(filter),
        &[
            ("integer > 1.5", "integer > 1", ""),
            ("integer < 2.0e0", "integer < 2", ""),
            ("integer = 1.5", "", "integer = 1.5"),
            ("bigdecimal >= 009.90", "bigdecimal >= 9.9", ""),
            ("bigdecimal >= 1234567890.1234567", "", "bigdecimal >= 1234567890.1234567"),
            ("integer != 5", "(integer != 5 AND integer != null)", ""),
            ("not integer < 5", "(integer = null OR integer >= 5)", ""),
            ("integer in (1, 2, null)", "(integer = null OR integer IN (1, 2))", ""),
            ("not integer in (1, 2)", "(integer = null OR integer NOT IN (1, 2))", ""),
            ("integer between 1 and 2", "(integer >= 1 AND integer <= 2)", ""),
            ("date = 2021-04-20", "date = 2021-04-20", ""),
            ("date >= 2021-04-20T12:00:00Z", "date > 2021-04-20", ""),
            ("datetime >= 2021-04-20", "datetime >= 2021-04-20T00:00:00Z", ""),
            ("datetime > 2021-04-20T12:30:45+02:00", "datetime > 2021-04-20T10:30:45Z", ""),
            (
                "datetime > 2021-04-20T12:30:45.5Z",
                "datetime >= 2021-04-20T12:30:45Z",
                "datetime > 2021-04-20T12:30:45.5Z",
            ),
            (
                "datetime < 2021-04-20T12:30:45.5Z",
                "datetime <= 2021-04-20T12:30:46Z",
                "datetime < 2021-04-20T12:30:45.5Z",
            ),
            ("datetime < 9999-12-31T23:59:59Z", "", "datetime < 9999-12-31T23:59:59Z"),
            ("boolean = true", "boolean = true", ""),
            ("boolean != true", "boolean != true", ""),
            ("not boolean in ('true', 'false')", "(boolean != true AND boolean != false)", ""),
            ("boolean = null", "", "boolean = null"),
            ("owner.active = false", "owner.active = false", "owner.active = false"),
            ("not owner.active = false", "", "not owner.active = false"),
        ],
    );
}

#[test]
fn asks_for_text_without_regard_to_case_and_keeps_the_test() {
    says(
        |filter| Soql::new().translate(filter),
        &[
            (r#"string = "it's""#, r"string = 'it\'s'", r#"string = "it's""#),
            (r#"string = 'a"b\n'"#, r#"string = 'a\"b\n'"#, r#"string = 'a"b\n'"#),
            ("string contains '50%_'", r"string LIKE '%50\%\_%'", "string contains '50%_'"),
            (r"string contains 'a\\b'", "", r"string contains 'a\\b'"),
            ("string in ('a', 'b')", "string IN ('a', 'b')", "string in ('a', 'b')"),
            ("string != 'x'", "", "string != 'x'"),
            ("string < 'x'", "", "string < 'x'"),
            ("not string contains 'x'", "", "not string contains 'x'"),
            ("not (integer = 1 and string = 'x')", "", "not (integer = 1 and string = 'x')"),
            ("owner.name = null", "owner.name = null", ""),
        ],
    );
}

#[test]
fn ids_are_compared_with_ids_only() {
    let soql = Soql::new().id("string");
    says(
        |filter| soql.translate(filter),
        &[
            ("string = '001D000000IRFmaIAH'", "string = '001D000000IRFmaIAH'", "string = '001D000000IRFmaIAH'"),
            ("string = '001D000000IRFma'", "string = '001D000000IRFma'", "string = '001D000000IRFma'"),
            ("string = '001D000000IRFm'", "", "string = '001D000000IRFm'"),
            ("string in ('001D000000IRFma', 'x')", "", "string in ('001D000000IRFma', 'x')"),
            ("string contains '001'", "", "string contains '001'"),
        ],
    );
}

#[test]
fn names_are_those_that_were_declared() {
    let soql = Soql::new()
        .field("string", "Title__c")
        .field("integer", "Id = 'x' OR Id")
        .field("long", "Null")
        .without("double");
    says(
        |filter| soql.translate(filter),
        &[
            ("string = null", "Title__c = null", ""),
            ("integer = 1", "", "integer = 1"),
            ("long = 1", "", "long = 1"),
            ("double = 1", "", "double = 1"),
        ],
    );
}

/// The expressions of the official SDKs' tests, which their own SOQL examples translate with lost parentheses, negations
/// and booleans.
#[test]
fn translates_the_official_expressions_without_loss() {
    use FieldDataType::{Boolean, DateTime, Long, String};
    let fields = [
        ("os", String),
        ("app", String),
        ("accountId", Long),
        ("account-Id", Long),
        ("account.Id", Long),
        ("dateRange", DateTime),
        ("date", DateTime),
        ("time", DateTime),
        ("overrides", Boolean),
        ("accountFlag", Boolean),
    ];
    let fields = fields.map(|(name, data_type)| FieldDefinition::new(name, data_type)).to_vec();
    let entity = EntityDefinition::new("things", fields);
    for (expression, expected, limit) in [
        (r#"os = "mojave""#, "os = 'mojave'", None),
        (r#"os != "mojave""#, "", None),
        ("LIMIT 100", "", Some(100)),
        ("accountId > 90", "accountId > 90", None),
        (
            "dateRange BETWEEN 1611639470000 AND 1611639476298",
            "(dateRange >= 2021-01-26T05:37:50Z AND dateRange <= 2021-01-26T05:37:57Z)",
            None,
        ),
        ("account-Id <= 100", "", None),
        ("account.Id <= 100", "account.Id <= 100", None),
        ("accountId >= 90 LIMIT 100", "accountId >= 90", Some(100)),
        ("accountId BETWEEN 90 AND 100 LIMIT 100", "(accountId >= 90 AND accountId <= 100)", Some(100)),
        (r#"os CONTAINS "mojave""#, "os LIKE '%mojave%'", None),
        (r#"os CONTAINS "moj%ave""#, r"os LIKE '%moj\%ave%'", None),
        (r#"os = "mojave" and app = "mo""#, "os = 'mojave' AND app = 'mo'", None),
        (r#"os = "mojave" OR app = "mo""#, "(os = 'mojave' OR app = 'mo')", None),
        (
            r#"(os = "mojave" AND app = "mo") and (os = "mojave" OR app = "mo")"#,
            "os = 'mojave' AND app = 'mo' AND (os = 'mojave' OR app = 'mo')",
            None,
        ),
        (
            r#"(os = "mojave" AND app = "mo") or (os = "mojave" OR app = "mo")"#,
            "((os = 'mojave' AND app = 'mo') OR os = 'mojave' OR app = 'mo')",
            None,
        ),
        ("accountId in (100, 90, 70)", "accountId IN (100, 90, 70)", None),
        (
            "date between 2021-04-20 and 2021-04-21",
            "(date >= 2021-04-20T00:00:00Z AND date <= 2021-04-21T00:00:00Z)",
            None,
        ),
        (
            "date between 2021-04-20T12:30:45Z and 2021-04-20T15:45:49.234Z",
            "(date >= 2021-04-20T12:30:45Z AND date <= 2021-04-20T15:45:50Z)",
            None,
        ),
        (
            "(accountId > 100 and ((date < 2021-04-20T12:30:45Z and date > 2021-04-21T15:45:49Z) and accountId < 200))",
            "accountId > 100 AND date < 2021-04-20T12:30:45Z AND date > 2021-04-21T15:45:49Z AND accountId < 200",
            None,
        ),
        ("overrides = true or accountFlag != false", "(overrides = true OR accountFlag != false)", None),
        ("overrides != true", "overrides != true", None),
        (
            "not (accountId = 1 or overrides = true)",
            "((accountId = null OR accountId != 1) AND overrides != true)",
            None,
        ),
        ("date > 2020-10-05T12:05:34Z", "date > 2020-10-05T12:05:34Z", None),
    ] {
        let filter = Filter::parse(expression).unwrap();
        let typed = TypedFilter::new(&filter, &entity, Operators::Meaningful).unwrap();
        let translation = Soql::new().translate(&typed);
        assert_eq!(translation.pushed.as_deref().unwrap_or_default(), expected, "{expression}");
        assert_eq!(translation.limit, limit, "{expression}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_is_pushed_and_what_is_left_is_the_whole(mut world in world(), null_is_unknown: bool) {
        // A checkbox is never null, and an empty text is null, in its answers as in its queries. Numbers are binary
        // fractions, so that what has more digits does not occur.
        let types: Vec<_> = world.definition.fields.iter().map(|field| field.data_type.clone()).collect();
        for row in &mut world.rows {
            for (cell, data_type) in row.iter_mut().zip(&types) {
                if *data_type == FieldDataType::Boolean {
                    cell.get_or_insert(Cell::Boolean(false));
                }
                if *cell == Some(Cell::Text(String::new())) {
                    *cell = None;
                }
            }
        }
        let Some(typed) = world.typed() else { return Ok(()) };
        let translation = Soql::new().translate(&typed);
        let convention =
            Convention { null_is_unknown, ignores_case: true, empty_is_null: true, booleans_are_never_null: true };
        let service = Service { world: &world, names: &NAMES, convention };
        let pushed = translation.pushed.as_deref().map(tokens::soql);
        let text = translation.pushed.clone().unwrap_or_default();
        world.agrees(&service.rows(pushed.as_deref()), translation.remainder.as_ref(), &text)?;
    }
}
