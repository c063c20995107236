//! The continuation token: where a query goes on, as opaque text for AppFlow.

use appflow_sdk::ConnectorError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::paging::Position;

/// Longest token, in characters. AppFlow's public API caps its own tokens so; taken alike here.
const LIMIT: usize = 2048;

/// The form below. Raised when it changes, so that a token of an older deployment is refused and not misread.
const VERSION: u8 = 1;

/// Where a query goes on. Names are short because the text is limited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    #[serde(rename = "v")]
    version: u8,
    /// The entity, so that a token is not used for another.
    #[serde(rename = "e")]
    entity: String,
    /// Where to go on.
    #[serde(rename = "b")]
    pub(crate) bookmark: Bookmark,
    /// How many records the filter's LIMIT still allows.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(crate) remaining: Option<u64>,
}

/// A place within the API's list: a page, and a record on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bookmark {
    /// The page.
    #[serde(rename = "p")]
    pub(crate) position: Position,
    /// How many of its records are done.
    #[serde(rename = "i", default)]
    pub(crate) skip: usize,
    /// How many records the pages before it had.
    #[serde(rename = "n", default)]
    pub(crate) before: u64,
    /// The page size to ask for. It stays the same for the whole query: pages are counted in it.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    /// Fingerprint of the page before, to notice an API that does not move on.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<u64>,
}

impl Bookmark {
    /// The beginning of a list.
    pub(crate) fn start(size: Option<u64>) -> Self {
        Self { position: Position::First, skip: 0, before: 0, size, previous: None }
    }
}

impl Token {
    /// A query of an entity goes on there.
    pub(crate) fn new(entity: &str, bookmark: Bookmark, remaining: Option<u64>) -> Self {
        Self { version: VERSION, entity: entity.to_owned(), bookmark, remaining }
    }

    /// The text that AppFlow gives back: no white space, at most 2048 characters.
    ///
    /// # Errors
    /// `ServerError` when the API's own cursor is so long that the text would be longer.
    pub(crate) fn encode(&self) -> Result<String, ConnectorError> {
        let json = serde_json::to_vec(self)
            .map_err(|error| ConnectorError::unknown_error("the next token cannot be written").with_source(error))?;
        let text = URL_SAFE_NO_PAD.encode(json);
        if text.len() > LIMIT {
            return Err(ConnectorError::server_error(format!(
                "the API's way to the next page takes {} characters as a token, and AppFlow allows {LIMIT}; use a \
                 shorter filter or another kind of paging",
                text.len()
            )));
        }
        Ok(text)
    }

    /// Reads a token for an entity.
    ///
    /// # Errors
    /// `InvalidArgument` when it is not one of ours, of another version, or of another entity.
    pub(crate) fn decode(text: &str, entity: &str) -> Result<Self, ConnectorError> {
        let foreign = || ConnectorError::invalid_argument("nextToken is not one that this connector gave");
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|error| foreign().with_source(error))?;
        let token: Self = serde_json::from_slice(&json).map_err(|error| foreign().with_source(error))?;
        if token.version != VERSION {
            return Err(ConnectorError::invalid_argument(
                "nextToken is of another version of this connector; start the query again",
            ));
        }
        if token.entity != entity {
            return Err(ConnectorError::invalid_argument(format!(
                "nextToken belongs to the entity {:?}, not to {entity:?}",
                token.entity
            )));
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(position: Position) -> Token {
        let bookmark = Bookmark { position, skip: 7, before: 200, size: Some(100), previous: Some(u64::MAX) };
        Token::new("orders", bookmark, Some(3))
    }

    #[test]
    fn comes_back_as_it_went() {
        for position in [
            Position::First,
            Position::Number(u64::MAX),
            Position::Cursor("a b\r\n\"ü".to_owned()),
            Position::Link("/x?y=1&z=%20".to_owned()),
        ] {
            let text = token(position.clone()).encode().unwrap();
            assert!(text.len() <= LIMIT && !text.contains(char::is_whitespace));
            assert_eq!(Token::decode(&text, "orders").unwrap(), token(position));
        }
    }

    #[test]
    fn refuses_what_is_not_its_own() {
        for text in ["", "x", "None", "{}", "e30", "é"] {
            assert!(Token::decode(text, "orders").is_err(), "{text:?}");
        }
        let text = token(Position::First).encode().unwrap();
        assert!(Token::decode(&text, "accounts").unwrap_err().message().contains("accounts"));
        let newer = Token { version: 2, ..token(Position::First) }.encode().unwrap();
        assert!(Token::decode(&newer, "orders").unwrap_err().message().contains("version"));
    }

    #[test]
    fn refuses_a_cursor_that_does_not_fit() {
        let error = token(Position::Cursor("x".repeat(2048))).encode().unwrap_err();
        assert_eq!(error.code().as_str(), "ServerError");
    }
}
