//! What goes to the API of a query, and what remains.

use std::path::Path;

use appflow_sdk::filter::Filter;

use super::*;
use crate::catalogue;
use crate::manifest::Manifest;

/// Room that no query here fills.
const AMPLE: usize = 8_000;

const FIELDS: &str = r#"
id = { type = "Integer", primary_key = true }
status = { type = "String" }
total = { type = "BigDecimal" }
score = { type = "Double" }
paid = { type = "Boolean" }
tags = { type = "List" }
day = { type = "Date" }
at = { type = "DateTime" }
"#;

const FILTERS: &str = r#"
id = { "in" = { parameter = "ids", separator = "," }, "=" = "id" }
status = { "=" = "status", "!=" = "not", "contains" = { parameter = "like", wider = true }, "in" = "any" }
total = { ">" = "gt", ">=" = "gte", "<" = "lt", "<=" = "lte" }
score = { ">=" = "score" }
paid = { "=" = "paid" }
tags = { "contains" = "tag" }
day = { "=" = "day" }
at = { ">=" = "since", "<" = "before" }
"#;

/// An entity with these fields, read so.
fn known(read: &str, fields: &str) -> Known {
    let text = format!(
        "[connector]\nname = \"A\"\nowner = \"A\"\nversion = \"1\"\n[authentication]\nnone = true\n\
         [entities.x.fields]\n{fields}\n[entities.x.read]\nrequest = \"/x\"\n{read}\n"
    );
    let manifest = Manifest::parse(&text, Path::new("m.toml")).unwrap();
    catalogue::known(&manifest).remove(0)
}

fn ask(known: &Known, selected: Option<&[&str]>, filter: &str, room: usize) -> Result<Question, ConnectorError> {
    let selected = selected.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let filter = Filter::from_request(Some(filter)).unwrap();
    question(known, known.read().unwrap(), selected.as_deref(), &filter, room)
}

/// What is sent, as `parameter=value`, in order.
fn sent(question: &Question) -> Vec<String> {
    question.values.iter().map(|(parameter, value)| format!("{parameter}={}", value.to_text())).collect()
}

/// What is sent of a filter, and what remains.
#[track_caller]
fn divide(read: &str, filter: &str) -> (String, String) {
    let question = ask(&known(read, FIELDS), None, filter, AMPLE).unwrap();
    let remainder = question.remainder.as_ref().map(ToString::to_string).unwrap_or_default();
    (sent(&question).join("&"), remainder)
}

#[track_caller]
fn check(filter: &str, query: &str, remainder: &str) {
    let read = format!("[entities.x.read.filters]\n{FILTERS}");
    assert_eq!(divide(&read, filter), (query.to_owned(), remainder.to_owned()), "{filter}");
}

#[test]
fn takes_over_what_the_api_does_exactly() {
    check("status = 'open' and total >= 007.50", "status=open&gte=7.5", "");
    check("paid = true and tags contains 'new'", "paid=true&tag=new", "");
    check("total between 1 and 2", "gte=1&lte=2", "");
    check("id in (1, 2, 3)", "ids=1,2,3", "");
    check("id in (1)", "id=1", "");
    check("status in ('a', 'b,c')", "any=a&any=b,c", "");
    check("day = 2026-01-31", "day=2026-01-31", "");
    check(
        "at >= 2026-01-31T10:00:00.5+01:00 and at < 2026-02-01",
        "since=2026-01-31T09:00:00.5Z&before=2026-02-01T00:00:00Z",
        "",
    );
    check("at >= 1000", "since=1970-01-01T00:00:01Z", "");
}

#[test]
fn applies_again_what_the_api_does_roughly() {
    check("status contains 'a'", "like=a", "status contains 'a'");
    check("at > 2026-01-31T00:00:00Z", "since=2026-01-31T00:00:00Z", "at > 2026-01-31T00:00:00Z");
    check(
        "at between 2026-01-31T00:00:00Z and 2026-02-01T00:00:00Z",
        "since=2026-01-31T00:00:00Z&before=2026-02-01T00:00:01Z",
        "at between 2026-01-31T00:00:00Z and 2026-02-01T00:00:00Z",
    );
}

#[test]
fn sends_each_parameter_once() {
    check("status = 'a' and status = 'b'", "status=a", "status = 'b'");
    check("at > 2026-01-01 and at >= 2026-01-02", "since=2026-01-01T00:00:00Z", "at > 2026-01-01 and at >= 2026-01-02");
}

#[test]
fn keeps_what_the_api_cannot_do() {
    for filter in [
        "status = 'a' or status = 'b'",
        "not status = 'a'",
        "status = null",
        "status = ''",
        "id > 5",
        "status < 'a'",
        "id in (1, null)",
        "day >= 2026-01-01T10:00:00Z",
        "score >= 0.1234567890123456",
    ] {
        check(filter, "", filter);
    }
    check("score >= 0.123456789012345", "score=0.123456789012345", "");
    let long = format!("status = '{}'", "x".repeat(2001));
    check(&long, "", &long);
}

#[test]
fn keeps_a_list_whose_values_hold_the_separator() {
    let read = "filters.status.in = { parameter = \"s\", separator = \",\" }";
    assert_eq!(divide(read, "status in ('a', 'b')"), ("s=a,b".to_owned(), String::new()));
    let filter = "status in ('a,b', 'c')";
    assert_eq!(divide(read, filter), (String::new(), filter.to_owned()));
}

#[test]
fn divides_nothing_into_nothing() {
    check("", "", "");
}

#[test]
fn keeps_what_would_make_the_links_to_the_next_pages_too_long() {
    let read = format!("paging = {{ kind = \"link\" }}\n[entities.x.read.filters]\n{FILTERS}");
    let known = known(&read, FIELDS);
    let sent_of = |filter: &str| {
        let question = ask(&known, None, filter, AMPLE).unwrap();
        let names: Vec<_> = question.values.iter().map(|(parameter, _)| parameter.to_string()).collect();
        (names.join(" "), question.remainder.is_some())
    };
    let words = "x".repeat(780);
    assert_eq!(sent_of(&format!("status = '{words}'")), ("status".to_owned(), false));
    assert_eq!(sent_of(&format!("status = '{words}' and total > 123456789")), ("status".to_owned(), true));
    let encoded = "\u{e9}".repeat(200);
    assert_eq!(sent_of(&format!("status = '{encoded}' and paid = true")), ("paid".to_owned(), true));
}

#[test]
fn keeps_what_has_no_room_in_the_address() {
    let by_parameter = known(&format!("[entities.x.read.filters]\n{FILTERS}"), FIELDS);
    let by_odata = known("odata = { exact_text = true, select = false }", FIELDS);
    for known in [&by_parameter, &by_odata] {
        for room in [0, 30, 60, 120, AMPLE] {
            let filter = format!("status = '{}~' and total >= 5 and paid = true", "x y".repeat(10));
            let question = ask(known, None, &filter, room).unwrap();
            let pairs: Vec<_> =
                question.values.iter().map(|(parameter, value)| (parameter.to_string(), value.to_text())).collect();
            assert!(address::encoded_length(&pairs) <= room, "{room}: {pairs:?}");
            assert_eq!(
                question.remainder.is_none(),
                room == AMPLE || (room == 120 && known.read().unwrap().odata.is_none())
            );
        }
    }
}

#[test]
fn puts_values_into_headers_and_bodies() {
    let read = r#"
filters.status."=" = "header:X-Status"
filters.total.">=" = { parameter = "body:/where/-", template = { field = "total", from = "{value}" } }
filters.total."<=" = { parameter = "body:/where/-", template = { field = "total", to = "{value}" } }
filters.id.in = "body:/ids"
filters.paid."=" = "body:/paid"
filters.day."=" = { parameter = "q", template = "day:{value}" }
"#;
    assert_eq!(
        divide(read, "status = 'a b' and total between 1.50 and 2 and id in (1, 2) and paid = true and day = 2026-01-31"),
        (
            "header:X-Status=a b&body:/where/-={\"field\":\"total\",\"from\":1.5}&body:/where/-={\"field\":\"total\",\"to\":2}\
             &body:/ids=[1,2]&body:/paid=true&q=day:2026-01-31"
                .to_owned(),
            String::new()
        )
    );
    assert_eq!(divide(read, "id in (1)").0, "body:/ids=[1]");
}

/// What is sent to one parameter for the field `f` of a type; `~` marks what is applied here once more.
#[track_caller]
fn written(data_type: &str, format: &str, operator: &str, filter: &str) -> String {
    let format = if format.is_empty() { String::new() } else { format!(", format = \"{format}\"") };
    let read = format!("filters.f.\"{operator}\" = {{ parameter = \"p\"{format} }}");
    let question = ask(&known(&read, &format!("f = {{ type = \"{data_type}\" }}")), None, filter, AMPLE).unwrap();
    let mark = if question.remainder.is_some() { "~" } else { "" };
    match sent(&question).as_slice() {
        [] => "nothing".to_owned(),
        [one] => format!("{mark}{}", one.strip_prefix("p=").unwrap()),
        more => panic!("{more:?}"),
    }
}

#[test]
fn writes_moments_in_each_format_and_moves_bounds_outward() {
    for (format, operator, filter, expected) in [
        ("rfc3339", ">=", "f >= 2026-01-01T01:00:00.5+01:00", "2026-01-01T00:00:00.5Z"),
        ("rfc3339", ">", "f > 2026-01-01", "2026-01-01T00:00:00Z"),
        ("rfc3339", ">", "f >= 2026-01-01T00:00:00Z", "~2025-12-31T23:59:59Z"),
        ("rfc3339", "<", "f <= 2026-01-01T00:00:00Z", "~2026-01-01T00:00:01Z"),
        ("rfc3339", "<", "f <= 9999-12-31T23:59:59Z", "nothing"),
        ("epoch-ms", ">=", "f >= 2026-01-01T00:00:00.001Z", "1767225600001"),
        ("epoch-ms", ">=", "f >= 1767225600001", "1767225600001"),
        ("epoch-ms", ">=", "f >= 2026-01-01T00:00:00.0015Z", "~1767225600001"),
        ("epoch-ms", ">", "f > 2026-01-01T00:00:00.0015Z", "~1767225600001"),
        ("epoch-ms", "<=", "f <= 2026-01-01T00:00:00.0015Z", "~1767225600002"),
        ("epoch-ms", "=", "f = 2026-01-01T00:00:00.0015Z", "nothing"),
        ("epoch-ms", ">=", "f >= 1969-12-31T23:59:59.9995Z", "~-1"),
        ("epoch-s", ">", "f >= 2026-01-01T00:00:00Z", "~1767225599"),
        ("epoch-s", "<", "f <= 2026-01-01T00:00:00Z", "~1767225601"),
        ("second", ">=", "f > 2026-01-01T00:00:00.5Z", "~2026-01-01T00:00:00"),
        ("second", "<=", "f <= 2026-01-01T00:00:00Z", "~2026-01-01T00:00:01"),
        ("second", "=", "f = 2026-01-01T00:00:00Z", "nothing"),
        ("date", ">=", "f >= 2026-01-01T12:00:00Z", "~2026-01-01"),
        ("date", "<=", "f <= 2026-12-31T12:00:00Z", "~2027-01-01"),
    ] {
        assert_eq!(written("DateTime", format, operator, filter), expected, "{format} {operator} {filter}");
    }
}

#[test]
fn writes_days() {
    for (format, operator, filter, expected) in [
        ("", "=", "f = 2026-01-31", "2026-01-31"),
        ("", ">", "f > 2026-01-31", "2026-01-31"),
        ("", ">", "f >= 2026-01-31", "~2026-01-30"),
        ("", "<", "f <= 2026-01-31", "~2026-02-01"),
        ("epoch-s", "=", "f = 2026-01-01", "1767225600"),
        ("rfc3339", "=", "f = 2026-01-01", "2026-01-01T00:00:00Z"),
    ] {
        assert_eq!(written("Date", format, operator, filter), expected, "{format} {operator} {filter}");
    }
}

#[test]
fn writes_only_numbers_that_the_api_can_hold() {
    assert_eq!(written("Integer", "", ">=", "f >= 007"), "7");
    assert_eq!(written("BigDecimal", "", "=", "f = 12345678901234567890.10"), "12345678901234567890.1");
    assert_eq!(written("Double", "", "=", "f = 0.123456789012345"), "0.123456789012345");
    assert_eq!(written("Double", "", "=", "f = 0.1234567890123456"), "nothing");
    assert_eq!(written("Float", "", "=", "f = 1.000001"), "nothing");
    assert_eq!(written("Integer", "", ">", "f >= 7"), "6", "whole numbers above 6 are those from 7");
    assert_eq!(written("String", "", "=", "f = null"), "nothing");
    assert_eq!(written("Boolean", "", "=", "f = true"), "true");
}

#[test]
fn asks_datasette_only_what_it_compares_as_appflow_does() {
    let text = include_str!("../../manifests/datasette.toml");
    let manifest = Manifest::parse(text, Path::new("datasette.toml")).unwrap();
    let orders = catalogue::known(&manifest).into_iter().find(|known| known.name() == "orders").unwrap();
    for (filter, query, is_left) in [
        ("updated_at >= 2026-06-01T00:00:00Z", "updated_at__gte=2026-06-01", true),
        ("updated_at > 2026-06-01T10:00:00Z", "updated_at__gte=2026-06-01", true),
        ("updated_at < 2026-06-01T10:00:00Z", "updated_at__lte=2026-06-02", true),
        ("status in ('[1', ' open')", "", true),
        ("id in (1, 2)", "id__in=1,2", false),
    ] {
        let question = ask(&orders, None, filter, AMPLE).unwrap();
        assert_eq!((sent(&question).join("&").as_str(), question.remainder.is_some()), (query, is_left), "{filter}");
    }
}

/// The names of fields that are sent.
#[track_caller]
fn projected(read: &str, selected: &[&str], filter: &str) -> Vec<String> {
    let fields = "id = { type = \"Integer\", primary_key = true }\n\"a.b\" = { type = \"String\" }\n\
                  c = { type = \"String\", pointer = \"/d~1e/f\" }\ng = { type = \"String\", select = \"G\" }";
    sent(&ask(&known(read, fields), Some(selected), filter, AMPLE).unwrap())
}

#[test]
fn names_the_members_that_hold_the_fields_and_those_that_the_filter_needs() {
    let list = "projection = { parameter = \"fields\", separator = \",\" }";
    assert_eq!(projected(list, &["id", "a.b", "c"], "g = 'x' and id = 1"), ["fields=id,a,d/e,G"]);
    assert_eq!(projected("projection = { parameter = \"f\" }", &["id", "g"], ""), ["f=id", "f=G"]);
    assert_eq!(projected("projection = { parameter = \"body:/f\" }", &["id", "g"], ""), ["body:/f=[\"id\",\"G\"]"]);
    assert_eq!(projected("", &["id"], ""), Vec::<String>::new());
    assert_eq!(projected(list, &["g"], ""), ["fields=G,id"], "the key tells pages apart");
    let slash = "projection = { parameter = \"f\", separator = \"/\" }";
    assert_eq!(projected(slash, &["c", "id"], ""), Vec::<String>::new());
    let keyset =
        "projection = { parameter = \"f\" }\npaging = { kind = \"keyset\", field = \"g\", parameter = \"after\" }";
    assert_eq!(projected(keyset, &["id"], ""), ["f=id", "f=G"], "the next page depends on it");
}

#[test]
fn names_no_fields_where_addresses_or_links_would_have_too_many() {
    let name = "n".repeat(500);
    let sent_of = |paging: &str, room: usize| {
        let read = format!(
            "paging = {{ {paging} }}\nprojection = {{ parameter = \"f\", separator = \",\" }}\nfilters.{name}.\"=\" = \"q\""
        );
        let known = known(&read, &format!("{name} = {{ type = \"String\" }}"));
        let question = ask(&known, Some(&[&name]), &format!("{name} = '{}'", "x".repeat(400)), room).unwrap();
        question.values.iter().map(|(parameter, _)| parameter.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(sent_of("kind = \"link\"", AMPLE), "q");
    assert_eq!(sent_of("kind = \"offset\", parameter = \"o\"", AMPLE), "q f");
    assert_eq!(sent_of("kind = \"offset\", parameter = \"o\"", 600), "q");
}

#[test]
fn a_query_in_soql_must_fit() {
    let known = known("soql = { parameter = \"q\" }", FIELDS);
    let question = ask(&known, Some(&["status"]), "id > 5", AMPLE).unwrap();
    assert_eq!(sent(&question), ["q=SELECT status,id FROM x WHERE id > 5"]);
    let error = ask(&known, None, "", 20).unwrap_err();
    assert!(error.message().contains("an address has room for 20; select fewer fields"), "{error}");
}

#[test]
fn one_place_takes_one_value_unless_values_are_appended() {
    let in_place = "filters.total = { \">=\" = { parameter = \"body:/f/total\", template = { gte = \"{value}\" } }, \
                    \"<=\" = { parameter = \"body:/f/total\", template = { lte = \"{value}\" } } }";
    let both = "total >= 5 and total <= 9";
    assert_eq!(divide(in_place, both), (r#"body:/f/total={"gte":5}"#.to_owned(), "total <= 9".to_owned()));
    let appended = in_place.replace("body:/f/total", "body:/all/-");
    let sent = r#"body:/all/-={"gte":5}&body:/all/-={"lte":9}"#;
    assert_eq!(divide(&appended, both), (sent.to_owned(), String::new()));
}

#[test]
fn a_value_within_a_language_is_sent_only_if_it_can_mean_nothing_there() {
    let read = "filters.status = { \"=\" = { parameter = \"q\", template = \"status:{value}\" } }";
    assert_eq!(divide(read, "status = 'open'"), ("q=status:open".to_owned(), String::new()));
    let risky = "status = 'open OR status:closed'";
    assert_eq!(divide(read, risky), (String::new(), risky.to_owned()));
    let own = "filters.status = { \"=\" = { parameter = \"body:/s\", template = { is = \"{value}\" } } }";
    assert_eq!(divide(own, "status = 'a b'"), (r#"body:/s={"is":"a b"}"#.to_owned(), String::new()));
}
