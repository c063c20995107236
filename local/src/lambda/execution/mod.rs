//! Running artefacts: one process per concurrent invocation, kept warm, driven through the Runtime API.

mod entry_point;
mod environment;
mod instance;
mod log;
mod memory;
mod outcome;
mod runtime_api;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{Mutex, OwnedRwLockReadGuard, RwLock, watch};
use uuid::Uuid;

use self::instance::Instance;
pub(crate) use self::log::Destination;
pub(crate) use self::outcome::{Failure, FailureKind, Outcome, Report};
use self::runtime_api::Work;
use super::code::CodeStore;

/// How many warm processes one version keeps; further ones end after their invocation.
const IDLE_LIMIT: usize = 4;

/// Everything that running a version needs to know about it.
///
/// There is no `Debug`, because environment variables often hold secrets.
#[derive(Clone)]
pub(crate) struct Spec {
    /// The bare name.
    pub(crate) name: String,
    /// `$LATEST` or a number.
    pub(crate) version: String,
    /// The ARN of the version: what warm processes are kept under.
    pub(crate) version_arn: String,
    /// The ARN that was invoked, which an alias makes another one.
    pub(crate) invoked_arn: String,
    /// Changes with code and settings; a process of another generation is not used again.
    pub(crate) generation: String,
    pub(crate) region: String,
    /// As in `/aws/lambda/acme`.
    pub(crate) log_group: String,
    pub(crate) handler: String,
    pub(crate) memory_megabytes: u64,
    pub(crate) timeout: Duration,
    /// `x86_64` or `arm64`.
    pub(crate) architecture: String,
    /// Digest of the artefact.
    pub(crate) code_sha256: String,
    /// The function's own variables.
    pub(crate) environment: Vec<(String, String)>,
    /// Credentials of the function's role: key, secret, session token.
    pub(crate) credentials: [String; 3],
}

/// Runs invocations; cheap to clone.
#[derive(Clone)]
pub(crate) struct Executor(Arc<Inner>);

struct Inner {
    code: CodeStore,
    logs: Destination,
    scratch: PathBuf,
    endpoint: String,
    idle: Mutex<HashMap<String, Vec<Instance>>>,
    /// Held for reading by every running invocation, so that shutting down can wait for them.
    running: Arc<RwLock<()>>,
    closing: watch::Sender<bool>,
}

impl Executor {
    /// Runs artefacts of a code store; `endpoint` is where functions find this AWS.
    pub(crate) fn new(code: CodeStore, logs: Destination, scratch: PathBuf, endpoint: String) -> Self {
        Self(Arc::new(Inner {
            code,
            logs,
            scratch,
            endpoint,
            idle: Mutex::default(),
            running: Arc::default(),
            closing: watch::Sender::new(false),
        }))
    }

    /// Runs one invocation to its end, even when the caller stops waiting: as in AWS, only the function's own timeout
    /// ends it.
    pub(crate) async fn run(&self, spec: Spec, payload: Bytes) -> Report {
        let inner = Arc::clone(&self.0);
        let request_id = Uuid::new_v4().to_string();
        let task = tokio::spawn({
            let request_id = request_id.clone();
            async move { inner.run(spec, payload, request_id).await }
        });
        match task.await {
            Ok(report) => report,
            Err(error) => Report::failed(
                &request_id,
                Failure::service(&request_id, &format!("the invocation broke off: {error}")),
            ),
        }
    }

    /// Ends the warm processes of one version.
    pub(crate) async fn retire_version(&self, version_arn: &str) {
        let gone = self.0.idle.lock().await.remove(version_arn);
        stop_all(gone.unwrap_or_default()).await;
    }

    /// Ends the warm processes of all versions of a function, given by its ARN without qualifier.
    pub(crate) async fn retire_function(&self, arn: &str) {
        let versions = format!("{arn}:");
        let gone: Vec<Instance> = self
            .0
            .idle
            .lock()
            .await
            .extract_if(|version_arn, _| version_arn == arn || version_arn.starts_with(&versions))
            .flat_map(|(_, instances)| instances)
            .collect();
        stop_all(gone).await;
    }

    /// Ends every process and waits until it is gone. Invocations that are running fail.
    pub(crate) async fn shutdown(&self) {
        self.0.closing.send_replace(true);
        let all_ended = self.0.running.write().await;
        drop(all_ended);
        let gone: Vec<Instance> = self.0.idle.lock().await.drain().flat_map(|(_, instances)| instances).collect();
        stop_all(gone).await;
    }
}

impl Inner {
    async fn run(&self, spec: Spec, payload: Bytes, request_id: String) -> Report {
        let running: OwnedRwLockReadGuard<()> = Arc::clone(&self.running).read_owned().await;
        let mut closing = self.closing.subscribe();
        if *closing.borrow_and_update() {
            return Report::failed(&request_id, Failure::service(&request_id, "the local AWS is shutting down"));
        }
        let report = tokio::select! {
            report = self.attempt(&spec, payload, &request_id) => report,
            // `changed` fails only when the sender is gone, and `self` holds it. Giving the attempt up kills its process.
            _ = closing.changed() => {
                let failure = Failure::service(&request_id, "the local AWS is shutting down");
                Report::failed(&request_id, failure)
            }
        };
        drop(running);
        report
    }

    async fn attempt(&self, spec: &Spec, payload: Bytes, request_id: &str) -> Report {
        let (mut instance, init) = match self.instance(spec, request_id).await {
            Ok(found) => found,
            Err(not_started) => return not_started.report(spec, request_id, &self.logs),
        };
        let work = Work {
            request_id: request_id.to_owned(),
            payload,
            deadline: Timestamp::now() + spec.timeout,
            invoked_arn: spec.invoked_arn.clone(),
            trace_id: trace_id(),
        };
        let (report, reusable) = instance.invoke(work, spec, init, &self.logs).await;
        if reusable {
            self.keep(spec, instance).await;
        } else {
            instance.stop().await;
        }
        report
    }

    /// A warm process of this generation, or a new one with the time it took to start.
    async fn instance(
        &self,
        spec: &Spec,
        request_id: &str,
    ) -> Result<(Instance, Option<Duration>), instance::NotStarted> {
        let (found, outdated) = {
            let mut idle = self.idle.lock().await;
            let instances = idle.entry(spec.version_arn.clone()).or_default();
            let outdated: Vec<Instance> = instances.extract_if(.., |one| !one.is_usable(&spec.generation)).collect();
            (instances.pop(), outdated)
        };
        stop_all(outdated).await;
        if let Some(instance) = found {
            return Ok((instance, None));
        }
        let sha256 = spec.code_sha256.clone();
        let code = self.code.clone();
        let unpacked = tokio::task::spawn_blocking(move || code.unpacked(&sha256)).await;
        let root = match unpacked {
            Ok(Ok(root)) => root,
            Ok(Err(error)) => return Err(instance::NotStarted::service(request_id, &error)),
            Err(error) => return Err(instance::NotStarted::service(request_id, &error)),
        };
        let (instance, took) = Instance::start(spec, &root, &self.scratch, &self.endpoint, request_id).await?;
        Ok((instance, Some(took)))
    }

    async fn keep(&self, spec: &Spec, instance: Instance) {
        let surplus = {
            let mut idle = self.idle.lock().await;
            let instances = idle.entry(spec.version_arn.clone()).or_default();
            if instances.len() < IDLE_LIMIT {
                instances.push(instance);
                None
            } else {
                Some(instance)
            }
        };
        if let Some(instance) = surplus {
            instance.stop().await;
        }
    }
}

async fn stop_all(instances: Vec<Instance>) {
    for instance in instances {
        instance.stop().await;
    }
}

/// A trace id in the form of X-Ray, not sampled.
fn trace_id() -> String {
    let random = Uuid::new_v4().simple().to_string();
    let parent = Uuid::new_v4().simple().to_string();
    let seconds = Timestamp::now().as_second();
    format!("Root=1-{seconds:08x}-{};Parent={};Sampled=0", &random[..24], &parent[..16])
}
