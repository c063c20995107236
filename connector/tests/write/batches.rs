//! One request for many records.

use appflow_sdk::protocol::WriteOperationType::{Delete, Insert, Upsert};
use serde_json::json;

use crate::store::Fault;
use crate::world::{World, fates};

#[tokio::test]
async fn sends_batches_in_their_envelope_and_reads_a_result_for_each() {
    let world = World::open().await;
    let records =
        [r#"{"id":"a","total":1.10}"#, r#"{"name":"bad"}"#, r#"{"name":"c"}"#, r#"{"id":"a"}"#, r#"{"id":"e"}"#];
    let results = world.write("batch", Insert, &records).await.unwrap();
    assert_eq!(fates(&results), "+!+!+");
    let ids: Vec<_> = results.iter().map(|result| result.record_id.as_str()).collect();
    assert_eq!(ids, ["a", "", "new-1", "a", "e"]);
    assert_eq!(results[1].error_message.as_deref(), Some("the name is bad (400)"));
    let seen = world.store.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(
        seen[0].body,
        r#"{"all_or_none":false,"operation":"insert","records":[{"attributes":{"type":"batch"},"id":"a","total":1.10},{"attributes":{"type":"batch"},"name":"bad"},{"attributes":{"type":"batch"},"name":"c"}]}"#
    );
}

#[tokio::test]
async fn a_record_that_cannot_be_sent_costs_no_other() {
    let world = World::open().await;
    let records = [r#"{"id":"a"}"#, r#"{"name":7}"#, r#"{"id":"c"}"#, r#"{"zzz":1}"#];
    assert_eq!(fates(&world.write("batch", Upsert, &records).await.unwrap()), "+!+!");
    assert_eq!(world.store.records().len(), 2);
}

#[tokio::test]
async fn deletes_by_their_ids() {
    let world = World::open().await;
    for id in ["a", "b", "c d"] {
        world.store.put(json!({"id": id}));
    }
    let records = [r#"{"id":"a"}"#, r#"{"id":"x"}"#, r#"{"id":"c d"}"#];
    let results = world.write("batch", Delete, &records).await.unwrap();
    assert_eq!(fates(&results), "+!+");
    assert_eq!(world.store.records().keys().collect::<Vec<_>>(), ["b"]);
    let seen = world.store.seen();
    assert_eq!((seen.len(), seen[0].method.as_str(), seen[0].body.as_str()), (1, "DELETE", ""));
}

#[tokio::test]
async fn all_or_none_is_told_to_the_api_or_refused() {
    let world = World::open().await;
    let all = |entity: &str, records: &[&str]| {
        let mut request = world.request(entity, Insert, records);
        request.all_or_none = Some(true);
        request
    };
    let results = world.send(all("batch", &[r#"{"id":"a"}"#, r#"{"name":"bad"}"#])).await.unwrap();
    assert_eq!(fates(&results), "!!");
    assert!(world.store.records().is_empty());
    assert!(world.store.seen()[0].body.contains(r#""all_or_none":true"#));
    let results = world.send(all("batch", &[r#"{"id":"a"}"#, r#"{"id":"b"}"#])).await.unwrap();
    assert_eq!(fates(&results), "++");
    // A record that cannot even be sent keeps the others back.
    world.store.seen();
    let results = world.send(all("batch", &[r#"{"id":"c"}"#, r#"{"name":1}"#])).await.unwrap();
    assert_eq!(fates(&results), "-!");
    for request in [all("batch", &[r#"{"id":"c"}"#; 4]), all("single", &[r#"{"id":"c"}"#])] {
        let error = world.send(request).await.unwrap_err();
        assert_eq!(error.error_code.as_str(), "InvalidArgument");
        assert!(error.error_message.contains("nothing was written"), "{error:?}");
    }
    assert!(world.store.seen().is_empty());
}

#[tokio::test]
async fn results_that_do_not_match_the_records_are_not_believed() {
    let world = World::open().await;
    world.store.plan([None, Some(Fault::Short)]);
    let records =
        [r#"{"id":"a"}"#, r#"{"id":"b"}"#, r#"{"id":"c"}"#, r#"{"id":"d"}"#, r#"{"id":"e"}"#, r#"{"id":"f"}"#];
    let results = world.write("batch", Upsert, &records).await.unwrap();
    assert_eq!(fates(&results), "+++???");
    let message = results[3].error_message.as_deref().unwrap();
    assert!(message.contains("2 results for 3 records") && message.contains("/items/batch"), "{message}");
}

#[tokio::test]
async fn a_record_that_is_locked_for_the_moment_is_sent_again_by_itself() {
    let world = World::open().await;
    world.store.plan([Some(Fault::Locked), None]);
    let results = world.write("batch", Insert, &[r#"{"id":"a"}"#, r#"{"id":"b"}"#]).await.unwrap();
    assert_eq!(fates(&results), "++", "{results:?}");
    let seen = world.store.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen[1].body.contains(r#""id":"a""#) && !seen[1].body.contains(r#""id":"b""#), "{}", seen[1].body);
    // One that stays locked fails, and the other keeps its result.
    world.store.plan([Some(Fault::Locked); 9]);
    let results = world.write("batch", Insert, &[r#"{"id":"c"}"#, r#"{"id":"d"}"#]).await.unwrap();
    assert_eq!(fates(&results), "!+");
    assert_eq!(results[0].error_message.as_deref(), Some("later (locked)"));
}

#[tokio::test]
async fn an_api_that_refuses_all_for_one_gets_the_others_by_themselves() {
    let world = World::open().await;
    let mut records: Vec<String> = (0..8).map(|n| format!(r#"{{"id":"{n}","name":"n"}}"#)).collect();
    records[5] = r#"{"id":"5","name":"bad"}"#.to_owned();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let results = world.write("atomic", Insert, &records).await.unwrap();
    assert_eq!(fates(&results), "+++++!++");
    assert!(results[5].error_message.as_deref().unwrap().contains("the name is bad"));
    assert_eq!(world.store.records().len(), 7);
    assert!(world.store.seen().len() <= 7);
}

#[tokio::test]
async fn a_batch_that_is_too_long_is_sent_in_parts() {
    let world = World::open().await;
    world.store.longest(85);
    let results =
        world.write("batch", Upsert, &[r#"{"id":"a"}"#, r#"{"id":"b"}"#, r#"{"id":"c","name":"nnnnnnn"}"#]).await;
    assert_eq!(fates(&results.unwrap()), "+++");
    assert!(world.store.seen().len() > 1);
}
