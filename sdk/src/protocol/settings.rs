//! Runtime settings: what a connector asks of its users beside credentials.

use serde::{Deserialize, Serialize};

use super::lenient;
use super::wire_enum::wire_enum;

wire_enum! {
    /// Where a setting is asked for.
    RuntimeSettingScope {
        /// On the connection: applies to every flow that uses it.
        ConnectorProfile = "CONNECTOR_PROFILE",
        /// On a flow whose source this connector is.
        Source = "SOURCE",
        /// On a flow whose destination this connector is.
        Destination = "DESTINATION",
        /// On every flow, whichever end this connector is.
        SourceAndDestination = "SOURCE_AND_DESTINATION",
    }
}

wire_enum! {
    /// What kind of value a setting takes. The value itself always travels as text.
    RuntimeSettingType {
        /// Any text.
        String = "String",
        /// A calendar date.
        Date = "Date",
        /// An instant.
        DateTime = "DateTime",
        /// An integer of 64 bits.
        Long = "Long",
        /// An integer of 32 bits.
        Integer = "Integer",
        /// `true` or `false`.
        Boolean = "Boolean",
        /// A URL. Added to the Java SDK in May 2023; the Python SDK does not have it.
        Url = "Url",
    }
}

/// One runtime setting that a connector declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConnectorRuntimeSetting {
    /// Its name in `connectorRuntimeSettings`. At most 128 word characters for a connection's settings.
    #[serde(deserialize_with = "lenient::text")]
    pub key: String,
    /// The kind of value.
    pub data_type: RuntimeSettingType,
    /// Whether AppFlow's user must give it.
    #[serde(default, deserialize_with = "lenient::boolean")]
    pub required: bool,
    /// Shown above the input field.
    #[serde(deserialize_with = "lenient::text")]
    pub label: String,
    /// Shown beside the input field.
    #[serde(deserialize_with = "lenient::text")]
    pub description: String,
    /// Where it is asked for.
    pub scope: RuntimeSettingScope,
    /// The values to choose from, when the choice is closed.
    #[serde(default, deserialize_with = "lenient::optional_text_list")]
    pub connector_supplied_value_options: Option<Vec<String>>,
}

impl ConnectorRuntimeSetting {
    /// An optional setting; [`required`](Self::required) makes it mandatory.
    #[must_use]
    pub fn new(
        key: impl Into<String>,
        data_type: RuntimeSettingType,
        scope: RuntimeSettingScope,
        label: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            data_type,
            required: false,
            label: label.into(),
            description: description.into(),
            scope,
            connector_supplied_value_options: None,
        }
    }

    /// Makes the setting mandatory.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Offers a closed choice of values.
    #[must_use]
    pub fn options<T: Into<String>>(mut self, options: impl IntoIterator<Item = T>) -> Self {
        self.connector_supplied_value_options = Some(options.into_iter().map(Into::into).collect());
        self
    }

    /// Whether the setting is asked for where `scope` is validated: `SOURCE_AND_DESTINATION` belongs to both ends.
    #[must_use]
    pub fn applies_to(&self, scope: &RuntimeSettingScope) -> bool {
        use RuntimeSettingScope::{Destination, Source, SourceAndDestination};
        match (&self.scope, scope) {
            (SourceAndDestination, Source | Destination) | (Source | Destination, SourceAndDestination) => true,
            (declared, asked) => declared == asked,
        }
    }
}
