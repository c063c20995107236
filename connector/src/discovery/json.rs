//! Entities and fields from JSON answers, by the manifest's pointers.

use std::collections::HashMap;
use std::sync::Arc;

use appflow_sdk::protocol::{Entity, EntityDefinition, FieldConstraints, FieldDataType, FieldDefinition};
use indexmap::IndexMap;
use serde_json::Value;

use crate::known::{Access, Known, SourceField};
use crate::manifest::{Describe, List, Test};
use crate::writable::{self, Settable};

/// Longest label and description that AppFlow takes, in characters.
pub(super) const LABEL: usize = 128;
pub(super) const DESCRIPTION: usize = 1_024;

/// The entities of a list.
///
/// # Errors
/// What is not where the manifest says.
pub(super) fn entities(rules: &List, document: &Value, is_writable: bool) -> Result<Vec<Entity>, String> {
    let mut entities = Vec::new();
    for item in array(document, &rules.items, "entities")? {
        if !rules.only.iter().all(|test| test.passes(item)) {
            continue;
        }
        let name = text(item, &rules.identifier)
            .ok_or_else(|| format!("an entity has no identifier at {:?}", rules.identifier))?;
        if name.is_empty() || name.chars().any(char::is_whitespace) {
            // AppFlow takes no identifier with white space.
            continue;
        }
        let may_write = rules.writable.as_ref().is_none_or(|test| test.passes(item));
        let mut found = entity(name, is_writable && may_write);
        if let Some(label) = rules.label.as_ref().and_then(|pointer| text(item, pointer)) {
            found.label = Some(cut(label, LABEL));
        }
        found.description =
            rules.description.as_ref().and_then(|pointer| text(item, pointer)).map(|text| cut(text, DESCRIPTION));
        found.has_nested_entities = rules.nested.as_ref().is_some_and(|nested| nested.when.passes(item));
        entities.push(found);
    }
    Ok(entities)
}

/// An entity of which only the name is known.
pub(super) fn entity(name: &str, is_writable: bool) -> Entity {
    let mut entity = Entity::new(name);
    entity.is_writable = is_writable;
    entity
}

/// An entity with its fields.
///
/// # Errors
/// What is not where the manifest says.
pub(super) fn known(
    rules: &Describe,
    types: &IndexMap<String, FieldDataType>,
    entity: Entity,
    document: &Value,
    access: &Arc<Access>,
) -> Result<Known, String> {
    let mut fields = Vec::new();
    let mut sources = HashMap::new();
    for item in array(document, &rules.fields, "fields")? {
        if !rules.only.iter().all(|test| test.passes(item)) {
            continue;
        }
        let name = text(item, &rules.name).ok_or_else(|| format!("a field has no name at {:?}", rules.name))?;
        let native = rules.data_type.as_ref().and_then(|pointer| text(item, pointer));
        let field = field(rules, types, item, name, native, entity.is_writable.then_some(access));
        if let Some(native) = native {
            let source = SourceField { native: Some(native.to_owned()), ..SourceField::default() };
            sources.insert(name.to_owned(), source);
        }
        fields.push(field);
    }
    if fields.is_empty() {
        return Err(format!("{:?} has no fields", entity.entity_identifier));
    }
    let mut definition = EntityDefinition::new(entity.entity_identifier.clone(), fields);
    definition.entity = entity;
    Ok(Known { definition, fields: sources, access: Arc::clone(access) })
}

fn field(
    rules: &Describe,
    types: &IndexMap<String, FieldDataType>,
    item: &Value,
    name: &str,
    native: Option<&str>,
    written: Option<&Arc<Access>>,
) -> FieldDefinition {
    let passes = |test: &Option<Test>, otherwise: bool| test.as_ref().map_or(otherwise, |test| test.passes(item));
    let data_type = native.and_then(|native| types.get(native)).or_else(|| types.get("*"));
    let data_type = data_type.cloned().unwrap_or(FieldDataType::String);
    let is_time = matches!(data_type, FieldDataType::Date | FieldDataType::DateTime);
    let mut field = FieldDefinition::new(name, data_type);
    let is_key = passes(&rules.primary_key, false);
    let is_nullable = !is_key && passes(&rules.nullable, true);
    if is_key {
        field = field.primary_key();
    } else if !is_nullable {
        field = field.required();
    }
    if is_time && passes(&rules.incremental, false) {
        field = field.incremental();
    }
    if let Some(native) = native {
        field = field.data_type_label(native);
    }
    if let Some(label) = rules.label.as_ref().and_then(|pointer| text(item, pointer)) {
        field = field.label(cut(label, LABEL));
    }
    if let Some(description) = rules.description.as_ref().and_then(|pointer| text(item, pointer)) {
        field = field.description(cut(description, DESCRIPTION));
    }
    if let Some(values) = rules.values.as_ref().and_then(|pointer| values(item, pointer)) {
        field = field.constraints(FieldConstraints { allowed_values: Some(values), ..FieldConstraints::default() });
    }
    if !passes(&rules.filterable, true) {
        field.read_properties.get_or_insert_default().is_queryable = Some(false);
        field.filter_operators = Vec::new();
    }
    if let Some(access) = written {
        let settable = Settable {
            is_key,
            is_external_id: passes(&rules.external_id, false),
            is_nullable,
            is_creatable: passes(&rules.creatable, true),
            is_updatable: passes(&rules.updatable, !is_key),
            is_defaulted: passes(&rules.defaulted, false),
        };
        if access.read.is_none() && access.retrieve.is_none() {
            writable::only(&mut field);
        }
        field = field.write_properties(settable.properties(&access.write));
    }
    field
}

/// The values to choose from; none when the choice is open or not plain.
fn values(item: &Value, pointer: &str) -> Option<Vec<String>> {
    let values = item.pointer(pointer)?.as_array()?;
    let texts: Option<Vec<_>> =
        values.iter().map(|value| value.as_str().or_else(|| value.get("value")?.as_str()).map(str::to_owned)).collect();
    texts.filter(|texts| !texts.is_empty())
}

fn array<'d>(document: &'d Value, pointer: &str, what: &str) -> Result<&'d Vec<Value>, String> {
    let found = document.pointer(pointer).and_then(Value::as_array);
    found.ok_or_else(|| format!("there is no array of {what} at {pointer:?}"))
}

fn text<'v>(item: &'v Value, pointer: &str) -> Option<&'v str> {
    item.pointer(pointer)?.as_str()
}

/// The beginning of a text, of at most so many characters.
pub(super) fn cut(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}
