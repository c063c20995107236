//! The continuation token: where to go on, as opaque text that AppFlow gives back with the next request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::ConnectorError;
use crate::fingerprint::fingerprint;
use crate::protocol::{ListEntitiesRequest, QueryDataRequest};

/// Longest token, in characters. AppFlow's public API caps its own tokens so (botocore, `appflow/2020-08-23`); what the
/// service allows a connector is not documented, and is taken alike.
pub const TOKEN_LIMIT: usize = 2048;

/// The form of the envelope. Raised when it changes, so that a token of an older version is refused and not misread.
const ENVELOPE: u8 = 1;

/// Turns a position of the connector's own type into a token and back.
///
/// A token belongs to the request it was given for: to another entity, filter or choice of fields it is refused. It is
/// encoded, not encrypted: put no secret into a position. Put no binary fraction into it either: JSON does not keep its last
/// digit.
///
/// ```
/// use appflow_sdk::{TokenCodec, protocol::{ConnectorContext, QueryDataRequest}};
/// let request = QueryDataRequest::new("orders", ConnectorContext::default());
/// let codec = TokenCodec::for_query(&request);
/// let token = codec.encode(&("page", 7))?;
/// assert_eq!(codec.decode::<(String, u32)>(&token)?, ("page".to_owned(), 7));
///
/// let other = TokenCodec::for_query(&QueryDataRequest::new("accounts", ConnectorContext::default()));
/// assert!(other.decode::<(String, u32)>(&token).is_err());
/// # Ok::<(), appflow_sdk::ConnectorError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenCodec {
    request: u64,
    version: u16,
}

/// What travels. Names are short because the text is limited.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<P> {
    #[serde(rename = "v")]
    form: u8,
    #[serde(rename = "c")]
    version: u16,
    #[serde(rename = "q")]
    request: u64,
    #[serde(rename = "p")]
    position: P,
}

impl TokenCodec {
    /// For the pages of a query.
    #[must_use]
    pub fn for_query(request: &QueryDataRequest) -> Self {
        let fields = request.selected_field_names.iter().flatten().map(String::as_bytes);
        let filter = request.filter_expression.as_deref().unwrap_or_default();
        let parts = ["query", &request.entity_identifier, filter].map(str::as_bytes);
        Self { request: fingerprint(parts.into_iter().chain(fields)), version: 0 }
    }

    /// For the pages of a list of entities.
    #[must_use]
    pub fn for_list(request: &ListEntitiesRequest) -> Self {
        let path = request.entities_path.as_deref().unwrap_or_default();
        Self { request: fingerprint(["list", path].map(str::as_bytes)), version: 0 }
    }

    /// Sets the version of the position's type. Raise it when the type changes: a flow that is under way while a new
    /// version is deployed then gets a clear error, not a wrong page.
    #[must_use]
    pub fn version(mut self, version: u16) -> Self {
        self.version = version;
        self
    }

    /// The text that AppFlow gives back: no white space, at most [`TOKEN_LIMIT`] characters.
    ///
    /// # Errors
    /// `ServerError` when the text would be longer: the position holds too much, such as a long cursor of the source
    /// system. `UnknownError` when it cannot be written as JSON.
    pub fn encode<P: Serialize>(&self, position: &P) -> Result<String, ConnectorError> {
        let envelope = Envelope { form: ENVELOPE, version: self.version, request: self.request, position };
        let json = serde_json::to_vec(&envelope)
            .map_err(|error| ConnectorError::unknown_error("the next token cannot be written").with_source(error))?;
        let text = URL_SAFE_NO_PAD.encode(json);
        if text.len() > TOKEN_LIMIT {
            return Err(ConnectorError::server_error(format!(
                "the way to the next page takes {} characters as a token, and AppFlow allows {TOKEN_LIMIT}; use a shorter \
                 filter or another kind of paging",
                text.len()
            )));
        }
        Ok(text)
    }

    /// Reads a token.
    ///
    /// # Errors
    /// `InvalidArgument` when it is not one of the SDK's, of another version, or of another request.
    pub fn decode<P: DeserializeOwned>(&self, text: &str) -> Result<P, ConnectorError> {
        let foreign = || ConnectorError::invalid_argument("nextToken is not one that this connector gave");
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|error| foreign().with_source(error))?;
        // The position is read last: one of another version may have another form.
        let sealed: Envelope<&serde_json::value::RawValue> =
            serde_json::from_slice(&json).map_err(|error| foreign().with_source(error))?;
        if (sealed.form, sealed.version) != (ENVELOPE, self.version) {
            return Err(ConnectorError::invalid_argument(
                "nextToken is of another version of this connector; start again without it",
            ));
        }
        if sealed.request != self.request {
            return Err(ConnectorError::invalid_argument(
                "nextToken was given for another request; entity, filter and fields must stay the same from page to page",
            ));
        }
        serde_json::from_str(sealed.position.get()).map_err(|error| foreign().with_source(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ConnectorContext;

    fn query(entity: &str, filter: Option<&str>, fields: Option<&[&str]>) -> TokenCodec {
        let mut request = QueryDataRequest::new(entity, ConnectorContext::default());
        request.filter_expression = filter.map(str::to_owned);
        request.selected_field_names = fields.map(|fields| fields.iter().map(|field| (*field).to_owned()).collect());
        TokenCodec::for_query(&request)
    }

    #[test]
    fn a_position_comes_back_as_it_went_without_white_space() {
        let codec = query("orders", None, None);
        for position in ["", "a b\r\n\"ü", "\u{0}\u{ffff}"] {
            let text = codec.encode(&position).unwrap();
            assert!(text.len() <= TOKEN_LIMIT && !text.contains(char::is_whitespace));
            assert_eq!(codec.decode::<String>(&text).unwrap(), position);
        }
    }

    #[test]
    fn a_token_belongs_to_its_request() {
        let codec = query("orders", Some("id > 5"), Some(&["id"]));
        let text = codec.encode(&7).unwrap();
        for other in [
            query("accounts", Some("id > 5"), Some(&["id"])),
            query("orders", Some("id > 6"), Some(&["id"])),
            query("orders", None, Some(&["id"])),
            query("orders", Some("id > 5"), Some(&["id", "total"])),
            query("orders", Some("id > 5"), None),
            TokenCodec::for_list(&ListEntitiesRequest::new(ConnectorContext::default())),
        ] {
            assert!(other.decode::<u64>(&text).unwrap_err().message().contains("another request"));
        }
        assert_eq!(codec.decode::<u64>(&text).unwrap(), 7);
    }

    #[test]
    fn refuses_what_is_not_its_own() {
        let codec = query("orders", None, None);
        for text in ["", "x", "None", "{}", "e30", "é", "bnVsbA"] {
            let error = codec.decode::<u64>(text).unwrap_err();
            assert_eq!(error.code().as_str(), "InvalidArgument", "{text:?}");
        }
        let newer = codec.version(2).encode(&"another form").unwrap();
        assert!(codec.decode::<u64>(&newer).unwrap_err().message().contains("version"));
        let other_form = URL_SAFE_NO_PAD.encode(format!(r#"{{"v":2,"c":0,"q":{},"p":7}}"#, codec.request));
        assert!(codec.decode::<u64>(&other_form).unwrap_err().message().contains("version"));
        let misfit = codec.encode(&"text").unwrap();
        assert!(codec.decode::<u64>(&misfit).is_err());
    }

    #[test]
    fn refuses_a_position_that_does_not_fit() {
        let error = query("orders", None, None).encode(&"x".repeat(2048)).unwrap_err();
        assert_eq!(error.code().as_str(), "ServerError");
        assert!(error.message().contains("2048"));
    }
}
