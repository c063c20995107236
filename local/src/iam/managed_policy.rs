//! The AWS managed policies that deployment tools attach to a function's role.

use std::collections::HashMap;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use winterbaume_iam::views::{ManagedPolicyView, PolicyVersionView};

use crate::hexadecimal::hexadecimal;

/// Path and name of each policy, with the actions it allows.
const POLICIES: [(&str, &[&str]); 3] = [
    ("service-role/AWSLambdaBasicExecutionRole", &["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]),
    (
        "service-role/AWSLambdaVPCAccessExecutionRole",
        &[
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ],
    ),
    (
        "AWSXRayDaemonWriteAccess",
        &[
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:GetSamplingStatisticSummaries",
        ],
    ),
];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = ManagedPolicyView> {
    POLICIES.iter().map(|(path, actions)| managed_policy(path, actions))
}

fn managed_policy(path: &str, actions: &[&str]) -> ManagedPolicyView {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
    })
    .to_string();
    let id = hexadecimal(&Sha256::digest(path.as_bytes()));
    let created = Some("2015-04-09T15:03:43+00:00".to_owned());
    ManagedPolicyView {
        policy_name: name.to_owned(),
        policy_id: format!("ANPA{}", id[..16].to_uppercase()),
        arn: format!("arn:aws:iam::aws:policy/{path}"),
        path: if folder.is_empty() { "/".to_owned() } else { format!("/{folder}/") },
        default_version_id: "v1".to_owned(),
        description: String::new(),
        create_date: created.clone(),
        update_date: created.clone(),
        is_attachable: true,
        document: document.clone(),
        versions: vec![PolicyVersionView {
            version_id: "v1".to_owned(),
            document,
            is_default_version: true,
            create_date: created,
        }],
        tags: HashMap::new(),
        attachment_count: 0,
    }
}
