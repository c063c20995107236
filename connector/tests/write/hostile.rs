//! No text of a record or an id changes what a request means.

use appflow_sdk::protocol::Record;
use appflow_sdk::protocol::WriteOperationType::{self, Delete, Insert, Update, Upsert};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::store::Seen;
use crate::world::World;

/// Texts that mean something somewhere.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[-a-z0-9/.%?#&=,;:@'\"{}\\[\\]\\\\ \\r\\n\\x00\\u{202e}é😀]{0,24}",
        prop::sample::select(vec![
            "",
            ".",
            "..",
            "../../admin",
            "%2e%2e%2f",
            "a?b=c",
            "a#b",
            "a&ids=b",
            "a,b",
            "{id}",
            "{entity}",
            "{key}",
            "'",
            "a' or 'a' eq 'a",
            "',line=1)/x('",
            "\r\nX-Evil: 1",
            "\",\"evil\":1,\"",
            "null",
            "//evil.invalid/",
        ])
        .prop_map(str::to_owned),
    ]
}

/// The one request that a record leads to, if it is sent at all.
fn sent(entity: &str, operation: WriteOperationType, record: &Value) -> Option<Seen> {
    World::run(async |world| {
        let record = Record::new(record).unwrap();
        let outcome = world.write(entity, operation, &[record.get()]).await;
        let seen = world.store.seen();
        assert!(seen.len() <= 1, "{seen:?}");
        let is_refused = outcome.is_ok_and(|results| !results[0].is_success);
        assert!(!seen.is_empty() || is_refused, "neither sent nor refused");
        seen.into_iter().next()
    })
}

/// The text that a segment of a path stands for.
fn decoded(segment: &str) -> String {
    // As a form, in which a plus sign would be a space, so none may be there.
    assert!(!segment.contains(['+', '&', '=', '?', '#', '/']), "{segment}");
    let text = format!("x={segment}");
    url::form_urlencoded::parse(text.as_bytes()).next().unwrap().1.into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn an_id_stays_in_its_segment(id in hostile(), name in hostile()) {
        for operation in [Update, Upsert, Delete] {
            let record = json!({"id": id, "name": name});
            let Some(seen) = sent("single", operation.clone(), &record) else {
                prop_assert!(matches!(id.as_str(), "" | "." | ".."), "{id:?} was refused");
                continue;
            };
            let segments: Vec<_> = seen.path.split('/').collect();
            prop_assert_eq!(&segments[..2], &["", "items"]);
            prop_assert_eq!(segments.len(), 3);
            prop_assert_eq!(decoded(segments[2]), id.clone());
            prop_assert_eq!(seen.query, "");
            if operation != Delete {
                prop_assert_eq!(serde_json::from_str::<Value>(&seen.body).unwrap(), json!({"name": name}));
            }
        }
    }

    #[test]
    fn a_key_stays_within_its_quotes(code in hostile()) {
        let seen = sent("pairs", Update, &json!({"code": code, "line": 7})).unwrap();
        let segments: Vec<_> = seen.path.split('/').collect();
        prop_assert_eq!(segments.len(), 3);
        let (open, close) = ("Pairs(", ")");
        let inner = segments[2].strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).unwrap();
        let expected = format!("code='{}',line=7", code.replace('\'', "''"));
        prop_assert_eq!(decoded(inner), expected);
    }

    #[test]
    fn ids_in_a_list_stay_apart(ids in prop::collection::vec(hostile(), 1..4)) {
        let (seen, results) = World::run(async |world| {
            let records: Vec<_> = ids.iter().map(|id| json!({"id": id}).to_string()).collect();
            let records: Vec<_> = records.iter().map(String::as_str).collect();
            let results = world.write("batch", Delete, &records).await.unwrap();
            (world.store.seen(), results)
        });
        let right: Vec<_> = ids.iter().filter(|id| !id.is_empty() && !id.contains(',')).cloned().collect();
        prop_assert_eq!(results.len(), ids.len());
        prop_assert_eq!(seen.len(), usize::from(!right.is_empty()));
        for seen in seen {
            let pairs: Vec<_> = url::form_urlencoded::parse(seen.query.as_bytes()).into_owned().collect();
            prop_assert_eq!(pairs, [("ids".to_owned(), right.join(","))]);
            prop_assert_eq!(seen.path, "/items");
        }
    }

    #[test]
    fn a_record_stays_in_its_place_in_the_body(id in hostile(), name in hostile()) {
        let record = json!({"id": id, "name": name});
        let seen = sent("batch", Insert, &record).unwrap();
        let expected = json!({
            "operation": "insert",
            "all_or_none": false,
            "records": [{"attributes": {"type": "batch"}, "id": id, "name": name}],
        });
        prop_assert_eq!(serde_json::from_str::<Value>(&seen.body).unwrap(), expected);
        prop_assert_eq!(seen.path, "/items/batch");
        let seen = sent("keyed", Insert, &record).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&seen.body).unwrap(), record);
        let key = seen.headers["idempotency-key"].to_str().unwrap().to_owned();
        prop_assert!(key.len() == 36 && key.chars().all(|c| c.is_ascii_hexdigit() || c == '-'), "{key}");
    }
}
