//! Bytes to typed messages, in two steps: find out which message it is, then read that struct, so that an error names
//! the place. (An internally tagged enum would report every error at the root.)

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::request::Request;
use super::response::Response;
use super::{DescribeConnectorConfigurationResponse, Operation};

/// Why a message could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub struct DecodeError {
    operation: Option<Operation>,
    kind: DecodeErrorKind,
}

/// The kinds of [`DecodeError`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The text is not JSON, or not an object.
    NotAnObject {
        /// What the reader stumbled over.
        reason: String,
    },
    /// `type` is absent or not text.
    MissingType,
    /// `type` names none of the eight requests.
    UnknownType {
        /// What it says.
        found: String,
    },
    /// A property is missing or has the wrong shape.
    Invalid {
        /// Where, as in `connectorContext.entityDefinition.fields[2].dataType`; `.` is the message itself.
        path: String,
        /// What is wrong there.
        reason: String,
    },
    /// `isSuccess` is false, but `errorDetails` is missing. AppFlow shows "No valid response and error details found".
    FailureWithoutDetails,
}

impl DecodeError {
    /// The operation, as far as it was known.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        self.operation
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.kind
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation {
            write!(f, "{operation}: ")?;
        }
        match &self.kind {
            DecodeErrorKind::NotAnObject { reason } => write!(f, "the message is not a JSON object: {reason}"),
            DecodeErrorKind::MissingType => f.write_str("the request has no \"type\""),
            DecodeErrorKind::UnknownType { found } => {
                let known: Vec<_> = Operation::ALL.into_iter().map(Operation::wire_name).collect();
                write!(f, "the request's type {found:?} is none of {}", known.join(", "))
            }
            DecodeErrorKind::Invalid { path, reason } => write!(f, "at {path}: {reason}"),
            DecodeErrorKind::FailureWithoutDetails => f.write_str("isSuccess is false, but errorDetails is missing"),
        }
    }
}

impl std::error::Error for DecodeError {}

impl Request {
    /// Reads a request.
    ///
    /// The order of properties does not matter, unknown ones are ignored at every level, and of a property that
    /// occurs twice the last counts.
    ///
    /// ```
    /// use appflow_sdk::protocol::Request;
    /// let error = Request::decode(br#"{"type":"DescribeEntityRequest","entityIdentifier":"a",
    ///     "connectorContext":{"entityDefinition":{"entity":{"entityIdentifier":"a"},"fields":[{"fieldName":"f"}]}}}"#)
    ///     .unwrap_err();
    /// assert!(error.to_string().contains("connectorContext.entityDefinition.fields[0]"), "{error}");
    /// ```
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes are not a JSON object, `type` is absent or unknown, or a property is missing or
    /// has the wrong shape. The error carries the path of the property.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let operation = requested_operation(bytes)?;
        let body = Body { operation, text: utf8(bytes)? };
        Ok(match operation {
            Operation::DescribeConnectorConfiguration => Self::DescribeConnectorConfiguration(body.read()?),
            Operation::ValidateConnectorRuntimeSettings => Self::ValidateConnectorRuntimeSettings(body.read()?),
            Operation::ValidateCredentials => Self::ValidateCredentials(body.read()?),
            Operation::ListEntities => Self::ListEntities(body.read()?),
            Operation::DescribeEntity => Self::DescribeEntity(body.read()?),
            Operation::QueryData => Self::QueryData(body.read()?),
            Operation::RetrieveData => Self::RetrieveData(body.read()?),
            Operation::WriteData => Self::WriteData(body.read()?),
        })
    }
}

impl Response {
    /// Reads the answer to an operation, as AppFlow does.
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes are not a JSON object, a mandatory property is missing or has the wrong shape,
    /// or a failure comes without details.
    pub fn decode(operation: Operation, bytes: &[u8]) -> Result<Self, DecodeError> {
        let body = Body { operation, text: utf8(bytes)? };
        let (response, lacks_details) = match operation {
            Operation::DescribeConnectorConfiguration => {
                let response: DescribeConnectorConfigurationResponse = body.read()?;
                let lacks_details = response.lacks_details();
                (response.into(), lacks_details)
            }
            Operation::ValidateConnectorRuntimeSettings => body.response(
                super::ValidateConnectorRuntimeSettingsResponse::lacks_details,
                Self::ValidateConnectorRuntimeSettings,
            )?,
            Operation::ValidateCredentials => {
                body.response(super::ValidateCredentialsResponse::lacks_details, Self::ValidateCredentials)?
            }
            Operation::ListEntities => body.response(super::ListEntitiesResponse::lacks_details, Self::ListEntities)?,
            Operation::DescribeEntity => {
                body.response(super::DescribeEntityResponse::lacks_details, Self::DescribeEntity)?
            }
            Operation::QueryData => body.response(super::QueryDataResponse::lacks_details, Self::QueryData)?,
            Operation::RetrieveData => body.response(super::RetrieveDataResponse::lacks_details, Self::RetrieveData)?,
            Operation::WriteData => body.response(super::WriteDataResponse::lacks_details, Self::WriteData)?,
        };
        if lacks_details {
            return Err(DecodeError { operation: Some(operation), kind: DecodeErrorKind::FailureWithoutDetails });
        }
        Ok(response)
    }
}

/// Step one: which request is it?
fn requested_operation(bytes: &[u8]) -> Result<Operation, DecodeError> {
    let object: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(bytes).map_err(|error| {
        let kind = DecodeErrorKind::NotAnObject { reason: error.to_string() };
        DecodeError { operation: None, kind }
    })?;
    let named = object.get("type").and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    let found = named.ok_or(DecodeError { operation: None, kind: DecodeErrorKind::MissingType })?;
    Operation::from_wire_name(&found)
        .ok_or(DecodeError { operation: None, kind: DecodeErrorKind::UnknownType { found } })
}

fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let kind = DecodeErrorKind::NotAnObject { reason: error.to_string() };
        DecodeError { operation: None, kind }
    })
}

/// Step two: read that struct.
struct Body<'a> {
    operation: Operation,
    text: &'a str,
}

impl Body<'_> {
    fn read<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let error = match self.parse(self.text) {
            Ok(message) => return Ok(message),
            Err(error) => error,
        };
        // serde refuses a property that occurs twice; the official readers take the last. It is rare enough to pay for a
        // second pass only when the first failed.
        if let Ok(text) = last_key_wins(self.text)
            && let Ok(message) = self.parse(&text)
        {
            return Ok(message);
        }
        Err(error)
    }

    fn response<T: DeserializeOwned>(
        &self,
        lacks_details: impl FnOnce(&T) -> bool,
        wrap: impl FnOnce(T) -> Response,
    ) -> Result<(Response, bool), DecodeError> {
        let response = self.read()?;
        let lacks_details = lacks_details(&response);
        Ok((wrap(response), lacks_details))
    }

    fn parse<T: DeserializeOwned>(&self, text: &str) -> Result<T, DecodeError> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let kind = match serde_path_to_error::deserialize(&mut deserializer) {
            Ok(message) => match deserializer.end() {
                Ok(()) => return Ok(message),
                Err(error) => DecodeErrorKind::NotAnObject { reason: error.to_string() },
            },
            Err(error) => {
                let path = error.path().to_string();
                DecodeErrorKind::Invalid { path, reason: error.into_inner().to_string() }
            }
        };
        Err(DecodeError { operation: Some(self.operation), kind })
    }
}

/// Deeper than any property of the protocol, which end at the eighth level. What is nested deeper is not read, so that
/// its keys do not matter, and each level costs a pass over its text.
const PROTOCOL_DEPTH: usize = 10;

/// Rewrites JSON text so that each object keeps only the last of equal keys. Numbers keep their digits.
fn last_key_wins(text: &str) -> serde_json::Result<String> {
    let mut written = String::with_capacity(text.len());
    write_last_keys(&mut written, text.trim(), 0)?;
    Ok(written)
}

fn write_last_keys(written: &mut String, text: &str, depth: usize) -> serde_json::Result<()> {
    match text.as_bytes().first() {
        Some(b'{') if depth < PROTOCOL_DEPTH => {
            let object: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
            written.push('{');
            for (index, (key, value)) in object.into_iter().enumerate() {
                if index > 0 {
                    written.push(',');
                }
                written.push_str(&serde_json::to_string(&key)?);
                written.push(':');
                write_last_keys(written, value.get(), depth + 1)?;
            }
            written.push('}');
        }
        Some(b'[') if depth < PROTOCOL_DEPTH && text.contains('{') => {
            let array: Vec<&RawValue> = serde_json::from_str(text)?;
            written.push('[');
            for (index, element) in array.into_iter().enumerate() {
                if index > 0 {
                    written.push(',');
                }
                write_last_keys(written, element.get(), depth + 1)?;
            }
            written.push(']');
        }
        _ => written.push_str(text),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{FieldDataType, RuntimeSettingScope};
    use super::*;

    #[track_caller]
    fn kind(json: &str) -> DecodeErrorKind {
        Request::decode(json.as_bytes()).unwrap_err().kind
    }

    #[test]
    fn refuses_what_is_not_an_object() {
        for json in ["", "null", "[]", "\"x\"", "{", "{\"type\":"] {
            assert!(matches!(kind(json), DecodeErrorKind::NotAnObject { .. }), "{json}");
        }
        assert!(Request::decode(b"{\"type\":\"\xff\"}").is_err());
    }

    #[test]
    fn refuses_a_missing_null_or_unknown_type() {
        assert_eq!(kind("{}"), DecodeErrorKind::MissingType);
        assert_eq!(kind(r#"{"type":null}"#), DecodeErrorKind::MissingType);
        for found in ["UnknownRequest", "queryDataRequest", "QueryData", ""] {
            let expected = DecodeErrorKind::UnknownType { found: found.to_owned() };
            assert_eq!(kind(&format!("{{\"type\":{found:?}}}")), expected);
        }
    }

    #[test]
    fn names_the_path_of_a_missing_property() {
        let json = r#"{"type":"QueryDataRequest","entityIdentifier":"a","connectorContext":{"entityDefinition":{"fields":[]}}}"#;
        let DecodeErrorKind::Invalid { path, reason } = kind(json) else { panic!("expected Invalid") };
        assert_eq!(path, "connectorContext.entityDefinition");
        assert!(reason.contains("entity"), "{reason}");
    }

    #[test]
    fn takes_the_type_wherever_it_stands_and_the_last_of_equal_keys() {
        let json = r#"{"scope":"SOURCE","scope":"DESTINATION","connectorRuntimeSettings":{"a":1,"a":"2"},
            "type":"ListEntitiesRequest","type":"ValidateConnectorRuntimeSettingsRequest"}"#;
        let Ok(Request::ValidateConnectorRuntimeSettings(request)) = Request::decode(json.as_bytes()) else {
            panic!("expected ValidateConnectorRuntimeSettings")
        };
        assert_eq!(request.scope, RuntimeSettingScope::Destination);
        assert_eq!(request.connector_runtime_settings["a"], "2");
    }

    #[test]
    fn keeps_the_digits_of_a_number_behind_a_repeated_key() {
        let json = r#"{"type":"DescribeEntityRequest","entityIdentifier":1,"entityIdentifier":2,"connectorContext":{
            "entityDefinition":{"entity":{"entityIdentifier":"a"},"fields":[{"fieldName":"f","dataType":"BigDecimal",
            "constraints":{"allowedValueRange":{"minRange":-0.10000000000000000000000001,"maxRange":"1E+3"}}}]}}}"#;
        let Ok(Request::DescribeEntity(request)) = Request::decode(json.as_bytes()) else {
            panic!("expected DescribeEntity")
        };
        assert_eq!(request.entity_identifier, "2");
        let definition = request.connector_context.entity_definition.unwrap();
        assert!(definition.entity.is_writable);
        let field = &definition.fields[0];
        assert_eq!(field.data_type, FieldDataType::BigDecimal);
        assert_eq!(field.data_type_label, "BigDecimal");
        let range = field.constraints.as_ref().unwrap().allowed_value_range.as_ref().unwrap();
        assert_eq!(range.min_range.as_str(), "-0.10000000000000000000000001");
        assert_eq!(range.max_range.as_str(), "1E+3");
    }

    #[test]
    fn hostile_nesting_behind_a_repeated_key_is_passed_over() {
        let arrays = "[".repeat(200_000) + &"]".repeat(200_000);
        let objects = r#"{"a":1,"a":"#.repeat(50_000) + "1" + &"}".repeat(50_000);
        for deep in [arrays, objects] {
            let json = format!(
                r#"{{"type":"ListEntitiesRequest","connectorContext":{{}},"maxResult":1,"maxResult":2,"x":{deep}}}"#
            );
            let Ok(Request::ListEntities(request)) = Request::decode(json.as_bytes()) else {
                panic!("expected ListEntities")
            };
            assert_eq!(request.max_result, 2);
        }
    }

    #[test]
    fn of_equal_keys_at_the_deepest_property_the_last_counts() {
        let json = r#"{"type":"DescribeEntityRequest","entityIdentifier":"a","connectorContext":{"entityDefinition":{
            "entity":{"entityIdentifier":"a"},"fields":[{"fieldName":"f","dataType":"Long",
            "constraints":{"allowedValueRange":{"minRange":1,"minRange":2,"maxRange":3}}}]}}}"#;
        let Ok(Request::DescribeEntity(request)) = Request::decode(json.as_bytes()) else {
            panic!("expected DescribeEntity")
        };
        let definition = request.connector_context.entity_definition.unwrap();
        let range = definition.fields[0].constraints.as_ref().unwrap().allowed_value_range.as_ref().unwrap();
        assert_eq!((range.min_range.as_str(), range.max_range.as_str()), ("2", "3"));
    }

    #[test]
    fn finds_a_failure_that_says_nothing() {
        for operation in Operation::ALL {
            let mut json = serde_json::to_value(Response::failure(
                operation,
                super::super::ErrorDetails::new(super::super::ErrorCode::ServerError, "m"),
            ))
            .unwrap();
            assert!(Response::decode(operation, json.to_string().as_bytes()).unwrap().outcome().is_err());
            json["errorDetails"] = serde_json::Value::Null;
            let error = Response::decode(operation, json.to_string().as_bytes()).unwrap_err();
            assert_eq!(error.kind, DecodeErrorKind::FailureWithoutDetails);
        }
    }
}
