//! What was found in AWS: plain values, so that the planner needs nothing but these.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::attachments::Attachments;
use crate::aws::Configuration;
use crate::configuration::{ConnectorConfiguration, SelfDescription};
use crate::environment::FunctionEnvironment;
use crate::policy::Statement;

/// The tag that says which connector a role or function was made for.
pub const LABEL_TAG: &str = "appflow-registrar:label";

/// What [`registered_tag`] holds while a registration is being made or renewed: no [`Record`] is spelled like it.
pub const REGISTRATION_PENDING: &str = "pending";

/// The inline policy that lets the connector read the secrets of its own connections.
pub const SECRETS_POLICY: &str = "appflow-connector-secrets";

/// Everything a plan depends on besides the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The account.
    pub account: String,
    /// The partition, mostly `aws`.
    pub partition: String,
    /// The region.
    pub region: String,
    /// The role, unless an existing one is to be used.
    pub role: Option<Role>,
    /// The function.
    pub function: Option<Function>,
    /// The function's resource policy.
    pub permissions: Vec<Statement>,
    /// The registration under the label.
    pub registration: Option<RegisteredConnector>,
    /// The ownership tag of the function that the label is registered for, if that is another function than ours.
    pub other_function_label: Option<String>,
    /// What the function says of itself as it is.
    pub says: Said,
    /// What it will say with the new code and variables, as far as that was tried on this machine.
    pub will_say: Said,
    /// Names of the connections that use the connector; none as long as nothing depends on them.
    pub connections: Option<Vec<String>>,
    /// The function's log group, if how long it is kept is a setting.
    pub log_group: Option<LogGroup>,
    /// The alias, if one is a setting.
    pub alias: Option<Alias>,
}

/// What is known of what a connector says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Said {
    /// It was not asked, since nothing depends on it.
    #[default]
    NotAsked,
    /// This.
    Known(Box<SelfDescription>),
    /// It could not be asked; why.
    Unknown(String),
    /// It was asked and failed, or answered otherwise than the protocol asks; how.
    Broken(String),
}

impl Said {
    /// The description, if it is known.
    #[must_use]
    pub fn known(&self) -> Option<&SelfDescription> {
        match self {
            Self::Known(said) => Some(said),
            Self::NotAsked | Self::Unknown(_) | Self::Broken(_) => None,
        }
    }
}

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    /// Days that its lines are kept for; 0 means for ever.
    pub retention: u32,
}

/// An alias of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The version that it points at.
    pub version: String,
    /// Changes with every change of the alias.
    pub revision_id: Option<String>,
    /// Digest of the code and configuration of that version.
    pub published: Option<(String, Configuration)>,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Who may assume it.
    pub trust: Option<Value>,
    /// ARNs of the attached managed policies.
    pub attached: Vec<String>,
    /// The inline policy [`SECRETS_POLICY`].
    pub inline: Option<Value>,
    /// When it was made, in seconds since 1970.
    pub created_at: i64,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its ARN, without version or alias.
    pub arn: String,
    /// The ARN of its role.
    pub role: String,
    /// As in `provided.al2023`.
    pub runtime: Option<String>,
    /// As in `bootstrap`.
    pub handler: Option<String>,
    /// In MB.
    pub memory: u32,
    /// In seconds.
    pub timeout: u32,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// Its variables.
    pub environment: FunctionEnvironment,
    /// What is attached to it.
    pub attachments: Attachments,
    /// Base64 of the SHA-256 of its zip.
    pub code_sha256: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it can be used.
    pub status: FunctionStatus,
}

/// Whether a function can be used. Texts as Lambda spells them; AWS adds values from time to time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FunctionStatus {
    /// `Pending`, `Active`, `Inactive`, `Failed`, …
    pub state: Option<String>,
    /// Why, as a code.
    pub state_reason_code: Option<String>,
    /// Why, in words.
    pub state_reason: Option<String>,
    /// `Successful`, `InProgress`, `Failed`.
    pub last_update: Option<String>,
    /// Why, as a code.
    pub last_update_reason_code: Option<String>,
    /// Why, in words.
    pub last_update_reason: Option<String>,
    /// Changes with every change of the function; a write that names an old one is refused.
    pub revision_id: Option<String>,
    /// Base64 of the SHA-256 of its zip.
    pub code_sha256: Option<String>,
}

/// A registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredConnector {
    /// Its ARN.
    pub arn: Option<String>,
    /// The function that AppFlow invokes; none if it is not a custom connector on Lambda.
    pub lambda_arn: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// What the connector said of itself when AppFlow last asked.
    pub configuration: ConnectorConfiguration,
}

/// What a tag on the function remembers of the last registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// [Digest](SelfDescription::digest) of what the connector said of itself.
    pub said: String,
    /// What AppFlow showed otherwise than the connector had said, right after it was read; empty if nothing.
    pub unshown: String,
    /// The revision of the function for which AppFlow's metadata caches were reset.
    pub revision: String,
}

impl Record {
    /// Reads a tag's value. None for what another version of this program wrote, and for a registration in the making.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':').map(str::to_owned);
        let record = Self { said: parts.next()?, unshown: parts.next()?, revision: parts.next()? };
        (parts.next().is_none() && !record.said.is_empty()).then_some(record)
    }
}

impl std::fmt::Display for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.said, self.unshown, self.revision)
    }
}

/// The value of [`LABEL_TAG`] for a label: the label itself, unless it has a character that tags must not have.
///
/// Labels may hold `!` and `#`; values of tags may not (IAM and Lambda API references). A digest keeps such labels apart.
#[must_use]
pub fn owner(label: &str) -> String {
    let is_allowed = |next: char| next.is_ascii_alphanumeric() || "_.:/=+-@".contains(next);
    if label.chars().all(is_allowed) {
        return label.to_owned();
    }
    let kept: String = label.chars().map(|next| if is_allowed(next) { next } else { '_' }).take(240).collect();
    format!("{kept}:{}", crate::digest::short_hex(label.as_bytes(), 8))
}

/// What the keys of all tags made by [`registered_tag`] begin with.
pub const REGISTERED_TAG_PREFIX: &str = "appflow-registrar:registered:";

/// The tag on a function that holds the [`Record`] of a label's registration.
///
/// Each label has its own, since one function may be registered under several. A digest stands for the label, which may
/// be longer than keys of tags and have characters that they must not (Lambda API reference).
#[must_use]
pub fn registered_tag(label: &str) -> String {
    format!("{REGISTERED_TAG_PREFIX}{}", crate::digest::short_hex(label.as_bytes(), 8))
}

impl Function {
    /// How it is configured, apart from its code.
    #[must_use]
    pub fn configuration(&self) -> Configuration {
        Configuration {
            role: self.role.clone(),
            runtime: self.runtime.clone().unwrap_or_default(),
            handler: self.handler.clone().unwrap_or_default(),
            memory: self.memory,
            timeout: self.timeout,
            environment: self.environment.clone(),
            attachments: self.attachments.clone(),
        }
    }

    /// What decides how it answers.
    #[must_use]
    pub fn revision(&self) -> String {
        revision(&self.code_sha256, &self.environment)
    }
}

/// Names what decides how a function answers: its code and its variables.
#[must_use]
pub fn revision(code_sha256: &str, environment: &FunctionEnvironment) -> String {
    let mut text = code_sha256.to_owned();
    for (key, value) in environment.iter() {
        text.push('\0');
        text.push_str(key);
        text.push('\0');
        text.push_str(value);
    }
    crate::digest::short_hex(text.as_bytes(), 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_labels_apart_that_a_tag_cannot_hold() {
        assert_eq!(owner("acme-crm.v2@eu"), "acme-crm.v2@eu");
        assert_ne!(owner("a!b"), owner("a#b"));
        assert!(owner(&"!".repeat(256)).len() <= 256);
    }

    #[test]
    fn keeps_a_record_for_each_label() {
        assert_ne!(registered_tag("a!b"), registered_tag("a#b"));
        let longest = registered_tag(&"x".repeat(256));
        assert!(longest.len() <= 128, "{longest}");
    }

    #[test]
    fn names_another_revision_when_code_or_variables_change() {
        let none = FunctionEnvironment::default();
        let one = FunctionEnvironment::from_iter([("A".to_owned(), "1".to_owned())]);
        let two = FunctionEnvironment::from_iter([("A".to_owned(), "2".to_owned())]);
        let all = [revision("sha", &none), revision("sha", &one), revision("sha", &two), revision("other", &none)];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn reads_a_record_as_it_was_written_and_nothing_else() {
        let record = Record { said: "0123".to_owned(), unshown: String::new(), revision: "89ab".to_owned() };
        assert_eq!(Record::read(&record.to_string()), Some(record));
        for text in ["", REGISTRATION_PENDING, "a:b", "a:b:c:d", "::", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD="] {
            assert_eq!(Record::read(text), None, "{text}");
        }
    }
}
