//! What a command leaves behind: one document, as text or as JSON, and perhaps an error.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::cli::Output;
use crate::error::RegistrarError;
use crate::exit_code::ExitCode;

/// Version of the JSON documents. It changes when a property changes its meaning or goes away.
pub const SCHEMA: &str = "registrar/1";

/// The result of a command.
#[derive(Debug)]
pub struct Outcome {
    /// The command.
    pub command: &'static str,
    /// For people.
    pub text: String,
    /// For programs: the properties besides `schema` and `command`, as text, so that records keep every digit.
    properties: Vec<(String, Box<RawValue>)>,
    /// Printed as it is instead of both, whatever form was asked for.
    pub raw: Option<Vec<u8>>,
    /// Why the command stopped, if it did.
    pub error: Option<RegistrarError>,
}

impl Outcome {
    /// A result with its text.
    #[must_use]
    pub fn new(command: &'static str, text: impl Into<String>) -> Self {
        Self { command, text: text.into(), properties: Vec::new(), raw: None, error: None }
    }

    /// A command that stopped before it had a result.
    #[must_use]
    pub fn failed(command: &'static str, error: RegistrarError) -> Self {
        Self { error: Some(error), ..Self::new(command, "") }
    }

    /// Adds a property. What does not serialise is null.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        let text = to_raw_value(&value).unwrap_or_else(|_| RawValue::NULL.to_owned());
        self.properties.push((name.to_owned(), text));
        self
    }

    /// Adds why the command stopped.
    #[must_use]
    pub fn with_error(mut self, error: Option<RegistrarError>) -> Self {
        self.error = error;
        self
    }

    /// The results of one command in several regions as one document, each as it would be alone.
    #[must_use]
    pub fn of_regions(command: &'static str, regions: &[(&str, Self)]) -> Self {
        let text: Vec<_> = regions
            .iter()
            .map(|(region, outcome)| match &outcome.error {
                Some(error) if outcome.text.is_empty() => format!("{region}\nfailed: {error}\n"),
                _ => format!("{region}\n{}\n", outcome.text.trim_end_matches('\n')),
            })
            .collect();
        let documents: Vec<_> = regions.iter().map(|(region, outcome)| InRegion { region, outcome }).collect();
        Self::new(command, text.join("\n")).with("regions", documents)
    }

    /// What goes to standard output in this form; none if that is nothing.
    #[must_use]
    pub fn printed(&self, form: Output) -> Option<Vec<u8>> {
        let text = match (form, &self.raw) {
            (Output::Ndjson, Some(raw)) if !raw.is_empty() => self.line_with(Some(raw)),
            (_, Some(raw)) => raw.clone(),
            (Output::Text, None) => self.text.clone().into_bytes(),
            (Output::Json, None) => self.to_json(),
            (Output::Ndjson, None) => self.line_with(None),
        };
        (!text.is_empty()).then_some(text)
    }

    /// The last line of `--output ndjson`. What is else printed as it is becomes a property.
    fn line_with(&self, raw: Option<&[u8]>) -> Vec<u8> {
        let raw = raw.map(|raw| match serde_json::from_str::<Box<RawValue>>(&on_one_line(raw)) {
            Ok(json) => json,
            Err(_) => to_raw_value(&String::from_utf8_lossy(raw)).unwrap_or_else(|_| RawValue::NULL.to_owned()),
        });
        serde_json::to_vec(&Line { outcome: self, raw }).unwrap_or_default()
    }

    /// The JSON document.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Everything in it is JSON text already.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The exit code.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        self.error.as_ref().map_or(ExitCode::Done, RegistrarError::exit_code)
    }
}

impl Outcome {
    fn serialize_rest<M: SerializeMap>(&self, document: &mut M) -> Result<(), M::Error> {
        document.serialize_entry("command", self.command)?;
        for (name, value) in &self.properties {
            document.serialize_entry(name, value)?;
        }
        if let Some(error) = &self.error {
            document.serialize_entry("error", &error.to_json())?;
        }
        Ok(())
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(None)?;
        document.serialize_entry("schema", SCHEMA)?;
        self.serialize_rest(&mut document)?;
        document.end()
    }
}

/// JSON has line breaks only where white space does not matter: within texts they are escaped.
fn on_one_line(json: &[u8]) -> String {
    String::from_utf8_lossy(json).replace(['\n', '\r'], " ")
}

/// A document among those of several regions.
struct InRegion<'a> {
    region: &'a str,
    outcome: &'a Outcome,
}

impl Serialize for InRegion<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(None)?;
        document.serialize_entry("schema", SCHEMA)?;
        if !self.outcome.properties.iter().any(|(name, _)| name == "region") {
            document.serialize_entry("region", self.region)?;
        }
        self.outcome.serialize_rest(&mut document)?;
        document.end()
    }
}

/// A document as the last line of several.
struct Line<'a> {
    outcome: &'a Outcome,
    raw: Option<Box<RawValue>>,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(None)?;
        document.serialize_entry("schema", SCHEMA)?;
        document.serialize_entry("type", "result")?;
        self.outcome.serialize_rest(&mut document)?;
        if let Some(raw) = &self.raw {
            document.serialize_entry("printed", raw)?;
        }
        document.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_one_versioned_document_that_keeps_digits() {
        let record: Box<RawValue> = serde_json::from_str("{\"total\":1.10}").unwrap();
        let outcome = Outcome::new("query", "text").with("records", [record]);
        let json = serde_json::to_string(&outcome).unwrap();
        assert_eq!(json, r#"{"schema":"registrar/1","command":"query","records":[{"total":1.10}]}"#);
    }

    #[test]
    fn prints_a_foreign_answer_as_it_is_or_as_a_property_of_the_last_line() {
        let mut outcome = Outcome::new("invoke", "");
        outcome.raw = Some(b"{\n  \"total\": 1.10\n}\n".to_vec());
        assert_eq!(outcome.printed(Output::Json), outcome.raw);
        let line = String::from_utf8(outcome.printed(Output::Ndjson).unwrap()).unwrap();
        assert_eq!(
            line,
            r#"{"schema":"registrar/1","type":"result","command":"invoke","printed":{   "total": 1.10 }}"#
        );
        outcome.raw = Some(b"no JSON\n".to_vec());
        let line: serde_json::Value = serde_json::from_slice(&outcome.printed(Output::Ndjson).unwrap()).unwrap();
        assert_eq!(line["printed"], "no JSON\n");
        outcome.raw = Some(Vec::new());
        assert_eq!(outcome.printed(Output::Ndjson), None);
    }

    #[test]
    fn lists_regions_each_with_the_document_it_would_have_alone() {
        let named = Outcome::new("list", "none").with("region", "eu-west-1");
        let failed = Outcome::failed("list", RegistrarError::usage("no"));
        let all = Outcome::of_regions("list", &[("eu-west-1", named), ("us-east-1", failed)]);
        let json: serde_json::Value = serde_json::to_value(&all).unwrap();
        assert_eq!(json["regions"][0]["region"], "eu-west-1");
        assert_eq!(json["regions"][1]["region"], "us-east-1");
        assert_eq!(json["regions"][1]["error"]["kind"], "usage");
        assert_eq!(all.text, "eu-west-1\nnone\n\nus-east-1\nfailed: no\n");
    }

    #[test]
    fn puts_the_error_into_the_document() {
        let outcome = Outcome::failed("plan", RegistrarError::usage("no region is set").with_hint("set one"));
        let json: serde_json::Value = serde_json::to_value(&outcome).unwrap();
        assert_eq!(json["error"]["kind"], "usage");
        assert_eq!(json["error"]["exitCode"], 2);
        assert_eq!(outcome.exit_code(), ExitCode::Usage);
    }
}
