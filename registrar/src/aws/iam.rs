//! Roles.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_iam::types::Tag;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::answer::{Repeatable, WholeAnswers};
use super::failure::{ServiceFailure, failed, unbuildable};
use crate::observed::Role;

/// IAM.
#[derive(Debug, Clone)]
pub struct Iam {
    client: aws_sdk_iam::Client,
}

impl Iam {
    pub(super) fn new(config: &SdkConfig) -> Self {
        let config = aws_sdk_iam::config::Builder::from(config);
        let config = config.interceptor(WholeAnswers).retry_classifier(Repeatable).build();
        Self { client: aws_sdk_iam::Client::from_conf(config) }
    }

    /// Reads a role with its attached policies and one inline policy; none if there is no such role.
    ///
    /// Three calls, one if the role is not there.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn role(&self, name: &str, inline_policy: &str) -> Result<Option<Role>, ServiceFailure> {
        let answer = match self.client.get_role().role_name(name).send().await.map_err(failed("iam:GetRole")) {
            Ok(answer) => answer,
            Err(failure) if failure.is_not_found() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let Some(role) = answer.role() else {
            return Err(ServiceFailure::incomplete("iam:GetRole", "the answer holds no role"));
        };
        let tags: BTreeMap<_, _> =
            role.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
        Ok(Some(Role {
            arn: role.arn().to_owned(),
            tags,
            trust: role.assume_role_policy_document().map(document),
            attached: self.attached(name).await?,
            inline: self.inline_policy(name, inline_policy).await?,
            created_at: role.create_date().secs(),
        }))
    }

    async fn attached(&self, name: &str) -> Result<Vec<String>, ServiceFailure> {
        let mut arns = Vec::new();
        let mut marker = None;
        loop {
            let request = self.client.list_attached_role_policies().role_name(name).set_marker(marker);
            let answer = request.send().await.map_err(failed("iam:ListAttachedRolePolicies"))?;
            arns.extend(answer.attached_policies().iter().filter_map(|policy| policy.policy_arn()).map(str::to_owned));
            marker = answer.marker().filter(|_| answer.is_truncated()).map(str::to_owned);
            if marker.is_none() {
                return Ok(arns);
            }
        }
    }

    async fn inline_policy(&self, role: &str, policy: &str) -> Result<Option<Value>, ServiceFailure> {
        let request = self.client.get_role_policy().role_name(role).policy_name(policy);
        match request.send().await.map_err(failed("iam:GetRolePolicy")) {
            Ok(answer) => Ok(Some(document(answer.policy_document()))),
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Makes a role.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn create_role(
        &self,
        name: &str,
        description: &str,
        trust: &Value,
        tag: (&str, &str),
    ) -> Result<(), ServiceFailure> {
        const ACTION: &str = "iam:CreateRole";
        let request = self
            .client
            .create_role()
            .role_name(name)
            .description(description)
            .assume_role_policy_document(trust.to_string())
            .tags(iam_tag(ACTION, tag)?);
        request.send().await.map(drop).map_err(failed(ACTION))
    }

    /// Replaces a role's trust policy.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn update_trust(&self, name: &str, trust: &Value) -> Result<(), ServiceFailure> {
        let request = self.client.update_assume_role_policy().role_name(name).policy_document(trust.to_string());
        request.send().await.map(drop).map_err(failed("iam:UpdateAssumeRolePolicy"))
    }

    /// Tags a role.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn tag_role(&self, name: &str, tag: (&str, &str)) -> Result<(), ServiceFailure> {
        const ACTION: &str = "iam:TagRole";
        let request = self.client.tag_role().role_name(name).tags(iam_tag(ACTION, tag)?);
        request.send().await.map(drop).map_err(failed(ACTION))
    }

    /// Attaches a managed policy. Attaching it again changes nothing.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn attach_policy(&self, role: &str, policy_arn: &str) -> Result<(), ServiceFailure> {
        let request = self.client.attach_role_policy().role_name(role).policy_arn(policy_arn);
        request.send().await.map(drop).map_err(failed("iam:AttachRolePolicy"))
    }

    /// Detaches a managed policy.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn detach_policy(&self, role: &str, policy_arn: &str) -> Result<(), ServiceFailure> {
        let request = self.client.detach_role_policy().role_name(role).policy_arn(policy_arn);
        request.send().await.map(drop).map_err(failed("iam:DetachRolePolicy"))
    }

    /// Writes an inline policy, replacing one of the same name.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn put_policy(&self, role: &str, policy: &str, content: &Value) -> Result<(), ServiceFailure> {
        let request =
            self.client.put_role_policy().role_name(role).policy_name(policy).policy_document(content.to_string());
        request.send().await.map(drop).map_err(failed("iam:PutRolePolicy"))
    }

    /// Deletes an inline policy.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn delete_policy(&self, role: &str, policy: &str) -> Result<(), ServiceFailure> {
        let request = self.client.delete_role_policy().role_name(role).policy_name(policy);
        request.send().await.map(drop).map_err(failed("iam:DeleteRolePolicy"))
    }

    /// Deletes a role that has no policies any more.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn delete_role(&self, name: &str) -> Result<(), ServiceFailure> {
        self.client.delete_role().role_name(name).send().await.map(drop).map_err(failed("iam:DeleteRole"))
    }
}

fn iam_tag(action: &'static str, (key, value): (&str, &str)) -> Result<Tag, ServiceFailure> {
    Tag::builder().key(key).value(value).build().map_err(|error| unbuildable(action, &error))
}

/// IAM returns policy documents percent-encoded. One that is no JSON compares unequal to everything we write.
fn document(encoded: &str) -> Value {
    let text = percent_decode_str(encoded).decode_utf8_lossy();
    serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_policy_documents_encoded_or_plain() {
        let expected = serde_json::json!({"Version": "2012-10-17"});
        assert_eq!(document("%7B%22Version%22%3A%222012-10-17%22%7D"), expected);
        assert_eq!(document(r#"{"Version":"2012-10-17"}"#), expected);
        assert_eq!(document("nonsense"), Value::String("nonsense".to_owned()));
    }
}
