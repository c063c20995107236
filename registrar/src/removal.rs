//! What `unregister` takes away: a pure function of what is there, in the order in which nothing breaks half-way.
//!
//! Connections of the sample, registration, permission, role, log, function. The permission goes after the registration:
//! without it, running flows would fail while the label still stands. The function goes last, because only the function
//! knows the names of its role and its log, and so a run that was killed finds them again.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::aws::default_log_group;
use crate::error::{ErrorKind, RegistrarError};
use crate::observed::{
    Function, LABEL_TAG, REGISTERED_TAG_PREFIX, RegisteredConnector, Role, SECRETS_POLICY, owner, registered_tag,
};
use crate::policy::{Grant, Statement};

/// What was found of a connector.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remains {
    /// The registration under the label.
    pub registration: Option<RegisteredConnector>,
    /// The connections of the sample API, which were made along with a local deployment.
    pub samples: Vec<String>,
    /// The other connections.
    pub connections: Vec<String>,
    /// The flows that use the connector; none if they may not be read.
    pub flows: Option<Vec<String>>,
    /// The function's name; it may be gone.
    pub function_name: String,
    /// The function.
    pub function: Option<Function>,
    /// Its resource policy.
    pub permissions: Vec<Statement>,
    /// The role with its name, if it was looked for.
    pub role: Option<(String, Role)>,
    /// The log group, if it was looked for.
    pub log_group: Option<String>,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// In spite of connections, flows and foreign registrations.
    pub force: bool,
    /// The function and its role too.
    pub function: bool,
    /// The function's log too.
    pub logs: bool,
}

/// One thing to take away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// A connection.
    Connection(String),
    /// The registration of a label.
    Registration {
        /// The label.
        label: String,
        /// Although connections use it.
        force: bool,
    },
    /// A statement of the function's resource policy.
    Permission {
        /// The function.
        function: String,
        /// The statement's id.
        statement: String,
    },
    /// The tag on a function that stays that says what was registered.
    Record {
        /// The function's ARN.
        function: String,
        /// The tag's key.
        tag: String,
    },
    /// A managed policy's attachment to the role.
    Attachment {
        /// The role.
        role: String,
        /// The policy.
        policy_arn: String,
    },
    /// The inline policy of the role.
    InlinePolicy(String),
    /// The role.
    Role(String),
    /// The log group.
    LogGroup(String),
    /// The function.
    Function(String),
}

impl Removal {
    /// The step's name, for programs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Connection(_) => "delete-connection",
            Self::Registration { .. } => "unregister-connector",
            Self::Permission { .. } => "revoke-invoke",
            Self::Record { .. } => "forget-registration",
            Self::Attachment { .. } => "detach-policy",
            Self::InlinePolicy(_) => "delete-secret-policy",
            Self::Role(_) => "delete-role",
            Self::LogGroup(_) => "delete-log",
            Self::Function(_) => "delete-function",
        }
    }
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(name) => write!(f, "the connection {name}"),
            Self::Registration { label, .. } => write!(f, "the registration of {label}"),
            Self::Permission { function, statement } => write!(f, "the permission {statement} of {function}"),
            Self::Record { function, .. } => {
                write!(f, "the record of the registration on {}", function.rsplit(':').next().unwrap_or(function))
            }
            Self::Attachment { role, policy_arn } => write!(f, "the attachment of {policy_arn} to the role {role}"),
            Self::InlinePolicy(role) => write!(f, "the policy {SECRETS_POLICY} of the role {role}"),
            Self::Role(name) => write!(f, "the role {name}"),
            Self::LogGroup(name) => write!(f, "the log {name}"),
            Self::Function(name) => write!(f, "the function {name}"),
        }
    }
}

impl Serialize for Removal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut step = serializer.serialize_struct("Removal", 2)?;
        step.serialize_field("step", self.name())?;
        step.serialize_field("description", &self.to_string())?;
        step.end()
    }
}

/// What is to be done.
#[derive(Debug)]
pub struct RemovalPlan {
    /// What goes, in this order.
    pub steps: Vec<Removal>,
    /// What stays although it was asked for, and why.
    pub kept: Vec<String>,
    /// What is in the way. A plan with any is not carried out.
    pub refusal: Option<RegistrarError>,
}

impl RemovalPlan {
    /// Plans.
    #[must_use]
    pub fn new(label: &str, extent: Extent, found: &Remains) -> Self {
        let mut plan = Self { steps: Vec::new(), kept: Vec::new(), refusal: refusal(label, extent, found) };
        if found.registration.is_some() {
            plan.steps.extend(found.samples.iter().cloned().map(Removal::Connection));
            plan.steps.push(Removal::Registration { label: label.to_owned(), force: extent.force });
        }
        plan.permissions(label, found);
        if extent.function {
            plan.function(label, extent, found);
        }
        plan.record(label, found);
        plan
    }

    fn permissions(&mut self, label: &str, found: &Remains) {
        let prefix = Grant::prefix(label);
        let ours = found.permissions.iter().filter(|statement| statement.id.starts_with(&prefix));
        self.steps.extend(ours.map(|statement| Removal::Permission {
            function: found.function_name.clone(),
            statement: statement.id.clone(),
        }));
    }

    /// A function that stays must not go on telling of a registration that went.
    fn record(&mut self, label: &str, found: &Remains) {
        let Some(function) = &found.function else { return };
        let goes = self.steps.iter().any(|step| matches!(step, Removal::Function(_)));
        let tag = registered_tag(label);
        if !goes && function.tags.contains_key(&tag) {
            self.steps.push(Removal::Record { function: function.arn.clone(), tag });
        }
    }

    fn function(&mut self, label: &str, extent: Extent, found: &Remains) {
        let us = owner(label);
        let name = &found.function_name;
        let is_ours = found.function.as_ref().is_none_or(|function| function.tags.get(LABEL_TAG) == Some(&us));
        if !is_ours {
            // What it runs on stays with it.
            self.kept.push(format!("the function {name} was not made by this program and stays, with its role"));
            return;
        }
        let others = found.function.as_ref().is_some_and(|function| is_registered_otherwise(function, label));
        if others && !extent.force {
            self.kept.push(format!(
                "the function {name} is registered under another label too and stays, with its role; unregister that one first, or pass --force"
            ));
            return;
        }
        match &found.role {
            Some((role, there)) if there.tags.get(LABEL_TAG) == Some(&us) => {
                let attached = there.attached.iter().cloned();
                // IAM deletes only a role without policies.
                self.steps.extend(attached.map(|policy_arn| Removal::Attachment { role: role.clone(), policy_arn }));
                if there.inline.is_some() {
                    self.steps.push(Removal::InlinePolicy(role.clone()));
                }
                self.steps.push(Removal::Role(role.clone()));
            }
            Some((role, _)) => self.kept.push(format!("the role {role} was not made by this program and stays")),
            None => {}
        }
        if let Some(group) = found.log_group.as_ref().filter(|_| extent.logs) {
            if *group == default_log_group(name) {
                self.steps.push(Removal::LogGroup(group.clone()));
            } else {
                self.kept.push(format!("the log {group} is not this function's alone and stays"));
            }
        }
        if found.function.is_some() {
            self.steps.push(Removal::Function(name.clone()));
        }
    }
}

/// Whether a tag tells of a registration under another label.
fn is_registered_otherwise(function: &Function, label: &str) -> bool {
    let ours = registered_tag(label);
    function.tags.keys().any(|key| key.starts_with(REGISTERED_TAG_PREFIX) && *key != ours)
}

fn refusal(label: &str, extent: Extent, found: &Remains) -> Option<RegistrarError> {
    if found.registration.is_none() || extent.force {
        return None;
    }
    // A registration is ours if its function says so, or is gone.
    let is_ours = found.function.as_ref().is_none_or(|function| {
        function.tags.get(LABEL_TAG) == Some(&owner(label)) || function.tags.contains_key(&registered_tag(label))
    });
    if !is_ours {
        let message = format!("the connector {label} was registered by somebody else");
        let error = RegistrarError::new(ErrorKind::Foreign, message);
        return Some(error.with_hint("pass --force to unregister it all the same"));
    }
    let flows = found.flows.as_deref().unwrap_or_default();
    let users = match (found.connections.as_slice(), flows) {
        ([], []) => return None,
        (connections, []) => format!("connections still use the connector {label}: {}", connections.join(", ")),
        ([], flows) => format!("flows still use the connector {label}: {}", flows.join(", ")),
        (connections, flows) => format!(
            "connections and flows still use the connector {label}: connections {}; flows {}",
            connections.join(", "),
            flows.join(", ")
        ),
    };
    Some(RegistrarError::new(ErrorKind::Conflict, users).with_hint(
        "delete the flows, then the connections (registrar connect NAME --delete); --force unregisters all the same and \
         leaves them without a connector",
    ))
}

#[cfg(test)]
mod tests;
