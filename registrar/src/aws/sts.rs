//! Who we are.

use aws_config::SdkConfig;

use super::answer::{Repeatable, WholeAnswers};
use super::failure::{ServiceFailure, failed};

/// STS.
#[derive(Debug, Clone)]
pub struct Sts {
    client: aws_sdk_sts::Client,
}

/// The caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account: twelve digits.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
}

impl Identity {
    /// The partition in the caller's ARN: `aws`, `aws-cn`, `aws-us-gov`.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.arn.split(':').nth(1).filter(|partition| !partition.is_empty()).unwrap_or("aws")
    }
}

impl Sts {
    pub(super) fn new(config: &SdkConfig) -> Self {
        let config = aws_sdk_sts::config::Builder::from(config);
        let config = config.interceptor(WholeAnswers).retry_classifier(Repeatable).build();
        Self { client: aws_sdk_sts::Client::from_conf(config) }
    }

    /// Asks who we are. Needs no permission.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn identity(&self) -> Result<Identity, ServiceFailure> {
        let answer = self.client.get_caller_identity().send().await.map_err(failed("sts:GetCallerIdentity"))?;
        Ok(Identity {
            account: answer.account().unwrap_or_default().to_owned(),
            arn: answer.arn().unwrap_or_default().to_owned(),
        })
    }
}
