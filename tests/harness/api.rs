//! A connector for one API, deployed on a laptop, with a connection to ask and write through.

use appflow_sdk::filter::{Filter, Operators, TypedFilter};
use appflow_sdk::protocol::EntityDefinition;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::binaries::workspace;
use crate::laptop::{Laptop, Run, Server};

/// Label and name of the connection.
const NAME: &str = "api";

/// A connector with one of the manifests that ship, and a connection.
#[derive(Debug)]
pub struct Api {
    laptop: Laptop,
    // Kept running, so that commands need not start one each.
    _server: Server,
}

impl Api {
    /// Deploys the connector with `connector/manifests/NAME.toml` and connects it.
    ///
    /// `setting` is the whole of `KEY=VALUE` that says where the API is.
    #[must_use]
    #[track_caller]
    pub fn connect(manifest: &str, setting: &str, credentials: &Value) -> Self {
        let laptop = Laptop::new();
        let server = laptop.serve();
        let manifest = workspace().join("connector/manifests").join(manifest).with_extension("toml");
        let manifest = manifest.to_str().expect("the path is UTF-8");
        drop(laptop.deploy(&["--label", NAME, "--manifest", manifest]).expect(0));
        let connected = laptop.connect(NAME, credentials, &["--label", NAME, "--setting", setting]);
        drop(connected.expect(0));
        Self { laptop, _server: server }
    }

    /// The laptop.
    #[must_use]
    pub fn laptop(&self) -> &Laptop {
        &self.laptop
    }

    /// Runs a command of the registrar for this connector, with JSON output.
    #[must_use]
    #[track_caller]
    pub fn ask(&self, arguments: &[&str]) -> Run {
        let common = ["--label", NAME, "--local", "--output", "json"];
        self.laptop.registrar(&[arguments, &common].concat())
    }

    /// All records of a query.
    #[must_use]
    #[track_caller]
    pub fn query(&self, entity: &str, further: &[&str]) -> Vec<Value> {
        let run = self.ask(&[&["query", entity, "--all"], further].concat()).expect(0);
        run.json()["records"].as_array().cloned().expect("a query has records")
    }

    /// Writes records from a file.
    #[must_use]
    #[track_caller]
    pub fn write(&self, entity: &str, operation: &str, records: &[Value], further: &[&str]) -> Run {
        let file = self.laptop.folder().join("records.json");
        std::fs::write(&file, json!(records).to_string()).expect("the folder can be written to");
        let file = file.to_str().expect("the path is UTF-8");
        self.ask(&[&["write", entity, "--operation", operation, "--file", file], further].concat())
    }

    /// The definition of an entity.
    #[must_use]
    #[track_caller]
    pub fn definition(&self, entity: &str) -> EntityDefinition {
        let run = self.ask(&["fields", entity]).expect(0);
        serde_json::from_value(run.json()["definition"].clone()).expect("it is a definition")
    }

    /// Asks with each filter, and says which of them bring other records than the SDK's evaluator finds among all the
    /// records: what the API does of a filter and what is left to the connector must come to the filter's meaning.
    #[must_use]
    #[track_caller]
    pub fn misunderstood(&self, entity: &str, filters: &[&str]) -> Vec<String> {
        let definition = self.definition(entity);
        let all = self.query(entity, &[]);
        let mut wrong = Vec::new();
        for text in filters {
            let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let typed = TypedFilter::new(&filter, &definition, Operators::Meaningful)
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            let evaluator = typed.evaluator().expect("the filter has a condition");
            let expected: Vec<_> = all
                .iter()
                .filter(|record| {
                    let members: BTreeMap<String, Box<RawValue>> =
                        serde_json::from_str(&record.to_string()).expect("a record is an object");
                    evaluator
                        .matches(|field| members.get(field).map(|value| &**value))
                        .unwrap_or_else(|error| panic!("{text}: {error}"))
                })
                .collect();
            let found = self.query(entity, &["--filter", text]);
            if found.iter().collect::<Vec<_>>() != expected {
                wrong.push(format!("{text}: {} records instead of {}", found.len(), expected.len()));
            }
        }
        wrong
    }
}
