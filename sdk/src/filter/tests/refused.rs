//! What is refused, where the error points, and what is accepted beyond the official SDKs.

use super::super::{Filter, FilterErrorKind, MAX_DEPTH, NotAnInstant, Value};
use super::{canonical, condition};
use FilterErrorKind::{
    Empty, ExpectedAndOfBetween, ExpectedCommaOrEndOfList, ExpectedCondition, ExpectedConnective, ExpectedList,
    ExpectedValue, FieldOnTheRight, InvalidDate, InvalidDateTime, InvalidLimit, LimitNotLast, MisplacedBoolean,
    TooDeep, UnclosedParenthesis, UnclosedString, UnknownCharacter, UnopenedParenthesis, ValueOnTheLeft,
};

/// Checks the reason, and that the span covers this text (the end of the filter when it is empty).
#[track_caller]
fn refuses(text: &str, kind: FilterErrorKind, marked: &str) {
    let error = Filter::parse(text).map(|filter| filter.to_string()).unwrap_err();
    assert_eq!((error.kind(), &text[error.span()]), (kind, marked), "{text}");
}

#[test]
fn refuses_what_the_official_grammar_refuses() {
    for (text, kind, marked) in [
        ("", Empty, ""),
        (" \t\r\n", Empty, ""),
        // the sides of a test
        ("a = b", FieldOnTheRight, "b"),
        ("5 = a", ValueOnTheLeft, "5"),
        ("'x' contains 'y'", ValueOnTheLeft, "'x'"),
        ("(a) = 1", ExpectedConnective, "="),
        ("a = (1)", ExpectedValue, "("),
        ("a =", ExpectedValue, ""),
        ("= 1", ExpectedCondition, "="),
        ("a 1", ExpectedConnective, "1"),
        ("a -1", ExpectedConnective, "-1"),
        ("a b", ExpectedConnective, "b"),
        ("a = 1 2", ExpectedConnective, "2"),
        ("a = 1 b = 2", ExpectedConnective, "b"),
        ("a = > 1", ExpectedValue, ">"),
        ("a <> 1", ExpectedValue, ">"),
        ("a == 1", ExpectedValue, "="),
        ("a = 1 = 2", ExpectedConnective, "="),
        ("a = 'x' 'y'", ExpectedConnective, "'y'"),
        // connectives
        ("a = 1 and", ExpectedCondition, ""),
        ("and a = 1", ExpectedCondition, "and"),
        ("a = 1 and or b = 2", ExpectedCondition, "or"),
        ("a not", ExpectedConnective, "not"),
        ("not", ExpectedCondition, ""),
        ("a not in (1)", ExpectedConnective, "not"),
        ("a not between 1 and 2", ExpectedConnective, "not"),
        ("a not contains 'x'", ExpectedConnective, "not"),
        ("a like 'x'", ExpectedConnective, "like"),
        ("a is null", ExpectedConnective, "is"),
        // booleans
        ("a > true", MisplacedBoolean, "true"),
        ("a contains false", MisplacedBoolean, "false"),
        ("a in (true)", MisplacedBoolean, "true"),
        ("a between false and true", MisplacedBoolean, "false"),
        ("true", MisplacedBoolean, "true"),
        ("a = 1 and True", MisplacedBoolean, "True"),
        // between and in
        ("a between 1", ExpectedAndOfBetween, ""),
        ("a between 1 or 2", ExpectedAndOfBetween, "or"),
        ("a between and 2", ExpectedValue, "and"),
        ("a between 1 and", ExpectedValue, ""),
        ("a between 1 and b", FieldOnTheRight, "b"),
        ("a in 1", ExpectedList, "1"),
        ("a in ()", ExpectedValue, ")"),
        ("a in (1,)", ExpectedValue, ")"),
        ("a in (1 2)", ExpectedCommaOrEndOfList, "2"),
        ("a in (1, b)", FieldOnTheRight, "b"),
        ("a in (1, 2", UnclosedParenthesis, "("),
        ("a in ((1))", ExpectedValue, "("),
        // parentheses
        ("(a = 1", UnclosedParenthesis, "("),
        ("a = 1)", UnopenedParenthesis, ")"),
        ("()", ExpectedCondition, ")"),
        ("(a = 1, b = 2)", ExpectedConnective, ","),
        (")", ExpectedCondition, ")"),
        // limits
        ("LIMIT", InvalidLimit, ""),
        ("LIMIT 0", InvalidLimit, "0"),
        ("LIMIT 010", InvalidLimit, "010"),
        ("LIMIT 10.0", InvalidLimit, "10.0"),
        ("LIMIT -10", InvalidLimit, "-10"),
        ("LIMIT 1e3", InvalidLimit, "1e3"),
        ("LIMIT '10'", InvalidLimit, "'10'"),
        ("LIMIT 10 LIMIT 10", LimitNotLast, "LIMIT"),
        ("LIMIT 10 a = 1", LimitNotLast, "a"),
        ("LIMIT 10 and a = 1", LimitNotLast, "and"),
        ("a = 1 and LIMIT 10", LimitNotLast, "LIMIT"),
        ("(a = 1 LIMIT 10)", LimitNotLast, "LIMIT"),
        ("(LIMIT 10)", LimitNotLast, "LIMIT"),
        ("LIMIT10 = 1 LIMIT", InvalidLimit, ""),
        // words that are not what they look like
        ("a = 1,000", ExpectedConnective, ","),
        ("a = 0x1F", ExpectedConnective, "x1F"),
        ("a = 2021-04-203", ExpectedConnective, "3"),
        ("a = 2021-04-20 12:30:45", ExpectedConnective, "12"),
        ("a = 1 andb = 2", ExpectedConnective, "andb"),
    ] {
        refuses(text, kind, marked);
    }
}

#[test]
fn refuses_each_character_that_the_official_sdks_drop() {
    for (text, marked) in [
        ("a = 1;", ";"),
        ("a = $1", "$"),
        ("a = {1}", "{"),
        ("`a` = 1", "`"),
        ("[a] = 1", "["),
        ("$a = 1", "$"),
        ("a = .5", "."),
        ("a = +5", "+"),
        ("a = 5.", "."),
        ("a = 1 LIMIT 10.", "."),
        ("a ! = 1", "!"),
        ("a! =1", "!"),
        ("! a = 1", "!"),
        ("a !b = 1", "!"),
        ("a = - 1", "-"),
        ("a && b", "&&"),
        ("größe = 1", "ö"),
        ("a:b = 1", ":"),
        ("a/b = 1", "/"),
        ("a = “x”", "“"),
        ("a =\u{a0}1", "\u{a0}"),
        ("a = 1 \0", "\0"),
    ] {
        refuses(text, UnknownCharacter, marked);
    }
}

#[test]
fn refuses_an_unclosed_quote_at_its_opening_column() {
    refuses("a = 5 'abc", UnclosedString, "'abc");
    refuses("a = 'abc", UnclosedString, "'abc");
    refuses("a = '", UnclosedString, "'");
    refuses("a = 'it''s", UnclosedString, "'it''s");
    refuses(r"a = 'c:\' and b = 'd'", ExpectedConnective, "d");
    refuses(r#""a\\" and b = "c""#, ExpectedConnective, "c");
    let error = Filter::parse("a = 1\nand b = \"x").unwrap_err();
    assert_eq!((error.line(), error.column()), (2, 9));
}

#[test]
fn refuses_days_and_times_that_do_not_exist() {
    refuses("a = 2021-02-31", InvalidDate, "2021-02-31");
    refuses("a = 2021-13-01", InvalidDate, "2021-13-01");
    refuses("a = 2021-04-00", InvalidDate, "2021-04-00");
    for (text, why) in [
        ("2021-04-20T24:00:00Z", NotAnInstant::NoSuchTime),
        ("2021-04-20T12:60:00Z", NotAnInstant::NoSuchTime),
        ("2021-02-30T12:00:00Z", NotAnInstant::NoSuchDay),
        ("2021-04-20T12:30Z", NotAnInstant::IncompleteTime),
        ("2021-04-20T12:30:45", NotAnInstant::NoZone),
        ("2021-04-20t12:30:45Z", NotAnInstant::IncompleteTime),
        ("2021-04-20T12:30:45.1234567891Z", NotAnInstant::TooFine),
        ("9999-12-31T23:59:59-01:00", NotAnInstant::OutOfRange),
    ] {
        refuses(&format!("a = {text}"), InvalidDateTime(why), text);
    }
}

#[test]
fn refuses_a_limit_beyond_64_bits() {
    assert_eq!(Filter::parse("limit 18446744073709551615").unwrap().limit, Some(u64::MAX));
    refuses("limit 18446744073709551616", InvalidLimit, "18446744073709551616");
}

#[test]
fn refuses_deep_nesting_instead_of_exhausting_the_stack() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(canonical(&nested(MAX_DEPTH)), "a");
    refuses(&nested(MAX_DEPTH + 1), TooDeep, "(");
    refuses(&"(".repeat(1_000_000), TooDeep, "(");
    refuses(&"not ".repeat(1_000_000), TooDeep, "not");
    refuses(&"not (".repeat(MAX_DEPTH), TooDeep, "not");
    assert!(Filter::parse(&format!("{} a", "not".to_owned() + &" not".repeat(MAX_DEPTH - 1))).is_ok());
}

#[test]
fn reads_long_filters_without_nesting() {
    let parts = vec!["a = 'x'"; 20_000].join(" and ");
    assert_eq!(condition(&parts).conjuncts().len(), 20_000);
    let quotes = r"'\' ".repeat(20_000);
    assert!(Filter::parse(&quotes).is_err());
}

#[test]
fn accepts_names_with_a_leading_underscore() {
    assert_eq!(canonical("_id = 1 and __typename = 'x'"), "_id = 1 and __typename = 'x'");
}

#[test]
fn accepts_limits_of_one_digit() {
    assert_eq!(Filter::parse("LIMIT 5").unwrap().limit, Some(5));
    assert_eq!(canonical("a = 1 LIMIT 9"), "a = 1 limit 9");
}

#[test]
fn accepts_moments_with_an_offset() {
    assert_eq!(canonical("a > 2021-04-20T12:30:45.5+02:00"), "a > 2021-04-20T10:30:45.5Z");
}

#[test]
fn accepts_doubled_quotes() {
    for (text, content) in
        [("'O''Brien'", "O'Brien"), ("''''", "'"), (r#""say ""x""""#, r#"say "x""#), ("'a\"\"b'", "a\"\"b")]
    {
        let filter = condition(text);
        assert_eq!(
            filter,
            super::super::Condition::Bare(super::super::Operand::Value(Value::String(content.to_owned())))
        );
    }
}

#[test]
fn accepts_numbers_with_an_exponent() {
    assert_eq!(canonical("a < 1e5 and b > 1.5E-3"), "a < 1e5 and b > 1.5E-3");
}

#[test]
fn accepts_keywords_in_mixed_cases_where_a_name_would_be_an_error() {
    for (text, expected) in [
        ("a = 1 And b = 2 oR c = 3 Limit 10", "a = 1 and b = 2 or c = 3 limit 10"),
        ("a Between 1 And 2", "a between 1 and 2"),
        ("a Contains 'x' and b In (1)", "a contains 'x' and b in (1)"),
        ("a = NULL and b = tRUE", "a = null and b = true"),
        ("Not a = 1 and Not (b = 2) and Not not c", "not a = 1 and not b = 2 and not not c"),
        ("Limit 10", "limit 10"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn accepts_fields_that_are_named_like_keywords() {
    for text in [
        "limit = 5",
        "in in (1, 2)",
        "contains contains 'x'",
        "and = 1 and or = 2 and not = 3",
        "not not = 1",
        "null = 1",
        "true = true",
        "between between 1 and 2",
        "a = 1 or limit >= 2 limit 10",
        "Not = 1",
        "Not in (1)",
        "Limit between 1 and 2",
        "NULL = null",
    ] {
        assert_eq!(canonical(text), text);
    }
}

#[test]
fn says_what_to_write_instead() {
    for (text, hint) in [
        ("a == 1", "write `=` once"),
        ("a <> 1", "write `!=` for \"not equal\""),
        ("a => 1", "write `>=`"),
        ("a ! = 1", "write `!=` in one piece, or `not` before a condition"),
        ("a like 'x'", "write `contains` to find text within text"),
        ("a is null", "write `= null` or `!= null`"),
        ("a not in (1)", "write `not` before the whole condition, as in not a in (1, 2)"),
        ("a = b", "write 'b' for text; fields cannot be compared with fields"),
        ("5 = a", "write the field first, as in a = 5"),
        ("a = .5", "write digits on both sides of the point, as in 0.5"),
        ("a = 2021-04-20 12:30:45", "write a date and time as in 2021-04-20T12:30:45Z"),
        ("a = 2021-04-20 and b = 12:30", "write a date and time as in 2021-04-20T12:30:45Z"),
    ] {
        assert_eq!(Filter::parse(text).unwrap_err().hint(), Some(hint), "{text}");
    }
}
