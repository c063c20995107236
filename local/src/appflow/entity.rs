//! Entities and fields, put into the words of the public API.

use appflow_sdk::protocol::{Decimal, Entity, FieldDefinition, RangeConstraint};
use serde_json::{Value, json};

use super::behaviour::FieldTypeSource;

/// One of `connectorEntityMap`.
pub(super) fn entity(entity: &Entity) -> Value {
    json!({
        "name": entity.entity_identifier,
        "label": entity.label,
        "hasNestedEntities": entity.has_nested_entities,
    })
}

/// One of `connectorEntityFields`.
pub(super) fn field(field: &FieldDefinition, field_type: FieldTypeSource) -> Value {
    let constraints = field.constraints.clone().unwrap_or_default();
    let field_type = match field_type {
        FieldTypeSource::DataType => field.data_type.as_str(),
        FieldTypeSource::DataTypeLabel => &field.data_type_label,
    };
    json!({
        "identifier": field.field_name,
        "label": field.label,
        "description": field.description,
        "isPrimaryKey": field.is_primary_key.unwrap_or(false),
        "isDeprecated": field.is_deprecated.unwrap_or(false),
        "defaultValue": field.default_value,
        "customProperties": field.custom_properties,
        "supportedFieldTypeDetails": {"v1": {
            "fieldType": field_type,
            // The public API requires the list, so it is there even when empty.
            "filterOperators": field.filter_operators,
            "supportedValues": constraints.allowed_values.unwrap_or_default(),
            "valueRegexPattern": constraints.allowed_values_regex_pattern,
            "supportedDateFormat": constraints.allowed_date_format,
            "fieldValueRange": constraints.allowed_value_range.as_ref().map(range),
            "fieldLengthRange": constraints.allowed_length_range.as_ref().map(range),
        }},
        "sourceProperties": source(field),
        "destinationProperties": destination(field),
    })
}

/// `isNullable` of a source is not shown.
fn source(field: &FieldDefinition) -> Value {
    let read = field.read_properties.clone().unwrap_or_default();
    json!({
        "isRetrievable": read.is_retrievable.unwrap_or(false),
        "isQueryable": read.is_queryable.unwrap_or(false),
        "isTimestampFieldForIncrementalQueries":
            read.is_timestamp_field_for_incremental_queries.unwrap_or(false),
    })
}

fn destination(field: &FieldDefinition) -> Value {
    let write = field.write_properties.clone().unwrap_or_default();
    json!({
        "isCreatable": write.is_creatable.unwrap_or(false),
        "isUpdatable": write.is_updatable.unwrap_or(false),
        "isUpsertable": write.is_upsertable.unwrap_or(false),
        "isNullable": write.is_nullable.unwrap_or(false),
        "isDefaultedOnCreate": write.is_defaulted_on_create.unwrap_or(false),
        "supportedWriteOperations": write.supported_write_operations.unwrap_or_default(),
    })
}

fn range(range: &RangeConstraint) -> Value {
    json!({"minimum": double(&range.min_range), "maximum": double(&range.max_range)})
}

/// The public API has doubles here, so digits beyond theirs are lost.
fn double(decimal: &Decimal) -> Option<f64> {
    decimal.as_str().parse().ok()
}
