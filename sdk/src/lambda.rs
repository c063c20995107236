//! Runs a connector as an AWS Lambda function.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::aws;
use crate::connector::Connector;
use crate::credentials::SecretStore;
use crate::dispatch::handle_with_summary;
use crate::error::ConnectorError;
use crate::invocation::InvocationContext;
use crate::protocol::DecodeError;
use crate::secret::Secret;
use crate::secret_cache::CachedSecrets;

/// The function could not be started, or lost its connection to the Runtime API.
#[derive(Debug)]
pub struct RunError(lambda_runtime::Error);

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the Lambda runtime stopped")
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// How a function runs: what [`run`] leaves at its default.
///
/// ```no_run
/// # use appflow_sdk::{Connector, lambda::{Options, RunError}};
/// # async fn example(connector: impl Connector) -> Result<(), RunError> {
/// Options::default().log_level("debug").metrics("Acme/Connector").run(connector).await
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Options {
    log_level: Option<String>,
    metrics: Option<String>,
}

impl Options {
    /// Sets the log level, from the binary's edge: a level such as `debug`, or levels by target such as
    /// `info,appflow_sdk=trace`. What cannot be read counts as `info`, the default, and is said in the log.
    #[must_use]
    pub fn log_level(mut self, level: impl Into<String>) -> Self {
        self.log_level = Some(level.into());
        self
    }

    /// Writes one line of [metrics](crate::InvocationSummary::embedded_metrics) for each invocation, to this CloudWatch
    /// namespace. CloudWatch charges for custom metrics; by default there are none.
    #[must_use]
    pub fn metrics(mut self, namespace: impl Into<String>) -> Self {
        self.metrics = Some(namespace.into());
        self
    }

    /// As [`run`](fn@run), with these options.
    ///
    /// # Errors
    /// As [`run`](fn@run).
    ///
    /// # Panics
    /// As [`run`](fn@run).
    pub async fn run<C: Connector>(self, connector: C) -> Result<(), RunError> {
        write_logs_as_json(self.log_level.as_deref().unwrap_or("info"));
        let connector = Arc::new(connector);
        let secrets: Arc<dyn SecretStore> = Arc::new(CachedSecrets::new(SecretsManager::default(), SECRET_LIFETIME));
        let namespace: Option<Arc<str>> = self.metrics.map(Into::into);
        let function = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
            let (connector, secrets, namespace) = (Arc::clone(&connector), Arc::clone(&secrets), namespace.clone());
            async move {
                let (request, call) = event.into_parts();
                let limit = call.deadline().duration_since(SystemTime::now()).unwrap_or(Duration::ZERO);
                let context = InvocationContext::new(call.request_id, limit, secrets);
                let answered = handle_with_summary(&*connector, request.get().as_bytes(), context).await;
                let (answer, summary) = answered.map_err(InvalidRequest)?;
                summary.log();
                if let Some(namespace) = namespace {
                    write_line(&summary.embedded_metrics(&namespace, SystemTime::now()));
                }
                Ok::<_, InvalidRequest>(answer)
            }
        });
        // The runtime's own tracing layer is left out: it would wrap each line of ours in a span of its own.
        lambda_runtime::Runtime::new(function).run().await.map_err(RunError)
    }
}

/// Answers AppFlow's requests with a connector until Lambda ends the process.
///
/// Reads secrets from Secrets Manager with the function's role and remembers each for a minute, writes one JSON line per
/// invocation to the log, and reports requests that cannot be read as function errors of type
/// `AppFlowSdk.InvalidRequest`. [`Options`] sets the log level and switches metrics on.
///
/// ```no_run
/// # use appflow_sdk::{Connector, lambda::RunError};
/// # async fn example(connector: impl Connector) -> Result<(), RunError> {
/// appflow_sdk::lambda::run(connector).await
/// # }
/// ```
///
/// # Errors
/// [`RunError`] when the Runtime API cannot be reached.
///
/// # Panics
/// When the variables that Lambda sets for every function (`AWS_LAMBDA_FUNCTION_NAME` and its like) are missing: the
/// process does not run in Lambda.
pub async fn run<C: Connector>(connector: C) -> Result<(), RunError> {
    Options::default().run(connector).await
}

/// Writes a line to the function's standard output, which is its log.
fn write_line(line: &str) {
    let mut output = std::io::stdout().lock();
    // There is nowhere to say that the log cannot be written.
    drop(output.write_all(line.as_bytes()).and_then(|()| output.write_all(b"\n")));
}

/// One JSON object a line, as CloudWatch Logs Insights reads it.
fn write_logs_as_json(level: &str) {
    let read: Result<Targets, _> = level.parse();
    let problem = read.as_ref().err().map(ToString::to_string);
    let targets = read.unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
    let lines =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
    // A second call in one process finds a subscriber already set and leaves it.
    drop(tracing_subscriber::registry().with(lines).with(targets).try_init());
    if let Some(problem) = problem {
        tracing::warn!(level, problem, "the log level cannot be read; info is used");
    }
}

/// A request that cannot be read, as a Lambda function error.
#[derive(Debug)]
struct InvalidRequest(DecodeError);

impl From<InvalidRequest> for Diagnostic {
    fn from(InvalidRequest(error): InvalidRequest) -> Self {
        tracing::error!(error = %error, "the request cannot be read");
        Self { error_type: "AppFlowSdk.InvalidRequest".to_owned(), error_message: error.to_string() }
    }
}

/// How long a secret that was read may be used again.
const SECRET_LIFETIME: Duration = Duration::from_mins(1);

/// How long a fresh secret may be invisible: Secrets Manager is eventually consistent, and AppFlow makes the secret just
/// before it asks the connector to validate it.
const SECRET_PATIENCE: Duration = Duration::from_secs(3);

/// AWS Secrets Manager. The client is made at the first use, so that describing the connector costs no TLS set-up.
#[derive(Default)]
struct SecretsManager {
    client: OnceCell<Client>,
}

impl fmt::Debug for SecretsManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretsManager")
    }
}

impl SecretsManager {
    async fn client(&self) -> &Client {
        self.client.get_or_init(|| async { Client::new(&aws::configuration().await) }).await
    }

    /// Tries again for a short time when the secret is not visible yet.
    async fn get_patiently(&self, secret_arn: &str) -> Result<Secret, ConnectorError> {
        let started = Instant::now();
        let mut pause = Duration::from_millis(200);
        loop {
            match self.get_once(secret_arn).await {
                Err(error) if is_not_visible_yet(&error) && started.elapsed() + pause < SECRET_PATIENCE => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                outcome => return outcome,
            }
        }
    }

    async fn get_once(&self, secret_arn: &str) -> Result<Secret, ConnectorError> {
        let answer = self.client().await.get_secret_value().secret_id(secret_arn).send().await.map_err(|error| {
            let code = error.code().unwrap_or("no answer").to_owned();
            let text = format!("the secret {secret_arn} cannot be read ({code})");
            match code.as_str() {
                "ResourceNotFoundException" => ConnectorError::resource_not_found(format!(
                    "{text}; was the connection deleted, or is it in another region?"
                )),
                "AccessDeniedException" => ConnectorError::access_denied(format!(
                    "{text}; allow the function's role secretsmanager:GetSecretValue on it"
                )),
                _ => ConnectorError::server_error(text),
            }
            .with_source(aws::chain(&error))
        })?;
        match answer.secret_string {
            Some(text) => Ok(Secret::from(text)),
            None => Err(ConnectorError::invalid_credentials(format!("the secret {secret_arn} holds no text"))),
        }
    }
}

fn is_not_visible_yet(error: &ConnectorError) -> bool {
    matches!(error.code().as_str(), "ResourceNotFoundError" | "AccessDenied")
}

impl SecretStore for SecretsManager {
    fn secret<'a>(
        &'a self,
        secret_arn: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, ConnectorError>> + Send + 'a>> {
        Box::pin(self.get_patiently(secret_arn))
    }
}
