//! An AppFlow connector, source and destination, for HTTP/JSON APIs, described by a [`Manifest`] instead of code.
//!
//! The binary is [`HttpConnector`] on AWS Lambda. A connector that needs code for one entity and not for the others can
//! hold an [`HttpConnector`] and delegate to it.
//!
//! ```
//! use appflow_connector::{HttpConnector, Manifest};
//! let manifest = Manifest::parse(r#"
//!     [connector]
//!     name = "Acme CRM"
//!     owner = "Acme"
//!     version = "1.0.0"
//!     [authentication]
//!     basic = true
//!     [entities.orders]
//!     read = { request = "GET /orders" }
//!     fields = { id = { type = "Integer", primary_key = true } }
//! "#, "acme.toml".as_ref())?;
//! let connector = HttpConnector::new(manifest);
//! # let _ = connector;
//! # Ok::<(), appflow_connector::ManifestError>(())
//! ```
//!
//! How a query runs: the filter is divided (`translate`) into what the API is asked and a remainder that is applied
//! here; pages of the API are read (`paging`, `client`); the SDK's `Pager` takes them apart, filters and projects, cuts
//! AppFlow's pages from them and keeps where to go on in a token (`query`). How records are written: each is checked and
//! becomes one request, or part of one (`write/plan.rs`, `write/record.rs`); the SDK's `BatchWriter` hands them out, and an
//! account is kept of what became of each (`write/ledger.rs`). What goes wrong becomes a code and a message in `failure`.

mod address;
mod authentication;
mod body;
mod call;
mod catalogue;
mod client;
mod connection;
mod discovery;
mod entities;
mod failure;
mod gate;
mod guard;
mod key;
mod known;
mod manifest;
mod misconfigured;
mod paging;
mod pointer;
mod query;
mod retrieve;
pub mod settings;
mod template;
mod translate;
mod writable;
mod write;

#[cfg(feature = "schema")]
pub use manifest::schema::schema;
pub use manifest::{BASE_URL_SETTING, Manifest, ManifestError, Offer, Place, Problem};
pub use misconfigured::Misconfigured;

use appflow_sdk::protocol::{
    ConnectorContext, DescribeConnectorConfigurationRequest, DescribeConnectorConfigurationResponse,
    DescribeEntityRequest, DescribeEntityResponse, ListEntitiesRequest, ListEntitiesResponse, QueryDataRequest,
    QueryDataResponse, RetrieveDataRequest, RetrieveDataResponse, RuntimeSettingScope,
    ValidateConnectorRuntimeSettingsRequest, ValidateConnectorRuntimeSettingsResponse, ValidateCredentialsRequest,
    ValidateCredentialsResponse, WriteDataRequest, WriteDataResponse,
};
use appflow_sdk::{
    ConnectionCredentials, Connector, ConnectorError, InvocationContext, Repeat, Retry, validate_settings,
};

use crate::address::BaseUrl;
use crate::client::Client;
use crate::connection::Connection;
use crate::entities::Entities;
use crate::manifest::Method;

/// A connector for the API that a manifest describes.
#[derive(Debug)]
pub struct HttpConnector {
    manifest: Manifest,
    entities: Entities,
    configuration: DescribeConnectorConfigurationResponse,
    client: Client,
}

impl HttpConnector {
    /// Makes the connector. Nothing is opened before the first request needs it.
    #[must_use]
    pub fn new(manifest: Manifest) -> Self {
        let entities = Entities::new(&manifest);
        let configuration = catalogue::configuration(&manifest);
        let client = Client::new(&manifest);
        Self { manifest, entities, configuration, client }
    }

    /// Sets how requests to the API are repeated when they fail; [`Retry::default`] without.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.client.set_retry(retry);
        self
    }

    /// Sets whether base URLs may lead to the machine that the connector runs on; no without. It is for development: on AWS
    /// Lambda, loopback is where the runtime API listens.
    #[must_use]
    pub fn allow_loopback(mut self, is_allowed: bool) -> Self {
        self.client.set_loopback(is_allowed);
        self
    }

    fn connect<'a>(
        &'a self,
        settings: &'a ConnectorContext,
        credentials: &ConnectionCredentials,
    ) -> Result<Connection<'a>, ConnectorError> {
        Connection::open(&self.client, &self.manifest, settings, credentials)
    }

    /// What is wrong with a base URL, as far as that can be told without asking anyone.
    fn problem_of(&self, base_url: &str) -> Option<String> {
        match BaseUrl::parse(base_url) {
            Ok(base) => self.client.guard().permit_url(base.url()).err().map(|forbidden| forbidden.to_string()),
            Err(problem) => Some(problem.to_string()),
        }
    }
}

impl Connector for HttpConnector {
    async fn describe_connector_configuration(
        &self,
        _: DescribeConnectorConfigurationRequest,
        _: &InvocationContext,
    ) -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
        Ok(self.configuration.clone())
    }

    async fn validate_connector_runtime_settings(
        &self,
        request: ValidateConnectorRuntimeSettingsRequest,
        _: &InvocationContext,
    ) -> Result<ValidateConnectorRuntimeSettingsResponse, ConnectorError> {
        let declared = validate_settings(self.configuration.settings(), &request);
        let mut errors = declared.errors_by_input_field.unwrap_or_default();
        let key = &self.manifest.connection.base_url_setting;
        let given = request.connector_runtime_settings.get(key).map_or("", |value| value.trim());
        if request.scope == RuntimeSettingScope::ConnectorProfile
            && !given.is_empty()
            && let Some(problem) = self.problem_of(given)
        {
            errors.insert(key.clone(), problem);
        }
        Ok(ValidateConnectorRuntimeSettingsResponse::from_errors(errors))
    }

    async fn validate_credentials(
        &self,
        request: ValidateCredentialsRequest,
        context: &InvocationContext,
    ) -> Result<ValidateCredentialsResponse, ConnectorError> {
        let settings = request.connector_context();
        // A refusal is the answer here: nothing is tried again with other credentials.
        let credentials = context.credentials(&settings).await?;
        let connection = self.connect(&settings, &credentials)?;
        if let Some(test) = &self.manifest.connection.test {
            let call = connection.call(test, Method::Get, &|_| None)?;
            let answer = Box::pin(connection.send(&call, Repeat::Safe, context)).await?;
            if answer.is_web_page() {
                return Err(query::web_page(&answer));
            }
        }
        Ok(ValidateCredentialsResponse::valid())
    }

    async fn list_entities(
        &self,
        request: ListEntitiesRequest,
        context: &InvocationContext,
    ) -> Result<ListEntitiesResponse, ConnectorError> {
        if !self.entities.must_ask() {
            return self.entities.list(&request, None, context).await;
        }
        let settings = &request.connector_context;
        let list = async |credentials: ConnectionCredentials| {
            let connection = self.connect(settings, &credentials)?;
            self.entities.list(&request, Some(&connection), context).await
        };
        Box::pin(context.with_credentials(settings, list)).await
    }

    async fn describe_entity(
        &self,
        request: DescribeEntityRequest,
        context: &InvocationContext,
    ) -> Result<DescribeEntityResponse, ConnectorError> {
        let name = request.entity_identifier.as_str();
        let known = match self.entities.fixed(name) {
            Some(known) => known,
            None if !self.entities.must_ask() => return Err(self.entities.unknown(name)),
            None => {
                let settings = &request.connector_context;
                let find = async |credentials: ConnectionCredentials| {
                    let connection = self.connect(settings, &credentials)?;
                    self.entities.find(name, &connection, context).await
                };
                Box::pin(context.with_credentials(settings, find)).await?
            }
        };
        let mut response = DescribeEntityResponse::new(known.definition.clone());
        response.cache_control = self.entities.cache_control();
        Ok(response)
    }

    async fn query_data(
        &self,
        request: QueryDataRequest,
        context: &InvocationContext,
    ) -> Result<QueryDataResponse, ConnectorError> {
        let settings = &request.connector_context;
        let query = async |credentials: ConnectionCredentials| {
            let connection = self.connect(settings, &credentials)?;
            let known = self.entities.find(&request.entity_identifier, &connection, context).await?;
            // What reads pages is large, and the futures around it are moved about.
            Box::pin(query::query(&connection, &known, &request, context)).await
        };
        context.with_credentials(settings, query).await
    }

    async fn retrieve_data(
        &self,
        request: RetrieveDataRequest,
        context: &InvocationContext,
    ) -> Result<RetrieveDataResponse, ConnectorError> {
        let settings = &request.connector_context;
        let retrieve = async |credentials: ConnectionCredentials| {
            let connection = self.connect(settings, &credentials)?;
            let known = self.entities.find(&request.entity_identifier, &connection, context).await?;
            Box::pin(retrieve::retrieve(&connection, &known, &request, context)).await
        };
        context.with_credentials(settings, retrieve).await
    }

    async fn write_data(
        &self,
        request: WriteDataRequest,
        context: &InvocationContext,
    ) -> Result<WriteDataResponse, ConnectorError> {
        let settings = &request.connector_context;
        let find = async |credentials: ConnectionCredentials| {
            let connection = self.connect(settings, &credentials)?;
            self.entities.find(&request.entity_identifier, &connection, context).await
        };
        let known = match self.entities.fixed(&request.entity_identifier) {
            Some(known) => known,
            None if !self.entities.must_ask() => return Err(self.entities.unknown(&request.entity_identifier)),
            None => Box::pin(context.with_credentials(settings, find)).await?,
        };
        let connect = |credentials: &ConnectionCredentials| self.connect(settings, credentials);
        Box::pin(write::write(&connect, &self.configuration.supported_write_operations, &known, &request, context))
            .await
    }
}
