//! The credentials of a connection, as AppFlow keeps them in Secrets Manager.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde_json::{Map, Value};

use crate::error::ConnectorError;
use crate::protocol::AuthenticationType;
use crate::secret::Secret;

/// Where secrets are read. The Lambda adapter reads Secrets Manager; tests hand in a map.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no store of secrets",
    note = "hand in a `BTreeMap<String, Secret>` by ARN, or implement `appflow_sdk::SecretStore` for it"
)]
pub trait SecretStore: fmt::Debug + Send + Sync {
    /// The text of the secret's current version.
    ///
    /// # Errors
    /// `ResourceNotFoundError` when there is no such secret, `AccessDenied` when the function's role may not read it.
    fn secret<'a>(
        &'a self,
        secret_arn: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, ConnectorError>> + Send + 'a>>;

    /// Has the secret read anew the next time: its credentials were refused, or are to be tried. A store that keeps no
    /// copies has nothing to do.
    fn forget<'a>(&'a self, secret_arn: &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        let _ = secret_arn;
        Box::pin(std::future::ready(()))
    }
}

/// Fixed secrets by ARN.
impl SecretStore for BTreeMap<String, Secret> {
    fn secret<'a>(
        &'a self,
        secret_arn: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, ConnectorError>> + Send + 'a>> {
        let found = self
            .get(secret_arn)
            .cloned()
            .ok_or_else(|| ConnectorError::resource_not_found(format!("there is no secret {secret_arn}")));
        Box::pin(std::future::ready(found))
    }
}

/// What a connection authenticates with. Values never show in `Debug`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionCredentials {
    /// The request named no secret.
    None,
    /// User name and password.
    BasicAuth {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// An API key.
    ApiKey {
        /// The key.
        api_key: Secret,
        /// Its secret, if it has one.
        api_secret_key: Option<Secret>,
    },
    /// An access token that AppFlow obtains and refreshes.
    OAuth2 {
        /// The access token.
        access_token: Secret,
        /// The refresh token, if AppFlow keeps one.
        refresh_token: Option<Secret>,
        /// Every other text of the secret, such as `clientId`.
        others: BTreeMap<String, Secret>,
    },
    /// A kind of the connector's own.
    CustomAuth {
        /// Its name, as declared in the connector's configuration.
        authentication_type: String,
        /// Its parameters by key.
        parameters: BTreeMap<String, Secret>,
    },
}

impl ConnectionCredentials {
    /// Reads the text of a secret.
    ///
    /// The layouts are those of AppFlow (`username`/`password`, `apiKey`/`apiSecretKey`, `accessToken`/`refreshToken`,
    /// `customAuthenticationType` beside its parameters); the names of the official Python SDK (`userName`,
    /// `secretKey`, `customCredentials`) are read where AppFlow's are missing. Without an authentication type, the
    /// secret's keys tell which it is.
    ///
    /// ```
    /// use appflow_sdk::{ConnectionCredentials, Secret};
    /// let secret = Secret::new(r#"{"username":"ada","password":"hunter2"}"#);
    /// let credentials = ConnectionCredentials::parse(&secret, None)?;
    /// assert!(format!("{credentials:?}").contains("ada"));
    /// assert!(!format!("{credentials:?}").contains("hunter2"));
    /// # Ok::<(), appflow_sdk::ConnectorError>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidCredentials` when the secret is not a JSON object or lacks a key; the message names the key.
    pub fn parse(secret: &Secret, authentication_type: Option<&AuthenticationType>) -> Result<Self, ConnectorError> {
        let members = Members::read(secret)?;
        match authentication_type {
            Some(AuthenticationType::BasicAuth) => members.basic(),
            Some(AuthenticationType::ApiKey) => members.api_key(),
            Some(AuthenticationType::OAuth2) => members.oauth2(),
            Some(AuthenticationType::CustomAuth) => members.custom(),
            None => members.by_keys(),
            Some(AuthenticationType::Unknown(found)) => Err(ConnectorError::invalid_credentials(format!(
                "authenticationType {found:?} is none of BasicAuth, ApiKey, OAuth2, CustomAuth"
            ))),
        }
    }

    /// The kind, as requests spell it; nothing for [`None`](Self::None).
    #[must_use]
    pub fn authentication_type(&self) -> Option<AuthenticationType> {
        match self {
            Self::None => None,
            Self::BasicAuth { .. } => Some(AuthenticationType::BasicAuth),
            Self::ApiKey { .. } => Some(AuthenticationType::ApiKey),
            Self::OAuth2 { .. } => Some(AuthenticationType::OAuth2),
            Self::CustomAuth { .. } => Some(AuthenticationType::CustomAuth),
        }
    }

    /// Every secret text in it.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let (single, pair, map) = match self {
            Self::None => (None, None, None),
            Self::BasicAuth { password, .. } => (Some(password), None, None),
            Self::ApiKey { api_key, api_secret_key } => (Some(api_key), api_secret_key.as_ref(), None),
            Self::OAuth2 { access_token, refresh_token, others } => {
                (Some(access_token), refresh_token.as_ref(), Some(others))
            }
            Self::CustomAuth { parameters, .. } => (None, None, Some(parameters)),
        };
        single.into_iter().chain(pair).chain(map.into_iter().flat_map(BTreeMap::values))
    }
}

/// The secret's members, some of which are taken out.
struct Members(Map<String, Value>);

impl Members {
    fn read(secret: &Secret) -> Result<Self, ConnectorError> {
        // serde_json's own message quotes no content, but it is not needed either: the place is always the secret.
        match serde_json::from_str(secret.expose()) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) | Err(_) => Err(ConnectorError::invalid_credentials(
                "the connection's secret is not a JSON object; make the connection again",
            )),
        }
    }

    /// The first of these keys that holds text.
    fn take(&mut self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| match self.0.get(*key) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => None,
        })
    }

    fn require(&mut self, keys: &[&str]) -> Result<String, ConnectorError> {
        self.take(keys).ok_or_else(|| {
            let key = keys.first().copied().unwrap_or_default();
            ConnectorError::invalid_credentials(format!(
                "the connection's secret has no text under {key:?}; make the connection again"
            ))
        })
    }

    /// The remaining members that are text, without the given keys.
    fn others(self, without: &[&str]) -> BTreeMap<String, Secret> {
        let kept = self.0.into_iter().filter(|(key, _)| !without.contains(&key.as_str()));
        kept.filter_map(|(key, value)| match value {
            Value::String(text) => Some((key, Secret::from(text))),
            _ => None,
        })
        .collect()
    }

    fn basic(mut self) -> Result<ConnectionCredentials, ConnectorError> {
        let username = self.require(&["username", "userName"])?;
        let password = self.require(&["password"])?.into();
        Ok(ConnectionCredentials::BasicAuth { username, password })
    }

    fn api_key(mut self) -> Result<ConnectionCredentials, ConnectorError> {
        let api_key = self.require(&["apiKey"])?.into();
        let api_secret_key = self.take(&["apiSecretKey", "secretKey"]).map(Secret::from);
        Ok(ConnectionCredentials::ApiKey { api_key, api_secret_key })
    }

    fn oauth2(mut self) -> Result<ConnectionCredentials, ConnectorError> {
        let access_token = self.require(&["accessToken"])?.into();
        let refresh_token = self.take(&["refreshToken"]).map(Secret::from);
        let others = self.others(&["accessToken", "refreshToken", "authenticationType"]);
        Ok(ConnectionCredentials::OAuth2 { access_token, refresh_token, others })
    }

    fn custom(mut self) -> Result<ConnectionCredentials, ConnectorError> {
        if let Some(Value::Object(nested)) = self.0.get("customCredentials").cloned() {
            let authentication_type = self.require(&["customAuthenticationType", "authenticationType"])?;
            return Ok(ConnectionCredentials::CustomAuth { authentication_type, parameters: Self(nested).others(&[]) });
        }
        let authentication_type = self.require(&["customAuthenticationType"])?;
        let parameters = self.others(&["customAuthenticationType", "authenticationType"]);
        Ok(ConnectionCredentials::CustomAuth { authentication_type, parameters })
    }

    fn by_keys(self) -> Result<ConnectionCredentials, ConnectorError> {
        let has = |key: &str| self.0.contains_key(key);
        if has("customAuthenticationType") || has("customCredentials") {
            self.custom()
        } else if has("accessToken") {
            self.oauth2()
        } else if has("apiKey") {
            self.api_key()
        } else if has("password") {
            self.basic()
        } else {
            Err(ConnectorError::invalid_credentials(
                "the connection's secret has none of the keys password, apiKey, accessToken, customAuthenticationType; \
                 make the connection again",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn parse(json: &str, kind: Option<&AuthenticationType>) -> ConnectionCredentials {
        ConnectionCredentials::parse(&Secret::new(json), kind).unwrap()
    }

    #[test]
    fn reads_the_layouts_of_appflow_and_of_the_python_sdk() {
        use AuthenticationType::{ApiKey, BasicAuth, CustomAuth, OAuth2};
        for (kind, appflow, python) in [
            (BasicAuth, r#"{"username":"u","password":"p"}"#, r#"{"userName":"u","password":"p"}"#),
            (ApiKey, r#"{"apiKey":"k","apiSecretKey":"s"}"#, r#"{"apiKey":"k","secretKey":"s"}"#),
            (OAuth2, r#"{"accessToken":"t","refreshToken":"r"}"#, r#"{"accessToken":"t","refreshToken":"r"}"#),
            (
                CustomAuth,
                r#"{"customAuthenticationType":"My","a":"1","authenticationType":"CUSTOM"}"#,
                r#"{"authenticationType":"My","customCredentials":{"a":"1"}}"#,
            ),
        ] {
            let credentials = parse(appflow, Some(&kind));
            assert_eq!(credentials, parse(python, Some(&kind)), "{kind}");
            assert_eq!(credentials.authentication_type(), Some(kind));
            assert_eq!(credentials, parse(appflow, None));
        }
    }

    #[test]
    fn names_the_missing_key_and_never_shows_the_secret() {
        let secret = Secret::new(r#"{"password":"hunter2"}"#);
        let error = ConnectionCredentials::parse(&secret, Some(&AuthenticationType::BasicAuth)).unwrap_err();
        assert!(error.message().contains("username"), "{error}");
        let broken = ConnectionCredentials::parse(&Secret::new("hunter2"), None).unwrap_err();
        assert!(!format!("{error:?}{broken:?}").contains("hunter2"));
    }
}
