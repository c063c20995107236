//! `[authentication]`: which credentials a connection may have, and how they are sent.

use appflow_sdk::protocol::OAuth2GrantType;
use indexmap::IndexMap;
use serde::Deserialize;

/// The custom kind of authentication under which a connection without credentials is offered.
pub(crate) const NO_AUTHENTICATION: &str = "NoAuth";

/// The kinds on offer. Several may be; a connection's credentials tell which one it uses.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Authentication {
    /// No credentials.
    #[serde(default)]
    pub(crate) none: bool,
    /// User name and password in `Authorization: Basic …`.
    #[serde(default)]
    pub(crate) basic: bool,
    /// An API key in a header or a query parameter.
    #[serde(default)]
    pub(crate) api_key: Option<ApiKey>,
    /// An OAuth2 access token in `Authorization: Bearer …`.
    #[serde(default)]
    pub(crate) bearer: Option<Bearer>,
    /// Kinds of the API's own, by the name that AppFlow shows.
    #[serde(default)]
    pub(crate) header: IndexMap<String, HeaderScheme>,
}

/// Where an API key goes: a header or a query parameter, one of the two.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKey {
    /// The header.
    #[serde(default)]
    pub(crate) header: Option<String>,
    /// The query parameter.
    #[serde(default)]
    pub(crate) parameter: Option<String>,
    /// What is sent: `{apiKey}` and `{apiSecretKey}` stand for the two parts.
    #[serde(default = "key_alone")]
    pub(crate) value: String,
}

fn key_alone() -> String {
    "{apiKey}".to_owned()
}

/// How AppFlow obtains access tokens.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Bearer {
    /// Token URLs to choose from, `https` only; `{{NAME}}` stands for a part that the user fills in.
    pub(crate) token_urls: Vec<String>,
    /// Authorisation URLs to choose from, for the authorisation code grant.
    #[serde(default)]
    pub(crate) authorization_urls: Vec<String>,
    /// `CLIENT_CREDENTIALS`, `AUTHORIZATION_CODE` or both.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<super::schema::Grant>"))]
    pub(crate) grants: Vec<OAuth2GrantType>,
    /// Scopes to ask for.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// Whether AppFlow sends client id and secret in a Basic header.
    #[serde(default)]
    pub(crate) basic_header: bool,
}

/// A kind of the API's own: what the user fills in, and the headers and query parameters that it becomes.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct HeaderScheme {
    /// By the key that the secret keeps it under.
    pub(crate) parameters: IndexMap<String, Parameter>,
    /// By name; `{key}` stands for a parameter.
    #[serde(default)]
    pub(crate) headers: IndexMap<String, String>,
    /// By name; `{key}` stands for a parameter.
    #[serde(default)]
    pub(crate) query: IndexMap<String, String>,
}

/// One input field of a [`HeaderScheme`].
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "InputField"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameter {
    /// Shown above the input field.
    pub(crate) label: String,
    /// Shown beside the input field.
    #[serde(default)]
    pub(crate) description: String,
    /// Whether the input is hidden: yes unless said otherwise.
    #[serde(default = "yes")]
    pub(crate) secret: bool,
    /// The values to choose from, when the choice is closed.
    #[serde(default)]
    pub(crate) options: Vec<String>,
}

fn yes() -> bool {
    true
}
