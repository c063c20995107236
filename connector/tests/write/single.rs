//! One request for each record.

use appflow_sdk::protocol::WriteOperationType::{Delete, Insert, Update, Upsert};
use serde_json::json;

use crate::store::Fault;
use crate::world::{World, fates};

#[tokio::test]
async fn inserts_records_in_order_and_returns_the_ids_that_the_api_gives() {
    let world = World::open().await;
    let records: Vec<String> = (0..20).map(|n| format!(r#"{{"name":"n{n}"}}"#)).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let results = world.write("single", Insert, &records).await.unwrap();
    assert_eq!(fates(&results), "+".repeat(20));
    let there = world.store.records();
    for (n, result) in results.iter().enumerate() {
        assert_eq!(there[&result.record_id]["name"], json!(format!("n{n}")));
    }
}

#[tokio::test]
async fn keeps_digits_and_puts_members_where_the_manifest_says() {
    let world = World::open().await;
    let record = r#"{"id":"a","total":1.10,"address":{"zip":"1","city":"old","n":2.50},"city":"new","name":null}"#;
    assert_eq!(fates(&world.write("single", Insert, &[record]).await.unwrap()), "+");
    let seen = world.store.seen();
    let sent = r#"{"id":"a","total":1.10,"address":{"zip":"1","city":"new","n":2.50},"name":null}"#;
    assert_eq!(seen[0].body, sent);
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("POST", "/items"));
    assert_eq!(seen[0].headers["content-type"], "application/json");
    // An object is made where only a member of it is given.
    world.write("single", Insert, &[r#"{"id":"b","city":"Bern"}"#]).await.unwrap();
    assert_eq!(world.store.seen()[0].body, r#"{"id":"b","address":{"city":"Bern"}}"#);
}

#[tokio::test]
async fn the_id_goes_into_the_path_and_not_into_the_body() {
    let world = World::open().await;
    world.store.put(json!({"id": "a/b", "name": "old"}));
    let results = world.write("single", Update, &[r#"{"id":"a/b","name":"new"}"#]).await.unwrap();
    assert_eq!((fates(&results).as_str(), results[0].record_id.as_str()), ("+", "a/b"));
    let seen = world.store.seen();
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("PATCH", "/items/a%2Fb"));
    assert_eq!(seen[0].body, r#"{"name":"new"}"#);
    let results = world.write("single", Upsert, &[r#"{"id":"c","name":"there"}"#]).await.unwrap();
    assert_eq!((fates(&results).as_str(), world.store.records()["c"]["name"].as_str()), ("+", Some("there")));
    let results = world.write("single", Delete, &[r#"{"id":"c","name":"whatever"}"#]).await.unwrap();
    assert_eq!((fates(&results).as_str(), results[0].record_id.as_str()), ("+", "c"));
    let seen = world.store.seen();
    let last = seen.last().unwrap();
    assert_eq!((last.method.as_str(), last.body.as_str()), ("DELETE", ""));
    assert!(!last.headers.contains_key("content-type"));
}

#[tokio::test]
async fn a_record_that_the_api_refuses_fails_alone_with_its_words() {
    let world = World::open().await;
    let records = [r#"{"id":"a"}"#, r#"{"id":"a"}"#, r#"{"name":"bad"}"#, r#"{"id":"b"}"#];
    let mut request = world.request("single", Insert, &records);
    request.records.insert(2, "no record".to_owned());
    let results = world.send(request).await.unwrap();
    let mut fates = fates(&results).chars().collect::<Vec<_>>();
    // Which of the two equal ones comes first is open, since several are under way.
    fates[..2].sort_unstable();
    assert_eq!(fates.iter().collect::<String>(), "!+!!+");
    let message = |place: usize| results[place].error_message.clone().unwrap();
    let conflict = (0..2).find(|place| !results[*place].is_success).unwrap();
    assert!(message(conflict).contains("there is one already") && message(conflict).contains("409"));
    assert!(message(3).contains("the name is bad"), "{}", message(3));
    let results =
        world.write("single", Update, &[r#"{"id":"zzz","name":"x"}"#, r#"{"id":"b","name":"x"}"#]).await.unwrap();
    assert_eq!(crate::world::fates(&results), "!+");
    let message = results[0].error_message.as_deref().unwrap();
    assert!(message.contains("no such record") && message.contains("never heard of it"), "{message}");
    assert_eq!(results[0].record_id, "zzz");
}

#[tokio::test]
async fn a_delete_of_what_is_gone_is_a_success_where_the_manifest_says_so_or_it_was_this_delete() {
    let world = World::open().await;
    assert_eq!(fates(&world.write("single", Delete, &[r#"{"id":"a"}"#]).await.unwrap()), "!");
    assert_eq!(fates(&world.write("keyed", Delete, &[r#"{"id":"a"}"#]).await.unwrap()), "+");
    world.store.put(json!({"id": "b"}));
    world.store.plan([Some(Fault::Lost)]);
    assert_eq!(fates(&world.write("single", Delete, &[r#"{"id":"b"}"#]).await.unwrap()), "+");
    assert!(world.store.records().is_empty());
}

#[tokio::test]
async fn an_insert_is_repeated_only_where_the_api_notices_repetitions() {
    let world = World::open().await;
    world.store.plan([None, Some(Fault::Lost)]);
    let records = [r#"{"name":"x"}"#, r#"{"name":"x"}"#];
    let results = world.write("single", Insert, &records).await.unwrap();
    assert_eq!(results.iter().filter(|result| result.is_success).count(), 1);
    assert!(fates(&results).contains('?'), "{results:?}");
    assert_eq!(world.store.seen().len(), 2, "the lost one is not sent again");

    let world = World::open().await;
    world.store.plan([Some(Fault::Lost), Some(Fault::Status(503))]);
    let results = world.write("keyed", Insert, &records).await.unwrap();
    assert_eq!(fates(&results), "++");
    assert_eq!(world.store.records().len(), 2, "two equal records are two records, and none is there twice");
    let seen = world.store.seen();
    let keys: std::collections::BTreeSet<_> = seen.iter().map(|seen| seen.headers["idempotency-key"].clone()).collect();
    assert_eq!((seen.len(), keys.len()), (4, 2), "each attempt has the key of its record");
    // AppFlow sends the same once more: nothing new is written.
    assert_eq!(fates(&world.write("keyed", Insert, &records).await.unwrap()), "++");
    assert_eq!(world.store.records().len(), 2);
}

#[tokio::test]
async fn the_last_of_several_records_of_one_id_has_the_last_word() {
    let world = World::open().await;
    let records: Vec<String> = (0..30).map(|n| format!(r#"{{"id":"{}","name":"n{n}"}}"#, n % 3)).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    assert_eq!(fates(&world.write("single", Upsert, &records).await.unwrap()), "+".repeat(30));
    let there = world.store.records();
    assert_eq!(there.values().map(|record| record["name"].clone()).collect::<Vec<_>>(), ["n27", "n28", "n29"]);
}

#[tokio::test]
async fn several_key_fields_become_an_odata_key() {
    let world = World::open().await;
    world.store.put(json!({"id": "Pairs(code='a''b',line=2)"}));
    let results = world.write("pairs", Update, &[r#"{"code":"a'b","line":2,"name":"x"}"#]).await.unwrap();
    assert_eq!(fates(&results), "+", "{results:?}");
    let seen = world.store.seen();
    assert_eq!(seen[0].path, "/items/Pairs(code%3D%27a%27%27b%27%2Cline%3D2)");
    assert_eq!(seen[0].body, r#"{"name":"x"}"#);
    assert_eq!(results[0].record_id, "a'b,2");
}
