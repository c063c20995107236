//! The steps of a plan: values that hold all there is to know about one change, except the code itself.

use serde::Serialize;
use serde_json::Value;

use crate::aws::{Configuration, Registration};
use crate::configuration::ConnectorConfiguration;
use crate::observed::Record;
use crate::policy::Grant;

/// One change, or one wait or check between changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Step {
    /// Make the function's role. Needs `iam:CreateRole`, `iam:TagRole`.
    CreateRole {
        /// Its name.
        role: String,
        /// Who may assume it.
        trust: Value,
    },
    /// Mark a role as ours. Needs `iam:TagRole`.
    AdoptRole {
        /// Its name.
        role: String,
    },
    /// Replace the role's trust policy. Needs `iam:UpdateAssumeRolePolicy`.
    UpdateTrust {
        /// Its name.
        role: String,
        /// Who may assume it.
        trust: Value,
    },
    /// Attach a managed policy to the role. Needs `iam:AttachRolePolicy`.
    AttachPolicy {
        /// The role's name.
        role: String,
        /// The policy.
        policy_arn: String,
    },
    /// Write the role's inline policy for the secrets of connections. Needs `iam:PutRolePolicy`.
    PutSecretPolicy {
        /// The role's name.
        role: String,
        /// What it allows.
        policy: Value,
    },
    /// Delete a function whose creation failed. Needs `lambda:DeleteFunction`.
    DeleteFailedFunction {
        /// Its name.
        function: String,
        /// Whether it may be somebody else's.
        adopt: bool,
    },
    /// Make the function. Needs `lambda:CreateFunction`, `lambda:TagResource`, `iam:PassRole`.
    CreateFunction {
        /// Its name.
        function: String,
        /// How it is to be.
        configuration: Configuration,
        /// `arm64` or `x86_64`.
        architecture: String,
        /// Base64 of the SHA-256 of its zip.
        code_sha256: String,
    },
    /// Mark a function as ours. Needs `lambda:TagResource`.
    AdoptFunction {
        /// Its ARN.
        function: String,
    },
    /// Replace the function's configuration. Needs `lambda:UpdateFunctionConfiguration`, `iam:PassRole`.
    UpdateConfiguration {
        /// Its name.
        function: String,
        /// How it was when this was planned. If it is otherwise when this is done, somebody else changes it too.
        found: Configuration,
        /// How it is to be.
        configuration: Configuration,
    },
    /// Replace the function's code. Needs `lambda:UpdateFunctionCode`.
    UpdateCode {
        /// Its name.
        function: String,
        /// `arm64` or `x86_64`.
        architecture: String,
        /// Base64 of the SHA-256 of its zip.
        code_sha256: String,
    },
    /// Wait until the function is active and its last update successful. Needs `lambda:GetFunctionConfiguration`.
    WaitReady {
        /// Its name.
        function: String,
    },
    /// Let AppFlow invoke the function. Needs `lambda:AddPermission`, `lambda:RemovePermission`.
    GrantInvoke {
        /// Its name.
        function: String,
        /// What to allow; none if only old statements go.
        grant: Option<Grant>,
        /// Ids of our own older statements to remove: after the new one is there, so that there is no gap.
        obsolete: Vec<String>,
    },
    /// Invoke the function as AppFlow will. Needs `lambda:InvokeFunction`.
    SmokeTest {
        /// Its name.
        function: String,
        /// Digest of what it said when it was tried on this machine; none if it was not.
        digest: Option<String>,
    },
    /// Compare what the function says of itself with what AppFlow holds. Needs nothing; with a difference that breaks
    /// something `appflow:DescribeConnectorProfiles`.
    CompareConfiguration {
        /// Its name.
        function: String,
        /// What with.
        #[serde(skip)]
        comparison: Comparison,
    },
    /// Note on the function that what AppFlow read is about to change. Needs `lambda:TagResource`.
    ///
    /// So a run that is killed between the registration and its record leaves no record of the revision before.
    InvalidateRegistration {
        /// The function's ARN.
        function: String,
        /// The label of the registration.
        label: String,
    },
    /// Register the connector. Needs `appflow:RegisterConnector`, `lambda:InvokeFunction`.
    RegisterConnector {
        /// What to register.
        registration: Registration,
    },
    /// Have AppFlow read the connector again. Needs `appflow:UpdateConnectorRegistration`, `lambda:InvokeFunction`.
    UpdateRegistration {
        /// What to register.
        registration: Registration,
    },
    /// Read the registration back. Needs `appflow:DescribeConnector`.
    Verify {
        /// What must be registered.
        registration: Registration,
    },
    /// Have AppFlow forget entities and fields of the connections in use. Needs `appflow:DescribeConnectorProfiles`,
    /// `appflow:ListFlows`, `appflow:DescribeFlow`, `appflow:ResetConnectorMetadataCache`.
    ResetMetadata {
        /// The label of the registration.
        label: String,
    },
    /// Remember on the function what AppFlow read. Needs `lambda:TagResource`, `lambda:GetFunction`.
    RecordRegistration {
        /// The function's ARN.
        function: String,
        /// The label of the registration.
        label: String,
        /// The function's revision.
        revision: String,
        /// What AppFlow is known to show otherwise, unless this run reads the registration back.
        unshown: String,
    },
}

/// What a connector's own description is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What AppFlow holds.
    pub held: ConnectorConfiguration,
    /// What is recorded of the last registration.
    pub record: Option<Record>,
    /// Whether to go on although something breaks.
    pub allow_breaking: bool,
}

impl Step {
    /// The step's name, as the JSON output spells it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CreateRole { .. } => "create-role",
            Self::AdoptRole { .. } => "adopt-role",
            Self::UpdateTrust { .. } => "update-trust",
            Self::AttachPolicy { .. } => "attach-policy",
            Self::PutSecretPolicy { .. } => "put-secret-policy",
            Self::DeleteFailedFunction { .. } => "delete-failed-function",
            Self::CreateFunction { .. } => "create-function",
            Self::AdoptFunction { .. } => "adopt-function",
            Self::UpdateConfiguration { .. } => "update-configuration",
            Self::UpdateCode { .. } => "update-code",
            Self::WaitReady { .. } => "wait-ready",
            Self::GrantInvoke { .. } => "grant-invoke",
            Self::SmokeTest { .. } => "smoke-test",
            Self::CompareConfiguration { .. } => "compare-configuration",
            Self::InvalidateRegistration { .. } => "invalidate-registration",
            Self::RegisterConnector { .. } => "register-connector",
            Self::UpdateRegistration { .. } => "update-registration",
            Self::Verify { .. } => "verify",
            Self::ResetMetadata { .. } => "reset-metadata",
            Self::RecordRegistration { .. } => "record-registration",
        }
    }

    /// What it does, for people: reads after "could not" and after "will".
    #[must_use]
    pub fn description(&self) -> String {
        match self {
            Self::CreateRole { role, .. } => format!("create the role {role}"),
            Self::AdoptRole { role } => format!("take over the role {role}"),
            Self::UpdateTrust { role, .. } => format!("let Lambda assume the role {role}"),
            Self::AttachPolicy { role, policy_arn } => {
                let policy = policy_arn.rsplit('/').next().unwrap_or(policy_arn);
                format!("attach {policy} to the role {role}")
            }
            Self::PutSecretPolicy { role, .. } => format!("let the role {role} read the secrets of its connections"),
            Self::DeleteFailedFunction { function, .. } => format!("delete the failed function {function}"),
            Self::CreateFunction { function, .. } => format!("create the function {function}"),
            Self::AdoptFunction { function } => format!("take over the function {function}"),
            Self::UpdateConfiguration { function, .. } => format!("update the configuration of {function}"),
            Self::UpdateCode { function, .. } => format!("update the code of {function}"),
            Self::WaitReady { function } => format!("wait until {function} is ready"),
            Self::GrantInvoke { function, grant: Some(_), .. } => format!("let AppFlow invoke {function}"),
            Self::GrantInvoke { function, grant: None, .. } => format!("remove old permissions from {function}"),
            Self::SmokeTest { function, .. } => format!("ask {function} what it is"),
            Self::CompareConfiguration { function, .. } => {
                format!("compare what {function} says of itself with what AppFlow holds")
            }
            Self::InvalidateRegistration { .. } => "note that what was registered is about to change".to_owned(),
            Self::RegisterConnector { registration } => format!("register the connector {}", registration.label),
            Self::UpdateRegistration { registration } => {
                format!("renew the registration of {}", registration.label)
            }
            Self::Verify { registration } => format!("read the registration of {} back", registration.label),
            Self::ResetMetadata { label } => format!("have AppFlow forget the entities that it remembers of {label}"),
            Self::RecordRegistration { .. } => "remember what was registered".to_owned(),
        }
    }

    /// Whether it takes something away that cannot be had back, and so needs the user's consent.
    #[must_use]
    pub const fn is_destructive(&self) -> bool {
        matches!(self, Self::DeleteFailedFunction { .. })
    }
}
