//! What a connector says of itself.

mod builder;
mod plausibility;

use serde::{Deserialize, Deserializer, Serialize};

pub use builder::ConfigurationBuilder;
pub use plausibility::{ConfigurationError, ConfigurationProblem};

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
/// It is made by a [`ConfigurationBuilder`].
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
    /// Begins the description of a connector that records are read from: API version `v1`, without authentication or
    /// settings as yet, everything else that AppFlow knows allowed.
    ///
    /// ```
    /// use appflow_sdk::protocol::{AuthenticationConfig, DescribeConnectorConfigurationResponse};
    /// let configuration = DescribeConnectorConfigurationResponse::source("Acme CRM", "Acme", "1.0.0")
    ///     .authentication(AuthenticationConfig::new().basic())
    ///     .build()?;
    /// assert_eq!(configuration.supported_api_versions, ["v1"]);
    /// # Ok::<(), appflow_sdk::protocol::ConfigurationError>(())
    /// ```
    pub fn source(
        connector_name: impl Into<String>,
        connector_owner: impl Into<String>,
        connector_version: impl Into<String>,
    ) -> ConfigurationBuilder {
        ConfigurationBuilder::new(connector_name, connector_owner, connector_version, [ConnectorMode::Source])
    }

    /// As [`source`](Self::source), for a connector that records are written to.
    pub fn destination(
        connector_name: impl Into<String>,
        connector_owner: impl Into<String>,
        connector_version: impl Into<String>,
    ) -> ConfigurationBuilder {
        ConfigurationBuilder::new(connector_name, connector_owner, connector_version, [ConnectorMode::Destination])
    }

    /// As [`source`](Self::source), for a connector that can stand at both ends of a flow.
    pub fn source_and_destination(
        connector_name: impl Into<String>,
        connector_owner: impl Into<String>,
        connector_version: impl Into<String>,
    ) -> ConfigurationBuilder {
        let modes = [ConnectorMode::Source, ConnectorMode::Destination];
        ConfigurationBuilder::new(connector_name, connector_owner, connector_version, modes)
    }

    /// Why the connector could not describe itself. The descriptive properties must be there all the same, so they
    /// are written empty.
    #[must_use]
    pub fn failure(error_details: ErrorDetails) -> Self {
        let empty = ConfigurationBuilder::new("", "", "", []).api_versions::<String>([]).build_unchecked();
        Self { is_success: false, error_details: Some(error_details), ..empty }
    }

    /// Everything that cannot be right about it; nothing for a plausible configuration.
    ///
    /// Two sets of rules, neither confirmed for the service itself: those of the official SDKs' verification tools,
    /// which say that they mirror AppFlow, and the lengths and patterns of AppFlow's public API for the values that
    /// come from a configuration, beyond which they cannot be shown or filled in. URLs may hold `{{NAME}}`, as the
    /// SDKs document, although the Java tool refuses it.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigurationProblem> {
        plausibility::problems(self)
    }

    /// The runtime settings, none being an empty slice.
    #[must_use]
    pub fn settings(&self) -> &[ConnectorRuntimeSetting] {
        self.connector_runtime_settings.as_deref().unwrap_or_default()
    }
}
