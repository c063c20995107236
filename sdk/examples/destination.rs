//! A destination: records are written in batches, each with a result of its own. The entity comes from a struct.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use appflow_sdk::protocol::{
    AuthenticationConfig, DescribeConnectorConfigurationRequest, DescribeConnectorConfigurationResponse,
    DescribeEntityRequest, DescribeEntityResponse, ListEntitiesRequest, ListEntitiesResponse, Operation,
    QueryDataRequest, QueryDataResponse, Record, WriteDataRequest, WriteDataResponse, WriteOperationType,
    WriteRecordResult,
};
use appflow_sdk::{BatchWriter, Catalogue, Connector, ConnectorError, Entity, InvocationContext, lambda};

/// What somebody asks for help with.
#[derive(Debug, serde::Deserialize, Entity)]
#[entity(name = "tickets", label = "Tickets")]
struct Ticket {
    #[entity(primary_key)]
    id: i64,
    /// What it is about, in one line.
    title: String,
    priority: Option<i32>,
}

struct Desk {
    catalogue: Catalogue,
    /// In place of a system that is written to.
    tickets: Mutex<BTreeMap<i64, Ticket>>,
}

impl Desk {
    const OPERATIONS: [WriteOperationType; 2] = [WriteOperationType::Upsert, WriteOperationType::Delete];

    fn new() -> Self {
        Self { catalogue: Catalogue::new(vec![Ticket::definition().writable()]), tickets: Mutex::default() }
    }

    fn write(&self, operation: &WriteOperationType, record: &Record) -> WriteRecordResult {
        let ticket: Ticket = match record.read() {
            Ok(ticket) => ticket,
            // It names the member, and never the value.
            Err(error) => return WriteRecordResult::failed("", error.to_string()),
        };
        let id = ticket.id;
        if ticket.title.is_empty() || ticket.priority.is_some_and(|priority| priority < 0) {
            return WriteRecordResult::failed(id.to_string(), "a ticket needs a title, and a priority of 0 or more");
        }
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        match operation {
            WriteOperationType::Delete => tickets.remove(&id),
            _ => tickets.insert(id, ticket),
        };
        WriteRecordResult::written(id.to_string())
    }
}

impl Connector for Desk {
    async fn describe_connector_configuration(
        &self,
        _: DescribeConnectorConfigurationRequest,
        _: &InvocationContext,
    ) -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
        let configuration = DescribeConnectorConfigurationResponse::destination("Acme Desk", "Acme", "1.0.0")
            .authentication(AuthenticationConfig::new().none())
            .write_operations(Self::OPERATIONS);
        Ok(configuration.build()?)
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
        _: QueryDataRequest,
        _: &InvocationContext,
    ) -> Result<QueryDataResponse, ConnectorError> {
        Err(ConnectorError::unsupported(Operation::QueryData, "it is a destination only"))
    }

    async fn write_data(
        &self,
        request: WriteDataRequest,
        context: &InvocationContext,
    ) -> Result<WriteDataResponse, ConnectorError> {
        self.catalogue.get(&request.entity_identifier)?;
        if !request.operation.as_ref().is_some_and(|operation| Self::OPERATIONS.contains(operation)) {
            return Err(ConnectorError::invalid_argument("a ticket is upserted or deleted"));
        }
        BatchWriter::new(&request, context)
            .batch_size(100)
            .run(async |batch| Ok(batch.records.iter().map(|record| self.write(&batch.operation, record)).collect()))
            .await
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::RunError> {
    lambda::run(Desk::new()).await
}

#[cfg(test)]
mod tests {
    use appflow_sdk::testing::Conformance;

    use super::*;

    #[tokio::test]
    async fn keeps_the_rules() {
        let ticket = Record::parse(r#"{"id":1,"title":"No light"}"#).unwrap();
        let check = Conformance::new(Desk::new()).sample_write("tickets", WriteOperationType::Upsert, vec![ticket]);
        let report = check.run().await;
        assert!(report.is_success(), "{report}");
    }
}
