//! Operations on versions and aliases.

use serde::Deserialize;
use serde_json::Value;

use super::Lambda;
use super::alias::AliasRequest;
use super::api::{Answer, Call};
use super::configuration::Configuration;
use super::name::FunctionName;
use super::request::invalid;
use super::state::Function;
use crate::failure::ApiError;

/// The body of `PublishVersion`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PublishVersion {
    code_sha256: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
}

impl Function {
    /// Publishes `$LATEST`, unless the last version is the same already: then that one is the answer.
    ///
    /// Source: Lambda API, `PublishVersion`: "doesn't publish a version if the function's configuration and code
    /// haven't changed since the last version".
    pub(super) fn publish(&mut self, description: Option<String>) -> &Configuration {
        let is_published = self.versions.get(&self.last_version).is_some_and(|last| {
            let mut settings = last.settings.clone();
            // A version's own description does not make it another version.
            settings.description.clone_from(&self.latest.settings.description);
            last.code == self.latest.code && settings == self.latest.settings
        });
        if !is_published {
            self.last_version += 1;
        }
        let latest = &self.latest;
        let number = self.last_version;
        self.versions.entry(number).or_insert_with(|| latest.published_as(number, description))
    }
}

impl Lambda {
    /// `PublishVersion`.
    pub(super) async fn publish_version(
        &self,
        call: &Call<'_>,
        name: &FunctionName,
        request: PublishVersion,
    ) -> Result<Answer, ApiError> {
        let settle = self.0.settle;
        self.change(|functions, now| {
            let function = functions.get_mut(call.scope, name)?;
            let latest = &function.latest;
            latest.check_revision(request.revision_id.as_deref(), now, settle)?;
            latest.check_settled(now, settle)?;
            if let Some(wanted) = &request.code_sha256
                && *wanted != latest.code.sha256
            {
                return Err(invalid(format!(
                    "CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({}). Please try again with the CodeSHA256 in $LATEST.",
                    latest.code.sha256
                )));
            }
            let published = function.publish(request.description);
            let arn = published.version_arn();
            Ok(Answer::created(published.to_json(&arn, now, settle)))
        })
        .await
    }

    /// `ListVersionsByFunction`.
    pub(super) async fn list_versions(&self, call: &Call<'_>, name: &FunctionName) -> Result<Answer, ApiError> {
        let items = self
            .read(|functions, now| {
                let function = functions.get(call.scope, name)?;
                let mut items = Vec::new();
                for configuration in std::iter::once(&function.latest).chain(function.versions.values()) {
                    let arn = format!("{}:{}", configuration.arn, configuration.version);
                    items.push(Value::Object(configuration.to_json(&arn, now, self.0.settle)));
                }
                Ok(items)
            })
            .await?;
        call.page("Versions", items)
    }

    /// `CreateAlias`.
    pub(super) async fn create_alias(
        &self,
        call: &Call<'_>,
        name: &FunctionName,
        request: AliasRequest,
    ) -> Result<Answer, ApiError> {
        self.change(|functions, _| {
            let function = functions.get_mut(call.scope, name)?;
            Ok(Answer::created(function.create_alias(call.scope, request)?))
        })
        .await
    }

    /// `GetAlias`.
    pub(super) async fn get_alias(
        &self,
        call: &Call<'_>,
        name: &FunctionName,
        alias: &str,
    ) -> Result<Answer, ApiError> {
        self.read(|functions, _| {
            let function = functions.get(call.scope, name)?;
            Ok(Answer::ok(function.get_alias(call.scope, alias)?))
        })
        .await
    }

    /// `UpdateAlias`.
    pub(super) async fn update_alias(
        &self,
        call: &Call<'_>,
        name: &FunctionName,
        alias: &str,
        request: AliasRequest,
    ) -> Result<Answer, ApiError> {
        self.change(|functions, _| {
            let function = functions.get_mut(call.scope, name)?;
            Ok(Answer::ok(function.update_alias(call.scope, alias, request)?))
        })
        .await
    }

    /// `DeleteAlias`.
    pub(super) async fn delete_alias(
        &self,
        call: &Call<'_>,
        name: &FunctionName,
        alias: &str,
    ) -> Result<Answer, ApiError> {
        self.change(|functions, _| {
            functions.get_mut(call.scope, name)?.delete_alias(alias);
            Ok(Answer::empty())
        })
        .await
    }

    /// `ListAliases`.
    pub(super) async fn list_aliases(&self, call: &Call<'_>, name: &FunctionName) -> Result<Answer, ApiError> {
        let items = self
            .read(|functions, _| {
                let function = functions.get(call.scope, name)?;
                Ok(function.list_aliases(call.scope, call.query("FunctionVersion")))
            })
            .await?;
        call.page("Aliases", items)
    }
}
