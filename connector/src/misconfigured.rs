//! A connector without a usable manifest: it says so in every answer, where a process that ends would say nothing that
//! AppFlow's user can see.

use std::error::Error as _;

use appflow_sdk::protocol::{
    DescribeConnectorConfigurationRequest, DescribeConnectorConfigurationResponse, DescribeEntityRequest,
    DescribeEntityResponse, ListEntitiesRequest, ListEntitiesResponse, QueryDataRequest, QueryDataResponse,
    RetrieveDataRequest, RetrieveDataResponse, ValidateCredentialsRequest, ValidateCredentialsResponse,
    WriteDataRequest, WriteDataResponse,
};
use appflow_sdk::{Connector, ConnectorError, InvocationContext};

use crate::manifest::ManifestError;

/// Answers every request with what is wrong with the manifest.
#[derive(Debug)]
pub struct Misconfigured {
    problem: String,
}

impl Misconfigured {
    /// A connector whose manifest cannot be used, for this reason.
    #[must_use]
    pub fn new(error: &ManifestError) -> Self {
        let problem = match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        Self { problem }
    }

    fn error<T>(&self) -> Result<T, ConnectorError> {
        Err(ConnectorError::unknown_error(format!("the connector's manifest cannot be used: {}", self.problem)))
    }
}

impl Connector for Misconfigured {
    async fn describe_connector_configuration(
        &self,
        _: DescribeConnectorConfigurationRequest,
        _: &InvocationContext,
    ) -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
        self.error()
    }

    async fn validate_credentials(
        &self,
        _: ValidateCredentialsRequest,
        _: &InvocationContext,
    ) -> Result<ValidateCredentialsResponse, ConnectorError> {
        self.error()
    }

    async fn list_entities(
        &self,
        _: ListEntitiesRequest,
        _: &InvocationContext,
    ) -> Result<ListEntitiesResponse, ConnectorError> {
        self.error()
    }

    async fn describe_entity(
        &self,
        _: DescribeEntityRequest,
        _: &InvocationContext,
    ) -> Result<DescribeEntityResponse, ConnectorError> {
        self.error()
    }

    async fn query_data(
        &self,
        _: QueryDataRequest,
        _: &InvocationContext,
    ) -> Result<QueryDataResponse, ConnectorError> {
        self.error()
    }

    async fn retrieve_data(
        &self,
        _: RetrieveDataRequest,
        _: &InvocationContext,
    ) -> Result<RetrieveDataResponse, ConnectorError> {
        self.error()
    }

    async fn write_data(
        &self,
        _: WriteDataRequest,
        _: &InvocationContext,
    ) -> Result<WriteDataResponse, ConnectorError> {
        self.error()
    }
}
