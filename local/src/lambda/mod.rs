//! Lambda: the bookkeeping of functions, and their execution as processes of this machine.
//!
//! | file | what |
//! |---|---|
//! | `api` | which operation a request means |
//! | `function`, `version`, `alias`, `permission`, `function_url` | the operations |
//! | `request`, `name` | what callers send, and Lambda's rules for it |
//! | `state`, `configuration`, `policy`, `code` | what is remembered |
//! | `invoke`, `service_call`, `trial`, `execution` | running functions |

mod alias;
mod api;
mod clock;
mod code;
mod configuration;
mod execution;
mod function;
mod function_url;
mod invoke;
mod name;
mod permission;
mod policy;
mod request;
mod service_call;
mod state;
#[cfg(test)]
mod tests;
mod trial;
mod version;

use std::fs;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;

use self::clock::Clock;
use self::code::CodeStore;
use self::configuration::Configuration;
use self::execution::{Destination, Executor, Spec};
use self::name::FunctionName;
pub(crate) use self::service_call::{ServiceCall, ServiceCallError};
use self::state::{Function, Functions};
pub use self::trial::{Trial, TrialError};
use crate::failure::ApiError;
use crate::iam::Iam;
use crate::logs::Logs;
use crate::scope::Scope;
use crate::store::{Store, StoreError, create_private_dir};
use crate::sts::Sts;

/// Name of the state document.
const DOCUMENT: &str = "lambda";

/// Path below which `Code.Location` serves artefacts.
pub(crate) const CODE_PATH: &str = "/_lambda/code";

/// Lambda; cheap to clone.
#[derive(Clone)]
pub(crate) struct Lambda(Arc<Inner>);

struct Inner {
    store: Arc<Store>,
    functions: Mutex<Functions>,
    code: CodeStore,
    executor: Executor,
    iam: Iam,
    sts: Sts,
    clock: Clock,
    settle: Duration,
    endpoint: String,
}

impl Lambda {
    /// Takes up the functions of a state directory. `endpoint` is this server's own URL; `settle` is how long creating
    /// and updating take.
    pub(crate) fn open(
        store: Arc<Store>,
        iam: Iam,
        sts: Sts,
        logs: Logs,
        endpoint: &str,
        settle: Duration,
    ) -> Result<Self, StoreError> {
        Self::open_with_clock(store, iam, sts, logs, endpoint, settle, Clock::system())
    }

    fn open_with_clock(
        store: Arc<Store>,
        iam: Iam,
        sts: Sts,
        logs: Logs,
        endpoint: &str,
        settle: Duration,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let code = CodeStore::open(&store)?;
        let files = store.dir().join("logs");
        create_private_dir(&files)?;
        let scratch = store.dir().join("scratch");
        // What processes of an earlier run left behind.
        match fs::remove_dir_all(&scratch) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => {
                return Err(StoreError::Io { action: "clear", path: scratch, source });
            }
        }
        create_private_dir(&scratch)?;
        let functions: Functions = store.load(DOCUMENT)?;
        code.retain(functions.configurations().map(|configuration| configuration.code.sha256.as_str()))?;
        let executor = Executor::new(code.clone(), Destination { files, logs }, scratch, endpoint.to_owned());
        Ok(Self(Arc::new(Inner {
            store,
            functions: Mutex::new(functions),
            code,
            executor,
            iam,
            sts,
            clock,
            settle,
            endpoint: endpoint.to_owned(),
        })))
    }

    /// The zip behind a `Code.Location`, by its file name.
    pub(crate) async fn artefact(&self, file: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(stem) = file.strip_suffix(".zip").map(str::to_owned) else {
            return Ok(None);
        };
        let code = self.0.code.clone();
        tokio::task::spawn_blocking(move || code.read(&stem)).await.map_err(io::Error::other)?
    }

    /// Ends all functions' processes.
    pub(crate) async fn shutdown(&self) {
        self.0.executor.shutdown().await;
    }

    /// Looks something up.
    async fn read<R>(&self, look: impl FnOnce(&Functions, Timestamp) -> Result<R, ApiError>) -> Result<R, ApiError> {
        let functions = self.0.functions.lock().await;
        look(&functions, self.0.clock.now())
    }

    /// Changes something. The change is on disk before it is visible and before the caller hears of it; a change that
    /// fails, or cannot be saved, changes nothing.
    async fn change<R>(
        &self,
        change: impl FnOnce(&mut Functions, Timestamp) -> Result<R, ApiError>,
    ) -> Result<R, ApiError> {
        let mut functions = self.0.functions.lock().await;
        let mut changed = functions.clone();
        let result = change(&mut changed, self.0.clock.now())?;
        self.0.store.save(DOCUMENT, &changed).map_err(|error| ApiError::internal(&error))?;
        *functions = changed;
        Ok(result)
    }

    /// What it takes to run a version that was named in some way.
    fn spec(&self, scope: &Scope, function: &Function, name: &FunctionName, now: Timestamp) -> Result<Spec, ApiError> {
        let mut configuration = function.resolve(scope, name)?;
        if configuration.version == name::LATEST
            && configuration.is_changing(now, self.0.settle)
            && let Some(previous) = &function.previous
        {
            // Until an update has settled, the code before it answers.
            configuration = previous;
        }
        Ok(self.spec_of(scope, configuration, name))
    }

    fn spec_of(&self, scope: &Scope, configuration: &Configuration, name: &FunctionName) -> Spec {
        let settings = &configuration.settings;
        Spec {
            name: configuration.name.clone(),
            version: configuration.version.clone(),
            version_arn: configuration.version_arn(),
            invoked_arn: name.arn(scope),
            generation: configuration.revision.clone(),
            region: scope.region.clone(),
            log_group: configuration.log_group(),
            handler: settings.handler.clone(),
            memory_megabytes: settings.memory_size,
            timeout: Duration::from_secs(settings.timeout),
            architecture: configuration.code.architecture.clone(),
            code_sha256: configuration.code.sha256.clone(),
            environment: settings
                .environment
                .iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            credentials: self.0.sts.session(&settings.role, &configuration.name),
        }
    }
}
