//! One invocation of an artefact that is deployed nowhere: to know beforehand what it would answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;
use uuid::Uuid;

use super::code::{CodeStore, digest};
use super::execution::{Destination, Executor, Failure, FailureKind, Outcome, Spec};
use crate::logs::Logs;
use crate::store::{Store, StoreError};

/// Where a trial's function would find AWS: nowhere. The port is reserved, and nobody listens on it.
const NO_AWS: &str = "http://127.0.0.1:9";

/// An artefact and what it is to run with.
#[derive(Debug)]
pub struct Trial<'a> {
    /// The zip, as it would be deployed.
    pub zip: &'a [u8],
    /// `arm64` or `x86_64`.
    pub architecture: &'a str,
    /// The function's name.
    pub name: &'a str,
    /// The function's region.
    pub region: &'a str,
    /// The function's variables.
    pub environment: BTreeMap<String, String>,
    /// In MB.
    pub memory_megabytes: u32,
    /// How long it may take, its start included.
    pub timeout: Duration,
}

/// Why an artefact did not answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrialError {
    /// There is no place to unpack it.
    #[error("cannot make a place to run it in")]
    Place(#[from] std::io::Error),
    /// The place cannot be used.
    #[error("cannot use the place to run it in")]
    Store(#[from] StoreError),
    /// It is no artefact that Lambda would take.
    #[error("it is no artefact that Lambda would take: {0}")]
    Refused(String),
    /// It failed.
    #[error("{0}")]
    Failed(String),
}

impl Trial<'_> {
    /// Runs it once, as a process of this machine that has no credentials and finds no AWS.
    ///
    /// # Errors
    /// When it cannot be run here, fails, or does not answer in time.
    pub async fn invoke(self, event: Vec<u8>) -> Result<Vec<u8>, TrialError> {
        let place = tempfile::tempdir()?;
        let store = Arc::new(Store::open(place.path())?);
        let code = CodeStore::open(&store)?;
        let zip = Bytes::copy_from_slice(self.zip);
        code.keep(&zip).map_err(|error| TrialError::Refused(error.message().to_owned()))?;
        let [files, scratch] = ["logs", "scratch"].map(|name| store.dir().join(name));
        std::fs::create_dir(&files)?;
        std::fs::create_dir(&scratch)?;
        let logs = Logs::open(store)?;
        let executor = Executor::new(code, Destination { files, logs }, scratch, NO_AWS.to_owned());
        let report = executor.run(self.spec(&zip), Bytes::from(event)).await;
        executor.shutdown().await;
        match report.outcome {
            Outcome::Answered(answer) => Ok(answer.to_vec()),
            Outcome::Failed(failure) => Err(TrialError::Failed(reason(&failure))),
        }
    }

    fn spec(&self, zip: &[u8]) -> Spec {
        let arn = format!("arn:aws:lambda:{}:000000000000:function:{}", self.region, self.name);
        Spec {
            name: self.name.to_owned(),
            log_group: format!("/aws/lambda/{}", self.name),
            version: "$LATEST".to_owned(),
            version_arn: arn.clone(),
            invoked_arn: arn,
            generation: Uuid::new_v4().to_string(),
            region: self.region.to_owned(),
            handler: "bootstrap".to_owned(),
            memory_megabytes: u64::from(self.memory_megabytes),
            timeout: self.timeout,
            architecture: self.architecture.to_owned(),
            code_sha256: digest(zip),
            environment: self.environment.clone().into_iter().collect(),
            credentials: ["trial", "trial", "trial"].map(str::to_owned),
        }
    }
}

fn reason(failure: &Failure) -> String {
    if let FailureKind::Service { reason } = &failure.kind {
        return reason.clone();
    }
    let reported: serde_json::Value = serde_json::from_slice(&failure.payload).unwrap_or_default();
    reported["errorMessage"].as_str().unwrap_or("it failed without a word").to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::execution::tests::{HOST_ARCHITECTURE, bootstrap, zip_of};
    use super::*;

    async fn run(zip: &[u8], seconds: u64, event: &str) -> Result<serde_json::Value, TrialError> {
        let environment = BTreeMap::from([("GREETING".to_owned(), "hello".to_owned())]);
        let timeout = Duration::from_secs(seconds);
        let (architecture, name, region) = (HOST_ARCHITECTURE, "trial", "us-east-1");
        let trial = Trial { zip, architecture, name, region, environment, memory_megabytes: 256, timeout };
        Ok(serde_json::from_slice(&trial.invoke(event.into()).await?).unwrap())
    }

    #[tokio::test]
    async fn answers_with_its_variables_and_without_this_machines() {
        let said = run(&zip_of(&bootstrap(), 0o755), 20, r#"{"do": "environment"}"#).await.unwrap();
        assert_eq!((said["GREETING"].as_str(), said["AWS_ENDPOINT_URL"].as_str()), (Some("hello"), Some(NO_AWS)));
        assert_eq!(said["HOME"].as_str(), None);
    }

    #[tokio::test]
    async fn tells_why_there_is_no_answer() {
        let told = async |zip: &[u8], seconds, event| run(zip, seconds, event).await.unwrap_err().to_string();
        let function = zip_of(&bootstrap(), 0o755);
        assert_eq!(told(&function, 20, r#"{"do": "error"}"#).await, "no sugar");
        assert!(told(&function, 1, r#"{"do": "hang"}"#).await.contains("timed out"));
        assert!(told(&zip_of("hello", 0o755), 20, "{}").await.contains("exec format error"));
        assert!(told(b"no zip", 20, "{}").await.starts_with("it is no artefact that Lambda would take"));
    }
}
