//! What the service remembers: functions by region, their versions, aliases, policies and tags.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::alias::Alias;
use super::configuration::Configuration;
use super::function_url::FunctionUrl;
use super::name::{FunctionName, LATEST};
use super::policy::Policy;
use crate::failure::ApiError;
use crate::scope::Scope;

/// All functions of the account.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Functions {
    regions: BTreeMap<String, BTreeMap<String, Function>>,
}

/// One function.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Function {
    /// The version that is worked on.
    pub(crate) latest: Configuration,
    /// What answers while an update is in progress.
    #[serde(default)]
    pub(crate) previous: Option<Configuration>,
    /// Published versions by number.
    #[serde(default)]
    pub(crate) versions: BTreeMap<u64, Configuration>,
    /// The last number given away; numbers are not used twice, even after a deletion.
    #[serde(default)]
    pub(crate) last_version: u64,
    /// Aliases by name.
    #[serde(default)]
    pub(crate) aliases: BTreeMap<String, Alias>,
    /// Resource policies by qualifier; the key is empty for the function itself.
    #[serde(default)]
    pub(crate) policies: BTreeMap<String, Policy>,
    /// Tags.
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    /// Executions kept free for this function. Kept, not enforced.
    #[serde(default)]
    pub(crate) reserved_concurrency: Option<u64>,
    /// Function URLs by qualifier; the key is empty for the function itself. Kept, not served.
    #[serde(default)]
    pub(crate) urls: BTreeMap<String, FunctionUrl>,
}

impl Functions {
    /// The functions of a region by name.
    pub(crate) fn in_region(&self, region: &str) -> impl Iterator<Item = (&String, &Function)> {
        self.regions.get(region).into_iter().flatten()
    }

    /// The function, or Lambda's `ResourceNotFoundException`.
    pub(crate) fn get(&self, scope: &Scope, name: &FunctionName) -> Result<&Function, ApiError> {
        self.regions
            .get(&scope.region)
            .and_then(|functions| functions.get(&name.name))
            .ok_or_else(|| no_such_function(&name.arn(scope)))
    }

    /// The function to be changed, or Lambda's `ResourceNotFoundException`.
    pub(crate) fn get_mut(&mut self, scope: &Scope, name: &FunctionName) -> Result<&mut Function, ApiError> {
        self.regions
            .get_mut(&scope.region)
            .and_then(|functions| functions.get_mut(&name.name))
            .ok_or_else(|| no_such_function(&name.arn(scope)))
    }

    /// Every version of every function, and what still answers during an update.
    pub(crate) fn configurations(&self) -> impl Iterator<Item = &Configuration> {
        self.regions.values().flat_map(BTreeMap::values).flat_map(|function| {
            std::iter::once(&function.latest).chain(&function.previous).chain(function.versions.values())
        })
    }

    /// Whether the name is taken.
    pub(crate) fn contains(&self, scope: &Scope, name: &str) -> bool {
        self.regions.get(&scope.region).is_some_and(|functions| functions.contains_key(name))
    }

    /// Adds a function.
    pub(crate) fn insert(&mut self, scope: &Scope, name: &str, function: Function) {
        self.regions.entry(scope.region.clone()).or_default().insert(name.to_owned(), function);
    }

    /// Removes a function.
    pub(crate) fn remove(&mut self, scope: &Scope, name: &str) -> Option<Function> {
        self.regions.get_mut(&scope.region)?.remove(name)
    }
}

impl Function {
    /// A function without versions.
    pub(crate) fn new(latest: Configuration, tags: BTreeMap<String, String>) -> Self {
        Self {
            latest,
            previous: None,
            versions: BTreeMap::new(),
            last_version: 0,
            aliases: BTreeMap::new(),
            policies: BTreeMap::new(),
            tags,
            reserved_concurrency: None,
            urls: BTreeMap::new(),
        }
    }

    /// The configuration that a qualifier stands for: none, `$LATEST`, a version number or an alias.
    pub(crate) fn resolve(&self, scope: &Scope, name: &FunctionName) -> Result<&Configuration, ApiError> {
        let Some(qualifier) = name.published() else {
            return Ok(&self.latest);
        };
        self.version(qualifier)
            .or_else(|| self.version(&self.aliases.get(qualifier)?.function_version))
            .ok_or_else(|| no_such_function(&name.arn(scope)))
    }

    /// The configuration of a version, given as a number or as `$LATEST`.
    pub(crate) fn version(&self, version: &str) -> Option<&Configuration> {
        if version == LATEST {
            return Some(&self.latest);
        }
        self.versions.get(&version.parse().ok()?)
    }

    /// Fails unless a qualifier names something that exists.
    pub(crate) fn check_qualifier(&self, scope: &Scope, name: &FunctionName) -> Result<(), ApiError> {
        self.resolve(scope, name).map(|_| ())
    }
}

/// Lambda's answer for a function, version or alias that does not exist.
pub(crate) fn no_such_function(arn: &str) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", format!("Function not found: {arn}"))
}
