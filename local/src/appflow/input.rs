//! Reads the body of a call.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::refusal::serialization;
use crate::failure::ApiError;

/// Reads an operation's input. An empty body counts as no members, unknown members are ignored.
///
/// The error names the place and what was expected there, never what was found: it may have been a password.
pub(super) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let body = if body.is_empty() { b"{}" } else { body };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let error = match serde_path_to_error::deserialize(&mut deserializer) {
        Ok(input) => match deserializer.end() {
            Ok(()) => return Ok(input),
            Err(error) => return Err(not_json(&error)),
        },
        Err(error) => error,
    };
    let path = error.path().to_string();
    let cause = error.into_inner();
    match cause.classify() {
        Category::Data => {
            let text = cause.to_string();
            let text = text.split(" at line ").next().unwrap_or_default();
            let wanted = text.rsplit_once(", expected ").map(|(_, wanted)| wanted);
            Err(serialization(match wanted {
                Some(wanted) => format!("at {path}: expected {wanted}"),
                None => format!("at {path}: the value has the wrong form"),
            }))
        }
        Category::Syntax | Category::Eof | Category::Io => Err(not_json(&cause)),
    }
}

fn not_json(error: &serde_json::Error) -> ApiError {
    serialization(format!("the body is not JSON: line {}, column {}", error.line(), error.column()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn names_the_place_but_not_the_value() {
        let body = br#"{"a":{"password":["hunter2, expected hunter3"]}}"#;
        let error = decode::<BTreeMap<String, BTreeMap<String, String>>>(body).unwrap_err();
        assert_eq!(error.code(), "SerializationException");
        assert!(error.message().starts_with("at a.password: expected "), "{error}");
        assert!(!error.message().contains("hunter"), "{error}");

        let error = decode::<BTreeMap<String, bool>>(br#"{"a":"hunter2, expected hunter3"}"#);
        assert_eq!(error.unwrap_err().message(), "at a: expected a boolean");
    }

    #[test]
    fn says_where_a_body_stops_being_json() {
        let error = decode::<BTreeMap<String, String>>(b"{\"a\":\n\"b\"").unwrap_err();
        assert!(error.message().contains("line 2"), "{error}");
        assert!(decode::<BTreeMap<String, String>>(b"{} x").is_err());
        assert!(decode::<BTreeMap<String, String>>(b"").unwrap().is_empty());
    }
}
