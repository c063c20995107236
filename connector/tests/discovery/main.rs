//! Entities that an API describes, through the bytes that AppFlow exchanges with the connector.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod api;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use appflow_connector::{HttpConnector, Manifest};
use appflow_sdk::{InvocationContext, Retry, Secret, handle};
use serde_json::{Value, json};

use api::Api;

const HEAD: &str = r#"
[connector]
name = "Described"
owner = "Tests"
version = "1"
[authentication]
none = true
"#;

const BY_JSON: &str = r#"
[entities.fixed]
label = "Fixed"
read.request = "/fixed"
fields.id = { type = "Integer", primary_key = true }
[entities.below]
parent = "archive"
read.request = "/below"
fields.id = { type = "Integer", primary_key = true }
[entities.rates]
label = "Rates of the manifest"
read.request = "/rates"
fields.mine = { type = "Integer", primary_key = true }

[discovery]
cache_seconds = 900
[discovery.list]
request = "/objects"
items = "/objects"
identifier = "/name"
label = "/title"
description = "/about"
only = [{ pointer = "/kind", any_of = ["table", "view"] }]
writable = { pointer = "/locked", equals = false }
nested = { when = "/folder", request = "/folders/{path}" }
[discovery.describe]
request = "/objects/{entity}/columns"
fields = "/columns"
name = "/id"
type = "/type"
label = "/title"
description = "/help"
values = "/options"
only = [{ pointer = "/visible", equals = false, not = true }]
primary_key = "/key"
nullable = { pointer = "/required", equals = true, not = true }
creatable = { pointer = "/set_by", equals = "system", not = true }
updatable = { pointer = "/fixed", equals = true, not = true }
defaulted = { pointer = "/set_by", equals = "system" }
external_id = "/unique"
filterable = { pointer = "/searchable", equals = false, not = true }
incremental = "/stamp"
[discovery.types]
int = "Long"
money = "BigDecimal"
moment = "DateTime"
[discovery.read]
request = "/rows/{entity}"
[discovery.write]
insert.request = "/rows/{entity}"
upsert.request = "/rows/{entity}/{id}"
"#;

const BY_METADATA: &str = r#"
[discovery]
odata = { path = "/$metadata", headers = { Accept = "application/xml" } }
[discovery.read]
request = "/{entity}"
records = "/value"
odata = {}
"#;

struct World {
    api: Api,
    connector: HttpConnector,
}

impl World {
    async fn with(discovery: &str) -> Self {
        let manifest = Manifest::parse(&format!("{HEAD}{discovery}"), Path::new("m.toml")).unwrap();
        Self {
            api: Api::start().await,
            connector: HttpConnector::new(manifest).allow_loopback(true).retry(Retry::never()),
        }
    }

    /// The answer to a request of a connection to a path of the API.
    async fn ask(&self, path: &str, mut request: Value) -> Value {
        request["connectorContext"] = json!({"connectorRuntimeSettings": {"baseUrl": self.api.url(path)}});
        let secrets = Arc::new(BTreeMap::<String, Secret>::new());
        let context = InvocationContext::new("r-1", Duration::from_secs(10), secrets);
        let response = handle(&self.connector, request.to_string().as_bytes(), context).await.unwrap();
        serde_json::from_str(response.get()).unwrap()
    }

    async fn list(&self, path: &str, more: Value) -> Value {
        let mut request = json!({"type": "ListEntitiesRequest"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ask(path, request).await
    }

    async fn describe(&self, path: &str, entity: &str) -> Value {
        self.ask(path, json!({"type": "DescribeEntityRequest", "entityIdentifier": entity})).await
    }
}

fn names(listed: &Value) -> Vec<&str> {
    listed["entities"].as_array().unwrap().iter().map(|entity| entity["entityIdentifier"].as_str().unwrap()).collect()
}

#[track_caller]
fn message(answer: &Value, code: &str) -> String {
    assert_eq!(answer["errorDetails"]["errorCode"], code, "{answer}");
    answer["errorDetails"]["errorMessage"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_manifests_entities_come_first_and_win() {
    let world = World::with(BY_JSON).await;
    let listed = world.list("/api", json!({})).await;
    // What is no table, and what AppFlow could not name, is left out.
    assert_eq!(names(&listed), ["fixed", "rates", "orders", "archive"]);
    let entity = |name: &str| {
        let entities = listed["entities"].as_array().unwrap();
        entities.iter().find(|entity| entity["entityIdentifier"] == name).unwrap().clone()
    };
    assert_eq!(entity("rates")["label"], "Rates of the manifest");
    let orders = entity("orders");
    assert_eq!([&orders["label"], &orders["description"]], ["Orders", "What was ordered"]);
    assert_eq!([&orders["isWritable"], &orders["hasNestedEntities"]], [true, false]);
    assert_eq!([&entity("archive")["isWritable"], &entity("archive")["hasNestedEntities"]], [false, true]);
    assert_eq!(listed["cacheControl"], json!({"timeToLive": 900, "timeToLiveUnit": "SECONDS"}));

    let rates = world.describe("/api", "rates").await;
    assert_eq!(rates["entityDefinition"]["fields"][0]["fieldName"], "mine");
    assert_eq!(world.api.asked(), ["/api/objects"], "nobody was asked for what the manifest says");
}

#[tokio::test]
async fn a_path_leads_to_what_is_below() {
    let world = World::with(BY_JSON).await;
    let below = world.list("/api", json!({"entitiesPath": "archive"})).await;
    assert_eq!(names(&below), ["below", "orders-2020"]);
    let nothing = world.list("/api", json!({"entitiesPath": "orders"})).await;
    assert!(message(&nothing, "InvalidArgument").contains("orders"));
    drop(world.api.asked());
    let odd = world.list("/api", json!({"entitiesPath": "a/../../b?c#d"})).await;
    assert_eq!(odd["isSuccess"], false);
    assert_eq!(world.api.asked(), ["/api/folders/a%2F..%2F..%2Fb%3Fc%23d"]);
}

#[tokio::test]
async fn lists_come_in_pages_that_begin_behind_a_name() {
    let world = World::with(BY_JSON).await;
    let mut seen = Vec::new();
    let mut token = Value::Null;
    loop {
        let page = world.list("/api", json!({"maxResult": 3, "nextToken": token})).await;
        seen.extend(names(&page).into_iter().map(str::to_owned));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, ["fixed", "rates", "orders", "archive"]);
    let foreign = world.list("/api", json!({"nextToken": "gone"})).await;
    assert!(message(&foreign, "InvalidArgument").contains("\"gone\""));
}

#[tokio::test]
async fn fields_are_what_the_description_says() {
    let world = World::with(BY_JSON).await;
    let orders = world.describe("/api", "orders").await;
    assert_eq!(orders["cacheControl"]["timeToLive"], 900);
    let fields = orders["entityDefinition"]["fields"].as_array().unwrap();
    let told: Vec<_> =
        fields.iter().map(|f| [f["fieldName"].as_str().unwrap(), f["dataType"].as_str().unwrap()]).collect();
    let expected = [
        ["number", "Long"],
        ["state", "String"],
        ["total", "BigDecimal"],
        ["changed", "DateTime"],
        ["code", "String"],
        ["note", "String"],
    ];
    assert_eq!(told, expected);
    let field = |name: &str| fields.iter().find(|field| field["fieldName"] == name).unwrap();
    assert_eq!([&field("number")["isPrimaryKey"], &field("number")["readProperties"]["isNullable"]], [true, false]);
    assert_eq!([&field("state")["label"], &field("state")["description"]], ["State", "How far it is"]);
    assert_eq!(field("state")["constraints"]["allowedValues"], json!(["open", "paid"]));
    assert_eq!(field("state")["readProperties"]["isNullable"], false);
    assert_eq!(field("code")["constraints"], Value::Null, "no choices are no choice");
    let write = |name: &str, property: &str| field(name)["writeProperties"][property].clone();
    assert_eq!([write("total", "isCreatable"), write("total", "isUpdatable")], [true, false]);
    assert_eq!([write("changed", "isCreatable"), write("changed", "isDefaultedOnCreate")], [false, true]);
    assert_eq!(write("code", "supportedWriteOperations"), json!(["UPSERT"]));
    let read = |name: &str, property: &str| field(name)["readProperties"][property].clone();
    assert_eq!([read("note", "isQueryable"), read("total", "isQueryable")], [false, true]);
    assert_eq!(read("changed", "isTimestampFieldForIncrementalQueries"), true);
}

#[tokio::test]
async fn descriptions_are_remembered_for_each_connection() {
    let world = World::with(BY_JSON).await;
    for _ in 0..2 {
        assert_eq!(world.describe("/api", "orders").await["isSuccess"], true);
        assert_eq!(world.list("/api", json!({})).await["isSuccess"], true);
    }
    let mut asked = world.api.asked();
    asked.sort_unstable();
    assert_eq!(asked, ["/api/objects", "/api/objects/orders/columns"]);
    assert_eq!(world.describe("/login", "orders").await["isSuccess"], false);
    assert!(!world.api.asked().is_empty(), "another connection may see other things");
}

#[tokio::test]
async fn an_entity_that_is_not_there_is_told_with_the_nearest_name() {
    let world = World::with(BY_JSON).await;
    let unknown = world.describe("/api", "order").await;
    assert_eq!(message(&unknown, "InvalidArgument"), "the API has no entity \"order\"; did you mean \"orders\"?");
    drop(world.api.asked());
    for odd in ["../orders", "orders/columns?x=", "a#b", "%2e%2e"] {
        drop(message(&world.describe("/api", odd).await, "InvalidArgument"));
    }
    let asked = world.api.asked();
    assert!(asked.iter().all(|path| path.starts_with("/api/objects/") && path.ends_with("/columns")), "{asked:?}");
    assert_eq!(asked.len(), 4);
    for leading in ["..", "."] {
        drop(message(&world.describe("/api", leading).await, "InvalidArgument"));
    }
    assert_eq!(world.api.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_that_is_no_description_is_told() {
    let world = World::with(BY_JSON).await;
    let page = world.list("/login", json!({})).await;
    assert!(message(&page, "ServerError").contains("GET /login/objects is text/html"), "{page}");
    let odd = world.list("/odd", json!({})).await;
    assert!(message(&odd, "ServerError").contains("there is no array of entities at \"/objects\""), "{odd}");
    for (entity, why) in [
        ("empty", "\"empty\" has no fields"),
        ("nameless", "a field has no name at \"/id\""),
        ("other", "there is no array of fields at \"/columns\""),
    ] {
        let answer = world.describe("/api", entity).await;
        assert!(message(&answer, "ServerError").contains(why), "{answer}");
    }
}

#[tokio::test]
async fn metadata_is_asked_for_once() {
    let world = World::with(BY_METADATA).await;
    assert_eq!(names(&world.list("/api", json!({})).await), ["Orders", "Returns"]);
    for entity in ["Orders", "Returns"] {
        let described = world.describe("/api", entity).await;
        assert_eq!(described["entityDefinition"]["fields"][0]["dataTypeLabel"], "Edm.Guid", "{described}");
    }
    let unknown = world.describe("/api", "Return").await;
    assert_eq!(message(&unknown, "InvalidArgument"), "the API has no entity \"Return\"; did you mean \"Returns\"?");
    assert_eq!(world.api.asked(), ["/api/$metadata"]);

    let page = world.list("/login", json!({})).await;
    let told = message(&page, "ServerError");
    assert!(told.contains("GET /login/$metadata is text/html and not the metadata of an OData 4 service"), "{told}");
}
