//! The environment of a function's process: what Lambda sets, what the function sets, and nothing of this machine.

use std::path::Path;

use super::Spec;

/// The search path of Lambda's provided runtimes. The machine's own is not passed on: a function that needs it would
/// work here and fail in AWS.
const SEARCH_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/opt/bin";

/// All variables. Source: Lambda documentation, "Defined runtime environment variables".
pub(super) fn variables(
    spec: &Spec,
    root: &Path,
    runtime_api: &str,
    endpoint: &str,
    log_stream: &str,
) -> Vec<(String, String)> {
    let [key, secret, token] = &spec.credentials;
    let root = root.to_string_lossy();
    let memory = spec.memory_megabytes.to_string();
    let defined = [
        ("PATH", SEARCH_PATH),
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("LAMBDA_TASK_ROOT", &root),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("_HANDLER", &spec.handler),
        ("AWS_LAMBDA_RUNTIME_API", runtime_api),
        ("AWS_LAMBDA_FUNCTION_NAME", &spec.name),
        ("AWS_LAMBDA_FUNCTION_VERSION", &spec.version),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &spec.log_group),
        ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream),
        ("AWS_REGION", &spec.region),
        ("AWS_DEFAULT_REGION", &spec.region),
        ("AWS_ACCESS_KEY_ID", key),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_SESSION_TOKEN", token),
        // Not Lambda's: this is what makes an AWS SDK inside the function find the local AWS.
        ("AWS_ENDPOINT_URL", endpoint),
        // Not Lambda's either: the connector for HTTP APIs keeps away from the machine it runs on, unless it is told so. The
        // sample API and whatever else is tried out here is on this machine.
        ("CONNECTOR_ALLOW_LOOPBACK", "true"),
    ];
    let mut variables: Vec<(String, String)> =
        defined.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    // The function's come last and win, as far as Lambda lets it name them at all.
    variables.extend(spec.environment.iter().cloned());
    variables
}
