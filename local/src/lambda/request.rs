//! The bodies of `CreateFunction`, `UpdateFunctionCode` and `UpdateFunctionConfiguration`, and Lambda's rules for them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::configuration::Settings;
use super::name::constraint;
use super::policy::missing;
use crate::failure::ApiError;

/// Environment variables together, in bytes. Source: Lambda quotas, "Environment variables".
const ENVIRONMENT_LIMIT: usize = 4096;

/// Names that Lambda sets itself. Source: Lambda documentation, "Defined runtime environment variables".
const RESERVED_VARIABLES: [&str; 18] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// Runtimes whose artefact is a program named `bootstrap`.
const RUNTIMES: [&str; 2] = ["provided.al2023", "provided.al2"];

/// The body of `CreateFunction`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateFunction {
    pub(crate) function_name: Option<String>,
    pub(crate) code: Option<CodeRequest>,
    #[serde(default)]
    pub(crate) publish: Option<bool>,
    pub(crate) package_type: Option<String>,
    pub(crate) architectures: Option<Vec<String>>,
    pub(crate) tags: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    pub(crate) settings: SettingsRequest,
}

/// The body of `UpdateFunctionCode`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateFunctionCode {
    pub(crate) architectures: Option<Vec<String>>,
    pub(crate) publish: Option<bool>,
    pub(crate) dry_run: Option<bool>,
    pub(crate) revision_id: Option<String>,
    #[serde(flatten)]
    pub(crate) code: CodeRequest,
}

/// The body of `UpdateFunctionConfiguration`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateFunctionConfiguration {
    pub(crate) revision_id: Option<String>,
    #[serde(flatten)]
    pub(crate) settings: SettingsRequest,
}

/// Where the code is.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CodeRequest {
    zip_file: Option<String>,
    s3_bucket: Option<String>,
    image_uri: Option<String>,
}

/// The members that `CreateFunction` and `UpdateFunctionConfiguration` share.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SettingsRequest {
    pub(crate) role: Option<String>,
    runtime: Option<String>,
    handler: Option<String>,
    description: Option<String>,
    timeout: Option<i64>,
    memory_size: Option<i64>,
    environment: Option<Variables>,
    tracing_config: Option<TracingConfig>,
    ephemeral_storage: Option<EphemeralStorage>,
    layers: Option<Vec<String>>,
    vpc_config: Option<Value>,
    logging_config: Option<Value>,
    #[serde(rename = "KMSKeyArn")]
    kms_key_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Variables {
    variables: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TracingConfig {
    mode: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EphemeralStorage {
    size: i64,
}

/// Reads a body; an empty one counts as `{}`.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            // serde's message may quote the offending value, but never a whole document.
            format!("Could not parse request body into json: {error}"),
        )
    })
}

impl CodeRequest {
    /// The zip's bytes.
    pub(crate) fn zip(self) -> Result<Bytes, ApiError> {
        if self.s3_bucket.is_some() {
            return Err(invalid("S3 is not emulated yet: pass the code as ZipFile instead of S3Bucket and S3Key"));
        }
        if self.image_uri.is_some() {
            return Err(invalid("container images are not emulated: pass the code as ZipFile"));
        }
        let text = self.zip_file.ok_or_else(|| invalid("Please provide a source for function code."))?;
        let bytes = STANDARD.decode(text).map_err(|_| invalid("ZipFile is not base64"))?;
        Ok(bytes.into())
    }
}

impl SettingsRequest {
    /// The settings of a new function.
    pub(crate) fn create(self) -> Result<Settings, ApiError> {
        let mut settings = Settings {
            role: String::new(),
            runtime: String::new(),
            handler: String::new(),
            description: String::new(),
            timeout: 3,
            memory_size: 128,
            ephemeral_storage: 512,
            environment: None,
            tracing_mode: "PassThrough".to_owned(),
            layers: Vec::new(),
            vpc: None,
            logging: None,
            kms_key: None,
        };
        self.role.as_ref().ok_or_else(|| missing("role"))?;
        if self.runtime.is_none() || self.handler.is_none() {
            return Err(invalid(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
            ));
        }
        self.apply(&mut settings)?;
        Ok(settings)
    }

    /// Changes the members that were given and leaves the others.
    pub(crate) fn apply(self, settings: &mut Settings) -> Result<(), ApiError> {
        if let Some(role) = self.role {
            check_role(&role)?;
            settings.role = role;
        }
        if let Some(runtime) = self.runtime {
            check_runtime(&runtime)?;
            settings.runtime = runtime;
        }
        if let Some(handler) = self.handler {
            if handler.is_empty() || handler.len() > 128 || handler.contains(char::is_whitespace) {
                return Err(constraint(
                    handler,
                    "handler",
                    "Member must satisfy regular expression pattern: [^\\s]+ and have length less than or equal to 128",
                ));
            }
            settings.handler = handler;
        }
        if let Some(description) = self.description {
            if description.chars().count() > 256 {
                return Err(constraint(
                    description,
                    "description",
                    "Member must have length less than or equal to 256",
                ));
            }
            settings.description = description;
        }
        if let Some(timeout) = self.timeout {
            settings.timeout = within(timeout, "timeout", 1, 900)?;
        }
        if let Some(memory) = self.memory_size {
            settings.memory_size = within(memory, "memorySize", 128, 10_240)?;
        }
        if let Some(storage) = self.ephemeral_storage {
            settings.ephemeral_storage = within(storage.size, "ephemeralStorage.size", 512, 10_240)?;
        }
        if let Some(environment) = self.environment {
            let variables = environment.variables.unwrap_or_default();
            check_variables(&variables)?;
            settings.environment = Some(variables).filter(|variables| !variables.is_empty());
        }
        if let Some(mode) = self.tracing_config.and_then(|tracing| tracing.mode) {
            if !matches!(mode.as_str(), "Active" | "PassThrough") {
                return Err(constraint(
                    mode,
                    "tracingConfig.mode",
                    "Member must satisfy enum value set: [Active, PassThrough]",
                ));
            }
            settings.tracing_mode = mode;
        }
        if let Some(layers) = self.layers {
            settings.layers = layers;
        }
        if self.vpc_config.is_some() {
            settings.vpc = self.vpc_config;
        }
        if self.logging_config.is_some() {
            settings.logging = self.logging_config;
        }
        if let Some(key) = self.kms_key_arn {
            settings.kms_key = Some(key).filter(|key| !key.is_empty());
        }
        Ok(())
    }
}

/// The one architecture of a list, `x86_64` when there is none.
pub(crate) fn architecture(list: Option<&[String]>) -> Result<Option<&str>, ApiError> {
    match list {
        None | Some([]) => Ok(None),
        Some([one]) if matches!(one.as_str(), "x86_64" | "arm64") => Ok(Some(one)),
        Some(other) => Err(constraint(
            format!("[{}]", other.join(", ")),
            "architectures",
            "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]] and have length 1",
        )),
    }
}

/// Lambda's `InvalidParameterValueException`.
pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message)
}

fn within(value: i64, member: &str, least: u64, most: u64) -> Result<u64, ApiError> {
    let bound = match u64::try_from(value) {
        Ok(number) if (least..=most).contains(&number) => return Ok(number),
        Ok(number) if number > most => format!("less than or equal to {most}"),
        Ok(_) | Err(_) => format!("greater than or equal to {least}"),
    };
    Err(constraint(value, member, format!("Member must have value {bound}")))
}

fn check_role(role: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    let well_formed = matches!(
        parts.as_slice(),
        ["arn", partition, "iam", "", account, resource]
            if partition.starts_with("aws")
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty())
    );
    if well_formed {
        return Ok(());
    }
    Err(constraint(
        role,
        "role",
        "Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
    ))
}

fn check_runtime(runtime: &str) -> Result<(), ApiError> {
    if RUNTIMES.contains(&runtime) {
        return Ok(());
    }
    Err(invalid(format!(
        "Value {runtime} at 'runtime' failed to satisfy constraint: the local AWS runs {} only",
        RUNTIMES.join(" and ")
    )))
}

fn check_variables(variables: &BTreeMap<String, String>) -> Result<(), ApiError> {
    const PREFIX: &str =
        "Lambda was unable to configure your environment variables because the environment variables you have provided";
    let reserved: Vec<&str> =
        variables.keys().map(String::as_str).filter(|name| RESERVED_VARIABLES.contains(name)).collect();
    if !reserved.is_empty() {
        return Err(invalid(format!(
            "{PREFIX} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: {}",
            reserved.join(", ")
        )));
    }
    for name in variables.keys() {
        let mut bytes = name.bytes();
        let well_formed = bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
            && name.len() > 1
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !well_formed {
            return Err(constraint(
                name,
                "environment.variables",
                "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]",
            ));
        }
    }
    let size: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > ENVIRONMENT_LIMIT {
        return Err(invalid(format!("{PREFIX} exceeded the 4KB limit. They have {size} bytes")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn create(changes: &Value) -> Result<Settings, ApiError> {
        let mut body = json!({
            "Role": "arn:aws:iam::000000000000:role/r",
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        serde_json::from_value::<SettingsRequest>(body).unwrap().create()
    }

    #[test]
    fn fills_in_lambdas_defaults() {
        let settings = create(&json!({})).ok().unwrap();
        assert_eq!((settings.timeout, settings.memory_size, settings.ephemeral_storage), (3, 128, 512));
        assert!(settings.environment.is_none());
    }

    #[test]
    fn refuses_values_out_of_range_in_lambdas_words() {
        let long = "x".repeat(4096);
        for (changes, code, fragment) in [
            (
                json!({ "Timeout": 0 }),
                "ValidationException",
                "Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1",
            ),
            (json!({ "Timeout": 901 }), "ValidationException", "less than or equal to 900"),
            (json!({ "MemorySize": 127 }), "ValidationException", "greater than or equal to 128"),
            (json!({ "MemorySize": 10241 }), "ValidationException", "less than or equal to 10240"),
            (json!({ "Role": null }), "ValidationException", "null at 'role'"),
            (json!({ "Role": "r" }), "ValidationException", "'role'"),
            (json!({ "Handler": null }), "InvalidParameterValueException", "Runtime and Handler"),
            (json!({ "Runtime": "cobol" }), "InvalidParameterValueException", "'runtime'"),
            (json!({ "Description": "x".repeat(257) }), "ValidationException", "256"),
            (
                json!({ "Environment": { "Variables": { "AWS_REGION": "x" } } }),
                "InvalidParameterValueException",
                "Reserved keys used in this request: AWS_REGION",
            ),
            (json!({ "Environment": { "Variables": { "1A": "x" } } }), "ValidationException", "environment.variables"),
            (json!({ "Environment": { "Variables": { "A1": long } } }), "InvalidParameterValueException", "4KB limit"),
            (json!({ "TracingConfig": { "Mode": "x" } }), "ValidationException", "tracingConfig.mode"),
        ] {
            let error = create(&changes).err().unwrap();
            assert_eq!(error.code(), code, "{error}");
            assert!(error.message().contains(fragment), "{error}");
        }
    }

    #[test]
    fn an_update_leaves_what_it_does_not_name() {
        let mut settings = create(&json!({ "Timeout": 30, "Description": "d" })).ok().unwrap();
        let update: SettingsRequest = serde_json::from_value(json!({ "MemorySize": 256 })).unwrap();
        update.apply(&mut settings).unwrap();
        assert_eq!((settings.timeout, settings.memory_size, settings.description.as_str()), (30, 256, "d"));
    }

    #[test]
    fn says_what_it_cannot_take_code_from() {
        for (body, fragment) in [
            (json!({ "S3Bucket": "b", "S3Key": "k" }), "S3 is not emulated yet"),
            (json!({ "ImageUri": "i" }), "container images"),
            (json!({ "ZipFile": "%%%" }), "base64"),
            (json!({}), "Please provide a source"),
        ] {
            let code: CodeRequest = serde_json::from_value(body).unwrap();
            let error = code.zip().unwrap_err();
            assert!(error.message().contains(fragment), "{error}");
        }
    }

    #[test]
    fn wants_exactly_one_known_architecture() {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(architecture(None).unwrap(), None);
        assert_eq!(architecture(Some(&list(&["arm64"]))).unwrap(), Some("arm64"));
        assert!(architecture(Some(&list(&["arm64", "x86_64"]))).is_err());
        assert!(architecture(Some(&list(&["riscv"]))).is_err());
    }

    #[test]
    fn a_body_that_is_no_json_is_told_so() {
        let error = read::<CreateFunction>(b"{").err().unwrap();
        assert_eq!(error.code(), "InvalidRequestContentException");
    }
}
