//! AppFlow in memory: one connection to one connector, and the eight calls.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::credential::Credential;
use super::failure::{CallError, CallErrorKind};
use super::function::{Function, InProcess, Invocation};
use super::rotation::{Rotation, SECRET_ARN};
use crate::connector::Connector;
use crate::credentials::SecretStore;
use crate::protocol::{
    ConnectorContext, Credentials, DATA_TIMEOUT_SECONDS, EntityDefinition, Operation, RESPONSE_LIMIT_BYTES, Request,
    Response,
};

/// AppFlow, played in this process: a connection to a connector, and the calls that AppFlow makes over it.
///
/// Every call goes through the bytes that travel in AWS: the request is written as JSON, the connector answers it
/// through [`handle`](crate::handle) within AppFlow's time (10 s for metadata, 30 s for data), and the answer is read as
/// AppFlow reads it, 6 MB at most. A connector that panics makes a call fail, as Lambda would.
///
/// The calls need a tokio runtime with time; a connector that opens sockets needs one with I/O.
///
/// ```
/// # use appflow_sdk::protocol::*;
/// # use appflow_sdk::{Catalogue, Connector, ConnectorError, InvocationContext, JsonPage, PageLayout, Pager};
/// # struct Acme(Catalogue);
/// # impl Acme { fn new() -> Self { Self(Catalogue::new(vec![EntityDefinition::new("orders", vec![
/// #     FieldDefinition::new("id", FieldDataType::Integer).primary_key()])])) } }
/// # impl Connector for Acme {
/// #     async fn describe_connector_configuration(&self, _: DescribeConnectorConfigurationRequest, _: &InvocationContext)
/// #         -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
/// #         let acme = DescribeConnectorConfigurationResponse::source("Acme CRM", "Acme", "1.0.0");
/// #         Ok(acme.authentication(AuthenticationConfig::new().basic()).build()?)
/// #     }
/// #     async fn list_entities(&self, request: ListEntitiesRequest, _: &InvocationContext)
/// #         -> Result<ListEntitiesResponse, ConnectorError> { self.0.list(&request) }
/// #     async fn describe_entity(&self, request: DescribeEntityRequest, _: &InvocationContext)
/// #         -> Result<DescribeEntityResponse, ConnectorError> { self.0.describe(&request) }
/// #     async fn query_data(&self, request: QueryDataRequest, context: &InvocationContext)
/// #         -> Result<QueryDataResponse, ConnectorError> {
/// #         let page = JsonPage::read(br#"[{"id":1},{"id":2}]"#.to_vec(), &PageLayout::new(""))?;
/// #         Pager::new(self.0.get(&request.entity_identifier)?, &request, context)?.one_page(page).await
/// #     }
/// # }
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// # runtime.block_on(async {
/// use appflow_sdk::testing::{AppFlow, Credential};
///
/// let appflow = AppFlow::new(Acme::new()).credentials(Credential::basic("ada", "hunter2"));
/// assert_eq!(appflow.describe().await?.connector_name, "Acme CRM");
/// let orders = appflow.query("orders").filter("id > 1").all().await?;
/// assert_eq!(orders.ids("id"), ["2"]);
/// let refused = appflow.query("orders").filter("nope = 1").all().await.unwrap_err();
/// assert!(refused.is_invalid_argument());
/// # Ok::<(), appflow_sdk::testing::CallError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct AppFlow {
    function: Arc<dyn Function>,
    pub(super) settings: BTreeMap<String, String>,
    pub(super) credential: Option<Credential>,
    secrets: Arc<Rotation>,
    api_version: String,
    pub(super) locale: Option<String>,
    flow_name: String,
    execution_id: String,
    connection: String,
    time_left: Option<Duration>,
    pub(super) described: Arc<Mutex<BTreeMap<String, EntityDefinition>>>,
    calls: Arc<AtomicU64>,
}

impl fmt::Debug for AppFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppFlow")
            .field("settings", &self.settings)
            .field("credential", &self.credential)
            .field("api_version", &self.api_version)
            .finish_non_exhaustive()
    }
}

impl AppFlow {
    /// A connection to a connector in this process, without settings and credentials.
    #[must_use]
    pub fn new(connector: impl Connector) -> Self {
        Self::over(Arc::new(InProcess(connector)))
    }

    /// A connection to anything that answers AppFlow's bytes.
    #[must_use]
    pub fn over(function: Arc<dyn Function>) -> Self {
        Self {
            function,
            settings: BTreeMap::new(),
            credential: None,
            secrets: Arc::default(),
            api_version: "v1".to_owned(),
            locale: None,
            flow_name: "test-flow".to_owned(),
            execution_id: "execution-1".to_owned(),
            connection: "test-connection".to_owned(),
            time_left: None,
            described: Arc::default(),
            calls: Arc::default(),
        }
    }

    /// Sets one runtime setting of the connection or the flow.
    #[must_use]
    pub fn setting(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.insert(key.into(), value.into());
        self.forgetful()
    }

    /// Sets the credentials of the connection.
    #[must_use]
    pub fn credentials(mut self, credential: Credential) -> Self {
        self.secrets = Arc::new(Rotation::of(vec![credential.secret().clone()]));
        self.credential = Some(credential);
        self.forgetful()
    }

    /// Sets what the connection's secret says once it was read and then forgotten, in addition to the
    /// [`credentials`](Self::credentials) before: AppFlow has refreshed the token, or an operator the password.
    ///
    /// The SDK forgets a secret when the source system refuses the credentials, as
    /// [`InvocationContext::with_credentials`](crate::InvocationContext::with_credentials) describes, and when a call
    /// fails with `InvalidCredentials`. Once the secret is another, it stays so for all calls of this connection and its
    /// copies. Credentials can follow more than once; the kind is that of the first. Where there are none before, these are
    /// the first.
    ///
    /// ```no_run
    /// # use appflow_sdk::{Connector, testing::{AppFlow, CallError, Credential}};
    /// # async fn example(connector: impl Connector) -> Result<(), CallError> {
    /// let appflow = AppFlow::new(connector)
    ///     .credentials(Credential::oauth2("expired-token"))
    ///     .then_credentials(Credential::oauth2("fresh-token"));
    /// appflow.query("orders").all().await?.assert_unique("id");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn then_credentials(mut self, credential: Credential) -> Self {
        self.secrets = Arc::new(self.secrets.then(credential.secret().clone()));
        self.credential.get_or_insert(credential);
        self.forgetful()
    }

    /// Sets the version of the source system's API; `v1` otherwise.
    #[must_use]
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = version.into();
        self.forgetful()
    }

    /// Sets the language of labels; `en-US` otherwise.
    #[must_use]
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// Sets the name of the flow and the id of its run.
    #[must_use]
    pub fn flow(mut self, flow_name: impl Into<String>, execution_id: impl Into<String>) -> Self {
        self.flow_name = flow_name.into();
        self.execution_id = execution_id.into();
        self
    }

    /// Gives each call less time than AppFlow does; more is never given.
    #[must_use]
    pub fn time_left(mut self, limit: Duration) -> Self {
        self.time_left = Some(limit);
        self
    }

    /// Another connection may show other entities.
    fn forgetful(mut self) -> Self {
        self.described = Arc::default();
        self
    }

    pub(super) fn only_settings(mut self, settings: BTreeMap<String, String>) -> Self {
        self.settings = settings;
        self.forgetful()
    }

    /// What the requests of this connection carry.
    #[must_use]
    pub fn connector_context(&self) -> ConnectorContext {
        ConnectorContext {
            api_version: Some(self.api_version.clone()),
            connector_runtime_settings: Some(self.settings.clone()),
            credentials: self.credentials_named(),
            entity_definition: None,
            flow_name: Some(self.flow_name.clone()),
            execution_id: Some(self.execution_id.clone()),
            connector_profile_label: Some(self.connection.clone()),
        }
    }

    pub(super) fn credentials_named(&self) -> Option<Credentials> {
        let credential = self.credential.as_ref()?;
        Some(Credentials::new(SECRET_ARN, Some(credential.authentication_type().clone())))
    }

    /// How many calls this connection has made, with all copies of it.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Sends any JSON and returns the answer as it came: a success, or a failure with its details.
    ///
    /// # Errors
    /// [`CallError`] when there is no answer, or it is not JSON.
    pub async fn raw(&self, request: &Value) -> Result<Value, CallError> {
        self.raw_bytes(request.to_string().as_bytes()).await
    }

    /// Sends any bytes.
    ///
    /// # Errors
    /// As [`raw`](Self::raw).
    pub async fn raw_bytes(&self, request: &[u8]) -> Result<Value, CallError> {
        let operation = Request::decode(request).ok().map(|request| request.operation());
        let answer = self.invoke(operation, request).await?;
        serde_json::from_slice(&answer).map_err(|error| CallError::unreadable(operation, &error))
    }

    /// Sends a request and returns its answer, unless that is a failure.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn ask(&self, request: impl Into<Request>) -> Result<Response, CallError> {
        let request = request.into();
        let operation = request.operation();
        let response = self.answer(request).await?;
        match response.outcome() {
            Ok(()) => Ok(response),
            Err(details) => Err(CallError::declared(operation, details)),
        }
    }

    /// Sends a request and returns its answer, be it a success or a failure.
    pub(super) async fn answer(&self, request: impl Into<Request>) -> Result<Response, CallError> {
        let request = request.into();
        let operation = request.operation();
        let bytes = serde_json::to_vec(&request)
            .map_err(|error| CallError::unusable(operation, format!("the request cannot be written: {error}")))?;
        let answer = self.invoke(Some(operation), &bytes).await?;
        Response::decode(operation, &answer).map_err(|error| CallError::unreadable(operation, &error))
    }

    pub(super) async fn invoke(&self, operation: Option<Operation>, request: &[u8]) -> Result<Vec<u8>, CallError> {
        let allowed = Duration::from_secs(operation.map_or(DATA_TIMEOUT_SECONDS, Operation::timeout_seconds));
        let limit = self.time_left.map_or(allowed, |left| left.min(allowed));
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let call = Invocation {
            request_id: format!("request-{number}"),
            limit,
            secrets: Arc::clone(&self.secrets) as Arc<dyn SecretStore>,
        };
        let started = Instant::now();
        let too_late = || CallError::new(operation, CallErrorKind::TooLate { limit });
        let answer = match tokio::time::timeout(limit, self.function.invoke(request, &call)).await {
            Err(_) => return Err(too_late()),
            Ok(_) if started.elapsed() > limit => return Err(too_late()),
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let kind = CallErrorKind::FunctionError {
                    reason: error.reason,
                    refused_the_request: error.refused_the_request,
                };
                return Err(CallError::new(operation, kind));
            }
        };
        if answer.len() > RESPONSE_LIMIT_BYTES {
            return Err(CallError::new(operation, CallErrorKind::TooLarge { bytes: answer.len() }));
        }
        Ok(answer)
    }
}
