//! What a connector says of itself.

use serde::{Deserialize, Deserializer, Serialize};

use super::auth::AuthenticationConfig;
use super::failure::ErrorDetails;
use super::lenient;
use super::settings::ConnectorRuntimeSetting;
use super::wire_enum::wire_enum;

wire_enum! {
    /// At which end of a flow the connector can stand.
    ConnectorMode {
        /// Records are read from it.
        Source = "SOURCE",
        /// Records are written to it.
        Destination = "DESTINATION",
    }
}

wire_enum! {
    /// What AppFlow's tasks may do with the connector's fields.
    ConnectorOperator {
        /// Choose fields.
        Projection = "PROJECTION",
        /// `<`
        LessThan = "LESS_THAN",
        /// `>`
        GreaterThan = "GREATER_THAN",
        /// Between two bounds.
        Between = "BETWEEN",
        /// `<=`
        LessThanOrEqualTo = "LESS_THAN_OR_EQUAL_TO",
        /// `>=`
        GreaterThanOrEqualTo = "GREATER_THAN_OR_EQUAL_TO",
        /// `=`
        EqualTo = "EQUAL_TO",
        /// Text within text, element within list.
        Contains = "CONTAINS",
        /// `!=`
        NotEqualTo = "NOT_EQUAL_TO",
        /// `+`
        Addition = "ADDITION",
        /// `-`
        Subtraction = "SUBTRACTION",
        /// `*`
        Multiplication = "MULTIPLICATION",
        /// `/`
        Division = "DIVISION",
        /// Hide a value.
        MaskAll = "MASK_ALL",
        /// Hide its beginning.
        MaskFirstN = "MASK_FIRST_N",
        /// Hide its end.
        MaskLastN = "MASK_LAST_N",
        /// Refuse null.
        ValidateNonNull = "VALIDATE_NON_NULL",
        /// Refuse zero.
        ValidateNonZero = "VALIDATE_NON_ZERO",
        /// Refuse negative numbers.
        ValidateNonNegative = "VALIDATE_NON_NEGATIVE",
        /// Refuse what is not a number.
        ValidateNumeric = "VALIDATE_NUMERIC",
        /// Map a field as it is.
        NoOp = "NO_OP",
    }
}

wire_enum! {
    /// What may start a flow. The public API spells these `Scheduled` and `OnDemand`.
    TriggerType {
        /// A schedule.
        Scheduled = "SCHEDULED",
        /// A person or a program.
        OnDemand = "ONDEMAND",
    }
}

wire_enum! {
    /// How often a schedule may run.
    TriggerFrequency {
        /// Every few minutes.
        ByMinute = "BYMINUTE",
        /// Every few hours.
        Hourly = "HOURLY",
        /// Every few days.
        Daily = "DAILY",
        /// Every few weeks.
        Weekly = "WEEKLY",
        /// Every few months.
        Monthly = "MONTHLY",
        /// Once.
        Once = "ONCE",
    }
}

wire_enum! {
    /// What a write does with its records.
    WriteOperationType {
        /// Add new records.
        Insert = "INSERT",
        /// Change existing records.
        Update = "UPDATE",
        /// Change, or add where there is none.
        Upsert = "UPSERT",
        /// Remove records.
        Delete = "DELETE",
    }
}

wire_enum! {
    /// In which form data is handed over.
    DataTransferType {
        /// Record by record.
        Record = "RECORD",
        /// Whole files.
        File = "FILE",
    }
}

/// What the connector is and can do: the answer to `DescribeConnectorConfiguration`.
///
/// AppFlow stores it at registration. Every property is written, unset ones as null; the five lists that must never
/// be null are plain vectors.
///
/// ```
/// use appflow_sdk::protocol::{AuthenticationConfig, DescribeConnectorConfigurationResponse};
/// let configuration = DescribeConnectorConfigurationResponse::source("Acme CRM", "Acme", "1.0.0")
///     .authentication(AuthenticationConfig::new().none());
/// assert_eq!(configuration.supported_api_versions, ["v1"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DescribeConnectorConfigurationResponse {
    #[serde(deserialize_with = "lenient::boolean")]
    pub(super) is_success: bool,
    #[serde(default)]
    pub(super) error_details: Option<ErrorDetails>,
    /// Who made the connector; must not begin with `aws`, `amazon` or `appflow`. At most 256 characters.
    #[serde(deserialize_with = "lenient::text")]
    pub connector_owner: String,
    /// The connector's name; must not begin with `aws`, `amazon` or `appflow`. At most 256 characters.
    #[serde(deserialize_with = "lenient::text")]
    pub connector_name: String,
    /// The connector's own version: no white space.
    #[serde(deserialize_with = "lenient::text")]
    pub connector_version: String,
    /// The ends of a flow it can stand at; at least one.
    #[serde(default, deserialize_with = "lenient::null_default")]
    pub connector_modes: Vec<ConnectorMode>,
    /// The ways of authenticating. The Python SDK's tools fail on null, so one is always written.
    #[serde(default)]
    pub authentication_config: Option<AuthenticationConfig>,
    /// What it asks of its users. The wire name is singular.
    #[serde(rename = "connectorRuntimeSetting", default)]
    pub connector_runtime_settings: Option<Vec<ConnectorRuntimeSetting>>,
    /// The versions of the source system's API; one comes back in each request's context. At least one.
    #[serde(default, deserialize_with = "lenient::text_list")]
    pub supported_api_versions: Vec<String>,
    /// What AppFlow's tasks may do with its fields. Absent means all.
    #[serde(default = "all_operators", deserialize_with = "operators")]
    pub operators_supported: Vec<ConnectorOperator>,
    /// What may start a flow. Absent means all.
    #[serde(default = "all_triggers", deserialize_with = "triggers")]
    pub supported_trigger_types: Vec<TriggerType>,
    /// How often a schedule may run. Absent means all.
    #[serde(default = "all_frequencies", deserialize_with = "frequencies")]
    pub trigger_frequencies_supported: Vec<TriggerFrequency>,
    /// Which writes a destination takes. Absent means all.
    #[serde(default = "all_writes", deserialize_with = "writes")]
    pub supported_write_operations: Vec<WriteOperationType>,
    /// An image to show, `https` only.
    #[serde(rename = "logoURL", default, deserialize_with = "lenient::optional_text")]
    pub logo_url: Option<String>,
    /// In which form data is handed over.
    #[serde(default = "by_record")]
    pub supported_data_transfer_types: Option<Vec<DataTransferType>>,
}

fn all_operators() -> Vec<ConnectorOperator> {
    ConnectorOperator::ALL.to_vec()
}

fn all_triggers() -> Vec<TriggerType> {
    TriggerType::ALL.to_vec()
}

fn all_frequencies() -> Vec<TriggerFrequency> {
    TriggerFrequency::ALL.to_vec()
}

fn all_writes() -> Vec<WriteOperationType> {
    WriteOperationType::ALL.to_vec()
}

#[expect(clippy::unnecessary_wraps, reason = "serde's default must return the field's type, which may be null")]
fn by_record() -> Option<Vec<DataTransferType>> {
    Some(vec![DataTransferType::Record])
}

fn operators<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ConnectorOperator>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(all_operators))
}

fn triggers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<TriggerType>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(all_triggers))
}

fn frequencies<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<TriggerFrequency>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(all_frequencies))
}

fn writes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<WriteOperationType>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(all_writes))
}

impl DescribeConnectorConfigurationResponse {
    /// A connector that records are read from, API version `v1`, without authentication or settings as yet.
    #[must_use]
    pub fn source(
        connector_name: impl Into<String>,
        connector_owner: impl Into<String>,
        connector_version: impl Into<String>,
    ) -> Self {
        Self {
            is_success: true,
            error_details: None,
            connector_owner: connector_owner.into(),
            connector_name: connector_name.into(),
            connector_version: connector_version.into(),
            connector_modes: vec![ConnectorMode::Source],
            authentication_config: Some(AuthenticationConfig::new()),
            connector_runtime_settings: None,
            supported_api_versions: vec!["v1".to_owned()],
            operators_supported: all_operators(),
            supported_trigger_types: all_triggers(),
            trigger_frequencies_supported: all_frequencies(),
            supported_write_operations: all_writes(),
            logo_url: None,
            supported_data_transfer_types: by_record(),
        }
    }

    /// Why the connector could not describe itself. The descriptive properties must be there all the same, so they
    /// are written empty.
    #[must_use]
    pub fn failure(error_details: ErrorDetails) -> Self {
        Self {
            is_success: false,
            error_details: Some(error_details),
            connector_modes: Vec::new(),
            supported_api_versions: Vec::new(),
            ..Self::source("", "", "")
        }
    }

    /// Sets the ways of authenticating.
    #[must_use]
    pub fn authentication(mut self, authentication: AuthenticationConfig) -> Self {
        self.authentication_config = Some(authentication);
        self
    }

    /// Adds a runtime setting.
    #[must_use]
    pub fn setting(mut self, setting: ConnectorRuntimeSetting) -> Self {
        self.connector_runtime_settings.get_or_insert_default().push(setting);
        self
    }

    /// The runtime settings, none being an empty slice.
    #[must_use]
    pub fn settings(&self) -> &[ConnectorRuntimeSetting] {
        self.connector_runtime_settings.as_deref().unwrap_or_default()
    }

    /// Sets the versions of the source system's API.
    #[must_use]
    pub fn api_versions<T: Into<String>>(mut self, versions: impl IntoIterator<Item = T>) -> Self {
        self.supported_api_versions = versions.into_iter().map(Into::into).collect();
        self
    }
}
