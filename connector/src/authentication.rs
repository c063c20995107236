//! From a connection's credentials to headers and query parameters.

use std::collections::BTreeMap;
use std::fmt;

use appflow_sdk::protocol::{AuthParameter, AuthenticationConfig, CustomAuthConfig, OAuth2Defaults, OAuth2GrantType};
use appflow_sdk::{ConnectionCredentials, ConnectorError, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::address;
use crate::manifest::{self, HeaderScheme, NO_AUTHENTICATION};
use crate::template;

/// What requests of one connection carry to prove who asks. Shows names only, never values.
#[derive(Clone, Default)]
pub(crate) struct Authentication {
    headers: HeaderMap,
    query: Vec<(String, Secret)>,
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query: Vec<_> = self.query_names();
        f.debug_struct("Authentication")
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("query", &query)
            .finish_non_exhaustive()
    }
}

impl Authentication {
    /// Prepares what a connection's credentials become.
    ///
    /// # Errors
    /// `InvalidCredentials` when the manifest does not offer their kind, a part is missing, or a value cannot be sent.
    pub(crate) fn new(
        offered: &manifest::Authentication,
        credentials: &ConnectionCredentials,
    ) -> Result<Self, ConnectorError> {
        let mut prepared = Self::default();
        match credentials {
            ConnectionCredentials::None if offered.none => {}
            ConnectionCredentials::BasicAuth { username, password } if offered.basic => {
                prepared.basic(username, password)?;
            }
            ConnectionCredentials::ApiKey { api_key, api_secret_key } => match &offered.api_key {
                Some(rule) => prepared.api_key(rule, api_key, api_secret_key.as_ref())?,
                None => return Err(not_offered(offered, "an API key")),
            },
            ConnectionCredentials::OAuth2 { access_token, .. } if offered.bearer.is_some() => {
                prepared.header(&AUTHORIZATION, &format!("Bearer {}", access_token.expose()), "the access token")?;
            }
            ConnectionCredentials::CustomAuth { authentication_type, parameters } => {
                match offered.header.get(authentication_type) {
                    Some(scheme) => prepared.scheme(scheme, parameters)?,
                    None if authentication_type == NO_AUTHENTICATION && offered.none => {}
                    None => {
                        return Err(not_offered(
                            offered,
                            &format!("authentication of the kind {authentication_type:?}"),
                        ));
                    }
                }
            }
            ConnectionCredentials::None => return Err(not_offered(offered, "no credentials")),
            ConnectionCredentials::BasicAuth { .. } => return Err(not_offered(offered, "a user name and password")),
            ConnectionCredentials::OAuth2 { .. } => return Err(not_offered(offered, "an OAuth2 token")),
            other => {
                let kind = other.authentication_type().map(|kind| kind.to_string()).unwrap_or_default();
                return Err(not_offered(offered, &format!("credentials of the kind {kind}")));
            }
        }
        Ok(prepared)
    }

    fn basic(&mut self, username: &str, password: &Secret) -> Result<(), ConnectorError> {
        if username.contains(':') {
            return Err(ConnectorError::invalid_credentials(
                "the user name holds a colon, which Basic authentication cannot send",
            ));
        }
        let encoded = STANDARD.encode(format!("{username}:{}", password.expose()));
        self.header(&AUTHORIZATION, &format!("Basic {encoded}"), "user name and password")
    }

    fn api_key(
        &mut self,
        rule: &manifest::ApiKey,
        key: &Secret,
        secret_key: Option<&Secret>,
    ) -> Result<(), ConnectorError> {
        let value = template::fill(&rule.value, |name| match name {
            "apiKey" => Some(key.expose().to_owned()),
            "apiSecretKey" => secret_key.map(|secret| secret.expose().to_owned()),
            _ => None,
        })
        .map_err(missing_part)?;
        if let Some(parameter) = &rule.parameter {
            self.query.push((parameter.clone(), Secret::new(value.as_str())));
        }
        match &rule.header {
            Some(name) => self.header(&header_name(name)?, &value, "the API key"),
            None => Ok(()),
        }
    }

    fn scheme(&mut self, scheme: &HeaderScheme, given: &BTreeMap<String, Secret>) -> Result<(), ConnectorError> {
        let value_of = |name: &str| given.get(name).map(|secret| secret.expose().to_owned());
        for (name, value) in &scheme.headers {
            let value = template::fill(value, value_of).map_err(missing_part)?;
            self.header(&header_name(name)?, &value, &format!("the value for the header {name}"))?;
        }
        for (name, value) in &scheme.query {
            let value = template::fill(value, value_of).map_err(missing_part)?;
            self.query.push((name.clone(), Secret::from(value)));
        }
        Ok(())
    }

    fn header(&mut self, name: &HeaderName, value: &str, what: &str) -> Result<(), ConnectorError> {
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            ConnectorError::invalid_credentials(format!(
                "{what} holds a character that an HTTP header cannot carry, such as a line break"
            ))
        })?;
        value.set_sensitive(true);
        self.headers.insert(name.clone(), value);
        Ok(())
    }

    /// The headers to send.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The names of the query parameters that carry credentials.
    pub(crate) fn query_names(&self) -> Vec<&str> {
        self.query.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Adds the query parameters that carry credentials.
    pub(crate) fn add_to(&self, url: &mut Url) {
        address::remove_parameters(url, &self.query_names());
        address::add_parameters(url, self.query.iter().map(|(name, value)| (name.as_str(), value.expose())));
    }
}

fn header_name(name: &str) -> Result<HeaderName, ConnectorError> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|error| ConnectorError::unknown_error(format!("{name:?} is no name of a header")).with_source(error))
}

fn missing_part(name: &str) -> ConnectorError {
    ConnectorError::invalid_credentials(format!(
        "the connection's credentials lack {name:?}; make the connection again"
    ))
}

fn not_offered(offered: &manifest::Authentication, found: &str) -> ConnectorError {
    let mut kinds: Vec<&str> = Vec::new();
    kinds.extend(offered.none.then_some(NO_AUTHENTICATION));
    kinds.extend(offered.basic.then_some("BasicAuth"));
    kinds.extend(offered.api_key.as_ref().map(|_| "ApiKey"));
    kinds.extend(offered.bearer.as_ref().map(|_| "OAuth2"));
    kinds.extend(offered.header.keys().map(String::as_str));
    ConnectorError::invalid_credentials(format!(
        "the connection has {found}; this connector takes {}",
        kinds.join(", ")
    ))
}

/// What AppFlow is told about the kinds on offer.
pub(crate) fn configuration(offered: &manifest::Authentication) -> AuthenticationConfig {
    let mut config = AuthenticationConfig::new();
    if offered.none {
        config = config.none();
    }
    if offered.basic {
        config = config.basic();
    }
    if offered.api_key.is_some() {
        config = config.api_key();
    }
    if let Some(bearer) = &offered.bearer {
        let grant = bearer.grants.first().cloned().unwrap_or(OAuth2GrantType::ClientCredentials);
        let mut defaults = OAuth2Defaults::new("", grant);
        defaults.token_url.clone_from(&bearer.token_urls);
        defaults.oauth2_grant_types_supported.clone_from(&bearer.grants);
        defaults.auth_url = (!bearer.authorization_urls.is_empty()).then(|| bearer.authorization_urls.clone());
        defaults.oauth_scopes = (!bearer.scopes.is_empty()).then(|| bearer.scopes.clone());
        defaults.add_basic_auth_header = bearer.basic_header;
        config = config.oauth2(defaults);
    }
    for (name, scheme) in &offered.header {
        let kind = scheme.parameters.iter().fold(CustomAuthConfig::new(name), |kind, (key, field)| {
            let description = if field.description.is_empty() { &field.label } else { &field.description };
            let mut parameter = AuthParameter::secret(key, &field.label, description);
            parameter.sensitive_field = Some(field.secret);
            parameter.connector_supplied_values = (!field.options.is_empty()).then(|| field.options.clone());
            kind.parameter(parameter)
        });
        config = config.custom(kind);
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(toml: &str) -> manifest::Authentication {
        toml::from_str(toml).unwrap()
    }

    fn key(key: &str, secret: Option<&str>) -> ConnectionCredentials {
        ConnectionCredentials::ApiKey { api_key: Secret::new(key), api_secret_key: secret.map(Secret::new) }
    }

    #[track_caller]
    fn header<'a>(authentication: &'a Authentication, name: &str) -> &'a str {
        authentication.headers().get(name).unwrap().to_str().unwrap()
    }

    #[test]
    fn sends_user_and_password_as_basic() {
        let credentials =
            ConnectionCredentials::BasicAuth { username: "ada".to_owned(), password: Secret::new("pä:ss") };
        let prepared = Authentication::new(&offered("basic = true"), &credentials).unwrap();
        assert_eq!(header(&prepared, "authorization"), format!("Basic {}", STANDARD.encode("ada:pä:ss")));
        let colon = ConnectionCredentials::BasicAuth { username: "a:b".to_owned(), password: Secret::new("x") };
        assert!(Authentication::new(&offered("basic = true"), &colon).is_err());
    }

    #[test]
    fn sends_an_api_key_in_a_header_or_a_parameter() {
        let rule = offered("api_key = { header = \"Authorization\", value = \"Token {apiKey}:{apiSecretKey}\" }");
        let prepared = Authentication::new(&rule, &key("k", Some("s"))).unwrap();
        assert_eq!(header(&prepared, "authorization"), "Token k:s");
        assert!(Authentication::new(&rule, &key("k", None)).unwrap_err().message().contains("apiSecretKey"));

        let rule = offered("api_key = { parameter = \"key\" }");
        let prepared = Authentication::new(&rule, &key("a&b", None)).unwrap();
        let mut url = Url::parse("https://a.example/x?key=old&y=1").unwrap();
        prepared.add_to(&mut url);
        assert_eq!(url.query(), Some("y=1&key=a%26b"));
    }

    #[test]
    fn sends_what_a_scheme_of_its_own_says() {
        let rule = offered(
            "[header.Own]\nparameters = { tenant = { label = \"Tenant\", secret = false }, token = { label = \"T\" } }\n\
             headers = { X-Auth = \"{tenant}/{token}\" }\nquery = { t = \"{tenant}\" }",
        );
        let parameters = [("tenant", "acme"), ("token", "secret")];
        let parameters = parameters.into_iter().map(|(key, value)| (key.to_owned(), Secret::new(value))).collect();
        let credentials = ConnectionCredentials::CustomAuth { authentication_type: "Own".to_owned(), parameters };
        let prepared = Authentication::new(&rule, &credentials).unwrap();
        assert_eq!(header(&prepared, "x-auth"), "acme/secret");
        assert_eq!(prepared.query_names(), ["t"]);
        let config = configuration(&rule);
        let kinds = config.custom_auth_config.unwrap();
        assert_eq!(kinds[0].auth_parameters[0].sensitive_field, Some(false));
        assert_eq!(kinds[0].auth_parameters[1].sensitive_field, Some(true));
    }

    #[test]
    fn refuses_credentials_of_a_kind_that_is_not_offered() {
        let none = offered("none = true");
        let error = Authentication::new(&none, &key("hunter2", None)).unwrap_err();
        assert_eq!(error.message(), "the connection has an API key; this connector takes NoAuth");
        let own =
            ConnectionCredentials::CustomAuth { authentication_type: "NoAuth".to_owned(), parameters: BTreeMap::new() };
        assert!(Authentication::new(&none, &own).is_ok());
        assert!(Authentication::new(&offered("basic = true"), &own).is_err());
        assert!(Authentication::new(&offered("basic = true"), &ConnectionCredentials::None).is_err());
    }

    #[test]
    fn refuses_a_value_that_would_split_a_header_and_never_shows_it() {
        let rule = offered("api_key = { header = \"X-Key\" }");
        let error = Authentication::new(&rule, &key("hunter2\r\nX-Admin: 1", None)).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
        let prepared = Authentication::new(&rule, &key("hunter2", None)).unwrap();
        assert!(!format!("{prepared:?}").contains("hunter2"));
    }
}
