//! The eight responses. Each is built either as a success or from [`ErrorDetails`], so a failure without details cannot
//! be expressed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::configuration::DescribeConnectorConfigurationResponse;
use super::entity::{CacheControl, Entity, EntityDefinition};
use super::failure::{ErrorCode, ErrorDetails, within_limit};
use super::record::Record;
use super::{Operation, lenient};

/// One response. It carries no `type`: only the request tells which it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Response {
    /// Answers `DescribeConnectorConfiguration`.
    DescribeConnectorConfiguration(Box<DescribeConnectorConfigurationResponse>),
    /// Answers `ValidateConnectorRuntimeSettings`.
    ValidateConnectorRuntimeSettings(ValidateConnectorRuntimeSettingsResponse),
    /// Answers `ValidateCredentials`.
    ValidateCredentials(ValidateCredentialsResponse),
    /// Answers `ListEntities`.
    ListEntities(ListEntitiesResponse),
    /// Answers `DescribeEntity`.
    DescribeEntity(DescribeEntityResponse),
    /// Answers `QueryData`.
    QueryData(QueryDataResponse),
    /// Answers `RetrieveData`.
    RetrieveData(RetrieveDataResponse),
    /// Answers `WriteData`.
    WriteData(WriteDataResponse),
}

impl Response {
    /// A failed operation, in the shape that operation's answers have.
    #[must_use]
    pub fn failure(operation: Operation, details: ErrorDetails) -> Self {
        match operation {
            Operation::DescribeConnectorConfiguration => {
                Self::DescribeConnectorConfiguration(Box::new(DescribeConnectorConfigurationResponse::failure(details)))
            }
            Operation::ValidateConnectorRuntimeSettings => {
                Self::ValidateConnectorRuntimeSettings(ValidateConnectorRuntimeSettingsResponse::failure(details))
            }
            Operation::ValidateCredentials => Self::ValidateCredentials(ValidateCredentialsResponse::failure(details)),
            Operation::ListEntities => Self::ListEntities(ListEntitiesResponse::failure(details)),
            Operation::DescribeEntity => Self::DescribeEntity(DescribeEntityResponse::failure(details)),
            Operation::QueryData => Self::QueryData(QueryDataResponse::failure(details)),
            Operation::RetrieveData => Self::RetrieveData(RetrieveDataResponse::failure(details)),
            Operation::WriteData => Self::WriteData(WriteDataResponse::failure(details)),
        }
    }

    /// Whether the operation succeeded, or why not.
    ///
    /// # Errors
    /// The failure's details.
    pub fn outcome(&self) -> Result<(), &ErrorDetails> {
        match self {
            Self::DescribeConnectorConfiguration(response) => response.outcome(),
            Self::ValidateConnectorRuntimeSettings(response) => response.outcome(),
            Self::ValidateCredentials(response) => response.outcome(),
            Self::ListEntities(response) => response.outcome(),
            Self::DescribeEntity(response) => response.outcome(),
            Self::QueryData(response) => response.outcome(),
            Self::RetrieveData(response) => response.outcome(),
            Self::WriteData(response) => response.outcome(),
        }
    }

    /// The response with every message in it rewritten: to take out what must not be seen.
    #[must_use]
    pub(crate) fn scrubbed(mut self, scrub: impl Fn(&str) -> String) -> Self {
        let rewrite = |text: &mut String| *text = scrub(text);
        let details = match &mut self {
            Self::DescribeConnectorConfiguration(response) => &mut response.error_details,
            Self::ValidateConnectorRuntimeSettings(response) => {
                response.errors_by_input_field.iter_mut().flat_map(BTreeMap::values_mut).for_each(rewrite);
                &mut response.error_details
            }
            Self::ValidateCredentials(response) => &mut response.error_details,
            Self::ListEntities(response) => &mut response.error_details,
            Self::DescribeEntity(response) => &mut response.error_details,
            Self::QueryData(response) => &mut response.error_details,
            Self::RetrieveData(response) => &mut response.error_details,
            Self::WriteData(response) => {
                let results = response.write_record_results.iter_mut().flatten();
                results.filter_map(|result| result.error_message.as_mut()).for_each(rewrite);
                &mut response.error_details
            }
        };
        if let Some(details) = details {
            rewrite(&mut details.error_message);
        }
        self
    }
}

impl Serialize for Response {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::DescribeConnectorConfiguration(response) => response.serialize(serializer),
            Self::ValidateConnectorRuntimeSettings(response) => response.serialize(serializer),
            Self::ValidateCredentials(response) => response.serialize(serializer),
            Self::ListEntities(response) => response.serialize(serializer),
            Self::DescribeEntity(response) => response.serialize(serializer),
            Self::QueryData(response) => response.serialize(serializer),
            Self::RetrieveData(response) => response.serialize(serializer),
            Self::WriteData(response) => response.serialize(serializer),
        }
    }
}

/// The two properties that all eight have, read in one way.
macro_rules! outcome {
    ($($response:ident),+ $(,)?) => {
        $(impl $response {
            /// Whether the operation succeeded, or why not.
            ///
            /// # Errors
            /// The failure's details.
            pub fn outcome(&self) -> Result<(), &ErrorDetails> {
                match &self.error_details {
                    Some(details) if !self.is_success => Err(details),
                    _ => Ok(()),
                }
            }

            /// A failure that says nothing: something decoded can have it, nothing built here can.
            pub(super) fn lacks_details(&self) -> bool {
                !self.is_success && self.error_details.is_none()
            }
        })+
    };
}

outcome!(
    DescribeConnectorConfigurationResponse,
    ValidateConnectorRuntimeSettingsResponse,
    ValidateCredentialsResponse,
    ListEntitiesResponse,
    DescribeEntityResponse,
    QueryDataResponse,
    RetrieveDataResponse,
    WriteDataResponse,
);

/// `{"isSuccess":false,"errorsByInputField":{"baseUrl":"is not a URL"},"errorDetails":{…}}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ValidateConnectorRuntimeSettingsResponse {
    #[serde(deserialize_with = "lenient::boolean")]
    is_success: bool,
    #[serde(default)]
    error_details: Option<ErrorDetails>,
    /// What is wrong with which setting.
    #[serde(default, deserialize_with = "lenient::optional_text_map")]
    pub errors_by_input_field: Option<BTreeMap<String, String>>,
}

impl ValidateConnectorRuntimeSettingsResponse {
    /// Every value is right.
    #[must_use]
    pub fn valid() -> Self {
        Self { is_success: true, error_details: None, errors_by_input_field: None }
    }

    /// The settings with a problem, each with what is wrong, cut to [`ERROR_MESSAGE_LIMIT`](super::ERROR_MESSAGE_LIMIT)
    /// characters; none means [`valid`](Self::valid).
    #[must_use]
    pub fn from_errors(errors_by_input_field: BTreeMap<String, String>) -> Self {
        if errors_by_input_field.is_empty() {
            return Self::valid();
        }
        let errors_by_input_field: BTreeMap<_, _> =
            errors_by_input_field.into_iter().map(|(key, error)| (key, within_limit(error))).collect();
        let list: Vec<_> = errors_by_input_field.iter().map(|(key, error)| format!("{key}: {error}")).collect();
        Self {
            is_success: false,
            error_details: Some(ErrorDetails::new(ErrorCode::InvalidArgument, list.join("; "))),
            errors_by_input_field: Some(errors_by_input_field),
        }
    }

    /// The values could not be checked.
    #[must_use]
    pub fn failure(error_details: ErrorDetails) -> Self {
        Self { is_success: false, error_details: Some(error_details), errors_by_input_field: None }
    }
}

/// `{"isSuccess":true,"errorDetails":null}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ValidateCredentialsResponse {
    #[serde(deserialize_with = "lenient::boolean")]
    is_success: bool,
    #[serde(default)]
    error_details: Option<ErrorDetails>,
}

impl ValidateCredentialsResponse {
    /// The credentials work.
    #[must_use]
    pub fn valid() -> Self {
        Self { is_success: true, error_details: None }
    }

    /// The credentials do not work, or could not be tried.
    #[must_use]
    pub fn failure(error_details: ErrorDetails) -> Self {
        Self { is_success: false, error_details: Some(error_details) }
    }
}

/// `{"isSuccess":true,"errorDetails":null,"entities":[…],"nextToken":null,"cacheControl":null}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListEntitiesResponse {
    #[serde(deserialize_with = "lenient::boolean")]
    is_success: bool,
    #[serde(default)]
    error_details: Option<ErrorDetails>,
    /// The entities of this page.
    #[serde(default)]
    pub entities: Option<Vec<Entity>>,
    /// Where the next page begins; none after the last.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub next_token: Option<String>,
    /// How long the list may be remembered.
    #[serde(default)]
    pub cache_control: Option<CacheControl>,
}

impl ListEntitiesResponse {
    /// The last page, holding these.
    #[must_use]
    pub fn new(entities: Vec<Entity>) -> Self {
        Self { is_success: true, error_details: None, entities: Some(entities), next_token: None, cache_control: None }
    }

    /// The entities could not be listed.
    #[must_use]
    pub fn failure(error_details: ErrorDetails) -> Self {
        Self {
            is_success: false,
            error_details: Some(error_details),
            entities: None,
            next_token: None,
            cache_control: None,
        }
    }

    /// The page's entities, none being an empty slice.
    #[must_use]
    pub fn entities(&self) -> &[Entity] {
        self.entities.as_deref().unwrap_or_default()
    }
}

/// `{"isSuccess":true,"errorDetails":null,"entityDefinition":{…},"cacheControl":null}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DescribeEntityResponse {
    #[serde(deserialize_with = "lenient::boolean")]
    is_success: bool,
    #[serde(default)]
    error_details: Option<ErrorDetails>,
    /// The entity with its fields.
    #[serde(default)]
    pub entity_definition: Option<EntityDefinition>,
    /// How long the definition may be remembered.
    #[serde(default)]
    pub cache_control: Option<CacheControl>,
}

impl DescribeEntityResponse {
    /// The entity is this.
    #[must_use]
    pub fn new(entity_definition: EntityDefinition) -> Self {
        Self { is_success: true, error_details: None, entity_definition: Some(entity_definition), cache_control: None }
    }

    /// The entity could not be described.
    #[must_use]
    pub fn failure(error_details: ErrorDetails) -> Self {
        Self { is_success: false, error_details: Some(error_details), entity_definition: None, cache_control: None }
    }
}

/// `{"isSuccess":true,"errorDetails":null,"nextToken":"…","records":["{\"id\":1}"]}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct QueryDataResponse {
    #[serde(deserialize_with = "lenient::boolean")]
    is_success: bool,
    #[serde(default)]
    error_details: Option<ErrorDetails>,
    /// Where the next page begins; none after the last. At most 2048 characters, no white space (AppFlow's public API).
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub next_token: Option<String>,
    /// The records of this page.
    #[serde(default)]
    pub records: Option<Vec<Record>>,
}

impl QueryDataResponse {
    /// A page; without a token it is the last.
    #[must_use]
    pub fn new(records: Vec<Record>, next_token: Option<String>) -> Self {
        Self { is_success: true, error_details: None, next_token, records: Some(records) }
    }

    /// The query failed.
    #[must_use]
    pub fn failure(error_details: ErrorDetails) -> Self {
        Self { is_success: false, error_details: Some(error_details), next_token: None, records: None }
    }

    /// The page's records, none being an empty slice.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        self.records.as_deref().unwrap_or_default()
    }
}

/// `{"isSuccess":true,"errorDetails":null,"records":["{\"id\":1}"]}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RetrieveDataResponse {
    #[serde(deserialize_with = "lenient::boolean")]
    is_success: bool,
    #[serde(default)]
    error_details: Option<ErrorDetails>,
    /// The records found.
    #[serde(default)]
    pub records: Option<Vec<Record>>,
}

impl RetrieveDataResponse {
    /// The records found.
    #[must_use]
    pub fn new(records: Vec<Record>) -> Self {
        Self { is_success: true, error_details: None, records: Some(records) }
    }

    /// The look-up failed.
    #[must_use]
    pub fn failure(error_details: ErrorDetails) -> Self {
        Self { is_success: false, error_details: Some(error_details), records: None }
    }
}

/// `{"isSuccess":false,"errorDetails":{"errorCode":"PartialWriteFailure",…},"writeRecordResults":[…]}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WriteDataResponse {
    #[serde(deserialize_with = "lenient::boolean")]
    is_success: bool,
    #[serde(default)]
    error_details: Option<ErrorDetails>,
    /// What became of each record, in the order of the request.
    #[serde(default)]
    pub write_record_results: Option<Vec<WriteRecordResult>>,
}

impl WriteDataResponse {
    /// What became of each record. If any failed, the response is a `PartialWriteFailure` that says how many.
    #[must_use]
    pub fn new(results: Vec<WriteRecordResult>) -> Self {
        let failed = results.iter().filter(|result| !result.is_success).count();
        let error_details = (failed > 0).then(|| {
            let first = results.iter().find_map(|result| result.error_message.as_deref()).unwrap_or("no reason given");
            let text = format!("{failed} of {} records failed; the first: {first}", results.len());
            ErrorDetails::new(ErrorCode::PartialWriteFailure, text)
        });
        Self { is_success: failed == 0, error_details, write_record_results: Some(results) }
    }

    /// Nothing was written.
    #[must_use]
    pub fn failure(error_details: ErrorDetails) -> Self {
        Self { is_success: false, error_details: Some(error_details), write_record_results: None }
    }
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WriteRecordResult {
    /// Whether it was written.
    #[serde(deserialize_with = "lenient::boolean")]
    pub is_success: bool,
    /// Its id; empty if unknown, never null (the Java reader rejects null).
    #[serde(default, deserialize_with = "lenient::text_or_empty")]
    pub record_id: String,
    /// Why it was not.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub error_message: Option<String>,
}

impl WriteRecordResult {
    /// The record was written under this id.
    #[must_use]
    pub fn written(record_id: impl Into<String>) -> Self {
        Self { is_success: true, record_id: record_id.into(), error_message: None }
    }

    /// The record was not written; the reason is cut to [`ERROR_MESSAGE_LIMIT`](super::ERROR_MESSAGE_LIMIT) characters.
    #[must_use]
    pub fn failed(record_id: impl Into<String>, error_message: impl Into<String>) -> Self {
        let error_message = Some(within_limit(error_message.into()));
        Self { is_success: false, record_id: record_id.into(), error_message }
    }
}

macro_rules! from_response {
    ($($response:ident => $variant:ident),+ $(,)?) => {
        $(impl From<$response> for Response {
            fn from(response: $response) -> Self {
                Self::$variant(response)
            }
        })+
    };
}

impl From<DescribeConnectorConfigurationResponse> for Response {
    fn from(response: DescribeConnectorConfigurationResponse) -> Self {
        Self::DescribeConnectorConfiguration(Box::new(response))
    }
}

from_response!(
    ValidateConnectorRuntimeSettingsResponse => ValidateConnectorRuntimeSettings,
    ValidateCredentialsResponse => ValidateCredentials,
    ListEntitiesResponse => ListEntities,
    DescribeEntityResponse => DescribeEntity,
    QueryDataResponse => QueryData,
    RetrieveDataResponse => RetrieveData,
    WriteDataResponse => WriteData,
);
