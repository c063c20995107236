//! What a function has besides code, memory, time and variables: network, layers, tracing, key, log group.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::aws::default_log_group;

/// The network that a function reaches. Empty means none of the account's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// Ids of subnets.
    pub subnets: BTreeSet<String>,
    /// Ids of security groups.
    pub security_groups: BTreeSet<String>,
}

impl Network {
    /// Whether the function is in no network of the account.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subnets.is_empty()
    }
}

/// What is attached to a function.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachments {
    /// Its network.
    #[serde(skip_serializing_if = "Network::is_empty")]
    pub network: Network,
    /// ARNs of its layers, in the order in which they are unpacked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<String>,
    /// `Active` or `PassThrough`; none if the service did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracing: Option<String>,
    /// ARN of the key that encrypts its variables; none means Lambda's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// The log group that it writes to, where that is another than Lambda's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group: Option<String>,
}

/// The tracing mode in which a function sends traces of its own.
pub const TRACING_ACTIVE: &str = "Active";

impl Attachments {
    /// The log group of the function of this name.
    #[must_use]
    pub fn log_group_of(&self, function: &str) -> String {
        self.log_group.clone().unwrap_or_else(|| default_log_group(function))
    }
}
