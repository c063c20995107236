//! Operations on functions: create, read, update, delete, list, tags, reserved concurrency, function URLs.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Answer, Call};
use super::code::file_stem;
use super::configuration::{CodeReference, Configuration};
use super::function_url::FunctionUrlRequest;
use super::name::{FunctionName, LATEST, constraint, function_arn};
use super::policy::missing;
use super::request::{CreateFunction, UpdateFunctionCode, UpdateFunctionConfiguration, architecture, invalid};
use super::state::{Function, no_such_function};
use super::{CODE_PATH, Lambda};
use crate::failure::ApiError;

/// Largest body of a request that carries code, in bytes: 50 MiB in base64. Source: Lambda's own message.
const REQUEST_LIMIT: usize = 69_905_067;

/// The service that must be able to assume a function's role.
const LAMBDA: &str = "lambda.amazonaws.com";

/// The body of `TagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagRequest {
    tags: Option<BTreeMap<String, String>>,
}

/// The body of `PutFunctionConcurrency`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ConcurrencyRequest {
    reserved_concurrent_executions: Option<u64>,
}

impl Lambda {
    /// `CreateFunction`.
    pub(super) async fn create_function(&self, call: &Call<'_>, request: CreateFunction) -> Result<Answer, ApiError> {
        check_size(call, "CreateFunction")?;
        let scope = call.scope;
        let name = request.function_name.ok_or_else(|| missing("functionName"))?;
        let name = FunctionName::parse(&name, None, scope)?;
        if request.package_type.is_some_and(|package_type| package_type != "Zip") {
            return Err(invalid("container images are not emulated: use the package type Zip"));
        }
        let settings = request.settings.create()?;
        let architecture = architecture(request.architectures.as_deref())?.unwrap_or("x86_64").to_owned();
        let tags = request.tags.unwrap_or_default();
        check_tags(&tags)?;
        let zip = request.code.ok_or_else(|| missing("code"))?.zip()?;
        self.check_role(&settings.role).await?;
        let code = self.keep(zip, architecture).await?;
        let publish = request.publish == Some(true);
        self.change(|functions, now| {
            if functions.contains(scope, &name.name) {
                return Err(ApiError::new(
                    StatusCode::CONFLICT,
                    "ResourceConflictException",
                    format!("Function already exist: {}", name.name),
                ));
            }
            let arn = function_arn(scope, &name.name);
            let latest = Configuration::new(&name.name, arn.clone(), settings, code, now);
            let mut function = Function::new(latest, tags);
            // The answer bears the bare ARN even when a version was published with it (assumed: AWS does not say).
            let shown = if publish {
                function.publish(None).to_json(&arn, now, self.0.settle)
            } else {
                function.latest.to_json(&arn, now, self.0.settle)
            };
            functions.insert(scope, &name.name, function);
            Ok(Answer::created(shown))
        })
        .await
    }

    /// `GetFunction`.
    pub(super) async fn get_function(&self, call: &Call<'_>, name: &FunctionName) -> Result<Answer, ApiError> {
        self.read(|functions, now| {
            let function = functions.get(call.scope, name)?;
            let configuration = function.resolve(call.scope, name)?;
            let location = format!("{}{CODE_PATH}/{}.zip", self.0.endpoint, file_stem(&configuration.code.sha256));
            let mut body = json!({
                "Configuration": self.show(call, name, configuration, now),
                "Code": { "RepositoryType": "S3", "Location": location },
            });
            if !function.tags.is_empty() {
                body["Tags"] = json!(function.tags);
            }
            if let Some(reserved) = function.reserved_concurrency {
                body["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
            }
            Ok(Answer::ok(body))
        })
        .await
    }

    /// `GetFunctionConfiguration`.
    pub(super) async fn get_configuration(&self, call: &Call<'_>, name: &FunctionName) -> Result<Answer, ApiError> {
        self.read(|functions, now| {
            let configuration = functions.get(call.scope, name)?.resolve(call.scope, name)?;
            Ok(Answer::ok(self.show(call, name, configuration, now)))
        })
        .await
    }

    /// `ListFunctions`, with all versions when asked for.
    pub(super) async fn list_functions(&self, call: &Call<'_>) -> Result<Answer, ApiError> {
        let all = call.query("FunctionVersion") == Some("ALL");
        let items = self
            .read(|functions, now| {
                let mut items = Vec::new();
                for (_, function) in functions.in_region(&call.scope.region) {
                    let mut put = |configuration: &Configuration| {
                        let arn = configuration.version_arn();
                        items.push(Value::Object(configuration.to_json(&arn, now, self.0.settle)));
                    };
                    put(&function.latest);
                    if all {
                        function.versions.values().for_each(put);
                    }
                }
                Ok(items)
            })
            .await?;
        call.page("Functions", items)
    }

    /// `UpdateFunctionCode`.
    pub(super) async fn update_code(
        &self,
        call: &Call<'_>,
        name: &FunctionName,
        request: UpdateFunctionCode,
    ) -> Result<Answer, ApiError> {
        check_size(call, "UpdateFunctionCode")?;
        refuse_qualifier(name)?;
        let settle = self.0.settle;
        let revision = request.revision_id;
        let before = self
            .read(|functions, now| {
                let latest = &functions.get(call.scope, name)?.latest;
                latest.check_revision(revision.as_deref(), now, settle)?;
                latest.check_settled(now, settle)?;
                Ok(latest.code.architecture.clone())
            })
            .await?;
        let architecture = architecture(request.architectures.as_deref())?.map_or(before, str::to_owned);
        let code = self.keep(request.code.zip()?, architecture).await?;
        let (dry_run, publish) = (request.dry_run == Some(true), request.publish == Some(true));
        let apply = |function: &mut Function, now: Timestamp| {
            function.latest.check_revision(revision.as_deref(), now, settle)?;
            function.latest.check_settled(now, settle)?;
            function.previous = Some(function.latest.clone());
            function.latest.code = code;
            function.latest.begin_update(now);
            let shown = if publish {
                let published = function.publish(None);
                let arn = published.version_arn();
                published.to_json(&arn, now, settle)
            } else {
                function.latest.to_json(&function.latest.arn, now, settle)
            };
            Ok(Answer::ok(shown))
        };
        if dry_run {
            return self.read(|functions, now| apply(&mut functions.get(call.scope, name)?.clone(), now)).await;
        }
        let answer = self.change(|functions, now| apply(functions.get_mut(call.scope, name)?, now)).await?;
        self.retire_latest(call, name).await;
        Ok(answer)
    }

    /// `UpdateFunctionConfiguration`.
    pub(super) async fn update_configuration(
        &self,
        call: &Call<'_>,
        name: &FunctionName,
        request: UpdateFunctionConfiguration,
    ) -> Result<Answer, ApiError> {
        refuse_qualifier(name)?;
        let settle = self.0.settle;
        if let Some(role) = &request.settings.role {
            self.read(|functions, _| functions.get(call.scope, name).map(|_| ())).await?;
            self.check_role(role).await?;
        }
        let answer = self
            .change(|functions, now| {
                let function = functions.get_mut(call.scope, name)?;
                function.latest.check_revision(request.revision_id.as_deref(), now, settle)?;
                function.latest.check_settled(now, settle)?;
                function.previous = Some(function.latest.clone());
                request.settings.apply(&mut function.latest.settings)?;
                function.latest.begin_update(now);
                let shown = function.latest.to_json(&function.latest.arn, now, settle);
                Ok(Answer::ok(shown))
            })
            .await?;
        self.retire_latest(call, name).await;
        Ok(answer)
    }

    /// `DeleteFunction`: the function, or only the version that is named.
    pub(super) async fn delete_function(&self, call: &Call<'_>, name: &FunctionName) -> Result<Answer, ApiError> {
        let arn = function_arn(call.scope, &name.name);
        let Some(qualifier) = &name.qualifier else {
            self.change(|functions, _| {
                functions.remove(call.scope, &name.name).map(|_| ()).ok_or_else(|| no_such_function(&arn))
            })
            .await?;
            self.0.executor.retire_function(&arn).await;
            return Ok(Answer::empty());
        };
        if qualifier == LATEST {
            return Err(invalid("$LATEST version cannot be deleted without deleting the function."));
        }
        self.change(|functions, _| {
            let function = functions.get_mut(call.scope, name)?;
            let number: u64 = qualifier
                .parse()
                .map_err(|_| invalid(format!("{qualifier} is not a version: delete an alias with DeleteAlias")))?;
            let users: Vec<&str> = function
                .aliases
                .iter()
                .filter(|(_, alias)| alias.function_version == *qualifier)
                .map(|(alias, _)| alias.as_str())
                .collect();
            if !users.is_empty() {
                return Err(ApiError::new(
                    StatusCode::CONFLICT,
                    "ResourceConflictException",
                    format!(
                        "Version {qualifier} is used by the aliases {}: point them to another version first",
                        users.join(", ")
                    ),
                ));
            }
            // Deleting a version that is not there succeeds.
            function.versions.remove(&number);
            function.policies.remove(qualifier);
            Ok(())
        })
        .await?;
        self.0.executor.retire_version(&format!("{arn}:{qualifier}")).await;
        Ok(Answer::empty())
    }

    /// `TagResource`.
    pub(super) async fn tag(
        &self,
        call: &Call<'_>,
        name: &FunctionName,
        request: TagRequest,
    ) -> Result<Answer, ApiError> {
        let tags = request.tags.ok_or_else(|| missing("tags"))?;
        self.change(|functions, _| {
            let function = functions.get_mut(call.scope, name)?;
            function.tags.extend(tags);
            check_tags(&function.tags)?;
            Ok(Answer::empty())
        })
        .await
    }

    /// `UntagResource`.
    pub(super) async fn untag(&self, call: &Call<'_>, name: &FunctionName) -> Result<Answer, ApiError> {
        let keys: BTreeSet<&str> = call.query_all("tagKeys").collect();
        if keys.is_empty() {
            return Err(missing("tagKeys"));
        }
        self.change(|functions, _| {
            let function = functions.get_mut(call.scope, name)?;
            function.tags.retain(|key, _| !keys.contains(key.as_str()));
            Ok(Answer::empty())
        })
        .await
    }

    /// `ListTags`.
    pub(super) async fn list_tags(&self, call: &Call<'_>, name: &FunctionName) -> Result<Answer, ApiError> {
        self.read(|functions, _| {
            let function = functions.get(call.scope, name)?;
            Ok(Answer::ok(json!({ "Tags": function.tags })))
        })
        .await
    }

    /// `PutFunctionConcurrency`.
    pub(super) async fn put_concurrency(
        &self,
        call: &Call<'_>,
        name: &FunctionName,
        request: &ConcurrencyRequest,
    ) -> Result<Answer, ApiError> {
        let reserved = request.reserved_concurrent_executions.ok_or_else(|| missing("reservedConcurrentExecutions"))?;
        self.change(|functions, _| {
            functions.get_mut(call.scope, name)?.reserved_concurrency = Some(reserved);
            Ok(Answer::ok(json!({ "ReservedConcurrentExecutions": reserved })))
        })
        .await
    }

    /// `GetFunctionConcurrency`.
    pub(super) async fn get_concurrency(&self, call: &Call<'_>, name: &FunctionName) -> Result<Answer, ApiError> {
        self.read(|functions, _| {
            let reserved = functions.get(call.scope, name)?.reserved_concurrency;
            Ok(Answer::ok(match reserved {
                Some(reserved) => json!({ "ReservedConcurrentExecutions": reserved }),
                None => json!({}),
            }))
        })
        .await
    }

    /// `DeleteFunctionConcurrency`.
    pub(super) async fn delete_concurrency(&self, call: &Call<'_>, name: &FunctionName) -> Result<Answer, ApiError> {
        self.change(|functions, _| {
            functions.get_mut(call.scope, name)?.reserved_concurrency = None;
            Ok(Answer::empty())
        })
        .await
    }

    /// `CreateFunctionUrlConfig`.
    pub(super) async fn create_url(
        &self,
        call: &Call<'_>,
        name: &FunctionName,
        request: FunctionUrlRequest,
    ) -> Result<Answer, ApiError> {
        self.change(|functions, now| {
            let function = functions.get_mut(call.scope, name)?;
            function.check_qualifier(call.scope, name)?;
            let shown = function.create_url(call.scope, name.published().unwrap_or_default(), request, now)?;
            Ok(Answer::created(shown))
        })
        .await
    }

    /// `UpdateFunctionUrlConfig`.
    pub(super) async fn update_url(
        &self,
        call: &Call<'_>,
        name: &FunctionName,
        request: FunctionUrlRequest,
    ) -> Result<Answer, ApiError> {
        self.change(|functions, now| {
            let function = functions.get_mut(call.scope, name)?;
            let shown = function.update_url(call.scope, name.published().unwrap_or_default(), request, now)?;
            Ok(Answer::ok(shown))
        })
        .await
    }

    /// `GetFunctionUrlConfig`.
    pub(super) async fn get_url(&self, call: &Call<'_>, name: &FunctionName) -> Result<Answer, ApiError> {
        self.read(|functions, _| {
            let function = functions.get(call.scope, name)?;
            Ok(Answer::ok(function.get_url(call.scope, name.published().unwrap_or_default())?))
        })
        .await
    }

    /// `DeleteFunctionUrlConfig`.
    pub(super) async fn delete_url(&self, call: &Call<'_>, name: &FunctionName) -> Result<Answer, ApiError> {
        self.change(|functions, _| {
            functions.get_mut(call.scope, name)?.delete_url(name.published().unwrap_or_default())?;
            Ok(Answer::empty())
        })
        .await
    }

    /// A version under the ARN that the caller used.
    fn show(&self, call: &Call<'_>, name: &FunctionName, configuration: &Configuration, now: Timestamp) -> Value {
        Value::Object(configuration.to_json(&name.arn(call.scope), now, self.0.settle))
    }

    async fn check_role(&self, role: &str) -> Result<(), ApiError> {
        if self.0.iam.role_trusts_service(role, LAMBDA).await {
            return Ok(());
        }
        Err(invalid("The role defined for the function cannot be assumed by Lambda."))
    }

    async fn keep(&self, zip: Bytes, architecture: String) -> Result<CodeReference, ApiError> {
        let store = self.0.code.clone();
        let size = zip.len() as u64;
        let sha256 = tokio::task::spawn_blocking(move || store.keep(&zip))
            .await
            .map_err(|error| ApiError::internal(&error))??;
        Ok(CodeReference { sha256, size, architecture })
    }

    async fn retire_latest(&self, call: &Call<'_>, name: &FunctionName) {
        let arn = function_arn(call.scope, &name.name);
        self.0.executor.retire_version(&arn).await;
    }
}

fn refuse_qualifier(name: &FunctionName) -> Result<(), ApiError> {
    match name.published() {
        None => Ok(()),
        Some(qualifier) => Err(invalid(format!("the version {qualifier} cannot be changed: only $LATEST can"))),
    }
}

fn check_size(call: &Call<'_>, operation: &str) -> Result<(), ApiError> {
    if call.body.len() < REQUEST_LIMIT {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "RequestEntityTooLargeException",
        format!("Request must be smaller than {REQUEST_LIMIT} bytes for the {operation} operation"),
    ))
}

fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    if tags.len() > 50 {
        return Err(invalid("a function has at most 50 tags"));
    }
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > 128 || key.starts_with("aws:") {
            return Err(constraint(key, "tags", "Map keys must have 1 to 128 characters and not begin with aws:"));
        }
        if value.chars().count() > 256 {
            return Err(constraint(value, "tags", "Map values must have at most 256 characters"));
        }
    }
    Ok(())
}
