//! A source over an API with pages and filters of its own: what the API can filter it does, the rest is tested here; calls
//! are repeated, and credentials that were renewed meanwhile are read again.

use appflow_sdk::filter::translate::{QueryParameter, QueryString, QueryTest};
use appflow_sdk::filter::{Comparison, Filter, Operators, TypedFilter};
use appflow_sdk::protocol::{
    AuthenticationConfig, ConnectorContext, DescribeConnectorConfigurationRequest,
    DescribeConnectorConfigurationResponse, DescribeEntityRequest, DescribeEntityResponse, EntityDefinition,
    FieldDataType, FieldDefinition, ListEntitiesRequest, ListEntitiesResponse, QueryDataRequest, QueryDataResponse,
    RetrieveDataRequest, RetrieveDataResponse, ValidateCredentialsRequest, ValidateCredentialsResponse,
};
use appflow_sdk::{
    Catalogue, ConnectionCredentials, Connector, ConnectorError, InvocationContext, JsonPage, PageLayout, Pager,
    RecordBuffer, Repeat, Retry, Selection, SourcePage, lambda,
};

/// What an HTTP client would be asked for: the status and the body of `GET /orders`.
fn get_orders(api_key: &str, query: &[(String, String)]) -> (u16, Vec<u8>) {
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if api_key != "right" {
        return (401, Vec::new());
    }
    let start = value("cursor").map_or(0, |cursor| cursor.parse().unwrap_or(0));
    let orders: Vec<_> = (1..=25).map(|id| (id, if id % 3 == 0 { "paid" } else { "open" })).collect();
    let orders = orders.iter().filter(|(_, status)| value("status").is_none_or(|wanted| wanted == *status));
    let orders: Vec<_> = orders
        .map(|(id, status)| format!(r#"{{"id":{id},"status":"{status}","price":{{"total":{id}.50}}}}"#))
        .collect();
    let page = orders.iter().skip(start).take(10).cloned().collect::<Vec<_>>().join(",");
    let next = if start + 10 < orders.len() { format!("\"{}\"", start + 10) } else { "null".to_owned() };
    (200, format!(r#"{{"data":[{page}],"next":{next}}}"#).into_bytes())
}

struct Orders {
    catalogue: Catalogue,
    layout: PageLayout,
    filters: QueryString,
}

impl Orders {
    fn new() -> Self {
        let id = FieldDefinition::new("id", FieldDataType::Long).primary_key();
        let status = FieldDefinition::new("status", FieldDataType::String);
        let total = FieldDefinition::new("total", FieldDataType::BigDecimal);
        let equal = QueryTest::Comparison(Comparison::Equal);
        Self {
            catalogue: Catalogue::new(vec![EntityDefinition::new("orders", vec![id, status, total])]),
            layout: PageLayout::new("/data").next("/next"),
            filters: QueryString::new().parameter("status", equal, QueryParameter::new("status")),
        }
    }

    async fn page(
        &self,
        connection: &ConnectorContext,
        context: &InvocationContext,
        query: &[(String, String)],
    ) -> Result<JsonPage, ConnectorError> {
        let ask = async |credentials| {
            let ConnectionCredentials::ApiKey { api_key, .. } = &credentials else {
                return Err(ConnectorError::invalid_credentials("this connector takes an API key"));
            };
            let ask = async || match get_orders(api_key.expose(), query) {
                (200, body) => JsonPage::read(body, &self.layout)
                    .map_err(|error| ConnectorError::unexpected_answer("GET /orders", &error)),
                (status, _) => Err(ConnectorError::from_http_status(status, format!("GET /orders: {status}"))),
            };
            Retry::default().run(context, Repeat::Safe, ask).await
        };
        context.with_credentials(connection, ask).await
    }
}

impl Connector for Orders {
    async fn describe_connector_configuration(
        &self,
        _: DescribeConnectorConfigurationRequest,
        _: &InvocationContext,
    ) -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
        let configuration = DescribeConnectorConfigurationResponse::source("Acme Shop", "Acme", "1.0.0");
        Ok(configuration.authentication(AuthenticationConfig::new().api_key()).build()?)
    }

    async fn validate_credentials(
        &self,
        request: ValidateCredentialsRequest,
        context: &InvocationContext,
    ) -> Result<ValidateCredentialsResponse, ConnectorError> {
        self.page(&request.connector_context(), context, &[]).await?;
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
        let definition = self.catalogue.get(&request.entity_identifier)?;
        let filter = Filter::from_request(request.filter_expression.as_deref())?;
        let typed = TypedFilter::new(&filter, definition, Operators::Meaningful)?;
        let translation = self.filters.translate(&typed);
        let pushed = translation.pushed.unwrap_or_default();
        Pager::new(definition, &request, context)?
            .pushed(translation.remainder.as_ref())?
            .locate("total", "/price/total")
            .pages(async |cursor: Option<String>| {
                let cursor = cursor.map(|cursor| ("cursor".to_owned(), cursor));
                let query: Vec<_> = pushed.iter().cloned().chain(cursor).collect();
                let page = self.page(&request.connector_context, context, &query).await?;
                let next = page.next().map(str::to_owned);
                Ok(SourcePage::json(page).then(next))
            })
            .await
    }

    async fn retrieve_data(
        &self,
        request: RetrieveDataRequest,
        context: &InvocationContext,
    ) -> Result<RetrieveDataResponse, ConnectorError> {
        let definition = self.catalogue.get(&request.entity_identifier)?;
        let selection = Selection::for_retrieve(definition, &request)?.locate("total", "/price/total");
        let (mut found, mut cursor) = (RecordBuffer::default(), None);
        loop {
            let query: Vec<_> = cursor.map(|cursor| ("cursor".to_owned(), cursor)).into_iter().collect();
            let page = self.page(&request.connector_context, context, &query).await?;
            for record in page.records() {
                if let Some(record) = selection.apply_text(record)? {
                    found.push(record).map_err(|_| ConnectorError::invalid_argument("ask for fewer ids or fields"))?;
                }
            }
            let Some(next) = page.next() else { return Ok(RetrieveDataResponse::new(found.into_records())) };
            cursor = Some(next.to_owned());
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::RunError> {
    lambda::run(Orders::new()).await
}

#[cfg(test)]
mod tests {
    use appflow_sdk::testing::{Conformance, Credential};

    use super::*;

    #[tokio::test]
    async fn keeps_the_rules() {
        let check = Conformance::new(Orders::new()).credentials(Credential::api_key("right", None));
        let report = check.run().await;
        assert!(report.is_success(), "{report}");
    }
}
