//! The manifest: one TOML file that says what an API is like, so that reading it needs no code.
//!
//! ```toml
//! [connector]
//! name = "Acme CRM"
//! owner = "Acme"
//! version = "1.0.0"
//!
//! [connection]
//! base_url = "https://api.acme.example"
//! test = "/me"
//!
//! [authentication]
//! api_key = { header = "X-Api-Key" }
//!
//! [entities.orders]
//! path = "/orders"
//! records = "/data"
//!
//! [entities.orders.paging]
//! kind = "page"
//! parameter = "page"
//! size = { parameter = "per_page", max = 500 }
//!
//! [entities.orders.fields]
//! id = { type = "Integer", primary_key = true }
//! updated_at = { type = "DateTime", incremental = true }
//!
//! [entities.orders.filters]
//! updated_at = { ">=" = "updated_since" }
//! ```
//!
//! Paths begin with `/` and may hold `{setting}`, which stands for a value of `[settings]`. Pointers are JSON pointers
//! (RFC 6901): `/data/items`, or empty for the whole answer.

mod check;
mod credentials;
mod entity;
mod paging;
mod read;

pub(crate) use credentials::{ApiKey, Authentication, Bearer, HeaderScheme, NO_AUTHENTICATION};
pub(crate) use entity::{Entity, FilterParameter, ValueFormat};
pub(crate) use paging::Paging;
pub use read::{ManifestError, Problem};

use appflow_sdk::protocol::{RuntimeSettingScope, RuntimeSettingType};
use indexmap::IndexMap;
use serde::Deserialize;

/// The key of the runtime setting that holds the base URL.
pub const BASE_URL_SETTING: &str = "baseUrl";

/// A manifest that was read and found consistent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub(crate) connector: Identity,
    #[serde(default)]
    pub(crate) connection: Connection,
    pub(crate) authentication: Authentication,
    /// Runtime settings beside the base URL, by key.
    #[serde(default)]
    pub(crate) settings: IndexMap<String, Setting>,
    /// By the identifier that AppFlow uses.
    pub(crate) entities: IndexMap<String, Entity>,
}

impl Manifest {
    /// The connector's name, as AppFlow shows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.connector.name
    }

    /// The connector's version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.connector.version
    }

    /// The identifiers of the entities, in the order of the file.
    pub fn entities(&self) -> impl Iterator<Item = &str> {
        self.entities.keys().map(String::as_str)
    }
}

/// `[connector]`: what AppFlow shows of the connector.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    /// Must not begin with `aws`, `amazon` or `appflow`. At most 256 characters.
    pub(crate) name: String,
    /// Who made it; the same rule.
    pub(crate) owner: String,
    /// Of the manifest, not of the API.
    pub(crate) version: String,
    /// The label to register under. For tools: the connector itself does not need it.
    #[serde(default)]
    #[expect(dead_code, reason = "read by the tools that register the connector; declared so that it may be written")]
    label: Option<String>,
    /// An image to show, `https` only.
    #[serde(default)]
    pub(crate) logo_url: Option<String>,
    /// The versions of the API that the manifest is right for.
    #[serde(default = "first_version")]
    pub(crate) api_versions: Vec<String>,
}

fn first_version() -> Vec<String> {
    vec!["v1".to_owned()]
}

/// `[connection]`: what all requests have in common.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connection {
    /// Taken when a connection gives none. Without it, every connection must.
    #[serde(default)]
    pub(crate) base_url: Option<String>,
    /// Stands between the base URL and every path of the manifest.
    #[serde(default)]
    pub(crate) path_prefix: String,
    /// A cheap request that fails when the credentials are wrong.
    #[serde(default)]
    pub(crate) test: Option<String>,
    /// Sent with every request; a value may hold `{setting}`.
    #[serde(default)]
    pub(crate) headers: IndexMap<String, String>,
    /// Query parameters of every request; a value may hold `{setting}`.
    #[serde(default)]
    pub(crate) parameters: IndexMap<String, String>,
    /// Where an error answer says in words what was wrong.
    #[serde(default)]
    pub(crate) error_message: Option<String>,
}

/// `[settings.KEY]`: a question to the person who makes a connection or a flow.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setting {
    /// Shown above the input field.
    pub(crate) label: String,
    /// Shown beside the input field.
    #[serde(default)]
    pub(crate) description: String,
    /// `String` unless said otherwise.
    #[serde(default = "text", rename = "type")]
    pub(crate) data_type: RuntimeSettingType,
    /// Whether it must be given. A setting that stands in a path must.
    #[serde(default)]
    pub(crate) required: bool,
    /// Where it is asked for: on the connection unless said otherwise.
    #[serde(default = "on_the_connection")]
    pub(crate) scope: RuntimeSettingScope,
    /// The values to choose from, when the choice is closed.
    #[serde(default)]
    pub(crate) options: Vec<String>,
}

fn text() -> RuntimeSettingType {
    RuntimeSettingType::String
}

fn on_the_connection() -> RuntimeSettingScope {
    RuntimeSettingScope::ConnectorProfile
}
