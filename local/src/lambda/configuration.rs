//! The configuration of one version of a function: what was set, and the state that follows from when it was set.

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::name::LATEST;
use crate::failure::ApiError;

/// What a caller may set.
///
/// There is no `Debug`, because environment variables often hold secrets.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) role: String,
    pub(crate) runtime: String,
    pub(crate) handler: String,
    pub(crate) description: String,
    /// Seconds.
    pub(crate) timeout: u64,
    /// Megabytes of 1024 KB.
    pub(crate) memory_size: u64,
    /// Megabytes of `/tmp`. Kept, not enforced.
    pub(crate) ephemeral_storage: u64,
    /// Variables; `None` when the caller never named any.
    pub(crate) environment: Option<BTreeMap<String, String>>,
    /// `PassThrough` or `Active`. Kept, not acted on.
    pub(crate) tracing_mode: String,
    /// Layer ARNs. Kept, not mounted.
    #[serde(default)]
    pub(crate) layers: Vec<String>,
    /// Kept, not acted on.
    #[serde(default)]
    pub(crate) vpc: Option<Value>,
    /// Kept, not acted on.
    #[serde(default)]
    pub(crate) logging: Option<Value>,
}

/// The artefact of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CodeReference {
    /// Base64 of the zip's SHA-256, as Lambda shows it.
    pub(crate) sha256: String,
    /// Bytes of the zip.
    pub(crate) size: u64,
    /// `x86_64` or `arm64`.
    pub(crate) architecture: String,
}

/// Which asynchronous work a configuration is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Change {
    /// The function is being created.
    Create,
    /// Code or settings are being updated.
    Update,
}

/// One version of a function.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Configuration {
    pub(crate) name: String,
    /// Without qualifier.
    pub(crate) arn: String,
    /// `$LATEST` or a number.
    pub(crate) version: String,
    pub(crate) settings: Settings,
    pub(crate) code: CodeReference,
    pub(crate) change: Change,
    /// When the last change began.
    pub(crate) changed_at: Timestamp,
    /// Shown until the change has settled.
    changing_revision: String,
    /// Shown from then on: Lambda gives a new revision when its asynchronous part ends.
    pub(crate) revision: String,
}

impl Configuration {
    /// A function that is being created.
    pub(crate) fn new(name: &str, arn: String, settings: Settings, code: CodeReference, now: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            arn,
            version: LATEST.to_owned(),
            settings,
            code,
            change: Change::Create,
            changed_at: now,
            changing_revision: Uuid::new_v4().to_string(),
            revision: Uuid::new_v4().to_string(),
        }
    }

    /// Begins an update.
    pub(crate) fn begin_update(&mut self, now: Timestamp) {
        self.change = Change::Update;
        self.changed_at = now;
        self.changing_revision = Uuid::new_v4().to_string();
        self.revision = Uuid::new_v4().to_string();
    }

    /// A copy of this configuration under a version number.
    pub(crate) fn published_as(&self, number: u64, description: Option<String>) -> Self {
        let mut published = self.clone();
        published.version = number.to_string();
        published.revision = Uuid::new_v4().to_string();
        published.changing_revision = published.revision.clone();
        if let Some(description) = description {
            published.settings.description = description;
        }
        published
    }

    /// Whether the last change has not settled yet.
    pub(crate) fn is_changing(&self, now: Timestamp, settle: Duration) -> bool {
        now.duration_since(self.changed_at).unsigned_abs() < settle && now >= self.changed_at
    }

    /// Whether the function is still being created.
    pub(crate) fn is_pending(&self, now: Timestamp, settle: Duration) -> bool {
        self.change == Change::Create && self.is_changing(now, settle)
    }

    /// The revision that a caller sees now.
    pub(crate) fn current_revision(&self, now: Timestamp, settle: Duration) -> &str {
        if self.is_changing(now, settle) { &self.changing_revision } else { &self.revision }
    }

    /// Fails while the function is being created or updated, with Lambda's words.
    pub(crate) fn check_settled(&self, now: Timestamp, settle: Duration) -> Result<(), ApiError> {
        if !self.is_changing(now, settle) {
            return Ok(());
        }
        let reason = match self.change {
            Change::Create => "The function is currently in the following state: 'Pending'".to_owned(),
            Change::Update => format!("An update is in progress for resource: {}", self.arn),
        };
        Err(ApiError::new(
            StatusCode::CONFLICT,
            "ResourceConflictException",
            format!("The operation cannot be performed at this time. {reason}"),
        ))
    }

    /// Fails when the caller's idea of the revision is out of date.
    pub(crate) fn check_revision(
        &self,
        wanted: Option<&str>,
        now: Timestamp,
        settle: Duration,
    ) -> Result<(), ApiError> {
        match wanted {
            Some(wanted) if wanted != self.current_revision(now, settle) => {
                Err(stale_revision("Call the GetFunction/GetAlias API to retrieve the latest Revision Id"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The ARN with the version, or without for `$LATEST`.
    pub(crate) fn version_arn(&self) -> String {
        if self.version == LATEST { self.arn.clone() } else { format!("{}:{}", self.arn, self.version) }
    }

    /// The log group that its processes write to.
    pub(crate) fn log_group(&self) -> String {
        let named = self.settings.logging.as_ref().and_then(|logging| logging.get("LogGroup")?.as_str());
        named.map_or_else(|| format!("/aws/lambda/{}", self.name), str::to_owned)
    }

    /// Lambda's `FunctionConfiguration`.
    pub(crate) fn to_json(
        &self,
        function_arn: &str,
        now: Timestamp,
        settle: Duration,
    ) -> serde_json::Map<String, Value> {
        let settings = &self.settings;
        let mut fields = serde_json::Map::new();
        let mut put = |name: &str, value: Value| {
            fields.insert(name.to_owned(), value);
        };
        put("FunctionName", json!(self.name));
        put("FunctionArn", json!(function_arn));
        put("Runtime", json!(settings.runtime));
        put("Role", json!(settings.role));
        put("Handler", json!(settings.handler));
        put("CodeSize", json!(self.code.size));
        put("Description", json!(settings.description));
        put("Timeout", json!(settings.timeout));
        put("MemorySize", json!(settings.memory_size));
        put("LastModified", json!(last_modified(self.changed_at)));
        put("CodeSha256", json!(self.code.sha256));
        put("Version", json!(self.version));
        put("TracingConfig", json!({ "Mode": settings.tracing_mode }));
        put("RevisionId", json!(self.current_revision(now, settle)));
        put("PackageType", json!("Zip"));
        put("Architectures", json!([self.code.architecture]));
        put("EphemeralStorage", json!({ "Size": settings.ephemeral_storage }));
        put("SnapStart", json!({ "ApplyOn": "None", "OptimizationStatus": "Off" }));
        let logging = settings.logging.clone();
        put("LoggingConfig", logging.unwrap_or_else(|| json!({ "LogFormat": "Text", "LogGroup": self.log_group() })));
        if let Some(variables) = &settings.environment {
            put("Environment", json!({ "Variables": variables }));
        }
        if let Some(vpc) = &settings.vpc {
            put("VpcConfig", vpc.clone());
        }
        if !settings.layers.is_empty() {
            let layers: Vec<Value> = settings.layers.iter().map(|arn| json!({ "Arn": arn, "CodeSize": 0 })).collect();
            put("Layers", json!(layers));
        }
        let changing = self.is_changing(now, settle);
        if changing && self.change == Change::Create {
            put("State", json!("Pending"));
            put("StateReason", json!("The function is being created."));
            put("StateReasonCode", json!("Creating"));
        } else {
            put("State", json!("Active"));
            if changing {
                put("LastUpdateStatus", json!("InProgress"));
                put("LastUpdateStatusReason", json!("The function is being updated."));
                put("LastUpdateStatusReasonCode", json!("Creating"));
            } else {
                put("LastUpdateStatus", json!("Successful"));
            }
        }
        fields
    }
}

/// The refusal for an outdated revision.
pub(crate) fn stale_revision(way_out: &str) -> ApiError {
    ApiError::new(
        StatusCode::PRECONDITION_FAILED,
        "PreconditionFailedException",
        format!("The RevisionId provided does not match the latest RevisionId. {way_out}"),
    )
}

/// Lambda's form of an instant, as in `2026-11-22T08:30:00.000+0000`.
fn last_modified(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;

    const SETTLE: Duration = Duration::from_secs(2);

    fn settings() -> Settings {
        Settings {
            role: "arn:aws:iam::000000000000:role/r".into(),
            runtime: "provided.al2023".into(),
            handler: "bootstrap".into(),
            description: String::new(),
            timeout: 3,
            memory_size: 128,
            ephemeral_storage: 512,
            environment: None,
            tracing_mode: "PassThrough".into(),
            layers: Vec::new(),
            vpc: None,
            logging: None,
        }
    }

    fn start() -> Timestamp {
        "2026-11-22T08:30:00.25Z".parse().unwrap()
    }

    fn configuration() -> Configuration {
        let code = CodeReference { sha256: "x".into(), size: 1, architecture: "arm64".into() };
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:acme".to_owned();
        Configuration::new("acme", arn, settings(), code, start())
    }

    fn shown(configuration: &Configuration, seconds: i64) -> (String, String, String) {
        let json = configuration.to_json("arn", start() + seconds.seconds(), SETTLE);
        let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
        (text("State"), text("LastUpdateStatus"), text("LastUpdateStatusReasonCode"))
    }

    #[test]
    fn a_new_function_is_pending_until_it_has_settled() {
        let function = configuration();
        assert_eq!(shown(&function, 0), ("Pending".into(), "-".into(), "-".into()));
        assert_eq!(shown(&function, 1), ("Pending".into(), "-".into(), "-".into()));
        assert_eq!(shown(&function, 2), ("Active".into(), "Successful".into(), "-".into()));
    }

    #[test]
    fn an_update_is_in_progress_until_it_has_settled() {
        let mut function = configuration();
        function.begin_update(start() + 10.seconds());
        assert_eq!(shown(&function, 11), ("Active".into(), "InProgress".into(), "Creating".into()));
        assert_eq!(shown(&function, 12), ("Active".into(), "Successful".into(), "-".into()));
        let error = function.check_settled(start() + 11.seconds(), SETTLE).unwrap_err();
        assert!(error.message().contains("An update is in progress for resource: arn:aws:lambda"), "{error}");
        function.check_settled(start() + 12.seconds(), SETTLE).unwrap();
    }

    #[test]
    fn the_revision_changes_again_when_the_asynchronous_part_ends() {
        let function = configuration();
        let during = function.current_revision(start(), SETTLE).to_owned();
        let later = start() + 2.seconds();
        assert_ne!(during, function.current_revision(later, SETTLE));
        assert_eq!(
            function.check_revision(Some(&during), later, SETTLE).unwrap_err().status(),
            StatusCode::PRECONDITION_FAILED
        );
        function.check_revision(None, later, SETTLE).unwrap();
    }

    #[test]
    fn a_clock_set_back_does_not_leave_a_function_pending_for_ever() {
        assert_eq!(shown(&configuration(), -3600).0, "Active");
    }

    #[test]
    fn writes_the_instant_as_lambda_does() {
        assert_eq!(last_modified(start()), "2026-11-22T08:30:00.250+0000");
    }
}
