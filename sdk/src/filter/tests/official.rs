//! What the official SDKs accept: the expressions of their tests, and the particulars of their grammar.

use super::super::Filter;
use super::{canonical, official_node_count};

#[test]
fn reads_every_expression_of_the_official_tests() {
    for (text, nodes, expected) in [
        (r#"os = "mojave""#, 2, "os = 'mojave'"),
        (r#"os != "mojave""#, 2, "os != 'mojave'"),
        ("LIMIT 100", 2, "limit 100"),
        ("accountId > 90", 2, "accountId > 90"),
        ("dateRange BETWEEN 1611639470000 AND 1611639476298", 3, "dateRange between 1611639470000 and 1611639476298"),
        ("date BETWEEN 1511630000000 AND 1611639476298", 3, "date between 1511630000000 and 1611639476298"),
        ("time between 1511630000000 and 1611639476298", 3, "time between 1511630000000 and 1611639476298"),
        ("time between 1511630000000 AND 1611639476298", 3, "time between 1511630000000 and 1611639476298"),
        ("accountId < 100", 2, "accountId < 100"),
        ("accountId >= 90", 2, "accountId >= 90"),
        ("accountId <= 100", 2, "accountId <= 100"),
        ("account-Id <= 100", 2, "account-Id <= 100"),
        ("account.Id <= 100", 2, "account.Id <= 100"),
        ("accountId <= 100 LIMIT 100", 4, "accountId <= 100 limit 100"),
        ("accountId >= 90 LIMIT 100", 4, "accountId >= 90 limit 100"),
        ("accountId BETWEEN 90 AND 100", 3, "accountId between 90 and 100"),
        ("accountId BETWEEN 90 AND 100 LIMIT 100", 5, "accountId between 90 and 100 limit 100"),
        (r#"os CONTAINS "mojave""#, 2, "os contains 'mojave'"),
        (r#"os CONTAINS "moj%ave""#, 2, "os contains 'moj%ave'"),
        (r#"os = "mojave" and app = "mo""#, 5, "os = 'mojave' and app = 'mo'"),
        (r#"os = "mojave" OR app = "mo""#, 5, "os = 'mojave' or app = 'mo'"),
        (
            r#"(os = "mojave" AND app = "mo") and (os = "mojave" OR app = "mo")"#,
            11,
            "os = 'mojave' and app = 'mo' and (os = 'mojave' or app = 'mo')",
        ),
        (
            r#"(os = "mojave" AND app = "mo") or (os = "mojave" OR app = "mo")"#,
            11,
            "os = 'mojave' and app = 'mo' or os = 'mojave' or app = 'mo'",
        ),
        ("accountId in (100, 90, 70)", 4, "accountId in (100, 90, 70)"),
        ("date between 2021-04-20 and 2021-04-21", 3, "date between 2021-04-20 and 2021-04-21"),
        (
            "date between 2021-04-20T12:30:45Z and 2021-04-20T15:45:49.234Z",
            3,
            "date between 2021-04-20T12:30:45Z and 2021-04-20T15:45:49.234Z",
        ),
        (
            "(accountId > 100 and ((date < 2021-04-20T12:30:45Z and date > 2021-04-21T15:45:49.234Z) and accountId < 200))",
            11,
            "accountId > 100 and date < 2021-04-20T12:30:45Z and date > 2021-04-21T15:45:49.234Z and accountId < 200",
        ),
        ("overrides = true or accountFlag != false", 1, "overrides = true or accountFlag != false"),
        ("overrides != true", 0, "overrides != true"),
        ("date > 2020-10-05T12:05:34Z", 2, "date > 2020-10-05T12:05:34Z"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
        assert_eq!(official_node_count(&Filter::parse(text).unwrap()), nodes, "{text}");
    }
}

#[test]
fn not_binds_tighter_than_and_which_binds_tighter_than_or() {
    for (text, expected) in [
        ("a = 1 or b = 2 and c = 3", "a = 1 or b = 2 and c = 3"),
        ("(a = 1 or b = 2) and c = 3", "(a = 1 or b = 2) and c = 3"),
        ("not a = 1 and b = 2", "not a = 1 and b = 2"),
        ("(not a = 1) and b = 2", "not a = 1 and b = 2"),
        ("not (a = 1 and b = 2)", "not (a = 1 and b = 2)"),
        ("not NOT not a = 1", "not not not a = 1"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn the_first_and_after_between_belongs_to_it() {
    assert_eq!(canonical("a between 1 and 2 and 3"), "a between 1 and 2 and 3");
    assert_eq!(official_node_count(&Filter::parse("a between 1 and 2 and 3").unwrap()), 6);
    assert_eq!(canonical("a between 1 and 2 and b = 3"), "a between 1 and 2 and b = 3");
}

#[test]
fn a_field_or_a_value_is_a_whole_condition() {
    for text in
        ["a", "5", "'x'", "null", "2021-04-20", "a and b", "a or 5", "(a)", "not a", "And", "Between", "NULL", "tRUE"]
    {
        assert!(Filter::parse(text).is_ok(), "{text}");
    }
    assert_eq!(canonical("a LIMIT 10"), "a limit 10");
    assert_eq!(canonical("testExpression"), "testExpression");
}

#[test]
fn null_may_stand_wherever_a_value_may() {
    for text in
        ["a = null", "a != null", "a > null", "a contains null", "a in (null, 1)", "a between null and 5", "null"]
    {
        assert_eq!(canonical(text), text);
    }
}

#[test]
fn equality_and_inequality_take_booleans_in_three_spellings() {
    for (text, expected) in [
        ("a = TRUE", "a = true"),
        ("a = True", "a = true"),
        ("a != FALSE", "a != false"),
        ("a != False", "a != false"),
        ("a = 'true'", "a = 'true'"),
    ] {
        assert_eq!(canonical(text), expected);
    }
}

#[test]
fn numbers_may_have_any_length_and_leading_zeros() {
    for number in ["007", "-0", "5", "-12.50", "123456789012345678901234567890.123456789012345678901234567890"] {
        let text = format!("a = {number}");
        assert_eq!(canonical(&text), text);
    }
}

#[test]
fn no_space_is_needed_where_tokens_end_by_themselves() {
    for (text, expected) in [
        ("a=1and b=2", "a = 1 and b = 2"),
        ("a='x'and b='y'", "a = 'x' and b = 'y'"),
        ("a = 10LIMIT 10", "a = 10 limit 10"),
        ("a=2021-04-20and b=1", "a = 2021-04-20 and b = 1"),
        ("a>-1", "a > -1"),
        ("a in(1,2)and(b)", "a in (1, 2) and b"),
        (" a\t=\r\n1\x0C", "a = 1"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn strings_keep_everything_between_their_quotes() {
    for (text, expected) in [
        (r"a = 'it\'s'", r#"a = "it's""#),
        (r#"a = "it\"s""#, r#"a = 'it"s'"#),
        (r"a = 'c:\'", r"a = 'c:\\'"),
        (r#"a = "a\" and b = 'c'"#, r#"a = "a\\" and b = 'c'"#),
        (r"a = 'x\qy'", r"a = 'x\\qy'"),
        ("a = ''", "a = ''"),
        ("a = \"\"", "a = ''"),
        ("a = 'two\nlines'", r"a = 'two\nlines'"),
        ("a = 'größe €'", "a = 'größe €'"),
        ("a = ' and b = 1'", "a = ' and b = 1'"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn a_list_needs_one_value() {
    assert_eq!(canonical("a in (1)"), "a in (1)");
    assert_eq!(canonical("not a in ('x', 2, null, 2021-04-20)"), "not a in ('x', 2, null, 2021-04-20)");
}
