//! The credentials of a connection to make: from one JSON object and what the connector offers.

use std::collections::BTreeMap;

use appflow_sdk::protocol::{AuthenticationConfig, DescribeConnectorConfigurationResponse};
use appflow_sdk::{Secret, nearest};

use crate::error::RegistrarError;

/// The custom kind of authentication that public connectors use for "none".
pub(crate) const NO_AUTHENTICATION: &str = "NoAuth";

/// Credentials, as `CreateConnectorProfile` takes them. Values never show in `Debug`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewCredentials {
    /// User name and password.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// An API key, and its secret if it has one.
    ApiKey {
        /// The key.
        api_key: Secret,
        /// Its secret.
        api_secret_key: Option<Secret>,
    },
    /// Tokens that were obtained already, and what AppFlow renews them with.
    OAuth2 {
        /// The access token.
        access_token: Option<Secret>,
        /// The refresh token.
        refresh_token: Option<Secret>,
        /// The client.
        client_id: Option<String>,
        /// Its secret.
        client_secret: Option<Secret>,
        /// Where tokens come from.
        token_url: Option<String>,
        /// How, as AppFlow writes it: `CLIENT_CREDENTIALS`.
        grant: Option<String>,
    },
    /// A kind of the connector's own.
    Custom {
        /// Its name.
        kind: String,
        /// What it asks for.
        parameters: BTreeMap<String, Secret>,
    },
}

/// Kinds as they are named on the command line; another name is a kind of the connector's own.
const BASIC: &str = "BasicAuth";
const API_KEY: &str = "ApiKey";
const OAUTH2: &str = "OAuth2";

/// Reads credentials. Without a kind, the connector's only one, or the one that the keys fit, is meant.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when the connector does not offer the kind, the choice is open, or
/// keys are missing or unknown. No value is ever shown.
pub fn read(
    text: Option<&str>,
    kind: Option<&str>,
    connector: &DescribeConnectorConfigurationResponse,
) -> Result<NewCredentials, RegistrarError> {
    let offered = connector.authentication_config.clone().unwrap_or_default();
    let mut given: BTreeMap<String, Secret> = match text {
        None => BTreeMap::new(),
        Some(text) => {
            let members: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| {
                // The parser's own message would show what it read.
                RegistrarError::usage("the credentials are not one JSON object of texts")
                    .with_hint(r#"for example {"apiKey": "…"}; FILE may be - for standard input"#)
            })?;
            members.into_iter().map(|(key, value)| (key, Secret::from(value))).collect()
        }
    };
    let kinds = kinds(&offered);
    let kind = match kind {
        Some(kind) if kinds.iter().any(|known| known.name == kind) => kind.to_owned(),
        Some(kind) => {
            return Err(RegistrarError::usage(format!("the connector does not offer {kind:?}"))
                .with_hint(format!("it offers {}", names(&kinds))));
        }
        None => guess(&kinds, &given)?,
    };
    let keys: Vec<_> = kinds.iter().filter(|known| known.name == kind).flat_map(|known| &known.keys).collect();
    if let Some(unknown) = given.keys().find(|key| !keys.iter().any(|(known, _)| known == *key)) {
        let error = RegistrarError::usage(format!("{kind} has no {unknown:?}"));
        return Err(match nearest(unknown, keys.iter().map(|(known, _)| known.as_str())) {
            Some(nearest) => error.with_hint(format!("did you mean {nearest:?}?")),
            None => error.with_hint(format!("the connector offers {}", names(&kinds))),
        });
    }
    let mut take = |key: &str| given.remove(key);
    let credentials = match kind.as_str() {
        BASIC => NewCredentials::Basic {
            username: need(take("username"), "username", BASIC)?.expose().to_owned(),
            password: need(take("password"), "password", BASIC)?,
        },
        API_KEY => NewCredentials::ApiKey {
            api_key: need(take("apiKey"), "apiKey", API_KEY)?,
            api_secret_key: take("apiSecretKey"),
        },
        OAUTH2 => {
            let defaults = offered.oauth2_defaults.as_ref();
            let token_url = take("tokenUrl").map(|url| url.expose().to_owned());
            let first = defaults.and_then(|defaults| defaults.token_url.first().cloned());
            let grant = take("grantType").map(|grant| grant.expose().to_owned());
            let first_grant = defaults.and_then(|defaults| defaults.oauth2_grant_types_supported.first());
            NewCredentials::OAuth2 {
                access_token: take("accessToken"),
                refresh_token: take("refreshToken"),
                client_id: take("clientId").map(|id| id.expose().to_owned()),
                client_secret: take("clientSecret"),
                token_url: token_url.or(first),
                grant: grant.or_else(|| first_grant.map(ToString::to_string)),
            }
        }
        custom => {
            let wanted = kinds.iter().find(|known| known.name == custom).map(|known| known.keys.clone());
            let mut parameters = BTreeMap::new();
            for (key, is_required) in wanted.unwrap_or_default() {
                match take(&key) {
                    Some(value) => drop(parameters.insert(key, value)),
                    None if is_required => return Err(missing(&key, custom)),
                    None => {}
                }
            }
            NewCredentials::Custom { kind: custom.to_owned(), parameters }
        }
    };
    if let NewCredentials::OAuth2 { access_token: None, client_id: None, .. } = credentials {
        return Err(RegistrarError::usage("OAuth2 needs accessToken, or clientId and clientSecret"));
    }
    Ok(credentials)
}

/// A kind on offer, with its keys and whether each must be given.
struct Kind {
    name: String,
    keys: Vec<(String, bool)>,
}

fn kinds(offered: &AuthenticationConfig) -> Vec<Kind> {
    let fixed = [
        (offered.is_basic_auth_supported, BASIC, &[("username", true), ("password", true)][..]),
        (offered.is_api_key_auth_supported, API_KEY, &[("apiKey", true), ("apiSecretKey", false)][..]),
        (
            offered.is_oauth2_supported,
            OAUTH2,
            &[
                ("accessToken", false),
                ("refreshToken", false),
                ("clientId", false),
                ("clientSecret", false),
                ("tokenUrl", false),
                ("grantType", false),
            ][..],
        ),
    ];
    let fixed = fixed.into_iter().filter(|(is_offered, ..)| *is_offered == Some(true)).map(|(_, name, keys)| Kind {
        name: name.to_owned(),
        keys: keys.iter().map(|(key, is_required)| ((*key).to_owned(), *is_required)).collect(),
    });
    let custom = offered.custom_auth_config.iter().flatten().map(|kind| Kind {
        name: kind.authentication_type.clone(),
        keys: kind.auth_parameters.iter().map(|parameter| (parameter.key.clone(), parameter.required)).collect(),
    });
    fixed.chain(custom).collect()
}

fn names(kinds: &[Kind]) -> String {
    let described = kinds.iter().map(|kind| {
        let keys: Vec<_> = kind.keys.iter().map(|(key, _)| key.as_str()).collect();
        if keys.is_empty() { kind.name.clone() } else { format!("{} ({})", kind.name, keys.join(", ")) }
    });
    described.collect::<Vec<_>>().join(", ")
}

/// The only kind, or the only one whose keys are those given.
fn guess(kinds: &[Kind], given: &BTreeMap<String, Secret>) -> Result<String, RegistrarError> {
    let fits = |kind: &&Kind| {
        let has_needed = kind.keys.iter().all(|(key, is_required)| !is_required || given.contains_key(key));
        let is_known = given.keys().all(|key| kind.keys.iter().any(|(known, _)| known == key));
        // Kinds without keys are for no credentials.
        has_needed && is_known && (kind.keys.is_empty() == given.is_empty())
    };
    let mut fitting = kinds.iter().filter(fits);
    match (fitting.next(), fitting.next(), kinds) {
        (Some(only), None, _) | (None, _, [only]) => Ok(only.name.clone()),
        (Some(_), Some(_), _) => Err(RegistrarError::usage("the credentials fit several kinds")
            .with_hint(format!("choose one with --authentication-type: {}", names(kinds)))),
        (None, ..) => Err(RegistrarError::usage("the credentials fit no kind that the connector offers")
            .with_hint(format!("it offers {}", names(kinds)))),
    }
}

fn need(value: Option<Secret>, key: &str, kind: &str) -> Result<Secret, RegistrarError> {
    value.ok_or_else(|| missing(key, kind))
}

fn missing(key: &str, kind: &str) -> RegistrarError {
    RegistrarError::usage(format!("{kind} needs {key:?}")).with_hint("pass --credentials FILE with a JSON object")
}

#[cfg(test)]
mod tests {
    use super::*;
    use appflow_sdk::protocol::{AuthParameter, CustomAuthConfig};

    fn connector(authentication: AuthenticationConfig) -> DescribeConnectorConfigurationResponse {
        let source = DescribeConnectorConfigurationResponse::source("Acme", "Acme", "1.0.0").api_versions(["v1"]);
        source.authentication(authentication).build().unwrap()
    }

    fn several() -> DescribeConnectorConfigurationResponse {
        let tenant = CustomAuthConfig::new("Tenant")
            .parameter(AuthParameter::secret("tenant", "Tenant", "The tenant"))
            .parameter(AuthParameter::secret("token", "Token", "The token"));
        connector(AuthenticationConfig::new().none().basic().api_key().custom(tenant))
    }

    #[test]
    fn the_keys_tell_the_kind() {
        let of = |text: &str| read(Some(text), None, &several()).unwrap();
        let basic = of(r#"{"username":"ada","password":"hunter2"}"#);
        assert_eq!(basic, NewCredentials::Basic { username: "ada".to_owned(), password: Secret::new("hunter2") });
        assert!(!format!("{basic:?}").contains("hunter2"));
        assert!(matches!(of(r#"{"apiKey":"k"}"#), NewCredentials::ApiKey { api_secret_key: None, .. }));
        assert!(matches!(of(r#"{"tenant":"t","token":"x"}"#), NewCredentials::Custom { kind, parameters }
            if kind == "Tenant" && parameters.len() == 2));
        let none = read(None, None, &several()).unwrap();
        assert_eq!(none, NewCredentials::Custom { kind: NO_AUTHENTICATION.to_owned(), parameters: BTreeMap::new() });
    }

    #[test]
    fn refuses_what_does_not_fit_and_never_shows_a_value() {
        for (text, kind, expected) in [
            (r#"{"username":"hunter2"}"#, None, "fit no kind"),
            (r#"{"username":"hunter2"}"#, Some("BasicAuth"), "BasicAuth needs \"password\""),
            (r#"{"apiKey":"hunter2","x":"hunter2"}"#, Some("ApiKey"), "ApiKey has no \"x\""),
            (r#"{"apikey":"hunter2"}"#, Some("ApiKey"), "ApiKey has no \"apikey\""),
            (r#"{"apiKey":"hunter2"}"#, Some("OAuth2"), "does not offer \"OAuth2\""),
            (r#"{"apiKey":["hunter2"]}"#, None, "not one JSON object of texts"),
        ] {
            let error = read(Some(text), kind, &several()).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            assert!(!format!("{error} {:?}", error.hint()).contains("hunter2"));
            assert_eq!(error.exit_code().code(), 2);
        }
        let basic = connector(AuthenticationConfig::new().basic());
        assert!(read(None, None, &basic).unwrap_err().to_string().contains("needs \"username\""));
    }
}
