//! Aliases: names for versions.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::configuration::stale_revision;
use super::name::{FunctionName, constraint, function_arn, is_word};
use super::policy::missing;
use super::state::{Function, no_such_function};
use crate::failure::ApiError;
use crate::scope::Scope;

/// A name for a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alias {
    /// A version number or `$LATEST`.
    pub(crate) function_version: String,
    description: String,
    revision: String,
    /// Kept, not acted on.
    #[serde(default)]
    routing: Option<Value>,
}

/// The body of `CreateAlias` and `UpdateAlias`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct AliasRequest {
    name: Option<String>,
    function_version: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
    routing_config: Option<Value>,
}

impl Function {
    /// `CreateAlias`.
    pub(crate) fn create_alias(&mut self, scope: &Scope, request: AliasRequest) -> Result<Value, ApiError> {
        let name = request.name.ok_or_else(|| missing("name"))?;
        if !is_word(&name) || name.len() > 128 || name.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(constraint(
                &name,
                "name",
                "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
            ));
        }
        let version = request.function_version.ok_or_else(|| missing("functionVersion"))?;
        self.check_version(scope, &version)?;
        if self.aliases.contains_key(&name) {
            return Err(ApiError::new(
                StatusCode::CONFLICT,
                "ResourceConflictException",
                format!("Alias already exists: {}", self.alias_arn(scope, &name)),
            ));
        }
        let alias = Alias {
            function_version: version,
            description: request.description.unwrap_or_default(),
            revision: Uuid::new_v4().to_string(),
            routing: request.routing_config,
        };
        let shown = self.show(scope, &name, &alias);
        self.aliases.insert(name, alias);
        Ok(shown)
    }

    /// `UpdateAlias`.
    pub(crate) fn update_alias(&mut self, scope: &Scope, name: &str, request: AliasRequest) -> Result<Value, ApiError> {
        let mut alias = self.alias(scope, name)?.clone();
        if request.revision_id.is_some_and(|wanted| wanted != alias.revision) {
            return Err(stale_revision("Call the GetFunction/GetAlias API to retrieve the latest Revision Id"));
        }
        if let Some(version) = request.function_version {
            self.check_version(scope, &version)?;
            alias.function_version = version;
        }
        if let Some(description) = request.description {
            alias.description = description;
        }
        if request.routing_config.is_some() {
            alias.routing = request.routing_config;
        }
        alias.revision = Uuid::new_v4().to_string();
        let shown = self.show(scope, name, &alias);
        self.aliases.insert(name.to_owned(), alias);
        Ok(shown)
    }

    /// `GetAlias`.
    pub(crate) fn get_alias(&self, scope: &Scope, name: &str) -> Result<Value, ApiError> {
        Ok(self.show(scope, name, self.alias(scope, name)?))
    }

    /// `DeleteAlias`: deleting what is not there succeeds, as it does at AWS.
    pub(crate) fn delete_alias(&mut self, name: &str) {
        self.aliases.remove(name);
        self.policies.remove(name);
        self.urls.remove(name);
    }

    /// `ListAliases`, of one version or of all.
    pub(crate) fn list_aliases(&self, scope: &Scope, version: Option<&str>) -> Vec<Value> {
        self.aliases
            .iter()
            .filter(|(_, alias)| version.is_none_or(|version| version == alias.function_version))
            .map(|(name, alias)| self.show(scope, name, alias))
            .collect()
    }

    fn alias(&self, scope: &Scope, name: &str) -> Result<&Alias, ApiError> {
        self.aliases.get(name).ok_or_else(|| {
            ApiError::new(
                StatusCode::NOT_FOUND,
                "ResourceNotFoundException",
                format!("Cannot find alias arn: {}", self.alias_arn(scope, name)),
            )
        })
    }

    fn check_version(&self, scope: &Scope, version: &str) -> Result<(), ApiError> {
        if self.version(version).is_some() {
            return Ok(());
        }
        let name = FunctionName { name: self.latest.name.clone(), qualifier: Some(version.to_owned()) };
        Err(no_such_function(&name.arn(scope)))
    }

    fn alias_arn(&self, scope: &Scope, name: &str) -> String {
        format!("{}:{name}", function_arn(scope, &self.latest.name))
    }

    fn show(&self, scope: &Scope, name: &str, alias: &Alias) -> Value {
        let mut shown = json!({
            "AliasArn": self.alias_arn(scope, name),
            "Name": name,
            "FunctionVersion": alias.function_version,
            "Description": alias.description,
            "RevisionId": alias.revision,
        });
        if let Some(routing) = &alias.routing {
            shown["RoutingConfig"] = routing.clone();
        }
        shown
    }
}
