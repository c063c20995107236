//! The table itself.

/// What an action is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `plan`, `status`, `list`.
    Look,
    /// Making the role.
    Role,
    /// Making the function.
    Function,
    /// Letting AppFlow invoke it.
    Permission,
    /// Registering it.
    Registration,
    /// Asking the connector.
    Ask,
    /// Making connections.
    Connect,
    /// Reading the log.
    Logs,
    /// `unregister`.
    Unregister,
    /// `unregister --delete-function`.
    DeleteFunction,
    /// `unregister --delete-logs`.
    DeleteLogs,
}

impl Part {
    /// Every part, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Look,
        Self::Role,
        Self::Function,
        Self::Permission,
        Self::Registration,
        Self::Ask,
        Self::Connect,
        Self::Logs,
        Self::Unregister,
        Self::DeleteFunction,
        Self::DeleteLogs,
    ];

    /// The part as the documentation names it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Look => "`plan`, `status`, `list`",
            Self::Role => "role",
            Self::Function => "function",
            Self::Permission => "permission",
            Self::Registration => "registration",
            Self::Ask => "asking (`query` and others)",
            Self::Connect => "`connect`",
            Self::Logs => "`logs`",
            Self::Unregister => "`unregister`",
            Self::DeleteFunction => "`--delete-function`",
            Self::DeleteLogs => "`--delete-logs`",
        }
    }
}

/// What an action can be narrowed to. The order is that of a policy's statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Cannot be narrowed.
    Any,
    /// The function's role.
    Role,
    /// The role that Lambda is given, and no other service.
    PassedRole,
    /// The function.
    Function,
    /// Functions of other names: one is looked for by its tags.
    AnyFunction,
    /// The registration.
    Connector,
    /// The registration, when it is removed.
    UnregisteredConnector,
    /// All registrations.
    AnyConnector,
    /// All connections: their names do not tell which connector they are of.
    AnyConnection,
    /// All flows.
    AnyFlow,
    /// The secrets that AppFlow keeps for connections, through AppFlow only.
    ConnectionSecrets,
    /// The function's log.
    Log,
    /// All logs.
    AnyLog,
    /// Artefacts that are too large to send along, in any bucket.
    Artefact,
}

/// An action that is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// What for.
    pub part: Part,
    /// As in `lambda:GetFunction`.
    pub action: &'static str,
    /// On what.
    pub resource: Resource,
}

const fn need(part: Part, action: &'static str, resource: Resource) -> Need {
    Need { part, action, resource }
}

/// Every action that is needed, part by part.
pub const NEEDS: &[Need] = &[
    need(Part::Look, "sts:GetCallerIdentity", Resource::Any),
    need(Part::Look, "iam:GetRole", Resource::Role),
    need(Part::Look, "iam:GetRolePolicy", Resource::Role),
    need(Part::Look, "iam:ListAttachedRolePolicies", Resource::Role),
    need(Part::Look, "lambda:GetFunction", Resource::Function),
    need(Part::Look, "lambda:GetFunctionConfiguration", Resource::Function),
    need(Part::Look, "lambda:GetPolicy", Resource::Function),
    need(Part::Look, "lambda:InvokeFunction", Resource::Function),
    need(Part::Look, "appflow:DescribeConnector", Resource::Connector),
    need(Part::Look, "appflow:DescribeConnectorProfiles", Resource::Any),
    need(Part::Look, "appflow:ListConnectors", Resource::AnyConnector),
    need(Part::Role, "iam:CreateRole", Resource::Role),
    need(Part::Role, "iam:TagRole", Resource::Role),
    need(Part::Role, "iam:UpdateAssumeRolePolicy", Resource::Role),
    need(Part::Role, "iam:AttachRolePolicy", Resource::Role),
    need(Part::Role, "iam:PutRolePolicy", Resource::Role),
    need(Part::Function, "lambda:CreateFunction", Resource::Function),
    need(Part::Function, "lambda:UpdateFunctionCode", Resource::Function),
    need(Part::Function, "lambda:UpdateFunctionConfiguration", Resource::Function),
    need(Part::Function, "lambda:TagResource", Resource::Function),
    need(Part::Function, "lambda:DeleteFunction", Resource::Function),
    need(Part::Function, "iam:PassRole", Resource::PassedRole),
    need(Part::Function, "lambda:UntagResource", Resource::Function),
    need(Part::Function, "lambda:GetAlias", Resource::Function),
    need(Part::Function, "lambda:PublishVersion", Resource::Function),
    need(Part::Function, "lambda:CreateAlias", Resource::Function),
    need(Part::Function, "lambda:UpdateAlias", Resource::Function),
    need(Part::Function, "logs:DescribeLogGroups", Resource::AnyLog),
    need(Part::Function, "logs:CreateLogGroup", Resource::Log),
    need(Part::Function, "logs:PutRetentionPolicy", Resource::Log),
    need(Part::Function, "logs:DeleteRetentionPolicy", Resource::Log),
    need(Part::Function, "s3:GetObject", Resource::Artefact),
    need(Part::Function, "s3:PutObject", Resource::Artefact),
    need(Part::Permission, "lambda:AddPermission", Resource::Function),
    need(Part::Permission, "lambda:RemovePermission", Resource::Function),
    need(Part::Registration, "appflow:RegisterConnector", Resource::Any),
    need(Part::Registration, "appflow:UpdateConnectorRegistration", Resource::Connector),
    need(Part::Registration, "lambda:InvokeFunction", Resource::Function),
    need(Part::Registration, "appflow:ListFlows", Resource::AnyFlow),
    need(Part::Registration, "appflow:DescribeFlow", Resource::AnyFlow),
    need(Part::Registration, "appflow:ResetConnectorMetadataCache", Resource::AnyConnection),
    need(Part::Ask, "appflow:DescribeConnector", Resource::Connector),
    need(Part::Ask, "appflow:DescribeConnectorProfiles", Resource::Any),
    need(Part::Ask, "lambda:InvokeFunction", Resource::Function),
    need(Part::Connect, "appflow:CreateConnectorProfile", Resource::Any),
    need(Part::Connect, "appflow:UpdateConnectorProfile", Resource::AnyConnection),
    need(Part::Connect, "appflow:DeleteConnectorProfile", Resource::AnyConnection),
    need(Part::Connect, "secretsmanager:CreateSecret", Resource::ConnectionSecrets),
    need(Part::Connect, "secretsmanager:PutResourcePolicy", Resource::ConnectionSecrets),
    need(Part::Logs, "lambda:GetFunctionConfiguration", Resource::Function),
    need(Part::Logs, "logs:FilterLogEvents", Resource::Log),
    need(Part::Unregister, "appflow:DescribeConnector", Resource::Connector),
    need(Part::Unregister, "appflow:DescribeConnectorProfiles", Resource::Any),
    need(Part::Unregister, "appflow:ListFlows", Resource::AnyFlow),
    need(Part::Unregister, "appflow:UnRegisterConnector", Resource::UnregisteredConnector),
    need(Part::Unregister, "lambda:GetFunction", Resource::Function),
    need(Part::Unregister, "lambda:GetPolicy", Resource::Function),
    need(Part::Unregister, "lambda:RemovePermission", Resource::Function),
    need(Part::Unregister, "lambda:ListFunctions", Resource::Any),
    need(Part::Unregister, "lambda:ListTags", Resource::AnyFunction),
    need(Part::Unregister, "lambda:UntagResource", Resource::Function),
    need(Part::DeleteFunction, "lambda:DeleteFunction", Resource::Function),
    need(Part::DeleteFunction, "iam:GetRole", Resource::Role),
    need(Part::DeleteFunction, "iam:GetRolePolicy", Resource::Role),
    need(Part::DeleteFunction, "iam:ListAttachedRolePolicies", Resource::Role),
    need(Part::DeleteFunction, "iam:DetachRolePolicy", Resource::Role),
    need(Part::DeleteFunction, "iam:DeleteRolePolicy", Resource::Role),
    need(Part::DeleteFunction, "iam:DeleteRole", Resource::Role),
    need(Part::DeleteLogs, "lambda:GetFunctionConfiguration", Resource::Function),
    need(Part::DeleteLogs, "logs:DescribeLogGroups", Resource::AnyLog),
    need(Part::DeleteLogs, "logs:DeleteLogGroup", Resource::Log),
];
