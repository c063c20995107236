//! An entity as requests find it: what AppFlow is told of it, and how the API has it.

use std::collections::HashMap;
use std::sync::Arc;

use appflow_sdk::ConnectorError;
use appflow_sdk::filter::TypedFilter;
use appflow_sdk::filter::translate::{ODataFilter, PropertyKind, Soql};
use appflow_sdk::protocol::EntityDefinition;

use crate::manifest::{Read, Retrieve, Write};

/// How records are read and written.
#[derive(Debug, Default)]
pub(crate) struct Access {
    pub(crate) read: Option<Read>,
    pub(crate) retrieve: Option<Retrieve>,
    pub(crate) write: Write,
}

/// What the API calls a field, where that is not its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SourceField {
    /// Where it stands in a record.
    pub(crate) pointer: Option<String>,
    /// Its name in projections and queries.
    pub(crate) select: Option<String>,
    /// The API's own name of its type.
    pub(crate) native: Option<String>,
}

/// An entity.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) definition: EntityDefinition,
    /// By name; a field that is not here is called the same everywhere.
    pub(crate) fields: HashMap<String, SourceField>,
    pub(crate) access: Arc<Access>,
}

impl Known {
    /// The identifier.
    pub(crate) fn name(&self) -> &str {
        &self.definition.entity.entity_identifier
    }

    /// How the list is read.
    ///
    /// # Errors
    /// `InvalidArgument` when the entity is a destination only.
    pub(crate) fn read(&self) -> Result<&Read, ConnectorError> {
        self.access.read.as_ref().ok_or_else(|| {
            ConnectorError::invalid_argument(format!("the entity {:?} can be written to, not read", self.name()))
        })
    }

    /// The field that identifies a record, if exactly one does.
    pub(crate) fn primary_key(&self) -> Option<&str> {
        let mut keys = self.primary_keys();
        match (keys.next(), keys.next()) {
            (Some(name), None) => Some(name),
            _ => None,
        }
    }

    /// The fields that identify a record together.
    pub(crate) fn primary_keys(&self) -> impl Iterator<Item = &str> {
        let keys = self.definition.fields.iter().filter(|field| field.is_primary_key == Some(true));
        keys.map(|field| field.field_name.as_str())
    }

    /// Where a field stands in a record, if not under its name.
    pub(crate) fn pointer(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.pointer.as_deref()
    }

    /// The fields that stand elsewhere than under their names, with where they do.
    pub(crate) fn pointers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter_map(|(name, field)| Some((name.as_str(), field.pointer.as_deref()?)))
    }

    /// What the API calls a field in projections and queries: as said, else the first step of its pointer, else its name
    /// up to the first dot.
    pub(crate) fn select<'n>(&'n self, field: &'n str) -> String {
        let source = self.fields.get(field);
        if let Some(select) = source.and_then(|source| source.select.as_ref()) {
            return select.clone();
        }
        let step = self.pointer(field).and_then(|pointer| pointer.split('/').nth(1));
        match step {
            Some(step) => step.replace("~1", "/").replace("~0", "~"),
            None => field.split('.').next().unwrap_or(field).to_owned(),
        }
    }

    /// What the API's query language calls a field: as said, else its name.
    pub(crate) fn in_queries(&self, field: &str) -> String {
        self.fields.get(field).and_then(|source| source.select.clone()).unwrap_or_else(|| field.to_owned())
    }

    /// Tells OData's language what the API calls the fields of a filter, and which types they have there.
    pub(crate) fn in_odata(&self, language: ODataFilter, filter: &TypedFilter) -> ODataFilter {
        filter.fields().fold(language, |language, field| {
            let name = &field.field_name;
            let kind = match self.fields.get(name).and_then(|source| source.native.as_deref()) {
                None => return language,
                Some("Edm.Boolean") => PropertyKind::Boolean,
                Some("Edm.Byte" | "Edm.SByte" | "Edm.Int16" | "Edm.Int32" | "Edm.Int64") => PropertyKind::Integer,
                Some("Edm.Decimal") => PropertyKind::Decimal,
                Some("Edm.Double") => PropertyKind::Double,
                Some("Edm.String") => PropertyKind::Text,
                Some("Edm.Guid") => PropertyKind::Guid,
                Some("Edm.Date") => PropertyKind::Date,
                Some("Edm.DateTimeOffset") => PropertyKind::DateTimeOffset,
                Some(_) => PropertyKind::Opaque,
            };
            language.property(name, self.in_queries(name).replace('.', "/"), kind)
        })
    }

    /// Tells SOQL what the API calls the fields of a filter, and which cannot be compared as their types could.
    pub(crate) fn in_soql(&self, language: Soql, filter: &TypedFilter) -> Soql {
        filter.fields().fold(language, |language, field| {
            let name = &field.field_name;
            let language = language.field(name, self.in_queries(name));
            match self.fields.get(name).and_then(|source| source.native.as_deref()) {
                _ if !field.is_queryable() => language.without(name),
                Some("id" | "reference") => language.id(name),
                // These have operators or literals of their own.
                Some("multipicklist" | "time" | "anyType" | "base64" | "address" | "location") => {
                    language.without(name)
                }
                _ => language,
            }
        })
    }
}
