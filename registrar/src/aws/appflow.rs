//! Connectors and connections.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_appflow::types::{
    ConnectionMode, ConnectorDetail, ConnectorProfile, ConnectorProfileProperties, ConnectorProvisioningConfig,
    ConnectorProvisioningType, ConnectorType, LambdaConnectorProvisioningConfig,
};
use aws_smithy_types::retry::RetryConfig;
use serde::Serialize;

use super::answer::{ATTEMPT_WITH_CONNECTOR, Repeatable, WholeAnswers, within};
use super::failure::{ServiceFailure, failed, unbuildable};
use super::profile;
use crate::connection_credentials::NewCredentials;
use crate::observed::RegisteredConnector;

/// AppFlow.
#[derive(Debug, Clone)]
pub struct AppFlow {
    pub(super) client: aws_sdk_appflow::Client,
}

/// A registration to make or to renew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// The label, unique in account and region.
    pub label: String,
    /// The description; none leaves it to AppFlow.
    pub description: Option<String>,
    /// The function.
    pub lambda_arn: String,
}

/// One line of the list of registered connectors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorSummary {
    /// The label.
    pub label: Option<String>,
    /// The connector's name.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its owner.
    pub owner: Option<String>,
    /// `SOURCE`, `DESTINATION`.
    pub modes: Vec<String>,
    /// When it was registered, in seconds since 1970.
    pub registered_at: Option<i64>,
}

/// A connection: settings and the place of the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The ARN of its secret.
    pub secret_arn: Option<String>,
    /// Its settings.
    pub settings: BTreeMap<String, String>,
}

impl AppFlow {
    pub(super) fn new(config: &SdkConfig) -> Self {
        let config = aws_sdk_appflow::config::Builder::from(config);
        let config = config.interceptor(WholeAnswers).retry_classifier(Repeatable).build();
        Self { client: aws_sdk_appflow::Client::from_conf(config) }
    }

    /// Reads what is registered under a label; none if nothing is.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn registration(&self, label: &str) -> Result<Option<RegisteredConnector>, ServiceFailure> {
        let request =
            self.client.describe_connector().connector_type(ConnectorType::Customconnector).connector_label(label);
        let answer = match request.send().await.map_err(failed("appflow:DescribeConnector")) {
            Ok(answer) => answer,
            Err(failure) if failure.is_not_found() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        Ok(answer.connector_configuration().map(|found| RegisteredConnector {
            arn: found.connector_arn().map(str::to_owned),
            lambda_arn: found
                .connector_provisioning_config()
                .and_then(ConnectorProvisioningConfig::lambda)
                .map(|lambda| lambda.lambda_arn().to_owned()),
            description: found.connector_description().map(str::to_owned),
            configuration: super::held::configuration(found),
        }))
    }

    /// Registers a connector. AppFlow asks the function for its configuration meanwhile.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn register(&self, new: &Registration, token: &str) -> Result<Option<String>, ServiceFailure> {
        const ACTION: &str = "appflow:RegisterConnector";
        let request = self
            .client
            .register_connector()
            .connector_label(&new.label)
            .set_description(new.description.clone())
            .connector_provisioning_type(ConnectorProvisioningType::Lambda)
            .connector_provisioning_config(provisioning(ACTION, &new.lambda_arn)?)
            .client_token(token)
            .customize()
            .config_override(alone());
        let answer = request.send().await.map_err(failed(ACTION))?;
        Ok(answer.connector_arn().map(str::to_owned))
    }

    /// Renews a registration: AppFlow asks the function again.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn update_registration(&self, new: &Registration, token: &str) -> Result<Option<String>, ServiceFailure> {
        const ACTION: &str = "appflow:UpdateConnectorRegistration";
        let request = self
            .client
            .update_connector_registration()
            .connector_label(&new.label)
            .set_description(new.description.clone())
            .connector_provisioning_config(provisioning(ACTION, &new.lambda_arn)?)
            .client_token(token)
            .customize()
            .config_override(alone());
        let answer = request.send().await.map_err(failed(ACTION))?;
        Ok(answer.connector_arn().map(str::to_owned))
    }

    /// Removes a registration.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn unregister(&self, label: &str, force: bool) -> Result<(), ServiceFailure> {
        let request = self.client.unregister_connector().connector_label(label).force_delete(force);
        // IAM spells this action with a capital R.
        request.send().await.map(drop).map_err(failed("appflow:UnRegisterConnector"))
    }

    /// Lists the registered connectors.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn connectors(&self) -> Result<Vec<ConnectorSummary>, ServiceFailure> {
        let mut connectors = Vec::new();
        let mut token = None;
        loop {
            let request = self.client.list_connectors().max_results(100).set_next_token(token);
            let answer = request.send().await.map_err(failed("appflow:ListConnectors"))?;
            connectors.extend(answer.connectors().iter().map(summary));
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(connectors);
            }
        }
    }

    /// Lists the connections of a connector.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn profiles(&self, label: &str) -> Result<Vec<Profile>, ServiceFailure> {
        let mut profiles = Vec::new();
        let mut token = None;
        loop {
            let request = self
                .client
                .describe_connector_profiles()
                .connector_type(ConnectorType::Customconnector)
                .connector_label(label)
                .max_results(100)
                .set_next_token(token);
            let answer = request.send().await.map_err(failed("appflow:DescribeConnectorProfiles"))?;
            profiles.extend(answer.connector_profile_details().iter().map(known));
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(profiles);
            }
        }
    }

    /// Makes a connection. AppFlow has the connector try it first.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn create_profile(
        &self,
        label: &str,
        name: &str,
        credentials: &NewCredentials,
        settings: &BTreeMap<String, String>,
    ) -> Result<(), ServiceFailure> {
        const ACTION: &str = "appflow:CreateConnectorProfile";
        let request = self
            .client
            .create_connector_profile()
            .connector_profile_name(name)
            .connector_type(ConnectorType::Customconnector)
            .connector_label(label)
            .connection_mode(ConnectionMode::Public)
            .connector_profile_config(profile::config(ACTION, credentials, settings)?);
        let request = request.customize().config_override(taking_connector());
        Box::pin(request.send()).await.map(drop).map_err(failed(ACTION))
    }

    /// Replaces settings and credentials of a connection.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn update_profile(
        &self,
        name: &str,
        credentials: &NewCredentials,
        settings: &BTreeMap<String, String>,
    ) -> Result<(), ServiceFailure> {
        const ACTION: &str = "appflow:UpdateConnectorProfile";
        let request = self
            .client
            .update_connector_profile()
            .connector_profile_name(name)
            .connection_mode(ConnectionMode::Public)
            .connector_profile_config(profile::config(ACTION, credentials, settings)?);
        let request = request.customize().config_override(taking_connector());
        Box::pin(request.send()).await.map(drop).map_err(failed(ACTION))
    }

    /// Deletes a connection.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn delete_profile(&self, name: &str) -> Result<(), ServiceFailure> {
        let request = self.client.delete_connector_profile().connector_profile_name(name);
        request.send().await.map(drop).map_err(failed("appflow:DeleteConnectorProfile"))
    }
}

/// One try with time for the connector: whether and how to try again is decided by what was answered.
fn alone() -> aws_sdk_appflow::config::Builder {
    taking_connector().retry_config(RetryConfig::disabled())
}

/// Time for the connector, which is asked meanwhile.
fn taking_connector() -> aws_sdk_appflow::config::Builder {
    aws_sdk_appflow::config::Builder::default().timeout_config(within(ATTEMPT_WITH_CONNECTOR))
}

fn provisioning(action: &'static str, lambda_arn: &str) -> Result<ConnectorProvisioningConfig, ServiceFailure> {
    let lambda = LambdaConnectorProvisioningConfig::builder().lambda_arn(lambda_arn).build();
    Ok(ConnectorProvisioningConfig::builder().lambda(lambda.map_err(|error| unbuildable(action, &error))?).build())
}

fn summary(found: &ConnectorDetail) -> ConnectorSummary {
    ConnectorSummary {
        label: found.connector_label().map(str::to_owned),
        name: found.connector_name().map(str::to_owned),
        version: found.connector_version().map(str::to_owned),
        owner: found.connector_owner().map(str::to_owned),
        modes: found.connector_modes().to_vec(),
        registered_at: found.registered_at().map(aws_smithy_types::DateTime::secs),
    }
}

fn known(found: &ConnectorProfile) -> Profile {
    let settings = found
        .connector_profile_properties()
        .and_then(ConnectorProfileProperties::custom_connector)
        .and_then(|properties| properties.profile_properties().cloned())
        .unwrap_or_default();
    Profile {
        name: found.connector_profile_name().unwrap_or_default().to_owned(),
        secret_arn: found.credentials_arn().map(str::to_owned),
        settings: settings.into_iter().collect(),
    }
}
