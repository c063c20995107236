//! Builds a connector's configuration and checks it before it is used.

use super::plausibility::ConfigurationError;
use super::{
    ConnectorMode, ConnectorOperator, DescribeConnectorConfigurationResponse, TriggerFrequency, TriggerType,
    WriteOperationType, all_frequencies, all_operators, all_triggers, all_writes, by_record,
};
use crate::protocol::auth::AuthenticationConfig;
use crate::protocol::settings::ConnectorRuntimeSetting;

/// A configuration in the making; [`DescribeConnectorConfigurationResponse::source`] and its siblings begin one.
///
/// ```
/// use appflow_sdk::protocol::{DescribeConnectorConfigurationResponse, WriteOperationType};
/// let error = DescribeConnectorConfigurationResponse::destination("Amazing", "AWS", "1.0.0")
///     .write_operations([])
///     .logo_url("http://acme.example/logo.png")
///     .build()
///     .unwrap_err();
/// let members: Vec<_> = error.problems().iter().map(|problem| problem.member()).collect();
/// assert_eq!(members, ["connectorOwner", "supportedWriteOperations", "logoURL"]);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ConfigurationBuilder(DescribeConnectorConfigurationResponse);

impl ConfigurationBuilder {
    pub(super) fn new(
        connector_name: impl Into<String>,
        connector_owner: impl Into<String>,
        connector_version: impl Into<String>,
        connector_modes: impl Into<Vec<ConnectorMode>>,
    ) -> Self {
        Self(DescribeConnectorConfigurationResponse {
            is_success: true,
            error_details: None,
            connector_owner: connector_owner.into(),
            connector_name: connector_name.into(),
            connector_version: connector_version.into(),
            connector_modes: connector_modes.into(),
            authentication_config: Some(AuthenticationConfig::new()),
            connector_runtime_settings: None,
            supported_api_versions: vec!["v1".to_owned()],
            operators_supported: all_operators(),
            supported_trigger_types: all_triggers(),
            trigger_frequencies_supported: all_frequencies(),
            supported_write_operations: all_writes(),
            logo_url: None,
            supported_data_transfer_types: by_record(),
        })
    }

    /// Sets the ways of authenticating. AppFlow's user can make no connection without one.
    pub fn authentication(mut self, authentication: AuthenticationConfig) -> Self {
        self.0.authentication_config = Some(authentication);
        self
    }

    /// Adds a runtime setting.
    pub fn setting(mut self, setting: ConnectorRuntimeSetting) -> Self {
        self.0.connector_runtime_settings.get_or_insert_default().push(setting);
        self
    }

    /// Sets the versions of the source system's API, of which AppFlow's user chooses one; `v1` unless said otherwise.
    pub fn api_versions<T: Into<String>>(mut self, versions: impl IntoIterator<Item = T>) -> Self {
        self.0.supported_api_versions = versions.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the ends of a flow at which the connector can stand.
    pub fn modes(mut self, modes: impl IntoIterator<Item = ConnectorMode>) -> Self {
        self.0.connector_modes = modes.into_iter().collect();
        self
    }

    /// Sets what AppFlow's tasks may do with the connector's fields; everything unless said otherwise.
    pub fn operators(mut self, operators: impl IntoIterator<Item = ConnectorOperator>) -> Self {
        self.0.operators_supported = operators.into_iter().collect();
        self
    }

    /// Sets what may start a flow; everything unless said otherwise.
    pub fn trigger_types(mut self, types: impl IntoIterator<Item = TriggerType>) -> Self {
        self.0.supported_trigger_types = types.into_iter().collect();
        self
    }

    /// Sets how often a schedule may run; everything unless said otherwise.
    pub fn trigger_frequencies(mut self, frequencies: impl IntoIterator<Item = TriggerFrequency>) -> Self {
        self.0.trigger_frequencies_supported = frequencies.into_iter().collect();
        self
    }

    /// Sets which writes a destination takes; all four unless said otherwise.
    pub fn write_operations(mut self, operations: impl IntoIterator<Item = WriteOperationType>) -> Self {
        self.0.supported_write_operations = operations.into_iter().collect();
        self
    }

    /// Sets the image to show, `https` only.
    pub fn logo_url(mut self, logo_url: impl Into<String>) -> Self {
        self.0.logo_url = Some(logo_url.into());
        self
    }

    /// The configuration, if nothing about it is implausible.
    ///
    /// # Errors
    /// [`ConfigurationError`] with every problem that
    /// [`problems`](DescribeConnectorConfigurationResponse::problems) finds.
    pub fn build(self) -> Result<DescribeConnectorConfigurationResponse, ConfigurationError> {
        ConfigurationError::of(&self.0).map_or(Ok(self.0), Err)
    }

    /// The configuration as it is. The rules of [`build`](Self::build) are not confirmed for the service; this is the
    /// way around one that turns out to be too strict.
    #[must_use]
    pub fn build_unchecked(self) -> DescribeConnectorConfigurationResponse {
        self.0
    }
}
