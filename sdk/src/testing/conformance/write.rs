//! Rules about taking records.

use serde_json::json;

use super::rule::Rule;
use super::{Check, Subject};
use crate::protocol::{
    ConnectorMode, DescribeConnectorConfigurationResponse, EntityDefinition, ErrorCode, Record, WriteOperationType,
};
use crate::testing::records::{members, plain};
use crate::testing::written::Written;

impl Check {
    pub(super) async fn writes(
        &mut self,
        configuration: &DescribeConnectorConfigurationResponse,
        subjects: &[Subject],
    ) {
        if configuration.connector_modes.contains(&ConnectorMode::Destination) {
            self.report.skipped(Rule::NoWrites, "the connector is a destination");
            for (entity, operation, records) in self.options.writes.clone() {
                self.written(&entity, &operation, records).await;
            }
        } else if let (Some(subject), Ok(record)) = (subjects.first(), Record::parse("{}")) {
            let entity = subject.name();
            let answer = self.appflow.write(entity, WriteOperationType::Insert, vec![record]).await;
            self.refusal(Rule::NoWrites, entity, Some(&ErrorCode::InvalidArgument), answer);
        }
        self.report.skipped(Rule::WriteResults, "no sample records to write were given");
        self.report.skipped(Rule::WriteFailures, "no sample records to update or upsert were given");
    }

    async fn written(&mut self, entity: &str, operation: &WriteOperationType, records: Vec<Record>) {
        let place = format!("{entity}, {operation}");
        let described = self.appflow.definition(entity).await;
        let Some(definition) = self.outcome(Rule::WriteResults, entity, described) else { return };
        let answer = self.appflow.write(entity, operation.clone(), records.clone()).await;
        let Some(written) = self.outcome(Rule::WriteResults, &place, answer) else { return };
        let failed = written.results().iter().find(|result| !result.is_success);
        let problem = misaligned(&definition, &records, &written).or_else(|| {
            let why = failed?.error_message.as_deref().unwrap_or("no reason");
            Some(format!("a sample record was not written: {why}"))
        });
        let aligned = problem.is_none();
        self.report.check(Rule::WriteResults, &place, problem);
        // To insert or delete the same record again would fail for another reason.
        if aligned && matches!(operation, WriteOperationType::Upsert | WriteOperationType::Update) {
            self.fails_alone(&definition, operation, records).await;
        }
    }

    async fn fails_alone(
        &mut self,
        definition: &EntityDefinition,
        operation: &WriteOperationType,
        records: Vec<Record>,
    ) {
        let entity = definition.entity.entity_identifier.as_str();
        let field = key_of(definition).or_else(|| definition.fields.first().map(|field| field.field_name.as_str()));
        let (Some(first), Some(field)) = (records.first(), field) else { return };
        let Some(broken) = spoiled(first, field) else { return };
        let place = format!("{entity}, {operation} with an object as {field}");
        let last = records.last().unwrap_or(first).clone();
        let batch = vec![first.clone(), broken, last];
        let answer = self.appflow.write(entity, operation.clone(), batch).await;
        let Some(written) = self.outcome(Rule::WriteFailures, &place, answer) else { return };
        let verdicts: Vec<_> = written.results().iter().map(|result| result.is_success).collect();
        let problem = (verdicts != [true, false, true]).then(|| {
            let shown: Vec<_> = verdicts.iter().map(|written| if *written { "written" } else { "failed" }).collect();
            format!("a broken record between two good ones: {}", shown.join(", "))
        });
        self.report.check(Rule::WriteFailures, &place, problem);
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
