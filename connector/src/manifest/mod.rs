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
//! [entities.orders.fields]
//! id = { type = "Integer", primary_key = true }
//! updated_at = { type = "DateTime", incremental = true }
//!
//! [entities.orders.read]
//! request = "GET /orders"
//! records = "/data"
//! paging = { kind = "page", parameter = "page", size = { parameter = "per_page", max = 500 } }
//! filters.updated_at = { ">=" = "updated_since" }
//!
//! [entities.orders.write]
//! insert = { request = "POST /orders", id = "/id" }
//! delete = { request = "DELETE /orders/{id}" }
//! ```
//!
//! Paths begin with `/` and may hold `{setting}`, which stands for a value of `[settings]`. Pointers are JSON pointers
//! (RFC 6901): `/data/items`, or empty for the whole answer.

mod check;
mod connection;
mod credentials;
mod discovery;
mod entity;
#[cfg(feature = "schema")]
mod form;
#[cfg(test)]
#[cfg(feature = "schema")]
mod form_tests;
mod nearest;
mod outline;
mod paging;
mod parse;
mod place;
mod reading;
mod request;
#[cfg(feature = "schema")]
pub(crate) mod schema;
mod schema_file;
mod writing;

pub(crate) use connection::{Connection, Failures, Limits, Meaning};
pub(crate) use credentials::{ApiKey, Authentication, Bearer, HeaderScheme, NO_AUTHENTICATION};
pub(crate) use discovery::{Describe, Discovery, List, Test};
pub(crate) use entity::{Entity, Field};
pub use outline::Offer;
pub(crate) use paging::Paging;
pub use parse::{ManifestError, Problem};
pub use place::Place;
pub(crate) use reading::{FilterParameter, OData, Projection, Read, Retrieve, Soql, ValueFormat};
pub(crate) use request::{Method, Parameter, Request};
pub(crate) use writing::{Operation, Results, Write};

use appflow_sdk::protocol::{RuntimeSettingScope, RuntimeSettingType};
use indexmap::IndexMap;
use serde::Deserialize;

/// The key of the runtime setting that holds the base URL.
pub const BASE_URL_SETTING: &str = "baseUrl";

/// A manifest: what an API is like, so that reading and writing it needs no code.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What AppFlow shows of the connector.
    pub(crate) connector: Identity,
    /// Where the API is, and what every request carries.
    #[serde(default)]
    pub(crate) connection: Connection,
    /// Which credentials a connection may have, and how they are sent.
    pub(crate) authentication: Authentication,
    /// Runtime settings beside the base URL, by key.
    #[serde(default)]
    pub(crate) settings: IndexMap<String, Setting>,
    /// What failures of the API mean.
    #[serde(default)]
    pub(crate) failures: Failures,
    /// How much is asked of the API.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// Entities that the manifest describes, by the identifier that AppFlow uses.
    #[serde(default)]
    pub(crate) entities: IndexMap<String, Entity>,
    /// Entities that the API describes.
    #[serde(default)]
    pub(crate) discovery: Option<Discovery>,
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

    /// How records are written: of each entity, and of those that the API describes.
    pub(crate) fn writes(&self) -> impl Iterator<Item = &Write> {
        let discovered = self.discovery.iter().map(|discovery| &discovery.write);
        self.entities.values().map(|entity| &entity.write).chain(discovered)
    }

    /// The identifiers of the entities that the manifest describes, in the order of the file.
    pub fn entities(&self) -> impl Iterator<Item = &str> {
        self.entities.keys().map(String::as_str)
    }
}

/// `[connector]`: what AppFlow shows of the connector.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// `[settings.KEY]`: a question to the person who makes a connection or a flow.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Setting {
    /// Shown above the input field.
    pub(crate) label: String,
    /// Shown beside the input field.
    #[serde(default)]
    pub(crate) description: String,
    /// `String` unless said otherwise.
    #[serde(default = "text", rename = "type")]
    #[cfg_attr(feature = "schema", schemars(with = "schema::SettingType"))]
    pub(crate) data_type: RuntimeSettingType,
    /// Whether it must be given. A setting that stands in a path must.
    #[serde(default)]
    pub(crate) required: bool,
    /// Where it is asked for: on the connection unless said otherwise.
    #[serde(default = "on_the_connection")]
    #[cfg_attr(feature = "schema", schemars(with = "schema::Scope"))]
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
