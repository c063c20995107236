//! Connectors: register, update, describe, list, unregister.

use appflow_sdk::protocol::{DescribeConnectorConfigurationRequest, DescribeConnectorConfigurationResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::AppFlow;
use super::call::Function;
use super::configuration::{configuration, detail, without_nulls};
use super::input::decode;
use super::page::PageRequest;
use super::refusal::{conflict, validation};
use super::state::{Connector, Idempotency, Moment};
use super::validate::{CLIENT_TOKEN, DESCRIPTION, LABEL, Problems};
use crate::failure::ApiError;
use crate::scope::Scope;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Register {
    connector_label: Option<String>,
    description: Option<String>,
    connector_provisioning_type: Option<String>,
    connector_provisioning_config: Option<ProvisioningConfig>,
    client_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateRegistration {
    connector_label: Option<String>,
    description: Option<String>,
    connector_provisioning_config: Option<ProvisioningConfig>,
    client_token: Option<String>,
}

#[derive(Deserialize)]
struct ProvisioningConfig {
    lambda: Option<LambdaConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LambdaConfig {
    lambda_arn: Option<String>,
}

impl ProvisioningConfig {
    fn lambda_arn(self) -> Option<String> {
        self.lambda?.lambda_arn
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    connector_type: Option<String>,
    connector_label: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unregister {
    connector_label: Option<String>,
    force_delete: Option<bool>,
}

const LAMBDA_ARN: &str = "connectorProvisioningConfig.lambda.lambdaArn";

impl AppFlow {
    /// Asks a function what it is and stores the answer under a label.
    ///
    /// The service's model requires no member; that label, type and ARN are mandatory all the same is assumed.
    pub(super) async fn register_connector(&self, scope: &Scope, body: &[u8]) -> Result<Value, ApiError> {
        let input: Register = decode(body)?;
        let mut problems = Problems::default();
        let label = problems.required("connectorLabel", input.connector_label, &LABEL);
        let description = problems.optional("description", input.description, &DESCRIPTION);
        let provisioning = input.connector_provisioning_type.as_deref();
        problems.choice("connectorProvisioningType", provisioning, &["LAMBDA"]);
        let config = input.connector_provisioning_config;
        let lambda_arn = config.and_then(ProvisioningConfig::lambda_arn);
        problems.arn(LAMBDA_ARN, lambda_arn.as_deref());
        let token = problems.optional("clientToken", input.client_token, &CLIENT_TOKEN);
        problems.finish()?;

        let memory = self.behaviour.token_memory;
        let idempotency = Idempotency::of("RegisterConnector", token.as_deref(), body);
        let region = self.state.region(scope);
        if let Some(answer) = region.replay(&idempotency, memory)? {
            return Ok(answer);
        }
        let exists =
            || conflict(format!("a connector with the label {label} is registered already; update or unregister it"));
        if region.connectors.contains_key(&label) {
            return Err(exists());
        }
        let arn = format!("arn:aws:appflow:{}:{}:connector/{label}", scope.region, scope.account);
        let lambda_arn = lambda_arn.unwrap_or_default();
        let configuration = self.ask_configuration(scope, &label, &lambda_arn, &arn).await?;
        let answer = json!({"connectorArn": arn});
        self.state.change(scope, |region| {
            // Somebody else may have been quicker while the function ran.
            if region.connectors.contains_key(&label) {
                return Err(exists());
            }
            let connector = Connector {
                label: label.clone(),
                arn,
                description,
                lambda_arn,
                registered_at: Moment::now(),
                configuration,
            };
            region.connectors.insert(label.clone(), connector);
            region.remember(idempotency, &answer, memory);
            Ok(answer)
        })
    }

    /// Asks the same function again, or another one. A description that is not given stays: that is assumed.
    pub(super) async fn update_connector_registration(&self, scope: &Scope, body: &[u8]) -> Result<Value, ApiError> {
        let input: UpdateRegistration = decode(body)?;
        let mut problems = Problems::default();
        let label = problems.required("connectorLabel", input.connector_label, &LABEL);
        let description = problems.optional("description", input.description, &DESCRIPTION);
        let config = input.connector_provisioning_config;
        let given_arn = config.and_then(ProvisioningConfig::lambda_arn);
        if given_arn.is_some() {
            problems.arn(LAMBDA_ARN, given_arn.as_deref());
        }
        let token = problems.optional("clientToken", input.client_token, &CLIENT_TOKEN);
        problems.finish()?;

        let memory = self.behaviour.token_memory;
        let idempotency = Idempotency::of("UpdateConnectorRegistration", token.as_deref(), body);
        let region = self.state.region(scope);
        if let Some(answer) = region.replay(&idempotency, memory)? {
            return Ok(answer);
        }
        let known = region.connector(&label)?;
        let lambda_arn = given_arn.unwrap_or_else(|| known.lambda_arn.clone());
        let configuration = self.ask_configuration(scope, &label, &lambda_arn, &known.arn).await?;
        let answer = json!({"connectorArn": known.arn});
        self.state.change(scope, |region| {
            region.connector(&label)?;
            if let Some(connector) = region.connectors.get_mut(&label) {
                connector.lambda_arn = lambda_arn;
                connector.configuration = configuration;
                connector.description = description.or(connector.description.take());
            }
            region.remember(idempotency, &answer, memory);
            Ok(answer)
        })
    }

    async fn ask_configuration(
        &self,
        scope: &Scope,
        label: &str,
        lambda_arn: &str,
        connector_arn: &str,
    ) -> Result<DescribeConnectorConfigurationResponse, ApiError> {
        let mut request = DescribeConnectorConfigurationRequest::default();
        request.connector_label = Some(label.to_owned());
        let permission = self.behaviour.missing_permission;
        let invoker = self.invoker.as_ref();
        let function = Function::registering(invoker, scope, lambda_arn, connector_arn, permission);
        let configuration = function
            .ask(request, |response| match response {
                Response::DescribeConnectorConfiguration(response) => Some(*response),
                _ => None,
            })
            .await?;
        if self.behaviour.check_configuration {
            let problems: Vec<_> = configuration.problems().iter().map(ToString::to_string).collect();
            if !problems.is_empty() {
                let problems = problems.join("; ");
                return Err(validation(format!("the connector's configuration is not acceptable: {problems}")));
            }
        }
        Ok(configuration)
    }

    /// Answers the stored configuration; the function is not asked.
    pub(super) fn describe_connector(&self, scope: &Scope, body: &[u8]) -> Result<Value, ApiError> {
        let input: Describe = decode(body)?;
        let mut problems = Problems::default();
        if input.connector_type.is_none() {
            problems.add("connectorType", "is missing");
        }
        problems.connector_type(input.connector_type.as_deref());
        let label = problems.required("connectorLabel", input.connector_label, &LABEL);
        problems.finish()?;
        let region = self.state.region(scope);
        let connector = region.connector(&label)?;
        Ok(json!({"connectorConfiguration": configuration(connector, &self.behaviour)}))
    }

    /// Lists by label.
    pub(super) fn list_connectors(&self, scope: &Scope, body: &[u8]) -> Result<Value, ApiError> {
        let input: List = decode(body)?;
        let page = PageRequest::read(input.max_results, input.next_token, Problems::default())?;
        let region = self.state.region(scope);
        let (connectors, next_token) = page.of(&region.connectors, |_| true);
        let details: Vec<_> = connectors.into_iter().map(|connector| detail(connector, &self.behaviour)).collect();
        Ok(without_nulls(json!({"connectors": details, "nextToken": next_token})))
    }

    /// Forgets a connector. Profiles that use it stay, and work again once the label is registered again: that is
    /// assumed.
    pub(super) fn unregister_connector(&self, scope: &Scope, body: &[u8]) -> Result<Value, ApiError> {
        let input: Unregister = decode(body)?;
        let mut problems = Problems::default();
        let label = problems.required("connectorLabel", input.connector_label, &LABEL);
        problems.finish()?;
        self.state.change(scope, |region| {
            region.connector(&label)?;
            let users: Vec<_> = region
                .profiles
                .values()
                .filter(|profile| profile.connector_label == label)
                .map(|profile| profile.name.as_str())
                .collect();
            if !users.is_empty() && !input.force_delete.unwrap_or(false) {
                return Err(conflict(format!(
                    "the connector {label} is used by the connector profiles {}; delete them first, or set forceDelete",
                    users.join(", ")
                )));
            }
            region.connectors.remove(&label);
            Ok(json!({}))
        })
    }
}
