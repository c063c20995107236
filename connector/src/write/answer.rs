//! What an API says became of records.

use serde_json::value::RawValue;

pub(super) use crate::pointer::{at, items};

/// The document of an answer, if it is JSON.
pub(super) fn document(body: &[u8]) -> Option<&RawValue> {
    serde_json::from_slice(body).ok()
}

/// The text of a value that is one: a text, a number, true or false.
pub(super) fn text_of(value: &RawValue) -> Option<String> {
    match value.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(value.get()).ok(),
        Some(b'{' | b'[' | b'n') | None => None,
        Some(_) => Some(value.get().to_owned()),
    }
}

/// Whether a value says success: true, or a status from 200 to 299; false for the opposite. Nothing if it says neither.
pub(super) fn says_success(value: &RawValue) -> Option<bool> {
    let text = text_of(value)?;
    match text.as_str() {
        "true" => Some(true),
        "false" => Some(false),
        status => Some((200..300).contains(&status.parse::<u16>().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_pointer_leads_to_and_keeps_its_digits() {
        let body = br#"{"a":[{"id":12345678901234567890123},{"id":"\u00fc"}],"b/c":{"~":true},"n":null}"#;
        let document = document(body).unwrap();
        let text = |pointer| at(document, pointer).and_then(text_of);
        assert_eq!(text("/a/0/id").as_deref(), Some("12345678901234567890123"));
        assert_eq!(text("/a/1/id").as_deref(), Some("\u{fc}"));
        assert_eq!(text("/b~1c/~0").as_deref(), Some("true"));
        for nowhere in ["/a/2/id", "/a/x", "/n", "/n/x", "/zzz", ""] {
            assert_eq!(text(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn knows_success_when_it_is_said() {
        for (said, meant) in [
            ("true", Some(true)),
            ("false", Some(false)),
            ("201", Some(true)),
            ("\"204\"", Some(true)),
            ("404", Some(false)),
            ("null", None),
            ("\"yes\"", None),
            ("{}", None),
        ] {
            let raw = RawValue::from_string(said.to_owned()).unwrap();
            assert_eq!(says_success(&raw), meant, "{said}");
        }
    }
}
