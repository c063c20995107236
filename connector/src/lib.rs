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

use std::collections::HashMap;
use std::sync::Arc;

mod address;
mod authentication;
mod body;
mod call;
mod catalogue;
mod client;
mod connection;
mod failure;
mod key;
mod known;
mod manifest;
mod misconfigured;
mod paging;
mod query;
mod retrieve;
pub mod settings;
mod template;
mod translate;
mod writable;
mod write;

pub use manifest::{BASE_URL_SETTING, Manifest, ManifestError, Problem};
pub use misconfigured::Misconfigured;

use appflow_sdk::protocol::{
    ConnectorContext, DescribeConnectorConfigurationRequest, DescribeConnectorConfigurationResponse,
    DescribeEntityRequest, DescribeEntityResponse, ListEntitiesRequest, ListEntitiesResponse, QueryDataRequest,
    QueryDataResponse, RetrieveDataRequest, RetrieveDataResponse, RuntimeSettingScope,
    ValidateConnectorRuntimeSettingsRequest, ValidateConnectorRuntimeSettingsResponse, ValidateCredentialsRequest,
    ValidateCredentialsResponse, WriteDataRequest, WriteDataResponse,
};
use appflow_sdk::{
    Catalogue, ConnectionCredentials, Connector, ConnectorError, InvocationContext, Repeat, Retry, validate_settings,
};

use crate::address::BaseUrl;
use crate::client::Client;
use crate::connection::Connection;
use crate::known::Known;
use crate::manifest::Method;

/// A connector for the API that a manifest describes.
#[derive(Debug)]
pub struct HttpConnector {
    manifest: Manifest,
    catalogue: Catalogue,
    known: HashMap<String, Arc<Known>>,
    configuration: DescribeConnectorConfigurationResponse,
    client: Client,
}

impl HttpConnector {
    /// Makes the connector. Nothing is opened before the first request needs it.
    #[must_use]
    pub fn new(manifest: Manifest) -> Self {
        let known = catalogue::known(&manifest);
        let catalogue = Catalogue::new(known.iter().map(|known| known.definition.clone()).collect());
        let known = known.into_iter().map(|known| (known.name().to_owned(), Arc::new(known))).collect();
        let configuration = catalogue::configuration(&manifest);
        Self { manifest, catalogue, known, configuration, client: Client::default() }
    }

    /// Sets how requests to the API are repeated when they fail; [`Retry::default`] without.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.client = Client::new(retry);
        self
    }

    fn connect<'a>(
        &'a self,
        settings: &'a ConnectorContext,
        credentials: &ConnectionCredentials,
    ) -> Result<Connection<'a>, ConnectorError> {
        Connection::open(&self.client, &self.manifest, settings, credentials)
    }

    fn entity(&self, name: &str) -> Result<Arc<Known>, ConnectorError> {
        // The catalogue's error lists what there is.
        self.catalogue.get(name)?;
        let known = self.known.get(name).cloned();
        known.ok_or_else(|| ConnectorError::invalid_argument(format!("there is no {name:?}")))
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
            && let Err(problem) = BaseUrl::parse(given)
        {
            errors.insert(key.clone(), problem.to_string());
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
            connection.send(&call, Repeat::Safe, context).await?;
        }
        Ok(ValidateCredentialsResponse::valid())
    }

    async fn list_entities(
        &self,
        request: ListEntitiesRequest,
        _: &InvocationContext,
    ) -> Result<ListEntitiesResponse, ConnectorError> {
        self.catalogue.list(&request)
    }

    async fn describe_entity(
        &self,
        request: DescribeEntityRequest,
        _: &InvocationContext,
    ) -> Result<DescribeEntityResponse, ConnectorError> {
        self.catalogue.describe(&request)
    }

    async fn query_data(
        &self,
        request: QueryDataRequest,
        context: &InvocationContext,
    ) -> Result<QueryDataResponse, ConnectorError> {
        let known = self.entity(&request.entity_identifier)?;
        let settings = &request.connector_context;
        let query = |credentials| {
            let connection = self.connect(settings, &credentials);
            let (request, known) = (&request, &known);
            async move { query::query(&connection?, known, request, context).await }
        };
        context.with_credentials(settings, query).await
    }

    async fn retrieve_data(
        &self,
        request: RetrieveDataRequest,
        context: &InvocationContext,
    ) -> Result<RetrieveDataResponse, ConnectorError> {
        let known = self.entity(&request.entity_identifier)?;
        let settings = &request.connector_context;
        let retrieve = |credentials| {
            let connection = self.connect(settings, &credentials);
            let (request, known) = (&request, &known);
            async move { retrieve::retrieve(&connection?, known, request, context).await }
        };
        context.with_credentials(settings, retrieve).await
    }

    async fn write_data(
        &self,
        request: WriteDataRequest,
        context: &InvocationContext,
    ) -> Result<WriteDataResponse, ConnectorError> {
        let known = self.entity(&request.entity_identifier)?;
        let connect = |credentials: &ConnectionCredentials| self.connect(&request.connector_context, credentials);
        write::write(&connect, &self.configuration.supported_write_operations, &known, &request, context).await
    }
}
