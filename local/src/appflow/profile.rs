//! Profiles: a connector with settings and credentials that were tried before they are kept.

use appflow_sdk::protocol::{
    AuthenticationType, Credentials as CredentialsReference, Response, RuntimeSettingScope,
    ValidateConnectorRuntimeSettingsRequest, ValidateCredentialsRequest,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::AppFlow;
use super::behaviour::ProfileChecks;
use super::call::Function;
use super::configuration::without_nulls;
use super::credentials::{Credentials, CredentialsInput};
use super::input::decode;
use super::page::PageRequest;
use super::refusal::{conflict, validation};
use super::settings::{Properties, PropertiesInput};
use super::state::{Connector, Idempotency, Moment, Profile};
use super::validate::{CLIENT_TOKEN, LABEL, PROFILE_NAME, Problems};
use crate::failure::ApiError;
use crate::scope::Scope;

// The inputs have no `Debug`: they hold credentials.

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    connector_profile_name: Option<String>,
    kms_arn: Option<String>,
    connector_type: Option<String>,
    connector_label: Option<String>,
    connection_mode: Option<String>,
    connector_profile_config: Option<Config>,
    client_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    connector_profile_name: Option<String>,
    connection_mode: Option<String>,
    connector_profile_config: Option<Config>,
    client_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    connector_profile_properties: Option<ByConnector<PropertiesInput>>,
    connector_profile_credentials: Option<ByConnector<CredentialsInput>>,
}

/// The public API has one member per kind of connector.
#[derive(Deserialize)]
struct ByConnector<T> {
    #[serde(rename = "CustomConnector", default = "none")]
    custom_connector: Option<T>,
}

fn none<T>() -> Option<T> {
    None
}

impl Config {
    /// The two parts that concern a custom connector; a missing configuration is noted.
    fn split(config: Option<Self>, problems: &mut Problems) -> (Option<PropertiesInput>, Option<CredentialsInput>) {
        let Some(config) = config else {
            problems.add("connectorProfileConfig", "is missing");
            return (None, None);
        };
        if config.connector_profile_properties.is_none() {
            let member = "connectorProfileConfig.connectorProfileProperties";
            problems.add(member, "is missing");
        }
        let properties = config.connector_profile_properties.and_then(|one| one.custom_connector);
        let credentials = config.connector_profile_credentials.and_then(|one| one.custom_connector);
        (properties, credentials)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    connector_profile_names: Option<Vec<String>>,
    connector_type: Option<String>,
    connector_label: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delete {
    connector_profile_name: Option<String>,
}

/// How a connection is made. The emulator has no private links; both are one to it.
const MODES: [&str; 2] = ["Public", "Private"];

impl AppFlow {
    /// Stores the credentials as a secret, lets the connector try it and the settings, and keeps the profile if both
    /// are right. Otherwise nothing stays behind.
    ///
    /// The service's model leaves the credentials out of what is mandatory. Whether it takes a profile without any is
    /// not documented; here they are mandatory.
    pub(super) async fn create_connector_profile(&self, scope: &Scope, body: &[u8]) -> Result<Value, ApiError> {
        let input: Create = decode(body)?;
        let mut problems = Problems::default();
        let name = problems.required("connectorProfileName", input.connector_profile_name, &PROFILE_NAME);
        if input.kms_arn.is_some() {
            problems.arn("kmsArn", input.kms_arn.as_deref());
        }
        if input.connector_type.is_none() {
            problems.add("connectorType", "is missing");
        }
        problems.connector_type(input.connector_type.as_deref());
        let label = problems.required("connectorLabel", input.connector_label, &LABEL);
        problems.choice("connectionMode", input.connection_mode.as_deref(), &MODES);
        let token = problems.optional("clientToken", input.client_token, &CLIENT_TOKEN);
        let (properties, credentials) = Config::split(input.connector_profile_config, &mut problems);
        let properties = Properties::read(properties, &mut problems);
        let client_in_secret = self.behaviour.oauth2_client_in_secret;
        let credentials = Credentials::read(credentials, client_in_secret, &mut problems);
        // Unreadable credentials have left a problem behind, so both refuse together.
        problems.finish()?;
        let Some(credentials) = credentials else {
            return Err(validation("the credentials cannot be read"));
        };

        let memory = self.behaviour.token_memory;
        let idempotency = Idempotency::of("CreateConnectorProfile", token.as_deref(), body);
        let region = self.state.region(scope);
        if let Some(answer) = region.replay(&idempotency, memory)? {
            return Ok(answer);
        }
        let exists = || conflict(format!("a connector profile with the name {name} exists already"));
        if region.profiles.contains_key(&name) {
            return Err(exists());
        }
        let connector = region.connector(&label)?;
        self.check_declared(connector, &properties, Some(&credentials))?;

        let secret_arn = self.store_secret(scope, connector, &name, &credentials).await?;
        let tried =
            self.try_connection(scope, connector, &secret_arn, &credentials.authentication_type, &properties).await;
        let arn = format!("arn:aws:appflow:{}:{}:connectorprofile/{name}", scope.region, scope.account);
        let kept = tried.and_then(|()| {
            let answer = json!({"connectorProfileArn": arn});
            let now = Moment::now();
            let profile = Profile {
                name: name.clone(),
                arn,
                connector_label: label.clone(),
                connection_mode: input.connection_mode.unwrap_or_default(),
                credentials_arn: secret_arn.clone(),
                authentication_type: credentials.authentication_type,
                properties: properties.settings,
                oauth2_properties: properties.oauth2,
                created_at: now,
                last_updated_at: now,
            };
            self.state.change(scope, |region| {
                // Somebody else may have been quicker while the function ran.
                region.connector(&label)?;
                if region.profiles.contains_key(&name) {
                    return Err(exists());
                }
                region.profiles.insert(name.clone(), profile);
                region.remember(idempotency, &answer, memory);
                Ok(answer)
            })
        });
        if kept.is_err() {
            self.discard(scope, &secret_arn).await;
        }
        kept
    }

    /// Replaces settings and credentials, after the connector has tried the new ones. The secret keeps its ARN, and
    /// keeps its value when the new one is refused. Without credentials the old ones stay: that is assumed.
    pub(super) async fn update_connector_profile(&self, scope: &Scope, body: &[u8]) -> Result<Value, ApiError> {
        let input: Update = decode(body)?;
        let mut problems = Problems::default();
        let name = problems.required("connectorProfileName", input.connector_profile_name, &PROFILE_NAME);
        problems.choice("connectionMode", input.connection_mode.as_deref(), &MODES);
        let token = problems.optional("clientToken", input.client_token, &CLIENT_TOKEN);
        let (properties, given) = Config::split(input.connector_profile_config, &mut problems);
        let properties = Properties::read(properties, &mut problems);
        let client_in_secret = self.behaviour.oauth2_client_in_secret;
        let credentials = match given {
            Some(given) => Credentials::read(Some(given), client_in_secret, &mut problems),
            None => None,
        };
        problems.finish()?;

        let memory = self.behaviour.token_memory;
        let idempotency = Idempotency::of("UpdateConnectorProfile", token.as_deref(), body);
        let region = self.state.region(scope);
        if let Some(answer) = region.replay(&idempotency, memory)? {
            return Ok(answer);
        }
        let known = region.profile(&name)?;
        let connector = region.connector(&known.connector_label)?;
        self.check_declared(connector, &properties, credentials.as_ref())?;

        let authentication_type = if let Some(new) = &credentials {
            // The connector tries a copy, so that a refusal leaves the secret in use as it is.
            let copy = self.store_secret(scope, connector, &name, new).await?;
            let kind = &new.authentication_type;
            let tried = self.try_connection(scope, connector, &copy, kind, &properties).await;
            self.discard(scope, &copy).await;
            tried?;
            self.vault.replace(scope, &known.credentials_arn, &new.secret()).await?;
            kind.clone()
        } else {
            let kind = &known.authentication_type;
            let secret_arn = &known.credentials_arn;
            self.try_connection(scope, connector, secret_arn, kind, &properties).await?;
            kind.clone()
        };
        let answer = json!({"connectorProfileArn": known.arn});
        self.state.change(scope, |region| {
            region.profile(&name)?;
            if let Some(profile) = region.profiles.get_mut(&name) {
                profile.connection_mode = input.connection_mode.unwrap_or_default();
                profile.authentication_type = authentication_type;
                profile.properties = properties.settings;
                profile.oauth2_properties = properties.oauth2;
                profile.last_updated_at = Moment::now();
            }
            region.remember(idempotency, &answer, memory);
            Ok(answer)
        })
    }

    /// Lists by name. Credentials are never among what is answered, only the secret's ARN.
    pub(super) fn describe_connector_profiles(&self, scope: &Scope, body: &[u8]) -> Result<Value, ApiError> {
        let input: Describe = decode(body)?;
        let mut problems = Problems::default();
        problems.connector_type(input.connector_type.as_deref());
        let label = problems.optional("connectorLabel", input.connector_label, &LABEL);
        let names = input.connector_profile_names.filter(|names| !names.is_empty());
        if names.as_ref().is_some_and(|names| names.len() > 100) {
            problems.add("connectorProfileNames", "has over 100 elements");
        }
        let page = PageRequest::read(input.max_results, input.next_token, problems)?;
        let region = self.state.region(scope);
        let (profiles, next_token) = page.of(&region.profiles, |profile| {
            let wanted = names.as_ref().is_none_or(|names| names.contains(&profile.name));
            wanted && label.as_ref().is_none_or(|label| profile.connector_label == *label)
        });
        let details: Vec<_> = profiles.into_iter().map(|profile| self.profile_detail(profile)).collect();
        Ok(without_nulls(json!({"connectorProfileDetails": details, "nextToken": next_token})))
    }

    fn profile_detail(&self, profile: &Profile) -> Value {
        json!({
            "connectionMode": profile.connection_mode,
            "connectorLabel": profile.connector_label,
            "connectorProfileArn": profile.arn,
            "connectorProfileName": profile.name,
            "connectorProfileProperties": {"CustomConnector": {
                "profileProperties": profile.properties,
                "oAuth2Properties": profile.oauth2_properties,
            }},
            "connectorType": self.behaviour.connector_type_spelling.as_str(),
            "createdAt": profile.created_at.epoch_seconds(),
            "credentialsArn": profile.credentials_arn,
            "lastUpdatedAt": profile.last_updated_at.epoch_seconds(),
        })
    }

    /// Removes a profile with its secret. `forceDelete` makes no difference while there are no flows.
    pub(super) async fn delete_connector_profile(&self, scope: &Scope, body: &[u8]) -> Result<Value, ApiError> {
        let input: Delete = decode(body)?;
        let mut problems = Problems::default();
        let name = problems.required("connectorProfileName", input.connector_profile_name, &PROFILE_NAME);
        problems.finish()?;
        let region = self.state.region(scope);
        let profile = region.profile(&name)?;
        // The secret goes first: should this be interrupted, deleting again finishes it.
        match self.vault.delete(scope, &profile.credentials_arn).await {
            Err(error) if error.code() != "ResourceNotFoundException" => return Err(error),
            Ok(()) | Err(_) => {}
        }
        self.state.change(scope, |region| {
            region.profile(&name)?;
            region.profiles.remove(&name);
            Ok(json!({}))
        })
    }

    fn check_declared(
        &self,
        connector: &Connector,
        properties: &Properties,
        credentials: Option<&Credentials>,
    ) -> Result<(), ApiError> {
        let mut problems = Problems::default();
        properties.check(&connector.configuration, &self.behaviour, &mut problems);
        if let Some(credentials) = credentials.filter(|_| self.behaviour.check_authentication) {
            let offered = connector.configuration.authentication_config.as_ref();
            credentials.check(offered, &mut problems);
        }
        problems.finish()
    }

    async fn store_secret(
        &self,
        scope: &Scope,
        connector: &Connector,
        profile: &str,
        credentials: &Credentials,
    ) -> Result<String, ApiError> {
        // The suffix AWS appends is not documented for custom connectors; it is the time elsewhere.
        let name = format!("appflow!{}-{}-{profile}-{}", scope.account, connector.label, Moment::now().milliseconds());
        self.vault.create(scope, &name, &credentials.secret()).await
    }

    /// Removes a secret that is not needed. That it stays behind is no reason to fail: what failed before matters more.
    async fn discard(&self, scope: &Scope, secret_arn: &str) {
        if let Err(error) = self.vault.delete(scope, secret_arn).await {
            tracing::warn!(%error, secret_arn, "a secret that is not in use could not be removed");
        }
    }

    async fn try_connection(
        &self,
        scope: &Scope,
        connector: &Connector,
        secret_arn: &str,
        kind: &AuthenticationType,
        properties: &Properties,
    ) -> Result<(), ApiError> {
        let function = Function::of(self.invoker.as_ref(), scope, connector);
        let credentials = CredentialsReference::new(secret_arn, Some(kind.clone()));
        let settings = &properties.settings;
        let credentials = ValidateCredentialsRequest::new(credentials, Some(settings.clone()));
        let scope = RuntimeSettingScope::ConnectorProfile;
        let mut settings = ValidateConnectorRuntimeSettingsRequest::new(scope, settings.clone());
        settings.authentication_type = Some(kind.clone());
        match self.behaviour.profile_checks {
            ProfileChecks::CredentialsFirst => {
                function.ask(credentials, |response| valid(&response)).await?;
                function.ask(settings, |response| valid(&response)).await
            }
            ProfileChecks::SettingsFirst => {
                function.ask(settings, |response| valid(&response)).await?;
                function.ask(credentials, |response| valid(&response)).await
            }
        }
    }
}

fn valid(response: &Response) -> Option<()> {
    let validated =
        matches!(response, Response::ValidateCredentials(_) | Response::ValidateConnectorRuntimeSettings(_));
    validated.then_some(())
}
