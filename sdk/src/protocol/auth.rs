//! Authentication: what a connector offers, and what a request names. Secrets themselves never travel in requests.

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::lenient;
use super::wire_enum::wire_enum;

wire_enum! {
    /// The kind of credentials behind a connection, as requests spell it (AppFlow's public API spells them otherwise).
    AuthenticationType {
        /// User name and password. Public API: `BASIC`.
        BasicAuth = "BasicAuth",
        /// An API key and optionally its secret. Public API: `APIKEY`.
        ApiKey = "ApiKey",
        /// An access token that AppFlow obtains and refreshes. Public API: `OAUTH2`.
        OAuth2 = "OAuth2",
        /// Parameters that the connector chose. Public API: `CUSTOM`.
        CustomAuth = "CustomAuth",
    }
}

wire_enum! {
    /// An OAuth2 grant. The public API also knows `JWT_BEARER`; neither SDK does.
    OAuth2GrantType {
        /// Client id and secret alone.
        ClientCredentials = "CLIENT_CREDENTIALS",
        /// A user signs in at the authorisation URL.
        AuthorizationCode = "AUTHORIZATION_CODE",
    }
}

wire_enum! {
    /// How AppFlow encodes its token request.
    OAuth2ContentType {
        /// A form.
        UrlEncoded = "URL_ENCODED",
        /// JSON.
        ApplicationJson = "APPLICATION_JSON",
    }
}

wire_enum! {
    /// With which method AppFlow sends its token request.
    OAuth2MethodType {
        /// POST.
        HttpPost = "HTTP_POST",
        /// GET.
        HttpGet = "HTTP_GET",
    }
}

wire_enum! {
    /// To which URL an OAuth2 custom parameter is added.
    OAuth2CustomPropertyType {
        /// The token URL.
        TokenUrl = "TOKEN_URL",
        /// The authorisation URL.
        AuthUrl = "AUTH_URL",
    }
}

/// Which credentials a request runs with: where the secret is, not what it says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Credentials {
    /// ARN of the Secrets Manager secret that AppFlow keeps for the connection.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub secret_arn: Option<String>,
    /// The kind of credentials in it.
    #[serde(default)]
    pub authentication_type: Option<AuthenticationType>,
}

impl Credentials {
    /// Names a secret and its kind.
    #[must_use]
    pub fn new(secret_arn: impl Into<String>, authentication_type: Option<AuthenticationType>) -> Self {
        Self { secret_arn: Some(secret_arn.into()), authentication_type }
    }
}

/// The ways of authenticating that a connector offers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuthenticationConfig {
    /// User name and password.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub is_basic_auth_supported: Option<bool>,
    /// API key.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub is_api_key_auth_supported: Option<bool>,
    /// OAuth2; then [`oauth2_defaults`](Self::oauth2_defaults) must be given.
    #[serde(rename = "isOAuth2Supported", default, deserialize_with = "lenient::optional_boolean")]
    pub is_oauth2_supported: Option<bool>,
    /// Kinds of the connector's own; then [`custom_auth_config`](Self::custom_auth_config) must be given.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub is_custom_auth_supported: Option<bool>,
    /// How AppFlow obtains tokens.
    #[serde(rename = "oAuth2Defaults", default)]
    pub oauth2_defaults: Option<OAuth2Defaults>,
    /// The connector's own kinds. The wire name is singular.
    #[serde(default)]
    pub custom_auth_config: Option<Vec<CustomAuthConfig>>,
}

impl AuthenticationConfig {
    /// Offers nothing yet; every flag is written as false.
    #[must_use]
    pub fn new() -> Self {
        Self {
            is_basic_auth_supported: Some(false),
            is_api_key_auth_supported: Some(false),
            is_oauth2_supported: Some(false),
            is_custom_auth_supported: Some(false),
            oauth2_defaults: None,
            custom_auth_config: None,
        }
    }

    /// Offers user name and password.
    #[must_use]
    pub fn basic(mut self) -> Self {
        self.is_basic_auth_supported = Some(true);
        self
    }

    /// Offers an API key.
    #[must_use]
    pub fn api_key(mut self) -> Self {
        self.is_api_key_auth_supported = Some(true);
        self
    }

    /// Offers OAuth2.
    #[must_use]
    pub fn oauth2(mut self, defaults: OAuth2Defaults) -> Self {
        self.is_oauth2_supported = Some(true);
        self.oauth2_defaults = Some(defaults);
        self
    }

    /// Offers a kind of the connector's own; may be called once per kind.
    #[must_use]
    pub fn custom(mut self, custom: CustomAuthConfig) -> Self {
        self.is_custom_auth_supported = Some(true);
        self.custom_auth_config.get_or_insert_default().push(custom);
        self
    }

    /// Offers a connection without credentials.
    ///
    /// AppFlow has no such kind, so it is a custom one without parameters, named `NoAuth`: what public connectors do.
    #[must_use]
    pub fn none(self) -> Self {
        self.custom(CustomAuthConfig::new("NoAuth"))
    }

    /// Whether a kind is offered.
    #[must_use]
    pub fn supports(&self, authentication_type: &AuthenticationType) -> bool {
        match authentication_type {
            AuthenticationType::BasicAuth => self.is_basic_auth_supported,
            AuthenticationType::ApiKey => self.is_api_key_auth_supported,
            AuthenticationType::OAuth2 => self.is_oauth2_supported,
            AuthenticationType::CustomAuth => self.is_custom_auth_supported,
            AuthenticationType::Unknown(_) => None,
        }
        .unwrap_or(false)
    }
}

/// How AppFlow obtains OAuth2 tokens for this connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OAuth2Defaults {
    /// Scopes to ask for; needed for the authorisation code grant. At most 128 characters each.
    #[serde(rename = "oAuthScopes")]
    pub oauth_scopes: Option<Vec<String>>,
    /// Token URLs to choose from, `https` only; `{{NAME}}` stands for a part that the user fills in.
    #[serde(rename = "tokenURL")]
    pub token_url: Vec<String>,
    /// Authorisation URLs to choose from; needed for the authorisation code grant.
    #[serde(rename = "authURL")]
    pub auth_url: Option<Vec<String>>,
    /// The grants that the source system accepts.
    #[serde(rename = "oAuth2GrantTypesSupported")]
    pub oauth2_grant_types_supported: Vec<OAuth2GrantType>,
    /// Encoding of the token request.
    #[serde(rename = "oAuth2ContentType")]
    pub oauth2_content_type: OAuth2ContentType,
    /// Method of the token request.
    #[serde(rename = "oAuth2MethodType")]
    pub oauth2_method_type: OAuth2MethodType,
    /// Further parameters of the two URLs. Written as the Java SDK spells it, `oauth2CustomProperties`; the Python SDK's
    /// `oAuth2CustomProperties` is read where that is missing.
    #[serde(rename = "oauth2CustomProperties")]
    pub oauth2_custom_properties: Option<Vec<OAuth2CustomParameter>>,
    /// Whether AppFlow sends client id and secret in a Basic header.
    pub add_basic_auth_header: bool,
}

/// What travels: some properties have had two spellings, and both may be there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OAuth2OnTheWire {
    #[serde(rename = "oAuthScopes", default, deserialize_with = "lenient::optional_text_list")]
    scopes: Option<Vec<String>>,
    #[serde(rename = "tokenURL", default, deserialize_with = "lenient::optional_text_list")]
    token_url: Option<Vec<String>>,
    /// What early versions of both SDKs wrote instead.
    #[serde(rename = "loginURL", default, deserialize_with = "lenient::optional_text_list")]
    login_url: Option<Vec<String>>,
    #[serde(rename = "authURL", default, deserialize_with = "lenient::optional_text_list")]
    auth_url: Option<Vec<String>>,
    #[serde(rename = "oAuth2GrantTypesSupported", default)]
    grant_types: Option<Vec<OAuth2GrantType>>,
    #[serde(rename = "oAuth2ContentType", default)]
    content_type: Option<OAuth2ContentType>,
    #[serde(rename = "oAuth2MethodType", default)]
    method_type: Option<OAuth2MethodType>,
    #[serde(rename = "oauth2CustomProperties", default)]
    custom_properties: Option<Vec<OAuth2CustomParameter>>,
    #[serde(rename = "oAuth2CustomProperties", default)]
    python_custom_properties: Option<Vec<OAuth2CustomParameter>>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    add_basic_auth_header: bool,
}

impl<'de> Deserialize<'de> for OAuth2Defaults {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = OAuth2OnTheWire::deserialize(deserializer)?;
        Ok(Self {
            oauth_scopes: wire.scopes,
            token_url: wire.token_url.or(wire.login_url).unwrap_or_default(),
            auth_url: wire.auth_url,
            oauth2_grant_types_supported: wire.grant_types.unwrap_or_default(),
            oauth2_content_type: wire.content_type.unwrap_or(OAuth2ContentType::UrlEncoded),
            oauth2_method_type: wire.method_type.unwrap_or(OAuth2MethodType::HttpPost),
            oauth2_custom_properties: wire.custom_properties.or(wire.python_custom_properties),
            add_basic_auth_header: wire.add_basic_auth_header,
        })
    }
}

impl OAuth2Defaults {
    /// One token URL and one grant; the rest as AppFlow defaults it.
    #[must_use]
    pub fn new(token_url: impl Into<String>, grant: OAuth2GrantType) -> Self {
        Self {
            oauth_scopes: None,
            token_url: vec![token_url.into()],
            auth_url: None,
            oauth2_grant_types_supported: vec![grant],
            oauth2_content_type: OAuth2ContentType::UrlEncoded,
            oauth2_method_type: OAuth2MethodType::HttpPost,
            oauth2_custom_properties: None,
            add_basic_auth_header: false,
        }
    }
}

/// A further parameter of the OAuth2 URLs. Client id and scope are AppFlow's own and must not be declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OAuth2CustomParameter {
    /// The parameter's name.
    #[serde(deserialize_with = "lenient::text")]
    pub key: String,
    /// Whether AppFlow's user must give it.
    #[serde(default, deserialize_with = "lenient::boolean")]
    pub required: bool,
    /// The URL it belongs to.
    #[serde(rename = "type")]
    pub property_type: OAuth2CustomPropertyType,
    /// Shown above the input field.
    #[serde(deserialize_with = "lenient::text")]
    pub label: String,
    /// Shown beside the input field.
    #[serde(deserialize_with = "lenient::text")]
    pub description: String,
    /// Whether the input is hidden.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub sensitive_field: Option<bool>,
    /// The values to choose from, when the choice is closed.
    #[serde(default, deserialize_with = "lenient::optional_text_list")]
    pub connector_supplied_values: Option<Vec<String>>,
}

impl OAuth2CustomParameter {
    /// An optional parameter.
    #[must_use]
    pub fn new(
        key: impl Into<String>,
        property_type: OAuth2CustomPropertyType,
        label: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            required: false,
            property_type,
            label: label.into(),
            description: description.into(),
            sensitive_field: None,
            connector_supplied_values: None,
        }
    }
}

/// A kind of authentication of the connector's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CustomAuthConfig {
    /// Its name, at most 256 characters and no white space. Public API: `customAuthenticationType`.
    #[serde(deserialize_with = "lenient::text")]
    pub authentication_type: String,
    /// What the user fills in.
    #[serde(default, deserialize_with = "lenient::null_default")]
    pub auth_parameters: Vec<AuthParameter>,
}

impl CustomAuthConfig {
    /// A kind without parameters.
    #[must_use]
    pub fn new(authentication_type: impl Into<String>) -> Self {
        Self { authentication_type: authentication_type.into(), auth_parameters: Vec::new() }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: AuthParameter) -> Self {
        self.auth_parameters.push(parameter);
        self
    }
}

/// One parameter of a custom kind of authentication; its value becomes a key of the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuthParameter {
    /// Its key in the secret: at most 128 word characters.
    #[serde(deserialize_with = "lenient::text")]
    pub key: String,
    /// Whether AppFlow's user must give it.
    #[serde(default, deserialize_with = "lenient::boolean")]
    pub required: bool,
    /// Shown above the input field.
    #[serde(deserialize_with = "lenient::text")]
    pub label: String,
    /// Shown beside the input field.
    #[serde(deserialize_with = "lenient::text")]
    pub description: String,
    /// Whether the input is hidden.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub sensitive_field: Option<bool>,
    /// The values to choose from, when the choice is closed.
    #[serde(default, deserialize_with = "lenient::optional_text_list")]
    pub connector_supplied_values: Option<Vec<String>>,
}

impl AuthParameter {
    /// A mandatory parameter whose input is hidden.
    #[must_use]
    pub fn secret(key: impl Into<String>, label: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            required: true,
            label: label.into(),
            description: description.into(),
            sensitive_field: Some(true),
            connector_supplied_values: None,
        }
    }

    /// A mandatory parameter whose input is shown.
    #[must_use]
    pub fn plain(key: impl Into<String>, label: impl Into<String>, description: impl Into<String>) -> Self {
        Self { sensitive_field: Some(false), ..Self::secret(key, label, description) }
    }
}
