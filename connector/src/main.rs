//! The Lambda function that AppFlow invokes: the connector of the manifest beside it.

use appflow_connector::{HttpConnector, Misconfigured, settings};
use appflow_sdk::lambda::{RunError, run_with_log_level};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let level = settings::log_level();
    match settings::manifest() {
        Ok(manifest) => run_with_log_level(HttpConnector::new(manifest), &level).await,
        Err(error) => run_with_log_level(Misconfigured::new(&error), &level).await,
    }
}
