//! Credentials of a connection, as AppFlow would keep them in Secrets Manager.

use serde_json::{Map, Value};

use crate::protocol::AuthenticationType;
use crate::secret::Secret;

/// Credentials of a connection for [`AppFlow::credentials`](super::AppFlow::credentials): the kind, and the text of the
/// secret that AppFlow would make of what its user typed.
///
/// ```
/// use appflow_sdk::testing::Credential;
/// let credential = Credential::basic("ada", "hunter2");
/// assert_eq!(credential.secret().expose(), r#"{"password":"hunter2","username":"ada"}"#);
/// assert!(!format!("{credential:?}").contains("hunter2"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    authentication_type: AuthenticationType,
    secret: Secret,
}

/// Keys whose values are no secrets.
const PUBLIC_KEYS: [&str; 5] = ["username", "userName", "clientId", "customAuthenticationType", "authenticationType"];

/// Shorter values occur in messages by accident.
const SHORTEST_SECRET: usize = 5;

impl Credential {
    /// User name and password.
    #[must_use]
    pub fn basic(username: &str, password: &str) -> Self {
        Self::of(AuthenticationType::BasicAuth, [("username", username), ("password", password)])
    }

    /// An API key, with or without a secret of its own.
    #[must_use]
    pub fn api_key(api_key: &str, api_secret_key: Option<&str>) -> Self {
        let secret_key = api_secret_key.map(|secret| ("apiSecretKey", secret));
        Self::of(AuthenticationType::ApiKey, [("apiKey", api_key)].into_iter().chain(secret_key))
    }

    /// An access token that AppFlow obtained.
    #[must_use]
    pub fn oauth2(access_token: &str) -> Self {
        Self::of(AuthenticationType::OAuth2, [("accessToken", access_token)])
    }

    /// A kind of the connector's own, with its parameters.
    #[must_use]
    pub fn custom<'a>(
        custom_authentication_type: &'a str,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let kind = ("customAuthenticationType", custom_authentication_type);
        Self::of(AuthenticationType::CustomAuth, [kind].into_iter().chain(parameters))
    }

    /// Any text, such as one that is broken.
    #[must_use]
    pub fn raw(authentication_type: AuthenticationType, secret: impl Into<Secret>) -> Self {
        Self { authentication_type, secret: secret.into() }
    }

    fn of<'a>(authentication_type: AuthenticationType, members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let members: Map<_, _> =
            members.into_iter().map(|(key, value)| (key.to_owned(), Value::String(value.to_owned()))).collect();
        Self { authentication_type, secret: Secret::from(Value::Object(members).to_string()) }
    }

    /// The kind, as requests spell it.
    #[must_use]
    pub fn authentication_type(&self) -> &AuthenticationType {
        &self.authentication_type
    }

    /// The text of the secret.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The values that must never be shown, with their keys: every text of the secret but names, and none shorter than
    /// five characters.
    pub(super) fn hidden_values(&self) -> Vec<(String, Secret)> {
        let mut hidden = Vec::new();
        match serde_json::from_str(self.secret.expose()) {
            Ok(value) => collect(&value, "", &mut hidden),
            Err(_) => hidden.push((String::new(), self.secret.clone())),
        }
        hidden.retain(|(_, secret)| secret.expose().len() >= SHORTEST_SECRET);
        hidden
    }
}

/// `serde_json` reads no deeper than 128 levels, so the recursion ends.
fn collect(value: &Value, key: &str, hidden: &mut Vec<(String, Secret)>) {
    match value {
        Value::String(text) if !PUBLIC_KEYS.contains(&key) => hidden.push((key.to_owned(), Secret::new(text.as_str()))),
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, key, hidden)),
        Value::Object(members) => members.iter().for_each(|(key, value)| collect(value, key, hidden)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::ConnectionCredentials;

    #[test]
    fn every_kind_is_read_back_as_what_it_is() {
        for (credential, kind) in [
            (Credential::basic("ada", "hunter2"), AuthenticationType::BasicAuth),
            (Credential::api_key("key-1", Some("secret-1")), AuthenticationType::ApiKey),
            (Credential::oauth2("token-1"), AuthenticationType::OAuth2),
            (Credential::custom("Token", [("tenant", "t-1")]), AuthenticationType::CustomAuth),
        ] {
            let read =
                ConnectionCredentials::parse(credential.secret(), Some(credential.authentication_type())).unwrap();
            assert_eq!(read.authentication_type(), Some(kind));
        }
    }

    #[test]
    fn names_and_short_values_are_no_secrets() {
        let credential = Credential::custom("SomeToken", [("token", "hunter2"), ("zone", "eu")]);
        let hidden: Vec<_> = credential.hidden_values().iter().map(|(_, secret)| secret.expose().to_owned()).collect();
        assert_eq!(hidden, ["hunter2"]);
        assert_eq!(Credential::basic("administrator", "abc").hidden_values(), Vec::new());
    }
}
