//! What can be known to be wrong before anything is sent.

use std::collections::{BTreeMap, BTreeSet};

use appflow_sdk::protocol::{
    ConnectorMode, DescribeConnectorConfigurationResponse, EntityDefinition, FieldDefinition, WriteOperationType,
};
use serde_json::value::RawValue;

use super::{Given, place};
use crate::error::{ErrorKind, RegistrarError};

/// Checks that the connector offers the operation, and that the entity can be written.
///
/// # Errors
/// [`ErrorKind::Usage`] with what it offers instead.
pub fn offers(
    connector: &DescribeConnectorConfigurationResponse,
    definition: &EntityDefinition,
    operation: &WriteOperationType,
) -> Result<(), RegistrarError> {
    let name = &connector.connector_name;
    if !connector.connector_modes.contains(&ConnectorMode::Destination) {
        return Err(RegistrarError::usage(format!("the connector {name} is no destination: it only reads")));
    }
    let offered = &connector.supported_write_operations;
    if !offered.contains(operation) {
        let list = match offered.as_slice() {
            [] => "no operation".to_owned(),
            some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        };
        return Err(RegistrarError::usage(format!("the connector {name} does not offer {operation}"))
            .with_hint(format!("it offers {list}")));
    }
    if !definition.entity.is_writable {
        let entity = &definition.entity.entity_identifier;
        return Err(RegistrarError::usage(format!("the entity {entity} cannot be written"))
            .with_hint("\"registrar entities\" shows which can"));
    }
    Ok(())
}

/// The fields that identify a record: those asked for, else the primary keys unless it is an insert.
///
/// # Errors
/// [`ErrorKind::Usage`] when there are none and the operation needs some, or the entity has no such field.
pub fn id_fields(
    asked_for: &[String],
    definition: &EntityDefinition,
    operation: &WriteOperationType,
) -> Result<Vec<String>, RegistrarError> {
    if !asked_for.is_empty() {
        unknown_fields(asked_for.iter().map(|name| (name.as_str(), 0)), "--id-fields", definition)?;
        return Ok(asked_for.to_vec());
    }
    if *operation == WriteOperationType::Insert {
        return Ok(Vec::new());
    }
    let is_key = |field: &&FieldDefinition| field.is_primary_key == Some(true);
    let keys: Vec<_> = definition.fields.iter().filter(is_key).map(|field| field.field_name.clone()).collect();
    if keys.is_empty() {
        let entity = &definition.entity.entity_identifier;
        return Err(RegistrarError::usage(format!("the entity {entity} has no primary key, which {operation} needs"))
            .with_hint("name the fields that identify a record with --id-fields"));
    }
    Ok(keys)
}

/// Refuses names that are no field of the entity. Each comes with the line it is on, or 0.
///
/// # Errors
/// [`ErrorKind::Usage`] with every such name and the nearest right one.
pub fn unknown_fields<'a>(
    names: impl IntoIterator<Item = (&'a str, u64)>,
    origin: &str,
    definition: &EntityDefinition,
) -> Result<(), RegistrarError> {
    let wrong: Vec<_> = names
        .into_iter()
        .filter(|(name, _)| !is_field(name, definition))
        .map(|(name, line)| {
            let place = if line == 0 { origin.to_owned() } else { place(origin, line) };
            let near = nearest(name, definition).map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
            format!("{place}: there is no field {name:?}{near}")
        })
        .collect();
    let message = match wrong.as_slice() {
        [] => return Ok(()),
        [one] => one.clone(),
        several => format!("{} fields are unknown:\n  {}", several.len(), several.join("\n  ")),
    };
    let entity = &definition.entity.entity_identifier;
    let hint = format!("\"registrar fields {entity}\" shows what there is; --as-is sends other fields all the same");
    Err(RegistrarError::new(ErrorKind::Usage, message).with_hint(hint))
}

/// Whether records may have a member of this name: a field, or what the fields with dotted names are in.
fn is_field(name: &str, definition: &EntityDefinition) -> bool {
    definition
        .fields
        .iter()
        .any(|field| field.field_name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

fn nearest<'a>(name: &str, definition: &'a EntityDefinition) -> Option<&'a str> {
    appflow_sdk::nearest(name, definition.fields.iter().map(|field| field.field_name.as_str()))
}

/// The members of all records, each with the line of the first record that has it, in the order of these lines.
///
/// # Errors
/// [`ErrorKind::Usage`] when a member's name is no text.
pub fn members(given: &[Given], origin: &str) -> Result<Vec<(String, u64)>, RegistrarError> {
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for Given { line, record } in given {
        let members: BTreeMap<String, &RawValue> = record.read().map_err(|error| {
            RegistrarError::usage(format!("{}: a name is no text", place(origin, *line))).with_source(error)
        })?;
        for name in members.into_keys() {
            if seen.insert(name.clone()) {
                names.push((name, *line));
            }
        }
    }
    Ok(names)
}

/// What is odd about the records, but may be right.
#[must_use]
pub fn warnings(
    definition: &EntityDefinition,
    operation: &WriteOperationType,
    id_fields: &[String],
    members: &[(String, u64)],
) -> Vec<String> {
    let mut warnings = Vec::new();
    let has = |name: &str| members.iter().any(|(member, _)| member == name);
    let missing: Vec<_> = id_fields.iter().filter(|name| !has(name)).map(String::as_str).collect();
    if !missing.is_empty() {
        warnings.push(format!("no record has the id field {}", missing.join(", ")));
    }
    let may = |field: &FieldDefinition| {
        let write = field.write_properties.clone().unwrap_or_default();
        match operation {
            WriteOperationType::Insert => write.is_creatable == Some(true),
            WriteOperationType::Update => write.is_updatable == Some(true),
            WriteOperationType::Upsert => write.is_upsertable == Some(true),
            // Of a record to delete only the ids matter.
            WriteOperationType::Delete | WriteOperationType::Unknown(_) => true,
        }
    };
    let kind = match operation {
        WriteOperationType::Insert => "creatable",
        WriteOperationType::Update => "updatable",
        _ => "upsertable",
    };
    let refused: Vec<_> = members
        .iter()
        .filter_map(|(name, _)| definition.field(name))
        .filter(|field| !id_fields.contains(&field.field_name) && !may(field))
        .map(|field| field.field_name.as_str())
        .collect();
    if !refused.is_empty() {
        let list = refused.join(", ");
        warnings.push(format!("the entity says of {list} that it is not {kind}; a flow could not map to it"));
    }
    let as_id = |field: &FieldDefinition| {
        let operations = field.write_properties.as_ref()?.supported_write_operations.as_ref()?;
        Some(operations.contains(operation))
    };
    for field in id_fields.iter().filter_map(|name| definition.field(name)) {
        if as_id(field) == Some(false) {
            let name = &field.field_name;
            warnings.push(format!("the entity says of {name} that it is no id field for {operation}"));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use appflow_sdk::protocol::{AuthenticationConfig, FieldDataType, WriteOperationProperty};

    use super::*;

    fn definition() -> EntityDefinition {
        let write = WriteOperationProperty {
            is_creatable: Some(true),
            is_updatable: Some(false),
            supported_write_operations: Some(vec![WriteOperationType::Update]),
            ..WriteOperationProperty::default()
        };
        let fields = vec![
            FieldDefinition::new("id", FieldDataType::Long).primary_key().write_properties(write.clone()),
            FieldDefinition::new("title", FieldDataType::String).write_properties(write),
            FieldDefinition::new("address.city", FieldDataType::String),
        ];
        EntityDefinition::new("tickets", fields).writable()
    }

    fn destination(operations: &[WriteOperationType]) -> DescribeConnectorConfigurationResponse {
        DescribeConnectorConfigurationResponse::destination("Desk", "Acme", "1.0.0")
            .authentication(AuthenticationConfig::new().none())
            .write_operations(operations.iter().cloned())
            .build()
            .unwrap()
    }

    #[test]
    fn refuses_what_the_connector_does_not_offer_and_says_what_it_does() {
        use WriteOperationType::{Delete, Insert, Upsert};
        let desk = destination(&[Upsert, Delete]);
        offers(&desk, &definition(), &Upsert).unwrap();
        let error = offers(&desk, &definition(), &Insert).unwrap_err();
        assert_eq!((error.exit_code().code(), error.hint()), (2, Some("it offers UPSERT, DELETE")));
        let readable = EntityDefinition::new("logs", vec![]);
        assert!(offers(&desk, &readable, &Upsert).unwrap_err().to_string().contains("logs cannot be written"));
        let mut source = desk;
        source.connector_modes = vec![ConnectorMode::Source];
        assert!(offers(&source, &definition(), &Upsert).unwrap_err().to_string().contains("no destination"));
    }

    #[test]
    fn takes_the_primary_keys_as_ids_unless_others_are_named() {
        let of = |asked_for: &[&str], operation| {
            let asked_for: Vec<_> = asked_for.iter().map(|name| (*name).to_owned()).collect();
            id_fields(&asked_for, &definition(), &operation)
        };
        assert_eq!(of(&[], WriteOperationType::Update).unwrap(), ["id"]);
        assert_eq!(of(&[], WriteOperationType::Insert).unwrap(), [""; 0]);
        assert_eq!(of(&["title"], WriteOperationType::Upsert).unwrap(), ["title"]);
        let error = of(&["titel"], WriteOperationType::Upsert).unwrap_err();
        assert_eq!(error.to_string(), "--id-fields: there is no field \"titel\"; did you mean \"title\"?");
        let keyless = EntityDefinition::new("logs", vec![]);
        let error = id_fields(&[], &keyless, &WriteOperationType::Delete).unwrap_err();
        assert!(error.hint().unwrap().contains("--id-fields"));
    }

    #[test]
    fn names_unknown_members_with_their_first_line() {
        let given = crate::write::read_json("{\"id\":1}\n{\"colour\":1,\"Title\":2}\n{\"colour\":1}", "f").unwrap();
        let found = members(&given, "f").unwrap();
        let error = unknown_fields(found.iter().map(|(name, line)| (name.as_str(), *line)), "f", &definition());
        insta::assert_snapshot!(error.unwrap_err(), @r#"
        2 fields are unknown:
          f, line 2: there is no field "Title"; did you mean "title"?
          f, line 2: there is no field "colour"
        "#);
        unknown_fields([("address", 1), ("address.city", 1)], "f", &definition()).unwrap();
        assert!(unknown_fields([("addr", 1)], "f", &definition()).is_err());
        let error = unknown_fields([("addr", 3)], crate::write::OPTION, &definition()).unwrap_err();
        assert_eq!(error.to_string(), "--record number 3: there is no field \"addr\"");
    }

    #[test]
    fn warns_of_fields_that_the_operation_does_not_set() {
        let members = [("id".to_owned(), 1), ("title".to_owned(), 1)];
        let of = |operation, ids: &[&str]| {
            let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
            warnings(&definition(), &operation, &ids, &members)
        };
        assert_eq!(of(WriteOperationType::Insert, &[]), [""; 0]);
        let update = of(WriteOperationType::Update, &["id"]);
        assert_eq!(update, ["the entity says of title that it is not updatable; a flow could not map to it"]);
        let delete = of(WriteOperationType::Delete, &["id", "address.city"]);
        assert_eq!(
            delete,
            ["no record has the id field address.city", "the entity says of id that it is no id field for DELETE"]
        );
    }
}
