//! The control plane with a function and a vault that live in memory.

mod dispatch;
mod metadata;
mod profile;
mod registration;
mod translation;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use appflow_sdk::protocol::{
    AuthParameter, AuthenticationConfig, ConnectorRuntimeSetting, CustomAuthConfig,
    DescribeConnectorConfigurationResponse, DescribeEntityResponse, Entity, EntityDefinition, ErrorCode, ErrorDetails,
    FieldDataType, FieldDefinition, ListEntitiesResponse, OAuth2Defaults, OAuth2GrantType, Operation, Request,
    Response, RuntimeSettingScope, RuntimeSettingType, ValidateConnectorRuntimeSettingsResponse,
    ValidateCredentialsResponse,
};
use axum::body::to_bytes;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::call::Invoker;
use super::credentials::Vault;
use super::{AppFlow, Behaviour};
use crate::failure::ApiError;
use crate::lambda::{ServiceCall, ServiceCallError};
use crate::scope::Scope;
use crate::store::Store;

const LAMBDA_ARN: &str = "arn:aws:lambda:eu-central-1:000000000000:function:acme";

type Answer = Box<dyn FnMut(&Request) -> Result<Response, ServiceCallError> + Send>;

/// What a function was asked, and on whose behalf.
#[derive(Debug, Clone)]
struct Asked {
    function_arn: String,
    principal: String,
    source_account: String,
    source_arn: String,
    limit: Duration,
    request: Request,
}

/// A function whose answers a test chooses.
struct Function {
    answer: Mutex<Answer>,
    asked: Mutex<Vec<Asked>>,
}

impl Invoker for Function {
    fn invoke<'a>(
        &'a self,
        function_arn: &'a str,
        call: ServiceCall<'a>,
        payload: Bytes,
        limit: Duration,
    ) -> BoxFuture<'a, Result<Bytes, ServiceCallError>> {
        let request = Request::decode(&payload).unwrap();
        let answer = (self.answer.lock().unwrap())(&request);
        self.asked.lock().unwrap().push(Asked {
            function_arn: function_arn.to_owned(),
            principal: call.principal.to_owned(),
            source_account: call.source_account.to_owned(),
            source_arn: call.source_arn.to_owned(),
            limit,
            request,
        });
        Box::pin(async move { answer.map(|response| serde_json::to_vec(&response).unwrap().into()) })
    }
}

/// Secrets by ARN.
#[derive(Debug, Default)]
struct Secrets(Mutex<BTreeMap<String, Value>>);

impl Vault for Secrets {
    fn create<'a>(
        &'a self,
        scope: &'a Scope,
        name: &'a str,
        value: &'a str,
    ) -> BoxFuture<'a, Result<String, ApiError>> {
        let mut secrets = self.0.lock().unwrap();
        let number = secrets.len();
        let arn = format!("arn:aws:secretsmanager:{}:{}:secret:{name}-{number:06}", scope.region, scope.account);
        secrets.insert(arn.clone(), serde_json::from_str(value).unwrap());
        Box::pin(async move { Ok(arn) })
    }

    fn replace<'a>(&'a self, _: &'a Scope, arn: &'a str, value: &'a str) -> BoxFuture<'a, Result<(), ApiError>> {
        *self.0.lock().unwrap().get_mut(arn).unwrap() = serde_json::from_str(value).unwrap();
        Box::pin(async { Ok(()) })
    }

    fn delete<'a>(&'a self, _: &'a Scope, arn: &'a str) -> BoxFuture<'a, Result<(), ApiError>> {
        let removed = self.0.lock().unwrap().remove(arn);
        Box::pin(async move { removed.map(|_| ()).ok_or_else(|| super::refusal::not_found("no such secret")) })
    }
}

/// An AppFlow with its surroundings.
struct World {
    appflow: AppFlow,
    function: Arc<Function>,
    secrets: Arc<Secrets>,
    scope: Scope,
    dir: TempDir,
}

/// A refusal as a client sees it.
#[derive(Debug, PartialEq)]
struct Refusal {
    status: u16,
    code: String,
    message: String,
}

impl World {
    fn new() -> Self {
        Self::behaving(Behaviour::default())
    }

    fn behaving(behaviour: Behaviour) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let function =
            Arc::new(Function { answer: Mutex::new(Box::new(|request| Ok(acme(request)))), asked: Mutex::default() });
        let secrets = Arc::new(Secrets::default());
        let store = Arc::new(Store::open(dir.path()).unwrap());
        let appflow = AppFlow::with(store, function.clone(), secrets.clone(), behaviour).unwrap();
        Self { appflow, function, secrets, scope: region("eu-central-1"), dir }
    }

    /// The same, after the process was started again.
    fn restarted(mut self) -> Self {
        let store = Arc::new(Store::open(self.dir.path()).unwrap());
        let behaviour = self.appflow.behaviour.clone();
        self.appflow = AppFlow::with(store, self.function.clone(), self.secrets.clone(), behaviour).unwrap();
        self
    }

    /// A world in which `acme` is registered and `main` is one of its profiles.
    async fn connected() -> Self {
        let world = Self::new();
        world.ok("/register-connector", register()).await;
        world.ok("/create-connector-profile", create_profile()).await;
        world.function.asked.lock().unwrap().clear();
        world
    }

    fn answers(&self, answer: impl FnMut(&Request) -> Result<Response, ServiceCallError> + Send + 'static) {
        *self.function.answer.lock().unwrap() = Box::new(answer);
    }

    /// Fails one operation; the others succeed.
    fn fails(&self, operation: Operation, code: ErrorCode, message: &'static str) {
        self.answers(move |request| {
            let details = || ErrorDetails::new(code.clone(), message);
            let failed = request.operation() == operation;
            Ok(if failed { Response::failure(operation, details()) } else { acme(request) })
        });
    }

    async fn call(&self, path: &str, input: Value) -> Result<Value, Refusal> {
        self.raw(&Method::POST, path, input.to_string()).await
    }

    async fn raw(&self, method: &Method, path: &str, body: impl Into<Bytes>) -> Result<Value, Refusal> {
        let response = self.appflow.handle(&self.scope, method, path, None, body.into()).await;
        let (parts, body) = response.into_parts();
        assert!(parts.headers.contains_key("x-amzn-requestid"));
        let body: Value = serde_json::from_slice(&to_bytes(body, usize::MAX).await.unwrap()).unwrap();
        if parts.status == StatusCode::OK {
            return Ok(body);
        }
        let text = |value: &str| value.to_owned();
        Err(Refusal {
            status: parts.status.as_u16(),
            code: text(parts.headers["x-amzn-errortype"].to_str().unwrap()),
            message: text(body["message"].as_str().unwrap()),
        })
    }

    async fn ok(&self, path: &str, input: Value) -> Value {
        self.call(path, input).await.unwrap()
    }

    async fn refused(&self, path: &str, input: Value) -> Refusal {
        self.call(path, input).await.unwrap_err()
    }

    fn asked(&self) -> Vec<Asked> {
        self.function.asked.lock().unwrap().clone()
    }

    fn operations(&self) -> Vec<Operation> {
        self.asked().iter().map(|asked| asked.request.operation()).collect()
    }

    fn secrets(&self) -> BTreeMap<String, Value> {
        self.secrets.0.lock().unwrap().clone()
    }
}

fn region(name: &str) -> Scope {
    Scope { region: name.to_owned(), account: "000000000000".to_owned() }
}

fn register() -> Value {
    json!({
        "connectorLabel": "acme",
        "description": "Reads orders",
        "connectorProvisioningType": "LAMBDA",
        "connectorProvisioningConfig": {"lambda": {"lambdaArn": LAMBDA_ARN}},
    })
}

fn create_profile() -> Value {
    json!({
        "connectorProfileName": "main",
        "connectorType": "CustomConnector",
        "connectorLabel": "acme",
        "connectionMode": "Public",
        "connectorProfileConfig": profile_config("hunter2"),
    })
}

fn profile_config(password: &str) -> Value {
    json!({
        "connectorProfileProperties": {"CustomConnector": {"profileProperties": {"baseUrl": "https://acme.example"}}},
        "connectorProfileCredentials": {"CustomConnector": {
            "authenticationType": "BASIC", "basic": {"username": "ann", "password": password},
        }},
    })
}

/// A copy of `value` with one member set, or removed by null.
fn with(mut value: Value, member: &str, to: Value) -> Value {
    let members = value.as_object_mut().unwrap();
    if to.is_null() {
        members.remove(member);
    } else {
        members.insert(member.to_owned(), to);
    }
    value
}

fn configuration() -> DescribeConnectorConfigurationResponse {
    let mut oauth2 = OAuth2Defaults::new("https://acme.example/token", OAuth2GrantType::ClientCredentials);
    oauth2.oauth_scopes = Some(vec!["read".to_owned()]);
    let kind = CustomAuthConfig::new("Tenant").parameter(AuthParameter::secret("token", "Token", "The token"));
    let setting =
        |key: &str, scope| ConnectorRuntimeSetting::new(key, RuntimeSettingType::Url, scope, key, "A setting");
    DescribeConnectorConfigurationResponse::source("Acme CRM", "Acme", "1.0.0")
        .authentication(AuthenticationConfig::new().basic().oauth2(oauth2).custom(kind))
        .setting(setting("baseUrl", RuntimeSettingScope::ConnectorProfile).required())
        .setting(setting("orderBy", RuntimeSettingScope::Source))
        .api_versions(["v2", "v1"])
        .build()
        .unwrap()
}

/// A connector for which everything is fine.
fn acme(request: &Request) -> Response {
    match request {
        Request::DescribeConnectorConfiguration(_) => configuration().into(),
        Request::ValidateConnectorRuntimeSettings(_) => ValidateConnectorRuntimeSettingsResponse::valid().into(),
        Request::ValidateCredentials(_) => ValidateCredentialsResponse::valid().into(),
        Request::ListEntities(request) => {
            let mut page = ListEntitiesResponse::new(vec![Entity::new("orders")]);
            page.next_token = request.next_token.is_none().then(|| "more".to_owned());
            page.into()
        }
        Request::DescribeEntity(request) => {
            let id = FieldDefinition::new("id", FieldDataType::Long).primary_key();
            DescribeEntityResponse::new(EntityDefinition::new(&request.entity_identifier, vec![id])).into()
        }
        other => panic!("AppFlow's control plane does not ask {}", other.operation()),
    }
}
