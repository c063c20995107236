//! The function that is deployed: this very binary, when Lambda starts it.

use appflow_sdk::protocol::{
    AuthenticationConfig, DescribeConnectorConfigurationRequest, DescribeConnectorConfigurationResponse,
    DescribeEntityRequest, DescribeEntityResponse, EntityDefinition, FieldDataType, FieldDefinition,
    ListEntitiesRequest, ListEntitiesResponse, QueryDataRequest, QueryDataResponse,
};
use appflow_sdk::{Catalogue, Connector, ConnectorError, InvocationContext, JsonPage, PageLayout, Pager, lambda};

/// A `bootstrap` that runs this binary as a function. Each version has other bytes.
pub(crate) fn bootstrap(version: u32) -> String {
    let program = std::env::current_exe().expect("this program has a path");
    let test = "connector::is_a_function_when_lambda_starts_it";
    format!("#!/bin/sh\n# {version}\nexec '{}' --exact {test} --nocapture --test-threads=1\n", program.display())
}

struct Numbers(Catalogue);

impl Connector for Numbers {
    async fn describe_connector_configuration(
        &self,
        _: DescribeConnectorConfigurationRequest,
        _: &InvocationContext,
    ) -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
        let configuration = DescribeConnectorConfigurationResponse::source("Numbers", "Tests", "1.0.0")
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
        let page = JsonPage::read(r#"[{"id": 1}]"#.into(), &PageLayout::new(""))?;
        Pager::new(self.0.get(&request.entity_identifier)?, &request, context)?.one_page(page).await
    }
}

#[test]
fn is_a_function_when_lambda_starts_it() {
    #[expect(clippy::disallowed_methods, reason = "this variable tells whether the process is a function")]
    let is_function = std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some();
    if !is_function {
        assert!(bootstrap(1).contains("--exact") && bootstrap(1) != bootstrap(2));
        return;
    }
    let id = FieldDefinition::new("id", FieldDataType::Integer).primary_key();
    let catalogue = Catalogue::new(vec![EntityDefinition::new("numbers", vec![id])]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("the runtime starts");
    runtime.block_on(lambda::run(Numbers(catalogue))).expect("Lambda ends the process, not the connector");
}
