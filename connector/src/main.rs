//! The Lambda function that AppFlow invokes: the connector of the manifest beside it.

use appflow_connector::{HttpConnector, Misconfigured, settings};
use appflow_sdk::lambda::{Options, RunError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let mut options = Options::default().log_level(settings::log_level());
    if let Some(namespace) = settings::metrics_namespace() {
        options = options.metrics(namespace);
    }
    match settings::manifest() {
        Ok(manifest) => {
            let connector = HttpConnector::new(manifest).allow_loopback(settings::allows_loopback());
            Box::pin(options.run(connector)).await
        }
        Err(error) => options.run(Misconfigured::new(&error)).await,
    }
}
