//! The messages that AppFlow and a custom connector exchange, exactly as they travel.
//!
//! AppFlow invokes the connector's Lambda function with one JSON object whose `type` names one of eight operations;
//! the function returns one JSON object that carries no `type` and is read in the light of the request. Property
//! names, enum spellings and null rules follow the two official SDKs (Java 1.0.9, Python 1.0.5); where they disagree
//! this module accepts both and writes what the Java SDK writes.
//!
//! | operation | request | response |
//! |---|---|---|
//! | what the connector is | [`DescribeConnectorConfigurationRequest`] | [`DescribeConnectorConfigurationResponse`] |
//! | are these settings right | [`ValidateConnectorRuntimeSettingsRequest`] | [`ValidateConnectorRuntimeSettingsResponse`] |
//! | are these credentials right | [`ValidateCredentialsRequest`] | [`ValidateCredentialsResponse`] |
//! | which entities | [`ListEntitiesRequest`] | [`ListEntitiesResponse`] |
//! | which fields | [`DescribeEntityRequest`] | [`DescribeEntityResponse`] |
//! | records by filter | [`QueryDataRequest`] | [`QueryDataResponse`] |
//! | records by id | [`RetrieveDataRequest`] | [`RetrieveDataResponse`] |
//! | take these records | [`WriteDataRequest`] | [`WriteDataResponse`] |
//!
//! Nothing in here awaits, opens a connection or reads the environment.

mod auth;
mod configuration;
mod context;
mod decimal;
mod decode;
mod entity;
mod failure;
mod field;
mod lenient;
mod record;
mod request;
mod response;
mod settings;
mod wire_enum;

pub use auth::{
    AuthParameter, AuthenticationConfig, AuthenticationType, Credentials, CustomAuthConfig, OAuth2ContentType,
    OAuth2CustomParameter, OAuth2CustomPropertyType, OAuth2Defaults, OAuth2GrantType, OAuth2MethodType,
};
pub use configuration::{
    ConfigurationBuilder, ConfigurationError, ConfigurationProblem, ConnectorMode, ConnectorOperator, DataTransferType,
    DescribeConnectorConfigurationResponse, TriggerFrequency, TriggerType, WriteOperationType,
};
pub use context::ConnectorContext;
pub use decimal::{Decimal, NotANumber};
pub use decode::{DecodeError, DecodeErrorKind};
pub use entity::{CacheControl, Entity, EntityDefinition, TimeUnit};
pub use failure::{ERROR_MESSAGE_LIMIT, ErrorCode, ErrorDetails};
pub use field::{
    FieldConstraints, FieldDataType, FieldDefinition, RangeConstraint, ReadOperationProperty, WriteOperationProperty,
};
pub use record::{
    FieldValue, NotARecord, Record, RecordBuilder, RecordErrors, RecordRule, RecordValidator, RecordViolation,
    UnreadableRecord,
};
pub use request::{
    DescribeConnectorConfigurationRequest, DescribeEntityRequest, ListEntitiesRequest, QueryDataRequest, Request,
    RetrieveDataRequest, ValidateConnectorRuntimeSettingsRequest, ValidateCredentialsRequest, WriteDataRequest,
};
pub use response::{
    DescribeEntityResponse, ListEntitiesResponse, QueryDataResponse, Response, RetrieveDataResponse,
    ValidateConnectorRuntimeSettingsResponse, ValidateCredentialsResponse, WriteDataResponse, WriteRecordResult,
};
pub use settings::{ConnectorRuntimeSetting, RuntimeSettingScope, RuntimeSettingType};

use std::fmt;

/// Page size of the two paged requests when they name none, in entities or records.
///
/// Source: both official SDKs (`Constants.java`, `requests.py`).
pub const DEFAULT_MAX_RESULTS: i64 = 1000;

/// Largest answer that Lambda returns from a synchronous invocation, in bytes (6 MB of 1024 KB).
///
/// Source: AWS Lambda quotas, "Invocation payload".
pub const RESPONSE_LIMIT_BYTES: usize = 6 * 1024 * 1024;

/// Time AppFlow gives the describe, list and validate operations, in seconds.
///
/// Source: README of the official Java SDK, "SDK Restrictions".
pub const METADATA_TIMEOUT_SECONDS: u64 = 10;

/// Time AppFlow gives `QueryData` and `WriteData`, in seconds. `RetrieveData` is not documented and is taken alike.
///
/// Source: README of the official Java SDK, "SDK Restrictions".
pub const DATA_TIMEOUT_SECONDS: u64 = 30;

/// The eight operations of a custom connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// What the connector is and can do.
    DescribeConnectorConfiguration,
    /// Whether the values a user gave for the runtime settings are right.
    ValidateConnectorRuntimeSettings,
    /// Whether the credentials of a connection work.
    ValidateCredentials,
    /// Which entities there are.
    ListEntities,
    /// Which fields an entity has.
    DescribeEntity,
    /// Records of an entity that match a filter, page by page.
    QueryData,
    /// Records of an entity with given ids.
    RetrieveData,
    /// A batch of records to insert, update, upsert or delete.
    WriteData,
}

impl Operation {
    /// All eight, in the order in which AppFlow first uses them.
    pub const ALL: [Self; 8] = [
        Self::DescribeConnectorConfiguration,
        Self::ValidateConnectorRuntimeSettings,
        Self::ValidateCredentials,
        Self::ListEntities,
        Self::DescribeEntity,
        Self::QueryData,
        Self::RetrieveData,
        Self::WriteData,
    ];

    /// The operation's name as AppFlow spells it, without the `Request` suffix.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DescribeConnectorConfiguration => "DescribeConnectorConfiguration",
            Self::ValidateConnectorRuntimeSettings => "ValidateConnectorRuntimeSettings",
            Self::ValidateCredentials => "ValidateCredentials",
            Self::ListEntities => "ListEntities",
            Self::DescribeEntity => "DescribeEntity",
            Self::QueryData => "QueryData",
            Self::RetrieveData => "RetrieveData",
            Self::WriteData => "WriteData",
        }
    }

    /// The value of the request's `type` property.
    ///
    /// ```
    /// use appflow_sdk::protocol::Operation;
    /// assert_eq!(Operation::QueryData.wire_name(), "QueryDataRequest");
    /// ```
    #[must_use]
    pub const fn wire_name(self) -> &'static str {
        match self {
            Self::DescribeConnectorConfiguration => "DescribeConnectorConfigurationRequest",
            Self::ValidateConnectorRuntimeSettings => "ValidateConnectorRuntimeSettingsRequest",
            Self::ValidateCredentials => "ValidateCredentialsRequest",
            Self::ListEntities => "ListEntitiesRequest",
            Self::DescribeEntity => "DescribeEntityRequest",
            Self::QueryData => "QueryDataRequest",
            Self::RetrieveData => "RetrieveDataRequest",
            Self::WriteData => "WriteDataRequest",
        }
    }

    /// The operation that a `type` value names. Case matters, as it does in both official SDKs.
    #[must_use]
    pub fn from_wire_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.wire_name() == name)
    }

    /// How long AppFlow waits for the answer, in seconds.
    #[must_use]
    pub const fn timeout_seconds(self) -> u64 {
        match self {
            Self::QueryData | Self::RetrieveData | Self::WriteData => DATA_TIMEOUT_SECONDS,
            Self::DescribeConnectorConfiguration
            | Self::ValidateConnectorRuntimeSettings
            | Self::ValidateCredentials
            | Self::ListEntities
            | Self::DescribeEntity => METADATA_TIMEOUT_SECONDS,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
