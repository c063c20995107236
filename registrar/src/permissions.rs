//! The IAM actions that the caller needs: one table, of which `registrar policy` makes a policy document and the
//! documentation its list.
//!
//! On which resources an action can be narrowed is taken from the Service Authorization Reference. Where a service knows
//! no resource for an action, a policy has to say `*`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

mod table;

pub use table::{NEEDS, Need, Part, Resource};

/// What the caller wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Purpose {
    /// `plan`, `status`, `list`.
    Plan,
    /// `deploy`, `register`, and all that comes before.
    Deploy,
    /// `describe`, `connect`, `entities`, `fields`, `query`, `write`, `invoke`, `logs`.
    Ask,
    /// `unregister`.
    Unregister,
    /// Everything.
    All,
}

impl Purpose {
    const fn wants(self, part: Part) -> bool {
        match self {
            Self::All => true,
            Self::Plan => matches!(part, Part::Look),
            Self::Deploy => {
                matches!(part, Part::Look | Part::Role | Part::Function | Part::Permission | Part::Registration)
            }
            Self::Ask => matches!(part, Part::Ask | Part::Connect | Part::Logs),
            Self::Unregister => matches!(part, Part::Unregister | Part::DeleteFunction | Part::DeleteLogs),
        }
    }
}

/// The names in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// As in `aws-cn`.
    pub partition: String,
    /// The region.
    pub region: String,
    /// The account.
    pub account: String,
    /// The label.
    pub label: String,
    /// The function.
    pub function: String,
    /// The role, without its path; none if one is used that somebody else made.
    pub role: Option<String>,
    /// The ARN of the role that Lambda is given.
    pub role_arn: String,
}

impl Names {
    fn arns(&self, resource: Resource) -> Vec<String> {
        let Self { partition, region, account, label, function, role_arn, .. } = self;
        let appflow = |name: &str| format!("arn:{partition}:appflow:{region}:{account}:{name}");
        match resource {
            Resource::Any => vec!["*".to_owned()],
            Resource::Role | Resource::PassedRole => vec![role_arn.clone()],
            Resource::Function => vec![format!("arn:{partition}:lambda:{region}:{account}:function:{function}")],
            Resource::AnyFunction => vec![format!("arn:{partition}:lambda:{region}:{account}:function:*")],
            Resource::Connector => vec![appflow(&format!("connector/{label}"))],
            // The reference names the connector; policies in the field name the path of the call.
            Resource::UnregisteredConnector => {
                vec![appflow(&format!("connector/{label}")), appflow("/unregister-connector")]
            }
            Resource::AnyConnector => vec![appflow("connector/*")],
            Resource::AnyConnection => vec![appflow("connectorprofile/*")],
            Resource::AnyFlow => vec![appflow("flow/*")],
            Resource::ConnectionSecrets => {
                vec![format!("arn:{partition}:secretsmanager:{region}:{account}:secret:appflow!*")]
            }
            Resource::Log => {
                let group = format!("arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{function}");
                vec![group.clone(), format!("{group}:*")]
            }
            Resource::Artefact => vec![format!("arn:{partition}:s3:::*/*.zip")],
            Resource::AnyLog => vec![format!("arn:{partition}:logs:{region}:{account}:log-group:*")],
        }
    }
}

/// The least that lets the caller do it, as an IAM policy document.
#[must_use]
pub fn document(purpose: Purpose, names: &Names) -> Value {
    let mut statements: BTreeMap<Resource, Vec<&str>> = BTreeMap::new();
    for Need { part, action, resource } in NEEDS.iter().filter(|need| purpose.wants(need.part)) {
        // A role that somebody else made is used as it is; it only has to be passed on.
        if names.role.is_none() && (*part == Part::Role || *resource == Resource::Role) {
            continue;
        }
        let actions = statements.entry(*resource).or_default();
        if !actions.contains(action) {
            actions.push(action);
        }
    }
    let statements: Vec<_> = statements
        .into_iter()
        .map(|(resource, mut actions)| {
            actions.sort_unstable();
            let mut statement = json!({
                "Sid": format!("{resource:?}"),
                "Effect": "Allow",
                "Action": actions,
                "Resource": names.arns(resource),
            });
            if let Some(condition) = condition(resource) {
                statement["Condition"] = condition;
            }
            statement
        })
        .collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// What narrows an action further than its resource does.
fn condition(resource: Resource) -> Option<Value> {
    match resource {
        Resource::PassedRole => Some(json!({"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}})),
        Resource::ConnectionSecrets => {
            Some(json!({"ForAnyValue:StringEquals": {"aws:CalledVia": "appflow.amazonaws.com"}}))
        }
        _ => None,
    }
}

/// The table as the documentation shows it.
#[must_use]
pub fn markdown() -> String {
    let rows = Part::ALL.map(|part| {
        let mut actions: Vec<String> = Vec::new();
        for need in NEEDS.iter().filter(|need| need.part == part) {
            actions.push(format!("`{}`", need.action));
        }
        format!("| {} | {} |\n", part.title(), actions.join(", "))
    });
    format!("| for | actions |\n|---|---|\n{}", rows.concat())
}

#[cfg(test)]
mod tests;
