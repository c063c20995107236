//! Functions: reading, writing, permitting, invoking.

mod attachments;
mod version;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    Architecture, Environment, FunctionCode, FunctionConfiguration, InvocationType, LogType, Runtime,
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use super::answer::{
    ATTEMPT_OF_INVOCATION, ATTEMPT_WITH_CONNECTOR, Repeatable, WholeAnswers, attempt_with_upload, within,
};
use super::download::download;
use super::failure::{ServiceFailure, failed};
use crate::attachments::Attachments;
use crate::environment::FunctionEnvironment;
use crate::observed::{Function, FunctionStatus};
use crate::policy::{APPFLOW_PRINCIPAL, Grant, INVOKE_ACTION, Statement};

/// Lambda.
#[derive(Debug, Clone)]
pub struct Lambda {
    pub(super) client: aws_sdk_lambda::Client,
    http: Option<SharedHttpClient>,
}

/// How a function is to be configured, apart from its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    /// The ARN of its role.
    pub role: String,
    /// As in `provided.al2023`.
    pub runtime: String,
    /// As in `bootstrap`.
    pub handler: String,
    /// In MB.
    pub memory: u32,
    /// In seconds.
    pub timeout: u32,
    /// Its variables; only the names are shown.
    pub environment: FunctionEnvironment,
    /// What is attached to it.
    pub attachments: Attachments,
}

/// Where Lambda gets code from.
#[derive(Debug, Clone, Copy)]
pub enum Code<'a> {
    /// A zip that is sent along.
    Zip(&'a [u8]),
    /// A zip in a bucket.
    Object {
        /// The bucket.
        bucket: &'a str,
        /// Its name there.
        key: &'a str,
    },
}

impl Code<'_> {
    /// How many bytes travel with the request.
    fn size(self) -> usize {
        match self {
            Self::Zip(zip) => zip.len(),
            Self::Object { .. } => 0,
        }
    }
}

/// A function to make.
#[derive(Debug)]
pub struct NewFunction<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its configuration.
    pub configuration: &'a Configuration,
    /// `arm64` or `x86_64`.
    pub architecture: &'a str,
    /// Its code.
    pub code: Code<'a>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What an invocation gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The answer, or the error that the runtime reports.
    pub payload: Vec<u8>,
    /// `Unhandled` or `Handled` if the function failed rather than answered.
    pub function_error: Option<String>,
    /// The last 4 KB of the log.
    pub log_tail: Option<String>,
}

impl Lambda {
    pub(super) fn new(config: &SdkConfig) -> Self {
        let http = config.http_client();
        let config = aws_sdk_lambda::config::Builder::from(config);
        let config = config.interceptor(WholeAnswers).retry_classifier(Repeatable).build();
        Self { client: aws_sdk_lambda::Client::from_conf(config), http }
    }

    /// Reads a function with its tags; none if there is no such function.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn function(&self, name: &str) -> Result<Option<Function>, ServiceFailure> {
        let request = self.client.get_function().function_name(name);
        let answer = match request.send().await.map_err(failed("lambda:GetFunction")) {
            Ok(answer) => answer,
            Err(failure) if failure.is_not_found() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        // Lambda answers without the variables when it may not decrypt them; taken for none, they would be wiped.
        let environment = answer.configuration().and_then(FunctionConfiguration::environment);
        if let Some(error) = environment.and_then(|environment| environment.error()) {
            // Not the caller's rights are missing, but those of the function's key.
            let code = match error.error_code() {
                Some("AccessDeniedException") => "KMSAccessDeniedException",
                Some(code) => code,
                None => "EnvironmentError",
            };
            let message = format!("the variables of {name} cannot be read: {}", error.message().unwrap_or_default());
            return Err(ServiceFailure::answered("lambda:GetFunction", code, message));
        }
        let tags = answer.tags().cloned().unwrap_or_default().into_iter().collect();
        Ok(answer.configuration().map(|configuration| function(configuration, tags)))
    }

    /// Fetches the code of a function, from where `GetFunction` says it is.
    ///
    /// # Errors
    /// The service's failure, not found included.
    pub async fn code(&self, name: &str) -> Result<Vec<u8>, ServiceFailure> {
        const ACTION: &str = "lambda:GetFunction";
        let answer = self.client.get_function().function_name(name).send().await.map_err(failed(ACTION))?;
        let place = answer.code().and_then(|code| code.location());
        match (place, &self.http) {
            (Some(place), Some(http)) => download(http, ACTION, place).await,
            _ => Err(ServiceFailure::answered(ACTION, "NoCodeLocation", "it does not say where the code is")),
        }
    }

    /// Reads whether a function can be used.
    ///
    /// # Errors
    /// The service's failure, not found included.
    pub async fn status(&self, name: &str) -> Result<FunctionStatus, ServiceFailure> {
        let request = self.client.get_function_configuration().function_name(name);
        let answer = request.send().await.map_err(failed("lambda:GetFunctionConfiguration"))?;
        Ok(FunctionStatus {
            state: answer.state().map(|state| state.as_str().to_owned()),
            state_reason_code: answer.state_reason_code().map(|code| code.as_str().to_owned()),
            state_reason: answer.state_reason().map(str::to_owned),
            last_update: answer.last_update_status().map(|status| status.as_str().to_owned()),
            last_update_reason_code: answer.last_update_status_reason_code().map(|code| code.as_str().to_owned()),
            last_update_reason: answer.last_update_status_reason().map(str::to_owned),
            revision_id: answer.revision_id().map(str::to_owned),
            code_sha256: answer.code_sha256().map(str::to_owned),
        })
    }

    /// Makes a function. It is not ready yet when this returns.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn create(&self, new: &NewFunction<'_>) -> Result<(), ServiceFailure> {
        let wanted = new.configuration;
        let code = match new.code {
            Code::Zip(zip) => FunctionCode::builder().zip_file(Blob::new(zip)),
            Code::Object { bucket, key } => FunctionCode::builder().s3_bucket(bucket).s3_key(key),
        };
        let code = code.build();
        let request = self
            .client
            .create_function()
            .function_name(new.name)
            .role(&wanted.role)
            .runtime(Runtime::from(wanted.runtime.as_str()))
            .handler(&wanted.handler)
            .memory_size(signed(wanted.memory))
            .timeout(signed(wanted.timeout))
            .architectures(Architecture::from(new.architecture))
            .set_environment(environment(&wanted.environment))
            .code(code)
            .set_tags(Some(new.tags.clone().into_iter().collect()))
            .publish(false);
        let request = attachments::create(request, &wanted.attachments);
        let size = new.code.size();
        let request = request.customize().config_override(taking(attempt_with_upload(size)));
        request.send().await.map(drop).map_err(failed("lambda:CreateFunction"))
    }

    /// Replaces a function's code and architecture, unless somebody changed it since `revision_id`.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn update_code(
        &self,
        name: &str,
        code: Code<'_>,
        architecture: &str,
        revision_id: Option<String>,
    ) -> Result<(), ServiceFailure> {
        let request = self
            .client
            .update_function_code()
            .function_name(name)
            .architectures(Architecture::from(architecture))
            .set_revision_id(revision_id);
        let request = match code {
            Code::Zip(zip) => request.zip_file(Blob::new(zip)),
            Code::Object { bucket, key } => request.s3_bucket(bucket).s3_key(key),
        };
        let request = request.customize().config_override(taking(attempt_with_upload(code.size())));
        request.send().await.map(drop).map_err(failed("lambda:UpdateFunctionCode"))
    }

    /// Replaces a function's configuration, unless somebody changed it since `revision_id`. Of what is attached, only what
    /// is not as `found` is sent.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn update_configuration(
        &self,
        name: &str,
        found: &Configuration,
        wanted: &Configuration,
        revision_id: Option<String>,
    ) -> Result<(), ServiceFailure> {
        let request = self
            .client
            .update_function_configuration()
            .function_name(name)
            .role(&wanted.role)
            .runtime(Runtime::from(wanted.runtime.as_str()))
            .handler(&wanted.handler)
            .memory_size(signed(wanted.memory))
            .timeout(signed(wanted.timeout))
            .set_environment(environment(&wanted.environment).or_else(|| {
                // None would leave those that are there.
                (!found.environment.is_empty())
                    .then(|| Environment::builder().set_variables(Some(HashMap::new())).build())
            }))
            .set_revision_id(revision_id);
        let request = attachments::update(request, &found.attachments, &wanted.attachments);
        request.send().await.map(drop).map_err(failed("lambda:UpdateFunctionConfiguration"))
    }

    /// Deletes a function.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn delete(&self, name: &str) -> Result<(), ServiceFailure> {
        let request = self.client.delete_function().function_name(name);
        request.send().await.map(drop).map_err(failed("lambda:DeleteFunction"))
    }

    /// Tags a function.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn tag(&self, arn: &str, key: &str, value: &str) -> Result<(), ServiceFailure> {
        let request = self.client.tag_resource().resource(arn).tags(key, value);
        request.send().await.map(drop).map_err(failed("lambda:TagResource"))
    }

    /// Sets several tags of a function at once.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn tag_all(&self, arn: &str, tags: &BTreeMap<String, String>) -> Result<(), ServiceFailure> {
        let tags = tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let request = self.client.tag_resource().resource(arn).set_tags(Some(tags));
        request.send().await.map(drop).map_err(failed("lambda:TagResource"))
    }

    /// Takes tags away from a function.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn untag(&self, arn: &str, keys: &[String]) -> Result<(), ServiceFailure> {
        let request = self.client.untag_resource().resource(arn).set_tag_keys(Some(keys.to_vec()));
        request.send().await.map(drop).map_err(failed("lambda:UntagResource"))
    }

    /// Reads a function's resource policy and its revision. No policy and no function both give an empty one.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn permissions(&self, name: &str) -> Result<(Vec<Statement>, Option<String>), ServiceFailure> {
        let request = self.client.get_policy().function_name(name);
        match request.send().await.map_err(failed("lambda:GetPolicy")) {
            Ok(answer) => {
                let policy: Value =
                    answer.policy().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
                Ok((Statement::parse_all(&policy), answer.revision_id().map(str::to_owned)))
            }
            Err(failure) if failure.is_not_found() => Ok((Vec::new(), None)),
            Err(failure) => Err(failure),
        }
    }

    /// Lets AppFlow invoke a function.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn permit(&self, name: &str, grant: &Grant, revision_id: Option<String>) -> Result<(), ServiceFailure> {
        let request = self
            .client
            .add_permission()
            .function_name(name)
            .statement_id(&grant.statement_id)
            .action(INVOKE_ACTION)
            .principal(APPFLOW_PRINCIPAL)
            .source_account(&grant.source_account)
            .source_arn(&grant.source_arn)
            .set_revision_id(revision_id);
        request.send().await.map(drop).map_err(failed("lambda:AddPermission"))
    }

    /// Removes a statement of a function's resource policy, unless somebody changed the policy since `revision_id`.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn forbid(
        &self,
        name: &str,
        statement_id: &str,
        revision_id: Option<String>,
    ) -> Result<(), ServiceFailure> {
        let request = self.client.remove_permission().function_name(name).statement_id(statement_id);
        let request = request.set_revision_id(revision_id);
        request.send().await.map(drop).map_err(failed("lambda:RemovePermission"))
    }

    /// Invokes a function and waits for its answer.
    ///
    /// # Errors
    /// The service's failure. That the function failed is no error here: see [`Invocation::function_error`].
    pub async fn invoke(&self, name: &str, payload: Vec<u8>) -> Result<Invocation, ServiceFailure> {
        self.invoke_within(taking(ATTEMPT_OF_INVOCATION), name, payload).await
    }

    /// Invokes a function with what must not be done twice: whatever goes wrong, it is not sent again.
    ///
    /// # Errors
    /// As [`invoke`](Self::invoke).
    pub async fn invoke_once(&self, name: &str, payload: Vec<u8>) -> Result<Invocation, ServiceFailure> {
        let once = taking(ATTEMPT_OF_INVOCATION).retry_config(RetryConfig::disabled());
        self.invoke_within(once, name, payload).await
    }

    /// Invokes a function with a question that AppFlow waits 10 seconds for.
    ///
    /// # Errors
    /// As [`invoke`](Self::invoke).
    pub async fn invoke_briefly(&self, name: &str, payload: Vec<u8>) -> Result<Invocation, ServiceFailure> {
        self.invoke_within(taking(ATTEMPT_WITH_CONNECTOR), name, payload).await
    }

    async fn invoke_within(
        &self,
        how: aws_sdk_lambda::config::Builder,
        name: &str,
        payload: Vec<u8>,
    ) -> Result<Invocation, ServiceFailure> {
        let request = self
            .client
            .invoke()
            .function_name(name)
            .invocation_type(InvocationType::RequestResponse)
            .log_type(LogType::Tail)
            .payload(Blob::new(payload))
            .customize()
            .config_override(how);
        let answer = request.send().await.map_err(failed("lambda:InvokeFunction"))?;
        let log = answer.log_result().and_then(|text| STANDARD.decode(text).ok());
        Ok(Invocation {
            function_error: answer.function_error().map(str::to_owned),
            log_tail: log.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            payload: answer.payload.map(Blob::into_inner).unwrap_or_default(),
        })
    }
}

/// Another time limit for each try of a call.
fn taking(attempt: Duration) -> aws_sdk_lambda::config::Builder {
    aws_sdk_lambda::config::Builder::default().timeout_config(within(attempt))
}

fn function(configuration: &FunctionConfiguration, tags: BTreeMap<String, String>) -> Function {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    Function {
        arn: text(configuration.function_arn()),
        role: text(configuration.role()),
        runtime: configuration.runtime().map(|runtime| runtime.as_str().to_owned()),
        handler: configuration.handler().map(str::to_owned),
        memory: unsigned(configuration.memory_size()),
        timeout: unsigned(configuration.timeout()),
        // Lambda's default where none is stated.
        architecture: configuration.architectures().first().map_or("x86_64", Architecture::as_str).to_owned(),
        environment: configuration
            .environment()
            .and_then(|environment| environment.variables().cloned())
            .unwrap_or_default()
            .into_iter()
            .collect(),
        attachments: attachments::read(configuration),
        code_sha256: text(configuration.code_sha256()),
        tags,
        status: FunctionStatus {
            state: configuration.state().map(|state| state.as_str().to_owned()),
            state_reason_code: configuration.state_reason_code().map(|code| code.as_str().to_owned()),
            state_reason: configuration.state_reason().map(str::to_owned),
            last_update: configuration.last_update_status().map(|status| status.as_str().to_owned()),
            last_update_reason_code: configuration
                .last_update_status_reason_code()
                .map(|code| code.as_str().to_owned()),
            last_update_reason: configuration.last_update_status_reason().map(str::to_owned),
            revision_id: configuration.revision_id().map(str::to_owned),
            code_sha256: configuration.code_sha256().map(str::to_owned),
        },
    }
}

fn environment(variables: &FunctionEnvironment) -> Option<Environment> {
    if variables.is_empty() {
        return None;
    }
    let variables: HashMap<_, _> = variables.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    Some(Environment::builder().set_variables(Some(variables)).build())
}

/// Limits keep these numbers far below the edge of `i32`.
fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn unsigned(number: Option<i32>) -> u32 {
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}
