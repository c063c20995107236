//! A connector with a manifest for the store, and ways to have it write.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use appflow_connector::{HttpConnector, Manifest};
use appflow_sdk::protocol::{
    ConnectorContext, Credentials, ErrorDetails, Record, Request, Response, WriteDataRequest, WriteOperationType,
    WriteRecordResult,
};
use appflow_sdk::{InvocationContext, Retry, Secret, SecretStore, dispatch};

use tokio::runtime::Runtime;

use crate::store::Store;

/// Where the tests' secret is.
pub(crate) const SECRET_ARN: &str = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:s";

/// Entities that are written in different ways, all to the same records.
pub(crate) const MANIFEST: &str = include_str!("store.toml");

/// What became of records, one letter each: `+` written, `!` failed, `?` not known, `-` not attempted.
pub(crate) fn fates(results: &[WriteRecordResult]) -> String {
    let fate = |result: &WriteRecordResult| match result.error_message.as_deref() {
        None => '+',
        Some(message) if message.contains("not known") => '?',
        Some(message) if message.starts_with("not attempted") => '-',
        Some(_) => '!',
    };
    results.iter().map(fate).collect()
}

/// A connector, its API and a connection between them.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) connector: Arc<HttpConnector>,
    secrets: Arc<dyn SecretStore>,
    has_secret: bool,
    pub(crate) limit: Duration,
}

impl World {
    pub(crate) async fn open() -> Self {
        Self::with(Manifest::parse(MANIFEST, Path::new("store.toml")).unwrap()).await
    }

    pub(crate) async fn with(manifest: Manifest) -> Self {
        let retry = Retry::default().pauses(Duration::from_millis(1), Duration::from_millis(2));
        Self {
            store: Store::start().await,
            connector: Arc::new(HttpConnector::new(manifest).allow_loopback(true).retry(retry)),
            secrets: Arc::new(BTreeMap::<String, Secret>::new()),
            has_secret: false,
            limit: Duration::from_secs(30),
        }
    }

    /// One with a store of its own, within a runtime and with a connector that all such tests share: to set them up takes
    /// longer than a case of a property.
    pub(crate) fn run<T>(test: impl AsyncFnOnce(Self) -> T) -> T {
        static SHARED: LazyLock<(Runtime, Arc<HttpConnector>)> = LazyLock::new(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            let world = runtime.block_on(World::open());
            (runtime, world.connector)
        });
        let (runtime, connector) = &*SHARED;
        runtime.block_on(async {
            let world = Self { connector: Arc::clone(connector), ..Self::open().await };
            test(world).await
        })
    }

    /// With secrets from elsewhere.
    pub(crate) fn secrets(self, secrets: impl SecretStore + 'static) -> Self {
        Self { secrets: Arc::new(secrets), has_secret: true, ..self }
    }

    pub(crate) fn context(&self) -> ConnectorContext {
        let mut context = ConnectorContext::default();
        context.connector_runtime_settings = Some(BTreeMap::from([("baseUrl".to_owned(), self.store.origin.clone())]));
        context.credentials = self.has_secret.then(|| Credentials::new(SECRET_ARN, None));
        context.execution_id = Some("run-1".to_owned());
        context
    }

    pub(crate) fn request(&self, entity: &str, operation: WriteOperationType, records: &[&str]) -> WriteDataRequest {
        let records = records.iter().map(|record| Record::parse(record).unwrap()).collect();
        WriteDataRequest::new(entity, self.context(), operation, records)
    }

    pub(crate) async fn ask(&self, request: impl Into<Request>) -> Response {
        let context = InvocationContext::new("r-1", self.limit, Arc::clone(&self.secrets));
        Box::pin(dispatch(&*self.connector, request.into(), context)).await
    }

    /// The results, or the failure of the whole.
    pub(crate) async fn send(&self, request: WriteDataRequest) -> Result<Vec<WriteRecordResult>, ErrorDetails> {
        let Response::WriteData(response) = self.ask(request).await else { panic!("another response") };
        match (&response.write_record_results, response.outcome()) {
            (Some(results), _) => Ok(results.clone()),
            (None, Err(details)) => Err(details.clone()),
            (None, Ok(())) => panic!("a success without results"),
        }
    }

    pub(crate) async fn write(
        &self,
        entity: &str,
        operation: WriteOperationType,
        records: &[&str],
    ) -> Result<Vec<WriteRecordResult>, ErrorDetails> {
        self.send(self.request(entity, operation, records)).await
    }
}
