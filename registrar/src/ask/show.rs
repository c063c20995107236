//! Answers as a person wants to read them.

use std::collections::BTreeMap;

use appflow_sdk::protocol::{
    AuthenticationType, DescribeConnectorConfigurationResponse, Entity, EntityDefinition, FieldDefinition, Record,
};
use comfy_table::{ContentArrangement, Table};
use serde_json::value::RawValue;

/// Longest cell of a table of records, in characters.
const CELL: usize = 60;

/// A table that fits the terminal, if there is one.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.iter().map(|name| plain(name)).collect::<Vec<_>>());
    for row in rows {
        table.add_row(row.iter().map(|cell| plain(cell)).collect::<Vec<_>>());
    }
    table.to_string()
}

/// Without control characters: data must not be able to move the cursor or change colours.
fn plain(text: &str) -> String {
    text.chars().map(|next| if next.is_control() { ' ' } else { next }).collect()
}

/// What a connector says of itself.
#[must_use]
pub fn configuration_text(connector: &DescribeConnectorConfigurationResponse) -> String {
    fn list<T: ToString>(values: &[T]) -> String {
        let texts: Vec<_> = values.iter().map(ToString::to_string).collect();
        if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
    }
    let authentication = connector.authentication_config.clone().unwrap_or_default();
    let mut kinds: Vec<_> = [AuthenticationType::BasicAuth, AuthenticationType::ApiKey, AuthenticationType::OAuth2]
        .into_iter()
        .filter(|kind| authentication.supports(kind))
        .map(|kind| kind.to_string())
        .collect();
    let custom = authentication.custom_auth_config.unwrap_or_default();
    kinds.extend(custom.into_iter().map(|kind| format!("{} (custom)", kind.authentication_type)));
    let lines = [
        ("name", connector.connector_name.clone()),
        ("owner", connector.connector_owner.clone()),
        ("version", connector.connector_version.clone()),
        ("modes", list(&connector.connector_modes)),
        ("authentication", list(&kinds)),
        ("API versions", list(&connector.supported_api_versions)),
        ("operators", list(&connector.operators_supported)),
        ("triggers", list(&connector.supported_trigger_types)),
        ("frequencies", list(&connector.trigger_frequencies_supported)),
        ("writes", list(&connector.supported_write_operations)),
    ];
    let mut parts: Vec<_> = lines.iter().map(|(name, value)| format!("{name:<15} {}\n", plain(value))).collect();
    if !connector.settings().is_empty() {
        let rows = connector.settings().iter().map(|setting| {
            vec![
                setting.key.clone(),
                setting.data_type.to_string(),
                setting.scope.to_string(),
                yes(setting.required),
                setting.description.clone(),
            ]
        });
        let header = ["setting", "type", "scope", "required", "description"];
        parts.push(format!("\n{}", table(&header, rows)));
    }
    parts.concat()
}

fn yes(is: bool) -> String {
    if is { "yes".to_owned() } else { String::new() }
}

/// Entities as a table.
#[must_use]
pub fn entities_table(entities: &[Entity]) -> String {
    if entities.is_empty() {
        return "no entities".to_owned();
    }
    let rows = entities.iter().map(|entity| {
        vec![
            entity.entity_identifier.clone(),
            entity.label.clone().unwrap_or_default(),
            yes(entity.has_nested_entities),
            yes(entity.is_writable),
            entity.description.clone().unwrap_or_default(),
        ]
    });
    table(&["entity", "label", "has children", "writable", "description"], rows)
}

/// The fields of an entity as a table.
#[must_use]
pub fn fields_table(definition: &EntityDefinition) -> String {
    let rows = definition.fields.iter().map(|field| {
        let operators: Vec<_> = field.filter_operators.iter().map(ToString::to_string).collect();
        vec![field.field_name.clone(), field.data_type.to_string(), flags(field), operators.join(" ")]
    });
    table(&["field", "type", "properties", "filters"], rows)
}

fn flags(field: &FieldDefinition) -> String {
    let read = field.read_properties.as_ref();
    let write = field.write_properties.as_ref();
    let flags = [
        ("key", field.is_primary_key),
        ("deprecated", field.is_deprecated),
        ("queryable", read.and_then(|read| read.is_queryable)),
        ("incremental", read.and_then(|read| read.is_timestamp_field_for_incremental_queries)),
        ("creatable", write.and_then(|write| write.is_creatable)),
        ("updatable", write.and_then(|write| write.is_updatable)),
        ("upsertable", write.and_then(|write| write.is_upsertable)),
    ];
    let set: Vec<_> = flags.into_iter().filter(|(_, is)| *is == Some(true)).map(|(name, _)| name).collect();
    set.join(" ")
}

/// Records as a table: columns in the order of the definition, then whatever else the records have.
///
/// Nested values are shown as JSON, null as nothing; numbers keep their digits.
#[must_use]
pub fn records_table(definition: &EntityDefinition, fields: &[String], records: &[Record]) -> String {
    if records.is_empty() {
        return "no records".to_owned();
    }
    let rows = members(records);
    let mut columns: Vec<&str> = if fields.is_empty() {
        let known = definition.fields.iter().map(|field| field.field_name.as_str());
        known.filter(|name| rows.iter().any(|row| row.contains_key(*name))).collect()
    } else {
        fields.iter().map(String::as_str).collect()
    };
    for name in rows.iter().flat_map(|row| row.keys()) {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    columns_table(&columns, &rows)
}

/// These fields of the records and no others, as a table.
#[must_use]
pub fn columns_of_records(fields: &[&str], records: &[Record]) -> String {
    columns_table(fields, &members(records))
}

type Members<'a> = BTreeMap<String, &'a RawValue>;

fn members(records: &[Record]) -> Vec<Members<'_>> {
    records.iter().map(|record| serde_json::from_str(record.get()).unwrap_or_default()).collect()
}

fn columns_table(columns: &[&str], rows: &[Members<'_>]) -> String {
    let cells = rows
        .iter()
        .map(|row| columns.iter().map(|name| row.get(*name).map_or_else(String::new, |raw| cell(raw))).collect());
    table(columns, cells)
}

fn cell(raw: &RawValue) -> String {
    let json = raw.get();
    let text = match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str(json).unwrap_or_else(|_| json.to_owned()),
        Some(b'n') => String::new(),
        _ => json.to_owned(),
    };
    if text.chars().count() <= CELL {
        return text;
    }
    let mut cut: String = text.chars().take(CELL - 1).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use appflow_sdk::protocol::{FieldDataType, FieldDefinition};

    use super::*;

    fn definition() -> EntityDefinition {
        let fields = ["id", "name", "unused"].map(|name| FieldDefinition::new(name, FieldDataType::String));
        EntityDefinition::new("things", fields.into())
    }

    fn records() -> Vec<Record> {
        ["{\"name\":\"a\",\"id\":1.10,\"extra\":{\"b\":[1]}}", "{\"id\":null,\"name\":\"\\u001b[31m\"}"]
            .map(|text| Record::parse(text).unwrap())
            .into()
    }

    #[test]
    fn shows_records_in_the_order_of_the_definition() {
        insta::assert_snapshot!(records_table(&definition(), &[], &records()), @r#"
        ┌──────┬───────┬───────────┐
        │ id   ┆ name  ┆ extra     │
        ╞══════╪═══════╪═══════════╡
        │ 1.10 ┆ a     ┆ {"b":[1]} │
        │      ┆  [31m ┆           │
        └──────┴───────┴───────────┘
        "#);
    }

    #[test]
    fn shows_the_fields_asked_for_first_even_if_empty() {
        let table = records_table(&definition(), &["unused".to_owned()], &records());
        let header = table.lines().nth(1).unwrap();
        assert!(header.find("unused") < header.find("extra"), "{header}");
    }

    #[test]
    fn cuts_long_values_on_a_character_boundary() {
        let long = Record::parse(&format!("{{\"name\":\"{}\"}}", "ü".repeat(100))).unwrap();
        let table = records_table(&definition(), &[], &[long]);
        assert_eq!(table.matches('ü').count(), CELL - 1);
    }

    #[test]
    fn says_so_when_there_is_nothing() {
        assert_eq!(records_table(&definition(), &[], &[]), "no records");
        assert_eq!(entities_table(&[]), "no entities");
    }
}
