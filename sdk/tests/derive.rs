//! What `#[derive(Entity)]` makes of a struct, and that records made of the struct have just those members.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says why")]

use std::collections::{BTreeMap, BTreeSet};

use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition, Record};
use appflow_sdk::{Catalogue, Entity, FieldType, Selection};
use serde::Serialize;
use serde_json::value::RawValue;

/// A number of pieces.
#[derive(Serialize, Default)]
struct Pieces(u16);

impl FieldType for Pieces {
    const DATA_TYPE: &'static FieldDataType = &FieldDataType::Integer;
}

/// What customers
/// have ordered.
///
/// More than AppFlow needs to know.
#[derive(Serialize, Default, Entity)]
#[entity(name = "orders", label = "Orders")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Order<'a, T: FieldType> {
    #[entity(primary_key, label = "Number")]
    serial_number: i64,
    #[entity(incremental, data_type = "DateTime", description = "When it came")]
    placed_at: String,
    /// In euros.
    net_total: Option<f64>,
    r#type: &'a str,
    #[serde(rename = "Pieces")]
    pieces: Pieces,
    #[serde(rename(serialize = "STATE", deserialize = "status"), default)]
    state: Option<String>,
    tags: Vec<String>,
    prices: BTreeMap<String, f32>,
    #[entity(data_type = "Struct", nullable)]
    customer: serde_json::Value,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    extra: T,
    #[serde(skip)]
    #[expect(dead_code, reason = "left out of records on purpose")]
    secret: Option<RawText>,
}

struct RawText;

/// No `serde` at all, and names that lead to nested members.
#[derive(Entity)]
#[entity(name = "cities")]
#[expect(dead_code, reason = "only its definition is of interest")]
struct City {
    #[entity(incremental)]
    founded: Option<jiff::civil::Date>,
    #[entity(name = "mayor.name")]
    mayor: String,
    #[entity(skip)]
    cache: RawText,
}

fn orders() -> EntityDefinition {
    Order::<'_, bool>::definition()
}

#[track_caller]
fn field(name: &str) -> FieldDefinition {
    orders().field(name).unwrap().clone()
}

fn is_nullable(field: &FieldDefinition) -> Option<bool> {
    field.read_properties.as_ref()?.is_nullable
}

#[test]
fn fields_are_spelled_as_serde_spells_them_and_typed_as_rust_types_them() {
    use FieldDataType::{Boolean, DateTime, Double, Integer, List, Long, Map, String, Struct};
    let found: Vec<_> = orders()
        .fields
        .iter()
        .map(|field| (field.field_name.clone(), field.data_type.clone(), is_nullable(field).unwrap()))
        .collect();
    let expected = [
        ("serialNumber", Long, false),
        ("placedAt", DateTime, false),
        ("netTotal", Double, true),
        ("type", String, false),
        ("Pieces", Integer, false),
        ("STATE", String, true),
        ("tags", List, false),
        ("prices", Map, false),
        ("customer", Struct, true),
        ("note", String, true),
        ("extra", Boolean, false),
    ];
    let expected: Vec<_> = expected.map(|(name, data_type, nullable)| (name.to_owned(), data_type, nullable)).into();
    assert_eq!(found, expected);
}

#[test]
fn labels_descriptions_and_roles_are_taken_over() {
    let entity = orders().entity;
    assert_eq!((entity.entity_identifier.as_str(), entity.label.as_deref()), ("orders", Some("Orders")));
    assert_eq!(entity.description.as_deref(), Some("What customers have ordered."));
    assert_eq!(field("serialNumber").is_primary_key, Some(true));
    assert_eq!(field("serialNumber").label.as_deref(), Some("Number"));
    assert!(field("placedAt").is_incremental());
    assert_eq!(field("placedAt").description.as_deref(), Some("When it came"));
    assert_eq!(field("netTotal").description.as_deref(), Some("In euros."));
    assert_eq!(field("tags"), FieldDefinition::new("tags", FieldDataType::List).required());
}

#[test]
fn a_record_of_the_struct_has_the_fields_of_the_definition_and_no_others() {
    let order = Order { note: "fragile".to_owned(), ..Order::<'_, bool>::default() };
    let record = Record::new(&order).unwrap();
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(record.get()).unwrap();
    let definition = orders();
    let fields: BTreeSet<_> = definition.fields.iter().map(|field| field.field_name.clone()).collect();
    assert_eq!(members.into_keys().collect::<BTreeSet<_>>(), fields);
    let selection = Selection::new(&definition, None, None).unwrap();
    let selected = selection.apply(&serde_json::from_str::<Box<RawValue>>(record.get()).unwrap()).unwrap().unwrap();
    assert!(
        selected.get().starts_with(r#"{"serialNumber":0,"placedAt":"","type":"","Pieces":0,"tags":[]"#),
        "{}",
        selected.get()
    );
}

#[test]
fn a_struct_without_serde_describes_nested_members() {
    let catalogue = Catalogue::new(vec![City::definition(), orders()]);
    let cities = catalogue.get("cities").unwrap();
    let names: Vec<_> = cities.fields.iter().map(|field| field.field_name.as_str()).collect();
    assert_eq!(names, ["founded", "mayor.name"]);
    assert!(cities.fields[0].is_incremental());
    assert_eq!(cities.entity.label.as_deref(), Some("cities"));
}
