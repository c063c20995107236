//! What a command leaves behind: one document, as text or as JSON, and perhaps an error.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

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

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(None)?;
        document.serialize_entry("schema", SCHEMA)?;
        document.serialize_entry("command", self.command)?;
        for (name, value) in &self.properties {
            document.serialize_entry(name, value)?;
        }
        if let Some(error) = &self.error {
            document.serialize_entry("error", &error.to_json())?;
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
    fn puts_the_error_into_the_document() {
        let outcome = Outcome::failed("plan", RegistrarError::usage("no region is set").with_hint("set one"));
        let json: serde_json::Value = serde_json::to_value(&outcome).unwrap();
        assert_eq!(json["error"]["kind"], "usage");
        assert_eq!(json["error"]["exitCode"], 2);
        assert_eq!(outcome.exit_code(), ExitCode::Usage);
    }
}
