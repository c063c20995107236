//! `[connection]`, `[failures]` and `[limits]`: what all requests have in common.

use appflow_sdk::protocol::ErrorCode;
use indexmap::IndexMap;
use serde::Deserialize;

use super::BASE_URL_SETTING;
use super::request::Request;

/// `[connection]`: where the API is, and what every request carries.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Connection {
    /// Taken when a connection gives none. Without it, every connection must.
    pub(crate) base_url: Option<String>,
    /// The key of the runtime setting that holds the base URL.
    pub(crate) base_url_setting: String,
    /// Stands between the base URL and every path of the manifest.
    pub(crate) path_prefix: String,
    /// A cheap request that fails when the credentials are wrong.
    pub(crate) test: Option<Request>,
    /// Sent with every request; a value may hold `{setting}`.
    pub(crate) headers: IndexMap<String, String>,
    /// Query parameters of every request; a value may hold `{setting}`.
    pub(crate) parameters: IndexMap<String, String>,
    /// Whether the API may be at a private address, such as one of a VPC.
    pub(crate) private_addresses: bool,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            base_url: None,
            base_url_setting: BASE_URL_SETTING.to_owned(),
            path_prefix: String::new(),
            test: None,
            headers: IndexMap::new(),
            parameters: IndexMap::new(),
            private_addresses: false,
        }
    }
}

/// `[failures]`: what an answer that is no success means. What is not said here follows the status.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Failures {
    /// Where an answer may say in words what was wrong; the first that is there.
    pub(crate) message: Vec<String>,
    /// Where an answer may have a code for what was wrong; the first that is there.
    pub(crate) code: Vec<String>,
    /// What statuses mean, by number.
    pub(crate) statuses: IndexMap<String, Meaning>,
    /// What the API's codes mean; they win over statuses.
    pub(crate) codes: IndexMap<String, Meaning>,
}

/// What a failure means to AppFlow.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Meaning {
    /// One of AppFlow's error codes.
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::Code"))]
    pub(crate) error: ErrorCode,
    /// Whether the request certainly had no effect, so that even a write may be tried again.
    #[serde(default)]
    pub(crate) without_effect: bool,
    /// How long to wait before trying again, in seconds, when the answer does not say.
    #[serde(default)]
    pub(crate) retry_after_seconds: Option<u32>,
}

/// `[limits]`: how much is asked of the API.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Most requests that one process starts within a second, on average.
    pub(crate) requests_per_second: Option<f64>,
    /// Most requests at a time.
    pub(crate) concurrency: usize,
    /// Largest answer that is read, in MiB after decompression.
    pub(crate) answer_mib: usize,
    /// Longest path and query in bytes.
    pub(crate) address_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests_per_second: None, concurrency: 8, answer_mib: 16, address_bytes: 8_000 }
    }
}
