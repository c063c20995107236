//! What AWS does not document, each choice in one place.

use std::time::Duration;

/// Choices that AWS does not document. The defaults are assumptions; the alternatives are there to find out whether a
/// program leans on them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Behaviour {
    /// What `RegisterConnector` answers when the function's resource policy does not let `AppFlow` in. AWS does not
    /// document this. Default: [`MissingPermission::AccessDenied`].
    pub missing_permission: MissingPermission,
    /// Whether registration refuses a configuration that breaks the rules which the official SDKs' verification tools
    /// check, or the lengths and patterns of the public API. AWS does not document which of them the service enforces.
    /// Default: yes.
    pub check_configuration: bool,
    /// Whether a profile is refused when it lacks a setting that the connector requires. AWS does not document this.
    /// Default: yes.
    pub require_profile_settings: bool,
    /// Whether a profile is refused when it has a setting that the connector does not declare for profiles. AWS does
    /// not document this. Default: yes.
    pub refuse_undeclared_settings: bool,
    /// Whether credentials must be of a kind that the connector offers, with every parameter that it requires. AWS
    /// does not document this. Default: yes.
    pub check_authentication: bool,
    /// What the connector is asked first when a profile is made. The official READMEs tell an order for the console;
    /// AWS does not document one for the API. Default: [`ProfileChecks::CredentialsFirst`].
    pub profile_checks: ProfileChecks,
    /// Whether an `apiVersion` that the connector does not list is refused. AWS does not document this. Default: no,
    /// it is passed on.
    pub check_api_version: bool,
    /// How the custom connector's type is spelled in answers. Default: [`ConnectorTypeSpelling::Model`].
    pub connector_type_spelling: ConnectorTypeSpelling,
    /// What a field's `fieldType` shows. AWS does not document this. Default: [`FieldTypeSource::DataType`].
    pub field_type: FieldTypeSource,
    /// Whether the secret of an OAuth2 profile also holds `clientId` and `clientSecret`. The official SDK documents
    /// the two tokens alone. Default: no.
    pub oauth2_client_in_secret: bool,
    /// How long a `clientToken` is remembered. The service's model says about eight hours for flows; that it is the
    /// same for connectors and profiles is assumed.
    pub token_memory: Duration,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            missing_permission: MissingPermission::AccessDenied,
            check_configuration: true,
            require_profile_settings: true,
            refuse_undeclared_settings: true,
            check_authentication: true,
            profile_checks: ProfileChecks::CredentialsFirst,
            check_api_version: false,
            connector_type_spelling: ConnectorTypeSpelling::Model,
            field_type: FieldTypeSource::DataType,
            oauth2_client_in_secret: false,
            token_memory: Duration::from_hours(8),
        }
    }
}

/// The error for a function that does not let `AppFlow` in, at registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingPermission {
    /// `AccessDeniedException`, 403.
    AccessDenied,
    /// `ConnectorServerException`, 400.
    ConnectorServer,
}

/// The order of the two questions that make sure a profile works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProfileChecks {
    /// `ValidateCredentials`, then `ValidateConnectorRuntimeSettings`.
    CredentialsFirst,
    /// `ValidateConnectorRuntimeSettings`, then `ValidateCredentials`.
    SettingsFirst,
}

/// The spelling of the custom connector's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectorTypeSpelling {
    /// `CustomConnector`, as the service's model has it.
    Model,
    /// `CUSTOMCONNECTOR`, as the service answered in December 2021.
    Upper,
}

impl ConnectorTypeSpelling {
    /// The spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "CustomConnector",
            Self::Upper => "CUSTOMCONNECTOR",
        }
    }
}

/// Where a field's public type comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldTypeSource {
    /// The connector's `dataType`.
    DataType,
    /// The connector's `dataTypeLabel`.
    DataTypeLabel,
}
