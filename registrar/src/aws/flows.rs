//! Flows: only which ones use a connector.

use aws_sdk_appflow::types::FlowDefinition;

use super::AppFlow;
use super::failure::{ServiceFailure, failed};

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
