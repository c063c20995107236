//! The eight requests.

use std::collections::BTreeMap;

use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::auth::{AuthenticationType, Credentials};
use super::configuration::WriteOperationType;
use super::context::ConnectorContext;
use super::record::{NotARecord, Record};
use super::settings::RuntimeSettingScope;
use super::{DEFAULT_MAX_RESULTS, Operation, lenient};

/// One request, told apart by its `type`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// What the connector is and can do.
    DescribeConnectorConfiguration(DescribeConnectorConfigurationRequest),
    /// Whether the values a user gave for the runtime settings are right.
    ValidateConnectorRuntimeSettings(ValidateConnectorRuntimeSettingsRequest),
    /// Whether the credentials of a connection work.
    ValidateCredentials(ValidateCredentialsRequest),
    /// Which entities there are.
    ListEntities(ListEntitiesRequest),
    /// Which fields an entity has.
    DescribeEntity(DescribeEntityRequest),
    /// Records of an entity that match a filter, page by page.
    QueryData(QueryDataRequest),
    /// Records of an entity with given ids.
    RetrieveData(RetrieveDataRequest),
    /// A batch of records to write.
    WriteData(WriteDataRequest),
}

impl Request {
    /// Which of the eight it is.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::DescribeConnectorConfiguration(_) => Operation::DescribeConnectorConfiguration,
            Self::ValidateConnectorRuntimeSettings(_) => Operation::ValidateConnectorRuntimeSettings,
            Self::ValidateCredentials(_) => Operation::ValidateCredentials,
            Self::ListEntities(_) => Operation::ListEntities,
            Self::DescribeEntity(_) => Operation::DescribeEntity,
            Self::QueryData(_) => Operation::QueryData,
            Self::RetrieveData(_) => Operation::RetrieveData,
            Self::WriteData(_) => Operation::WriteData,
        }
    }

    /// The entity it is about, if it is about one.
    #[must_use]
    pub fn entity_identifier(&self) -> Option<&str> {
        match self {
            Self::DescribeEntity(request) => Some(&request.entity_identifier),
            Self::QueryData(request) => Some(&request.entity_identifier),
            Self::RetrieveData(request) => Some(&request.entity_identifier),
            Self::WriteData(request) => Some(&request.entity_identifier),
            Self::DescribeConnectorConfiguration(_)
            | Self::ValidateConnectorRuntimeSettings(_)
            | Self::ValidateCredentials(_)
            | Self::ListEntities(_) => None,
        }
    }

    /// Where the credentials of its connection are, if it names a secret.
    #[must_use]
    pub fn secret_arn(&self) -> Option<&str> {
        let credentials = match self {
            Self::ValidateCredentials(request) => Some(&request.credentials),
            _ => self.connector_context()?.credentials.as_ref(),
        };
        credentials?.secret_arn.as_deref()
    }

    /// The connection it runs on, if it carries one.
    #[must_use]
    pub fn connector_context(&self) -> Option<&ConnectorContext> {
        match self {
            Self::ListEntities(request) => Some(&request.connector_context),
            Self::DescribeEntity(request) => Some(&request.connector_context),
            Self::QueryData(request) => Some(&request.connector_context),
            Self::RetrieveData(request) => Some(&request.connector_context),
            Self::WriteData(request) => Some(&request.connector_context),
            Self::DescribeConnectorConfiguration(_)
            | Self::ValidateConnectorRuntimeSettings(_)
            | Self::ValidateCredentials(_) => None,
        }
    }
}

/// `{"type":"DescribeConnectorConfigurationRequest","locale":"en-US","connectorLabel":"acme"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DescribeConnectorConfigurationRequest {
    /// The language of labels and descriptions.
    #[serde(default = "us_english", deserialize_with = "locale")]
    pub locale: String,
    /// The label the connector is registered under, for logs.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub connector_label: Option<String>,
}

fn us_english() -> String {
    "en-US".to_owned()
}

fn locale<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(lenient::optional_text(deserializer)?.unwrap_or_else(us_english))
}

impl Default for DescribeConnectorConfigurationRequest {
    fn default() -> Self {
        Self { locale: us_english(), connector_label: None }
    }
}

/// `{"type":"ValidateConnectorRuntimeSettingsRequest","scope":"CONNECTOR_PROFILE","connectorRuntimeSettings":{"baseUrl":"https://…"}}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ValidateConnectorRuntimeSettingsRequest {
    /// Which group of settings is validated.
    pub scope: RuntimeSettingScope,
    /// What the user gave. Every value is text.
    #[serde(default, deserialize_with = "lenient::text_map")]
    pub connector_runtime_settings: BTreeMap<String, String>,
    /// The chosen kind of authentication.
    #[serde(default)]
    pub authentication_type: Option<AuthenticationType>,
}

impl ValidateConnectorRuntimeSettingsRequest {
    /// Asks about these values.
    #[must_use]
    pub fn new(scope: RuntimeSettingScope, connector_runtime_settings: BTreeMap<String, String>) -> Self {
        Self { scope, connector_runtime_settings, authentication_type: None }
    }
}

/// `{"type":"ValidateCredentialsRequest","credentials":{"secretArn":"arn:…","authenticationType":"BasicAuth"},"connectorRuntimeSettings":{}}`
///
/// There is no context: what would be in it stands at the top level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ValidateCredentialsRequest {
    /// The secret to test.
    pub credentials: Credentials,
    /// The connection's settings.
    #[serde(default, deserialize_with = "lenient::optional_text_map")]
    pub connector_runtime_settings: Option<BTreeMap<String, String>>,
}

impl ValidateCredentialsRequest {
    /// Asks about these credentials.
    #[must_use]
    pub fn new(credentials: Credentials, connector_runtime_settings: Option<BTreeMap<String, String>>) -> Self {
        Self { credentials, connector_runtime_settings }
    }

    /// The pieces as the context that other requests carry, so that one piece of code can open the connection.
    #[must_use]
    pub fn connector_context(&self) -> ConnectorContext {
        ConnectorContext {
            connector_runtime_settings: self.connector_runtime_settings.clone(),
            credentials: Some(self.credentials.clone()),
            ..ConnectorContext::default()
        }
    }
}

/// `{"type":"ListEntitiesRequest","connectorContext":{…},"entitiesPath":null,"maxResult":1000,"nextToken":null}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListEntitiesRequest {
    /// The connection.
    pub connector_context: ConnectorContext,
    /// The parent whose children are asked for; none means the roots.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub entities_path: Option<String>,
    /// How many entities at most. Singular here, plural in `QueryData`.
    #[serde(default = "default_max_results", deserialize_with = "max_results")]
    pub max_result: i64,
    /// Where the last page ended.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub next_token: Option<String>,
}

impl ListEntitiesRequest {
    /// Asks for the first page of the roots.
    #[must_use]
    pub fn new(connector_context: ConnectorContext) -> Self {
        Self { connector_context, entities_path: None, max_result: DEFAULT_MAX_RESULTS, next_token: None }
    }
}

fn default_max_results() -> i64 {
    DEFAULT_MAX_RESULTS
}

fn max_results<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(lenient::optional_integer(deserializer)?.unwrap_or(DEFAULT_MAX_RESULTS))
}

/// `{"type":"DescribeEntityRequest","entityIdentifier":"orders","connectorContext":{…}}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DescribeEntityRequest {
    /// The entity.
    #[serde(deserialize_with = "lenient::text")]
    pub entity_identifier: String,
    /// The connection.
    pub connector_context: ConnectorContext,
}

impl DescribeEntityRequest {
    /// Asks about one entity.
    #[must_use]
    pub fn new(entity_identifier: impl Into<String>, connector_context: ConnectorContext) -> Self {
        Self { entity_identifier: entity_identifier.into(), connector_context }
    }
}

/// `{"type":"QueryDataRequest","entityIdentifier":"orders","connectorContext":{…},"selectedFieldNames":["id"],"filterExpression":"id > 5","maxResults":1000,"nextToken":null}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct QueryDataRequest {
    /// The entity.
    #[serde(deserialize_with = "lenient::text")]
    pub entity_identifier: String,
    /// The connection; its entity definition gives the filter its types.
    pub connector_context: ConnectorContext,
    /// The fields to return; none means all.
    #[serde(default, deserialize_with = "lenient::optional_text_list")]
    pub selected_field_names: Option<Vec<String>>,
    /// The filter, in AppFlow's language; none or blank means every record.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub filter_expression: Option<String>,
    /// How many records at most. Plural here, singular in `ListEntities`.
    #[serde(default = "default_max_results", deserialize_with = "max_results")]
    pub max_results: i64,
    /// Where the last page ended.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub next_token: Option<String>,
}

impl QueryDataRequest {
    /// Asks for the first page of every field and record.
    #[must_use]
    pub fn new(entity_identifier: impl Into<String>, connector_context: ConnectorContext) -> Self {
        Self {
            entity_identifier: entity_identifier.into(),
            connector_context,
            selected_field_names: None,
            filter_expression: None,
            max_results: DEFAULT_MAX_RESULTS,
            next_token: None,
        }
    }
}

/// `{"type":"RetrieveDataRequest","entityIdentifier":"orders","connectorContext":{…},"selectedFieldNames":null,"idFieldName":"id","ids":["1","2"]}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RetrieveDataRequest {
    /// The entity.
    #[serde(deserialize_with = "lenient::text")]
    pub entity_identifier: String,
    /// The connection.
    pub connector_context: ConnectorContext,
    /// The fields to return; none means all.
    #[serde(default, deserialize_with = "lenient::optional_text_list")]
    pub selected_field_names: Option<Vec<String>>,
    /// The field whose values are given: the primary key or any other.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub id_field_name: Option<String>,
    /// The values.
    #[serde(default, deserialize_with = "lenient::optional_text_list")]
    pub ids: Option<Vec<String>>,
}

impl RetrieveDataRequest {
    /// Asks for the records whose field has one of these values.
    #[must_use]
    pub fn new(
        entity_identifier: impl Into<String>,
        connector_context: ConnectorContext,
        id_field_name: impl Into<String>,
        ids: Vec<String>,
    ) -> Self {
        Self {
            entity_identifier: entity_identifier.into(),
            connector_context,
            selected_field_names: None,
            id_field_name: Some(id_field_name.into()),
            ids: Some(ids),
        }
    }
}

/// `{"type":"WriteDataRequest","entityIdentifier":"orders","connectorContext":{…},"operation":"UPSERT","idFieldNames":["id"],"records":["{\"id\":1}"],"allOrNone":false}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WriteDataRequest {
    /// The entity.
    #[serde(deserialize_with = "lenient::text")]
    pub entity_identifier: String,
    /// The connection.
    pub connector_context: ConnectorContext,
    /// What to do. Mandatory in the Java SDK, optional in the Python SDK.
    #[serde(default)]
    pub operation: Option<WriteOperationType>,
    /// The fields that identify a record, for update, upsert and delete.
    #[serde(default, deserialize_with = "lenient::optional_text_list")]
    pub id_field_names: Option<Vec<String>>,
    /// The records, each as text that should be a JSON object; null counts as none.
    ///
    /// Both official readers take any text here. One that is no record fails alone: see
    /// [`parsed_records`](Self::parsed_records).
    #[serde(default, deserialize_with = "lenient::text_list")]
    pub records: Vec<String>,
    /// Whether nothing may be written when one record fails.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub all_or_none: Option<bool>,
}

impl WriteDataRequest {
    /// Asks to write these records.
    #[must_use]
    pub fn new(
        entity_identifier: impl Into<String>,
        connector_context: ConnectorContext,
        operation: WriteOperationType,
        records: Vec<Record>,
    ) -> Self {
        Self {
            entity_identifier: entity_identifier.into(),
            connector_context,
            operation: Some(operation),
            id_field_names: None,
            records: records.into_iter().map(Into::into).collect(),
            all_or_none: None,
        }
    }

    /// The records in order, each read or with the reason why it is none.
    ///
    /// ```
    /// use appflow_sdk::protocol::{WriteDataRequest, WriteDataResponse, WriteRecordResult};
    /// let request: WriteDataRequest = serde_json::from_str(
    ///     r#"{"entityIdentifier":"orders","connectorContext":{},"operation":"INSERT","records":["{\"id\":1}","id=2"]}"#,
    /// )?;
    /// let results = request.parsed_records().map(|record| match record {
    ///     Ok(_) => WriteRecordResult::written("1"),
    ///     Err(error) => WriteRecordResult::failed("", error.to_string()),
    /// });
    /// let response = WriteDataResponse::new(results.collect());
    /// assert!(response.outcome().unwrap_err().error_message.contains("1 of 2 records failed"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn parsed_records(&self) -> impl Iterator<Item = Result<Record, NotARecord>> {
        self.records.iter().map(|text| Record::parse(text))
    }
}

impl Serialize for Request {
    /// Writes the request as AppFlow sends it, with `type` before its own properties.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let body = match self {
            Self::DescribeConnectorConfiguration(request) => serde_json::to_string(request),
            Self::ValidateConnectorRuntimeSettings(request) => serde_json::to_string(request),
            Self::ValidateCredentials(request) => serde_json::to_string(request),
            Self::ListEntities(request) => serde_json::to_string(request),
            Self::DescribeEntity(request) => serde_json::to_string(request),
            Self::QueryData(request) => serde_json::to_string(request),
            Self::RetrieveData(request) => serde_json::to_string(request),
            Self::WriteData(request) => serde_json::to_string(request),
        }
        .map_err(S::Error::custom)?;
        // Spliced as text, because going through a tree would round the decimals. No request is an empty object.
        let members = body.strip_prefix('{').unwrap_or(&body);
        let text = format!("{{\"type\":\"{}\",{members}", self.operation().wire_name());
        RawValue::from_string(text).map_err(S::Error::custom)?.serialize(serializer)
    }
}

macro_rules! from_request {
    ($($variant:ident($request:ident)),+ $(,)?) => {
        $(impl From<$request> for Request {
            fn from(request: $request) -> Self {
                Self::$variant(request)
            }
        })+
    };
}

from_request!(
    DescribeConnectorConfiguration(DescribeConnectorConfigurationRequest),
    ValidateConnectorRuntimeSettings(ValidateConnectorRuntimeSettingsRequest),
    ValidateCredentials(ValidateCredentialsRequest),
    ListEntities(ListEntitiesRequest),
    DescribeEntity(DescribeEntityRequest),
    QueryData(QueryDataRequest),
    RetrieveData(RetrieveDataRequest),
    WriteData(WriteDataRequest),
);
