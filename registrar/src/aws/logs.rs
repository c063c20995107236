//! The logs of functions, and how long they are kept.

use aws_config::SdkConfig;

use super::failure::{ServiceFailure, failed};
use crate::observed::LogGroup;

/// CloudWatch Logs.
#[derive(Debug, Clone)]
pub struct Logs {
    pub(super) client: aws_sdk_cloudwatchlogs::Client,
}

impl Logs {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self { client: aws_sdk_cloudwatchlogs::Client::new(config) }
    }

    /// Reads a group; none if there is no such group.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn group(&self, name: &str) -> Result<Option<LogGroup>, ServiceFailure> {
        // The group itself is the first of those that begin with its name.
        let request = self.client.describe_log_groups().log_group_name_prefix(name).limit(1);
        let answer = request.send().await.map_err(failed("logs:DescribeLogGroups"))?;
        let group = answer.log_groups().iter().find(|group| group.log_group_name() == Some(name));
        Ok(group.map(|group| LogGroup {
            retention: group.retention_in_days().and_then(|days| u32::try_from(days).ok()).unwrap_or(0),
        }))
    }

    /// Makes a group. One that is there already is fine.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn create(&self, name: &str) -> Result<(), ServiceFailure> {
        let request = self.client.create_log_group().log_group_name(name);
        match request.send().await.map_err(failed("logs:CreateLogGroup")) {
            Ok(_) => Ok(()),
            Err(failure) if failure.code.as_deref() == Some("ResourceAlreadyExistsException") => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Says how long a group keeps its lines, in days; 0 means for ever.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn retain(&self, name: &str, days: u32) -> Result<(), ServiceFailure> {
        if days == 0 {
            let request = self.client.delete_retention_policy().log_group_name(name);
            return request.send().await.map(drop).map_err(failed("logs:DeleteRetentionPolicy"));
        }
        let days = i32::try_from(days).unwrap_or(i32::MAX);
        let request = self.client.put_retention_policy().log_group_name(name).retention_in_days(days);
        request.send().await.map(drop).map_err(failed("logs:PutRetentionPolicy"))
    }
}
