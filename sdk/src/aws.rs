//! What the SDK's own AWS clients share.

use std::error::Error;

use aws_config::{BehaviorVersion, SdkConfig};

pub(crate) use crate::transport::http_client;

/// The behaviour of the AWS crates that this version was tested with.
pub(crate) fn behavior_version() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// Region and credentials as Lambda gives them to a function.
pub(crate) async fn configuration() -> SdkConfig {
    aws_config::defaults(behavior_version()).http_client(http_client()).load().await
}

/// What the error and its causes say. Not its `Debug`, which may hold the body of an answer, and so a secret.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
