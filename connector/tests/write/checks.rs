//! What is refused before anything is sent, and what AppFlow is told beforehand.

use appflow_sdk::protocol::WriteOperationType::{self, Delete, Insert, Update, Upsert};
use appflow_sdk::protocol::{
    ConnectorMode, DescribeConnectorConfigurationRequest, DescribeEntityRequest, EntityDefinition, Response,
};

use crate::world::{World, fates};

/// The failure of the whole write, with these id fields.
async fn refusal(entity: &str, operation: WriteOperationType, ids: &[&str]) -> String {
    let world = World::open().await;
    let mut request = world.request(entity, operation, &[r#"{"id":"a"}"#]);
    request.id_field_names = Some(ids.iter().map(|id| (*id).to_owned()).collect());
    let error = world.send(request).await.unwrap_err();
    assert_eq!(error.error_code.as_str(), "InvalidArgument");
    assert!(world.store.seen().is_empty());
    error.error_message
}

#[tokio::test]
async fn refuses_ids_that_identify_nothing_and_says_which_would_be_right() {
    let message = refusal("single", Upsert, &["name"]).await;
    assert!(message.ends_with("idFieldNames may be id, or code"), "{message}");
    let message = refusal("single", Update, &["code"]).await;
    assert!(message.ends_with("idFieldNames may be id"), "{message}");
    let message = refusal("pairs", Update, &["line"]).await;
    assert!(message.ends_with("idFieldNames may be code and line"), "{message}");
    let message = refusal("single", Update, &["id", "code"]).await;
    assert!(message.contains("id and code cannot say which record"), "{message}");
}

#[tokio::test]
async fn an_external_id_serves_for_upserts() {
    let world = World::open().await;
    let mut request = world.request("single", Upsert, &[r#"{"code":"x","name":"n"}"#]);
    request.id_field_names = Some(vec!["code".to_owned()]);
    let results = world.send(request).await.unwrap();
    assert_eq!(fates(&results), "+");
    assert_eq!(world.store.seen()[0].path, "/items/x");
}

#[tokio::test]
async fn refuses_an_operation_that_the_entity_does_not_take() {
    let message = refusal("pairs", Delete, &[]).await;
    assert_eq!(message, "the entity \"pairs\" takes UPDATE, not DELETE");
}

#[tokio::test]
async fn a_record_that_does_not_fit_its_entity_fails_alone() {
    let world = World::open().await;
    let records = [
        r#"{"name":1}"#,
        r#"{"nmae":"x"}"#,
        r#"{"made":"2026-01-01T00:00:00Z"}"#,
        r#"{"count":null}"#,
        r#"{"name":"fine"}"#,
        r#"{"total":"1.0","count":1.5}"#,
    ];
    let results = world.write("single", Insert, &records).await.unwrap();
    assert_eq!(fates(&results), "!!!!+!");
    let messages: Vec<_> = results.iter().filter_map(|result| result.error_message.as_deref()).collect();
    assert_eq!(messages[0], "field \"name\" must be a string, found a number");
    assert_eq!(messages[1], "field \"nmae\" is no field of the entity, found a string");
    assert_eq!(messages[2], "field \"made\" cannot be set on insert");
    assert_eq!(messages[3], "field \"count\" must have a value or be left out, found null");
    assert!(messages[4].contains("\"total\"") && messages[4].contains("\"count\""), "{}", messages[4]);
    assert_eq!(world.store.seen().len(), 1, "what is wrong is not sent");
    let records = [r#"{"id":"a","kind":"k"}"#, r#"{"name":"x"}"#, r#"{"id":null}"#, r#"{"id":{"a":1}}"#];
    let results = world.write("single", Update, &records).await.unwrap();
    assert_eq!(fates(&results), "!!!!");
    assert_eq!(results[0].error_message.as_deref(), Some("field \"kind\" cannot be changed"));
    assert_eq!(
        results[1].error_message.as_deref(),
        Some("field \"id\" must have a value: it says which record is meant")
    );
    assert_eq!(world.store.seen().len(), 0);
}

#[tokio::test]
async fn what_is_required_must_be_there_on_insert_only() {
    let world = World::open().await;
    let results = world.write("atomic", Insert, &[r#"{"id":"a"}"#, r#"{"id":"b","name":"n"}"#]).await.unwrap();
    assert_eq!(fates(&results), "!+");
    assert_eq!(results[0].error_message.as_deref(), Some("field \"name\" must be there, found nothing"));
}

#[tokio::test]
async fn an_id_that_leads_elsewhere_is_refused() {
    let world = World::open().await;
    for id in ["", ".", ".."] {
        let results = world.write("single", Delete, &[&format!(r#"{{"id":"{id}"}}"#)]).await.unwrap();
        assert_eq!(fates(&results), "!", "{id:?}");
    }
    let results = world.write("batch", Delete, &[r#"{"id":"a,b"}"#, r#"{"id":""}"#]).await.unwrap();
    assert_eq!(fates(&results), "!!");
    assert!(world.store.seen().is_empty());
}

async fn definition(world: &World, entity: &str) -> EntityDefinition {
    match world.ask(DescribeEntityRequest::new(entity, world.context())).await {
        Response::DescribeEntity(response) => response.entity_definition.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn appflow_is_told_what_can_be_written() {
    let world = World::open().await;
    let Response::DescribeConnectorConfiguration(configuration) =
        world.ask(DescribeConnectorConfigurationRequest::default()).await
    else {
        panic!("another response")
    };
    assert_eq!(configuration.connector_modes, [ConnectorMode::Destination]);
    assert_eq!(configuration.supported_write_operations, [Insert, Update, Upsert, Delete]);
    let single = definition(&world, "single").await;
    assert!(single.entity.is_writable);
    let flags = |name: &str| {
        let write = single.field(name).unwrap().write_properties.clone().unwrap();
        let flag = |flag: Option<bool>| if flag == Some(true) { '1' } else { '0' };
        let flags = [write.is_creatable, write.is_updatable, write.is_upsertable, write.is_nullable];
        let flags: String = flags.into_iter().chain([write.is_defaulted_on_create]).map(flag).collect();
        let ids = write.supported_write_operations.unwrap_or_default();
        (flags, ids.iter().map(|operation| operation.as_str().to_owned()).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(flags("id"), ("10100".to_owned(), "UPDATE UPSERT DELETE".to_owned()));
    assert_eq!(flags("code"), ("11110".to_owned(), "UPSERT".to_owned()));
    assert_eq!(flags("made"), ("00010".to_owned(), String::new()));
    assert_eq!(flags("count"), ("11101".to_owned(), String::new()));
}
