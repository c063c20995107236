//! What one write means: the operation, the fields that say which record is meant, and the rules for records.

use appflow_sdk::protocol::{
    EntityDefinition, FieldDefinition, RecordValidator, WriteDataRequest, WriteOperationProperty, WriteOperationType,
};
use appflow_sdk::{ConnectorError, Repeat};

use crate::known::Known;
use crate::manifest::{Method, Operation};

/// A write of an entity's records.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) known: &'a Known,
    pub(super) rule: &'a Operation,
    pub(super) operation: WriteOperationType,
    /// The fields that identify a record. For inserts they may have no values yet.
    pub(super) ids: Vec<String>,
    /// Whether a record without its id cannot be written.
    pub(super) needs_ids: bool,
    /// Whether the id stays in the body.
    pub(super) has_id_in_body: bool,
    /// Whether the request holds `{key}`.
    pub(super) has_key: bool,
    /// Checks types, and what must be there.
    pub(super) validator: RecordValidator,
}

impl<'a> Plan<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// `InvalidArgument` when the entity does not take the operation, or the id fields are not what identifies its records.
    pub(super) fn new(known: &'a Known, request: &WriteDataRequest) -> Result<Self, ConnectorError> {
        let operation = request.operation.clone();
        let operation =
            operation.ok_or_else(|| ConnectorError::invalid_argument("the request names no write operation"))?;
        let rule = known.access.write.operation(&operation).ok_or_else(|| not_offered(known, &operation))?;
        let (has_id, has_key) = (rule.request.mentions("id"), rule.request.mentions("key"));
        let needs_ids = operation != WriteOperationType::Insert || has_id || has_key;
        let named = request.id_field_names.as_deref().unwrap_or_default();
        let ids = if named.is_empty() || !needs_ids {
            known.primary_keys().map(str::to_owned).collect()
        } else {
            identify(known, &operation, named)?;
            named.to_vec()
        };
        if needs_ids && ids.is_empty() {
            return Err(ConnectorError::invalid_argument(format!(
                "idFieldNames is missing, and the entity {:?} has no primary key",
                known.name()
            )));
        }
        if needs_ids && ids.len() > 1 && (has_id || rule.ids.is_some() || rule.request.mentions("idField")) {
            return Err(ConnectorError::invalid_argument(format!(
                "records of {:?} are identified by one field in the API's {operation}, and idFieldNames has {}: {}",
                known.name(),
                ids.len(),
                ids.join(", ")
            )));
        }
        let has_id_in_body = rule.id_in_body.unwrap_or(!has_id && !has_key && rule.ids.is_none());
        let validator = validator(&known.definition, &operation, rule, &ids);
        Ok(Self { known, rule, operation, ids, needs_ids, has_id_in_body, has_key, validator })
    }

    /// How the request is made unless the manifest says otherwise.
    pub(super) fn method(&self) -> Method {
        match self.operation {
            WriteOperationType::Update => Method::Patch,
            WriteOperationType::Upsert => Method::Put,
            WriteOperationType::Delete => Method::Delete,
            WriteOperationType::Insert | WriteOperationType::Unknown(_) => Method::Post,
        }
    }

    /// Whether a request may be made again after it may have had an effect: what is said twice of a record that is named
    /// is said once.
    pub(super) fn repeat(&self) -> Repeat {
        let is_named = self.operation != WriteOperationType::Insert || self.rule.request.method == Some(Method::Put);
        if is_named || self.rule.idempotency_key.is_some() { Repeat::Safe } else { Repeat::IfWithoutEffect }
    }

    /// Whether records stand in the body.
    pub(super) fn has_records(&self) -> bool {
        self.operation != WriteOperationType::Delete || self.has_id_in_body
    }

    /// Whether a failure of a request with many records means that none of them was written, without having been told so.
    pub(super) fn is_always_atomic(&self) -> bool {
        self.rule.all_or_none && self.rule.results.is_none() && !self.rule.request.mentions("allOrNone")
    }

    /// Whether a record cannot do without a field.
    pub(super) fn is_required(&self, field: &FieldDefinition) -> bool {
        is_required(field, &self.operation, self.rule)
    }

    /// Why a field may not have a value in this operation, if it may not.
    pub(super) fn refused(&self, field: &FieldDefinition) -> Option<&'static str> {
        let none = WriteOperationProperty::default();
        let write = field.write_properties.as_ref().unwrap_or(&none);
        let is_id = self.needs_ids && self.ids.contains(&field.field_name);
        let (is_allowed, why) = match self.operation {
            WriteOperationType::Insert => (write.is_creatable, "cannot be set on insert"),
            WriteOperationType::Update => (write.is_updatable, "cannot be changed"),
            WriteOperationType::Upsert => (write.is_upsertable, "cannot be set"),
            WriteOperationType::Delete | WriteOperationType::Unknown(_) => (Some(true), ""),
        };
        (is_allowed == Some(false) && !is_id).then_some(why)
    }
}

fn not_offered(known: &Known, operation: &WriteOperationType) -> ConnectorError {
    let offered: Vec<_> = known.access.write.operations().map(|(operation, _)| operation.to_string()).collect();
    ConnectorError::invalid_argument(if offered.is_empty() {
        format!("the entity {:?} can be read, not written to", known.name())
    } else {
        format!("the entity {:?} takes {}, not {operation}", known.name(), offered.join(", "))
    })
}

/// Whether these fields identify a record: all of the primary key, or one field that serves as an id.
fn identify(known: &Known, operation: &WriteOperationType, named: &[String]) -> Result<(), ConnectorError> {
    let mut given: Vec<_> = named.iter().map(String::as_str).collect();
    let mut keys: Vec<_> = known.primary_keys().collect();
    given.sort_unstable();
    keys.sort_unstable();
    let serves = |field: &FieldDefinition| {
        let write = field.write_properties.as_ref();
        let operations = write.and_then(|write| write.supported_write_operations.as_ref());
        operations.is_some_and(|operations| operations.contains(operation)) && field.is_primary_key != Some(true)
    };
    let definition = &known.definition;
    let is_other = matches!(given.as_slice(), [one] if definition.field(one).is_some_and(serves));
    if given == keys || is_other {
        return Ok(());
    }
    let others = definition.fields.iter().filter(|field| serves(field)).map(|field| field.field_name.clone());
    let right: Vec<_> = Some(keys.join(" and ")).filter(|keys| !keys.is_empty()).into_iter().chain(others).collect();
    Err(ConnectorError::invalid_argument(format!(
        "{} cannot say which record of {:?} is meant by {operation}; idFieldNames may be {}",
        named.join(" and "),
        known.name(),
        if right.is_empty() { "nothing: no field is a key".to_owned() } else { right.join(", or ") }
    )))
}

/// The rules for records of one operation. What may not be set is not among them.
fn validator(
    definition: &EntityDefinition,
    operation: &WriteOperationType,
    rule: &Operation,
    ids: &[String],
) -> RecordValidator {
    let is_delete = *operation == WriteOperationType::Delete;
    let mut rules = definition.clone();
    rules.fields.retain(|field| !is_delete || ids.contains(&field.field_name));
    for field in &mut rules.fields {
        let is_required = is_required(field, operation, rule);
        // The validator knows by the properties of reading what must be there.
        field.is_primary_key = Some(false);
        field.read_properties.get_or_insert_default().is_nullable = Some(!is_required);
    }
    let validator = RecordValidator::new(&rules).allow_null().refuse_missing_fields();
    if is_delete { validator } else { validator.refuse_unknown_fields() }
}

/// Whether a record cannot do without a field. A key that the API answers with is one that it gives.
fn is_required(field: &FieldDefinition, operation: &WriteOperationType, rule: &Operation) -> bool {
    let Some(write) = &field.write_properties else { return false };
    let is_given = field.is_primary_key == Some(true) && rule.id.is_some();
    *operation == WriteOperationType::Insert
        && write.is_nullable == Some(false)
        && write.is_creatable != Some(false)
        && write.is_defaulted_on_create != Some(true)
        && !is_given
}
