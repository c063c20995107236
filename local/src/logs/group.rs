//! Log groups by region, and CloudWatch's rules for them.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::failure::ApiError;
use crate::scope::Scope;

/// Days that lines can be kept for. Source: API of CloudWatch Logs, `PutRetentionPolicy`.
const RETENTION_DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// All groups of the account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Groups {
    regions: BTreeMap<String, BTreeMap<String, Group>>,
}

/// One group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Group {
    created_at: Timestamp,
    /// Days that lines are kept for; none means for ever.
    #[serde(default)]
    pub(super) retention: Option<u32>,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

impl Groups {
    pub(super) fn get(&self, region: &str, name: &str) -> Option<&Group> {
        self.regions.get(region)?.get(name)
    }

    /// The group, or CloudWatch's refusal.
    pub(super) fn find(&self, region: &str, name: &str) -> Result<&Group, ApiError> {
        self.get(region, name).ok_or_else(no_such_group)
    }

    /// The group to be changed, or CloudWatch's refusal.
    pub(super) fn find_mut(&mut self, region: &str, name: &str) -> Result<&mut Group, ApiError> {
        self.regions.get_mut(region).and_then(|groups| groups.get_mut(name)).ok_or_else(no_such_group)
    }

    pub(super) fn insert(&mut self, region: &str, name: &str, group: Group) {
        self.regions.entry(region.to_owned()).or_default().insert(name.to_owned(), group);
    }

    pub(super) fn remove(&mut self, region: &str, name: &str) -> Result<(), ApiError> {
        let groups = self.regions.get_mut(region);
        groups.and_then(|groups| groups.remove(name)).map(drop).ok_or_else(no_such_group)
    }

    /// The groups of a region, by name.
    pub(super) fn in_region(&self, region: &str) -> impl Iterator<Item = (&String, &Group)> {
        self.regions.get(region).into_iter().flatten()
    }
}

impl Group {
    pub(super) fn new(created_at: Timestamp) -> Self {
        Self { created_at, retention: None, tags: BTreeMap::new() }
    }

    pub(super) fn to_json(&self, scope: &Scope, name: &str, stored_bytes: usize) -> Value {
        let arn = format!("arn:aws:logs:{}:{}:log-group:{name}", scope.region, scope.account);
        let mut fields = Map::new();
        fields.insert("logGroupName".into(), json!(name));
        fields.insert("creationTime".into(), json!(self.created_at.as_millisecond()));
        if let Some(days) = self.retention {
            fields.insert("retentionInDays".into(), json!(days));
        }
        fields.insert("metricFilterCount".into(), json!(0));
        fields.insert("arn".into(), json!(format!("{arn}:*")));
        fields.insert("logGroupArn".into(), json!(arn));
        fields.insert("storedBytes".into(), json!(stored_bytes));
        fields.insert("logGroupClass".into(), json!("STANDARD"));
        Value::Object(fields)
    }
}

/// Fails unless a group may have this name.
pub(super) fn check_name(name: &str) -> Result<(), ApiError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/#".contains(&byte);
    if (1..=512).contains(&name.len()) && name.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+ and have length between 1 and 512"
    )))
}

/// Fails unless lines can be kept for this long.
pub(super) fn check_retention(days: u32) -> Result<(), ApiError> {
    if RETENTION_DAYS.contains(&days) {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: {RETENTION_DAYS:?}"
    )))
}

/// CloudWatch's refusal of a parameter.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameterException", message)
}

fn no_such_group() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "ResourceNotFoundException", "The specified log group does not exist.")
}
