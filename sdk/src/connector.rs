//! The trait that a connector implements.

use std::future::Future;

use crate::error::ConnectorError;
use crate::invocation::InvocationContext;
use crate::protocol::{
    DescribeConnectorConfigurationRequest, DescribeConnectorConfigurationResponse, DescribeEntityRequest,
    DescribeEntityResponse, ListEntitiesRequest, ListEntitiesResponse, Operation, QueryDataRequest, QueryDataResponse,
    RetrieveDataRequest, RetrieveDataResponse, ValidateConnectorRuntimeSettingsRequest,
    ValidateConnectorRuntimeSettingsResponse, ValidateCredentialsRequest, ValidateCredentialsResponse,
    WriteDataRequest, WriteDataResponse,
};
use crate::settings::validate_settings;

/// An AppFlow custom connector: one method per operation.
///
/// A source writes four methods: what it is, which entities, which fields, which records. The other four have defaults
/// that are right for such a connector. A connector that is a destination only answers `query_data` with
/// [`ConnectorError::unsupported`].
///
/// # Choosing a failure
/// - `Err(ConnectorError)` is an answer: AppFlow's user sees its code and message. Use it for everything foreseeable.
/// - A panic is a broken call: Lambda reports a function error, AppFlow shows "No valid response and error details
///   found", and the reason is in the function's log only.
///
/// There is no third way: a failure without code and message cannot be expressed.
///
/// # Time and size
/// AppFlow waits 10 seconds for the metadata and validation operations and 30 for data. [`dispatch`](crate::dispatch)
/// answers `RequestTimeout` shortly before [`InvocationContext::remaining`] is over, and `InvalidArgument` when the answer
/// would exceed Lambda's 6 MB.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an AppFlow connector",
    note = "implement `appflow_sdk::Connector` for it; four methods make a source"
)]
pub trait Connector: Send + Sync + 'static {
    /// What the connector is and can do. AppFlow asks at registration and stores the answer; after a change, update the
    /// registration.
    ///
    /// `{"type":"DescribeConnectorConfigurationRequest"}` → `{"isSuccess":true,"connectorName":…,"connectorModes":["SOURCE"],…}`
    ///
    /// # Errors
    /// Whatever keeps the connector from describing itself; registration then fails.
    fn describe_connector_configuration(
        &self,
        request: DescribeConnectorConfigurationRequest,
        context: &InvocationContext,
    ) -> impl Future<Output = Result<DescribeConnectorConfigurationResponse, ConnectorError>> + Send;

    /// Whether the values a user gave for the runtime settings are right.
    ///
    /// The default checks what the configuration declares: mandatory settings are there, values fit their type and are
    /// among the options.
    ///
    /// `{"type":"ValidateConnectorRuntimeSettingsRequest","scope":"CONNECTOR_PROFILE","connectorRuntimeSettings":{…}}` →
    /// `{"isSuccess":false,"errorsByInputField":{"baseUrl":"must begin with https://"},"errorDetails":{…}}`
    ///
    /// # Errors
    /// Whatever keeps the connector from telling. A wrong value is not an error but an answer.
    fn validate_connector_runtime_settings(
        &self,
        request: ValidateConnectorRuntimeSettingsRequest,
        context: &InvocationContext,
    ) -> impl Future<Output = Result<ValidateConnectorRuntimeSettingsResponse, ConnectorError>> + Send {
        async move {
            let asked = DescribeConnectorConfigurationRequest::default();
            let configuration = self.describe_connector_configuration(asked, context).await?;
            Ok(validate_settings(configuration.settings(), &request))
        }
    }

    /// Whether the credentials of a connection work. AppFlow asks when a connection is made, and makes none on failure.
    ///
    /// The default reads the secret and is content when it has the shape of its kind; a connector with an API that can
    /// be asked cheaply should ask it.
    ///
    /// `{"type":"ValidateCredentialsRequest","credentials":{"secretArn":…,"authenticationType":"BasicAuth"}}` →
    /// `{"isSuccess":true,"errorDetails":null}`
    ///
    /// # Errors
    /// `InvalidCredentials` when they do not work; anything else when they could not be tried.
    fn validate_credentials(
        &self,
        request: ValidateCredentialsRequest,
        context: &InvocationContext,
    ) -> impl Future<Output = Result<ValidateCredentialsResponse, ConnectorError>> + Send {
        async move {
            context.credentials(&request.connector_context()).await?;
            Ok(ValidateCredentialsResponse::valid())
        }
    }

    /// Which entities there are, page by page. [`Catalogue`](crate::Catalogue) answers it for a fixed list.
    ///
    /// `{"type":"ListEntitiesRequest","connectorContext":{…}}` → `{"isSuccess":true,"entities":[{"entityIdentifier":"orders",…}]}`
    ///
    /// # Errors
    /// Whatever keeps the connector from listing them.
    fn list_entities(
        &self,
        request: ListEntitiesRequest,
        context: &InvocationContext,
    ) -> impl Future<Output = Result<ListEntitiesResponse, ConnectorError>> + Send;

    /// Which fields an entity has. [`Catalogue`](crate::Catalogue) answers it for a fixed list.
    ///
    /// `{"type":"DescribeEntityRequest","entityIdentifier":"orders",…}` → `{"isSuccess":true,"entityDefinition":{…}}`
    ///
    /// # Errors
    /// `InvalidArgument` when there is no such entity.
    fn describe_entity(
        &self,
        request: DescribeEntityRequest,
        context: &InvocationContext,
    ) -> impl Future<Output = Result<DescribeEntityResponse, ConnectorError>> + Send;

    /// The records that match a filter, one page at a time. AppFlow asks again with the answer's `nextToken` until
    /// there is none.
    ///
    /// A filter must be honoured or refused with `InvalidArgument`: AppFlow does not filter again, so ignoring it
    /// delivers wrong records. [`crate::filter`] reads and evaluates it.
    ///
    /// `{"type":"QueryDataRequest","entityIdentifier":"orders","filterExpression":"total > 100",…}` →
    /// `{"isSuccess":true,"records":["{\"id\":1}"],"nextToken":"…"}`
    ///
    /// # Errors
    /// The upstream failure, as [`ConnectorError::from_http_status`] names it.
    fn query_data(
        &self,
        request: QueryDataRequest,
        context: &InvocationContext,
    ) -> impl Future<Output = Result<QueryDataResponse, ConnectorError>> + Send;

    /// The records whose id field has one of the given values. When AppFlow asks this is not documented.
    ///
    /// The default answers that it is not supported.
    ///
    /// `{"type":"RetrieveDataRequest","entityIdentifier":"orders","idFieldName":"id","ids":["1"],…}` →
    /// `{"isSuccess":true,"records":["{\"id\":1}"]}`
    ///
    /// # Errors
    /// `InvalidArgument` by default.
    fn retrieve_data(
        &self,
        request: RetrieveDataRequest,
        context: &InvocationContext,
    ) -> impl Future<Output = Result<RetrieveDataResponse, ConnectorError>> + Send {
        let _ = (request, context);
        std::future::ready(Err(ConnectorError::unsupported(Operation::RetrieveData, "it cannot look records up by id")))
    }

    /// Takes a batch of records: only for connectors that offer the mode `DESTINATION`.
    ///
    /// The default answers that it is not supported.
    ///
    /// `{"type":"WriteDataRequest","entityIdentifier":"orders","operation":"UPSERT","records":["{\"id\":1}"],…}` →
    /// `{"isSuccess":true,"writeRecordResults":[{"recordId":"1","isSuccess":true,"errorMessage":null}]}`
    ///
    /// # Errors
    /// `InvalidArgument` by default. That single records failed is not an error but an answer:
    /// [`WriteDataResponse::new`].
    fn write_data(
        &self,
        request: WriteDataRequest,
        context: &InvocationContext,
    ) -> impl Future<Output = Result<WriteDataResponse, ConnectorError>> + Send {
        let _ = (request, context);
        std::future::ready(Err(ConnectorError::unsupported(Operation::WriteData, "it takes no records")))
    }
}
