//! A complete source connector: one entity, filtered and projected by the SDK.

use appflow_sdk::protocol::{
    AuthenticationConfig, DescribeConnectorConfigurationRequest, DescribeConnectorConfigurationResponse,
    DescribeEntityRequest, DescribeEntityResponse, EntityDefinition, FieldDataType, FieldDefinition,
    ListEntitiesRequest, ListEntitiesResponse, QueryDataRequest, QueryDataResponse,
};
use appflow_sdk::{Catalogue, Connector, ConnectorError, InvocationContext, Selection, lambda};
use serde_json::value::RawValue;

const CITIES: &str = r#"[{"id": 1, "name": "Zürich", "people": 436332}, {"id": 2, "name": "Łódź", "people": 655279}]"#;
struct Cities(Catalogue);

impl Connector for Cities {
    async fn describe_connector_configuration(
        &self,
        _: DescribeConnectorConfigurationRequest,
        _: &InvocationContext,
    ) -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
        DescribeConnectorConfigurationResponse::source("Cities", "Example", "0.1.0")
            .authentication(AuthenticationConfig::new().none())
            .build()
            .map_err(|error| ConnectorError::invalid_configuration(&error))
    }

    async fn list_entities(
        &self,
        request: ListEntitiesRequest,
        _: &InvocationContext,
    ) -> Result<ListEntitiesResponse, ConnectorError> {
        self.0.list(&request)
    }

    async fn describe_entity(
        &self,
        request: DescribeEntityRequest,
        _: &InvocationContext,
    ) -> Result<DescribeEntityResponse, ConnectorError> {
        self.0.describe(&request)
    }

    async fn query_data(
        &self,
        request: QueryDataRequest,
        _: &InvocationContext,
    ) -> Result<QueryDataResponse, ConnectorError> {
        let selection = Selection::for_query(self.0.get(&request.entity_identifier)?, &request)?;
        let cities: Vec<&RawValue> = serde_json::from_str(CITIES)
            .map_err(|error| ConnectorError::server_error("the list is broken").with_source(error))?;
        Ok(QueryDataResponse::new(selection.apply_all(cities)?, None))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::RunError> {
    let id = FieldDefinition::new("id", FieldDataType::Integer).primary_key();
    let name = FieldDefinition::new("name", FieldDataType::String);
    let people = FieldDefinition::new("people", FieldDataType::Long);
    lambda::run(Cities(Catalogue::new(vec![EntityDefinition::new("cities", vec![id, name, people])]))).await
}
