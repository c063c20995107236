//! The credentials of a profile: checked against what the connector offers, and laid out as the secret that it reads.

use std::collections::BTreeMap;

use appflow_sdk::protocol::{AuthenticationConfig, AuthenticationType};
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::validate::{API_KEY, CLIENT, CREDENTIAL, CUSTOM_TYPE, PASSWORD, Problems, Rule, TOKEN, USERNAME};
use crate::failure::ApiError;
use crate::scope::Scope;
use crate::secrets::Secrets;

/// Where problems with the credentials are.
const PATH: &str = "connectorProfileConfig.connectorProfileCredentials.CustomConnector";

/// Keeps secrets. Secrets Manager does; tests put something simpler in its place.
pub(super) trait Vault: Send + Sync {
    /// Stores a secret and answers its ARN.
    fn create<'a>(&'a self, scope: &'a Scope, name: &'a str, value: &'a str)
    -> BoxFuture<'a, Result<String, ApiError>>;
    /// Gives a secret another value.
    fn replace<'a>(&'a self, scope: &'a Scope, arn: &'a str, value: &'a str) -> BoxFuture<'a, Result<(), ApiError>>;
    /// Removes a secret at once.
    fn delete<'a>(&'a self, scope: &'a Scope, arn: &'a str) -> BoxFuture<'a, Result<(), ApiError>>;
}

impl Vault for Secrets {
    fn create<'a>(
        &'a self,
        scope: &'a Scope,
        name: &'a str,
        value: &'a str,
    ) -> BoxFuture<'a, Result<String, ApiError>> {
        Box::pin(Self::create(self, scope, name, value))
    }

    fn replace<'a>(&'a self, scope: &'a Scope, arn: &'a str, value: &'a str) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(Self::replace(self, scope, arn, value))
    }

    fn delete<'a>(&'a self, scope: &'a Scope, arn: &'a str) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(Self::delete(self, scope, arn))
    }
}

// None of the structs below has `Debug`: each holds secrets.

/// `connectorProfileCredentials.CustomConnector`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CredentialsInput {
    authentication_type: Option<String>,
    basic: Option<Basic>,
    api_key: Option<ApiKey>,
    oauth2: Option<OAuth2>,
    custom: Option<Custom>,
}

#[derive(Deserialize, Default)]
struct Basic {
    username: Option<String>,
    password: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct ApiKey {
    api_key: Option<String>,
    api_secret_key: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct OAuth2 {
    client_id: Option<String>,
    client_secret: Option<String>,
    access_token: Option<String>,
    refresh_token: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Custom {
    custom_authentication_type: Option<String>,
    credentials_map: Option<BTreeMap<String, String>>,
}

/// Credentials that keep to the model.
pub(super) struct Credentials {
    /// Their kind, in the spelling that requests to the connector use.
    pub(super) authentication_type: AuthenticationType,
    secret: Map<String, Value>,
}

/// The key of the secret that names the kind of custom credentials.
const CUSTOM_KIND: &str = "customAuthenticationType";

impl Credentials {
    /// Reads them, noting what is wrong.
    pub(super) fn read(
        input: Option<CredentialsInput>,
        oauth2_client_in_secret: bool,
        problems: &mut Problems,
    ) -> Option<Self> {
        let Some(input) = input else {
            problems.add(PATH, "is missing");
            return None;
        };
        let mut fields = Fields { problems, secret: Map::new() };
        let authentication_type = match input.authentication_type.as_deref() {
            Some("BASIC") => {
                let basic = fields.block("basic", input.basic);
                fields.required("basic.username", "username", basic.username, &USERNAME);
                fields.required("basic.password", "password", basic.password, &PASSWORD);
                AuthenticationType::BasicAuth
            }
            Some("APIKEY") => {
                let key = fields.block("apiKey", input.api_key);
                fields.required("apiKey.apiKey", "apiKey", key.api_key, &API_KEY);
                fields.optional("apiKey.apiSecretKey", "apiSecretKey", key.api_secret_key, &API_KEY);
                AuthenticationType::ApiKey
            }
            Some("OAUTH2") => {
                fields.oauth2(input.oauth2, oauth2_client_in_secret);
                AuthenticationType::OAuth2
            }
            Some("CUSTOM") => {
                fields.custom(input.custom);
                AuthenticationType::CustomAuth
            }
            Some(_) => {
                let member = format!("{PATH}.authenticationType");
                problems.add(&member, "must be one of OAUTH2, APIKEY, BASIC, CUSTOM");
                return None;
            }
            None => {
                problems.add(&format!("{PATH}.authenticationType"), "is missing");
                return None;
            }
        };
        let secret = fields.secret;
        Some(Self { authentication_type, secret })
    }

    /// Notes what the connector does not offer, or wants in addition.
    pub(super) fn check(&self, offered: Option<&AuthenticationConfig>, problems: &mut Problems) {
        let supported = offered.filter(|offered| offered.supports(&self.authentication_type));
        let Some(offered) = supported else {
            let member = format!("{PATH}.authenticationType");
            problems.add(&member, "is a kind that the connector does not offer");
            return;
        };
        if self.authentication_type != AuthenticationType::CustomAuth {
            return;
        }
        let kinds = offered.custom_auth_config.as_deref().unwrap_or_default();
        let chosen = self.secret.get(CUSTOM_KIND).and_then(Value::as_str);
        let found = kinds.iter().find(|kind| Some(kind.authentication_type.as_str()) == chosen);
        let Some(kind) = found else {
            let names: Vec<_> = kinds.iter().map(|kind| kind.authentication_type.as_str()).collect();
            let member = format!("{PATH}.custom.customAuthenticationType");
            problems.add(&member, format!("must be one of {}", names.join(", ")));
            return;
        };
        let parameters = &kind.auth_parameters;
        let member = format!("{PATH}.custom.credentialsMap");
        for parameter in parameters.iter().filter(|parameter| parameter.required) {
            if !self.secret.contains_key(&parameter.key) {
                problems.add(&member, format!("lacks {:?}, which the connector requires", parameter.key));
            }
        }
        for key in self.secret.keys().filter(|key| key.as_str() != CUSTOM_KIND) {
            if !parameters.iter().any(|parameter| parameter.key == *key) {
                problems.add(&member, format!("has {key:?}, which the connector does not declare"));
            }
        }
    }

    /// The secret's text: one flat JSON object of strings.
    pub(super) fn secret(&self) -> String {
        Value::Object(self.secret.clone()).to_string()
    }
}

/// Collects the members of the secret.
struct Fields<'a> {
    problems: &'a mut Problems,
    secret: Map<String, Value>,
}

impl Fields<'_> {
    fn block<T: Default>(&mut self, name: &str, block: Option<T>) -> T {
        if block.is_none() {
            self.problems.add(&format!("{PATH}.{name}"), "is missing");
        }
        block.unwrap_or_default()
    }

    fn required(&mut self, member: &str, key: &str, text: Option<String>, rule: &Rule) {
        let text = self.problems.required(&format!("{PATH}.{member}"), text, rule);
        self.secret.insert(key.to_owned(), Value::String(text));
    }

    fn optional(&mut self, member: &str, key: &str, text: Option<String>, rule: &Rule) {
        let text = self.problems.optional(&format!("{PATH}.{member}"), text, rule);
        if let Some(text) = text {
            self.secret.insert(key.to_owned(), Value::String(text));
        }
    }

    fn oauth2(&mut self, input: Option<OAuth2>, client_in_secret: bool) {
        let tokens = self.block("oauth2", input);
        if tokens.access_token.is_none() {
            self.problems.add(
                &format!("{PATH}.oauth2.accessToken"),
                "is missing: the local AWS exchanges no tokens, so pass one that the source system accepts",
            );
        }
        self.optional("oauth2.accessToken", "accessToken", tokens.access_token, &TOKEN);
        self.optional("oauth2.refreshToken", "refreshToken", tokens.refresh_token, &TOKEN);
        self.optional("oauth2.clientId", "clientId", tokens.client_id, &CLIENT);
        self.optional("oauth2.clientSecret", "clientSecret", tokens.client_secret, &CLIENT);
        if !client_in_secret {
            self.secret.remove("clientId");
            self.secret.remove("clientSecret");
        }
    }

    fn custom(&mut self, input: Option<Custom>) {
        let custom = self.block("custom", input);
        let map = custom.credentials_map.unwrap_or_default();
        self.problems.map(&format!("{PATH}.custom.credentialsMap"), &map, &CREDENTIAL);
        self.secret.extend(map.into_iter().map(|(key, value)| (key, Value::String(value))));
        let member = "custom.customAuthenticationType";
        self.required(member, CUSTOM_KIND, custom.custom_authentication_type, &CUSTOM_TYPE);
    }
}

#[cfg(test)]
mod tests {
    use appflow_sdk::protocol::{AuthParameter, CustomAuthConfig};
    use serde_json::json;

    use super::*;

    fn read(input: Value) -> (Option<Credentials>, String) {
        let mut problems = Problems::default();
        let input = serde_json::from_value(input).unwrap();
        let credentials = Credentials::read(Some(input), false, &mut problems);
        let text = problems.finish().err().map(|error| error.message().to_owned());
        (credentials, text.unwrap_or_default())
    }

    #[track_caller]
    fn secret(input: Value) -> (AuthenticationType, Value) {
        let (credentials, problems) = read(input);
        assert_eq!(problems, "");
        let credentials = credentials.unwrap();
        let secret = serde_json::from_str(&credentials.secret()).unwrap();
        (credentials.authentication_type, secret)
    }

    #[test]
    fn every_kind_has_the_layout_and_the_spelling_that_connectors_read() {
        assert_eq!(
            secret(json!({"authenticationType": "BASIC", "basic": {"username": "u", "password": "p w"}})),
            (AuthenticationType::BasicAuth, json!({"username": "u", "password": "p w"}))
        );
        assert_eq!(
            secret(json!({"authenticationType": "APIKEY", "apiKey": {"apiKey": "k", "apiSecretKey": "s"}})),
            (AuthenticationType::ApiKey, json!({"apiKey": "k", "apiSecretKey": "s"}))
        );
        let oauth2 = json!({"clientId": "c", "clientSecret": "d", "accessToken": "t", "refreshToken": "r"});
        assert_eq!(
            secret(json!({"authenticationType": "OAUTH2", "oauth2": oauth2})),
            (AuthenticationType::OAuth2, json!({"accessToken": "t", "refreshToken": "r"}))
        );
        let custom = json!({"customAuthenticationType": "Mine", "credentialsMap": {"tenant": "x"}});
        assert_eq!(
            secret(json!({"authenticationType": "CUSTOM", "custom": custom})),
            (AuthenticationType::CustomAuth, json!({"customAuthenticationType": "Mine", "tenant": "x"}))
        );
    }

    #[test]
    fn missing_parts_are_named() {
        for (input, expected) in [
            (json!({}), "authenticationType is missing"),
            (json!({"authenticationType": "NONE"}), "authenticationType must be one of"),
            (json!({"authenticationType": "BASIC"}), "basic is missing"),
            (json!({"authenticationType": "BASIC", "basic": {"username": "u"}}), "basic.password is missing"),
            (json!({"authenticationType": "OAUTH2", "oauth2": {"clientId": "c"}}), "exchanges no tokens"),
            (json!({"authenticationType": "CUSTOM", "custom": {}}), "customAuthenticationType is missing"),
        ] {
            let (_, problems) = read(input);
            assert!(problems.contains(expected), "{expected}: {problems}");
        }
    }

    #[test]
    fn custom_credentials_are_held_against_the_declared_parameters() {
        let kind = CustomAuthConfig::new("Mine").parameter(AuthParameter::secret("token", "Token", "The token"));
        let offered = AuthenticationConfig::new().custom(kind);
        let problems = |kind: &str, map: Value| {
            let custom = json!({"customAuthenticationType": kind, "credentialsMap": map});
            let (credentials, _) = read(json!({"authenticationType": "CUSTOM", "custom": custom}));
            let mut problems = Problems::default();
            credentials.unwrap().check(Some(&offered), &mut problems);
            problems.finish().err().map(|error| error.message().to_owned()).unwrap_or_default()
        };
        assert_eq!(problems("Mine", json!({"token": "hunter2"})), "");
        let wrong = problems("Mine", json!({"tokem": "hunter2"}));
        assert!(wrong.contains("lacks \"token\"") && wrong.contains("has \"tokem\""), "{wrong}");
        assert!(!wrong.contains("hunter2"), "{wrong}");
        assert!(problems("Other", json!({"token": "x"})).contains("must be one of Mine"));

        let (basic, _) = read(json!({"authenticationType": "BASIC", "basic": {"username": "u", "password": "p"}}));
        let mut problems = Problems::default();
        basic.unwrap().check(Some(&offered), &mut problems);
        assert!(problems.finish().unwrap_err().message().contains("does not offer"));
    }
}
