//! A whole flow: the calls that AppFlow makes from the registration of a connector to the last page of a run.

use super::appflow::AppFlow;
use super::failure::{CallError, CallErrorKind};
use super::records::Records;
use super::written::Written;
use crate::protocol::{
    ConnectorMode, DescribeConnectorConfigurationResponse, Entity, EntityDefinition, Operation, Record,
    RecordValidator, RuntimeSettingScope, WriteOperationType,
};

/// What a flow does; [`AppFlow::run_flow`] runs it.
#[derive(Debug, Clone)]
#[must_use = "a flow does nothing until AppFlow::run_flow is awaited"]
pub struct Flow {
    entity: String,
    path: Option<String>,
    fields: Option<Vec<String>>,
    filter: Option<String>,
    write: Option<(WriteOperationType, Vec<Record>)>,
}

impl Flow {
    /// Reads every record of an entity.
    pub fn read(entity: impl Into<String>) -> Self {
        Self { entity: entity.into(), path: None, fields: None, filter: None, write: None }
    }

    /// Writes records to an entity.
    pub fn write(entity: impl Into<String>, operation: WriteOperationType, records: Vec<Record>) -> Self {
        Self { write: Some((operation, records)), ..Self::read(entity) }
    }

    /// Looks for the entity below a path, and not at the root.
    pub fn below(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Maps these fields only.
    pub fn fields(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.fields = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Filters, in AppFlow's language.
    pub fn filter(mut self, expression: impl Into<String>) -> Self {
        self.filter = Some(expression.into());
        self
    }
}

/// What came of a flow.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FlowRun {
    /// What the connector says of itself.
    pub configuration: DescribeConnectorConfigurationResponse,
    /// The entities to choose from.
    pub entities: Vec<Entity>,
    /// The entity chosen.
    pub definition: EntityDefinition,
    /// What was read; empty for a write.
    pub records: Records,
    /// What was written; nothing for a read.
    pub written: Option<Written>,
}

impl AppFlow {
    /// Runs a flow with the calls of AppFlow in their order: describe the connector, validate settings and credentials
    /// for the connection, list entities, describe the chosen one, validate the settings of the flow, then read every
    /// page or write.
    ///
    /// Between the calls it checks what AppFlow's user could not do: an API version or authentication that the connector
    /// does not offer, an operation that it does not offer, an entity that is not listed or, for a write, takes no records,
    /// a field that the entity does not have, a record read that has another field or a value of another type.
    ///
    /// # Errors
    /// [`CallError`] of the first call that failed.
    pub async fn run_flow(&self, flow: &Flow) -> Result<FlowRun, CallError> {
        let configuration = self.describe().await?;
        self.check_offer(&configuration, flow)?;
        self.validate_settings(RuntimeSettingScope::ConnectorProfile).await?;
        if self.credential.is_some() {
            self.validate_credentials().await?;
        }
        let entities = self.list_entities_below(flow.path.as_deref(), crate::protocol::DEFAULT_MAX_RESULTS).await?;
        let Some(listed) = entities.iter().find(|listed| listed.entity_identifier == flow.entity) else {
            let names: Vec<_> = entities.iter().map(|listed| listed.entity_identifier.as_str()).collect();
            let reason = format!("the entity {:?} is not listed; there are {}", flow.entity, names.join(", "));
            return Err(CallError::unusable(Operation::ListEntities, reason));
        };
        let definition = self.describe_entity(&flow.entity).await?;
        for (operation, entity) in [(Operation::ListEntities, listed), (Operation::DescribeEntity, &definition.entity)]
        {
            if flow.write.is_some() && !entity.is_writable {
                let reason = format!("the entity {:?} takes no records: isWritable is not true", flow.entity);
                return Err(CallError::unusable(operation, reason));
            }
        }
        if let Some(unknown) = flow.fields.iter().flatten().find(|name| definition.field(name).is_none()) {
            let reason = format!("the entity {:?} has no field {unknown:?}", flow.entity);
            return Err(CallError::unusable(Operation::DescribeEntity, reason));
        }
        let scope = if flow.write.is_some() { RuntimeSettingScope::Destination } else { RuntimeSettingScope::Source };
        self.validate_settings(scope).await?;
        let (records, written) = if let Some((operation, records)) = &flow.write {
            let written = self.write(&flow.entity, operation.clone(), records.clone()).await?;
            (Records::new(flow.entity.clone(), Vec::new()), Some(written))
        } else {
            let mut query = self.query(flow.entity.clone());
            if let Some(names) = &flow.fields {
                query = query.fields(names.clone());
            }
            if let Some(expression) = &flow.filter {
                query = query.filter(expression.clone());
            }
            let records = query.all().await?;
            let mut wanted = definition.clone();
            if let Some(names) = &flow.fields {
                wanted.fields.retain(|field| names.contains(&field.field_name));
            }
            let validator = RecordValidator::new(&wanted).allow_null().refuse_unknown_fields();
            for (index, record) in records.iter().enumerate() {
                validator
                    .validate(record)
                    .map_err(|errors| CallError::unusable(Operation::QueryData, format!("record {index}: {errors}")))?;
            }
            (records, None)
        };
        Ok(FlowRun { configuration, entities, definition, records, written })
    }

    fn check_offer(&self, offer: &DescribeConnectorConfigurationResponse, flow: &Flow) -> Result<(), CallError> {
        let mode = if flow.write.is_some() { ConnectorMode::Destination } else { ConnectorMode::Source };
        let context = self.connector_context();
        let version = context.api_version.unwrap_or_default();
        let kind = self.credential.as_ref().map(super::Credential::authentication_type);
        let operations = &offer.supported_write_operations;
        let missing = flow.write.as_ref().map(|(operation, _)| operation).filter(|wanted| !operations.contains(wanted));
        let offers = |kind| offer.authentication_config.as_ref().is_some_and(|config| config.supports(kind));
        let reason = if !offer.connector_modes.contains(&mode) {
            format!("the connector does not offer the mode {mode}")
        } else if !offer.supported_api_versions.contains(&version) {
            let offered = offer.supported_api_versions.join(", ");
            format!("the connector does not offer the API version {version:?} but {offered}")
        } else if let Some(operation) = missing {
            let offered: Vec<_> = operations.iter().map(ToString::to_string).collect();
            format!("the connector does not offer the operation {operation} but {}", offered.join(", "))
        } else if let Some(kind) = kind.filter(|kind| !offers(kind)) {
            format!("the connector does not offer {kind}")
        } else {
            return Ok(());
        };
        Err(CallError::new(Operation::DescribeConnectorConfiguration, CallErrorKind::Unusable(reason)))
    }
}
