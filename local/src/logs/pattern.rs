//! Filter patterns of words: all of these, any of those, none of the others.

use super::group::invalid;
use crate::failure::ApiError;

/// A filter pattern. Patterns over JSON, over columns and regular expressions are refused.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Pattern {
    /// From a pattern's text, as in `ERROR -"timed out"` or `?ERROR ?WARN`.
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        let mut pattern = Self::default();
        let mut rest = text.trim();
        if rest.starts_with(['{', '[', '%']) {
            return Err(invalid(
                "the local AWS knows filter patterns of words only, as in: ERROR -\"timed out\" or ?ERROR ?WARN",
            ));
        }
        while !rest.is_empty() {
            let (terms, behind) = match rest.as_bytes()[0] {
                b'?' => (&mut pattern.any, &rest[1..]),
                b'-' => (&mut pattern.none, &rest[1..]),
                _ => (&mut pattern.all, rest),
            };
            let (term, behind) = match behind.strip_prefix('"') {
                Some(quoted) => {
                    quoted.split_once('"').ok_or_else(|| invalid("Invalid filter pattern: a quote is not closed"))?
                }
                None => behind.split_once(char::is_whitespace).unwrap_or((behind, "")),
            };
            if term.is_empty() {
                return Err(invalid("Invalid filter pattern: a term is empty"));
            }
            terms.push(term.to_owned());
            rest = behind.trim_start();
        }
        Ok(pattern)
    }

    /// Whether a message is meant. Letters count as they are written.
    pub(super) fn matches(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        self.all.iter().all(has) && (self.any.is_empty() || self.any.iter().any(has)) && !self.none.iter().any(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_wanted_all_any_or_not_at_all() {
        for (pattern, message, matches) in [
            ("", "anything", true),
            ("ERROR", "an ERROR happened", true),
            ("ERROR", "an error happened", false),
            ("ERROR happened", "an ERROR", false),
            ("\"timed out\" id", "id 1 timed out", true),
            ("\"out timed\"", "timed out", false),
            ("?ERROR ?WARN", "WARN: low", true),
            ("?ERROR ?WARN", "INFO: fine", false),
            ("id -\"timed out\"", "id 1 timed out", false),
            ("id -\"timed out\"", "id 1 done", true),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(message), matches, "{pattern:?} on {message:?}");
        }
    }

    #[test]
    fn other_patterns_are_refused() {
        for pattern in ["{ $.level = \"ERROR\" }", "[a, b]", "%x+%", "\"open", "\"\"", "- x"] {
            assert_eq!(Pattern::parse(pattern).unwrap_err().code(), "InvalidParameterException", "{pattern}");
        }
    }
}
