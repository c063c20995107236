//! What AppFlow is told of writing: which operations there are, and what may be set in which field.

use appflow_sdk::protocol::{FieldDefinition, WriteOperationProperty, WriteOperationType};

use crate::manifest::Write;

/// What may be set in a field, wherever it is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settable {
    /// Whether it is the primary key, or part of it.
    pub(crate) is_key: bool,
    /// Whether it may serve as the id of an upsert, beside the primary key.
    pub(crate) is_external_id: bool,
    /// Whether it may be null.
    pub(crate) is_nullable: bool,
    /// Whether it may be set on insert.
    pub(crate) is_creatable: bool,
    /// Whether it may be changed.
    pub(crate) is_updatable: bool,
    /// Whether the API fills it in when a new record lacks it.
    pub(crate) is_defaulted: bool,
}

impl Settable {
    /// What AppFlow is told of the field, in an entity that is written so.
    pub(crate) fn properties(self, write: &Write) -> WriteOperationProperty {
        let may_upsert = write.upsert.is_some();
        let is_id = |operation: &WriteOperationType| match operation {
            WriteOperationType::Upsert => self.is_key || self.is_external_id,
            WriteOperationType::Update | WriteOperationType::Delete => self.is_key,
            WriteOperationType::Insert | WriteOperationType::Unknown(_) => false,
        };
        let ids: Vec<_> = write.operations().map(|(operation, _)| operation).filter(is_id).collect();
        WriteOperationProperty {
            is_creatable: Some(self.is_creatable && (write.insert.is_some() || may_upsert)),
            is_updatable: Some(self.is_updatable && (write.update.is_some() || may_upsert)),
            is_nullable: Some(self.is_nullable),
            is_upsertable: Some(
                may_upsert && (self.is_creatable || self.is_updatable || self.is_key || self.is_external_id),
            ),
            is_defaulted_on_create: Some(self.is_defaulted),
            supported_write_operations: (!ids.is_empty()).then_some(ids),
        }
    }
}

/// Says that a field can be written and not read. Of a key AppFlow is told nothing of the kind: it wants keys that can be
/// read, even in a destination.
pub(crate) fn only(field: &mut FieldDefinition) {
    let is_key = field.is_primary_key == Some(true);
    let read = field.read_properties.get_or_insert_default();
    read.is_retrievable = Some(is_key);
    read.is_queryable = Some(false);
    field.filter_operators = Vec::new();
}

/// The operations that any of these tables has, in AppFlow's order.
pub(crate) fn operations<'w>(tables: impl Iterator<Item = &'w Write>) -> Vec<WriteOperationType> {
    let there: Vec<_> = tables.flat_map(|write| write.operations().map(|(operation, _)| operation)).collect();
    WriteOperationType::ALL.iter().filter(|operation| there.contains(operation)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Settable = Settable {
        is_key: false,
        is_external_id: false,
        is_nullable: true,
        is_creatable: true,
        is_updatable: true,
        is_defaulted: false,
    };

    fn write(text: &str) -> Write {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_field_offers_what_the_operations_allow() {
        let inserts = write("insert.request = '/x'");
        let properties = PLAIN.properties(&inserts);
        let flags = [properties.is_creatable, properties.is_updatable, properties.is_upsertable];
        assert_eq!(flags, [Some(true), Some(false), Some(false)]);
        assert_eq!(properties.supported_write_operations, None);
        let upserts = write("upsert.request = '/x'");
        let properties = Settable { is_updatable: false, ..PLAIN }.properties(&upserts);
        let flags = [properties.is_creatable, properties.is_updatable, properties.is_upsertable];
        assert_eq!(flags, [Some(true), Some(false), Some(true)]);
    }

    #[test]
    fn keys_are_ids_of_all_but_inserts_and_external_ids_of_upserts() {
        let all = write("insert.request = '/x'\nupdate.request = '/x'\nupsert.request = '/x'\ndelete.request = '/x'");
        let ids = |field: Settable| field.properties(&all).supported_write_operations.unwrap_or_default();
        let [_, update, upsert, delete] = WriteOperationType::ALL else { panic!("four operations") };
        assert_eq!(ids(Settable { is_key: true, ..PLAIN }), [update.clone(), upsert.clone(), delete.clone()]);
        assert_eq!(ids(Settable { is_external_id: true, ..PLAIN }), std::slice::from_ref(upsert));
        assert_eq!(ids(PLAIN), []);
        assert_eq!(operations([&write(""), &all].into_iter()), WriteOperationType::ALL);
    }
}
