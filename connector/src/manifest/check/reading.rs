//! What `[….read]` and `[….retrieve]` must be.

use std::collections::HashMap;

use appflow_sdk::protocol::{FieldDataType, RuntimeSettingScope};
use indexmap::IndexMap;

use super::super::nearest::hint;
use super::super::{Field, Paging, Parameter, Read, Retrieve};
use super::{Check, texts};
use crate::template;
use crate::translate::OPERATORS;

impl Check<'_> {
    /// How a list is read. The fields are not known beforehand where the API describes them.
    pub(super) fn read(&mut self, place: &str, read: &Read, fields: Option<&IndexMap<String, Field>>) {
        self.request(&format!("{place}.request"), &read.request, &["entity"]);
        self.settings_of_others(&format!("{place}.request"), &read.request, &RuntimeSettingScope::Destination, None);
        self.pointer(&format!("{place}.records"), &read.records);
        if let Some(total) = &read.total {
            self.pointer(&format!("{place}.total"), total);
            self.require(read.total_header.is_none(), place, "must have `total` or `total_header`, not both");
        }
        if let Some(header) = &read.total_header {
            self.header(&format!("{place}.total_header"), header, "");
        }
        self.languages(place, read);
        self.paging(place, read, fields);
        if let Some(fields) = fields {
            self.filters(place, read, fields);
        } else {
            let message = "is for entities whose fields the manifest names; use `odata` or `soql`";
            self.require(read.filters.is_empty(), &format!("{place}.filters"), message);
        }
        self.parameters_are_distinct(place, read);
    }

    fn languages(&mut self, place: &str, read: &Read) {
        let has_language = read.odata.is_some() || read.soql.is_some();
        self.require(read.odata.is_none() || read.soql.is_none(), place, "must have `odata` or `soql`, not both");
        let is_alone = !has_language || (read.filters.is_empty() && read.projection.is_none());
        self.require(is_alone, place, "`filters` and `projection` have no place beside `odata` or `soql`");
        if let Some(soql) = &read.soql {
            self.known_names(&format!("{place}.soql.object"), &soql.object, &["entity"]);
            self.parameter(&format!("{place}.soql.parameter"), &soql.parameter);
        }
    }

    pub(super) fn retrieve(&mut self, place: &str, retrieve: &Retrieve, has_one_key: bool) {
        let key = format!("{place}.request");
        self.request(&key, &retrieve.request, &["id", "key", "entity"]);
        let request = &retrieve.request;
        let templates = [request.path.as_str()].into_iter().chain(request.parameters.values().map(String::as_str));
        let has_id = templates.into_iter().chain(request.body.iter().flat_map(texts)).any(|template| {
            template::names(template).is_ok_and(|names| names.contains(&"id") || names.contains(&"key"))
        });
        self.require(has_id, &key, "must hold {id} or {key}");
        self.require(has_one_key, &key, "needs exactly one field with `primary_key = true`");
        self.pointer(&format!("{place}.record"), &retrieve.record);
    }

    /// A parameter's form.
    pub(super) fn parameter(&mut self, key: &str, parameter: &Parameter) {
        match parameter {
            Parameter::Query(name) => self.require(!name.is_empty(), key, "the parameter's name must not be empty"),
            Parameter::Header(name) => self.header(key, name, ""),
            Parameter::Body(pointer) => self.pointer(key, pointer),
        }
    }

    fn paging(&mut self, place: &str, read: &Read, fields: Option<&IndexMap<String, Field>>) {
        let key = format!("{place}.paging");
        if let Some(parameter) = read.paging.parameter() {
            self.parameter(&format!("{key}.parameter"), parameter);
        }
        if let Some(size) = read.paging.size() {
            self.require(size.max > 0, &key, "`size.max` must be at least 1");
            self.require(size.min <= size.max.max(1), &key, "`size.min` must not be more than `size.max`");
            self.parameter(&format!("{key}.size.parameter"), &size.parameter);
            if let Some(template) = &size.template {
                self.known_names(&format!("{key}.size.template"), template, &["size"]);
            }
        }
        if let Paging::Page { size: None, short_page_is_last: true, .. }
        | Paging::Offset { size: None, short_page_is_last: true, .. }
        | Paging::Keyset { size: None, short_page_is_last: true, .. } = &read.paging
        {
            self.add(&key, "`short_page_is_last` needs `size`: without it no page is known to be short");
        }
        if let Paging::Keyset { field, parameter, .. } = &read.paging {
            let is_there = fields.is_none_or(|fields| fields.contains_key(field));
            self.require(is_there, &format!("{key}.field"), "the entity has no such field");
            let has_total = read.total.is_some() || read.total_header.is_some();
            let message = "a total has no place beside a keyset: it may count what is left, or everything";
            self.require(!has_total, &key, message);
            let is_asked = parameter.is_some() || read.odata.is_some() || read.soql.is_some();
            self.require(is_asked, &key, "needs `parameter`, unless the list has `odata` or `soql`");
        }
        let Some(next) = read.paging.next_pointer() else { return };
        self.pointer(&format!("{key}.next"), next);
        let is_beside = !next.starts_with(&format!("{}/", read.records)) && next != read.records;
        self.require(is_beside, &key, "`next` must not lead into the records");
    }

    fn filters(&mut self, place: &str, read: &Read, fields: &IndexMap<String, Field>) {
        for (name, operators) in &read.filters {
            let key = format!("{place}.filters.{name}");
            let Some(field) = fields.get(name) else {
                let hint = hint(name, fields.keys().map(String::as_str));
                self.add(key, format!("the entity has no field {name:?}{hint}"));
                continue;
            };
            let allowed = operators_of(&field.data_type);
            for (operator, filter) in operators {
                let key = format!("{key}.{operator:?}");
                if !OPERATORS.iter().any(|(known, _)| known == operator) {
                    let all = OPERATORS.map(|(known, _)| known).join(" ");
                    self.add(&key, format!("is no operator; there are {all}"));
                } else if !allowed.contains(&operator.as_str()) {
                    self.add(&key, format!("a field of type {} cannot be compared so", field.data_type));
                }
                let is_time = matches!(field.data_type, FieldDataType::Date | FieldDataType::DateTime);
                let is_format_free = filter.format.is_none() || is_time;
                self.require(is_format_free, &key, "`format` is for fields of type Date or DateTime");
                let is_separator_free = filter.separator.is_none() || operator == "in";
                self.require(is_separator_free, &key, "`separator` is for the operator in");
                self.require(filter.separator.as_deref() != Some(""), &key, "`separator` must not be empty");
                self.parameter(&key, &filter.parameter);
                if let Some(template) = &filter.template {
                    let is_text = template.is_string() || matches!(filter.parameter, Parameter::Body(_));
                    self.require(is_text, &key, "`template` must be a text, unless it goes into a body");
                    for text in texts(template) {
                        self.known_names(&format!("{key}.template"), text, &["value"]);
                    }
                }
            }
        }
    }

    /// No parameter may mean two things; several operators may share one, since it is sent once only.
    fn parameters_are_distinct(&mut self, place: &str, read: &Read) {
        let mut uses: HashMap<String, &str> = HashMap::new();
        let manifest = self.manifest;
        let connection = manifest.connection.parameters.keys().map(|name| (name.clone(), "connection.parameters"));
        let fixed = read.request.parameters.keys().map(|name| (name.clone(), "request.parameters"));
        let paging = read.paging.parameter().map(|parameter| (parameter.to_string(), "paging.parameter"));
        let size = read.paging.size().map(|size| (size.parameter.to_string(), "paging.size.parameter"));
        let projection = read.projection.as_ref().map(|rule| (rule.parameter.to_string(), "projection"));
        let key = manifest.authentication.api_key.as_ref().and_then(|key| key.parameter.as_ref());
        let key = key.map(|name| (name.clone(), "authentication.api_key"));
        let filters = read.filters.values().flat_map(|operators| operators.values());
        let filters = filters.map(|filter| (filter.parameter.to_string(), "filters"));
        let all = connection.chain(fixed).chain(paging).chain(size).chain(projection).chain(key).chain(filters);
        for (name, used) in all {
            if name.is_empty() {
                self.add(format!("{place}.{used}"), "the parameter's name must not be empty");
            }
            match uses.insert(name.clone(), used) {
                Some(before) if before != used => {
                    self.add(place, format!("the parameter {name:?} is both in {before} and in {used}"));
                }
                _ => {}
            }
        }
    }
}

/// The operators that make sense for a type.
fn operators_of(data_type: &FieldDataType) -> &'static [&'static str] {
    match data_type {
        FieldDataType::Boolean => &["=", "!="],
        FieldDataType::Map | FieldDataType::List => &["contains"],
        FieldDataType::Struct | FieldDataType::ByteArray => &[],
        FieldDataType::String | FieldDataType::Unknown(_) => &["=", "!=", "<", "<=", ">", ">=", "contains", "in"],
        FieldDataType::Integer
        | FieldDataType::Float
        | FieldDataType::Double
        | FieldDataType::Long
        | FieldDataType::Short
        | FieldDataType::BigInteger
        | FieldDataType::BigDecimal
        | FieldDataType::Date
        | FieldDataType::DateTime => &["=", "!=", "<", "<=", ">", ">=", "in"],
    }
}
