//! From a [`Model`] to what AppFlow is told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use appflow_sdk::protocol::ReadOperationProperty;
use appflow_sdk::protocol::{
    Decimal, Entity, EntityDefinition, FieldConstraints, FieldDataType, FieldDefinition, RangeConstraint,
};

use super::model::{Kind, Model, Property, Set, Structure};
use crate::discovery::json::{DESCRIPTION, LABEL, cut};
use crate::known::{Access, Known, SourceField};
use crate::manifest::{Discovery, Write};
use crate::writable::{self, Settable};

/// Most fields of an entity, and deepest nesting of flattened ones. What is beyond stays one field of type `Struct`.
const MOST_FIELDS: usize = 2_000;
const DEEPEST: usize = 6;

/// Names of moments that tell when a record was last changed, in small letters. Metadata has no term for that.
const CHANGED: [&str; 14] = [
    "changedat",
    "changedon",
    "lastchangedat",
    "lastchangedatetime",
    "lastmodified",
    "lastmodifiedat",
    "lastmodifieddate",
    "lastmodifieddatetime",
    "modifiedat",
    "modifieddate",
    "modifiedon",
    "updatedat",
    "updatedon",
    "systemmodstamp",
];

impl Model {
    /// The entity sets whose types the document has.
    pub(in crate::discovery) fn entities(&self, access: &Access) -> Vec<Entity> {
        let known =
            self.sets.iter().filter(|(_, set)| self.structures.contains_key(self.qualified(&set.kind).as_ref()));
        known.map(|(name, set)| self.entity(name, set, &access_of(set, access))).collect()
    }

    /// An entity set with its fields; nothing if there is none of that name.
    ///
    /// # Errors
    /// What is wrong with its type.
    pub(in crate::discovery) fn known(
        &self,
        name: &str,
        rules: &Discovery,
        access: &Arc<Access>,
    ) -> Result<Option<Known>, String> {
        let Some(set) = self.sets.get(name) else { return Ok(None) };
        let Some(lineage) = self.lineage(&set.kind)? else { return Ok(None) };
        let own = access_of(set, access);
        let entity = self.entity(name, set, &own);
        let mut fields = Fields {
            model: self,
            rules,
            key: lineage.iter().flat_map(|structure| &structure.key).map(String::as_str).collect(),
            unfilterable: set.unfilterable.iter().map(String::as_str).collect(),
            written: entity.is_writable.then_some(&own),
            found: Vec::new(),
            sources: HashMap::new(),
        };
        fields.add(&lineage, &mut Vec::new(), &mut vec![self.qualified(&set.kind).into_owned()])?;
        if fields.found.is_empty() {
            return Err(format!("the type {:?} of {name:?} has no properties", set.kind));
        }
        let mut definition = EntityDefinition::new(name, fields.found);
        definition.entity = entity;
        Ok(Some(Known { definition, fields: fields.sources, access: Arc::new(own) }))
    }

    fn entity(&self, name: &str, set: &Set, own: &Access) -> Entity {
        let mut entity = Entity::new(name);
        entity.is_writable = !own.write.is_empty();
        let kind = self.structures.get(self.qualified(&set.kind).as_ref()).map(|kind| &kind.words);
        let label = set.words.label.as_ref().or_else(|| kind?.label.as_ref());
        let description = set.words.description.as_ref().or_else(|| kind?.description.as_ref());
        if let Some(label) = label {
            entity.label = Some(cut(label, LABEL));
        }
        entity.description = description.map(|text| cut(text, DESCRIPTION));
        entity
    }
}

/// How a set is read and written: as the manifest says, without what the service refuses.
fn access_of(set: &Set, access: &Access) -> Access {
    let Write { insert, update, upsert, delete } = access.write.clone();
    let write = Write {
        insert: insert.filter(|_| set.is_insertable),
        update: update.filter(|_| set.is_updatable),
        upsert: upsert.filter(|_| set.is_insertable && set.is_updatable),
        delete: delete.filter(|_| set.is_deletable),
    };
    Access { read: access.read.clone(), retrieve: access.retrieve.clone(), write }
}

/// The fields of an entity while they are gathered.
struct Fields<'m> {
    model: &'m Model,
    rules: &'m Discovery,
    key: HashSet<&'m str>,
    unfilterable: HashSet<&'m str>,
    written: Option<&'m Access>,
    found: Vec<FieldDefinition>,
    sources: HashMap<String, SourceField>,
}

/// A type as AppFlow has it.
struct Typed {
    data_type: FieldDataType,
    /// What the service calls it.
    native: String,
    longest: Option<u32>,
    values: Option<Vec<String>>,
}

impl<'m> Fields<'m> {
    /// Adds the properties of a structure. `path` leads to it, and `trail` are the types on the way.
    fn add(
        &mut self,
        lineage: &[&'m Structure],
        path: &mut Vec<String>,
        trail: &mut Vec<String>,
    ) -> Result<(), String> {
        for (name, property) in lineage.iter().flat_map(|structure| &structure.properties) {
            path.push(name.clone());
            let nested = self.nested(property, path.len(), trail)?;
            if let Some((kind, nested)) = nested {
                trail.push(kind);
                self.add(&nested, path, trail)?;
                trail.pop();
            } else if property.kind.name != "Edm.Stream" {
                self.field(property, path);
            }
            path.pop();
        }
        Ok(())
    }

    /// The structure whose properties become fields of their own, if the manifest says so and it does not hold itself.
    fn nested(
        &self,
        property: &Property,
        depth: usize,
        trail: &[String],
    ) -> Result<Option<(String, Vec<&'m Structure>)>, String> {
        if self.rules.flatten.is_none() || depth >= DEEPEST || self.found.len() >= MOST_FIELDS {
            return Ok(None);
        }
        let kind = self.model.qualified(&property.kind.name).into_owned();
        let lineage = self.model.lineage(&kind)?;
        let has_any = |lineage: &Vec<&Structure>| lineage.iter().any(|structure| !structure.properties.is_empty());
        Ok(lineage.filter(has_any).filter(|_| !trail.contains(&kind)).map(|lineage| (kind, lineage)))
    }

    fn field(&mut self, property: &Property, path: &[String]) {
        let separator = self.rules.flatten.as_deref().unwrap_or(".");
        let name = path.join(separator);
        let select = path.join("/");
        let Typed { data_type, native, longest, values } = self.typed(&property.kind);
        let is_time = matches!(data_type, FieldDataType::Date | FieldDataType::DateTime);
        let mut field = FieldDefinition::new(name.as_str(), data_type).data_type_label(native.as_str());
        let is_key = self.key.contains(select.as_str());
        if is_key {
            field = field.primary_key();
        } else if !property.is_nullable && path.len() == 1 {
            // What is within something that may be null may be missing with it.
            field = field.required();
        }
        let last = path.last().map(|last| last.to_lowercase()).unwrap_or_default();
        if is_time && CHANGED.contains(&last.as_str()) {
            field = field.incremental();
        }
        if let Some(label) = &property.words.label {
            field = field.label(cut(label, LABEL));
        }
        if let Some(description) = &property.words.description {
            field = field.description(cut(description, DESCRIPTION));
        }
        let longest = longest.filter(|_| field.data_type == FieldDataType::String && values.is_none());
        if longest.is_some() || values.is_some() {
            let allowed_length_range = longest.map(|longest| RangeConstraint {
                min_range: Decimal::from(0),
                max_range: Decimal::from(i64::from(longest)),
            });
            let constraints =
                FieldConstraints { allowed_length_range, allowed_values: values, ..FieldConstraints::default() };
            field = field.constraints(constraints);
        }
        if self.unfilterable.contains(select.as_str()) {
            field.read_properties.get_or_insert_with(ReadOperationProperty::default).is_queryable = Some(false);
            field.filter_operators = Vec::new();
        }
        if let Some(access) = self.written {
            let settable = Settable {
                is_key,
                is_external_id: false,
                is_nullable: !is_key && property.is_nullable,
                is_creatable: !property.is_computed,
                is_updatable: !property.is_computed && !property.is_immutable && !is_key,
                is_defaulted: property.is_defaulted || property.is_computed,
            };
            if access.read.is_none() && access.retrieve.is_none() {
                writable::only(&mut field);
            }
            field = field.write_properties(settable.properties(&access.write));
        }
        let is_nested = path.len() > 1;
        let pointer = is_nested.then(|| format!("/{select}"));
        let source = SourceField { pointer, select: is_nested.then_some(select), native: Some(native) };
        self.sources.insert(name, source);
        self.found.push(field);
    }

    fn typed(&self, kind: &Kind) -> Typed {
        let plain =
            |data_type, native: &str| Typed { data_type, native: native.to_owned(), longest: None, values: None };
        let mut named = self.model.qualified(&kind.name).into_owned();
        let mut longest = kind.longest;
        if let Some(underlying) = self.model.definitions.get(&named) {
            longest = longest.or(underlying.longest);
            named.clone_from(&underlying.name);
        }
        if let Some(data_type) = self.rules.types.get(&named) {
            return Typed { longest, ..plain(data_type.clone(), &named) };
        }
        if let Some(members) = self.model.enumerations.get(&named) {
            let values = Some(members.clone()).filter(|members| !members.is_empty());
            return Typed { values, ..plain(FieldDataType::String, &named) };
        }
        if named.starts_with("Collection(") {
            return plain(FieldDataType::List, &named);
        }
        if self.model.structures.contains_key(&named) {
            return plain(FieldDataType::Struct, &named);
        }
        let data_type = primitive(&named).or_else(|| self.rules.types.get("*").cloned());
        Typed { longest, ..plain(data_type.unwrap_or(FieldDataType::String), &named) }
    }
}

/// AppFlow's type for a primitive type.
fn primitive(native: &str) -> Option<FieldDataType> {
    Some(match native.strip_prefix("Edm.")? {
        "Boolean" => FieldDataType::Boolean,
        "Byte" | "SByte" | "Int16" => FieldDataType::Short,
        "Int32" => FieldDataType::Integer,
        "Int64" => FieldDataType::Long,
        "Single" => FieldDataType::Float,
        "Double" => FieldDataType::Double,
        "Decimal" => FieldDataType::BigDecimal,
        "Date" => FieldDataType::Date,
        "DateTimeOffset" => FieldDataType::DateTime,
        "Binary" => FieldDataType::ByteArray,
        "String" | "Guid" | "TimeOfDay" | "Duration" => FieldDataType::String,
        // Points and shapes are GeoJSON.
        shape if shape.starts_with("Geography") || shape.starts_with("Geometry") => FieldDataType::Struct,
        _ => return None,
    })
}
