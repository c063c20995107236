//! What `[….write]` must be.

use appflow_sdk::protocol::{RuntimeSettingScope, WriteOperationType};
use serde_json::Value;

use super::super::{Entity, Method, Operation, Parameter, Request, Write};
use super::{Check, texts};
use crate::template;

/// The names that stand for something in every request that writes.
const NAMES: [&str; 4] = ["entity", "idField", "allOrNone", "operation"];

/// The same, and those of a request that writes one record.
const NAMES_OF_ONE: [&str; 6] = ["entity", "idField", "allOrNone", "operation", "id", "key"];

impl Check<'_> {
    /// How records are written. The fields are not known beforehand where the API describes them.
    pub(super) fn write(&mut self, place: &str, write: &Write, entity: Option<&Entity>) {
        for (operation, rule) in write.operations() {
            let place = format!("{place}.{}", operation.as_str().to_lowercase());
            self.operation(&place, rule);
            self.batches(&place, rule);
            self.ids(&place, &operation, rule);
            if let Some(entity) = entity {
                self.fields_of_records(&place, &operation, rule, entity);
            }
        }
    }

    fn operation(&mut self, place: &str, rule: &Operation) {
        let names: &[&str] = if rule.batch.is_some() { &NAMES } else { &NAMES_OF_ONE };
        let request = format!("{place}.request");
        self.request(&request, &rule.request, names);
        self.require(rule.request.method != Some(Method::Get), &request, "must not be a GET, which only reads");
        self.settings_of_others(&request, &rule.request, &RuntimeSettingScope::Source, rule.record.as_ref());
        self.pointer(&format!("{place}.records"), &rule.records);
        if let Some(record) = &rule.record {
            let key = format!("{place}.record");
            self.require(record.is_object(), &key, "must be a table of members");
            for text in texts(record) {
                self.names(&key, text, names);
            }
        }
        if let Some(id) = &rule.id {
            self.pointer(&format!("{place}.id"), id);
        }
        if let Some(parameter) = &rule.idempotency_key {
            self.parameter(&format!("{place}.idempotency_key"), parameter);
        }
        let is_status = rule.also_success.iter().all(|status| (300..500).contains(status));
        self.require(is_status, &format!("{place}.also_success"), "must hold statuses from 300 to 499");
    }

    fn batches(&mut self, place: &str, rule: &Operation) {
        self.require(rule.batch != Some(0), &format!("{place}.batch"), "must be at least 1");
        let key = format!("{place}.batch_bytes");
        self.require(rule.batch_bytes != Some(0), &key, "must be at least 1");
        self.require(rule.batch_bytes.is_none() || rule.batch.is_some(), &key, "needs `batch`");
        let Some(results) = &rule.results else { return };
        let key = format!("{place}.results");
        self.require(rule.batch.is_some(), &key, "needs `batch`: the answer for one record is its result");
        self.pointer(&format!("{key}.at"), &results.at);
        self.pointer(&format!("{key}.success"), &results.success);
        for (name, pointer) in [("message", &results.message), ("code", &results.code)] {
            if let Some(pointer) = pointer {
                self.pointer(&format!("{key}.{name}"), pointer);
            }
        }
    }

    /// Nothing may be written without saying to what.
    fn ids(&mut self, place: &str, operation: &WriteOperationType, rule: &Operation) {
        let holds_id = holds_id(rule);
        if let Some(ids) = &rule.ids {
            let key = format!("{place}.ids");
            self.require(*operation == WriteOperationType::Delete, &key, "is for deletes");
            self.parameter(&key, &ids.parameter);
            self.require(ids.separator.as_deref() != Some(""), &key, "`separator` must not be empty");
            let is_split = ids.separator.is_some() || !matches!(ids.parameter, Parameter::Header(_));
            self.require(is_split, &key, "needs `separator`: a header is sent once");
            self.require(!holds_id, &key, "must not be beside {id} or {key}");
        }
        let is_in_body = rule.id_in_body == Some(true) || rule.batch.is_some() || !rule.records.is_empty();
        let is_named = holds_id || rule.ids.is_some();
        match operation {
            WriteOperationType::Delete if !is_named && !is_in_body => {
                let message = "must hold {id} or {key}, unless there is `ids`, or the body holds the id (`id_in_body`)";
                self.add(format!("{place}.request"), message);
            }
            WriteOperationType::Insert => {}
            _ if !is_named && rule.id_in_body == Some(false) => {
                self.add(format!("{place}.id_in_body"), "must not be false where nothing else holds the id");
            }
            _ => {}
        }
        let has_body = *operation != WriteOperationType::Delete || (!is_named || rule.id_in_body == Some(true));
        if has_body && rule.request.body.is_some() && rule.records.is_empty() {
            let message = "must say where in `request.body` the records stand";
            self.add(format!("{place}.records"), message);
        }
    }

    fn fields_of_records(&mut self, place: &str, operation: &WriteOperationType, rule: &Operation, entity: &Entity) {
        if entity.schema.is_none() && *operation != WriteOperationType::Insert {
            let keys = entity.fields.values().filter(|field| field.primary_key).count();
            let others = entity.fields.values().filter(|field| field.external_id).count();
            let is_upsert = *operation == WriteOperationType::Upsert;
            let is_identified = keys > 0 || (is_upsert && others > 0);
            self.require(is_identified, place, "needs a field with `primary_key = true`");
            let needs_one = rule.request.mentions("id") || rule.ids.is_some();
            let is_one = keys <= 1 || (is_upsert && others > 0);
            let message = "{id} and `ids` are for a primary key of one field; use {key}";
            self.require(!needs_one || is_one, &format!("{place}.request"), message);
        }
        let members = rule.record.iter().filter_map(|record| record.as_object()).flatten();
        for (name, _) in members.filter(|(name, _)| entity.fields.contains_key(*name)) {
            self.add(format!("{place}.record.{name}"), "is a field of the entity, whose value would be lost");
        }
    }

    /// A flow has values for the settings of its own end only: whoever reads has none of a destination's, and the other way
    /// round.
    pub(super) fn settings_of_others(
        &mut self,
        key: &str,
        request: &Request,
        others: &RuntimeSettingScope,
        more: Option<&Value>,
    ) {
        for (name, setting) in &self.manifest.settings {
            let is_named = request.mentions(name) || more.is_some_and(|more| holds(more, name));
            if setting.scope == *others && is_named {
                let message = format!("the setting {name:?} has no value here; its `scope` must not be {others}");
                self.add(key, message);
            }
        }
    }
}

fn holds(value: &Value, name: &str) -> bool {
    texts(value).into_iter().any(|text| template::names(text).is_ok_and(|names| names.contains(&name)))
}

/// Whether the request names its record.
fn holds_id(rule: &Operation) -> bool {
    rule.request.mentions("id") || rule.request.mentions("key")
}
