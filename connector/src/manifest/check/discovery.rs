//! What `[discovery]` must be.

use appflow_sdk::protocol::FieldDataType;

use super::super::{Describe, Discovery, List, Test};
use super::{Check, list};

impl Check<'_> {
    /// How entities are found, and how those are read and written.
    pub(super) fn discovery(&mut self, discovery: &Discovery) {
        let place = "discovery";
        match (&discovery.odata, &discovery.list, &discovery.describe) {
            (Some(request), None, None) => self.request("discovery.odata", request, &[]),
            (Some(_), _, _) => {
                self.add("discovery.odata", "describes everything; `list` and `describe` have no place beside it");
            }
            (None, Some(_), Some(_)) => {}
            (None, _, _) => self.add(place, "must have `list` and `describe`, or `odata`"),
        }
        if let Some(list) = &discovery.list {
            self.list(list);
        }
        if let Some(describe) = &discovery.describe {
            self.describe(describe);
        }
        for (native, data_type) in &discovery.types {
            if let FieldDataType::Unknown(text) = data_type {
                self.add(
                    format!("discovery.types.{native}"),
                    format!("{text:?} is no type; there are {}", list(FieldDataType::ALL)),
                );
            }
        }
        self.require(discovery.flatten.as_deref() != Some(""), "discovery.flatten", "must not be empty");
        let message = "must have `read` or `write`, or nothing can be done with what is found";
        self.require(discovery.read.is_some() || !discovery.write.is_empty(), place, message);
        if let Some(read) = &discovery.read {
            self.read("discovery.read", read, None);
        }
        if let Some(retrieve) = &discovery.retrieve {
            self.retrieve("discovery.retrieve", retrieve, true);
        }
        self.write("discovery.write", &discovery.write, None);
    }

    fn list(&mut self, rules: &List) {
        self.request("discovery.list.request", &rules.request, &[]);
        self.pointer("discovery.list.items", &rules.items);
        self.pointer("discovery.list.identifier", &rules.identifier);
        for (key, pointer) in [("label", &rules.label), ("description", &rules.description)] {
            if let Some(pointer) = pointer {
                self.pointer(&format!("discovery.list.{key}"), pointer);
            }
        }
        for (index, test) in rules.only.iter().enumerate() {
            self.pointer(&format!("discovery.list.only[{index}]"), &test.pointer);
        }
        self.test("discovery.list.writable", rules.writable.as_ref());
        if let Some(nested) = &rules.nested {
            self.request("discovery.list.nested.request", &nested.request, &["path"]);
            self.pointer("discovery.list.nested.when", &nested.when.pointer);
        }
    }

    fn describe(&mut self, rules: &Describe) {
        let place = "discovery.describe";
        self.request("discovery.describe.request", &rules.request, &["entity"]);
        self.pointer("discovery.describe.fields", &rules.fields);
        self.pointer("discovery.describe.name", &rules.name);
        for (key, pointer) in [
            ("type", &rules.data_type),
            ("label", &rules.label),
            ("description", &rules.description),
            ("values", &rules.values),
        ] {
            if let Some(pointer) = pointer {
                self.pointer(&format!("{place}.{key}"), pointer);
            }
        }
        for (index, test) in rules.only.iter().enumerate() {
            self.pointer(&format!("{place}.only[{index}]"), &test.pointer);
        }
        for (key, test) in [
            ("primary_key", &rules.primary_key),
            ("nullable", &rules.nullable),
            ("creatable", &rules.creatable),
            ("updatable", &rules.updatable),
            ("defaulted", &rules.defaulted),
            ("external_id", &rules.external_id),
            ("filterable", &rules.filterable),
            ("incremental", &rules.incremental),
        ] {
            self.test(&format!("{place}.{key}"), test.as_ref());
        }
    }

    fn test(&mut self, key: &str, test: Option<&Test>) {
        if let Some(test) = test {
            self.pointer(key, &test.pointer);
        }
    }
}
