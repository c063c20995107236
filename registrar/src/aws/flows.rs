//! Flows that use a connector, and what AppFlow remembers for them.

use aws_sdk_appflow::operation::describe_flow::DescribeFlowOutput;
use aws_sdk_appflow::types::{
    ConnectorType, DestinationConnectorProperties, FlowDefinition, SourceConnectorProperties,
};

use super::AppFlow;
use super::failure::{ServiceFailure, failed};

/// An entity that a flow reads or writes through a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The flow.
    pub flow: String,
    /// The connection.
    pub connection: String,
    /// The entity.
    pub entity: String,
    /// The version of the source system's API, if the flow names one.
    pub api_version: Option<String>,
}

impl AppFlow {
    /// The names of the flows that read from or write to a connector.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn flows(&self, label: &str) -> Result<Vec<String>, ServiceFailure> {
        let mut flows = Vec::new();
        let mut token = None;
        loop {
            let request = self.client.list_flows().max_results(100).set_next_token(token);
            let answer = request.send().await.map_err(failed("appflow:ListFlows"))?;
            let using = answer.flows().iter().filter(|flow| uses(flow, label));
            flows.extend(using.filter_map(|flow| flow.flow_name().map(str::to_owned)));
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(flows);
            }
        }
    }

    /// What the flows that use a connector read and write through which of its connections.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn uses(&self, label: &str) -> Result<Vec<Use>, ServiceFailure> {
        let mut uses = Vec::new();
        for name in self.flows(label).await? {
            match self.client.describe_flow().flow_name(&name).send().await.map_err(failed("appflow:DescribeFlow")) {
                Ok(flow) => uses.extend(uses_of(&name, &flow)),
                // Deleted in between.
                Err(failure) if failure.is_not_found() => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(uses)
    }

    /// Has AppFlow forget the fields of an entity, or without one the list of entities, of a connection.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn reset_metadata(
        &self,
        connection: &str,
        api_version: &str,
        entity: Option<&str>,
    ) -> Result<(), ServiceFailure> {
        let request = self
            .client
            .reset_connector_metadata_cache()
            .connector_profile_name(connection)
            .connector_type(ConnectorType::Customconnector)
            .api_version(api_version)
            .set_connector_entity_name(entity.map(str::to_owned));
        request.send().await.map(drop).map_err(failed("appflow:ResetConnectorMetadataCache"))
    }
}

/// Both ends of a flow; those that are not custom connectors have no entity of this kind.
fn uses_of(name: &str, flow: &DescribeFlowOutput) -> Vec<Use> {
    let source = flow.source_flow_config().and_then(|end| {
        let custom = end.source_connector_properties().and_then(SourceConnectorProperties::custom_connector)?;
        Some((end.connector_profile_name()?, custom.entity_name(), end.api_version()))
    });
    let destinations = flow.destination_flow_config_list().iter().filter_map(|end| {
        let custom =
            end.destination_connector_properties().and_then(DestinationConnectorProperties::custom_connector)?;
        Some((end.connector_profile_name()?, custom.entity_name(), end.api_version()))
    });
    source
        .into_iter()
        .chain(destinations)
        .map(|(connection, entity, api_version)| Use {
            flow: name.to_owned(),
            connection: connection.to_owned(),
            entity: entity.to_owned(),
            api_version: api_version.map(str::to_owned),
        })
        .collect()
}

fn uses(flow: &FlowDefinition, label: &str) -> bool {
    flow.source_connector_label() == Some(label) || flow.destination_connector_label() == Some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_flows_in_both_directions() {
        let of = |source: &str, destination: &str| {
            FlowDefinition::builder().source_connector_label(source).destination_connector_label(destination).build()
        };
        assert!(uses(&of("acme", "s3"), "acme") && uses(&of("s3", "acme"), "acme"));
        assert!(!uses(&of("acme-2", "s3"), "acme"));
        assert!(!uses(&FlowDefinition::builder().build(), "acme"));
    }
}
