//! What comes with every metadata and data request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::auth::Credentials;
use super::entity::EntityDefinition;
use super::lenient;

/// The connection a request runs on, and who asked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConnectorContext {
    /// One of the connector's `supportedApiVersions`. Mandatory in both SDKs' classes, read leniently here.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub api_version: Option<String>,
    /// Settings of the connection, merged with those of the flow. Every value is text.
    #[serde(default, deserialize_with = "lenient::optional_text_map")]
    pub connector_runtime_settings: Option<BTreeMap<String, String>>,
    /// Where the credentials are.
    #[serde(default)]
    pub credentials: Option<Credentials>,
    /// The entity as `DescribeEntity` last answered it.
    #[serde(default)]
    pub entity_definition: Option<EntityDefinition>,
    /// The flow, for logs.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub flow_name: Option<String>,
    /// The run of the flow, for logs.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub execution_id: Option<String>,
    /// The connection, for logs.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub connector_profile_label: Option<String>,
}

impl ConnectorContext {
    /// The value of a runtime setting, unless it is absent or blank.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&str> {
        let value = self.connector_runtime_settings.as_ref()?.get(key)?.trim();
        (!value.is_empty()).then_some(value)
    }
}
