//! A complete source connector: one entity, filtered and projected by the SDK.

use appflow_sdk::protocol::{
    AuthenticationConfig, DescribeConnectorConfigurationRequest, DescribeConnectorConfigurationResponse,
    DescribeEntityRequest, DescribeEntityResponse, EntityDefinition, FieldDataType, FieldDefinition,
    ListEntitiesRequest, ListEntitiesResponse, QueryDataRequest, QueryDataResponse,
};
use appflow_sdk::{Catalogue, Connector, ConnectorError, InvocationContext, JsonPage, PageLayout, Pager, lambda};

const CITIES: &str = r#"[{"id": 1, "name": "Zürich", "people": 436332}, {"id": 2, "name": "Łódź", "people": 655279}]"#;
struct Cities(Catalogue);

impl Connector for Cities {
    async fn describe_connector_configuration(
        &self,
        _: DescribeConnectorConfigurationRequest,
        _: &InvocationContext,
    ) -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
        let configuration = DescribeConnectorConfigurationResponse::source("Cities", "Example", "0.1.0")
            .authentication(AuthenticationConfig::new().none());
        Ok(configuration.build()?)
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
        context: &InvocationContext,
    ) -> Result<QueryDataResponse, ConnectorError> {
        let cities = JsonPage::read(CITIES.into(), &PageLayout::new(""))?;
        Pager::new(self.0.get(&request.entity_identifier)?, &request, context)?.one_page(cities).await
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::RunError> {
    let id = FieldDefinition::new("id", FieldDataType::Integer).primary_key();
    let name = FieldDefinition::new("name", FieldDataType::String);
    let people = FieldDefinition::new("people", FieldDataType::Long);
    lambda::run(Cities(Catalogue::new(vec![EntityDefinition::new("cities", vec![id, name, people])]))).await
}
