//! The entitlement check against a License Manager that the test plays itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says why")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use appflow_sdk::marketplace::{Entitlement, SdkConfig};
use aws_config::Region;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What License Manager does with a request.
#[derive(Clone)]
enum Behaviour {
    Answer(u16, String),
    Cut,
    Silence,
}

fn allows(name: &str) -> Behaviour {
    let entitlement = json!({"Name": name, "Unit": "None"});
    Behaviour::Answer(200, json!({"CheckoutType": "PROVISIONAL", "EntitlementsAllowed": [entitlement]}).to_string())
}

fn refuses(code: &str) -> Behaviour {
    Behaviour::Answer(400, json!({"__type": code, "Message": "no"}).to_string())
}

/// One request as it came: the operation, and the body.
#[derive(Debug)]
struct Asked {
    target: String,
    body: Value,
}

struct LicenseManager {
    config: SdkConfig,
    behaviour: Arc<Mutex<Behaviour>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl LicenseManager {
    async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let behaviour = Arc::new(Mutex::new(behaviour));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (play, record) = (Arc::clone(&behaviour), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&play), Arc::clone(&record)));
            }
        });
        let credentials = Credentials::new("AKIDEXAMPLE", "not a secret", None, None, "test");
        let config = SdkConfig::builder()
            .endpoint_url(url)
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .build();
        Self { config, behaviour, asked }
    }

    fn entitlement(&self) -> Entitlement {
        Entitlement::from_config(&self.config, "prod-1")
    }

    fn now(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// Answers one connection. Each request stands alone: the connection is closed behind the answer.
async fn serve(connection: TcpStream, behaviour: Arc<Mutex<Behaviour>>, asked: Arc<Mutex<Vec<Asked>>>) {
    let mut connection = BufReader::new(connection);
    let (mut target, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).await.unwrap();
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("x-amz-target") => value.clone_into(&mut target),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
            None if line.trim_end().is_empty() => break,
            Some(_) | None => {}
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.unwrap();
    asked.lock().unwrap().push(Asked { target, body: serde_json::from_slice(&body).unwrap() });
    let behaviour = behaviour.lock().unwrap().clone();
    match behaviour {
        Behaviour::Answer(status, body) => {
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            connection.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
        Behaviour::Cut => {}
        Behaviour::Silence => std::future::pending().await,
    }
}

#[tokio::test]
async fn asks_for_what_the_official_sdks_ask_for_and_with_a_fresh_token_each_time() {
    let manager = LicenseManager::start(allows("AWS::Marketplace::Usage")).await;
    let entitlement = manager.entitlement().with_lifetime(Duration::ZERO);
    assert!(entitlement.is_entitled().await);
    assert!(entitlement.check().await.unwrap());
    let mut tokens = Vec::new();
    for Asked { target, mut body } in manager.asked() {
        assert_eq!(target, "AWSLicenseManager.CheckoutLicense");
        let token = body.as_object_mut().unwrap().remove("ClientToken").unwrap();
        tokens.push(token.as_str().unwrap().parse::<uuid::Uuid>().unwrap());
        let expected = json!({
            "ProductSKU": "prod-1",
            "CheckoutType": "PROVISIONAL",
            "KeyFingerprint": "aws:294406891311:AWS/Marketplace:issuer-fingerprint",
            "Entitlements": [{"Name": "AWS::Marketplace::Usage", "Unit": "None"}],
        });
        assert_eq!(body, expected);
    }
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn only_an_answer_with_the_usage_entitlement_says_yes() {
    let manager = LicenseManager::start(allows("AWS::Marketplace::Usage")).await;
    let entitlement = manager.entitlement().with_lifetime(Duration::ZERO);
    assert!(entitlement.check().await.unwrap());
    let empty = |body: &str| Behaviour::Answer(200, body.to_owned());
    let no_entitlement = refuses("NoEntitlementsAllowedException");
    for answer in [allows("Seats"), empty("{}"), empty(r#"{"EntitlementsAllowed":[]}"#), no_entitlement] {
        manager.now(answer);
        assert!(!entitlement.check().await.unwrap());
        assert!(!entitlement.is_entitled().await);
    }
}

#[tokio::test]
async fn a_failure_means_no_unless_the_caller_wants_to_see_it() {
    let manager = LicenseManager::start(Behaviour::Cut).await;
    let entitlement = manager.entitlement();
    for (behaviour, code, words) in [
        (Behaviour::Cut, None, "could not be asked"),
        (Behaviour::Answer(200, "<html>".to_owned()), None, "cannot be read"),
        (Behaviour::Answer(200, r#"{"EntitlementsAllowed":7}"#.to_owned()), None, "cannot be read"),
        (refuses("AccessDeniedException"), Some("AccessDeniedException"), "license-manager:CheckoutLicense"),
        (refuses("RateLimitExceededException"), Some("RateLimitExceededException"), "RateLimitExceeded"),
        (Behaviour::Answer(500, String::new()), None, "cannot"),
    ] {
        manager.now(behaviour);
        let error = entitlement.check().await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(!entitlement.is_entitled().await);
    }
    manager.now(allows("AWS::Marketplace::Usage"));
    assert!(entitlement.is_entitled().await, "a failure must not be remembered");
}

#[tokio::test]
async fn an_answer_is_used_again_for_an_hour() {
    let manager = LicenseManager::start(allows("AWS::Marketplace::Usage")).await;
    let entitlement = manager.entitlement();
    assert!(entitlement.is_entitled().await);
    manager.now(allows("Seats"));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3599)).await;
    assert!(entitlement.is_entitled().await);
    assert_eq!(manager.asked().len(), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    tokio::time::resume();
    assert!(!entitlement.is_entitled().await);
    assert!(!entitlement.is_entitled().await, "a no is remembered too");
    assert_eq!(manager.asked().len(), 1);
}

#[tokio::test]
async fn calls_at_the_same_time_ask_once() {
    let manager = LicenseManager::start(allows("AWS::Marketplace::Usage")).await;
    let entitlement = manager.entitlement();
    let answers = tokio::join!(entitlement.is_entitled(), entitlement.is_entitled(), entitlement.is_entitled());
    assert_eq!(answers, (true, true, true));
    assert_eq!(manager.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_license_manager_that_says_nothing_is_not_waited_for() {
    let manager = LicenseManager::start(Behaviour::Silence).await;
    let patient = manager.config.to_builder().timeout_config(TimeoutConfig::disabled()).build();
    let error = Entitlement::from_config(&patient, "prod-1").check().await.unwrap_err();
    assert_eq!(error.code(), None);
    assert!(error.to_string().contains("did not answer within 5 seconds"), "{error}");
}

#[test]
fn debug_names_the_product_and_no_client() {
    let entitlement = Entitlement::new("prod-1").with_lifetime(Duration::from_hours(24));
    assert_eq!(format!("{entitlement:?}"), r#"Entitlement { product_sku: "prod-1", lifetime: 86400s, .. }"#);
}
