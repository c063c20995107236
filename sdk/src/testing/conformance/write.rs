//! Rules about taking records.

use serde_json::json;

use super::entities::NOBODY;
use super::rule::Rule;
use super::{Check, Subject};
use crate::protocol::{
    ConnectorMode, DescribeConnectorConfigurationResponse, EntityDefinition, ErrorCode, Operation, Record,
    WriteOperationType,
};
use crate::testing::failure::CallError;
use crate::testing::records::{members, plain};
use crate::testing::written::Written;

/// Text that is no JSON object.
const NO_RECORD: &str = "af: this is no record";

impl Check {
    pub(super) async fn writes(
        &mut self,
        configuration: &DescribeConnectorConfigurationResponse,
        subjects: &[Subject],
        described: &[EntityDefinition],
    ) {
        if configuration.connector_modes.contains(&ConnectorMode::Destination) {
            self.report.skipped(Rule::NoWrites, "the connector is a destination");
            self.without_records(&configuration.supported_write_operations, described).await;
            let samples = self.options.writes.clone();
            if let Some((_, operation, records)) = samples.first() {
                self.write_to_nobody(operation, records).await;
            }
            for (entity, operation, records) in samples {
                self.written(&entity, &operation, records).await;
            }
        } else if let (Some(subject), Ok(record)) = (subjects.first(), Record::parse("{}")) {
            let entity = subject.name();
            let answer = self.appflow.write(entity, WriteOperationType::Insert, vec![record]).await;
            self.refusal(Rule::NoWrites, entity, Some(&ErrorCode::InvalidArgument), answer);
        }
        for rule in [Rule::WritableEntities, Rule::EmptyWrites, Rule::OfferedOperations] {
            self.report.skipped(rule, "the connector is no destination, or has no entities");
        }
        self.report.skipped(Rule::WriteResults, "no sample records to write were given");
        self.report.skipped(Rule::WriteFailures, "no sample records to write were given");
    }

    /// What can be asked of a destination without leaving anything in its system.
    async fn without_records(&mut self, offered: &[WriteOperationType], described: &[EntityDefinition]) {
        let writable: Vec<_> = described.iter().filter(|definition| definition.entity.is_writable).collect();
        if writable.is_empty() {
            for rule in [Rule::EmptyWrites, Rule::OfferedOperations] {
                self.report.skipped(rule, "no entity is writable");
            }
            if described.is_empty() || !self.options.entities.is_empty() {
                return self.report.skipped(Rule::WritableEntities, "no entity that was chosen is writable");
            }
            return self.report.failed(Rule::WritableEntities, "ListEntities", "no entity has isWritable true");
        }
        self.report.passed(Rule::WritableEntities);
        let inserts = offered.iter().find(|operation| **operation == WriteOperationType::Insert);
        if let Some(operation) = inserts.or_else(|| offered.first()) {
            for definition in &writable {
                let entity = definition.entity.entity_identifier.as_str();
                let place = format!("{entity}, {operation} of no records");
                let answer = self.appflow.write(entity, operation.clone(), Vec::new()).await;
                let Some(written) = self.outcome(Rule::EmptyWrites, &place, answer) else { continue };
                let (results, failure) = (written.results().len(), written.failure());
                let problem = failure.map(|details| details.error_message.clone());
                let problem = problem.or_else(|| (results > 0).then(|| format!("there are {results} results")));
                self.report.check(Rule::EmptyWrites, &place, problem);
            }
        }
        self.report.skipped(Rule::EmptyWrites, "the connector offers no operation");
        if let Some(definition) = writable.first() {
            let entity = definition.entity.entity_identifier.as_str();
            for operation in WriteOperationType::ALL.iter().filter(|operation| !offered.contains(operation)) {
                let place = format!("{entity}, {operation} of no records");
                let answer = self.appflow.write(entity, operation.clone(), Vec::new()).await;
                self.refusal(Rule::OfferedOperations, &place, Some(&ErrorCode::InvalidArgument), answer);
            }
        }
        self.report.skipped(Rule::OfferedOperations, "the connector offers every operation");
    }

    /// The samples, to an entity that nobody has heard of.
    async fn write_to_nobody(&mut self, operation: &WriteOperationType, records: &[Record]) {
        let texts = records.iter().take(1).map(|record| record.get().to_owned()).collect();
        let answer = self.appflow.write_texts(NOBODY, None, operation.clone(), texts).await;
        self.refusal(Rule::UnknownEntity, "WriteData", None, refused_if_nothing_is_written(answer));
    }

    async fn written(&mut self, entity: &str, operation: &WriteOperationType, records: Vec<Record>) {
        let place = format!("{entity}, {operation}");
        let described = self.appflow.definition(entity).await;
        let Some(definition) = self.outcome(Rule::WriteResults, entity, described) else { return };
        if !definition.entity.is_writable {
            let found = "there are sample records to write, but isWritable is not true";
            self.report.failed(Rule::WritableEntities, entity, found);
        }
        let answer = self.appflow.write(entity, operation.clone(), records.clone()).await;
        let Some(written) = self.outcome(Rule::WriteResults, &place, answer) else { return };
        let failed = written.results().iter().find(|result| !result.is_success);
        let problem = misaligned(&definition, &records, &written).or_else(|| {
            let why = failed?.error_message.as_deref().unwrap_or("no reason");
            Some(format!("a sample record was not written: {why}"))
        });
        let aligned = problem.is_none();
        self.report.check(Rule::WriteResults, &place, problem);
        if !aligned {
            return;
        }
        if matches!(operation, WriteOperationType::Upsert | WriteOperationType::Update) {
            self.fail_alone(definition, operation, &records).await;
        } else {
            // To insert or delete the same record again would fail for another reason.
            let place = format!("{entity}, {operation} of a text that is no JSON object");
            let texts = vec![NO_RECORD.to_owned()];
            let answer = self.appflow.write_texts(entity, Some(definition), operation.clone(), texts).await;
            self.refusal(Rule::WriteFailures, &place, None, refused_if_nothing_is_written(answer));
        }
    }

    /// A broken record between two good ones.
    async fn fail_alone(&mut self, definition: EntityDefinition, operation: &WriteOperationType, records: &[Record]) {
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return };
        let mut broken = vec![("a text that is no JSON object".to_owned(), NO_RECORD.to_owned())];
        let field = key_of(&definition).or_else(|| definition.fields.first().map(|field| field.field_name.as_str()));
        if let Some((field, spoiled)) = field.and_then(|field| Some((field, spoiled(first, field)?))) {
            broken.push((format!("an object as {field}"), spoiled.into()));
        }
        let entity = definition.entity.entity_identifier.as_str();
        for (what, text) in broken {
            let place = format!("{entity}, {operation} with {what}");
            let texts = vec![first.get().to_owned(), text, last.get().to_owned()];
            let answer = self.appflow.write_texts(entity, Some(definition.clone()), operation.clone(), texts).await;
            let Some(written) = self.outcome(Rule::WriteFailures, &place, answer) else { continue };
            let verdicts: Vec<_> = written.results().iter().map(|result| result.is_success).collect();
            let problem = (verdicts != [true, false, true]).then(|| {
                let shown: Vec<_> =
                    verdicts.iter().map(|written| if *written { "written" } else { "failed" }).collect();
                format!("a broken record between two good ones: {}", shown.join(", "))
            });
            self.report.check(Rule::WriteFailures, &place, problem);
        }
    }
}

/// Results that have all failed are a refusal too.
fn refused_if_nothing_is_written(answer: Result<Written, CallError>) -> Result<Written, CallError> {
    let written = answer?;
    match written.failure() {
        Some(details) if !written.results().iter().any(|result| result.is_success) => {
            Err(CallError::declared(Operation::WriteData, details))
        }
        _ => Ok(written),
    }
}

fn key_of(definition: &EntityDefinition) -> Option<&str> {
    let key = definition.fields.iter().find(|field| field.is_primary_key == Some(true));
    key.map(|field| field.field_name.as_str())
}

/// The record with an object where the field's value was.
fn spoiled(record: &Record, field: &str) -> Option<Record> {
    let mut members: serde_json::Map<_, _> = serde_json::from_str(record.get()).ok()?;
    members.insert(field.to_owned(), json!({"af": ["not", "a", "value"]}));
    Record::new(&members).ok()
}

/// Results are too few or too many, or one has the id of another record.
fn misaligned(definition: &EntityDefinition, records: &[Record], written: &Written) -> Option<String> {
    let (sent, found) = (records.len(), written.results().len());
    if sent != found {
        return Some(format!("{sent} records were sent, and there are {found} results"));
    }
    let key = key_of(definition)?;
    let ids: Vec<_> = records.iter().map(|record| members(record).get(key).map(|value| plain(value))).collect();
    written.results().iter().zip(&ids).enumerate().find_map(|(index, (result, own))| {
        let given = Some(&result.record_id);
        let others = ids.iter().any(|id| id.as_ref() == given);
        (others && own.as_ref() != given).then(|| format!("result {index} has the id of another record"))
    })
}
