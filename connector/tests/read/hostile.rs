//! No text of a filter, an id, a setting or an entity's name can change what a request means: whatever it holds, it arrives as
//! it is where it belongs, or nothing is sent.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use appflow_connector::Manifest;
use appflow_sdk::filter::{Comparison, Condition, Value};
use appflow_sdk::protocol::{ConnectorContext, QueryDataRequest, Request, RetrieveDataRequest};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::mock::{Mock, Seen};
use crate::odata;
use crate::world::World;

const MANIFEST: &str = r#"
[connector]
name = "Mock"
owner = "Tests"
version = "1"
[authentication]
none = true
[settings.tenant]
label = "Tenant"
required = true
[settings.region]
label = "Region"
[settings.note]
label = "Note"
[connection]
parameters.region = "r-{region}"
headers.X-Note = "n-{note}"
[entities.query]
fields.id = { type = "String", primary_key = true }
fields.note = { type = "String" }
read = { request = "/echo/{tenant}/list", records = "/data", filters.note = { "=" = "q", in = { parameter = "any", separator = "," } } }
retrieve.request = { path = "/echo/{tenant}/{id}", parameters = { id = "<{id}>" } }
[entities.header]
fields.note = { type = "String" }
read = { request = "/echo/{tenant}/list", records = "/data", filters.note."=" = "header:X-Filter" }
[entities.body]
fields.note = { type = "String" }
[entities.body.read]
request = { method = "POST", path = "/echo/{tenant}/list", body = { tenant = "{tenant}", text = "<{tenant}>" } }
records = "/data"
filters.note."=" = { parameter = "body:/where/-", template = { note = "{value}" } }
[entities.odata]
fields.id = { type = "String", primary_key = true }
fields.note = { type = "String" }
read = { request = "/echo/{tenant}/list", records = "/data", odata = { exact_text = true } }
retrieve.request = "/echo/{tenant}/rows({key})"
[entities.soql]
fields.note = { type = "String" }
read = { request = "/echo/{tenant}/list", records = "/data", soql = { parameter = "soql" } }
"#;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let manifest = Manifest::parse(MANIFEST, Path::new("hostile.toml")).unwrap();
    World::with(RUNTIME.block_on(Mock::start()), manifest, "")
});

static TURN: Mutex<()> = Mutex::new(());

/// Text that would like to be more than text.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        select(vec![
            "'",
            "''",
            "\\",
            "\\'",
            "\"",
            "\",\"evil\":1,\"",
            "&",
            "&status=open",
            "=",
            "?",
            "#",
            "/",
            "/../..",
            "..",
            ".",
            "%",
            "%2e%2e",
            "%2F",
            "%00",
            "%0d%0a",
            "\r\n",
            "\r\nX-Evil: 1",
            "\n",
            "\t",
            "\0",
            "\u{7f}",
            "\u{85}",
            ";",
            ",",
            "+",
            " ",
            "(",
            ")",
            "') or ('a' eq 'a",
            "' OR Name != '",
            "{id}",
            "{tenant}",
            "}{",
            "<",
            ">",
            "$",
            "\u{202e}",
            "\u{feff}",
            "\u{2028}",
            "\u{e9}",
            "\u{1f600}",
            "//evil.invalid/",
            "http://evil.invalid",
            "@",
            ":",
            "null",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,4}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 1..5).prop_map(|pieces| pieces.concat())
}

fn context(settings: &[(&str, &str)]) -> ConnectorContext {
    let plain = [("tenant", "acme"), ("region", "eu"), ("note", "x")];
    let mut all: BTreeMap<String, String> =
        plain.iter().chain(settings).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    all.insert("baseUrl".to_owned(), WORLD.mock.url(""));
    let mut context = ConnectorContext::default();
    context.connector_runtime_settings = Some(all);
    context
}

/// What arrives; or that the request was refused as a wrong one before anything was sent.
fn arriving(request: impl Into<Request>) -> Option<Seen> {
    // The tests share one log.
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let response = RUNTIME.block_on(WORLD.ask(request, Duration::from_secs(30)));
    let mut seen = WORLD.mock.seen();
    match response.outcome() {
        Ok(()) => {
            assert_eq!(seen.len(), 1, "{seen:?}");
            seen.pop()
        }
        Err(details) => {
            assert_eq!(details.error_code.as_str(), "InvalidArgument", "{details:?}");
            assert!(seen.is_empty(), "{seen:?}");
            None
        }
    }
}

fn query(entity: &str, context: ConnectorContext, filter: Option<Condition>) -> QueryDataRequest {
    let mut request = QueryDataRequest::new(entity, context);
    request.filter_expression = filter.map(|filter| filter.to_string());
    request
}

fn note_is(text: &str) -> Condition {
    let value = Value::String(text.to_owned());
    Condition::Compare { field: "note".to_owned(), operator: Comparison::Equal, value }
}

/// The decoded segments of the path.
fn segments(seen: &Seen) -> Vec<String> {
    let segments = seen.path.split('/').skip(1);
    segments.map(|segment| percent_decode_str(segment).decode_utf8().unwrap().into_owned()).collect()
}

fn pairs(seen: &Seen) -> Vec<(String, String)> {
    url::form_urlencoded::parse(seen.query.as_bytes()).into_owned().collect()
}

/// Whether a request is in all parts but these the one that it should be.
fn is_plain(seen: &Seen, path: &[&str], more: &[(&str, &str)]) {
    assert_eq!(segments(seen), path);
    let expected: Vec<_> =
        [("region", "r-eu")].iter().chain(more).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    assert_eq!(pairs(seen), expected);
    assert_eq!(seen.headers["x-note"], "n-x");
    let own =
        ["accept", "accept-encoding", "host", "user-agent", "x-note", "x-filter", "content-type", "content-length"];
    assert!(seen.headers.keys().all(|name| own.contains(&name.as_str())), "{seen:?}");
}

/// The text of the literal that ends a query in SOQL, as Salesforce's documentation says to read it.
fn soql_literal(query: &str) -> String {
    let literal = query.strip_prefix("SELECT note FROM soql WHERE note = '").unwrap();
    let (mut text, mut rest) = (String::new(), literal.chars());
    loop {
        match rest.next().unwrap() {
            '\'' => break,
            '\\' => text.push(match rest.next().unwrap() {
                'n' | 'N' => '\n',
                'r' | 'R' => '\r',
                't' | 'T' => '\t',
                'u' => {
                    let digits: String = rest.by_ref().take(4).collect();
                    char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap()
                }
                plain @ ('"' | '\'' | '\\') => plain,
                other => panic!("\\{other} means nothing"),
            }),
            other => text.push(other),
        }
    }
    assert_eq!(rest.as_str(), "", "the literal is the end of {query}");
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_filter_arrives_as_it_is(text in hostile(), other in hostile()) {
        let list = ["echo", "acme", "list"];
        let plain = || context(&[]);
        if let Some(seen) = arriving(query("query", plain(), Some(note_is(&text)))) {
            // What cannot be sent, such as nothing, is filtered here.
            let sent = [("q", text.as_str())];
            is_plain(&seen, &list, if seen.query.contains("q=") { &sent } else { &[] });
        }
        let values = [&text, &other].map(|text| Value::String(text.clone())).to_vec();
        if let Some(seen) = arriving(query("query", plain(), Some(Condition::In { field: "note".to_owned(), values }))) {
            let joined = format!("{text},{other}");
            match pairs(&seen).get(1) {
                None => is_plain(&seen, &list, &[]),
                // The same text twice is one.
                Some((name, _)) if name == "q" => is_plain(&seen, &list, &[("q", text.as_str())]),
                Some(_) => {
                    assert!(!text.contains(',') && !other.contains(','));
                    is_plain(&seen, &list, &[("any", joined.as_str())]);
                }
            }
        }
        if let Some(seen) = arriving(query("header", plain(), Some(note_is(&text)))) {
            is_plain(&seen, &list, &[]);
            if let Some(sent) = seen.headers.get("x-filter") {
                // HTTP has no white space at the ends of a header.
                prop_assert_eq!(sent.as_bytes(), text.trim_matches([' ', '\t']).as_bytes());
            }
        }
        if let Some(seen) = arriving(query("body", plain(), Some(note_is(&text)))) {
            is_plain(&seen, &list, &[]);
            let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
            let mut expected = json!({"tenant": "acme", "text": "<acme>", "where": [{"note": text}]});
            if body.get("where").is_none() {
                expected.as_object_mut().unwrap().remove("where");
            }
            prop_assert_eq!(body, expected);
        }
        if let Some(seen) = arriving(query("odata", plain(), Some(note_is(&text)))) {
            let pairs = pairs(&seen);
            if let Some((_, clause)) = pairs.iter().find(|(name, _)| name == "$filter") {
                is_plain(&seen, &list, &[("$filter", clause.as_str())]);
                let holds = |note: &str| odata::holds(clause, &|name| match name {
                    "note" => odata::Value::Text(note.to_owned()),
                    _ => odata::Value::Text("other".to_owned()),
                });
                prop_assert!(holds(&text) && !holds(&format!("{text}x")), "{}", clause);
                prop_assert_eq!(holds(""), text.is_empty());
            } else {
                is_plain(&seen, &list, &[]);
            }
        }
        if let Some(seen) = arriving(query("soql", plain(), Some(note_is(&text)))) {
            let pairs = pairs(&seen);
            is_plain(&seen, &list, &[("soql", pairs[1].1.as_str())]);
            if pairs[1].1.contains(" WHERE ") {
                prop_assert_eq!(soql_literal(&pairs[1].1), text.clone());
            }
        }
    }

    #[test]
    fn an_id_arrives_as_it_is(id in hostile()) {
        let retrieve = |entity: &str| RetrieveDataRequest::new(entity, context(&[]), "id", vec![id.clone()]);
        if let Some(seen) = arriving(retrieve("query")) {
            is_plain(&seen, &["echo", "acme", &id], &[("id", &format!("<{id}>"))]);
        }
        if let Some(seen) = arriving(retrieve("odata")) {
            is_plain(&seen, &["echo", "acme", &format!("rows('{}')", id.replace('\'', "''"))], &[]);
        }
    }

    #[test]
    fn a_setting_arrives_as_it_is(text in hostile()) {
        // Settings are read without the white space around them, and one that is nothing else is not given.
        let value = text.trim();
        if let Some(seen) = arriving(query("body", context(&[("tenant", &text)]), None)) {
            let sent = segments(&seen)[1].clone();
            prop_assert!(sent == text || sent == value, "{:?}", seen);
            is_plain(&seen, &["echo", &sent, "list"], &[]);
            let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
            prop_assert_eq!(body, json!({"tenant": sent, "text": format!("<{sent}>")}));
        }
        if let Some(seen) = arriving(query("query", context(&[("region", &text)]), None)) {
            prop_assert_eq!(segments(&seen), ["echo", "acme", "list"]);
            let pairs = pairs(&seen);
            prop_assert!(pairs.len() <= 1);
            for (name, sent) in pairs {
                prop_assert_eq!(name, "region");
                prop_assert!(sent == format!("r-{text}") || sent == format!("r-{value}"), "{}", sent);
            }
        }
        if let Some(seen) = arriving(query("query", context(&[("note", &text)]), None)) {
            prop_assert_eq!(segments(&seen), ["echo", "acme", "list"]);
            prop_assert_eq!(pairs(&seen), [("region".to_owned(), "r-eu".to_owned())]);
            prop_assert_eq!(seen.headers.get("x-evil"), None);
            if let Some(sent) = seen.headers.get("x-note") {
                let sent = String::from_utf8(sent.as_bytes().to_vec()).unwrap();
                let is_either = [text.as_str(), value].iter().any(|text| format!("n-{text}").trim() == sent.trim());
                prop_assert!(is_either, "{}", sent);
            }
        }
    }

    #[test]
    fn an_entity_is_one_of_those_there_are(name in hostile()) {
        prop_assert!(arriving(query(&name, context(&[]), None)).is_none());
    }
}
