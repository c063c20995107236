//! The logs of functions.

use aws_config::SdkConfig;

/// `CloudWatch` Logs.
#[derive(Debug, Clone)]
pub struct Logs {
    pub(super) client: aws_sdk_cloudwatchlogs::Client,
}

impl Logs {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self { client: aws_sdk_cloudwatchlogs::Client::new(config) }
    }
}
