//! Each kind of credentials, as it arrives at the API, and what must never be seen.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use appflow_sdk::protocol::{AuthenticationType, Credentials, Response, ValidateCredentialsRequest};
use appflow_sdk::{ConnectorError, Secret, SecretStore};

use crate::mock::{Mock, Seen};
use crate::world::{SECRET_ARN, World, manifest};

/// What the API sees of a query with these credentials.
async fn seen(authentication: &str, secret: &str) -> Seen {
    let world = World::with(Mock::start().await, manifest(5, authentication), secret);
    // What reads pages is large.
    Box::pin(world.query(world.request("/n/3", "all", ""))).await.unwrap();
    world.mock.seen().remove(0)
}

#[tokio::test]
async fn each_kind_arrives_where_the_manifest_says() {
    let header = |seen: &Seen, name: &str| seen.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let none = seen("none = true", "").await;
    assert_eq!(header(&none, "authorization"), None);
    let own_none = seen("none = true", r#"{"customAuthenticationType":"NoAuth"}"#).await;
    assert_eq!(header(&own_none, "authorization"), None);
    let basic = seen("basic = true", r#"{"username":"sample","password":"sample-password"}"#).await;
    assert_eq!(header(&basic, "authorization").as_deref(), Some("Basic c2FtcGxlOnNhbXBsZS1wYXNzd29yZA=="));
    let key = seen("api_key = { header = \"X-Key\" }", r#"{"apiKey":"k1"}"#).await;
    assert_eq!(header(&key, "x-key").as_deref(), Some("k1"));
    let query = seen("api_key = { parameter = \"key\" }", r#"{"apiKey":"k 1"}"#).await;
    assert_eq!(query.query, "key=k%201");
    let bearer = "bearer = { token_urls = [\"https://a.example\"], grants = [\"CLIENT_CREDENTIALS\"] }";
    let token = seen(bearer, r#"{"accessToken":"t1","refreshToken":"r"}"#).await;
    assert_eq!(header(&token, "authorization").as_deref(), Some("Bearer t1"));
    let own = "header.Own = { parameters = { token = { label = \"T\" } }, headers = { X-Own = \"v1 {token}\" } }";
    let custom = seen(own, r#"{"customAuthenticationType":"Own","token":"t2"}"#).await;
    assert_eq!(header(&custom, "x-own").as_deref(), Some("v1 t2"));
    assert_eq!(header(&custom, "accept").as_deref(), Some("application/json"));
}

#[tokio::test]
async fn refuses_credentials_that_the_manifest_does_not_offer_before_asking() {
    let world = World::with(Mock::start().await, manifest(5, "basic = true"), r#"{"apiKey":"hunter2"}"#);
    let error = world.failure("/n/3", "all").await;
    assert_eq!(error.error_code.as_str(), "InvalidCredentials");
    assert!(error.error_message.contains("BasicAuth") && !error.error_message.contains("hunter2"), "{error:?}");
    assert!(world.mock.seen().is_empty());
}

#[tokio::test]
async fn an_api_that_quotes_the_key_does_not_leak_it() {
    let world =
        World::with(Mock::start().await, manifest(5, "api_key = { header = \"X-Key\" }"), r#"{"apiKey":"hunter2"}"#);
    let error = world.failure("/said", "all").await;
    assert_eq!(error.error_code.as_str(), "InvalidCredentials");
    assert!(error.error_message.ends_with(": the key *** is wrong"), "{error:?}");
}

/// A secret whose token is renewed between two readings.
#[derive(Debug)]
struct Renewed {
    tokens: Vec<&'static str>,
    read: AtomicUsize,
}

impl SecretStore for Renewed {
    fn secret<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = Result<Secret, ConnectorError>> + Send + 'a>> {
        let read = self.read.fetch_add(1, Ordering::Relaxed).min(self.tokens.len() - 1);
        let secret = Secret::from(format!(r#"{{"accessToken":"{}"}}"#, self.tokens[read]));
        Box::pin(std::future::ready(Ok(secret)))
    }
}

#[tokio::test]
async fn a_refused_token_is_read_again_once_and_then_left_to_appflow() {
    let bearer = "bearer = { token_urls = [\"https://a.example\"], grants = [\"CLIENT_CREDENTIALS\"] }";
    for (tokens, requests, code) in [
        (vec!["stale", "good"], 2, None),
        (vec!["stale"], 1, Some("InvalidCredentials")),
        (vec!["stale", "older", "good"], 2, Some("InvalidCredentials")),
    ] {
        let store = Renewed { tokens, read: AtomicUsize::new(0) };
        let world = World::with_store(Mock::start().await, manifest(5, bearer), store);
        let outcome = world.query(world.request("/bearer", "all", "")).await;
        assert_eq!(outcome.err().map(|error| error.error_code.to_string()).as_deref(), code);
        assert_eq!(world.mock.seen().len(), requests);
    }
}

#[tokio::test]
async fn a_key_in_the_query_goes_to_every_page_and_never_into_a_token() {
    let world =
        World::with(Mock::start().await, manifest(1, "api_key = { parameter = \"key\" }"), r#"{"apiKey":"hunter2"}"#);
    let mut request = world.request("/links/key", "link", "");
    request.max_results = 1;
    let token = world.query(request.clone()).await.unwrap().next_token.unwrap();
    let text = String::from_utf8(base64(&token)).unwrap();
    assert!(text.contains("after=1") && !text.contains("key="), "{text}");
    request.next_token = Some(token);
    world.query(request).await.unwrap();
    assert_eq!(world.mock.seen().pop().unwrap().query, "after=1&key=hunter2");
}

fn base64(token: &str) -> Vec<u8> {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).unwrap()
}

async fn validate(world: &World, path: &str, kind: Option<AuthenticationType>) -> Result<(), String> {
    let settings = world.connection(path).connector_runtime_settings;
    let request = ValidateCredentialsRequest::new(Credentials::new(SECRET_ARN, kind), settings);
    let response = world.ask(request, Duration::from_secs(10)).await;
    assert!(matches!(response, Response::ValidateCredentials(_)));
    response.outcome().map_err(|details| details.error_code.to_string())
}

#[tokio::test]
async fn credentials_are_tried_on_the_test_path() {
    let secret = r#"{"username":"u","password":"p"}"#;
    let world = World::with(Mock::start().await, manifest(5, "basic = true"), secret);
    assert_eq!(validate(&world, "/n/1", Some(AuthenticationType::BasicAuth)).await, Ok(()));
    assert_eq!(world.mock.seen()[0].path, "/n/1/all");
    for (status, code) in
        [(401, "InvalidCredentials"), (403, "AccessDenied"), (404, "ClientError"), (503, "ServiceUnavailable")]
    {
        assert_eq!(validate(&world, &format!("/status/{status}"), None).await, Err(code.to_owned()));
    }
    assert_eq!(validate(&world, "/n/1", Some(AuthenticationType::ApiKey)).await, Err("InvalidCredentials".to_owned()));
    let without = World::with(Mock::start().await, manifest(5, "basic = true"), "");
    assert_eq!(validate(&without, "/n/1", None).await, Err("ResourceNotFoundError".to_owned()));
}
