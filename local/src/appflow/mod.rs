//! The control plane of `AppFlow`, as far as custom connectors need it: `rest-json`, one fixed path per operation.
//!
//! | path | |
//! |---|---|
//! | `/register-connector`, `/update-connector-registration` | asks the function what it is |
//! | `/describe-connector`, `/list-connectors` | what was stored then |
//! | `/unregister-connector` | |
//! | `/create-connector-profile`, `/update-connector-profile` | stores a secret, asks the function whether it works |
//! | `/describe-connector-profiles`, `/delete-connector-profile` | |
//! | `/list-connector-entities`, `/describe-connector-entity` | asks the function |
//! | `/reset-connector-metadata-cache` | nothing is cached |
//! | flows, tags, AWS's own connectors | `UnsupportedOperationException` |

mod behaviour;
mod call;
mod configuration;
mod credentials;
mod entity;
mod input;
mod metadata;
mod page;
mod profile;
mod refusal;
mod registration;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod validate;

pub use behaviour::{Behaviour, ConnectorTypeSpelling, FieldTypeSource, MissingPermission, ProfileChecks};

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, Method, StatusCode, header};
use serde_json::{Value, json};

use self::call::Invoker;
use self::credentials::Vault;
use self::refusal::{internal, unsupported};
use self::state::State;
use crate::failure::{ApiError, REQUEST_ID, new_request_id};
use crate::lambda::Lambda;
use crate::scope::Scope;
use crate::secrets::Secrets;
use crate::store::{Store, StoreError};

/// The control plane; cheap to clone.
#[derive(Clone)]
pub(crate) struct AppFlow {
    state: Arc<State>,
    invoker: Arc<dyn Invoker>,
    vault: Arc<dyn Vault>,
    behaviour: Behaviour,
}

impl AppFlow {
    /// Takes up what an earlier run left in the state directory.
    ///
    /// # Errors
    /// [`StoreError`] when the state document cannot be read.
    pub(crate) fn open(
        store: Arc<Store>,
        lambda: Lambda,
        secrets: Secrets,
        behaviour: Behaviour,
    ) -> Result<Self, StoreError> {
        Self::with(store, Arc::new(lambda), Arc::new(secrets), behaviour)
    }

    fn with(
        store: Arc<Store>,
        invoker: Arc<dyn Invoker>,
        vault: Arc<dyn Vault>,
        behaviour: Behaviour,
    ) -> Result<Self, StoreError> {
        Ok(Self { state: Arc::new(State::open(store)?), invoker, vault, behaviour })
    }

    /// Answers one call, and finishes it even when the client has gone: a profile half made would leave its secret behind.
    ///
    /// The query string matters to the tag operations alone, which are not emulated.
    pub(crate) async fn handle(
        &self,
        scope: &Scope,
        method: &Method,
        path: &str,
        _query: Option<&str>,
        body: Bytes,
    ) -> Response {
        let appflow = self.clone();
        let (scope, method, path) = (scope.clone(), method.clone(), path.to_owned());
        let call = tokio::spawn(async move { appflow.answer(&scope, &method, &path, &body).await });
        match call.await.unwrap_or_else(|error| Err(internal(&error))) {
            Ok(output) => {
                let content_type = [(header::CONTENT_TYPE, "application/json")];
                let request_id = [(HeaderName::from_static(REQUEST_ID), new_request_id())];
                (content_type, request_id, output.to_string()).into_response()
            }
            Err(error) => error.rest_json(),
        }
    }

    async fn answer(&self, scope: &Scope, method: &Method, path: &str, body: &[u8]) -> Result<Value, ApiError> {
        if path.starts_with("/tags/") {
            return Err(unsupported("the local AWS keeps no tags for AppFlow"));
        }
        if method != Method::POST {
            return Err(unknown_operation(method, path));
        }
        match path {
            "/register-connector" => self.register_connector(scope, body).await,
            "/update-connector-registration" => self.update_connector_registration(scope, body).await,
            "/describe-connector" => self.describe_connector(scope, body),
            "/list-connectors" => self.list_connectors(scope, body),
            "/unregister-connector" => self.unregister_connector(scope, body),
            "/create-connector-profile" => self.create_connector_profile(scope, body).await,
            "/update-connector-profile" => self.update_connector_profile(scope, body).await,
            "/describe-connector-profiles" => self.describe_connector_profiles(scope, body),
            "/delete-connector-profile" => self.delete_connector_profile(scope, body).await,
            "/list-connector-entities" => self.list_connector_entities(scope, body).await,
            "/describe-connector-entity" => self.describe_connector_entity(scope, body).await,
            "/reset-connector-metadata-cache" => self.reset_connector_metadata_cache(scope, body),
            "/list-flows" => Ok(json!({"flows": []})),
            "/create-flow"
            | "/update-flow"
            | "/describe-flow"
            | "/start-flow"
            | "/stop-flow"
            | "/delete-flow"
            | "/describe-flow-execution-records"
            | "/cancel-flow-executions" => {
                Err(unsupported("flows are not emulated yet; the connector itself can be asked and tested"))
            }
            "/describe-connectors" => {
                Err(unsupported("the local AWS knows custom connectors only; ListConnectors lists them"))
            }
            _ => Err(unknown_operation(method, path)),
        }
    }
}

fn unknown_operation(method: &Method, path: &str) -> ApiError {
    let code = "UnknownOperationException";
    let message = format!("AppFlow has no operation {method} {path}");
    ApiError::new(StatusCode::NOT_FOUND, code, message)
}
