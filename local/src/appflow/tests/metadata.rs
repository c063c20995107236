//! Entities and fields: the context that is passed, and the answers.

use super::*;

#[tokio::test]
async fn listing_passes_the_whole_connection_and_the_page() {
    let world = World::connected().await;
    let input = json!({"connectorProfileName": "main", "connectorType": "CustomConnector", "entitiesPath": "a/b", "maxResults": 7});
    let first = world.ok("/list-connector-entities", input.clone()).await;
    let orders = json!({"name": "orders", "label": "orders", "hasNestedEntities": false});
    assert_eq!(first, json!({"connectorEntityMap": {"Objects": [orders]}, "nextToken": "more"}));
    let last = world.ok("/list-connector-entities", with(input, "nextToken", json!("more"))).await;
    assert!(last.get("nextToken").is_none());

    let asked = world.asked();
    let Request::ListEntities(request) = &asked[1].request else { panic!("{asked:?}") };
    assert_eq!(request.next_token.as_deref(), Some("more"));
    let Request::ListEntities(request) = &asked[0].request else { panic!("{asked:?}") };
    assert_eq!((request.max_result, request.entities_path.as_deref()), (7, Some("a/b")));
    let context = &request.connector_context;
    assert_eq!(context.api_version.as_deref(), Some("v2"));
    assert_eq!(context.connector_profile_label.as_deref(), Some("main"));
    assert_eq!(context.setting("baseUrl"), Some("https://acme.example"));
    let credentials = context.credentials.as_ref().unwrap();
    assert_eq!(credentials.secret_arn, world.secrets().into_keys().next());
    assert_eq!(credentials.authentication_type.as_ref().unwrap().as_str(), "BasicAuth");
}

#[tokio::test]
async fn a_page_has_a_thousand_entities_unless_told_otherwise() {
    let world = World::connected().await;
    world.ok("/list-connector-entities", json!({"connectorProfileName": "main"})).await;
    let asked = world.asked();
    let Request::ListEntities(request) = &asked[0].request else { panic!("{asked:?}") };
    assert_eq!((request.max_result, request.entities_path.as_deref()), (1000, None));
    let refusal =
        world.refused("/list-connector-entities", json!({"connectorProfileName": "main", "maxResults": 10001})).await;
    assert_eq!(refusal.code, "ValidationException");
}

#[tokio::test]
async fn describing_asks_for_the_entity_with_the_version_given() {
    let world = World::connected().await;
    let input = json!({"connectorEntityName": "orders", "connectorProfileName": "main", "apiVersion": "v9"});
    let described = world.ok("/describe-connector-entity", input).await;
    assert_eq!(described["connectorEntityFields"][0]["identifier"], "id");
    let asked = world.asked();
    let Request::DescribeEntity(request) = &asked[0].request else { panic!("{asked:?}") };
    assert_eq!(request.entity_identifier, "orders");
    assert_eq!(request.connector_context.api_version.as_deref(), Some("v9"));
    assert_eq!(asked[0].limit, Duration::from_secs(10));
}

#[tokio::test]
async fn an_unlisted_version_is_refused_when_that_is_switched_on() {
    let behaviour = Behaviour { check_api_version: true, ..Behaviour::default() };
    let world = World::behaving(behaviour);
    world.ok("/register-connector", register()).await;
    world.ok("/create-connector-profile", create_profile()).await;
    let refusal =
        world.refused("/list-connector-entities", json!({"connectorProfileName": "main", "apiVersion": "v9"})).await;
    assert_eq!(
        (refusal.code.as_str(), refusal.message.as_str()),
        ("ValidationException", "apiVersion v9 is none of v2, v1")
    );
}

#[tokio::test]
async fn failures_of_the_connector_are_passed_on() {
    let world = World::connected().await;
    world.fails(Operation::ListEntities, ErrorCode::InvalidCredentials, "password expired");
    let refusal = world.refused("/list-connector-entities", json!({"connectorProfileName": "main"})).await;
    assert_eq!((refusal.status, refusal.code.as_str()), (401, "ConnectorAuthenticationException"));
    assert!(refusal.message.contains("InvalidCredentials: password expired"), "{}", refusal.message);

    let input = json!({"connectorEntityName": "x", "connectorProfileName": "main"});
    world.fails(Operation::DescribeEntity, ErrorCode::InvalidArgument, "no entity x");
    let refusal = world.refused("/describe-connector-entity", input.clone()).await;
    assert_eq!((refusal.status, refusal.code.as_str()), (400, "ConnectorServerException"));

    world.answers(|_| Ok(ValidateCredentialsResponse::valid().into()));
    let refusal = world.refused("/describe-connector-entity", input).await;
    assert!(refusal.message.contains("No valid response"), "{}", refusal.message);
}

#[tokio::test]
async fn an_unknown_profile_is_not_found() {
    let world = World::connected().await;
    for (path, input) in [
        ("/list-connector-entities", json!({"connectorProfileName": "other"})),
        ("/describe-connector-entity", json!({"connectorEntityName": "x", "connectorProfileName": "other"})),
        ("/reset-connector-metadata-cache", json!({"connectorProfileName": "other", "apiVersion": "v1"})),
    ] {
        let refusal = world.refused(path, input).await;
        assert_eq!(refusal.message, "Connector Profile with name other does not exist");
    }
    let input = json!({"connectorProfileName": "main", "apiVersion": "v1"});
    assert_eq!(world.ok("/reset-connector-metadata-cache", input).await, json!({}));
}
