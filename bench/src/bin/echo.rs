//! The floor of the measurements: a function on the bare Lambda runtime that gives back what it gets.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let echo = service_fn(async |event: LambdaEvent<Box<RawValue>>| Ok::<_, Error>(event.payload));
    lambda_runtime::Runtime::new(echo).run().await
}
