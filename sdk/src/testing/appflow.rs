//! AppFlow in memory: one connection to one connector, and the eight calls.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::credential::Credential;
use super::failure::{CallError, CallErrorKind};
use super::function::{Function, InProcess, Invocation};
use super::query::Query;
use super::records::Records;
use super::written::Written;
use crate::connector::Connector;
use crate::credentials::SecretStore;
use crate::protocol::{
    ConnectorContext, Credentials, DATA_TIMEOUT_SECONDS, DescribeConnectorConfigurationRequest,
    DescribeConnectorConfigurationResponse, DescribeEntityRequest, Entity, EntityDefinition, ListEntitiesRequest,
    Operation, RESPONSE_LIMIT_BYTES, Record, Request, Response, RetrieveDataRequest, RuntimeSettingScope,
    ValidateConnectorRuntimeSettingsRequest, ValidateCredentialsRequest, WriteDataRequest, WriteOperationType,
};
use crate::secret::Secret;

/// The ARN under which the connection's secret is found.
const SECRET_ARN: &str = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:appflow!111122223333-test";

/// More pages of one list are taken for a list without end.
pub(super) const MOST_PAGES: usize = 10_000;

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
/// # use appflow_sdk::{Catalogue, Connector, ConnectorError, InvocationContext, Selection};
/// # struct Acme(Catalogue);
/// # impl Acme { fn new() -> Self { Self(Catalogue::new(vec![EntityDefinition::new("orders", vec![
/// #     FieldDefinition::new("id", FieldDataType::Integer).primary_key()])])) } }
/// # impl Connector for Acme {
/// #     async fn describe_connector_configuration(&self, _: DescribeConnectorConfigurationRequest, _: &InvocationContext)
/// #         -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
/// #         Ok(DescribeConnectorConfigurationResponse::source("Acme CRM", "Acme", "1.0.0")
/// #             .authentication(AuthenticationConfig::new().basic()))
/// #     }
/// #     async fn list_entities(&self, request: ListEntitiesRequest, _: &InvocationContext)
/// #         -> Result<ListEntitiesResponse, ConnectorError> { self.0.list(&request) }
/// #     async fn describe_entity(&self, request: DescribeEntityRequest, _: &InvocationContext)
/// #         -> Result<DescribeEntityResponse, ConnectorError> { self.0.describe(&request) }
/// #     async fn query_data(&self, request: QueryDataRequest, _: &InvocationContext)
/// #         -> Result<QueryDataResponse, ConnectorError> {
/// #         let selection = Selection::for_query(self.0.get(&request.entity_identifier)?, &request)?;
/// #         let rows: Vec<&serde_json::value::RawValue> = serde_json::from_str(r#"[{"id":1},{"id":2}]"#).unwrap();
/// #         Ok(QueryDataResponse::new(selection.apply_all(rows)?, None))
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
    settings: BTreeMap<String, String>,
    credential: Option<Credential>,
    api_version: String,
    locale: Option<String>,
    flow_name: String,
    execution_id: String,
    connection: String,
    time_left: Option<Duration>,
    described: Arc<Mutex<BTreeMap<String, EntityDefinition>>>,
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
        self.credential = Some(credential);
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

    pub(super) fn given_settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    pub(super) fn given_credential(&self) -> Option<&Credential> {
        self.credential.as_ref()
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

    fn credentials_named(&self) -> Option<Credentials> {
        let credential = self.credential.as_ref()?;
        Some(Credentials::new(SECRET_ARN, Some(credential.authentication_type().clone())))
    }

    /// How many calls this connection has made, with all copies of it.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Asks what the connector is: registration.
    ///
    /// # Errors
    /// [`CallError`]: the connector declares a failure, or brings nothing that AppFlow could use. So it is with every
    /// call.
    pub async fn describe(&self) -> Result<DescribeConnectorConfigurationResponse, CallError> {
        let mut request = DescribeConnectorConfigurationRequest::default();
        if let Some(locale) = &self.locale {
            request.locale.clone_from(locale);
        }
        match self.ask(request).await? {
            Response::DescribeConnectorConfiguration(response) => Ok(*response),
            other => Err(mixed_up(Operation::DescribeConnectorConfiguration, &other)),
        }
    }

    /// Asks whether the settings are right. The errors by input field are in the message of the failure; for
    /// themselves, see [`refused_settings`](Self::refused_settings).
    ///
    /// # Errors
    /// [`CallError`], declared when they are not right.
    pub async fn validate_settings(&self, scope: RuntimeSettingScope) -> Result<(), CallError> {
        self.ask(self.settings_request(scope)).await.map(drop)
    }

    /// Asks whether the settings are right, and returns what is wrong by the setting's key; nothing when all is well.
    ///
    /// # Errors
    /// [`CallError`] when the connector names no setting.
    pub async fn refused_settings(&self, scope: RuntimeSettingScope) -> Result<BTreeMap<String, String>, CallError> {
        let operation = Operation::ValidateConnectorRuntimeSettings;
        match self.answer(self.settings_request(scope)).await? {
            Response::ValidateConnectorRuntimeSettings(response) => {
                match (response.outcome(), response.errors_by_input_field.clone()) {
                    (Ok(()), _) => Ok(BTreeMap::new()),
                    (Err(_), Some(errors)) if !errors.is_empty() => Ok(errors),
                    (Err(details), _) => Err(CallError::declared(operation, details)),
                }
            }
            other => Err(mixed_up(operation, &other)),
        }
    }

    fn settings_request(&self, scope: RuntimeSettingScope) -> ValidateConnectorRuntimeSettingsRequest {
        let mut request = ValidateConnectorRuntimeSettingsRequest::new(scope, self.settings.clone());
        request.authentication_type = self.credential.as_ref().map(|given| given.authentication_type().clone());
        request
    }

    /// Asks whether the credentials work: a connection is made.
    ///
    /// # Errors
    /// [`CallError`], declared when they do not.
    pub async fn validate_credentials(&self) -> Result<(), CallError> {
        let credentials = self.credentials_named().unwrap_or_default();
        self.ask(ValidateCredentialsRequest::new(credentials, Some(self.settings.clone()))).await.map(drop)
    }

    /// Lists the entities at the root, all pages.
    ///
    /// # Errors
    /// [`CallError`], also when the pages do not end.
    pub async fn list_entities(&self) -> Result<Vec<Entity>, CallError> {
        self.list_entities_below(None, crate::protocol::DEFAULT_MAX_RESULTS).await
    }

    /// Lists the entities below a path, or at the root, with so many to a page.
    ///
    /// # Errors
    /// As [`list_entities`](Self::list_entities).
    pub async fn list_entities_below(&self, path: Option<&str>, page_size: i64) -> Result<Vec<Entity>, CallError> {
        let mut request = ListEntitiesRequest::new(self.connector_context());
        request.entities_path = path.map(str::to_owned);
        request.max_result = page_size;
        let mut entities = Vec::new();
        let mut tokens = Tokens::default();
        loop {
            let page = match self.ask(request.clone()).await? {
                Response::ListEntities(page) => page,
                other => return Err(mixed_up(Operation::ListEntities, &other)),
            };
            entities.extend_from_slice(page.entities());
            request.next_token = tokens.follow(Operation::ListEntities, page.next_token)?;
            if request.next_token.is_none() {
                return Ok(entities);
            }
        }
    }

    /// Lists every entity: those at the root and, by path, those nested in them, parents first.
    ///
    /// # Errors
    /// As [`list_entities`](Self::list_entities); also when a path leads back to itself.
    pub async fn list_all_entities(&self) -> Result<Vec<Entity>, CallError> {
        let mut all = self.list_entities().await?;
        let mut opened = std::collections::BTreeSet::new();
        let mut next = 0;
        while let Some(entity) = all.get(next) {
            next += 1;
            if !entity.has_nested_entities {
                continue;
            }
            let path = entity.entity_identifier.clone();
            if !opened.insert(path.clone()) || opened.len() > MOST_PAGES {
                let reason = format!("the entity {path:?} is listed below itself, or twice");
                return Err(CallError::new(Operation::ListEntities, CallErrorKind::Endless(reason)));
            }
            let below = self.list_entities_below(Some(&path), crate::protocol::DEFAULT_MAX_RESULTS).await?;
            all.splice(next..next, below);
        }
        Ok(all)
    }

    /// Asks which fields an entity has. The answer goes along with later queries, as it does in AppFlow.
    ///
    /// # Errors
    /// [`CallError`]; unusable when a success holds no definition.
    pub async fn describe_entity(&self, entity: &str) -> Result<EntityDefinition, CallError> {
        let request = DescribeEntityRequest::new(entity, self.connector_context());
        let definition = match self.ask(request).await? {
            Response::DescribeEntity(response) => response.entity_definition.ok_or_else(|| {
                CallError::unusable(Operation::DescribeEntity, "isSuccess is true, but entityDefinition is missing")
            })?,
            other => return Err(mixed_up(Operation::DescribeEntity, &other)),
        };
        let mut described = self.described.lock().unwrap_or_else(PoisonError::into_inner);
        described.insert(entity.to_owned(), definition.clone());
        Ok(definition)
    }

    /// The definition from the last answer, or asked for now.
    pub(super) async fn definition(&self, entity: &str) -> Result<EntityDefinition, CallError> {
        let known = self.described.lock().unwrap_or_else(PoisonError::into_inner).get(entity).cloned();
        match known {
            Some(definition) => Ok(definition),
            None => self.describe_entity(entity).await,
        }
    }

    /// A query for the records of an entity.
    pub fn query(&self, entity: impl Into<String>) -> Query<'_> {
        Query::new(self, entity.into())
    }

    /// Looks records up by the values of one field.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn retrieve(
        &self,
        entity: &str,
        id_field: &str,
        ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Records, CallError> {
        let mut context = self.connector_context();
        context.entity_definition = Some(self.definition(entity).await?);
        let ids = ids.into_iter().map(Into::into).collect();
        match self.ask(RetrieveDataRequest::new(entity, context, id_field, ids)).await? {
            Response::RetrieveData(response) => match response.records {
                Some(records) => Ok(Records::new(entity, records)),
                None => Err(CallError::unusable(Operation::RetrieveData, "isSuccess is true, but records is missing")),
            },
            other => Err(mixed_up(Operation::RetrieveData, &other)),
        }
    }

    /// Writes records. Id fields are the primary keys of the entity, except for an insert.
    ///
    /// # Errors
    /// [`CallError`]. That single records failed is no error but in the result.
    pub async fn write(
        &self,
        entity: &str,
        operation: WriteOperationType,
        records: Vec<Record>,
    ) -> Result<Written, CallError> {
        let definition = self.definition(entity).await?;
        let ids: Vec<_> = definition
            .fields
            .iter()
            .filter(|field| field.is_primary_key == Some(true))
            .map(|field| field.field_name.clone())
            .collect();
        let mut context = self.connector_context();
        context.entity_definition = Some(definition);
        let sent = records.len();
        let inserts = operation == WriteOperationType::Insert;
        let mut request = WriteDataRequest::new(entity, context, operation, records);
        request.id_field_names = (!inserts && !ids.is_empty()).then_some(ids);
        match self.answer(request).await? {
            Response::WriteData(response) => Written::read(response, sent),
            other => Err(mixed_up(Operation::WriteData, &other)),
        }
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
    async fn answer(&self, request: impl Into<Request>) -> Result<Response, CallError> {
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
        let call = Invocation { request_id: format!("request-{number}"), limit, secrets: self.secrets() };
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

    fn secrets(&self) -> Arc<dyn SecretStore> {
        let secret = self.credential.as_ref().map(|given| (SECRET_ARN.to_owned(), given.secret().clone()));
        Arc::new(secret.into_iter().collect::<BTreeMap<String, Secret>>())
    }
}

/// The response of another operation: `Response::decode` returns what it was asked for, so this cannot happen.
pub(super) fn mixed_up(operation: Operation, found: &Response) -> CallError {
    CallError::unusable(operation, format!("the answer is one to another operation: {found:?}"))
}

/// Follows tokens from page to page, and notices when they lead nowhere.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    seen: std::collections::HashSet<String>,
    pages: usize,
}

impl Tokens {
    /// The token to ask with next; none after the last page. An empty token counts as none.
    pub(super) fn follow(&mut self, operation: Operation, next: Option<String>) -> Result<Option<String>, CallError> {
        self.pages += 1;
        let Some(token) = next.filter(|token| !token.is_empty()) else { return Ok(None) };
        let reason = if self.pages >= MOST_PAGES {
            format!("there are more than {MOST_PAGES}")
        } else if self.seen.insert(token.clone()) {
            return Ok(Some(token));
        } else {
            let shown: String = token.chars().take(60).collect();
            format!("page {} names the token {shown:?}, which a page before it has named", self.pages)
        };
        Err(CallError::new(operation, CallErrorKind::Endless(reason)))
    }
}
