//! `$filter`: exact texts, and a reference service.

use proptest::prelude::*;

use super::super::{ODataFilter, PropertyKind};
use super::reference::{Convention, Service};
use super::world::world;
use super::{says, tokens, typed};

#[test]
fn writes_literals_by_type() {
    says(
        |filter| ODataFilter::new().translate(filter),
        &[
            ("integer = 007", "integer eq 7", ""),
            ("integer > 1.5", "integer gt 1", ""),
            ("integer != 1.5", "integer ne null", ""),
            ("integer = 1.5", "", "integer = 1.5"),
            ("long < 1e30", "long ne null", ""),
            ("bigdecimal >= 9.90", "bigdecimal ge 9.9", ""),
            ("bigdecimal >= 1234567890.1234567", "", "bigdecimal >= 1234567890.1234567"),
            ("double < 1e300", "double lt 1e300", ""),
            ("double = 0.10000000000000001", "", "double = 0.10000000000000001"),
            ("float = 0.5", "", "float = 0.5"),
            ("boolean != true", "(boolean ne true and boolean ne null)", ""),
            ("date < 2021-04-20T12:00:00Z", "date le 2021-04-20", ""),
            ("datetime >= 2021-04-20T12:30:45.500+02:00", "datetime ge 2021-04-20T10:30:45.5Z", ""),
            ("datetime = 2021-04-20T12:30:45.123456789Z", "", "datetime = 2021-04-20T12:30:45.123456789Z"),
            (
                "datetime between 2021-04-20 and 2021-04-21",
                "(datetime ge 2021-04-20T00:00:00Z and datetime le 2021-04-21T00:00:00Z)",
                "",
            ),
            ("struct = null", "", "struct = null"),
            ("list contains 'x'", "", "list contains 'x'"),
        ],
    );
}

#[test]
fn asks_for_text_where_that_is_wider_and_keeps_the_test() {
    says(
        |filter| ODataFilter::new().translate(filter),
        &[
            ("string = 'O\\'Brien'", "string eq 'O''Brien'", "string = \"O'Brien\""),
            ("string contains 'x'", "contains(string,'x')", "string contains 'x'"),
            ("string in ('a', 'b')", "(string eq 'a' or string eq 'b')", "string in ('a', 'b')"),
            ("string != 'x'", "", "string != 'x'"),
            ("string > 'x'", "", "string > 'x'"),
            ("not string = 'x'", "", "not string = 'x'"),
            ("not not string = 'x'", "string eq 'x'", "not not string = 'x'"),
            ("string = null", "string eq null", ""),
            (
                "owner.name = 'x' or integer = 1",
                "(owner/name eq 'x' or integer eq 1)",
                "owner.name = 'x' or integer = 1",
            ),
        ],
    );
}

#[test]
fn a_guid_stands_without_quotes_and_only_where_it_is_one() {
    const GUID: &str = "01234567-89ab-CDEF-0123-456789abcdef";
    let odata = ODataFilter::new().with_exact_text().with_in().property("string", "ID", PropertyKind::Guid);
    let equal = format!("string = '{GUID}'");
    let one_of = format!("string in ('{GUID}', '{}')", GUID.to_lowercase());
    says(
        |filter| odata.translate(filter),
        &[
            (equal.as_str(), format!("ID eq {GUID}").as_str(), equal.as_str()),
            (one_of.as_str(), format!("ID in ({GUID},{})", GUID.to_lowercase()).as_str(), one_of.as_str()),
            ("string = null", "ID eq null", ""),
        ],
    );
    let others = [
        format!("string != '{GUID}'"),
        format!("string > '{GUID}'"),
        format!("string contains '{GUID}'"),
        format!("string = '{GUID} or true'"),
        format!("string = '{GUID}0'"),
        format!("string in ('{GUID}', 'x')"),
        "string = '01234567-89ab-cdef-0123-456789abcdeg'".to_owned(),
        "string = ''".to_owned(),
    ];
    for other in &others {
        says(|filter| odata.translate(filter), &[(other.as_str(), "", other.as_str())]);
    }
}

#[test]
fn a_service_that_compares_text_exactly_is_asked_for_all() {
    let odata = ODataFilter::new().with_exact_text().with_in();
    says(
        |filter| odata.translate(filter),
        &[
            ("string < 'x'", "string lt 'x'", ""),
            ("string != 'x'", "(string ne 'x' and string ne null)", ""),
            ("not string contains 'x'", "(string eq null or not contains(string,'x'))", ""),
            ("string in ('a', null, 'b')", "(string eq null or string in ('a','b'))", ""),
            ("not string in ('a')", "(string eq null or not (string in ('a')))", ""),
            ("not string in ('a', null)", "(string ne null and not (string in ('a')))", ""),
        ],
    );
}

#[test]
fn negations_say_themselves_what_happens_to_null() {
    says(
        |filter| ODataFilter::new().translate(filter),
        &[
            ("not integer < 5", "(integer eq null or integer ge 5)", ""),
            ("not integer != 5", "(integer eq null or integer eq 5)", ""),
            ("not integer = null", "integer ne null", ""),
            (
                "not (integer = 1 and long = 2)",
                "((integer eq null or integer ne 1) or (long eq null or long ne 2))",
                "",
            ),
            ("not (integer = 1 or not long = 2)", "((integer eq null or integer ne 1) and long eq 2)", ""),
            ("not integer in (1, 2)", "(integer eq null or (integer ne 1 and integer ne 2))", ""),
            ("not integer in (1.5, null)", "integer ne null", ""),
        ],
    );
}

#[test]
fn properties_are_those_that_were_declared() {
    let odata = ODataFilter::new()
        .property("string", "Info/Title", PropertyKind::Text)
        .property("integer", "null", PropertyKind::Integer)
        .property("long", "x eq 1 or y", PropertyKind::Integer)
        .property("double", "Amount", PropertyKind::Opaque)
        .property("datetime", "Day", PropertyKind::Date);
    says(
        |filter| odata.translate(filter),
        &[
            ("string = null", "Info/Title eq null", ""),
            ("integer = 1", "", "integer = 1"),
            ("long = 1", "", "long = 1"),
            ("double = 1", "", "double = 1"),
            ("datetime > 2021-04-20T12:00:00Z", "Day gt 2021-04-20", ""),
        ],
    );
}

#[test]
fn parts_that_make_the_address_too_long_are_left() {
    let odata = ODataFilter::new().with_longest(40);
    let translation = odata.translate(&typed("integer = 1 and string contains 'a rather long text' and long = 2"));
    assert_eq!(translation.pushed.as_deref(), Some("integer eq 1 and long eq 2"));
    assert_eq!(super::left(&translation), "string contains 'a rather long text'");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_is_pushed_and_what_is_left_is_the_whole(
        world in world(),
        null_is_unknown: bool,
        ignores_case: bool,
        knows_in: bool,
    ) {
        let Some(typed) = world.typed() else { return Ok(()) };
        let mut odata = ODataFilter::new();
        if !ignores_case {
            odata = odata.with_exact_text();
        }
        if knows_in {
            odata = odata.with_in();
        }
        let translation = odata.translate(&typed);
        let convention =
            Convention { null_is_unknown, ignores_case, empty_is_null: false, booleans_are_never_null: false };
        let names = ["a", "b_2", "c/d", "_e", "group", "f-1"];
        let service = Service { world: &world, names: &names, convention };
        let pushed = translation.pushed.as_deref().map(tokens::odata);
        let text = translation.pushed.clone().unwrap_or_default();
        world.agrees(&service.rows(pushed.as_deref()), translation.remainder.as_ref(), &text)?;
    }
}
