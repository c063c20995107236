//! Secrets Manager: the emulated service, kept on disk, with a way in for services of this AWS.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use uuid::Uuid;
use winterbaume_core::{MockRequest, MockResponse, MockService as _, StatefulService as _};
use winterbaume_secretsmanager::{SecretsManagerService, SecretsmanagerStateView};

use crate::failure::ApiError;
use crate::scope::Scope;
use crate::store::{Store, StoreError};

/// Name of the state document. It holds secrets in clear text, for its owner alone.
const DOCUMENT: &str = "secrets";

/// Header that names the operation.
const TARGET: &str = "x-amz-target";

/// Secrets Manager; cheap to clone.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<Inner>);

struct Inner {
    service: SecretsManagerService,
    store: Arc<Store>,
    /// The regions as they were last saved. Held from a change to its being saved, so that no older state overwrites a
    /// newer one.
    saved: Mutex<BTreeMap<String, SecretsmanagerStateView>>,
}

impl Secrets {
    /// Takes up the secrets of a state directory.
    pub(crate) async fn open(store: Arc<Store>, account: &str) -> Result<Self, StoreError> {
        let service = SecretsManagerService::new();
        let saved: BTreeMap<String, SecretsmanagerStateView> = store.load(DOCUMENT)?;
        for (region, view) in &saved {
            let restored = service.restore(account, region, view.clone()).await;
            restored.map_err(|error| StoreError::Refused { name: DOCUMENT, reason: error.to_string() })?;
        }
        Ok(Self(Arc::new(Inner { service, store, saved: Mutex::new(saved) })))
    }

    /// Answers a request of the `awsJson1.1` protocol.
    pub(crate) async fn handle(&self, scope: &Scope, headers: &HeaderMap, body: Bytes) -> Response {
        let action = headers
            .get(TARGET)
            .and_then(|value| value.to_str().ok())
            .and_then(|target| target.rsplit('.').next())
            .unwrap_or_default()
            .to_owned();
        match self.call(scope, &action, body).await {
            Ok(answer) => into_response(answer),
            Err(error) => error.json_1_1(),
        }
    }

    /// Makes a secret and returns its ARN.
    pub(crate) async fn create(&self, scope: &Scope, name: &str, value: &str) -> Result<String, ApiError> {
        let answer = self
            .order(
                scope,
                "CreateSecret",
                &json!({
                    "Name": name,
                    "SecretString": value,
                    "ClientRequestToken": Uuid::new_v4().to_string(),
                }),
            )
            .await?;
        match answer.get("ARN").and_then(Value::as_str) {
            Some(arn) => Ok(arn.to_owned()),
            None => Err(ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServiceError",
                format!("Secrets Manager made the secret {name} but told no ARN"),
            )),
        }
    }

    /// Gives a secret a new value.
    pub(crate) async fn replace(&self, scope: &Scope, arn: &str, value: &str) -> Result<(), ApiError> {
        let request = json!({
            "SecretId": arn,
            "SecretString": value,
            "ClientRequestToken": Uuid::new_v4().to_string(),
        });
        self.order(scope, "PutSecretValue", &request).await.map(|_| ())
    }

    /// Deletes a secret at once, without a recovery window.
    pub(crate) async fn delete(&self, scope: &Scope, arn: &str) -> Result<(), ApiError> {
        let request = json!({ "SecretId": arn, "ForceDeleteWithoutRecovery": true });
        self.order(scope, "DeleteSecret", &request).await.map(|_| ())
    }

    /// One call from inside. The request is not shown in errors, because it holds the secret.
    async fn order(&self, scope: &Scope, action: &'static str, request: &Value) -> Result<Value, ApiError> {
        let body = Bytes::from(request.to_string());
        let answer = self.call(scope, action, body).await?;
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status < 300 {
            return Ok(document);
        }
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        let code = match text("__type").unwrap_or_default() {
            "ResourceExistsException" => "ResourceExistsException",
            "ResourceNotFoundException" => "ResourceNotFoundException",
            "InvalidRequestException" => "InvalidRequestException",
            "InvalidParameterException" => "InvalidParameterException",
            _ => "InternalServiceError",
        };
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_REQUEST);
        let message = text("message").or_else(|| text("Message"));
        Err(ApiError::new(status, code, message.unwrap_or("Secrets Manager gave no reason")))
    }

    async fn call(&self, scope: &Scope, action: &str, body: Bytes) -> Result<MockResponse, ApiError> {
        let mut headers = HeaderMap::new();
        if let Ok(target) = HeaderValue::from_str(&format!("secretsmanager.{action}")) {
            headers.insert(TARGET, target);
        }
        let request = MockRequest {
            method: "POST".to_owned(),
            // The emulation takes the region from the host name.
            uri: format!("https://secretsmanager.{}.amazonaws.com/", scope.region),
            headers,
            body,
        };
        let is_reading =
            ["Get", "List", "Describe", "BatchGet", "Validate"].iter().any(|verb| action.starts_with(verb));
        if is_reading {
            return Ok(self.0.service.handle(request).await);
        }
        let mut saved = self.0.saved.lock().await;
        let answer = self.0.service.handle(request).await;
        if answer.status < 300 {
            let view = self.0.service.snapshot(&scope.account, &scope.region).await;
            saved.insert(scope.region.clone(), view);
            self.0.store.save(DOCUMENT, &*saved).map_err(|error| ApiError::internal(&error))?;
        }
        Ok(answer)
    }
}

fn into_response(answer: MockResponse) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    // Unknown operations and the emulation's own limits come as 5xx; they are the caller's to mend.
    *response.status_mut() = match StatusCode::from_u16(answer.status) {
        Ok(status) if status.is_server_error() => StatusCode::BAD_REQUEST,
        Ok(status) => status,
        Err(_) => StatusCode::BAD_REQUEST,
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope { region: "eu-central-1".into(), account: "000000000000".into() }
    }

    async fn value(secrets: &Secrets, arn: &str) -> Result<String, String> {
        let answer = secrets.order(&scope(), "GetSecretValue", &json!({ "SecretId": arn })).await;
        match answer {
            Ok(document) => Ok(document["SecretString"].as_str().unwrap().to_owned()),
            Err(error) => Err(error.code().to_owned()),
        }
    }

    #[tokio::test]
    async fn a_secret_lives_as_long_as_its_state_directory() {
        crate::running::claim_account("000000000000").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).unwrap());
        let open = || Secrets::open(Arc::clone(&store), "000000000000");

        let secrets = open().await.unwrap();
        let name = "appflow!000000000000-acme-my-profile-1";
        let arn = secrets.create(&scope(), name, r#"{"apiKey":"k"}"#).await.unwrap();
        assert!(arn.starts_with("arn:aws:secretsmanager:eu-central-1:000000000000:secret:appflow!"), "{arn}");
        let again = secrets.create(&scope(), name, "{}").await.unwrap_err();
        assert_eq!(again.code(), "ResourceExistsException");

        secrets.replace(&scope(), &arn, r#"{"apiKey":"k2"}"#).await.unwrap();
        let reopened = open().await.unwrap();
        assert_eq!(value(&reopened, &arn).await, Ok(r#"{"apiKey":"k2"}"#.to_owned()));

        reopened.delete(&scope(), &arn).await.unwrap();
        assert_eq!(value(&open().await.unwrap(), &arn).await, Err("ResourceNotFoundException".to_owned()));
    }

    #[tokio::test]
    async fn an_unknown_operation_is_the_callers_mistake() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).unwrap());
        let secrets = Secrets::open(store, "000000000000").await.unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(TARGET, HeaderValue::from_static("secretsmanager.Nonsense"));
        let response = secrets.handle(&scope(), &headers, Bytes::from_static(b"{}")).await;
        assert!(response.status().is_client_error(), "{}", response.status());
    }
}
