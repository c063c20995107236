//! What is registered, per region, in memory and in the state directory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use appflow_sdk::protocol::{AuthenticationType, DescribeConnectorConfigurationResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::refusal::{conflict, internal, no_such_profile, not_registered};
use crate::failure::ApiError;
use crate::scope::Scope;
use crate::store::{Store, StoreError};

/// Name of the document in the state directory.
const DOCUMENT: &str = "appflow";

/// Milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Moment(u64);

impl Moment {
    /// The present.
    pub(super) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// The number of milliseconds.
    pub(super) fn milliseconds(self) -> u64 {
        self.0
    }

    /// Seconds since 1970 with their fraction: how `AppFlow` writes time.
    pub(super) fn epoch_seconds(self) -> f64 {
        Duration::from_millis(self.0).as_secs_f64()
    }

    fn is_older_than(self, age: Duration, now: Self) -> bool {
        u128::from(now.0.saturating_sub(self.0)) > age.as_millis()
    }
}

/// A registered connector.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Connector {
    /// The name it is registered under.
    pub(super) label: String,
    /// `arn:aws:appflow:<region>:<account>:connector/<label>`
    pub(super) arn: String,
    /// What the registration says of it.
    pub(super) description: Option<String>,
    /// Its function.
    pub(super) lambda_arn: String,
    /// When it was registered first.
    pub(super) registered_at: Moment,
    /// What the function said of itself when it was last asked.
    pub(super) configuration: DescribeConnectorConfigurationResponse,
}

/// A connection: a connector with settings and credentials. The credentials themselves are in Secrets Manager.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Profile {
    /// Its name.
    pub(super) name: String,
    /// `arn:aws:appflow:<region>:<account>:connectorprofile/<name>`
    pub(super) arn: String,
    /// The connector it belongs to.
    pub(super) connector_label: String,
    /// `Public` or `Private`.
    pub(super) connection_mode: String,
    /// The secret.
    pub(super) credentials_arn: String,
    /// What kind of credentials the secret holds.
    pub(super) authentication_type: AuthenticationType,
    /// Values of the connector's settings.
    pub(super) properties: BTreeMap<String, String>,
    /// Token URL, grant and further parameters.
    pub(super) oauth2_properties: Option<OAuth2Properties>,
    /// When it was made.
    pub(super) created_at: Moment,
    /// When it was changed.
    pub(super) last_updated_at: Moment,
}

/// How tokens of an OAuth2 profile are obtained: kept and shown, not used, as the emulator exchanges no tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OAuth2Properties {
    /// Where tokens come from.
    #[serde(default)]
    pub(super) token_url: Option<String>,
    /// `CLIENT_CREDENTIALS`, `AUTHORIZATION_CODE` or `JWT_BEARER`.
    #[serde(rename = "oAuth2GrantType", default)]
    pub(super) grant_type: Option<String>,
    /// Further parameters of the token URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token_url_custom_properties: Option<BTreeMap<String, String>>,
}

/// A call with a `clientToken`: sent again, it gets the same answer.
#[derive(Debug, Clone)]
pub(super) struct Idempotency {
    key: Option<String>,
    digest: String,
}

impl Idempotency {
    /// Of a call's body. Only a digest is kept, because the body may hold credentials.
    pub(super) fn of(operation: &str, token: Option<&str>, body: &[u8]) -> Self {
        let mut members: Value = serde_json::from_slice(body).unwrap_or_default();
        if let Some(members) = members.as_object_mut() {
            members.remove("clientToken");
        }
        Self {
            key: token.map(|token| format!("{operation} {token}")),
            digest: STANDARD.encode(Sha256::digest(members.to_string())),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Remembered {
    digest: String,
    answer: Value,
    at: Moment,
}

/// What one region holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Region {
    /// By label.
    pub(super) connectors: BTreeMap<String, Connector>,
    /// By name.
    pub(super) profiles: BTreeMap<String, Profile>,
    answers: BTreeMap<String, Remembered>,
}

impl Region {
    /// A connector, or the refusal that it is not registered.
    pub(super) fn connector(&self, label: &str) -> Result<&Connector, ApiError> {
        self.connectors.get(label).ok_or_else(|| not_registered(label))
    }

    /// A profile, or the refusal that it does not exist.
    pub(super) fn profile(&self, name: &str) -> Result<&Profile, ApiError> {
        self.profiles.get(name).ok_or_else(|| no_such_profile(name))
    }

    /// The answer to a call that was made before with the same token.
    pub(super) fn replay(&self, call: &Idempotency, memory: Duration) -> Result<Option<Value>, ApiError> {
        let remembered = call.key.as_ref().and_then(|key| self.answers.get(key));
        match remembered.filter(|one| !one.at.is_older_than(memory, Moment::now())) {
            None => Ok(None),
            Some(one) if one.digest == call.digest => Ok(Some(one.answer.clone())),
            Some(_) => Err(conflict("clientToken was used before with other parameters; send a new one")),
        }
    }

    /// Keeps the answer to a call, and forgets old ones.
    pub(super) fn remember(&mut self, call: Idempotency, answer: &Value, memory: Duration) {
        let now = Moment::now();
        self.answers.retain(|_, one| !one.at.is_older_than(memory, now));
        if let Some(key) = call.key {
            let digest = call.digest;
            let answer = answer.clone();
            let remembered = Remembered { digest, answer, at: now };
            self.answers.insert(key, remembered);
        }
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Document {
    regions: BTreeMap<String, Region>,
}

/// All regions. A change is on disk before it is seen.
pub(super) struct State {
    store: Arc<Store>,
    document: Mutex<Document>,
}

impl State {
    /// Reads what an earlier run left.
    pub(super) fn open(store: Arc<Store>) -> Result<Self, StoreError> {
        let document = Mutex::new(store.load(DOCUMENT)?);
        Ok(Self { store, document })
    }

    /// A copy of what a region holds now.
    pub(super) fn region(&self, scope: &Scope) -> Region {
        let document = self.lock();
        document.regions.get(&scope.region).cloned().unwrap_or_default()
    }

    /// Changes a region: all of it or, when `change` or the disk refuses, nothing.
    pub(super) fn change<T>(
        &self,
        scope: &Scope,
        change: impl FnOnce(&mut Region) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut document = self.lock();
        let mut changed = document.clone();
        let region = changed.regions.entry(scope.region.clone()).or_default();
        let result = change(region)?;
        self.store.save(DOCUMENT, &changed).map_err(|error| internal(&error))?;
        *document = changed;
        Ok(result)
    }

    fn lock(&self) -> MutexGuard<'_, Document> {
        // The document is replaced whole or not at all, so a panic elsewhere cannot have left half a change.
        self.document.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
