//! A small shop: a connector with settings, credentials, nested entities, pages, filters and writes, and at most one
//! defect.

use std::collections::HashSet;
use std::sync::Mutex;

use appflow_sdk::filter::{Comparison, Condition, Filter, Instant, Value};
use appflow_sdk::protocol::*;
use appflow_sdk::testing::{Conformance, Credential};
use appflow_sdk::{Catalogue, Connector, ConnectorError, InvocationContext, Selection, validate_settings};
use serde_json::json;
use serde_json::value::RawValue;

/// The password of the shop's connection.
pub(crate) const PASSWORD: &str = "hunter2-hunter2";

/// What is wrong with the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defect {
    ReservedName,
    FailsToDescribeItself,
    PanicsWhenDescribingItself,
    KnowsOneLanguage,
    TakesAnySettings,
    RefusesItsSettings,
    RefusesItsCredentials,
    HasNoEntities,
    SpaceInIdentifier,
    ListLosesAnEntity,
    SuccessWithoutDefinition,
    DeclaresAFieldTwice,
    KeyMayBeNull,
    IncrementalText,
    ContainsOnABoolean,
    UnknownEntityIsEmpty,
    IgnoresForeignListToken,
    FailsToQuery,
    LosesARecordAtEachBorder,
    RepeatsAPage,
    GoesOnBehindAFullPage,
    IgnoresThePageSize,
    LongToken,
    TokenWorksOnce,
    NeverEnds,
    CountsPages,
    CountsPagesUnderAFilter,
    UndeclaredField,
    NumberAsText,
    NullInRequiredField,
    SharedKey,
    IgnoresTheSelection,
    IgnoresForeignToken,
    IgnoresTheFilter,
    IgnoresTheCondition,
    TakesOrForAnd,
    CutsFractionsOff,
    RoundsFractionsUp,
    IgnoresTheLimit,
    TakesUnknownFieldsForNull,
    TakesBrokenFiltersForNone,
    LeavesTheLowerBoundOut,
    RetrievesEverything,
    FailsOnUnknownIds,
    LooksEveryFieldUpInTheKey,
    IgnoresTheSelectionOfLookUps,
    PretendsToWrite,
    MixesResultsUp,
    FailsTheWholeBatch,
    FailsTheWholeBatchForATextThatIsNoRecord,
    TakesAnyTextForARecord,
    NothingIsWritable,
    ForgetsToWrite,
    RefusesAWriteOfNoRecords,
    WritesToAnyEntity,
    TakesAnyOperation,
    PanicsInAQuery,
    HangsInAQuery,
    ShowsThePassword,
    FailsWithoutAMessage,
    /// No defect: a connector that is a destination and nothing else.
    OnlyTakesRecords,
    /// No defect: what is not equal to a null is unknown.
    ReadsNullAsSqlDoes,
}

/// The connector.
#[derive(Debug)]
pub(crate) struct Shop {
    defect: Option<Defect>,
    asked: Mutex<HashSet<String>>,
}

impl Shop {
    pub(crate) fn new(defect: impl Into<Option<Defect>>) -> Self {
        Self { defect: defect.into(), asked: Mutex::default() }
    }

    /// A check with what the shop's connection needs.
    pub(crate) fn conformance(defect: impl Into<Option<Defect>>) -> Conformance {
        connected(Conformance::new(Self::new(defect)))
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    fn orders(&self) -> &'static str {
        if self.has(Defect::SpaceInIdentifier) { "my orders" } else { "orders" }
    }

    /// A folder is an entity without fields that has others below it.
    fn catalogue(&self, path: Option<&str>) -> Catalogue {
        let mut folder = EntityDefinition::new("archive", Vec::new());
        folder.entity.has_nested_entities = true;
        let orders = self.definition(self.orders());
        Catalogue::new(match path {
            None if self.has(Defect::HasNoEntities) => Vec::new(),
            None => vec![orders, folder, self.definition("customers")],
            Some(_) => vec![self.definition("archive.orders")],
        })
    }

    fn definition(&self, name: &str) -> EntityDefinition {
        let field = FieldDefinition::new;
        let mut id = field("id", FieldDataType::Integer).primary_key();
        let mut paid = field("paid", FieldDataType::Boolean).required();
        let mut note = field("note", FieldDataType::String);
        if self.has(Defect::KeyMayBeNull) {
            id.read_properties.get_or_insert_default().is_nullable = Some(true);
        }
        if self.has(Defect::ContainsOnABoolean) {
            paid.filter_operators.push(ConnectorOperator::Contains);
        }
        if self.has(Defect::IncrementalText) {
            note = note.incremental();
        }
        let mut fields = vec![
            id,
            field("status", FieldDataType::String).required(),
            field("total", FieldDataType::BigDecimal),
            paid,
            field("placed", FieldDataType::DateTime).required().incremental(),
            field("day", FieldDataType::Date),
            field("tags", FieldDataType::List),
            field("extra", FieldDataType::Map),
            note,
        ];
        if self.has(Defect::DeclaresAFieldTwice) {
            fields.push(field("note", FieldDataType::String));
        }
        let mut definition = EntityDefinition::new(name, fields);
        definition.entity.is_writable = !self.has(Defect::NothingIsWritable);
        definition
    }

    fn known(&self, name: &str) -> Result<EntityDefinition, ConnectorError> {
        if [self.orders(), "customers", "archive.orders"].contains(&name) {
            return Ok(self.definition(name));
        }
        let text = format!("there is no entity {name:?}");
        Err(match self.defect {
            Some(Defect::ShowsThePassword) => ConnectorError::invalid_argument(format!("{text} for ada:{PASSWORD}")),
            Some(Defect::FailsWithoutAMessage) => ConnectorError::invalid_argument(""),
            _ => ConnectorError::invalid_argument(text),
        })
    }

    fn rows(&self, entity: &str) -> Vec<Box<RawValue>> {
        let count = if entity == self.orders() { 23 } else { 4 };
        let rows = (1..=count).map(|number| {
            let id = if self.has(Defect::SharedKey) && number == 4 { 3 } else { number };
            let total = format!("{}.50", number * 3);
            let total = if self.has(Defect::NumberAsText) { format!("{total:?}") } else { total };
            let status = ["open", "paid", "it's"][number % 3];
            let status = if self.has(Defect::NullInRequiredField) && number == 2 { None } else { Some(status) };
            let note = if number % 4 == 0 { json!(null) } else { json!(format!("note \\ {number}")) };
            // Orders 11 to 13 share their moment.
            let second = if (11..=13).contains(&number) { 12 } else { number };
            let text = format!(
                r#"{{"id":{id},"status":{},"total":{total},"paid":{},"placed":"2026-01-01T01:00:{second:02}+01:00",
                    "day":"2026-01-{number:02}","tags":["t{}"],"extra":{{"k{}":1}},"note":{note}}}"#,
                json!(status),
                number % 2 == 0,
                number % 5,
                number % 2,
            );
            RawValue::from_string(text).unwrap()
        });
        rows.collect()
    }

    fn filter(&self, text: Option<&str>, definition: &EntityDefinition) -> Result<Filter, ConnectorError> {
        let mut filter = match Filter::from_request(text) {
            Ok(filter) => filter,
            Err(_) if self.has(Defect::TakesBrokenFiltersForNone) => Filter::default(),
            Err(error) => return Err(error.into()),
        };
        let unknown = |condition: &Condition| condition.fields().any(|name| definition.field(name).is_none());
        match (self.defect, filter.condition.take()) {
            (Some(Defect::IgnoresTheCondition), Some(condition)) if !unknown(&condition) => {}
            (Some(Defect::TakesUnknownFieldsForNull), Some(condition)) if unknown(&condition) => {}
            (Some(Defect::TakesOrForAnd), Some(Condition::Or(parts))) => filter.condition = Some(Condition::And(parts)),
            (Some(Defect::LeavesTheLowerBoundOut), Some(Condition::And(parts))) => {
                filter.condition = Condition::all(parts.into_iter().map(|part| match part {
                    Condition::Compare { field, operator: Comparison::GreaterOrEqual, value } if field == "placed" => {
                        Condition::Compare { field, operator: Comparison::Greater, value }
                    }
                    other => other,
                }));
            }
            (
                Some(Defect::CutsFractionsOff | Defect::RoundsFractionsUp),
                Some(Condition::Compare { field, operator, value: Value::DateTime(moment) }),
            ) => {
                let whole = moment.to_utc().with().subsec_nanosecond(0).build().unwrap();
                let up = self.has(Defect::RoundsFractionsUp) && whole != moment.to_utc();
                let whole = whole.checked_add(jiff::SignedDuration::from_secs(up.into())).unwrap();
                let value = Value::DateTime(Instant::from_utc(whole).unwrap());
                filter.condition = Some(Condition::Compare { field, operator, value });
            }
            (_, condition) => filter.condition = condition,
        }
        Ok(filter)
    }

    fn start(&self, request: &QueryDataRequest) -> Result<usize, ConnectorError> {
        let Some(token) = &request.next_token else { return Ok(0) };
        let position = token.trim_end_matches('x').strip_prefix("after-").and_then(|digits| digits.parse().ok());
        match position {
            Some(position) => Ok(position),
            None if self.has(Defect::IgnoresForeignToken) => Ok(0),
            None => Err(ConnectorError::invalid_argument("nextToken is not one of this connector")),
        }
    }

    fn surprise(&self, records: &mut [Record]) {
        for record in records.iter_mut().filter(|_| self.has(Defect::UndeclaredField)) {
            *record = Record::parse(&record.get().replacen('{', "{\"surprise\":1,", 1)).unwrap();
        }
    }

    /// Whether the very same page was asked for before.
    fn asks_again(&self, request: &QueryDataRequest) -> bool {
        let question =
            (&request.entity_identifier, &request.next_token, &request.filter_expression, request.max_results);
        request.next_token.is_some() && !self.asked.lock().unwrap().insert(format!("{question:?}"))
    }
}

/// Those of the rows that are selected.
fn all(selection: &Selection, rows: &[Box<RawValue>]) -> Result<Vec<Record>, ConnectorError> {
    rows.iter().filter_map(|row| selection.apply(row).transpose()).collect()
}

/// Sets what the shop's connection needs.
pub(crate) fn connected(conformance: Conformance) -> Conformance {
    conformance.setting("baseUrl", "https://shop.example").credentials(Credential::basic("ada", PASSWORD))
}

impl Connector for Shop {
    async fn describe_connector_configuration(
        &self,
        request: DescribeConnectorConfigurationRequest,
        _: &InvocationContext,
    ) -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
        match self.defect {
            Some(Defect::FailsToDescribeItself) => return Err(ConnectorError::server_error("the shop is closed")),
            Some(Defect::PanicsWhenDescribingItself) => panic!("on purpose"),
            Some(Defect::KnowsOneLanguage) if request.locale != "en-US" => {
                return Err(ConnectorError::invalid_argument("English only"));
            }
            _ => {}
        }
        let name = if self.has(Defect::ReservedName) { "Amazon Shop" } else { "Shop" };
        let scope = RuntimeSettingScope::ConnectorProfile;
        let url = ConnectorRuntimeSetting::new("baseUrl", RuntimeSettingType::Url, scope, "Base URL", "Where it is");
        let configuration = DescribeConnectorConfigurationResponse::source(name, "Tests", "1.0.0")
            .setting(url.required())
            .authentication(AuthenticationConfig::new().basic());
        let mut modes = vec![ConnectorMode::Source];
        if self.has(Defect::OnlyTakesRecords) {
            modes.clear();
        }
        if !self.has(Defect::PretendsToWrite) {
            modes.push(ConnectorMode::Destination);
        }
        let operations = [WriteOperationType::Insert, WriteOperationType::Update, WriteOperationType::Upsert];
        Ok(configuration.modes(modes).write_operations(operations).build_unchecked())
    }

    async fn validate_connector_runtime_settings(
        &self,
        request: ValidateConnectorRuntimeSettingsRequest,
        context: &InvocationContext,
    ) -> Result<ValidateConnectorRuntimeSettingsResponse, ConnectorError> {
        match self.defect {
            Some(Defect::TakesAnySettings) => return Ok(ValidateConnectorRuntimeSettingsResponse::valid()),
            Some(Defect::RefusesItsSettings) if request.connector_runtime_settings.contains_key("baseUrl") => {
                return Err(ConnectorError::invalid_argument("never"));
            }
            _ => {}
        }
        let described = self.describe_connector_configuration(<_>::default(), context).await?;
        Ok(validate_settings(described.settings(), &request))
    }

    async fn validate_credentials(
        &self,
        request: ValidateCredentialsRequest,
        context: &InvocationContext,
    ) -> Result<ValidateCredentialsResponse, ConnectorError> {
        context.credentials(&request.connector_context()).await?;
        if self.has(Defect::RefusesItsCredentials) {
            return Err(ConnectorError::invalid_credentials("never"));
        }
        Ok(ValidateCredentialsResponse::valid())
    }

    async fn list_entities(
        &self,
        mut request: ListEntitiesRequest,
        _: &InvocationContext,
    ) -> Result<ListEntitiesResponse, ConnectorError> {
        let path = request.entities_path.take();
        if self.has(Defect::IgnoresForeignListToken) && request.next_token.as_deref() == Some("af-foreign-token") {
            request.next_token = None;
        }
        let mut page = self.catalogue(path.as_deref()).list(&request)?;
        if self.has(Defect::ListLosesAnEntity) && request.max_result == 1 && request.next_token.is_some() {
            page.entities = Some(Vec::new());
        }
        Ok(page)
    }

    async fn describe_entity(
        &self,
        request: DescribeEntityRequest,
        _: &InvocationContext,
    ) -> Result<DescribeEntityResponse, ConnectorError> {
        let mut response = DescribeEntityResponse::new(self.known(&request.entity_identifier)?);
        if self.has(Defect::SuccessWithoutDefinition) && request.entity_identifier == "archive.orders" {
            response.entity_definition = None;
        }
        Ok(response)
    }

    async fn query_data(
        &self,
        mut request: QueryDataRequest,
        _: &InvocationContext,
    ) -> Result<QueryDataResponse, ConnectorError> {
        let entity = request.entity_identifier.clone();
        let definition = match self.known(&entity) {
            Err(_) if self.has(Defect::UnknownEntityIsEmpty) => return Ok(QueryDataResponse::new(Vec::new(), None)),
            known => known?,
        };
        let customers = entity == "customers";
        match self.defect {
            Some(Defect::OnlyTakesRecords) => return Err(ConnectorError::invalid_argument("there is nothing to read")),
            Some(Defect::FailsToQuery) if customers => return Err(ConnectorError::server_error("no customers today")),
            Some(Defect::PanicsInAQuery) if customers => panic!("on purpose"),
            Some(Defect::HangsInAQuery) if customers => std::future::pending().await,
            Some(Defect::IgnoresTheFilter) => request.filter_expression = None,
            Some(Defect::IgnoresTheSelection) => request.selected_field_names = None,
            _ => {}
        }
        let filter = self.filter(request.filter_expression.as_deref(), &definition)?;
        let fields = request.selected_field_names.as_deref();
        let selection = Selection::new(&definition, fields, filter.condition.as_ref())?;
        let mut rows = self.rows(&entity);
        let text = filter.condition.as_ref().map(ToString::to_string).unwrap_or_default();
        if self.has(Defect::ReadsNullAsSqlDoes) && (text.contains("not note") || text.contains("note !=")) {
            rows.retain(|row| !row.get().contains("\"note\":null"));
        }
        let mut records = all(&selection, &rows)?;
        if !self.has(Defect::IgnoresTheLimit) {
            records.truncate(filter.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap()));
        }

        let size = usize::try_from(request.max_results).unwrap();
        let counts_pages =
            self.has(Defect::CountsPages) || (self.has(Defect::CountsPagesUnderAFilter) && filter.condition.is_some());
        let unit = if counts_pages { size } else { 1 };
        let start = self.start(&request)? * unit;
        let size = if self.has(Defect::IgnoresThePageSize) { usize::MAX } else { size };
        let end = start.saturating_add(size).min(records.len());
        let mut token = (end < records.len()).then(|| format!("after-{}", end / unit));
        let mut range = start.min(end)..end;
        match self.defect {
            Some(Defect::LosesARecordAtEachBorder) if start > 0 => range.start = (start + 1).min(end),
            Some(Defect::RepeatsAPage) if start == size => range = 0..size,
            Some(Defect::GoesOnBehindAFullPage) if end > 0 && start >= records.len() => range = end - 1..end,
            Some(Defect::GoesOnBehindAFullPage) if end - start == size => token = Some(format!("after-{end}")),
            Some(Defect::LongToken) => token = token.map(|token| token + &"x".repeat(2100)),
            Some(Defect::TokenWorksOnce) if self.asks_again(&request) => range = start..start,
            Some(Defect::NeverEnds) if customers => token = Some(format!("after-{end}")),
            _ => {}
        }
        let mut page = records[range].to_vec();
        if fields.is_none() {
            self.surprise(&mut page);
        }
        Ok(QueryDataResponse::new(page, token))
    }

    async fn retrieve_data(
        &self,
        request: RetrieveDataRequest,
        _: &InvocationContext,
    ) -> Result<RetrieveDataResponse, ConnectorError> {
        let entity = &request.entity_identifier;
        let by_key = self.has(Defect::LooksEveryFieldUpInTheKey);
        let id_field = request.id_field_name.as_deref().filter(|_| !by_key).unwrap_or("id");
        let ids = request.ids.unwrap_or_default();
        let id = |row: &RawValue| match serde_json::from_str::<serde_json::Value>(row.get()).unwrap()[id_field].take() {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        let mut rows = self.rows(entity);
        let known: Vec<_> = rows.iter().map(|row| id(row)).collect();
        if self.has(Defect::FailsOnUnknownIds) && ids.iter().any(|id| !known.contains(id)) {
            return Err(ConnectorError::client_error("no such order"));
        }
        rows.retain(|row| self.has(Defect::RetrievesEverything) || ids.contains(&id(row)));
        let ignores = self.has(Defect::IgnoresTheSelectionOfLookUps);
        let fields = request.selected_field_names.as_deref().filter(|_| !ignores);
        let mut found = all(&Selection::new(&self.known(entity)?, fields, None)?, &rows)?;
        if fields.is_none() {
            self.surprise(&mut found);
        }
        Ok(RetrieveDataResponse::new(found))
    }

    async fn write_data(
        &self,
        request: WriteDataRequest,
        _: &InvocationContext,
    ) -> Result<WriteDataResponse, ConnectorError> {
        if !self.has(Defect::WritesToAnyEntity) {
            self.known(&request.entity_identifier)?;
        }
        let is_delete = request.operation == Some(WriteOperationType::Delete);
        let has_strange_text = request.parsed_records().any(|record| record.is_err());
        match self.defect {
            Some(Defect::ForgetsToWrite) => return Err(ConnectorError::invalid_argument("WriteData is not supported")),
            Some(Defect::RefusesAWriteOfNoRecords) if request.records.is_empty() && !is_delete => {
                return Err(ConnectorError::client_error("there is nothing to write"));
            }
            Some(Defect::FailsTheWholeBatchForATextThatIsNoRecord) if has_strange_text => {
                return Err(ConnectorError::invalid_argument("records must be JSON objects"));
            }
            Some(Defect::TakesAnyOperation) => {}
            _ if is_delete => return Err(ConnectorError::invalid_argument("orders cannot be deleted")),
            _ => {}
        }
        let results = request.parsed_records().map(|record| {
            let Ok(record) = record else {
                let takes_it = self.has(Defect::TakesAnyTextForARecord);
                let failed = WriteRecordResult::failed("", "is no record");
                return if takes_it { WriteRecordResult::written("") } else { failed };
            };
            let record: serde_json::Value = serde_json::from_str(record.get()).unwrap();
            match record["id"].as_u64() {
                Some(id) => WriteRecordResult::written(id.to_string()),
                None => WriteRecordResult::failed("", "id is no number"),
            }
        });
        let mut results: Vec<_> = results.collect();
        let some_failed = results.iter().any(|result| !result.is_success);
        match self.defect {
            Some(Defect::MixesResultsUp) => results.reverse(),
            Some(Defect::PretendsToWrite) => {
                for result in &mut results {
                    result.is_success = true;
                }
            }
            Some(Defect::FailsTheWholeBatch) if some_failed => {
                for result in &mut results {
                    result.is_success = false;
                }
            }
            _ => {}
        }
        Ok(WriteDataResponse::new(results))
    }
}

/// Two orders as a flow would write them.
pub(crate) fn samples() -> Vec<Record> {
    [r#"{"id":1,"status":"open"}"#, r#"{"id":2,"status":"paid"}"#].map(|text| Record::parse(text).unwrap()).to_vec()
}
